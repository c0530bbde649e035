"""Lines of a text and the paragraphs they make; lines that were broken at a fixed width are joined again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.text.wrapping import broken_lines

__all__ = ["Paragraph", "paragraphs_of"]

# A line from its first character that is no white space. Ends are what `str.splitlines` calls so, but for the
# separators 0x1c to 0x1e, which no editor writes.
_LINE = re.compile(r"\S[^\r\n\v\f\x85\u2028\u2029]*")
# A form feed behind another end begins a page, not a line more.
_LINE_END = re.compile(r"(?:\r\n|[\r\n\v\x85\u2028\u2029])\f?|\f")
# Editors leave such lines where a paragraph was deleted.
_LOOKS_BLANK = regex.compile(r"[\p{Mn}\p{Cf}\p{Cc}\s]++")
_COLUMNS = " " * 4


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
    written = [line.span.of(text) for line in lines]
    apart = _apart(written)
    parted = [apart[at] or apart[at + 1] or below.after_blank for at, below in enumerate(lines[1:])]
    return _joined(lines, broken_lines(written, [*parted, True]))


def _apart(written: Sequence[str]) -> list[bool]:
    """Lines that go on with nothing: what stands at both margins of a print, or on each of its pages."""
    told = Counter(written)
    return [told[line] > 1 or _COLUMNS in line or line.isdigit() for line in written]


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
