"""OPUS-MT as Marian wrote it: decoder.yml, *.npz, vocabularies and two sentencepiece models. Needs no torch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from khulasa.server.models.convert.drafts import Draft, Pair, Wishes, cannot_be_converted, pairs_by_name, short_code
from khulasa.server.models.convert.languages import family_of
from khulasa.server.models.convert.sources import find_sentencepiece
from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import Decoding, Limits, plain_path
from khulasa.server.models.vocabularies import read_vocabularies

__all__ = ["convert_marian"]

_README_LANGUAGES = re.compile(r"^[^\w\n]*(?P<side>source|target) language(?:\(s\)|s)?:\s*(?P<codes>.+)$", re.I | re.M)


def convert_marian(folder: Path, target: Path, wishes: Wishes) -> Draft:
    """Writes the CTranslate2 model of Marian's checkpoint in `folder` into the empty folder `target`.

    Raises:
        PackageError: a file is missing or lies elsewhere, the architecture is not that of a transformer, or the
            languages are unknown.
    """
    from ctranslate2.converters import OpusMTConverter

    decoder = _decoder(folder / "decoder.yml")
    for path in (*_paths(decoder, "models"), *_paths(decoder, "vocabs")):
        if not (folder / path).is_file():
            raise PackageError(f"decoder.yml: {path} is missing")
    models = find_sentencepiece(folder)
    pairs = wishes.pairs or _pairs(folder, wishes)
    if pairs[0].summarizes:
        raise PackageError("opus-mt translates; pairs like ar-en are wanted")
    try:
        OpusMTConverter(str(folder)).convert(str(target), quantization=wishes.quantization, force=True)
    except Exception as error:
        raise cannot_be_converted(folder, error) from error
    source_vocabulary, _ = read_vocabularies(target)
    beams, normalize = decoder.get("beam-size"), decoder.get("normalize")
    return Draft(
        pairs=pairs,
        source_model=models[0],
        target_model=models[1],
        description=f"OPUS-MT, converted from its Marian checkpoint to {wishes.quantization}.",
        family=family_of(source_vocabulary),
        expects_end=True,
        limits=Limits(),
        decoding=Decoding(
            beam_size=min(8, beams) if isinstance(beams, int) and beams > 1 else 4,
            length_penalty=float(normalize) if isinstance(normalize, int | float) and 0 <= normalize <= 5 else 1.0,
        ),
    )


def _decoder(path: Path) -> dict[str, Any]:
    import yaml

    try:
        fields: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise PackageError(f"{path.name}: {error}") from error
    if not isinstance(fields, dict):
        raise PackageError(f"{path.name}: models and vocabs were expected")
    return fields


def _paths(decoder: dict[str, Any], key: str) -> list[str]:
    """File names in decoder.yml, which a stranger wrote: only files of the folder itself are read."""
    value = decoder.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(path, str) for path in value):
        raise PackageError(f"decoder.yml: {key} names no files")
    try:
        return [plain_path(path) for path in value]
    except ValueError as error:
        raise PackageError(f"decoder.yml: {key}: {error}") from error


def _pairs(folder: Path, wishes: Wishes) -> tuple[Pair, ...]:
    if found := pairs_by_name(wishes.name, folder.name):
        return found
    readme = folder / "README.md"
    sides: dict[str, list[str]] = {}
    if readme.is_file():
        for match in _README_LANGUAGES.finditer(readme.read_text(encoding="utf-8", errors="replace")):
            codes = re.findall(r"\b[a-z]{2,3}\b", match["codes"])
            sides.setdefault(match["side"].lower(), list(dict.fromkeys(map(short_code, codes))))
    if all(len(sides.get(side, ())) == 1 for side in ("source", "target")):
        return (Pair(sides["source"][0], sides["target"][0]),)
    raise PackageError(f"{folder.name} does not tell its languages: give them as in --pair ar-en")
