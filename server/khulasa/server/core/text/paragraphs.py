"""Lines of a text and the paragraphs they make; lines that were broken at a fixed width are joined again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.text.wrapping import broken_lines

__all__ = ["Paragraph", "paragraphs_of", "quote_marks", "without_quote_marks"]

# A line from its first character that is no white space. Ends are what `str.splitlines` calls so, but for the
# separators 0x1c to 0x1e, which no editor writes.
_LINE = re.compile(r"\S[^\r\n\v\f\x85\u2028\u2029]*")
# A form feed behind another end begins a page, not a line more.
_LINE_END = re.compile(r"(?:\r\n|[\r\n\v\x85\u2028\u2029])\f?|\f")
# Editors leave such lines where a paragraph was deleted.
_LOOKS_BLANK = regex.compile(r"[\p{Mn}\p{Cf}\p{Cc}\s]++")
_COLUMNS = regex.compile(r"\s{4}")
# What may stand in one of two equal lines and not in the other, and how long such are.
_INVISIBLE, _LONGEST_HEAD = regex.compile(r"[\p{Cf}\p{M}\u0640]++"), 200
# Marks of a quoted mail at the head of a line, and invisible ones around them.
_QUOTED = regex.compile(r"(?:^|(?<=[\r\n\v\f\x85\u2028\u2029]))[\p{Cf}]*+(?:>[ \p{Cf}]*+)++(?=[^\s>])")
# One line alone may be a link with an arrow.
_LEAST_QUOTED = 2
# When a subtitle is seen: 00:00:01,200 --> 00:00:04,900
_ARROW = "-->"
_TIME = r"(?:\d{1,2}:)?\d{2}:\d{2}[.,]\d{3}"
_SUBTITLED = regex.compile(
    rf"(?<![\s\p{{Cf}}])[\s\p{{Cf}}]*+{_TIME}[\s\p{{Cf}}]*+-->[\s\p{{Cf}}]*+{_TIME}(?![^\s\p{{Cf}}]).{{0,80}}"
)
_TURN = regex.compile(r"(?<![\s\p{Cf}])[\s\p{Cf}]*+(?:[-–—]|>>)")


class Paragraph(NamedTuple):
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
        line = match[0]
        if not line[0].isalpha() and _LOOKS_BLANK.fullmatch(line):
            continue
        blank = not lines or (begin - done > 1 and len(_LINE_END.findall(text, done, begin)) > 1)
        done = begin + len(line.rstrip())
        lines.append(Paragraph(Span(begin, done), blank))
    quoted = quote_marks(text)
    written = [line.span.of(text) for line in lines]
    depths = [0] * len(lines)
    if quoted:
        marks = [quoted.get(line.span.start, "") for line in lines]
        written = [line[len(mark) :] for line, mark in zip(written, marks, strict=True)]
        depths = [mark.count(">") for mark in marks]
    indents = [_indent(text, line.span.start) for line in lines]
    apart = _apart(written)
    parted = [
        above or below or depth != next_depth
        for (above, below), (depth, next_depth) in zip(pairwise(apart), pairwise(depths), strict=True)
    ]
    blanks = [below.after_blank for below in lines[1:]]
    broken = broken_lines(written, [*parted, True], indents, [*blanks, False])
    for at in _subtitles(lines, written):
        broken[at] = True
    return _joined(lines, broken)


def without_quote_marks(text: str) -> str:
    """A text of the same length in which the marks before the lines of a quoted mail are spaces."""
    marks = quote_marks(text)
    pieces: list[str] = []
    done = 0
    for at, mark in marks.items():
        pieces += [text[done:at], mark.replace(">", " ")]
        done = at + len(mark)
    return "".join([*pieces, text[done:]]) if marks else text


def quote_marks(text: str) -> dict[int, str]:
    """By their places, the marks before the lines of a quoted mail."""
    found = {match.start(): match[0] for match in _QUOTED.finditer(text)} if ">" in text else {}
    return found if len(found) >= _LEAST_QUOTED else {}


def _indent(text: str, begin: int) -> int:
    """White space before a line's first character."""
    if not begin or text[begin - 1] == "\n":
        return 0
    at = begin
    while at and text[at - 1].isspace() and _LINE_END.match(text, at - 1) is None:
        at -= 1
    return begin - at


def _subtitles(lines: Sequence[Paragraph], written: Sequence[str]) -> list[int]:
    """Places of lines of subtitles that go on in the next line: below a time, up to a blank line or another turn."""
    out: list[int] = []
    inside = False
    timed = [_ARROW in line and _SUBTITLED.fullmatch(line) is not None for line in written]
    if not any(timed):
        return []
    for at, line in enumerate(lines[1:], 1):
        if timed[at - 1]:
            inside = not line.after_blank
        elif inside and not line.after_blank and not timed[at]:
            out += [] if _TURN.match(written[at]) or written[at].isdigit() else [at - 1]
        else:
            inside = False
    return out


def _apart(written: Sequence[str]) -> list[bool]:
    """Lines that go on with nothing: what claims rights, stands at both margins of a print, or on each of its pages."""
    bare = [line if line.isascii() or len(line) > _LONGEST_HEAD else _INVISIBLE.sub("", line) for line in written]
    told = Counter(bare)
    # Hardly a text has any: all of it is asked at once, a sign between its lines.
    columns = _COLUMNS.search("|".join(bare)) is not None
    return [
        told[line] > 1
        or line.startswith("©")
        or (columns and _COLUMNS.search(line) is not None)
        or line.isdigit()
        or (_ARROW in line and _SUBTITLED.fullmatch(line) is not None)
        for line in bare
    ]


def _joined(lines: Sequence[Paragraph], broken: Sequence[bool]) -> list[Paragraph]:
    out: list[Paragraph] = []
    goes_on = False
    for line, is_broken in zip(lines, broken, strict=True):
        if goes_on:
            out[-1] = Paragraph(Span(out[-1].span.start, line.span.end), out[-1].after_blank)
        else:
            out.append(line)
        goes_on = is_broken
    return out
