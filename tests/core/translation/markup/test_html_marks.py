"""Where inline elements go in a translation: over what their words became, whole, and each word once."""

from __future__ import annotations

import pytest
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.markup.html import html_to_text, parse_html
from khulasa.server.core.translation.markup.render import BlockTranslation, render_html
from khulasa.server.core.translation.types import WordLink


def rendered(html: str, target: str, linked: str) -> str:
    """The page with its only block translated; `linked` names words that stand in both, in capitals in the target."""
    document = parse_html(html)
    (block,) = document.blocks
    links = []
    for word in linked.split():
        one, two = block.text.index(word), target.index(word.upper())
        links.append(WordLink(Span(one, one + len(word)), Span(two, two + len(word))))
    return render_html(document, [BlockTranslation(target, tuple(links))])[0]


@pytest.mark.parametrize(
    ("html", "target", "linked", "expected"),
    [
        # What held the whole block holds the whole translation, however few of its words are linked.
        ("<p><b>one two</b></p>", "x ONE y", "one", "<p><b>x ONE y</b></p>"),
        ("<p>one <b>two</b></p>", "x ONE TWO y", "one two", "<p>x ONE <b>TWO</b> y</p>"),
        ("<p><b>one</b> two</p>", "x ONE TWO y", "one two", "<p>x <b>ONE</b> TWO y</p>"),
        # All of a long phrase, and what stands between words near one another; of words far apart the longest run.
        (
            "<p>o <b>aa bb cc dd ee ff</b></p>",
            "o AA BB CC DD EE FF",
            "aa bb cc dd ee ff",
            "<p>o <b>AA BB CC DD EE FF</b></p>",
        ),
        ("<p>o <b>aa bb</b></p>", "AA x x BB o", "aa bb", "<p><b>AA x x BB</b> o</p>"),
        ("<p>o <b>aa bb</b></p>", "AA x x x BB o", "aa bb", "<p><b>AA</b> x x x BB o</p>"),
        ("<p>o <b>aa bb cc</b></p>", "AA x x x BB CC o", "aa bb cc", "<p>AA x x x <b>BB CC</b> o</p>"),
        # Nothing of it reaches over code that it did not hold, and it holds the code that it held.
        ("<p><b>aa bb</b> <code>x</code> cc</p>", "AA x BB CC", "aa bb cc", "<p><b>AA</b> <code>x</code> BB CC</p>"),
        ("<p>aa <b>bb cc <code>x</code></b></p>", "x AA BB CC", "aa bb cc", "<p><b><code>x</code> AA BB CC</b></p>"),
        # End tags that close nothing stay where they stood.
        ("<p><b>aa</i> bb</b> cc</p>", "BB AA CC", "aa bb cc", "<p><b>BB AA</i></b> CC</p>"),
        ("<p><b>aa</i> bb</b> cc</p>", "CC AA BB", "aa bb cc", "<p>CC <b>AA</i> BB</b></p>"),
        # Elements that overlap keep their words, and so do those behind them.
        (
            "<p>o <b>aa <i>bb</b> cc</i> <u>dd</u></p>",
            "o AA BB CC DD",
            "aa bb cc dd",
            "<p>o <b>AA <i>BB</b> CC</i> <u>DD</u></p>",
        ),
        (
            "<p>o <b>aa <i>bb</b> cc</i> <u>dd</u></p>",
            "DD o AA BB CC",
            "aa bb cc dd",
            "<p><u>DD</u> o <b>AA <i>BB</b> CC</i></p>",
        ),
        ("<p>o <b>aa <i>bb</b> cc</p>", "o AA BB CC", "aa bb cc", "<p>o <b>AA <i>BB</b> CC</p>"),
        (
            "<p><b>aa <b>bb <i>cc</b> dd</i> ee</b> ff</p>",
            "AA BB CC DD EE FF",
            "aa bb cc dd ee ff",
            "<p><b>AA <b>BB <i>CC</b> DD</i> EE</b> FF</p>",
        ),
    ],
)
def test_elements_go_where_their_words_go(html: str, target: str, linked: str, expected: str) -> None:
    assert rendered(html, target, linked) == expected


def test_code_that_says_what_a_word_says_stands_where_it_is_linked() -> None:
    for html, linked in (("<p>go and <code>go</code></p>", (6, 0)), ("<p><code>go</code> and go</p>", (0, 6))):
        links = tuple(WordLink(Span(a, a + 2), Span(b, b + 2)) for a, b in zip((0, 7), linked, strict=True))
        made = BlockTranslation("go or go", links)
        assert render_html(parse_html(html), [made])[0] == "<p><code>go</code> or go</p>"


def test_places_between_and_behind_paragraphs_are_those_of_the_page() -> None:
    html = "<p>one</p><p>two</p><p>three</p>"
    text = html_to_text(html)
    assert list(text.starts) == sorted(text.starts)
    assert list(text.ends) == sorted(text.ends)
    size = len(text.text)
    assert text.raw_span(Span(size, size)) == Span(text.ends[-1], text.ends[-1])
