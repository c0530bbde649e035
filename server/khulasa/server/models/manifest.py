"""`manifest.json`: what a model package is, how it is to be used, and the SHA-256 of every file that is read.

docs/models.md describes the fields. The folder of a package holds the manifest, a CTranslate2 model (`model.bin`,
`config.json`, vocabularies), one or two sentencepiece models, and documents for people.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from khulasa.server.models.errors import ManifestError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

__all__ = [
    "CONFIG",
    "FORMAT",
    "MANIFEST",
    "NAME",
    "VOCABULARY_MAP",
    "WEIGHTS",
    "Decoding",
    "Direction",
    "FileEntry",
    "Limits",
    "Manifest",
    "MapFigures",
    "PackageKind",
    "Quality",
    "Tokenization",
    "file_sha256",
    "is_document",
    "list_files",
    "parse_manifest",
    "plain_path",
    "read_manifest",
    "same_place",
    "write_manifest",
]

FORMAT = 1
MANIFEST = "manifest.json"
WEIGHTS = "model.bin"
# CTranslate2's name for a vocabulary map.
VOCABULARY_MAP = "vmap.txt"
# What a package may be called.
NAME = re.compile("[a-z0-9][a-z0-9._-]{0,79}")
CONFIG = "config.json"
# A manifest is small; a larger file is something else.
_MOST_MANIFEST_BYTES = 1_000_000
# Beside a busy thread each block is waited for, whatever its size.
_BLOCK_BYTES = 1 << 24
_LONGEST_PATH = 300


class PackageKind(StrEnum):
    """What a model does."""

    TRANSLATION = "translation"
    SUMMARIZATION = "summarization"
    EMBEDDING = "embedding"


def plain_path(path: str) -> str:
    """`path`, when it names a place below a folder on every system.

    Raises:
        ValueError: it is absolute, leads outside, or holds characters that mean something elsewhere.
    """
    pure = PurePosixPath(path)
    plain = pure.as_posix() == path and pure.parts and not pure.is_absolute() and not {"..", "."} & set(pure.parts)
    if not plain or "\\" in path or ":" in path or not path.isprintable() or len(path) > _LONGEST_PATH:
        raise ValueError(f"{path[:100]!r} is no plain path inside a package")
    return path


def same_place(path: str) -> str:
    """What is one for all paths that some file system takes for one: capitals, and marks that are part of a letter."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _one_line(text: str) -> str:
    # Of what is not printed, only what joins and parts letters belongs to a language.
    if not text.replace("\u200c", "").replace("\u200d", "").isprintable():
        raise ValueError("one line of printable characters")
    return text


_Path = Annotated[str, AfterValidator(plain_path)]
_Line = Annotated[str, AfterValidator(_one_line)]
_Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Language = Annotated[str, Field(pattern="^[a-z]{2,3}$")]
_Name = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]


class _Part(BaseModel):
    """A misspelt or unknown field is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Direction(_Part):
    """A direction and its special tokens; for summarization source and target are one language.

    Attributes:
        source, target: BCP-47 primary subtags.
        source_prefix: Tokens before the source's pieces.
        source_suffix: Tokens after them; none when CTranslate2 adds the end itself.
        target_prefix: Tokens that decoding is forced to begin with.
    """

    source: _Language
    target: _Language
    source_prefix: tuple[str, ...] = ()
    source_suffix: tuple[str, ...] = ()
    target_prefix: tuple[str, ...] = ()


class Tokenization(_Part):
    """How text becomes tokens.

    Attributes:
        source, target: sentencepiece models; the same file when both sides share one.
        engine_tokens: Tokens that CTranslate2 adds to each source itself, as config.json says.
        strip_tokens: Tokens of the output that are never text.
    """

    source: _Path
    target: _Path
    engine_tokens: tuple[str, ...] = ()
    strip_tokens: tuple[str, ...] = ("<s>", "</s>", "<pad>")


class Limits(_Part):
    """What the model takes.

    Attributes:
        max_input_tokens: Tokens of a segment, special ones and those of the engine included.
        max_decoding_tokens: Tokens of a target, prefix included.
    """

    max_input_tokens: int = Field(default=512, ge=8, le=100_000)
    max_decoding_tokens: int = Field(default=512, ge=8, le=100_000)


class Decoding(_Part):
    """How to decode where the caller says nothing.

    Attributes:
        beam_size: Beams that the figures in `quality` were measured with; the server's own setting decides.
        repetition_penalty: Keskar et al. 2019, arXiv:1909.05858; 1 for none.
        length_penalty: Exponent of the length that a hypothesis' log probability is divided by.
    """

    beam_size: int = Field(default=4, ge=1, le=8)
    repetition_penalty: float = Field(default=1.0, ge=1.0, le=5.0)
    length_penalty: float = Field(default=1.0, ge=0.0, le=5.0)


class Quality(_Part):
    """One measured figure, with what it takes to measure it again."""

    dataset: _Line = Field(min_length=1)
    source: _Language
    target: _Language
    metric: _Line = Field(min_length=1)
    value: float
    signature: _Line = ""


class MapFigures(_Part):
    """What was measured of a vocabulary map on sentences that it was not made from, when it was put in.

    Attributes:
        lines: Sentences that it was made from.
        held_out_lines: Sentences measured.
        outside: Share of the pieces of free translations that the map leaves out, 0 to 1.
        chrf: Of translations with the map against those without, 0 to 100.
        time: Processor time with the map for each second without.
        scored: Share of the vocabulary that is scored for a sentence, 0 to 1.
    """

    lines: int = Field(ge=1)
    held_out_lines: int = Field(ge=1)
    outside: float = Field(ge=0, le=1)
    chrf: float = Field(ge=0, le=100)
    time: float = Field(gt=0)
    scored: float = Field(gt=0, le=1)


class FileEntry(_Part):
    """A file that the server reads."""

    path: _Path
    bytes: int = Field(ge=0)
    sha256: _Sha256


class Manifest(_Part):
    """Everything that is known of a package.

    Attributes:
        revision: SHA-256 of `model.bin`.
        licence: SPDX expression, or a line that says what holds.
        pairs: Directions; empty only for embedding.
        languages: Languages read, for embedding; of the others the pairs tell.
        preview: True for a model that is a start and not to be quoted without reading the source.
        origin: Where the weights came from.
        vocabulary_map: What was measured of a map that `models map` made; None for any other.
        files: All files of the package but the manifest and documents.
    """

    format: Literal[1] = 1
    name: _Name
    version: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$")
    kind: PackageKind
    description: _Line = Field(default="", max_length=500)
    licence: _Line = Field(min_length=1, max_length=500)
    origin: _Line = Field(default="", max_length=500)
    preview: bool = False
    revision: _Sha256
    pairs: tuple[Direction, ...] = ()
    languages: tuple[_Language, ...] = ()
    tokenization: Tokenization
    limits: Limits = Limits()
    decoding: Decoding = Decoding()
    quality: tuple[Quality, ...] = ()
    vocabulary_map: MapFigures | None = None
    files: tuple[FileEntry, ...]

    @field_validator("pairs")
    @classmethod
    def _each_once(cls, value: tuple[Direction, ...]) -> tuple[Direction, ...]:
        if len({(pair.source, pair.target) for pair in value}) != len(value):
            raise ValueError("a pair stands twice")
        return value

    @field_validator("files")
    @classmethod
    def _distinct(cls, value: tuple[FileEntry, ...]) -> tuple[FileEntry, ...]:
        if len({same_place(entry.path) for entry in value}) != len(value):
            raise ValueError("a file stands twice")
        if any(same_place(entry.path) == MANIFEST for entry in value):
            raise ValueError("the manifest cannot list itself")
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> Manifest:
        listed = {entry.path: entry for entry in self.files}
        for path in (WEIGHTS, CONFIG, self.tokenization.source, self.tokenization.target):
            if path not in listed:
                raise ValueError(f"files: {path} is not listed")
        if self.vocabulary_map is not None and VOCABULARY_MAP not in listed:
            raise ValueError(f"vocabulary_map: {VOCABULARY_MAP} is not listed")
        if listed[WEIGHTS].sha256 != self.revision:
            raise ValueError(f"revision is not the sha256 of {WEIGHTS}")
        if self.kind is PackageKind.EMBEDDING:
            if self.pairs or not self.languages:
                raise ValueError("an embedding model has languages and no pairs")
            return self
        if not self.pairs:
            raise ValueError("pairs: a model for text has at least one")
        if self.languages:
            raise ValueError("languages: of an embedding model only; of others the pairs tell them")
        for pair in self.pairs:
            if (pair.source == pair.target) != (self.kind is PackageKind.SUMMARIZATION):
                raise ValueError(f"pairs: {pair.source}-{pair.target} is no pair for {self.kind.value}")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of what decides the output, 64 hex digits: every file's hash (weights, tokenizers, vocabulary map),
        and how they are used (pairs, tokenization, limits, decoding). Documents, figures and names are no part of it.

        Of this text, UTF-8, without spaces, keys sorted: `{"decoding":..,"files":[[path,sha256],..],"limits":..,
        "pairs":..,"tokenization":..}`, files by path, fields with their defaults.
        """
        fields = self.model_dump(mode="json", include={"decoding", "limits", "pairs", "tokenization"})
        fields["files"] = sorted([entry.path, entry.sha256] for entry in self.files)
        text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    @property
    def language_codes(self) -> tuple[str, ...]:
        """Languages read, in the order of the pairs."""
        return self.languages or tuple(dict.fromkeys(pair.source for pair in self.pairs))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the package in `folder`.

    Raises:
        ManifestError: there is none, or something in it is wrong; the message names the field.
    """
    path = folder / MANIFEST
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_MANIFEST_BYTES + 1)
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror or error}") from error
    if len(data) > _MOST_MANIFEST_BYTES:
        raise ManifestError(f"{path}: over {_MOST_MANIFEST_BYTES:,} bytes, so no manifest")
    return parse_manifest(data, str(path))


def parse_manifest(data: bytes, path: str) -> Manifest:
    """A manifest from its bytes.

    Args:
        path: For messages.

    Raises:
        ManifestError: as `read_manifest`.
    """
    try:
        text = data.decode("utf-8")
        fields: Any = json.loads(text, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{path}: no JSON: {error}") from error
    if not isinstance(fields, dict):
        raise ManifestError(f"{path}: a manifest is a JSON object")
    if type(fields.get("format")) is not int or fields["format"] != FORMAT:
        raise ManifestError(f"{path}: format {fields.get('format')!r} is not known here; this server reads {FORMAT}")
    try:
        # Nothing passes for something else, such as "no" for false.
        return Manifest.model_validate_json(text, strict=True)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc'])) or 'manifest'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise ManifestError(f"{path}: {'; '.join(faults)}") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:80]!r} stands twice")
        found[name] = value
    return found


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes `manifest` into `folder`, whole or not at all."""
    text = json.dumps(manifest.model_dump(mode="json", exclude_none=True), ensure_ascii=False, indent=2) + "\n"
    partial = folder / f".{MANIFEST}.partial"
    partial.write_text(text, encoding="utf-8")
    partial.replace(folder / MANIFEST)


def list_files(folder: Path) -> tuple[FileEntry, ...]:
    """Every file of the package with its size and hash, by path; documents, hidden files and the manifest left out.

    Raises:
        ManifestError: a link or device stands among them.
    """
    entries = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if is_document(name) or path.is_dir():
            continue
        if path.is_symlink() or not path.is_file():
            raise ManifestError(f"{path}: a package holds plain files only")
        entries.append(FileEntry(path=name, bytes=path.stat().st_size, sha256=file_sha256(path)))
    return tuple(entries)


def is_document(path: str) -> bool:
    """Whether a file is for people or tools, so that the server never reads it and the manifest does not list it."""
    name = PurePosixPath(path).name
    hidden = any(part.startswith(".") for part in PurePosixPath(path).parts)
    return hidden or path == MANIFEST or name.endswith(".md") or name.split(".")[0] in ("LICENSE", "LICENCE", "NOTICE")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    digest = hashlib.sha256()
    block = memoryview(bytearray(min(_BLOCK_BYTES, path.stat().st_size + 1)))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block):
            digest.update(block[:count])
    return digest.hexdigest()
