"""What passes through a translation unharmed: links, addresses, hashtags, @names, code and emoji.

The model reads short names in their place (`stand_ins`) or, where there are too many, the text as it is. Afterwards
each item is looked for, a mangled copy is mended, and an item that was lost at an end of the segment is put back there.
An emoji that the model's vocabulary lacks comes out as the sign for what it does not know, and takes that sign's place.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.identifiers import IDENTIFIER, may_hold_identifier

__all__ = [
    "MangledSearch",
    "ProtectedItem",
    "ProtectedKind",
    "at_ends",
    "is_only_protected",
    "loses_protected",
    "protected_items",
    "repair_protected",
    "without_shared_items",
]


class ProtectedKind(Enum):
    """Why an item must not change."""

    URL = "url"
    EMAIL = "email"
    HASHTAG = "hashtag"
    HANDLE = "handle"
    CODE = "code"
    EMOJI = "emoji"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class ProtectedItem:
    """A place in the source whose text must stand in the target."""

    span: Span
    text: str
    kind: ProtectedKind


# Tatweel is drawn as a line between paragraphs, and of it and of vowel signs in forms of their own nothing is left for
# the model, which then says what it likes.
_LETTER = regex.compile(r"[\p{L}--[\p{Lm}\uFE70-\uFE7F]]", regex.V1)
# An address is tried once a run of its letters, not at each of them: `\G` is where the search began.
# Proclitics that Arabic writes before a name: و#غزة, لـ@reuters.
_JOINED = r"(?<=(?<!\w)(?:[وف]?(?:[بك]?ال|لل|[بلك])|[وف])ـ?)"
_HOST = r"(?<![\w@./-])(?:[A-Za-z0-9-]++\.){1,16}"
_ITEMS = (
    r"(?P<url>(?:https?://|www\.)[^\s<>\"«»“”]*[^\s<>\"«»“”.,;:!?،؛؟)\]'’]"
    # Without the scheme: bbc.co.uk, example.com/news.
    rf"|{_HOST}(?:(?i:com|org|net|edu|gov|info)|(?:com?|org|net|gov|edu|ac)\.[a-z]{{2}})(?![\w-]|\.\w)"
    r"(?:/[^\s<>\"«»“”]*[^\s<>\"«»“”.,;:!?،؛؟)\]'’])?)"
    r"|(?P<email>(?:\G|(?<![A-Za-z0-9._%+-]))[A-Za-z0-9._%+-]++@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})"
    rf"|(?P<hashtag>(?:(?<![\w&])|{_JOINED})\#(?=\w*\p{{L}})\w+)"
    rf"|(?P<handle>(?:(?<!\w)|{_JOINED})@[^\W\d]\w{{1,29}})"
    r"|(?P<code>`[^`\n]+`|\{\{?[\w.]+\}?\}|%\(\w+\)[sd]"
    # Names of programs and files, whose joints no language has: user_id, main(), v2.3.1-rc1, /etc/hosts, C:\Users.
    r"|(?<![\w.])[A-Za-z][A-Za-z0-9]*+(?:(?:_[A-Za-z0-9]++)++(?:\.[A-Za-z0-9]++)*+(?:\(\))?|\(\))(?!\w)"
    r"|(?<![\w.])v\d++(?:\.\d++)++(?:-[A-Za-z0-9]++)?+(?!\w)"
    r"|(?<![\w/.:])~?(?:/[A-Za-z_][A-Za-z0-9_-]*+(?:\.[A-Za-z0-9_-]++)*+){2,}+(?!\w)|(?<!\w)[A-Za-z]:(?:\\[\w.-]*\w)++)"
    r"|(?P<emoji>\p{Extended_Pictographic}[\p{Emoji_Modifier}\u200d\ufe0f\p{Extended_Pictographic}\U000e0020-\U000e007f]*"
    r"|[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3)"
)
_ITEM = regex.compile(rf"{_ITEMS}|(?P<identifier>{IDENTIFIER})")
_ITEM_BUT_IDENTIFIERS = regex.compile(_ITEMS)
# Every item has one of these, most texts have none: looking for them takes a tenth of the time of looking for items.
_SIGNS = ("@", "#", "`", "{", "%(", "://", "www.", "_", "()", ":\\", "\u20e3")
_PICTURE = regex.compile(
    r"[\p{Extended_Pictographic}\U0001f1e6-\U0001f1ff]|(?<!\w)(?:v\d|/[A-Za-z_])"
    r"|(?<=[A-Za-z0-9-]\.)(?i:com|org|net|edu|gov|info|co|ac)(?![\w-])"
)
_CHUNK = regex.compile(r"[^\s<>\"«»“”]*[^\s<>\"«»“”.,;:!?،؛؟)\]'’]")
# Between an item and the end of a segment, when the item stands at that end.
_CLOSING = regex.compile(r"[\s.!?؟…۔]*")
# What sentencepiece writes for a piece that is in no vocabulary, with the white space that it puts around it.
_UNKNOWN = "\u2047"
# No space goes before these, nor at the end.
_CLOSE = ("", *".,;:!?،؛؟)]»”…")
# What chooses the shape of an emoji is in vocabularies that lack the emoji.
_UNKNOWN_PLACE = regex.compile(rf"(?<! ) *+{_UNKNOWN} *+(?:[\u200d\ufe0f\p{{Emoji_Modifier}}]++ *+)?")
# Signs that no translation changes; the Latin and Arabic letters beside which one is certain to be what was unknown.
_SIGN = regex.compile(
    r"[[\p{Sm}\p{So}\p{Sk}†‡•°′″‰§¶]--[\p{Extended_Pictographic}\p{Emoji_Modifier}\U0001f1e6-\U0001f1ff]]", regex.V1
)
_KNOWN_LETTERS = regex.compile(r"[A-Za-z\u0600-\u06ff\P{L}]*+")
# A chunk of the target at least this like an item (ratio of matching characters) is that item, mangled.
_LIKENESS = 0.6
# A segment may be a hundred thousand letters of nothing but items. So that the work stays in proportion to its length,
# only so many different items are looked for letter by letter, and so many pairs of letters are compared for likeness:
# far more than a sentence asks for. What is beyond is put at an end of the segment, or named as missing.
_MOST_SEARCHES = 64
_MOST_COMPARED = 1_000_000


def protected_items(text: str) -> tuple[ProtectedItem, ...]:
    """The items of `text` in order, not overlapping."""
    item = _ITEM if may_hold_identifier(text) else _ITEM_BUT_IDENTIFIERS
    if item is not _ITEM and not any(sign in text for sign in _SIGNS) and not _PICTURE.search(text):
        return ()
    return tuple(
        ProtectedItem(Span(*match.span()), match[0], ProtectedKind(match.lastgroup)) for match in item.finditer(text)
    )


def without_shared_items(one: str, other: str) -> tuple[str, str]:
    """Two texts without the items that stand in both: a word in a link says nothing of the sentence around it."""
    items, others = protected_items(one), protected_items(other)
    shared = {item.text for item in items} & {item.text for item in others}
    return _without(one, items, shared), _without(other, others, shared)


def _without(text: str, items: Sequence[ProtectedItem], shared: set[str]) -> str:
    at, pieces = 0, []
    for item in items:
        if item.text in shared:
            pieces.append(text[at : item.span.start])
            at = item.span.end
    return " ".join([*pieces, text[at:]]) if pieces else text


def is_only_protected(text: str) -> bool:
    """Whether no letter of `text` is outside its items: a model can but harm it."""
    at = 0
    for item in protected_items(text):
        if _LETTER.search(text, at, item.span.start):
            return False
        at = item.span.end
    return not _LETTER.search(text, at)


def loses_protected(source: str, target: str, excused: Sequence[Span] = ()) -> bool:
    """Whether something that is to pass through is missing from the target, or the model did not know a sign.

    Args:
        source: A segment.
        target: Its translation.
        excused: Places in the source that the caller's glossary answers for.
    """
    if _UNKNOWN in target and _UNKNOWN not in source:
        return True
    items = protected_items(source)
    if not items:
        return False
    answered = bytearray(len(source))
    for span in excused:
        answered[span.start : span.end] = b"\1" * (span.end - span.start)
    kept = [item for item in items if answered.find(1, item.span.start, item.span.end) < 0]
    return bool(_not_found(kept, target, bytearray(len(target))))


def repair_protected(source: str, target: str) -> tuple[str, tuple[ProtectedItem, ...]]:
    """The target with mangled items mended, and the items that are still missing.

    Args:
        source: A segment.
        target: Its translation.
    """
    target = _with_signs(source, target)
    items = protected_items(source)
    if not items:
        return target, ()
    # One byte for each letter of the target: whether it is part of an item that was found.
    taken = bytearray(len(target))
    lost = _not_found(items, target, taken)
    if not lost:
        return target, ()
    at_start, at_end = at_ends(source, items)
    mended: list[tuple[Span, str]] = []
    before: list[str] = []
    after: list[str] = []
    missing: list[ProtectedItem] = []
    search = MangledSearch(target, taken)
    unknown = _unknown_places(source, target, sum(items[place].kind is ProtectedKind.EMOJI for place in lost))
    for place in lost:
        item = items[place]
        if item.kind is ProtectedKind.EMOJI and unknown and taken.find(1, unknown[0].start, unknown[0].end) < 0:
            sign = unknown.pop(0)
            taken[sign.start : sign.end] = b"\1" * (sign.end - sign.start)
            left = " " if sign.start > 0 else ""
            right = " " if target[sign.end : sign.end + 1] not in _CLOSE else ""
            mended.append((sign, f"{left}{item.text}{right}"))
            continue
        span = search.find(item)
        if span is not None:
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
            mended.append((span, item.text))
        elif place >= at_end:
            after.append(item.text)
        elif place < at_start:
            before.append(item.text)
        else:
            missing.append(item)
    return _written(target, mended, before, after), tuple(missing)


def _with_signs(source: str, target: str) -> str:
    """The target with a sign of the source (`<`, `≥`) in place of the one for the unknown, where no other can be meant.

    That is, all that were lost are alike and as many as the places are.
    """
    if _UNKNOWN not in target or _UNKNOWN in source or not _KNOWN_LETTERS.fullmatch(source):
        return target
    signs = Counter(_SIGN.findall(source))
    lost = signs - Counter(_SIGN.findall(target))
    places = list(_UNKNOWN_PLACE.finditer(target))
    if len(lost) != 1 or lost.total() != len(places):
        return target
    (sign,) = lost
    if lost[sign] != signs[sign]:
        return target
    around = [match.span() for match in regex.finditer(rf" ?{regex.escape(sign)} ?", source)]
    pieces, at = [], 0
    for place, (start, end) in zip(places, around, strict=True):
        after = target[place.end() : place.end() + 1]
        left = " " if source[start] == " " and place.start() else ""
        pieces += [
            target[at : place.start()],
            left,
            sign,
            " " if source[end - 1] == " " and after not in _CLOSE else "",
        ]
        at = place.end()
    return "".join([*pieces, target[at:]])


def _unknown_places(source: str, target: str, lost: int) -> list[Span]:
    """Places of signs for the unknown; none when there are more than lost emoji, for then other things are unknown."""
    if not lost or _UNKNOWN in source:
        return []
    places = [Span(*match.span()) for match in _UNKNOWN_PLACE.finditer(target)]
    return places if len(places) <= lost else []


def _written(target: str, mended: list[tuple[Span, str]], before: list[str], after: list[str]) -> str:
    """The target with spans replaced and items put before its first and after its last word."""
    pieces, at = [f"{text} " for text in before], 0
    for span, text in sorted(mended):
        pieces += [target[at : span.start], text]
        at = span.end
    end = max(at, len(target.rstrip()))
    pieces.append(target[at:end])
    for text in after:
        if any(pieces) and not next(piece for piece in reversed(pieces) if piece)[-1].isspace():
            pieces.append(" ")
        pieces.append(text)
    return "".join([*pieces, target[end:]])


def _not_found(items: Sequence[ProtectedItem], target: str, taken: bytearray) -> list[int]:
    """Places in `items` of those without a copy of their own in the target; the others' copies are marked as taken."""
    whole: dict[str, list[Span]] = {}
    for copy in reversed(protected_items(target)):
        whole.setdefault(copy.text, []).append(copy.span)
    rest: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        if copies := whole.get(item.text):
            span = copies.pop()
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
        else:
            rest.setdefault(item.text, []).append(place)
    # A copy may also be part of what reads as another item in the target: joined to the next word, say.
    lost: list[int] = []
    for number, (text, places) in enumerate(rest.items()):
        found = _free_places(target, text, taken, len(places)) if number < _MOST_SEARCHES else 0
        lost += places[found:]
    return sorted(lost)


def _free_places(target: str, text: str, taken: bytearray, wanted: int) -> int:
    """How many free copies of `text` there are, at most `wanted`; they are marked as taken."""
    found = 0
    start = target.find(text)
    while start >= 0 and found < wanted:
        end = start + len(text)
        last = taken.rfind(1, start, end)
        if last < 0:
            taken[start:end] = b"\1" * len(text)
            found += 1
            last = end - 1
        start = target.find(text, last + 1)
    return found


class MangledSearch:
    """Finds what is left of lost items in the target.

    Args:
        target: The translation.
        taken: Which of its letters belong to an item already; read at every search.
    """

    def __init__(self, target: str, taken: bytearray) -> None:
        self._target, self._taken = target, taken
        self._chunks: list[Span] | None = None
        self._hopeless: set[str] = set()
        self._left = _MOST_COMPARED

    def find(self, item: ProtectedItem) -> Span | None:
        """The chunk, or run of up to four chunks, that is most like the item."""
        # What was not found once is not found later: places are taken, never set free.
        if item.kind is ProtectedKind.EMOJI or item.text in self._hopeless or self._left <= 0:
            return None
        found = self._most_like(item.text.lower())
        if found is None:
            self._hopeless.add(item.text)
        return found

    def _most_like(self, text: str) -> Span | None:
        if self._chunks is None:
            self._chunks = [Span(*match.span()) for match in _CHUNK.finditer(self._target)]
        best, found = _LIKENESS, None
        matcher = difflib.SequenceMatcher(autojunk=False, b=text)
        for first, opening in enumerate(self._chunks):
            self._left -= 1
            for chunk in self._chunks[first : first + 4]:
                span = Span(opening.start, chunk.end)
                width = span.end - span.start
                if width > 2 * len(text) + 8 or self._taken.find(1, span.start, span.end) >= 0:
                    break
                if 2 * min(width, len(text)) <= best * (width + len(text)):
                    continue
                self._left -= width + len(text)
                if self._left <= 0:
                    return found
                matcher.set_seq1(span.of(self._target).lower())
                if matcher.quick_ratio() <= best:
                    continue
                self._left -= width * len(text)
                if (ratio := matcher.ratio()) > best:
                    best, found = ratio, span
        return found


def at_ends(source: str, items: Sequence[ProtectedItem]) -> tuple[int, int]:
    """How many items open the source, and from which place in `items` on they close it; other items do not count."""
    opening, at = 0, 0
    for item in items:
        if source[at : item.span.start].strip():
            break
        opening, at = opening + 1, item.span.end
    closing, at = len(items), len(source)
    for item in reversed(items):
        if not _CLOSING.fullmatch(source, item.span.end, at):
            break
        closing, at = closing - 1, item.span.start
    return opening, closing
