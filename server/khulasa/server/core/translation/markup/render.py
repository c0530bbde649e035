"""A page put together again round its translated text; inline tags go where the words they marked went."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.units import words_of
from khulasa.server.core.translation.glossary.placement import Claims
from khulasa.server.core.translation.markup.html import HtmlAttribute, HtmlBlock, HtmlDocument, InlineMark
from khulasa.server.core.translation.markup.kept_spans import whole_copies
from khulasa.server.core.translation.types import WordLink

__all__ = ["BlockTranslation", "RenderedBlock", "escape_text", "render_block", "render_html"]

# Linked words further apart than this do not belong to one mark.
_GAP_WORDS = 3
# A block with more opaque elements takes their copies as they come: work stays in proportion.
_MOST_MATCHED = 64


_Values = Sequence[tuple[Span, str]]


@dataclass(frozen=True, slots=True)
class BlockTranslation:
    """A block's translation; `links` between the block's text and `text`."""

    text: str
    links: tuple[WordLink, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedBlock:
    """A block's new markup.

    Attributes:
        html: What replaces the block.
        starts: Offset in `html` of each character of the translation, and the length at the end.
    """

    html: str
    starts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Places:
    """What is linked where in a block's translation; made once, for a block may have thousands of marks.

    Attributes:
        words: Of the translation.
        middles: Of the sources of links to one of the words, in order.
        numbers: Which word each of those leads to.
        ends: Of the sources of all links, in order.
        neighbours: For each of those the end, in the translation, of the last source that ends there or before.
    """

    words: tuple[Span, ...]
    middles: tuple[float, ...]
    numbers: tuple[int, ...]
    ends: tuple[int, ...]
    neighbours: tuple[int, ...]

    @classmethod
    def of(cls, translation: BlockTranslation) -> _Places:
        words = words_of(translation.text)
        number = {span: n for n, span in enumerate(words)}
        linked = sorted(
            ((link.source_span.start + link.source_span.end) / 2, number[link.target_span])
            for link in translation.links
            if link.target_span in number
        )
        by_end = sorted(translation.links, key=lambda link: link.source_span.end)
        neighbours: list[int] = []
        last, end = Span(-1, -1), 0
        for link in by_end:
            if link.source_span > last:
                last, end = link.source_span, link.target_span.end
            elif link.source_span == last:
                end = max(end, link.target_span.end)
            neighbours.append(end)
        return cls(
            tuple(words),
            tuple(middle for middle, _ in linked),
            tuple(n for _, n in linked),
            tuple(link.source_span.end for link in by_end),
            tuple(neighbours),
        )

    def linked(self, start: int, end: int) -> list[int]:
        """Numbers of the words that what lies in [start, end] of the source is linked to."""
        first, last = bisect.bisect_left(self.middles, start), bisect.bisect_right(self.middles, end)
        return sorted(set(self.numbers[first:last]))

    def after_neighbour(self, at: int) -> int:
        """The end of the translation of the nearest linked word before `at`."""
        count = bisect.bisect_right(self.ends, at)
        return self.neighbours[count - 1] if count else 0


@dataclass(slots=True)
class _Node:
    mark: InlineMark | None
    start: int
    end: int
    children: list[_Node]
    order: int = 0


def escape_text(text: str) -> str:
    """Text for an HTML text node."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escape_value(text: str, quote: str) -> str:
    escaped = escape_text(text)
    if quote == '"':
        return escaped.replace('"', "&quot;")
    if quote == "'":
        return escaped.replace("'", "&#39;")
    return escaped


def render_block(block: HtmlBlock, translation: BlockTranslation) -> RenderedBlock:
    """The block's markup with the translated text.

    Every mark of the block stands in the result once, nested as before. Siblings follow the order of their words, so
    two of them may change places.
    """
    root = _Node(None, 0, len(translation.text), [])
    nodes: list[_Node] = []
    copies = _opaque_copies(block, translation)
    barriers = sorted((place, block.marks[order].start) for order, place in copies.items())
    places = _Places.of(translation)
    for order, mark in enumerate(block.marks):
        parent = nodes[mark.parent] if mark.parent >= 0 else root
        copy = copies.get(order)
        start, end = (copy.start, copy.end) if copy else _place(block, mark, translation, places, barriers)
        if mark.from_before:
            start = 0
        if mark.goes_on:
            end = len(translation.text)
        nodes.append(_Node(mark, start, end, [], order))
        parent.children.append(nodes[-1])
    for node in reversed(nodes):
        if node.order in copies:
            _widen(nodes, node)
    _settle(root)
    pieces: list[str] = []
    starts: list[int] = [0] * (len(translation.text) + 1)
    length = _write(root, translation.text, pieces, starts, 0)
    starts[-1] = length
    return RenderedBlock("".join(pieces), tuple(starts))


def _opaque_copies(block: HtmlBlock, translation: BlockTranslation) -> dict[int, Span]:
    """Where the words of opaque marks stand in the translation as they are: no two in one place, none inside a word."""
    inner = {
        order: block.text[mark.start : mark.end]
        for order, mark in enumerate(block.marks)
        if mark.opaque and block.text[mark.start : mark.end].strip()
    }
    if not inner:
        return {}
    few = len(inner) <= _MOST_MATCHED
    copies_of = whole_copies(set(inner.values()), translation.text, each=few)
    claims = Claims(len(translation.text))
    found: dict[int, Span] = {}
    for order in sorted(inner, key=lambda o: (-len(inner[o]), o)):
        copies = copies_of[inner[order]]
        while copies and not claims.free(copies[-1]):
            copies.pop()
        if copies:
            linked = _linked_places(block.marks[order], translation.links) if few else []
            named = (c for c in reversed(copies) if claims.free(c) and any(_meet(c, place) for place in linked))
            found[order] = next(named, copies[-1]) if linked else copies[-1]
            claims.claim(found[order])
    return found


def _linked_places(mark: InlineMark, links: Sequence[WordLink]) -> list[Span]:
    source = Span(mark.start, mark.end)
    return [link.target_span for link in links if _meet(link.source_span, source)]


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _widen(nodes: Sequence[_Node], node: _Node) -> None:
    """Makes what holds a copied element wide enough for it, so that its words are not written twice."""
    at = node
    while at.mark is not None and at.mark.parent >= 0:
        at = nodes[at.mark.parent]
        if at.start <= node.start and node.end <= at.end:
            return
        at.start, at.end = min(at.start, node.start), max(at.end, node.end)


def _place(
    block: HtmlBlock,
    mark: InlineMark,
    translation: BlockTranslation,
    places: _Places,
    barriers: Sequence[tuple[Span, int]],
) -> tuple[int, int]:
    """Where the mark goes in the translation.

    Args:
        block: The block.
        mark: One of its marks, not among those that stand in the translation as they are.
        translation: The block's translation.
        places: What is linked where in it.
        barriers: Where the others stand there, in order, with their places in the block's text.
    """
    size = len(block.text)
    inner = block.text[mark.start : mark.end]
    lead = len(block.text) - len(block.text.lstrip())
    tail = len(block.text.rstrip())
    if inner.strip() and mark.start <= lead and mark.end >= tail and not mark.opaque:
        return 0, len(translation.text)
    if not inner.strip():
        if mark.start <= lead:
            at = 0
        elif mark.start >= tail or mark.start >= size:
            at = len(translation.text)
        else:
            at = places.after_neighbour(mark.start)
        return at, at
    words = places.words
    runs: list[list[int]] = []
    for n in places.linked(mark.start, mark.end):
        if runs and n - runs[-1][-1] <= _GAP_WORDS and not _barred(words[runs[-1][-1]], words[n], mark, barriers):
            runs[-1].append(n)
        else:
            runs.append([n])
    if runs:
        run = max(runs, key=len)
        return words[run[0]].start, words[run[-1]].end
    if not words or mark.opaque:
        at = places.after_neighbour(mark.start)
        return at, at
    # No link: the words at the same relative place, so that the element keeps some text.
    first = min(len(words) - 1, round(mark.start / size * len(words)))
    last = min(len(words) - 1, max(first, round(mark.end / size * len(words)) - 1))
    return words[first].start, words[last].end


def _barred(one: Span, other: Span, mark: InlineMark, barriers: Sequence[tuple[Span, int]]) -> bool:
    """Whether a copied element that is not inside the mark stands between two words of the translation."""
    at = bisect.bisect_left(barriers, (Span(one.end, one.end), 0))
    while at < len(barriers) and barriers[at][0].start < other.start:
        if not mark.start <= barriers[at][1] < mark.end:
            return True
        at += 1
    return False


def _settle(node: _Node) -> None:
    """Children inside their parent, in order, not overlapping; a mark squeezed out keeps its tags round nothing."""
    for child in node.children:
        child.start = min(max(child.start, node.start), node.end)
        child.end = min(max(child.end, child.start), node.end)
    node.children.sort(key=lambda c: (_rank(c), c.start, c.end > c.start, c.order))
    at = node.start
    for child in node.children:
        child.start = max(child.start, at)
        child.end = max(child.end, child.start)
        at = child.end
        _settle(child)


def _rank(node: _Node) -> int:
    """What was opened in an earlier block comes first, what a later one closes last."""
    mark = node.mark
    return 0 if mark is None else int(mark.goes_on) - int(mark.from_before)


def _write(node: _Node, text: str, pieces: list[str], starts: list[int], length: int) -> int:
    def put(raw: str) -> None:
        nonlocal length
        pieces.append(raw)
        length += len(raw)

    def copy(start: int, end: int) -> None:
        for place in range(start, end):
            starts[place] = length
            put(escape_text(text[place]))

    if node.mark is not None:
        if node.mark.opaque:
            for place in range(node.start, node.end):
                starts[place] = length
            put(node.mark.opening)
            return length
        put(node.mark.opening)
    at = node.start
    for child in node.children:
        copy(at, child.start)
        length = _write(child, text, pieces, starts, length)
        at = child.end
    copy(at, node.end)
    if node.mark is not None:
        put(node.mark.closing)
    return length


def render_html(
    document: HtmlDocument,
    blocks: Sequence[BlockTranslation | None],
    attributes: Sequence[str | None] = (),
) -> tuple[str, tuple[tuple[int, ...], ...]]:
    """The page with its text and attributes translated.

    Args:
        document: From `parse_html`.
        blocks: A translation for each block, in order; None leaves it as it is.
        attributes: A text for each attribute, in order; None, or a missing one, leaves it.

    Returns:
        The page, and for each block the offset in the page of each character of its translation and of its end;
        empty for a block left as it is.
    """
    # In the order of the page, so that those of a stretch are found without a look at all.
    values = sorted(
        (attribute.span, _value(attribute, text))
        for attribute, text in zip(document.attributes, attributes, strict=False)
        if text is not None
    )
    pieces: list[str] = []
    offsets: list[tuple[int, ...]] = []
    length = at = 0
    for block, translation in zip(document.blocks, blocks, strict=True):
        before = _with_values(document.html, Span(at, block.span.start), values)
        pieces.append(before)
        length += len(before)
        if translation is None:
            rendered = RenderedBlock(_with_values(document.html, block.span, values), ())
        else:
            rendered = render_block(_with_marks(document, block, values), translation)
        offsets.append(tuple(start + length for start in rendered.starts))
        pieces.append(rendered.html)
        length += len(rendered.html)
        at = block.span.end
    pieces.append(_with_values(document.html, Span(at, len(document.html)), values))
    return "".join(pieces), tuple(offsets)


def _value(attribute: HtmlAttribute, text: str) -> str:
    """An unquoted value gets quotes, as the translation may hold spaces."""
    return _escape_value(text, attribute.quote) if attribute.quote else f'"{_escape_value(text, chr(34))}"'


def _within(values: _Values, span: Span) -> _Values:
    """The values in a stretch of the page."""
    first = bisect.bisect_left(values, (Span(span.start, span.start), ""))
    last = bisect.bisect_left(values, (Span(span.end, span.end), ""))
    return [(place, value) for place, value in values[first:last] if place.end <= span.end]


def _with_values(html: str, span: Span, values: _Values) -> str:
    pieces: list[str] = []
    at = span.start
    for place, value in _within(values, span):
        pieces += (html[at : place.start], value)
        at = place.end
    pieces.append(html[at : span.end])
    return "".join(pieces)


def _with_marks(document: HtmlDocument, block: HtmlBlock, values: _Values) -> HtmlBlock:
    """The block with the translated attributes in its inline tags."""
    inside = _within(values, block.span)
    if not inside:
        return block
    marks: list[InlineMark] = []
    cursor = block.span.start
    for mark in block.marks:
        start = document.html.index(mark.opening, cursor)
        cursor = start + len(mark.opening)
        marks.append(replace(mark, opening=_with_values(document.html, Span(start, cursor), inside)))
    return replace(block, marks=tuple(marks))
