"""What a start says of models that are not to be relied on, and the line that gets better ones."""

from __future__ import annotations

from collections.abc import Sequence

from khulasa.server.api.ports import ModelDescription, ModelKind
from khulasa.server.core.translation.types import LanguagePair
from khulasa.server.models.catalog import stronger_than_preview

__all__ = ["preview_lines"]


def preview_lines(models: Sequence[ModelDescription]) -> list[str]:
    """Lines for people, none when no pair is served by a preview: one that stands behind another model says nothing."""
    serving: dict[LanguagePair, ModelDescription] = {}
    for model in models:
        if model.kind is ModelKind.TRANSLATION:
            for pair in model.pairs:
                serving.setdefault(pair, model)
    weak = [pair for pair, model in serving.items() if model.preview]
    lines = []
    for name in dict.fromkeys(serving[pair].name for pair in weak):
        pairs = ", ".join(_named(pair) for pair in weak if serving[pair].name == name)
        lines.append(f"{name} ({pairs}) is a preview: read every translation against its source before quoting it.")
    if command := stronger_than_preview(map(_named, weak)):
        lines.append(f"stronger models: {command}")
    return lines


def _named(pair: LanguagePair) -> str:
    return f"{pair.source}-{pair.target}"
