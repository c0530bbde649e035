"""Names that stand for links, addresses, hashtags, code and emoji while the model works.

A small model copies `@ItemA` where it mangles a link letter by letter or drops an emoji, and it translates the words
around a short name better; docs/quality-translation.md has the figures. What the model loses all the same is looked
for, and flagged, as without them (`protect`).
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.protect import ProtectedItem, ProtectedKind, at_ends, protected_items

__all__ = ["StandIn", "StoodInText", "put_back", "stand_ins_of"]

# F and I are left out: read as a vowel, or as a numeral.
_LETTERS = "ABCDEGHJ"
_KEYCAP = "\u20e3"
# With the signs that the model makes of the first one, an Arabic first letter or none, and spaces inside.
_NAME = regex.compile(
    r"(?<![A-Za-z0-9])(?:(?:[@#*] ?){1,3}[Iإاآ]?tem ?|Item)(?<letter>[A-Z])(?![A-Za-z0-9_])", regex.IGNORECASE
)
_REST = regex.compile(r" ?(?:[@#*] ?){1,3}[Iإاآ]?tem\w{0,3}(?!\w)", regex.IGNORECASE)
# Names as they sound (@يتامبا for @ItemB, @يتم سي for @ItemC), and what the last sound of each may be.
_SPELT = regex.compile(r"@ ?(\p{Arabic}{3,8}(?: (?:بي|سي|دي|جي))?+)(?!\w)")
_SOUNDS = {"A": "اأ", "B": "ب", "C": "سك", "D": "د", "E": "ي", "G": "جغق", "H": "هش", "J": "ج"}


@dataclass(frozen=True, slots=True)
class StandIn:
    """An item of the source and the name that the model reads in its place."""

    item: ProtectedItem
    letter: str

    @property
    def span(self) -> Span:
        """The item's place in the source."""
        return self.item.span

    @property
    def name(self) -> str:
        """What the model reads."""
        return f"@Item{self.letter}"

    def shifted(self, by: int) -> StandIn:
        """The same in a text that begins `by` earlier."""
        return replace(self, item=replace(self.item, span=self.item.span.shifted(by)))


class Replaced(Protocol):
    """A place of the source and what the model reads there."""

    @property
    def span(self) -> Span:
        """The place."""
        ...

    @property
    def name(self) -> str:
        """What the model reads."""
        ...


class StoodInText:
    """A text with names in place of its items, and the way back to its offsets.

    Args:
        text: As the caller wrote it.
        stand_ins: In order, none in another's place.
    """

    def __init__(self, text: str, stand_ins: Sequence[Replaced]) -> None:
        pieces: list[str] = []
        # For each run of the new text, where it starts there and where it comes from; items and copies take turns.
        self._starts: list[int] = []
        self._from: list[Span] = []
        length = at = 0

        def add(piece: str, source: Span) -> None:
            nonlocal length
            self._starts.append(length)
            self._from.append(source)
            pieces.append(piece)
            length += len(piece)

        for one in stand_ins:
            span = one.span
            add(text[at : span.start], Span(at, span.start))
            # A number stands as the figure stood, behind و or ب: a name would become a part of the word.
            apart = not one.name.isdigit()
            before = " " if apart and text[span.start - 1 : span.start].isalnum() else ""
            after = " " if apart and text[span.end : span.end + 1].isalnum() else ""
            add(f"{before}{one.name}{after}", span)
            at = span.end
        add(text[at:], Span(at, len(text)))
        self.text = "".join(pieces)

    def source_span(self, start: int, end: int) -> Span:
        """Where a range comes from; a part of a name comes from the whole item."""
        first = self._source(start, is_end=False)
        return Span(first, first if end <= start else max(first, self._source(end, is_end=True)))

    def _source(self, at: int, *, is_end: bool) -> int:
        run = bisect.bisect_right(self._starts, at - 1 if is_end else at) - 1
        source = self._from[max(0, run)]
        if run % 2:
            return source.end if is_end else source.start
        return min(source.end, source.start + at - self._starts[max(0, run)])


def stand_ins_of(text: str, excused: Sequence[Span] = ()) -> tuple[StandIn, ...]:
    """Names for the items of a text, in order; none where there are too many or the text has such names itself.

    An emoji at an end stays: the model drops it and it is put back there. Of one on a key the digit would be left.

    Args:
        text: A segment.
        excused: Places that the caller's glossary answers for.
    """
    items = protected_items(text)
    if not items or _NAME.search(text) or _REST.search(text):
        return ()
    opening, closing = at_ends(text, items)
    hidden = [
        item
        for place, item in enumerate(items)
        if (item.kind is not ProtectedKind.EMOJI or opening <= place < closing or _KEYCAP in item.text)
        and not any(span.start < item.span.end and item.span.start < span.end for span in excused)
    ]
    if len(hidden) > len(_LETTERS):
        return ()
    return tuple(StandIn(item, letter) for item, letter in zip(hidden, _LETTERS, strict=False))


def put_back(stand_ins: Sequence[StandIn], target: str) -> str:
    """The target with the items in place of their names; a name that stands for none is taken out.

    Args:
        stand_ins: Those of the source.
        target: What the model made of it.
    """
    if not stand_ins:
        return target
    items = {one.letter: one.item.text for one in stand_ins}
    lost = sorted(set(items) - {match["letter"].upper() for match in _NAME.finditer(target)})
    spelt = list(_SPELT.finditer(target)) if lost else []
    if len(lost) == len(spelt) and (
        len(lost) == 1 or all(set(match[1][-2:]) & set(_SOUNDS[one]) for one, match in zip(lost, spelt, strict=True))
    ):
        letters = iter(lost)
        target = _SPELT.sub(lambda _: f"@Item{next(letters)}", target)
    made = _NAME.sub(lambda match: items.get(match["letter"].upper(), match[0]), target)
    return _REST.sub("", made)
