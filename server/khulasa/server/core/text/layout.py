"""What stands in a text for its lines alone: marks of quoted mail, and hyphens where a word was broken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import regex
from khulasa.server.core.text.mapping import MappedText
from khulasa.server.core.text.normalize import normalize
from khulasa.server.core.text.paragraphs import Paragraph, quote_marks
from khulasa.server.core.text.types import Document, Span

__all__ = ["as_read", "typed_plainly", "unread_spans"]

# A hyphen and the line end behind it; inside a paragraph there is one only where lines were joined.
_BROKEN = regex.compile(r"(?<=[\p{Latin}\p{N}])[-\u2010\u00AD][\s\p{Cf}>]++(?=[\p{Latin}\p{N}])")
_LINE_END = frozenset("\r\n\v\f\x85\u2028\u2029")
_ENDS = re.compile("[\r\n\v\f\x85\u2028\u2029]")
_SOFT = "\u00ad"
_WORD = regex.compile(r"\p{Latin}++(?:[-\u2010]\p{Latin}++)*+")
# No word of a text is longer.
_LONGEST = 40
# `long-` before these waits for a word that comes later: long- and short-term.
_BESIDE = frozenset(["and", "or", "to", "nor", "et", "ou"])
# A shorter one may be an ending.
_PARTICIPLE = 6
# Keep their hyphen before a word of its own.
_PREFIXES = frozenset(["all", "anti", "ex", "mid", "non", "pro", "self", "vice"])


def unread_spans(text: str, paragraphs: Sequence[Paragraph], is_word: Callable[[str], bool]) -> tuple[Span, ...]:
    """Stretches of a text that are there for its lines alone, in order; linear.

    A hyphen at a line's end goes with the line end if the word is known without it, or is no compound of two known
    ones; else the line end goes alone. Words are known that stand elsewhere in the text.

    Args:
        text: Any text.
        paragraphs: Its paragraphs, lines that were broken joined.
        is_word: Whether a word of small Latin letters is one.
    """
    marks = [Span(at, at + len(mark)) for at, mark in quote_marks(text).items()]
    breaks = list(_breaks(text, paragraphs))
    if not breaks:
        return tuple(marks)
    halves = [(_back(text, found.start), _on(text, found.end)) for found in breaks]
    done = [0, *(end for _, end in halves)]
    rest = "\n".join(text[begin:start] for begin, (start, _) in zip(done, halves, strict=False)) + text[done[-1] :]
    told = {word.lower().replace("\u2010", "-") for word in _WORD.findall(rest)}

    def known(word: str) -> bool:
        return word in told or is_word(word)

    gaps = []
    for found, (start, end) in zip(breaks, halves, strict=True):
        left, right = text[start : found.start].lower(), text[found.end : end].lower()
        if text[found.start] == _SOFT:
            gaps.append(found)
        elif right not in _BESIDE:
            kept = not (left.isalpha() and right.isalpha() and text[found.end].islower()) or (
                not known(left + right)
                and (
                    f"{left}-{right}" in told
                    or ((left in _PREFIXES or known(left)) and (known(right) or _is_participle(right)))
                )
            )
            gaps.append(Span(found.start + kept, found.end))
    return _apart(sorted([*marks, *gaps]))


def as_read(document: Document, span: Span) -> MappedText:
    """The text at `span` as `Document.as_read` gives it, with the way back to offsets counted from the span's start."""
    keep = np.ones(span.end - span.start, dtype=bool)
    for cut in document.unread_in(span):
        keep[cut.start - span.start : cut.end - span.start] = False
    starts = np.flatnonzero(keep).astype(np.int32)
    return MappedText(document.as_read(span), starts, starts + 1, len(keep))


def typed_plainly(document: Document) -> MappedText:
    """The text as it would be typed plainly, nothing invisible in it and nothing that is there for its lines alone."""
    text = document.text
    if not document.unread:
        return normalize(text, joiners=False)
    read = as_read(document, Span(0, len(text)))
    plain = normalize(read.text, joiners=False)
    return MappedText(plain.text, read.starts[plain.starts], read.ends[plain.ends - 1], len(text))


def _breaks(text: str, paragraphs: Sequence[Paragraph]) -> Iterator[Span]:
    for paragraph in paragraphs:
        if _ENDS.search(text, *paragraph.span) is None:
            continue
        for match in _BROKEN.finditer(text, *paragraph.span):
            if not _LINE_END.isdisjoint(match[0]):
                yield Span(*match.span())


def _is_participle(word: str) -> bool:
    """Whether a part of a word may be a participle of its own, as in `long-awaited`, rather than an ending."""
    return len(word) >= _PARTICIPLE and word.endswith(("ed", "ing"))


def _back(text: str, at: int) -> int:
    """Where the letters or digits before `at` begin."""
    least = max(0, at - _LONGEST)
    while at > least and text[at - 1].isalnum():
        at -= 1
    return at


def _on(text: str, at: int) -> int:
    """Where the letters or digits from `at` on end."""
    most = min(len(text), at + _LONGEST)
    while at < most and text[at].isalnum():
        at += 1
    return at


def _apart(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans without those that lie within another."""
    out: list[Span] = []
    for span in spans:
        if not out or span.start >= out[-1].end:
            out.append(span)
    return tuple(out)
