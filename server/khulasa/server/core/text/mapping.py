"""A text seen through changes, and the way back: every piece of the changed text knows where it came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import regex
from khulasa.server.core.text.types import Span

__all__ = ["MappedText", "rewritten"]


@dataclass(frozen=True, slots=True)
class MappedText:
    """A changed text with offsets of the text it was made from.

    The changed text is a row of stretches. One that is as long as what it was made from runs in step with it; any
    other belongs as a whole to its whole source.

    Attributes:
        text: The changed text.
        at: Where stretches begin in `text`, rising from 0, and the length of `text` at the end.
        begins: Where each stretch begins in the source.
        ends: Where it ends there; what stands between two stretches was dropped.
        source_length: Code points of the source.
    """

    text: str
    at: tuple[int, ...]
    begins: tuple[int, ...]
    ends: tuple[int, ...]
    source_length: int

    def source_span(self, start: int, end: int) -> Span:
        """Where `[start, end)` of `text` comes from; an empty range comes from an empty one."""
        first = self.source_start(start)
        return Span(first, first if end <= start else max(first, self.source_end(end)))

    def source_start(self, offset: int) -> int:
        """Where the character at `offset` begins in the source; the end of the source for the end of the text."""
        if offset >= len(self.text):
            return self.source_length
        index = bisect_right(self.at, offset) - 1
        return self.begins[index] + (offset - self.at[index] if self._in_step(index) else 0)

    def source_end(self, offset: int) -> int:
        """Where the character before `offset` (> 0) ends in the source."""
        index = bisect_right(self.at, min(offset, len(self.text)) - 1) - 1
        return self.begins[index] + offset - self.at[index] if self._in_step(index) else self.ends[index]

    def _in_step(self, index: int) -> bool:
        return self.ends[index] - self.begins[index] == self.at[index + 1] - self.at[index]


def rewritten(text: str, pattern: regex.Pattern[str], replacement: Callable[[regex.Match[str]], str]) -> MappedText:
    """`text` with each match of `pattern` replaced; one pass, linear. A match that becomes nothing is dropped."""
    pieces: list[str] = []
    at: list[int] = []
    begins: list[int] = []
    ends: list[int] = []
    length = done = 0
    for match in pattern.finditer(text):
        begin, end = match.span()
        if begin > done:
            pieces.append(text[done:begin])
            at.append(length)
            begins.append(done)
            ends.append(begin)
            length += begin - done
        new = replacement(match)
        if new:
            pieces.append(new)
            at.append(length)
            begins.append(begin)
            ends.append(end)
            length += len(new)
        done = end
    if done < len(text):
        pieces.append(text[done:])
        at.append(length)
        begins.append(done)
        ends.append(len(text))
        length += len(text) - done
    at.append(length)
    return MappedText("".join(pieces), tuple(at), tuple(begins), tuple(ends), len(text))
