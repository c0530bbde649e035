"""Which kind of model lies in a folder, told by its files."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

from khulasa.server.models.errors import PackageError, PackageNotFoundError
from khulasa.server.models.manifest import CONFIG, MANIFEST, WEIGHTS

__all__ = ["SourceKind", "detect", "find_sentencepiece", "read_json"]

_MOST_JSON_BYTES = 200_000_000
# Names under which the known families publish the model of both sides, most specific first.
_SHARED_MODELS = (
    "sentencepiece.bpe.model",
    "sentencepiece.model",
    "spiece.model",
    "spm.model",
    "flores200_sacrebleu_tokenizer_spm.model",
    "spm.128k.model",
)


class SourceKind(StrEnum):
    """Formats that can be converted."""

    OPUS_MT = "opus-mt"
    NLLB = "nllb"
    M2M100 = "m2m100"
    MT5 = "mt5"
    MBART = "mbart"
    ARGOS = "argos"
    CTRANSLATE2 = "ctranslate2"


_MODEL_TYPES = {"marian": SourceKind.OPUS_MT, "mt5": SourceKind.MT5, "mbart": SourceKind.MBART}


def detect(folder: Path) -> SourceKind:
    """What lies in `folder`.

    Raises:
        PackageNotFoundError: there is no such folder.
        PackageError: it is none of the known formats; the message says what was looked for.
    """
    if not folder.is_dir():
        raise PackageNotFoundError(f"there is no folder {folder}")
    if (folder / MANIFEST).is_file():
        raise PackageError(f"{folder} is a package already: nothing to convert")
    if (folder / "metadata.json").is_file() and (folder / "model").is_dir():
        return SourceKind.ARGOS
    if (folder / "decoder.yml").is_file():
        return SourceKind.OPUS_MT
    if (folder / WEIGHTS).is_file():
        return SourceKind.CTRANSLATE2
    if (folder / CONFIG).is_file():
        model_type = read_json(folder / CONFIG).get("model_type")
        if model_type == "m2m_100":
            # One architecture, two tokenizers: only that of M2M-100 has its vocabulary in a file of its own.
            return SourceKind.M2M100 if (folder / "vocab.json").is_file() else SourceKind.NLLB
        if model_type in _MODEL_TYPES:
            return _MODEL_TYPES[model_type]
        raise PackageError(
            f"{folder}: a checkpoint of type {model_type!r}; those that can be converted are marian (OPUS-MT),"
            " m2m_100 (NLLB-200, M2M-100), mt5 and mbart"
        )
    raise PackageError(
        f"{folder}: unknown format. Looked for metadata.json with model/ (Argos Translate), decoder.yml (Marian),"
        " model.bin (CTranslate2) and config.json (transformers)"
    )


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        PackageError: it cannot be read or is something else.
    """
    try:
        if path.stat().st_size > _MOST_JSON_BYTES:
            raise PackageError(f"{path.name}: too large")
        fields: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise PackageError(f"{path.name}: {error}") from error
    if not isinstance(fields, dict):
        raise PackageError(f"{path.name}: a JSON object was expected")
    return fields


def find_sentencepiece(folder: Path) -> tuple[Path, Path]:
    """The sentencepiece models of source and target, the same file when both sides share one.

    Raises:
        PackageError: there is none, or more than one could be meant.
    """
    source, target = folder / "source.spm", folder / "target.spm"
    if source.is_file() and target.is_file():
        return source, target
    for name in _SHARED_MODELS:
        if (folder / name).is_file():
            return folder / name, folder / name
    others = sorted(path for path in folder.iterdir() if path.suffix in (".spm", ".model") and path.is_file())
    if len(others) == 1:
        return others[0], others[0]
    found = ", ".join(path.name for path in others) or "none"
    raise PackageError(
        f"{folder}: no sentencepiece model known by its name (source.spm with target.spm, {', '.join(_SHARED_MODELS)});"
        f" files that could be one: {found}"
    )
