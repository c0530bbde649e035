"""Does a package on disk hold what its manifest says, and do its weights, vocabularies, tokenizers and limits agree?"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from khulasa.server.models.errors import PackageError, VerificationError
from khulasa.server.models.manifest import CONFIG, FileEntry, Manifest, PackageKind, file_sha256, is_document
from khulasa.server.models.vocabularies import read_pieces, read_vocabularies, strange_pieces, strange_vocabulary
from khulasa.server.models.weights import Weights, read_weights

__all__ = ["engine_tokens_of", "faults_of", "tokenizer_faults", "verify"]


def verify(folder: Path, manifest: Manifest, progress: Callable[[int], None] | None = None) -> None:
    """Reads every file of a package and compares it with the manifest.

    Args:
        progress: Told the bytes of each file when it has been read.

    Raises:
        VerificationError: something differs; the message names every file, what was expected and what was found.
    """
    faults = list(faults_of(folder, manifest, progress))
    if faults:
        raise VerificationError(f"package {manifest.name} in {folder}: {'; '.join(faults)}")


def faults_of(folder: Path, manifest: Manifest, progress: Callable[[int], None] | None = None) -> Iterator[str]:
    """What differs, one line for each fault; what the files say is looked at only where all of them are right.

    Args:
        progress: Told the bytes of each file when it has been read.
    """
    sound = True
    for entry in manifest.files:
        for fault in _file_faults(folder, entry):
            sound = False
            yield fault
        if progress is not None:
            progress(entry.bytes)
    listed = {entry.path for entry in manifest.files}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name in listed or is_document(name):
            continue
        if path.is_symlink():
            yield f"{name}: a link; a package holds plain files only"
        elif not path.is_dir():
            yield f"{name}: not in the manifest"
    if sound:
        yield from _model_faults(folder, manifest)


def _file_faults(folder: Path, entry: FileEntry) -> Iterator[str]:
    path = folder / entry.path
    inside = [path, *list(path.parents)[: len(Path(entry.path).parts) - 1]]
    if any(part.is_symlink() for part in inside):
        yield f"{entry.path}: a link; a package holds plain files only"
        return
    if not path.is_file():
        yield f"{entry.path}: missing"
        return
    try:
        size = path.stat().st_size
        if size != entry.bytes:
            yield f"{entry.path}: {entry.bytes:,} bytes expected, {size:,} found"
            return
        found = file_sha256(path)
    except OSError as error:
        yield f"{entry.path}: {error.strerror or error}"
        return
    if found != entry.sha256:
        yield f"{entry.path}: sha256 {entry.sha256} expected, {found} found"


def _model_faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Every file may be the right one and not fit the others: then the engine stops on long sentences, or the model
    writes nonsense, and nothing says why.
    """
    try:
        config: Any = json.loads((folder / CONFIG).read_bytes())
        added, ends = engine_tokens_of(config), _end_tokens_of(config)
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        yield f"{CONFIG}: {error}"
        return
    # A wrong count would shift attention and let segments grow over the limit without a word.
    if added != manifest.tokenization.engine_tokens:
        expected = " ".join(manifest.tokenization.engine_tokens) or "none"
        yield f"{CONFIG}: adds {' '.join(added) or 'none'} to a source, the manifest's engine_tokens say {expected}"
    if manifest.kind is PackageKind.EMBEDDING:
        return
    paths = manifest.tokenization
    try:
        weights, vocabularies = read_weights(folder), read_vocabularies(folder)
        pieces = {path: read_pieces(folder / path) for path in dict.fromkeys((paths.source, paths.target))}
    except PackageError as error:
        yield str(error)
        return
    for side, rows, tokens in zip(("source", "target"), weights.tokens, vocabularies, strict=True):
        if rows is not None and rows != len(tokens):
            yield f"the {side} vocabulary has {len(tokens):,} tokens, the weights have {rows:,}"
    source, target = (frozenset(tokens) for tokens in vocabularies)
    for token in ends:
        if token not in target:
            yield f"{CONFIG} names {token!r}, which is not in the target vocabulary"
    yield from _limit_faults(weights, manifest)
    yield from _token_faults(source, target, manifest)
    yield from tokenizer_faults(pieces, source, target)


def tokenizer_faults(
    pieces: Mapping[str, Sequence[str]], source: Collection[str], target: Collection[str]
) -> Iterator[str]:
    """What shows that tokenizers and vocabularies are of different models.

    Args:
        pieces: Of each tokenizer by its path, that of the source side first; one for both sides.
        source, target: Tokens of each side, the same where they share a vocabulary.
    """
    paths = list(pieces)
    # A tokenizer for both sides was trained on both languages, where each side may know its own alone.
    known = [frozenset(source) | frozenset(target)] if len(paths) == 1 else [source, target]
    strange = [
        f"{path} {fault}"
        for path, vocabulary in zip(paths, known, strict=True)
        if (fault := strange_pieces(pieces[path], vocabulary))
    ]
    if strange:
        yield from strange
    elif source == target:
        if fault := strange_vocabulary(source, frozenset().union(*pieces.values())):
            yield f"{' and '.join(paths)}: only {fault}"
    else:
        for side, vocabulary, path in (("source", source, paths[0]), ("target", target, paths[-1])):
            if fault := strange_vocabulary(vocabulary, frozenset(pieces[path])):
                yield f"{path}, {side} side: only {fault}"


def _limit_faults(weights: Weights, manifest: Manifest) -> Iterator[str]:
    for field, limit, known in (
        ("max_input_tokens", manifest.limits.max_input_tokens, weights.positions),
        ("max_decoding_tokens", manifest.limits.max_decoding_tokens, weights.target_positions),
    ):
        if known is not None and limit > known:
            yield f"limits: {field} is {limit:,}, the weights know {known:,} positions"


def _token_faults(source: Collection[str], target: Collection[str], manifest: Manifest) -> Iterator[str]:
    """A special token that the model does not know would be read as `<unk>`: poor translations, and no word why."""
    for pair in manifest.pairs:
        unknown = (
            *(("source_prefix", token) for token in pair.source_prefix if token not in source),
            *(("source_suffix", token) for token in pair.source_suffix if token not in source),
            *(("target_prefix", token) for token in pair.target_prefix if token not in target),
        )
        for field, token in unknown:
            yield f"pairs, {pair.source}-{pair.target}: {field} {token!r} is not in the model's vocabulary"


def _end_tokens_of(config: dict[str, Any]) -> tuple[str, ...]:
    """The tokens by which decoding ends and names what it does not know, from CTranslate2's config.json."""
    return str(config.get("eos_token", "</s>")), str(config.get("unk_token", "<unk>"))


def engine_tokens_of(config: dict[str, Any]) -> tuple[str, ...]:
    """The tokens that CTranslate2 adds to each source, from its config.json."""
    added = []
    if config.get("add_source_bos"):
        added.append(str(config.get("bos_token", "<s>")))
    if config.get("add_source_eos"):
        added.append(str(config.get("eos_token", "</s>")))
    return tuple(added)
