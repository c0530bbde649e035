"""A text seen through changes, and the way back: every character of the changed text knows where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from khulasa.server.core.text.types import Span

__all__ = ["CharacterTable", "MappedText"]

_CODE_POINTS = 0x110000
_KEEP, _DROP, _SPACE, _EXPAND = range(4)
_TATWEEL = 0x640

Offsets = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class MappedText:
    """A changed text with offsets of the text it was made from.

    Attributes:
        text: The changed text, N code points.
        starts: Shape (N,): where what each character was made from begins in the source.
        ends: Shape (N,): where it ends there. Several characters may come from one; what was dropped belongs to none.
        source_length: Code points of the source.
    """

    text: str
    starts: Offsets
    ends: Offsets
    source_length: int

    def source_span(self, start: int, end: int) -> Span:
        """Where `[start, end)` of `text` comes from; an empty range comes from an empty one."""
        first = self.source_start(start)
        return Span(first, first if end <= start else max(first, self.source_end(end)))

    def source_start(self, offset: int) -> int:
        """Where the character at `offset` begins in the source; the end of the source for the end of the text."""
        return int(self.starts[offset]) if offset < len(self.starts) else self.source_length

    def source_end(self, offset: int) -> int:
        """Where the character before `offset` (> 0) ends in the source."""
        return int(self.ends[min(offset, len(self.ends)) - 1])


class CharacterTable:
    """What becomes of each character: dropped, a space, another one, or several.

    White space that stands together becomes one space; tatweel between spaces, which is written for a dash, a dash.
    """

    def __init__(self, dropped: frozenset[int], spaces: frozenset[int], changed: Mapping[int, str]) -> None:
        """Builds the tables.

        Args:
            dropped: Code points that disappear.
            spaces: Code points that are white space.
            changed: What other code points become: one character or more.
        """
        self._kinds = np.zeros(_CODE_POINTS, dtype=np.uint8)
        self._kinds[list(dropped)] = _DROP
        self._kinds[list(spaces)] = _SPACE
        self._codes = np.arange(_CODE_POINTS, dtype=np.uint32)
        longer = {code: text for code, text in changed.items() if len(text) > 1}
        for code, text in changed.items():
            self._codes[code] = ord(text[0])
        self._kinds[list(longer)] = _EXPAND
        longest = max(map(len, longer.values()), default=1)
        self._lengths = np.ones(len(longer), dtype=np.int32)
        self._expansions = np.zeros((len(longer), longest), dtype=np.uint32)
        self._rows = np.zeros(_CODE_POINTS, dtype=np.uint16)
        for row, (code, text) in enumerate(longer.items()):
            self._rows[code] = row
            self._lengths[row] = len(text)
            self._expansions[row, : len(text)] = [ord(char) for char in text]

    def apply(self, text: str) -> MappedText:
        """`text` through the table; linear, any characters, lone surrogates too."""
        source = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        kinds = self._kinds[source]
        codes = self._codes[source]
        keep = kinds != _DROP
        tatweel = source == _TATWEEL
        if tatweel.any():
            seen = np.flatnonzero(keep | tatweel)
            spaces = kinds[seen] == _SPACE
            alone = np.flatnonzero(tatweel[seen][1:-1] & spaces[:-2] & spaces[2:]) + 1
            codes[seen[alone]], kinds[seen[alone]], keep[seen[alone]] = ord("-"), _KEEP, True
        starts = np.flatnonzero(keep).astype(np.int32)
        kinds, codes = kinds[starts], codes[starts]
        spaces = kinds == _SPACE
        ends = starts + 1
        if spaces.any():
            codes[spaces] = ord(" ")
            again = spaces[1:] & spaces[:-1]
            if again.any():
                first = np.concatenate(([True], ~again))
                begins = np.flatnonzero(first)
                # One space for a run of them: from the first's start to the last's end.
                ends = ends[np.concatenate((begins[1:] - 1, [len(starts) - 1]))]
                starts, kinds, codes = starts[begins], kinds[begins], codes[begins]
        if (kinds == _EXPAND).any():
            starts, ends, codes = self._expanded(source, starts, ends, kinds, codes)
        seen = codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
        return MappedText(seen, starts, ends.astype(np.int32), len(text))

    def _expanded(
        self,
        source: npt.NDArray[np.uint32],
        starts: Offsets,
        ends: Offsets,
        kinds: npt.NDArray[np.uint8],
        codes: npt.NDArray[np.uint32],
    ) -> tuple[Offsets, Offsets, npt.NDArray[np.uint32]]:
        at = np.flatnonzero(kinds == _EXPAND)
        rows = self._rows[source[starts[at]]]
        counts = np.ones(len(starts), dtype=np.int32)
        counts[at] = self._lengths[rows]
        places = (np.cumsum(counts) - counts)[at]
        codes = np.repeat(codes, counts)
        for column in range(self._expansions.shape[1]):
            longer = self._lengths[rows] > column
            codes[places[longer] + column] = self._expansions[rows[longer], column]
        return np.repeat(starts, counts), np.repeat(ends, counts), codes
