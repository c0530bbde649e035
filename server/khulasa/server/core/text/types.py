"""What reading an article gives: spans, parts and sentences. All offsets are code points, half open."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeVar

__all__ = ["Document", "Part", "PartKind", "Sentence", "Span", "with_quick_members"]

E = TypeVar("E", bound=type[Enum])


def with_quick_members(kinds: E) -> E:
    """An enumeration whose members are found as quickly as other attributes, as Python 3.12 has them.

    Before that each `Look.BODY` is a call, of which reading a page makes many for each line.
    """
    for member in kinds:
        type.__setattr__(kinds, member.name, member)
    return kinds


class Span(NamedTuple):
    """A half-open range `[start, end)` of code points."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The text at this place."""
        return text[self.start : self.end]

    def shifted(self, by: int) -> Span:
        """The same range `by` code points later."""
        return Span(self.start + by, self.end + by)


@with_quick_members
class PartKind(Enum):
    """What a piece of an article is."""

    TITLE = "title"
    HEADING = "heading"
    BODY = "body"
    CAPTION = "caption"
    BYLINE = "byline"
    BOILERPLATE = "boilerplate"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of an article; the parts of a document tile its text in order."""

    kind: PartKind
    span: Span


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of running text.

    Attributes:
        span: Place in the text, without surrounding white space.
        paragraph_index: Non-empty paragraph (line) of the article, counted from 0 over all parts.
        sentence_index: Position among the document's sentences, counted from 0.
        section_index: Number of headings before it, 0 for what stands before the first heading.
    """

    span: Span
    paragraph_index: int
    sentence_index: int
    section_index: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """An article that has been read.

    Attributes:
        text: Exactly what the caller sent.
        language: `ar` or `en`: the rules it was read with.
        parts: In order, tiling `text`; empty only for empty text.
        sentences: Sentences of the BODY parts, in order.
        title: The headline's place in `text` without surrounding white space and the mark of Markdown, None when there
            is none.
        paragraph_count: Non-empty paragraphs of all parts.
        unread: Stretches of `text` that are there for its lines alone, in order: marks of quoted mail, hyphens with
            line ends where a word was broken.
    """

    text: str
    language: str
    parts: tuple[Part, ...]
    sentences: tuple[Sentence, ...]
    title: Span | None
    paragraph_count: int
    unread: tuple[Span, ...] = ()

    def as_read(self, span: Span) -> str:
        """The text at `span` as models and checks are to see it, without what is there for its lines alone."""
        if not self.unread:
            return span.of(self.text)
        pieces = []
        done = span.start
        for cut in self.unread_in(span):
            pieces.append(self.text[done : cut.start])
            done = cut.end
        return "".join([*pieces, self.text[done : span.end]])

    def unread_in(self, span: Span) -> list[Span]:
        """What of `span` is there for the lines alone."""
        found = []
        for cut in self.unread[bisect_right(self.unread, span.start, key=lambda one: one.end) :]:
            if cut.start >= span.end:
                break
            found.append(Span(max(cut.start, span.start), min(cut.end, span.end)))
        return found
