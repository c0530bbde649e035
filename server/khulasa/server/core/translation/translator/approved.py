"""Approved pairs in place of the model: which segments have one, judged like any other translation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.links import align_words
from khulasa.server.core.translation.memory.store import MemoryPair
from khulasa.server.core.translation.quality.flags import quality_flags
from khulasa.server.core.translation.translator.drafts import shaped_digits
from khulasa.server.core.translation.translator.flow import SegmentFlow
from khulasa.server.core.translation.types import LanguagePair, Origin, SegmentTranslation

__all__ = ["ApprovedPairs", "remembered"]


class ApprovedPairs(Protocol):
    """Where approved pairs are found; `TranslationMemory` is the real one."""

    def lookup(self, texts: Sequence[str], pair: LanguagePair) -> list[MemoryPair | None]:
        """The approved pair of each text, None where there is none; same order. Never fails."""
        ...

    def close(self) -> None:
        """Lets go of the store."""
        ...


async def remembered(
    flow: SegmentFlow, approved: ApprovedPairs | None, texts: Sequence[str]
) -> list[SegmentTranslation | None]:
    """The approved translation of each text, marked as such, None where the model is to translate; same order.

    An approved target that lacks a term of the request's own glossary is not used: the caller asked for the term.
    """
    if approved is None:
        return [None] * len(texts)
    targets = await flow.aside(_targets, flow, approved, texts)
    known = [(text, target) for text, target in zip(texts, targets, strict=True) if target is not None]
    similarities = iter(await flow.similarities(known))

    def judged() -> list[SegmentTranslation | None]:
        return [
            None if target is None else _judged(flow, text, target, next(similarities))
            for text, target in zip(texts, targets, strict=True)
        ]

    return await flow.aside(judged)


def _targets(flow: SegmentFlow, approved: ApprovedPairs, texts: Sequence[str]) -> list[str | None]:
    found: list[str | None] = []
    for text, match in zip(texts, approved.lookup(texts, flow.pair), strict=True):
        target = None if match is None else match.target_text
        if target is not None and flow.pair.target == "ar":
            target = shaped_digits(target, flow.options.digit_shape)
        if target is not None and flow.glossary.missed(flow.glossary.protect(text), target):
            target = None
        found.append(target)
    return found


def _judged(flow: SegmentFlow, text: str, target: str, similarity: float | None) -> SegmentTranslation:
    return SegmentTranslation(
        source_span=Span(0, len(text)),
        target_span=Span(0, len(target)),
        source_text=text,
        target_text=target,
        # Nobody decoded it.
        score=0.0,
        similarity=0.0 if similarity is None else similarity,
        flags=quality_flags(
            text, target, flow.pair, similarity=similarity, kept=flow.glossary.targets(flow.glossary.protect(text))
        ),
        word_links=align_words(text, target, flow.pair) if flow.options.word_alignments else (),
        origin=Origin.MEMORY,
    )
