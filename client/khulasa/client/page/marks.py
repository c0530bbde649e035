"""The article cut into the pieces that the page shows: parts, and in them runs of text with what is true of them.

Offsets are code points of the article's text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from khulasa.client.results import AlignedSentence, DocumentPart, PartKind, Span, Summary

__all__ = ["Run", "parts_of", "runs", "word_runs"]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text that is the same all along.

    Attributes:
        span: Place in the text.
        pair: Index of the summary sentence it belongs to, None for none.
        term: Index of the key term it belongs to, None for none.
        words: Indices of the word links it belongs to, within its pair.
    """

    span: Span
    pair: int | None = None
    term: int | None = None
    words: tuple[int, ...] = ()


def parts_of(summary: Summary, text: str) -> tuple[DocumentPart, ...]:
    """The article's parts if they tile the text, else the whole text as body: nothing of it is ever left out."""
    place = 0
    for part in summary.parts:
        if part.span.start != place or part.span.end < place:
            break
        place = part.span.end
    if summary.parts and place == len(text):
        return summary.parts
    return (DocumentPart(PartKind.BODY, Span(0, len(text))),)


def _places(pair: AlignedSentence, text: str) -> tuple[Span, ...]:
    """Where a sentence stands: at its span, or where its evidence is when the summary was written anew."""
    if pair.source_span.of(text) == pair.source_text:
        return (pair.source_span,)
    return pair.evidence_spans


def runs(summary: Summary, text: str, within: Span) -> Iterator[Run]:
    """The runs of one part, in order, tiling it."""
    claims: list[tuple[Span, str, int]] = []
    for index, pair in enumerate(summary.sentences):
        claims += [(place, "pair", index) for place in _places(pair, text)]
        if pair.source_span.of(text) == pair.source_text:
            at = pair.source_span.start
            for number, link in enumerate(pair.word_alignments):
                claims.append((Span(at + link.source_span.start, at + link.source_span.end), f"word{index}", number))
    for index, term in enumerate(summary.key_terms):
        claims += [(place, "term", index) for place in term.source_spans]
    touching = [claim for claim in claims if claim[0].start < within.end and claim[0].end > within.start]
    edges = {within.start, within.end}
    for span, _, _ in touching:
        edges |= {max(span.start, within.start), min(span.end, within.end)}
    ordered = sorted(edges)
    for start, end in pairwise(ordered):
        here = [(kind, number) for span, kind, number in touching if span.start <= start and end <= span.end]
        pair_index = next((number for kind, number in here if kind == "pair"), None)
        yield Run(
            span=Span(start, end),
            pair=pair_index,
            term=next((number for kind, number in here if kind == "term"), None),
            words=tuple(number for kind, number in here if kind == f"word{pair_index}"),
        )


def word_runs(text: str, spans: Sequence[Span]) -> Iterator[Run]:
    """One side of a pair, cut at its word links; `words` are the indices of `spans`."""
    edges = {0, len(text)} | {min(place, len(text)) for span in spans for place in (span.start, span.end)}
    ordered = sorted(edges)
    for start, end in pairwise(ordered):
        linked = tuple(index for index, span in enumerate(spans) if span.start <= start and end <= span.end)
        yield Run(Span(start, end), words=linked)
