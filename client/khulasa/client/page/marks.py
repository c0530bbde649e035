"""The article cut into the pieces that the page shows: parts, and in them runs of text with what is true of them.

Offsets are code points of the article's text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from khulasa.client.results import AlignedSentence, DocumentPart, PartKind, Span, Summary

__all__ = ["Run", "parts_of", "runs", "word_runs"]

_T = TypeVar("_T")


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


def runs(summary: Summary, text: str, parts: Sequence[Span]) -> Iterator[list[Run]]:
    """The runs of each part, tiling it; the parts tile the text. One pass, however many sentences are marked."""
    claims: list[tuple[Span, tuple[str, int, int]]] = []
    for index, pair in enumerate(summary.sentences):
        claims += [(place, ("pair", index, 0)) for place in _places(pair, text)]
        if pair.source_span.of(text) == pair.source_text:
            at = pair.source_span.start
            for number, link in enumerate(pair.word_alignments):
                claims.append((Span(at + link.source_span.start, at + link.source_span.end), ("word", index, number)))
    for index, term in enumerate(summary.key_terms):
        claims += [(place, ("term", index, 0)) for place in term.source_spans]
    found = _stretches(claims, {edge for part in parts for edge in (part.start, part.end)}, len(text))
    stretch = next(found, None)
    for part in parts:
        made: list[Run] = []
        while stretch is not None and stretch[0].end <= part.end:
            span, here = stretch
            pair_index = next((index for kind, index, _ in here if kind == "pair"), None)
            made.append(
                Run(
                    span=span,
                    pair=pair_index,
                    term=next((index for kind, index, _ in here if kind == "term"), None),
                    words=tuple(number for kind, index, number in here if kind == "word" and index == pair_index),
                )
            )
            stretch = next(found, None)
        yield made


def word_runs(text: str, spans: Sequence[Span]) -> Iterator[Run]:
    """One side of a pair, cut at its word links; `words` are the indices of `spans`."""
    for span, linked in _stretches(list(zip(spans, range(len(spans)), strict=True)), set(), len(text)):
        yield Run(span, words=tuple(linked))


def _stretches(claims: Sequence[tuple[Span, _T]], edges: set[int], length: int) -> Iterator[tuple[Span, list[_T]]]:
    """A text cut at `edges` and wherever a claim begins or ends, each stretch with the claims to it in their order."""
    opening: defaultdict[int, list[int]] = defaultdict(list)
    closing: defaultdict[int, list[int]] = defaultdict(list)
    for number, (span, _) in enumerate(claims):
        if span.start < min(span.end, length):
            opening[span.start].append(number)
            closing[min(span.end, length)].append(number)
    active: set[int] = set()
    for start, end in pairwise(sorted({0, length, *edges, *opening, *closing})):
        active.difference_update(closing[start])
        active.update(opening[start])
        yield Span(start, end), [claims[number][1] for number in sorted(active)]
