"""Sentences longer than the model takes, divided where a reader would pause. Nothing is ever left out."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.types import WordLink

__all__ = ["divided_alike", "fitting_spans"]

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


def divided_alike(source_spans: Sequence[Span], target: str, links: Sequence[WordLink]) -> list[Span]:
    """N spans of the target, in order, that answer to N spans of the source: cut where the fewest links cross.

    Among places alike, the one nearest to the same share of the text. A span may be empty; they tile the target.

    Args:
        source_spans: In order, not empty.
        target: A translation of the whole.
        links: Word links between the two.
    """
    words = [*(match.start() for match in regex.finditer(r"(?<!\S)\S", target)), len(target)]
    last = source_spans[-1].end
    places, at = [0], 0
    for span in source_spans[1:]:
        share = span.start / last * len(target)
        if links:  # Only texts of some hundred words have any.
            before = sorted(link.target_span.start for link in links if link.source_span.start < span.start)
            after = sorted(link.target_span.start for link in links if link.source_span.start >= span.start)
            crossing = [len(before) - bisect.bisect_left(before, w) + bisect.bisect_left(after, w) for w in words]
            rest = range(bisect.bisect_left(words, at), len(words))
            at = words[min(rest, key=lambda n: (crossing[n], abs(words[n] - share)))]
        else:
            number = bisect.bisect_left(words, share)
            near = words[max(0, number - 1) : number + 1]
            at = max(at, min(near, key=lambda place: abs(place - share)))
        places.append(at)
    return [Span(start, end) for start, end in zip(places, [*places[1:], len(target)], strict=True)]


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
