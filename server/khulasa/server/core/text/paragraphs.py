"""Lines of a text and the paragraphs they make; lines that were broken at a fixed width are joined again."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import regex
from khulasa.server.core.text.types import Span

__all__ = ["Paragraph", "paragraphs_of"]

# A line from its first character that is no white space. Ends are what `str.splitlines` calls so, but for the
# separators 0x1c to 0x1e, which no editor writes.
_LINE = re.compile(r"\S[^\r\n\v\f\x85\u2028\u2029]*")
# A form feed behind another end begins a page, not a line more.
_LINE_END = re.compile(r"(?:\r\n|[\r\n\v\x85\u2028\u2029])\f?|\f")
_STOP = regex.compile(r"[.!?؟…:؛][\"'»”’)\]\u200e\u200f]*+$")
_UNSEEN = regex.compile(r"[\p{Mn}\p{Cf}]")
# Editors leave such lines where a paragraph was deleted.
_LOOKS_BLANK = regex.compile(r"[\p{Mn}\p{Cf}\p{Cc}\s]++")
_MARKED = regex.compile(r"[\u200e\u200f]*+(?:[-–—•▪●◦*·]|\(?\d{1,2}[-.)])\s")
_COLUMNS = " " * 4

# A text was broken at a width within these bounds if of its lines that others follow in the same block so many could
# not have taken the next word as well.
_NARROWEST, _WIDEST = 50, 130
# Not even with a sign on each letter and a mark beside each word is a line of that width so long.
_FAR_TOO_WIDE = 4 * _WIDEST
_LEAST_LINES, _LEAST_SHARE = 3, 0.7
# Editors count differently what they break: room for that, as a share of the width.
_SLACK = 0.12


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line, or several that were one.

    Attributes:
        span: In the text, without white space around it.
        after_blank: Whether a blank line stands before it (or nothing).
    """

    span: Span
    after_blank: bool


def paragraphs_of(text: str) -> list[Paragraph]:
    """Paragraphs with something to see in them, in order; linear.

    Args:
        text: Any text; CR, LF, CRLF and Unicode's separators end lines.
    """
    lines: list[Paragraph] = []
    done = 0
    for match in _LINE.finditer(text):
        begin = match.start()
        if _LOOKS_BLANK.fullmatch(match[0]):
            continue
        blank = not lines or len(_LINE_END.findall(text, done, begin)) > 1
        done = begin + len(match[0].rstrip())
        lines.append(Paragraph(Span(begin, done), blank))
    apart = _apart(text, lines)
    width = _width(text, [line for line in lines if line.span not in apart])
    return _joined(text, lines, width, apart) if width else lines


def _apart(text: str, lines: list[Paragraph]) -> set[Span]:
    """Places of lines that go on with nothing: what stands at both margins of a print, or on each of its pages."""
    shown = [line.span.of(text) for line in lines]
    told = Counter(shown)
    return {
        line.span
        for line, written in zip(lines, shown, strict=True)
        if told[written] > 1 or _COLUMNS in written or written.isdigit()
    }


def _width(text: str, lines: list[Paragraph]) -> int:
    """The width at which the text was broken, 0 for none."""
    if max((line.span.end - line.span.start for line in lines), default=0) > _FAR_TOO_WIDE:
        return 0
    longest = max((_shown(text, line) for line in lines), default=0)
    if not _NARROWEST <= longest <= _WIDEST:
        return 0
    followed = [(a, b) for a, b in pairwise(lines) if not b.after_blank]
    open_ended = [(a, b) for a, b in followed if not _STOP.search(a.span.of(text)[-8:])]
    if len(open_ended) < _LEAST_LINES:
        return 0
    full = sum(_is_full(text, a, b, longest) for a, b in open_ended)
    return longest if full >= _LEAST_SHARE * len(open_ended) else 0


def _is_full(text: str, line: Paragraph, following: Paragraph, width: int) -> bool:
    """Whether the first word of the next line did not fit into this one."""
    if _MARKED.match(text, following.span.start, following.span.end):
        return False
    word = text[following.span.start : following.span.start + width].split(None, 1)[0]
    return _shown(text, line) + 1 + len(word) >= (1 - _SLACK) * width


def _shown(text: str, line: Paragraph) -> int:
    """Width of a line without vowel signs, direction marks and other invisible characters."""
    return line.span.end - line.span.start - len(_UNSEEN.findall(text, line.span.start, line.span.end))


def _joined(text: str, lines: list[Paragraph], width: int, apart: set[Span]) -> list[Paragraph]:
    out = lines[:1]
    for before, line in pairwise(lines):
        alone = line.after_blank or before.span in apart or line.span in apart
        if not alone and _is_full(text, before, line, width):
            out[-1] = Paragraph(Span(out[-1].span.start, line.span.end), out[-1].after_blank)
        else:
            out.append(line)
    return out
