"""From a model of another project to a finished package: found out, converted, checked, tried, moved in place."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from khulasa.server.models.archive import is_archive, unpack
from khulasa.server.models.convert.checkpoints import convert_checkpoint
from khulasa.server.models.convert.ctranslate2_folder import convert_argos, convert_ctranslate2
from khulasa.server.models.convert.drafts import Draft, Wishes, parse_pairs
from khulasa.server.models.convert.languages import directions_of, language_tokens
from khulasa.server.models.convert.marian import convert_marian
from khulasa.server.models.convert.sources import SourceKind, detect, read_json
from khulasa.server.models.convert.trial import doubts_of
from khulasa.server.models.convert.workplace import check_output, put, workplace
from khulasa.server.models.errors import PackageError, PackageNotFoundError
from khulasa.server.models.manifest import (
    CONFIG,
    MANIFEST,
    WEIGHTS,
    Direction,
    Manifest,
    PackageKind,
    Tokenization,
    file_sha256,
    is_document,
    list_files,
    write_manifest,
)
from khulasa.server.models.verification import engine_tokens_of, tokenizer_faults, verify
from khulasa.server.models.vocabularies import read_pieces, read_vocabularies
from pydantic import ValidationError

__all__ = ["QUANTIZATIONS", "UNKNOWN_LICENCE", "check_options", "convert"]

QUANTIZATIONS = ("int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16", "float16", "bfloat16", "float32")
UNKNOWN_LICENCE = "unknown: see its origin"
_READY = (SourceKind.CTRANSLATE2, SourceKind.ARGOS)
_STRIP_TOKENS = ("<s>", "</s>", "<pad>")
_MOST_DOCUMENT_BYTES = 10_000_000


def check_options(kind: str = "", quantization: str = "", pairs: Sequence[str] = ()) -> None:
    """Looks at what a caller asks for before gigabytes are fetched for it; what is empty is not looked at.

    Raises:
        PackageError: one is none of those that there are.
    """
    if kind:
        _kind(kind)
    if quantization and quantization not in QUANTIZATIONS:
        raise PackageError(f"quantization {quantization!r} is none of {', '.join(QUANTIZATIONS)}")
    parse_pairs(pairs)


def convert(
    source: Path,
    output: Path,
    *,
    kind: str | None = None,
    name: str | None = None,
    version: str | None = None,
    licence: str | None = None,
    quantization: str = "int8",
    insist_on_quantization: bool = False,
    pairs: Sequence[str] = (),
    source_prefix: str | None = None,
    source_suffix: str | None = None,
    target_prefix: str | None = None,
    max_input_tokens: int | None = None,
    force: bool = False,
    doubtful: bool = False,
) -> Manifest:
    """Converts the model in `source` and puts the package at `output`, whole or not at all.

    Args:
        source: A folder, or an archive of one.
        output: Folder of the package.
        kind: One of `SourceKind`; None to find out.
        name: Of the package; the folder's name where there is none.
        version: That of the source, or 1, where there is none.
        licence: That of the model card where there is none.
        quantization: One of `QUANTIZATIONS`; has no effect on weights that are in CTranslate2's format.
        insist_on_quantization: Then that is an error instead.
        pairs: As `ar-en`; languages, as `ar`, for a summarizer; empty to find out.
        source_prefix, source_suffix, target_prefix: See `Wishes`; None to find out.
        max_input_tokens: Of a source, special tokens included; None for what the model's files say, at most 512, or
            1,024 for a summarizer.
        force: Replace what is at `output`, provided that it is a folder, and none of packages or with `source` in it.
        doubtful: Also when the model tells plain translations from others no better than by chance.

    Returns:
        The manifest of the package.

    Raises:
        PackageError: any of its kinds; `output` is as before.
        OSError: the disk is full or not writable.
    """
    check_options(kind or "", quantization, pairs)
    if not source.exists():
        raise PackageNotFoundError(f"there is nothing at {source}")
    output = output.absolute()
    wishes = Wishes(parse_pairs(pairs), name or "", quantization, source_prefix, source_suffix, target_prefix)
    with workplace(output) as work:
        check_output(source, output, force=force)
        folder = _opened(source, work / "source")
        chosen = _kind(kind) if kind else detect(folder)
        if insist_on_quantization and chosen in _READY:
            raise PackageError(
                "--quantization does not apply: these weights are in CTranslate2's format and are copied as they are;"
                " the setting compute_type decides what the server computes with"
            )
        package = work / "package"
        package.mkdir()
        draft = _write(folder, package, chosen, wishes)
        fields = _finish(folder, package, draft, wishes)
        if max_input_tokens:
            fields["limits"] = {**draft.limits.model_dump(), "max_input_tokens": max_input_tokens}
        manifest = _manifest(
            package,
            draft,
            fields,
            name=name or _plain_name(source),
            version=version or draft.version or "1",
            licence=licence or draft.licence or _card_licence(folder) or UNKNOWN_LICENCE,
        )
        _try(package, manifest, doubtful=doubtful)
        put(package, output, work)
    return manifest


def _opened(source: Path, target: Path) -> Path:
    """The folder with the model; an archive is unpacked, and a lone folder in it entered."""
    if source.is_dir():
        return source
    if not is_archive(source):
        raise PackageError(f"{source}: neither a folder nor a zip or tar archive")
    unpack(source, target)
    while True:
        inside = [path for path in target.iterdir() if not path.name.startswith((".", "__MACOSX"))]
        if len(inside) != 1 or not inside[0].is_dir():
            return target
        target = inside[0]


def _kind(name: str) -> SourceKind:
    try:
        return SourceKind(name)
    except ValueError as error:
        raise PackageError(f"kind {name!r} is none of {', '.join(SourceKind)}") from error


def _write(folder: Path, package: Path, kind: SourceKind, wishes: Wishes) -> Draft:
    if kind is SourceKind.ARGOS:
        return convert_argos(folder, package, wishes)
    if kind is SourceKind.CTRANSLATE2:
        return convert_ctranslate2(folder, package, wishes)
    if kind is SourceKind.OPUS_MT and (folder / "decoder.yml").is_file():
        return convert_marian(folder, package, wishes)
    return convert_checkpoint(folder, package, kind, wishes)


def _finish(folder: Path, package: Path, draft: Draft, wishes: Wishes) -> dict[str, Any]:
    """Puts the tokenizers and documents beside the model, and says how it is to be used.

    Returns:
        Fields of the manifest.
    """
    engine_tokens = engine_tokens_of(read_json(package / CONFIG))
    source_vocabulary, target_vocabulary = read_vocabularies(package)
    source_known, target_known = frozenset(source_vocabulary), frozenset(target_vocabulary)
    own = language_tokens(target_vocabulary, draft.family)
    directions = directions_of(draft, wishes, source_known, engine_tokens)
    _check_targets(directions, target_known)
    directions = _with_start(package / CONFIG, directions, own)
    source_name, target_name = draft.source_model.name, draft.target_model.name
    shutil.copyfile(draft.source_model, package / source_name)
    shutil.copyfile(draft.target_model, package / target_name)
    pieces = {name: read_pieces(package / name) for name in dict.fromkeys((source_name, target_name))}
    if faults := list(tokenizer_faults(pieces, source_known, target_known)):
        raise PackageError("; ".join(faults))
    _copy_documents(folder, package)
    strip = (*_STRIP_TOKENS, *own, *(token for pair in directions for token in pair.target_prefix))
    return {
        "kind": PackageKind.SUMMARIZATION if draft.pairs[0].summarizes else PackageKind.TRANSLATION,
        "pairs": directions,
        "tokenization": Tokenization(
            source=source_name,
            target=target_name,
            engine_tokens=engine_tokens,
            strip_tokens=tuple(dict.fromkeys(strip)),
        ),
    }


def _check_targets(directions: Iterable[Direction], vocabulary: Collection[str]) -> None:
    for direction in directions:
        for token in direction.target_prefix:
            if token not in vocabulary:
                raise PackageError(f"target_prefix: {token!r} is not in the vocabulary of the target side")


def _with_start(path: Path, directions: tuple[Direction, ...], languages: Collection[str]) -> tuple[Direction, ...]:
    """The directions of a model whose decoding begins with a language token itself, as that of mBART-25 does.

    config.json must name that token: CTranslate2 leaves out of its answer a start that it was handed, so that a server
    that takes the prefix off would take a token of the text with it.
    """
    config = read_json(path)
    start = config.get("decoder_start_token", "<s>")
    if start is not None and start not in languages:
        return directions
    starts = {direction.target_prefix[:1] for direction in directions}
    if len(starts) != 1 or starts == {()}:
        raise PackageError(
            "decoding begins with the language itself in this model, so that a package holds one target language:"
            " convert it once for each, naming --pair or --target-prefix"
        )
    (token,) = starts.pop()
    if start != token:
        config = {**config, "decoder_start_token": token}
        path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return tuple(one.model_copy(update={"target_prefix": one.target_prefix[1:]}) for one in directions)


def _copy_documents(folder: Path, package: Path) -> None:
    """Licences ask that they, and who made the model, go with it."""
    for path in folder.iterdir():
        plain = path.name != MANIFEST and not path.name.startswith(".") and path.is_file()
        if plain and is_document(path.name) and path.stat().st_size <= _MOST_DOCUMENT_BYTES:
            shutil.copyfile(path, package / path.name)


def _manifest(
    package: Path, draft: Draft, fields: dict[str, Any], *, name: str, version: str, licence: str
) -> Manifest:
    try:
        manifest = Manifest.model_validate(
            {
                "name": name,
                "version": version,
                "description": draft.description,
                "licence": licence,
                "revision": file_sha256(package / WEIGHTS),
                "limits": draft.limits,
                "decoding": draft.decoding,
                "files": list_files(package),
                **fields,
            }
        )
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise PackageError(f"no manifest can be written: {'; '.join(faults)}") from error
    write_manifest(package, manifest)
    verify(package, manifest)
    return manifest


def _try(package: Path, manifest: Manifest, *, doubtful: bool) -> None:
    """Runs the model in each direction: a package that cannot be run, or writes nonsense, is not handed over."""
    doubts = list(doubts_of(package, manifest))
    if doubts and not doubtful:
        raise PackageError(
            f"{'; '.join(doubts)}: vocabulary, tokenizer or language tokens are of another model, or it was hardly"
            " trained; `models convert --doubtful` makes a package all the same"
        )


def _plain_name(source: Path) -> str:
    stem = re.sub(r"\.(tar\.gz|tar\.xz|tgz|tar|zip|argosmodel)$", "", source.absolute().name.lower())
    plain = re.sub("[^a-z0-9._-]+", "-", stem).strip("-._")[:60]
    if not plain:
        raise PackageError(f"{source}: no name can be made of it; give one with --name")
    return plain


def _card_licence(folder: Path) -> str:
    """The licence that the model card states in its front matter, as hubs have it; empty where it states none."""
    import yaml

    path = folder / "README.md"
    if not path.is_file() or path.stat().st_size > _MOST_DOCUMENT_BYTES:
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")
    front = re.match(r"---\s*\n(.*?)\n---\s*(?:\n|$)", text, re.S)
    if front is None:
        return ""
    try:
        fields: Any = yaml.safe_load(front[1])
    except yaml.YAMLError:
        return ""
    licence = fields.get("license") if isinstance(fields, dict) else None
    return licence[:200] if isinstance(licence, str) else ""
