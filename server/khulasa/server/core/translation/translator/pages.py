"""HTML in, HTML out: the segments of a page's blocks and attributes, and the page round their translations."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.units import words_of
from khulasa.server.core.translation.markup.html import HtmlBlock, HtmlDocument, parse_html
from khulasa.server.core.translation.markup.render import BlockTranslation, render_html
from khulasa.server.core.translation.translator.layout import assembled, segment_spans
from khulasa.server.core.translation.types import SegmentTranslation, TextTranslation, WordLink

__all__ = ["Page", "read_page", "text_bound"]

# What begins that readers do not see, and where it ends.
_HIDDEN = re.compile(r"<(?:!--|(script|style)(?=[\s/>]))", re.IGNORECASE)
_HIDDEN_ENDS = {
    "": re.compile("-->"),
    "script": re.compile("</script", re.IGNORECASE),
    "style": re.compile("</style", re.IGNORECASE),
}
_TAGS = re.compile(r"(?:<[A-Za-z/!?][^<>]*>\s*)+|\s\s+")
_REFERENCE = re.compile(r"&#?[0-9A-Za-z]{1,32};")
_LINK, _LETTER = re.compile(r"<a[\s/>]", re.IGNORECASE), regex.compile(r"\p{L}")
_SAID_IN_TAGS = re.compile(r"\s(?:alt|title)\s*=\s*[\"']?([^\"'<>]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """A page whose segments are known.

    Attributes:
        document: The page.
        spans: For each block, then for each attribute, its sentences in its own text.
        kept: Those that are copied whole (`code`), by block and number; no model sees them.
    """

    document: HtmlDocument
    spans: tuple[tuple[Span, ...], ...]
    kept: frozenset[tuple[int, int]] = frozenset()

    def segments(self) -> list[str]:
        """All sentences to translate, of blocks, then of attributes."""
        return [
            span.of(text)
            for block, (text, found) in enumerate(zip(self._texts(), self.spans, strict=True))
            for number, span in enumerate(found)
            if (block, number) not in self.kept
        ]

    def rendered(self, segments: Sequence[SegmentTranslation]) -> TextTranslation:
        """The translated page.

        Args:
            segments: A translation for each of `segments()`, with word links.

        Returns:
            The page; its segments are those of the blocks. Places and texts are raw HTML on both sides, so that a
            segment's text is what stands at its place, and word links count in those texts.
        """
        done = []
        translated = iter(segments)
        for block, (text, found) in enumerate(zip(self._texts(), self.spans, strict=True)):
            said = [
                _as_it_is(span.of(text)) if (block, number) in self.kept else next(translated)
                for number, span in enumerate(found)
            ]
            done.append(assembled(text, found, said))
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
    target = Span(starts[one.target_span.start], _end(starts, one.target_span.end))

    def moved(link: WordLink) -> WordLink | None:
        source_word = block.raw_span(link.source_span.shifted(one.source_span.start))
        target_word = link.target_span.shifted(one.target_span.start)
        begin = starts[target_word.start]
        # Letters of what is copied whole (`code`) all stand at its beginning: its words are linked to all of it.
        end = starts[bisect_right(starts, begin, target_word.end, len(starts) - 1)]
        if begin < target.start or end > target.end:
            return None  # what is copied stands in another segment
        return WordLink(source_word.shifted(-source.start), Span(begin, end).shifted(-target.start))

    # Once each: two words of what is copied whole are one and the same place.
    links = {link for link in map(moved, one.word_links) if link is not None}
    return replace(
        one,
        source_span=source,
        target_span=target,
        source_text=source.of(document.html),
        target_text=target.of(html),
        word_links=tuple(sorted(links, key=lambda link: (link.source_span, link.target_span))),
    )


def _end(starts: Sequence[int], at: int) -> int:
    """Where a segment ends in the page: with the whole of what is copied, be it for white space at its end."""
    if 0 < at < len(starts) - 1 and starts[at] == starts[at - 1]:
        at = bisect_right(starts, starts[at], at, len(starts) - 1)
    return starts[at]


def text_bound(html: str) -> str:
    """About the text of a page and hardly less, at a tenth of the cost of reading it: for what waits to be admitted."""
    said = _SAID_IN_TAGS.findall(html)
    pieces, at = [], 0
    while (match := _HIDDEN.search(html, at)) is not None:
        pieces.append(html[at : match.start()])
        end = _HIDDEN_ENDS[(match[1] or "").lower()].search(html, match.start() + 2)
        at = len(html) if end is None else end.start() if match[1] else end.end()
    pieces.append(html[at:])
    seen = _TAGS.sub(" ", " ".join([*pieces, *said]))
    # A letter, as most references are.
    return _REFERENCE.sub("x", seen).strip()


def read_page(html: str, language: str, sentence_spans: Callable[[str, str], Sequence[Span]]) -> Page:
    """Blocks and attributes of a page with their sentences; none begins or ends inside what is copied whole."""
    document = parse_html(html)
    spans: list[tuple[Span, ...]] = []
    kept: set[tuple[int, int]] = set()
    for block in document.blocks:
        copied = [Span(mark.start, mark.end) for mark in block.marks if mark.opaque and mark.end > mark.start]
        found = _undivided(segment_spans(block.text, language, sentence_spans), copied)
        if links := _links_alone(block):
            found = _parted(block.text, found, links)
        for number, span in enumerate(found):
            around = bisect_right(copied, span.start, key=lambda one: one.start) - 1
            if around >= 0 and span.end <= copied[around].end:
                kept.add((len(spans), number))
        spans.append(tuple(found))
    spans += [tuple(segment_spans(one.text, language, sentence_spans)) for one in document.attributes]
    return Page(document, tuple(spans), frozenset(kept))


def _links_alone(block: HtmlBlock) -> list[Span]:
    """The links of a menu or a list of tags: where all words of a block stand in two links or more, each is a text."""
    links: list[Span] = []
    at = 0
    for mark in block.marks:
        if mark.start < at or mark.end == mark.start or not _LINK.match(mark.opening) or mark.opaque:
            continue
        if _LETTER.search(block.text, at, mark.start):
            return []
        links.append(Span(mark.start, mark.end))
        at = mark.end
    return links if len(links) > 1 and not _LETTER.search(block.text, at) else []


def _parted(text: str, sentences: Sequence[Span], links: Sequence[Span]) -> list[Span]:
    """What of the sentences stands in the links, in order, those parted that go over several."""
    parts: list[Span] = []
    at = 0
    for link in links:
        while at < len(sentences) and sentences[at].end <= link.start:
            at += 1
        for number in range(at, len(sentences)):
            if sentences[number].start >= link.end:
                break
            at = number
            start, end = max(sentences[number].start, link.start), min(sentences[number].end, link.end)
            start += len(text[start:end]) - len(text[start:end].lstrip())
            end = start + len(text[start:end].rstrip())
            if start < end:
                parts.append(Span(start, end))
    return parts


def _undivided(sentences: Sequence[Span], copied: Sequence[Span]) -> list[Span]:
    """The sentences, with those as one between which lies no more than a place inside one of `copied`."""
    found: list[Span] = []
    at = 0
    for one in sentences:
        while at < len(copied) and copied[at].end <= one.start:
            at += 1
        if found and at < len(copied) and copied[at].start < min(one.start, found[-1].end):
            found[-1] = Span(found[-1].start, one.end)
        else:
            found.append(one)
    return found


def _as_it_is(text: str) -> SegmentTranslation:
    """A segment that is copied whole, each word its own counterpart."""
    whole, words = Span(0, len(text)), words_of(text)
    return SegmentTranslation(
        whole, whole, text, text, 0.0, 1.0, word_links=tuple(WordLink(word, word) for word in words)
    )


def _block_links(block: TextTranslation) -> tuple[WordLink, ...]:
    """The segments' links in the block's own texts."""
    return tuple(
        WordLink(link.source_span.shifted(one.source_span.start), link.target_span.shifted(one.target_span.start))
        for one in block.segments
        for link in one.word_links
    )
