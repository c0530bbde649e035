"""What the parts of a folder depend on: the input, and everything that could change a row."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from khulasa.server.archive.articles import JobPlan
from khulasa.server.archive.manifest import Identity
from khulasa.server.archive.reading import Survey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from khulasa.server.api.ports import ModelDescription
    from khulasa.server.config import Settings

__all__ = ["identity_of", "settings_identity"]


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
        "server": version("khulasa-server"),
    }


def _memory_digest(settings: Settings) -> Any:
    """SHA-256 over the approved pairs, None without a memory. The file's own bytes change when nothing else does."""
    if settings.memory_path is None:
        return None
    from khulasa.server.core.translation.memory import TranslationMemory

    digest = hashlib.sha256()
    with TranslationMemory(settings.memory_path) as memory:
        for one in memory.pairs():
            digest.update(
                repr((one.pair.source, one.pair.target, one.source_text, one.target_text)).encode("utf-8") + b"\n"
            )
    return digest.hexdigest()
