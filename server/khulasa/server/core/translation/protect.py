"""What passes through a translation unharmed: links, addresses, hashtags, @names, code and emoji.

The model sees the text as it is, because small models mangle placeholders; afterwards each item is looked for, a
mangled copy is mended, and an item that was lost at an end of the segment is put back there.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import Enum

import regex
from khulasa.server.core.text.types import Span

__all__ = ["ProtectedItem", "ProtectedKind", "protected_items", "repair_protected"]


class ProtectedKind(Enum):
    """Why an item must not change."""

    URL = "url"
    EMAIL = "email"
    HASHTAG = "hashtag"
    HANDLE = "handle"
    CODE = "code"
    EMOJI = "emoji"


@dataclass(frozen=True, slots=True)
class ProtectedItem:
    """A place in the source whose text must stand in the target."""

    span: Span
    text: str
    kind: ProtectedKind


# An address is tried once a run of its letters, not at each of them: `\G` is where the search began.
_ITEM = regex.compile(
    r"(?P<url>(?:https?://|www\.)[^\s<>\"«»“”]*[^\s<>\"«»“”.,;:!?،؛؟)\]'’])"
    r"|(?P<email>(?:\G|(?<![A-Za-z0-9._%+-]))[A-Za-z0-9._%+-]++@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})"
    r"|(?P<hashtag>(?<![\w&])\#(?=\w*\p{L})\w+)"
    r"|(?P<handle>(?<!\w)@[A-Za-z_]\w{1,29})"
    r"|(?P<code>`[^`\n]+`|\{\{?[\w.]+\}?\}|%\(\w+\)[sd])"
    r"|(?P<emoji>\p{Extended_Pictographic}[\p{Emoji_Modifier}\u200d\ufe0f\p{Extended_Pictographic}]*"
    r"|[\U0001f1e6-\U0001f1ff]{2})"
)
_CHUNK = regex.compile(r"[^\s<>\"«»“”]*[^\s<>\"«»“”.,;:!?،؛؟)\]'’]")
_CLOSING = regex.compile(r"[\s.!?؟…۔]*$")
# A chunk of the target at least this like an item (ratio of matching characters) is that item, mangled.
_LIKENESS = 0.6


def protected_items(text: str) -> tuple[ProtectedItem, ...]:
    """The items of `text` in order, not overlapping."""
    return tuple(
        ProtectedItem(Span(*match.span()), match[0], ProtectedKind(match.lastgroup)) for match in _ITEM.finditer(text)
    )


def repair_protected(source: str, target: str) -> tuple[str, tuple[ProtectedItem, ...]]:
    """The target with mangled items mended, and the items that are still missing.

    Args:
        source: A segment.
        target: Its translation.
    """
    missing: list[ProtectedItem] = []
    # Where each found copy lies, so that an item that stands twice is looked for twice.
    taken: list[Span] = []
    items = protected_items(source)
    lost: list[ProtectedItem] = []
    for item in items:
        place = _free_place(target, item.text, taken)
        if place is None:
            lost.append(item)
        else:
            taken.append(place)
    for item in lost:
        span = _mangled(target, item, taken)
        if span is None:
            repaired = _at_an_end(source, target, item)
            if repaired is None:
                missing.append(item)
                continue
            target, placed = repaired
        else:
            target = target[: span.start] + item.text + target[span.end :]
            placed = Span(span.start, span.start + len(item.text))
        grown = len(item.text) - (span.end - span.start if span else 0)
        taken = [t if t.end <= placed.start else t.shifted(grown) for t in taken]
        taken.append(placed)
    return target, tuple(missing)


def _free_place(target: str, text: str, taken: list[Span]) -> Span | None:
    start = target.find(text)
    while start >= 0:
        place = Span(start, start + len(text))
        if not any(place.start < t.end and t.start < place.end for t in taken):
            return place
        start = target.find(text, start + 1)
    return None


def _mangled(target: str, item: ProtectedItem, taken: list[Span]) -> Span | None:
    """The chunk, or run of up to four chunks, that is most like the item."""
    if item.kind is ProtectedKind.EMOJI:
        return None
    chunks = [Span(*m.span()) for m in _CHUNK.finditer(target)]
    best, found = _LIKENESS, None
    matcher = difflib.SequenceMatcher(autojunk=False, b=item.text.lower())
    for first in range(len(chunks)):
        for last in range(first, min(first + 4, len(chunks))):
            span = Span(chunks[first].start, chunks[last].end)
            if any(span.start < t.end and t.start < span.end for t in taken):
                break
            if span.end - span.start > 2 * len(item.text) + 8:
                break
            matcher.set_seq1(span.of(target).lower())
            if matcher.quick_ratio() > best and (ratio := matcher.ratio()) > best:
                best, found = ratio, span
    return found


def _at_an_end(source: str, target: str, item: ProtectedItem) -> tuple[str, Span] | None:
    """The target with the item put where it stood, when that was the start or the end of the source."""
    before, after = source[: item.span.start], source[item.span.end :]
    # What else is protected at the same end does not keep an item from being at the end.
    before, after = _ITEM.sub("", before), _ITEM.sub("", after)
    if not _CLOSING.sub("", after).strip():
        tail = _CLOSING.search(target)
        at = tail.start() if tail and regex.search(r"\w", _CLOSING.sub("", after) + after) else len(target.rstrip())
        lead = " " if at and not target[at - 1].isspace() else ""
        start = at + len(lead)
        return target[:at] + lead + item.text + target[at:], Span(at, start + len(item.text))
    if not before.strip():
        return f"{item.text} {target}", Span(0, len(item.text) + 1)
    return None
