"""An article read into parts and sentences."""

from __future__ import annotations

import regex
from khulasa.server.core.text.sentences import sentence_spans
from khulasa.server.core.text.types import Document, Part, PartKind, Sentence, Span

__all__ = ["parse_document"]

_LINE = regex.compile(r"[^\r\n]+")
_STOP = regex.compile(r"[.!?؟…،:؛][\"'”’»)\]]*$")
_LONGEST_TITLE = 150


def parse_document(text: str, language: str, *, title: str = "") -> Document:
    """Reads an article.

    Args:
        text: As the caller sent it, any line ends.
        language: `ar` or `en`; any other has the rules of English.
        title: The headline if it came apart from the text; where the text repeats it, that line is the title.

    Returns:
        Parts tile `text`; offsets are code points of it.
    """
    lines = [match for match in _LINE.finditer(text) if not match[0].isspace()]
    kinds = [PartKind.BODY] * len(lines)
    if len(lines) > 1:
        first = lines[0][0].strip()
        if title.strip() == first or (not title.strip() and len(first) <= _LONGEST_TITLE and not _STOP.search(first)):
            kinds[0] = PartKind.TITLE
    starts = [0, *(line.start() for line in lines[1:])] if lines else [0]
    bounds = [*starts, len(text)]
    if not lines:
        return Document(text, language, (Part(PartKind.BOILERPLATE, Span(0, len(text))),) * bool(text), (), None, 0)
    parts = tuple(Part(kind, Span(bounds[i], bounds[i + 1])) for i, kind in enumerate(kinds))
    sentences: list[Sentence] = []
    for index, (line, kind) in enumerate(zip(lines, kinds, strict=True)):
        if kind is PartKind.BODY:
            for span in sentence_spans(line[0], language):
                sentences.append(Sentence(span.shifted(line.start()), index, len(sentences)))
    title_span = None
    if kinds[0] is PartKind.TITLE:
        at = lines[0].start() + len(lines[0][0]) - len(lines[0][0].lstrip())
        title_span = Span(at, at + len(lines[0][0].strip()))
    return Document(text, language, parts, tuple(sentences), title_span, len(lines))
