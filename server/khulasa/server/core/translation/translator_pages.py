"""HTML in, HTML out: the segments of a page's blocks and attributes, and the page round their translations."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.html import HtmlBlock, HtmlDocument, parse_html
from khulasa.server.core.translation.html_render import BlockTranslation, render_html
from khulasa.server.core.translation.translator_layout import assembled, segment_spans
from khulasa.server.core.translation.types import SegmentTranslation, TextTranslation, WordLink

__all__ = ["Page", "read_page"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page whose segments are known.

    Attributes:
        document: The page.
        spans: For each block, then for each attribute, its sentences in its own text.
    """

    document: HtmlDocument
    spans: tuple[tuple[Span, ...], ...]

    def segments(self) -> list[str]:
        """All sentences of blocks, then of attributes."""
        return [span.of(text) for text, found in zip(self._texts(), self.spans, strict=True) for span in found]

    def rendered(self, segments: Sequence[SegmentTranslation]) -> TextTranslation:
        """The translated page.

        Args:
            segments: A translation for each of `segments()`, with word links.

        Returns:
            The page; its segments are those of the blocks. Places and texts are raw HTML on both sides, so that a
            segment's text is what stands at its place, and word links count in those texts.
        """
        done = []
        at = 0
        for text, found in zip(self._texts(), self.spans, strict=True):
            done.append(assembled(text, found, segments[at : at + len(found)]))
            at += len(found)
        blocks, attributes = done[: len(self.document.blocks)], done[len(self.document.blocks) :]
        html, offsets = render_html(
            self.document,
            [BlockTranslation(block.text, _block_links(block)) if block.segments else None for block in blocks],
            [attribute.text for attribute in attributes],
        )
        placed = [
            _in_page(one, self.document, block, html, starts)
            for block, translation, starts in zip(self.document.blocks, blocks, offsets, strict=True)
            for one in translation.segments
        ]
        return TextTranslation(html, tuple(placed))

    def _texts(self) -> list[str]:
        return [block.text for block in self.document.blocks] + [one.text for one in self.document.attributes]


def _in_page(
    one: SegmentTranslation, document: HtmlDocument, block: HtmlBlock, html: str, starts: Sequence[int]
) -> SegmentTranslation:
    """A segment of a block's text as it stands in the raw pages."""
    source = block.raw_span(one.source_span)
    target = Span(_edge(starts, one.target_span.start), _edge(starts, one.target_span.end))

    def moved(link: WordLink) -> WordLink | None:
        source_word = block.raw_span(link.source_span.shifted(one.source_span.start))
        target_word = link.target_span.shifted(one.target_span.start)
        begin = starts[target_word.start]
        # Letters of what is copied whole (`code`) all stand at its beginning: its words are linked to all of it.
        end = starts[bisect_right(starts, begin, target_word.end, len(starts) - 1)]
        if begin < target.start or end > target.end:
            return None  # what is copied stands in the segment before
        return WordLink(source_word.shifted(-source.start), Span(begin, end).shifted(-target.start))

    return replace(
        one,
        source_span=source,
        target_span=target,
        source_text=source.of(document.html),
        target_text=target.of(html),
        word_links=tuple(link for link in map(moved, one.word_links) if link is not None),
    )


def _edge(starts: Sequence[int], at: int) -> int:
    """Where a segment begins or ends in the page: what is copied whole belongs to the one in which it begins."""
    if 0 < at < len(starts) - 1 and starts[at] == starts[at - 1]:
        at = bisect_right(starts, starts[at], at, len(starts) - 1)
    return starts[at]


def read_page(html: str, language: str, sentence_spans: Callable[[str, str], Sequence[Span]]) -> Page:
    """Blocks and attributes of a page with their sentences."""
    document = parse_html(html)
    texts = [block.text for block in document.blocks] + [one.text for one in document.attributes]
    return Page(document, tuple(tuple(segment_spans(text, language, sentence_spans)) for text in texts))


def _block_links(block: TextTranslation) -> tuple[WordLink, ...]:
    """The segments' links in the block's own texts."""
    return tuple(
        WordLink(link.source_span.shifted(one.source_span.start), link.target_span.shifted(one.target_span.start))
        for one in block.segments
        for link in one.word_links
    )
