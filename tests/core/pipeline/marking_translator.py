"""A translator for tests of what comes before and after translation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.types import (
    DecodingOptions,
    Glossary,
    LanguagePair,
    ModelReference,
    QualityFlag,
    RequestContext,
    SegmentTranslation,
)

__all__ = ["MarkingTranslator"]


class MarkingTranslator:
    """Gives each segment back with a `~` before it, and keeps what it was given.

    Args:
        flags_of: The flags that a segment gets; none if it is left out.
    """

    pairs = (LanguagePair("ar", "en"), LanguagePair("en", "ar"))

    def __init__(self, flags_of: Callable[[str], tuple[QualityFlag, ...]] = lambda _: ()) -> None:
        self.given: list[str] = []
        self._flags_of = flags_of

    def resolve_pair(self, source: str, target: str) -> LanguagePair:
        return LanguagePair(source, target or ("en" if source == "ar" else "ar"))

    def model_of(self, _pair: LanguagePair) -> ModelReference:
        return ModelReference("marking", "1", "e" * 64)

    async def translate_segments(
        self,
        segments: Sequence[str],
        _pair: LanguagePair,
        _options: DecodingOptions,
        _glossary: Glossary,
        _context: RequestContext,
    ) -> list[SegmentTranslation]:
        self.given += segments
        return [
            SegmentTranslation(Span(0, len(s)), Span(0, len(s) + 1), s, f"~{s}", -0.1, 0.9, self._flags_of(s))
            for s in segments
        ]
