"""Where a plain text's segments are, and the text put together again around their translations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.types import SegmentTranslation, TextTranslation

__all__ = ["assembled", "chunks", "placed", "segment_spans"]

_LINE = regex.compile(r"[^\r\n\v\f\x85\u2028\u2029]+")


def segment_spans(text: str, language: str, sentence_spans: Callable[[str, str], Sequence[Span]]) -> list[Span]:
    """The sentences of all lines, in order; a line without any is none, white space between them belongs to none."""
    spans = []
    for line in _LINE.finditer(text):
        if line[0].isspace():
            continue
        spans += [span.shifted(line.start()) for span in sentence_spans(line[0], language)]
    return spans


def chunks(segments: Sequence[str], first: int, most: int) -> Iterator[Sequence[str]]:
    """Chunks that double from `first` up to `most`, so that a stream's first segments do not wait for a large one."""
    at, size = 0, first
    while at < len(segments):
        yield segments[at : at + size]
        at, size = at + size, min(size * 2, most)


def placed(segment: SegmentTranslation, source: Span, target_start: int) -> SegmentTranslation:
    """The segment with its places in the caller's text and in the translated text."""
    return replace(
        segment,
        source_span=source,
        target_span=Span(target_start, target_start + len(segment.target_text)),
    )


def assembled(text: str, spans: Sequence[Span], segments: Sequence[SegmentTranslation]) -> TextTranslation:
    """The translation of `text`; what stands between its segments is copied."""
    pieces: list[str] = []
    result = []
    at = length = 0
    for span, segment in zip(spans, segments, strict=True):
        between = text[at : span.start]
        length += len(between)
        result.append(placed(segment, span, length))
        pieces += [between, segment.target_text]
        length += len(segment.target_text)
        at = span.end
    pieces.append(text[at:])
    return TextTranslation("".join(pieces), tuple(result))
