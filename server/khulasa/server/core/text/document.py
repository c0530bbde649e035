"""An article read into parts and sentences."""

from __future__ import annotations

from dataclasses import dataclass

from khulasa.server.core.text.lines import look_at
from khulasa.server.core.text.mapping import MappedText
from khulasa.server.core.text.normalize import view
from khulasa.server.core.text.paragraphs import Paragraph, paragraphs_of
from khulasa.server.core.text.parts import kinds_of
from khulasa.server.core.text.run_in import dateline_end, foot_pieces
from khulasa.server.core.text.sentences import spans_in
from khulasa.server.core.text.types import Document, Part, PartKind, Sentence, Span

__all__ = ["parse_document"]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A paragraph or a part of one; `span` has no white space around it."""

    kind: PartKind
    span: Span
    paragraph_index: int


def parse_document(text: str, language: str, *, title: str = "") -> Document:
    """Reads an article; linear in its length.

    Args:
        text: As the caller sent it: any line ends, any characters.
        language: `ar` or `en`; kept in the document. Rules of both are used, by the script of what they meet.
        title: The headline if it came apart from the text; where the text repeats it, that line is the title.

    Returns:
        Parts tile `text`; sentences cover all that is no white space in the BODY parts. Offsets are code points.
    """
    paragraphs = paragraphs_of(text)
    views = [view(paragraph.span.of(text)) for paragraph in paragraphs]
    kinds = kinds_of([look_at(seen.text.strip(" ")) for seen in views], view(title).text)
    pieces = _pieces(paragraphs, views, kinds)
    bounds = [0, *(piece.span.start for piece in pieces[1:]), len(text)]
    parts = tuple(Part(piece.kind, Span(bounds[at], bounds[at + 1])) for at, piece in enumerate(pieces))
    if not pieces and text:
        parts = (Part(PartKind.BOILERPLATE, Span(0, len(text))),)
    sentences: list[Sentence] = []
    headings = 0
    headline = None
    for piece in pieces:
        headings += piece.kind is PartKind.HEADING
        if piece.kind is PartKind.TITLE and headline is None:
            headline = piece.span
        if piece.kind is PartKind.BODY:
            for span in spans_in(piece.span.of(text)):
                at = span.shifted(piece.span.start)
                sentences.append(Sentence(at, piece.paragraph_index, len(sentences), headings))
    return Document(text, language, parts, tuple(sentences), headline, len(paragraphs))


def _pieces(paragraphs: list[Paragraph], views: list[MappedText], kinds: list[PartKind]) -> list[_Piece]:
    """Paragraphs, those of the body parted from datelines and furniture that stand in one line with them."""
    pieces: list[_Piece] = []
    body = [at for at, kind in enumerate(kinds) if kind is PartKind.BODY]
    for at, (paragraph, seen, kind) in enumerate(zip(paragraphs, views, kinds, strict=True)):
        cuts = [(0, kind)]
        if kind is PartKind.BODY:
            if at == body[0] and (end := dateline_end(seen.text)):
                cuts = [(0, PartKind.BYLINE), (end, kind)]
            cuts += [
                (begin, foot) for begin, foot in foot_pieces(seen.text, last=at == body[-1]) if begin > cuts[-1][0]
            ]
        starts = [paragraph.span.start + (seen.source_start(begin) if begin else 0) for begin, _ in cuts]
        ends = [*starts[1:], paragraph.span.end]
        for (_, piece_kind), start, end in zip(cuts, starts, ends, strict=True):
            pieces.append(_Piece(piece_kind, Span(start, end), at))
    return pieces
