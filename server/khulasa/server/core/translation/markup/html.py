"""HTML read into blocks of text with exact offsets, so that a page can be rebuilt with its markup untouched.

The page is never parsed into a tree and written out again: `markup.events` says where each tag, reference and text
lies, text is cut out, and everything else is copied. So broken markup, doctype, comments, scripts and white space
survive by construction, and every offset counts in the caller's own string.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.markup.elements import INLINE, OPAQUE, VOID
from khulasa.server.core.translation.markup.events import Event, attributes_of, events_of
from khulasa.server.core.translation.markup.extents import RAISED, end_of, end_of_raised, opened_again
from khulasa.server.core.translation.markup.references import unescape

__all__ = ["HtmlAttribute", "HtmlBlock", "HtmlDocument", "InlineMark", "TextWithOffsets", "html_to_text", "parse_html"]

_ATTRIBUTES = ("alt", "title")
# Inline elements nested deeper are copied where they stand; no page means it, and rendering descends level by level.
_DEEPEST = 50
_LETTER = regex.compile(r"\p{L}")


@dataclass(frozen=True, slots=True)
class InlineMark:
    """An inline element, or something that stands in the line without being text, inside a block.

    Attributes:
        start: Where it begins in the block's text.
        end: Where it ends there; `start` for what holds no text.
        opening: Raw markup copied before its words; all of it for an element without an end tag.
        closing: Raw end tag, empty if there is none.
        opaque: Its words are copied, not translated; `opening` then holds them too.
        parent: Index of the mark that holds it, -1 for none.
        from_before: Opened in an earlier block (`<b>one<br>two</b>`): it begins with the block, `opening` is empty.
        goes_on: Closed in a later block: it ends with the block, `closing` is empty.
    """

    start: int
    end: int
    opening: str
    closing: str
    opaque: bool
    parent: int
    from_before: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class HtmlBlock:
    """A run of text and inline markup between two block boundaries.

    Attributes:
        span: The raw range that it replaces.
        text: Its text, references resolved; line breaks and tabs are spaces.
        starts: Raw offset of each character of `text`.
        ends: Raw end of each character of `text`; further than one for a reference.
        marks: Inline markup, outer before inner.
    """

    span: Span
    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    marks: tuple[InlineMark, ...]

    def raw_span(self, span: Span) -> Span:
        """Where a non-empty range of `text` lies in the raw HTML, inline tags inside it included."""
        return Span(self.starts[span.start], self.ends[span.end - 1])


@dataclass(frozen=True, slots=True)
class HtmlAttribute:
    """An `alt` or `title` with words in it.

    Attributes:
        span: The raw value without its quotes.
        text: The value, references resolved.
        quote: The quote it stands in, empty for none.
    """

    span: Span
    text: str
    quote: str


@dataclass(frozen=True, slots=True)
class HtmlDocument:
    """A page: blocks with at least one letter, and attributes; both in order, none overlapping another.

    An attribute of an inline tag lies inside its block's span; `html_render.render_html` knows.
    """

    html: str
    blocks: tuple[HtmlBlock, ...]
    attributes: tuple[HtmlAttribute, ...]


@dataclass(frozen=True, slots=True)
class TextWithOffsets:
    """Text taken from a page.

    Attributes:
        text: Blocks in order, a blank line between two.
        starts: Raw offset of each character; a separator has the end of the block before it.
        ends: Raw end of each character.
        kept: What is not to be translated of it, in order, without white space at its ends.
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    kept: tuple[Span, ...] = ()

    def raw_span(self, span: Span) -> Span:
        """Where a range of `text` lies in the raw HTML."""
        if span.end <= span.start:
            at = self.starts[span.start] if span.start < len(self.starts) else (self.ends[-1] if self.ends else 0)
            return Span(at, at)
        return Span(self.starts[span.start], self.ends[span.end - 1])


@dataclass(slots=True)
class _OpenMark:
    name: str
    start: int
    opening: str
    parent: int
    index: int
    misnested: bool = False


@dataclass(slots=True)
class _BlockBuilder:
    """A block while it is read."""

    html: str
    begin: int = -1
    last: int = -1
    letters: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    marks: list[InlineMark] = field(default_factory=list)
    open: list[_OpenMark] = field(default_factory=list)
    # End tags of what was opened in an earlier block, with their places, and how many had come before each mark.
    wraps: list[tuple[int, str]] = field(default_factory=list)
    wraps_before: list[int] = field(default_factory=list)

    def touch(self, event: Event) -> None:
        if self.begin < 0:
            self.begin = event.start
        self.last = event.end

    def text(self, event: Event) -> None:
        self.touch(event)
        if event.kind == "reference":
            raw = self.html[event.start : event.end]
            for letter in unescape(raw):
                self._letter(letter, event.start, event.end)
            return
        for offset, letter in enumerate(self.html[event.start : event.end]):
            self._letter(letter, event.start + offset, event.start + offset + 1)

    def _letter(self, letter: str, start: int, end: int) -> None:
        self.letters.append(" " if letter in "\n\r\t\f" else letter)
        self.starts.append(start)
        self.ends.append(end)

    def start(self, event: Event, *, void: bool) -> None:
        self.touch(event)
        at, raw = len(self.letters), self.html[event.start : event.end]
        parent = self.open[-1].index if self.open else -1
        if not void and len(self.open) < _DEEPEST:
            self.open.append(_OpenMark(event.name, at, raw, parent, len(self.marks)))
        self._add(InlineMark(at, at, raw, "", False, parent))

    def _add(self, mark: InlineMark) -> None:
        self.marks.append(mark)
        self.wraps_before.append(len(self.wraps))

    def end(self, event: Event) -> None:
        self.touch(event)
        raw, at = self.html[event.start : event.end], len(self.letters)
        if self.open and self.open[-1].name == event.name:
            mark = self.open.pop()
            self.marks[mark.index] = InlineMark(mark.start, at, mark.opening, raw, False, mark.parent)
            # What was closed within it ends with it: `<b>one <i>two</b> three</i>` is placed as one.
            while self.open and self.open[-1].misnested:
                around = self.open.pop()
                self.marks[around.index] = replace(self.marks[around.index], end=at)
        elif not self.open and len(self.wraps) < _DEEPEST:
            # Opened in an earlier block: what stands before the tag in this one is inside.
            self.wraps.append((at, raw))
        else:
            # Misnested: copied where it stands.
            for mark in reversed(self.open):
                if mark.name == event.name and not mark.misnested:
                    mark.misnested = True
                    break
            self._add(InlineMark(at, at, raw, "", False, self.open[-1].index if self.open else -1))

    def opaque(self, start: int, end: int, words: Sequence[tuple[str, int, int]]) -> None:
        """An inline element whose words the model may see but not change."""
        self.touch(Event("other", start, end))
        at = len(self.letters)
        for letter, letter_start, letter_end in words:
            self._letter(letter, letter_start, letter_end)
        parent = self.open[-1].index if self.open else -1
        self._add(InlineMark(at, len(self.letters), self.html[start:end], "", True, parent))

    def finish(self) -> HtmlBlock | None:
        if self.begin < 0:
            return None
        for mark in self.open:
            self.marks[mark.index] = replace(self.marks[mark.index], end=len(self.letters), goes_on=True)
        return HtmlBlock(
            Span(self.begin, self.last),
            "".join(self.letters),
            tuple(self.starts),
            tuple(self.ends),
            self._wrapped(),
        )

    def _wrapped(self) -> tuple[InlineMark, ...]:
        """The marks, within those that earlier blocks opened; the last of these to close is the outermost."""
        count = len(self.wraps)
        outer = [
            InlineMark(0, at, "", raw, False, depth - 1, from_before=True)
            for depth, (at, raw) in enumerate(reversed(self.wraps))
        ]
        inner = [
            replace(mark, parent=count + mark.parent if mark.parent >= 0 else count - before - 1)
            for mark, before in zip(self.marks, self.wraps_before, strict=True)
        ]
        return (*outer, *inner) if count else tuple(self.marks)


def parse_html(html: str) -> HtmlDocument:
    """Blocks and attributes of a page or of a fragment.

    Contents of `script`, `style`, `pre`, `code` and their like and of `translate="no"` are left out; an inline one of
    them (`code`, `<span translate="no">`) stays in its sentence as an opaque mark. What `translate="yes"` opens again
    within is read, as a block of its own.
    """
    events = events_of(html)
    blocks: list[HtmlBlock] = []
    attributes: list[HtmlAttribute] = []
    builder = _BlockBuilder(html)

    def flush() -> None:
        nonlocal builder
        block = builder.finish()
        if block is not None and _LETTER.search(block.text):
            blocks.append(block)
        builder = _BlockBuilder(html)

    at = 0
    # Where reading goes on behind what `translate="yes"` opens again.
    resumed: dict[int, int] = {}
    looked_at = 0
    while at < len(events):
        if at in resumed:
            flush()
            at = resumed.pop(at)
            continue
        event = events[at]
        closed = event.kind == "start" and (event.text == "no" or event.name in OPAQUE)
        if event.kind == "start" and event.text != "no":
            attributes.extend(_attributes(html, event))
        if closed and event.name not in VOID:
            stop = end_of(events, at)
            ended = events[stop].kind == "end" and events[stop].name == event.name
            looked_at += stop - at
            shut = event.text == "no" and looked_at <= _DEEPEST * len(events)
            if shut and (again := opened_again(events, at + 1, stop if ended else stop + 1)):
                flush()
                resumed |= zip((end for _, end in again), [*(start for start, _ in again[1:]), stop + 1], strict=True)
                at = again[0][0]
                continue
            # One that nothing closes runs to the end of the page: what stands before it must not move behind it.
            if event.name in INLINE and ended:
                inside = [e for e in events[at + 1 : stop] if e.kind in ("text", "reference")]
                probe = _BlockBuilder(html)
                for piece in inside:
                    probe.text(piece)
                words = list(zip(probe.letters, probe.starts, probe.ends, strict=True))
                builder.opaque(event.start, events[stop].end, words)
            else:
                flush()
            at = stop + 1
            continue
        if event.kind in ("text", "reference"):
            builder.text(event)
        elif event.name in RAISED and (stop := end_of_raised(html, events, at, builder.letters)) > at:
            builder.start(Event("other", event.start, events[stop].end), void=True)
            at = stop
        elif event.kind == "other":
            builder.start(event, void=True)
        elif event.name in INLINE:
            if event.kind == "start":
                builder.start(event, void=event.name in VOID)
            else:
                builder.end(event)
        else:
            flush()
        at += 1
    flush()
    return HtmlDocument(html, tuple(blocks), tuple(attributes))


def _attributes(html: str, event: Event) -> list[HtmlAttribute]:
    """The `alt` and `title` of a start tag that hold a letter."""
    found: list[HtmlAttribute] = []
    for name, span, quote in attributes_of(html, event):
        if name in _ATTRIBUTES:
            text = unescape(span.of(html))
            if _LETTER.search(text):
                found.append(HtmlAttribute(span, text, quote))
    return found


def html_to_text(html: str) -> TextWithOffsets:
    """The text of a page, a blank line between blocks, with every character's place in the raw HTML.

    White space at the ends of a block and runs of it inside are reduced to one space, as a browser shows them.
    """
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    found: list[Span] = []
    for block in parse_html(html).blocks:
        kept = [
            place
            for place, letter in enumerate(block.text)
            if not (letter == " " and (place == 0 or block.text[place - 1] == " "))
        ]
        while kept and block.text[kept[-1]] == " ":
            kept.pop()
        if not kept:
            continue
        if letters:
            letters.extend("\n\n")
            starts.extend((ends[-1], ends[-1]))
            ends.extend((ends[-1], ends[-1]))
        for mark in block.marks:
            if mark.opaque:
                first, last = bisect.bisect_left(kept, mark.start), bisect.bisect_left(kept, mark.end)
                inside = [n for n in range(first, last) if block.text[kept[n]] != " "]
                if inside:
                    found.append(Span(inside[0] + len(letters), inside[-1] + 1 + len(letters)))
        letters.extend(block.text[place] for place in kept)
        starts.extend(block.starts[place] for place in kept)
        ends.extend(block.ends[place] for place in kept)
    return TextWithOffsets("".join(letters), tuple(starts), tuple(ends), tuple(found))
