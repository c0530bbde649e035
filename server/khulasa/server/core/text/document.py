"""An article read into parts and sentences."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import regex
from khulasa.server.core.text.layout import unread_spans
from khulasa.server.core.text.lines import look_at_all
from khulasa.server.core.text.mapping import MappedText
from khulasa.server.core.text.normalize import view
from khulasa.server.core.text.paragraphs import Paragraph, paragraphs_of, without_quote_marks
from khulasa.server.core.text.parts import kinds_of
from khulasa.server.core.text.rows import with_items, with_rows
from khulasa.server.core.text.run_in import dateline_end, foot_pieces
from khulasa.server.core.text.sentences import placed_sentences, sentence_ends
from khulasa.server.core.text.types import Document, Part, PartKind, Sentence, Span

__all__ = ["in_view", "parse_document"]

# Key points above the first paragraph have no stop, and are so many at most.
# Before a heading of Markdown.
_MARKED = regex.compile(r"#{1,6}[ \t]++(?=\S)")
_STOPS, _MOST_POINTS = frozenset('.!?"»)'), 10


class _Piece(NamedTuple):
    """A paragraph or a part of one.

    Attributes:
        kind: Of part.
        span: In the text, without white space around it.
        seen: In the view of the text.
        paragraph_index: Of its paragraph.
    """

    kind: PartKind
    span: Span
    seen: Span
    paragraph_index: int


def parse_document(
    text: str, language: str, *, title: str = "", is_word: Callable[[str], bool] = lambda _: False
) -> Document:
    """Reads an article; linear in its length.

    Args:
        text: As the caller sent it: any line ends, any characters.
        language: `ar` or `en`; kept in the document. Rules of both are used, by the script of what they meet.
        title: The headline if it came apart from the text; where the text repeats it, that line is the title.
        is_word: Whether a word of small Latin letters is one: tells a compound from a word broken at a line's end.

    Returns:
        Parts tile `text`; sentences cover all that is no white space in the BODY parts. Offsets are code points.
    """
    paragraphs = paragraphs_of(text)
    whole = view(without_quote_marks(text))
    seen = in_view(paragraphs, whole)
    lines = look_at_all([span.of(whole.text) for span in seen])
    sources = [paragraph.span.of(text) for paragraph in paragraphs]
    lines = with_items(lines, sources)
    tabs = text.count("\t")
    if tabs and 2 * tabs <= len(text.split()):  # else they stand for all spaces
        lines = with_rows(lines, sources)
    kinds = kinds_of(lines, view(title).text)
    pieces = _pieces(text, paragraphs, seen, kinds, whole)
    placed = _with_unseen(text, [(piece.kind, piece.span) for piece in pieces])
    bounds = [0, *(span.start for _, span in placed[1:]), len(text)]
    parts = tuple(Part(kind, Span(bounds[at], bounds[at + 1])) for at, (kind, _) in enumerate(placed))
    sentences: list[Sentence] = []
    headings = 0
    headline = None
    for piece in pieces:
        headings += piece.kind is PartKind.HEADING
        if piece.kind is PartKind.TITLE and headline is None:
            headline = _without_mark(text, piece.span)
        if piece.kind is PartKind.BODY:
            ends = sentence_ends(piece.seen.of(whole.text))
            for span in placed_sentences(text, piece.span, whole, ends, offset=piece.seen.start):
                sentences.append(Sentence(span, piece.paragraph_index, len(sentences), headings))
    return Document(
        text, language, parts, tuple(sentences), headline, len(paragraphs), unread_spans(text, paragraphs, is_word)
    )


def _with_unseen(text: str, pieces: list[tuple[PartKind, Span]]) -> list[tuple[PartKind, Span]]:
    """The pieces, and as furniture the lines between them that hold nothing but invisible marks."""
    out: list[tuple[PartKind, Span]] = []
    done = 0
    for kind, span in [*pieces, (None, Span(len(text), len(text)))]:
        if done < span.start and not text[done : span.start].isspace():
            out.append((PartKind.BOILERPLATE, Span(_after_space(text, done), span.start)))
        if kind is not None:
            out.append((kind, span))
        done = span.end
    return out or ([(PartKind.BOILERPLATE, Span(0, len(text)))] if text else [])


def in_view(paragraphs: list[Paragraph], whole: MappedText) -> list[Span]:
    """Where the paragraphs stand in the view, without spaces around them."""
    starts = np.searchsorted(whole.starts, [paragraph.span.start for paragraph in paragraphs])
    ends = np.searchsorted(whole.starts, [paragraph.span.end for paragraph in paragraphs])
    out = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        while start < end and whole.text[start] == " ":
            start += 1
        while start < end and whole.text[end - 1] == " ":
            end -= 1
        out.append(Span(start, end))
    return out


def _pieces(
    source: str, paragraphs: list[Paragraph], seen: list[Span], kinds: list[PartKind], whole: MappedText
) -> list[_Piece]:
    """Paragraphs, those of the body parted from datelines and furniture that stand in one line with them."""
    pieces: list[_Piece] = []
    body = [at for at, kind in enumerate(kinds) if kind is PartKind.BODY]
    opening = _opening(body, seen, whole)
    for at, (paragraph, place, kind) in enumerate(zip(paragraphs, seen, kinds, strict=True)):
        if kind is not PartKind.BODY:
            pieces.append(_Piece(kind, paragraph.span, place, at))
            continue
        text = place.of(whole.text)
        cuts: list[tuple[int, PartKind]] = [(0, kind)]
        if at in opening and (end := dateline_end(text)):
            cuts = [(0, PartKind.BYLINE), (end, kind)]
        cuts += [(begin, foot) for begin, foot in foot_pieces(text, last=at == body[-1]) if begin > cuts[-1][0]]
        if len(cuts) == 1:
            pieces.append(_Piece(kind, paragraph.span, place, at))
            continue
        inner = [*(begin for begin, _ in cuts), len(text)]
        starts = [
            paragraph.span.start,
            *(_after_space(source, whole.source_end(place.start + begin)) for begin in inner[1:-1]),
        ]
        for index, (start, end) in enumerate(pairwise([*starts, paragraph.span.end])):
            span = Span(place.start + inner[index], place.start + inner[index + 1])
            pieces.append(_Piece(cuts[index][1], Span(start, end), span, at))
    return pieces


def _opening(body: list[int], seen: list[Span], whole: MappedText) -> list[int]:
    """The paragraphs of the body that may begin with a dateline: the first, and as far as those above have no stop."""
    last = next((count for count, at in enumerate(body) if whole.text[seen[at].end - 1] in _STOPS), len(body))
    return body[: min(last + 1, _MOST_POINTS)]


def _without_mark(text: str, headline: Span) -> Span:
    """A headline without the mark that Markdown has before it, which is part of the page and not of the words."""
    mark = _MARKED.match(text, headline.start, headline.end)
    return Span(mark.end(), headline.end) if mark else headline


def _after_space(text: str, at: int) -> int:
    """The first place from `at` on that is no white space; what is invisible there belongs to what follows."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at
