"""Sentences longer than the model takes, divided where a reader would pause. Nothing is ever left out."""

from __future__ import annotations

from collections.abc import Callable

import regex
from khulasa.server.core.text.types import Span

__all__ = ["fitting_spans"]

# Where to divide, best first: sentence ends, clause ends, commas, before a conjunction, words.
_BREAKS = (
    regex.compile(r"(?<=[.!?؟…])\s+"),
    regex.compile(r"(?<=[؛;:])\s+"),
    regex.compile(r"(?<=[،,])\s+|(?<!\s)\s++(?=[–—-]\s)"),
    regex.compile(r"(?<!\s)\s++(?=(?:و\w|ثم|أو|لكن|حيث|and|but|or|which|who|that|because|while)\b)"),
    regex.compile(r"\s+"),
)


def fitting_spans(text: str, count: Callable[[str], int], limit: int) -> list[Span]:
    """Spans of `text`, in order, each of at most `limit` tokens; between them stands nothing but white space.

    Args:
        text: Any text.
        count: Tokens of a text.
        limit: Tokens of one span, >= 1. A single code point over it is a span all the same.
    """
    start, end = _trimmed(text, 0, len(text))
    if start == end:
        return []
    return _divide(text, Span(start, end), count, limit)


def _divide(text: str, whole: Span, count: Callable[[str], int], limit: int) -> list[Span]:
    done: list[Span] = []
    waiting = [whole]
    while waiting:
        span = waiting.pop()
        if span.end - span.start <= 1 or count(span.of(text)) <= limit:
            done.append(span)
        else:
            waiting += reversed(_halves(text, span))
    return done


def _halves(text: str, span: Span) -> tuple[Span, Span]:
    """The span in two, at the best kind of break in its middle half, nearest to the centre."""
    quarter = (span.end - span.start) // 4
    centre = (span.start + span.end) // 2
    low, high = span.start + quarter, max(span.start + quarter + 1, span.end - quarter)
    for pattern in _BREAKS:
        breaks = [m.span() for m in pattern.finditer(text, low, high) if span.start < m.start() and m.end() < span.end]
        if breaks:
            first_end, second_start = min(breaks, key=lambda at: abs(at[0] - centre))
            return Span(span.start, first_end), Span(second_start, span.end)
    # No white space at all: between two code points, but not before one that combines with what stands before it.
    at = centre
    while at > span.start + 1 and regex.match(r"\p{M}|\u200d|\ufe0f", text[at]):
        at -= 1
    return Span(span.start, at), Span(at, span.end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
