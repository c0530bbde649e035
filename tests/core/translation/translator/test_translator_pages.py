"""Segments of a page and their word links: raw HTML on both sides, each link in the texts of its own segment."""

from __future__ import annotations

import html
import re

import pytest
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.translator.pages import read_page, text_bound
from khulasa.server.core.translation.types import SegmentTranslation, TextTranslation, WordLink
from translator_rig import sentences

_WORD = re.compile(r"\w+")


def translated(source: str) -> SegmentTranslation:
    """Words in capitals and longer by one letter, but those with `_` before them; each linked to its own."""

    def written(match: re.Match[str]) -> str:
        return match[0] if match[0].startswith("_") else f"{match[0].upper()}Q"

    target = _WORD.sub(written, source)
    spans = [[Span(*match.span()) for match in _WORD.finditer(text)] for text in (source, target)]
    links = tuple(WordLink(one, other) for one, other in zip(*spans, strict=True))
    return SegmentTranslation(Span(0, len(source)), Span(0, len(target)), source, target, -1.0, 0.5, word_links=links)


def rendered(page: str) -> TextTranslation:
    """The translated page, and that its segments are where they say, in order."""
    read = read_page(page, "xx", sentences)
    done = read.rendered([translated(segment) for segment in read.segments()])
    at = 0
    for one in done.segments:
        assert one.source_span.of(page) == one.source_text
        assert one.target_span.of(done.text) == one.target_text
        assert at <= one.target_span.start <= one.target_span.end
        at = one.target_span.end
    return done


def linked(segment: SegmentTranslation) -> list[tuple[str, str]]:
    """What the links say, tags inside a word left out."""

    def word(markup: str) -> str:
        return html.unescape(re.sub(r"</?[a-z]>", "", markup))

    return [
        (word(one.source_span.of(segment.source_text)), word(one.target_span.of(segment.target_text)))
        for one in segment.word_links
    ]


def test_links_are_between_the_words_of_both_pages() -> None:
    page = (
        "<h1>One &amp; two</h1>\r\n<p>Three <b>four</b> five. Six <i>se<u>ven</u></i> &lt;eight&gt;.  "
        "Nine <code>_x; _y</code> ten.</p><ul><li>R&eacute;sum&eacute; eleven</li></ul><img alt='twelve &lt; 13'>"
    )
    done = rendered(page)
    assert done.text.startswith("<h1>ONEQ &amp; TWOQ</h1>\r\n<p>THREEQ <b>FOURQ</b> FIVEQ. SIXQ <i>")
    assert done.text.endswith(
        "  NINEQ <code>_x; _y</code> TENQ.</p><ul><li>RÉSUMÉQ ELEVENQ</li></ul><img alt='TWELVEQ &lt; 13Q'>"
    )
    assert [linked(one) for one in done.segments] == [
        [("One", "ONEQ"), ("two", "TWOQ")],
        [("Three", "THREEQ"), ("four", "FOURQ"), ("five", "FIVEQ")],
        [("Six", "SIXQ"), ("seven", "SEVENQ"), ("eight", "EIGHTQ")],
        # Each word of what is copied is linked to all of it.
        [("Nine", "NINEQ"), ("_x", "<code>_x; _y</code>"), ("_y", "<code>_x; _y</code>"), ("ten", "TENQ")],
        [("Résumé", "RÉSUMÉQ"), ("eleven", "ELEVENQ")],
    ]


@pytest.mark.parametrize(
    ("page", "targets", "links"),
    [
        (
            "<p>One <code>_two. _three</code> four. Five.</p>",
            ["ONEQ <code>_two. _three</code> FOURQ.", "FIVEQ."],
            [4, 1],
        ),
        (
            "<p>One. <b><code> _two. _three. </code></b> Four. <code>_five. _six</code>. Seven. <i>8. 9</i> "
            "<code>eight. Nine</code></p>",
            [
                *("ONEQ.", "<code> _two. _three. </code></b>", "FOURQ.", "<code>_five. _six</code>.", "SEVENQ."),
                *("8Q.", "9Q</i> <code>eight. Nine</code>"),
            ],
            [1, 4, 1, 2, 1, 1, 3],
        ),
        ("<p>One. <b>Two. Three.</b></p>", ["ONEQ.", "TWOQ.", "THREEQ</b>."], [1, 1, 1]),
    ],
)
def test_what_is_copied_is_not_divided(page: str, targets: list[str], links: list[int]) -> None:
    done = rendered(page)
    assert [one.target_text for one in done.segments] == targets
    assert [len(one.word_links) for one in done.segments] == links


def test_no_model_sees_a_segment_that_is_copied_whole() -> None:
    page = "<p>One. <code>Eight 8. Nine.</code> Ten. <b translate='no'>Eleven.</b></p><img alt='Twelve. 13.'>"
    read = read_page(page, "xx", sentences)
    assert read.segments() == ["One.", "Ten.", "Twelve.", "13."]
    done = read.rendered([translated(segment) for segment in read.segments()])
    assert (
        done.text
        == "<p>ONEQ. <code>Eight 8. Nine.</code> TENQ. <b translate='no'>Eleven.</b></p><img alt='TWELVEQ. 13Q.'>"
    )
    kept = done.segments[1]
    assert (kept.score, kept.similarity, kept.flags) == (0.0, 1.0, ())


@pytest.mark.parametrize(
    ("page", "bound"),
    [
        ('<div class="a b c">\n  <p>One <b>two</b>\t&nbsp; three</p>\n</div>', "One two x three"),
        ("One<!-- <p>two --> three<!-->.<!-- four", "One  three ."),
        ("<SCRIPT src=a>var x = '<p>y';</Script >One<style>p {}</style> two<script>z", "One two"),
        ('<img alt="One > two" src=b> <a title=three>4</a>', 'two" src=b> 4 One three'),
        ("1 < 2 <scripted> & <3", "1 < 2 & <3"),
    ],
)
def test_the_bound_of_a_page_is_its_text_without_markup(page: str, bound: str) -> None:
    assert text_bound(page).split() == bound.split()
    assert len(text_bound(page)) >= sum(len(segment) for segment in read_page(page, "xx", sentences).segments())
