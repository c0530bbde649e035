"""Notes and powers in a line, what is opened again within `translate="no"`, and menus."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.units import words_of
from khulasa.server.core.translation.markup.html import html_to_text, parse_html
from khulasa.server.core.translation.markup.render import BlockTranslation, render_html
from khulasa.server.core.translation.translator.pages import read_page
from khulasa.server.core.translation.types import WordLink


def texts(html: str) -> list[str]:
    return [block.text for block in parse_html(html).blocks]


def reversed_words(html: str) -> str:
    """The page with the words of each block in reverse, linked."""
    document = parse_html(html)
    made = []
    for block in document.blocks:
        target, links = "", []
        for span in reversed(words_of(block.text)):
            links.append(WordLink(span, Span(len(target), len(target) + span.end - span.start)))
            target += f"{span.of(block.text)} "
        made.append(BlockTranslation(target.rstrip(), tuple(links)))
    return render_html(document, made, [one.text for one in document.attributes])[0]


@pytest.mark.parametrize(
    ("html", "text", "made"),
    [
        ("<p>In 2019<sup>3</sup> it began</p>", "In 2019 it began", "<p>began it 2019<sup>3</sup> In</p>"),
        ("<p>10<sup>6</sup> people</p>", "10 people", "<p>people 10<sup>6</sup></p>"),
        ("<p>in km<SUP >2</SUP> now</p>", "in km now", "<p>now km<SUP >2</SUP> in</p>"),
        (
            '<p>war<sup id=r><a href="#1">[<i>1</i>]</a></sup> on</p>',
            "war on",
            '<p>on war<sup id=r><a href="#1">[<i>1</i>]</a></sup></p>',
        ),
        ("<p>a <b>2019<sup>*</sup></b></p>", "a 2019", "<p><b>2019<sup>*</sup></b> a</p>"),
    ],
)
def test_a_note_or_power_is_no_part_of_the_word_before_it(html: str, text: str, made: str) -> None:
    assert texts(html) == [text]
    assert reversed_words(html) == made
    assert html_to_text(html).text == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>CO<sub>2</sub> on the 1<sup>st</sup></p>", "CO2 on the 1st"),
        ("<p>a <sup>1</sup>/<sub>2</sub> or 1<sup>1</sup>&frasl;<sub>2</sub></p>", "a 1/2 or 11⁄2"),
        ("<p>see <sup>3</sup> b</p>", "see 3 b"),
        ("<p>x 3<sup>2 b", "x 3" + "2 b"),
        ("<p>x 3<sup></sup> b 3<sup>4<sub>5</sub></sup></p>", "x 3 b 34"),
        ("<p>x 3<sup>" + "1" * 30 + "</sup></p>", "x 3" + "1" * 30),
    ],
)
def test_other_raised_and_lowered_signs_are_text(html: str, text: str) -> None:
    assert texts(html) == [text]


@pytest.mark.parametrize(
    ("html", "read"),
    [
        ("<div translate=no>a <p translate=yes>b <b>c</b></p> d <i translate=yes>e</i> f</div>g", ["b c", "e", "g"]),
        ("<p>a <b>b <span translate=no>c <i translate=YES>d</i> e</span> f</b> g</p>", ["a b ", "d", " f g"]),
        (
            "<div translate=no><p translate=yes>a <u translate=no>b <i translate=yes>c</i></u> d</p></div>",
            ["a ", "c", " d"],
        ),
        ("<div translate=no><p translate=yes>a", ["a"]),
        ("<div translate=no><p translate=yes>a</div>b", ["a", "b"]),
        ("<div translate=no>a <img alt=b><script translate=yes>c</script></div>", []),
        ("<p translate=no>a <code>b</code></p>", []),
    ],
)
def test_what_is_opened_again_is_read(html: str, read: list[str]) -> None:
    assert texts(html) == read
    assert sorted("".join(reversed_words(html).split())) == sorted("".join(html.split()))


def test_attributes_are_translated_where_their_element_is() -> None:
    html = "<div translate=no title=a><img alt=b><p translate=yes title=c><img alt=d></p><img alt=e></div>"
    assert [one.text for one in parse_html(html).attributes] == ["c", "d"]


def test_each_link_of_a_menu_is_a_text() -> None:
    def line(text: str, _language: str) -> list[Span]:
        return [Span(0, len(text))]

    def segments(html: str) -> list[str]:
        return read_page(html, "en", line).segments()

    assert segments("<nav><a href=a>Home</a> | <A\nhref=b> World <b>news</b> </A> · 3</nav>") == ["Home", "World news"]
    assert segments("<p><i><a>Home</a></i> <a>One. <code>Two</code></a></p>") == ["Home", "One. Two"]
    assert segments("<p><a>Home</a>, <a>Sport</a> and more</p>") == ["Home, Sport and more"]
    assert segments("<p>Go <a>Home</a> <a>Sport</a></p>") == ["Go Home Sport"]
    assert segments("<p><a>Home and away</a> 3</p>") == ["Home and away 3"]
    assert segments("<p><abbr>Home</abbr> <abbr>Sport</abbr></p>") == ["Home Sport"]


@pytest.mark.parametrize(
    "piece",
    [
        "<div translate=no><div translate=yes>a ",
        "<p translate=no>a <b translate=yes>b</b></p>",
        "3<sup><b>",
        "3<sup>1</sup>",
        "<a>b</a> ",
    ],
)
def test_work_is_in_proportion(growth: Callable[[Callable[[int], object], int, int], float], piece: str) -> None:
    def read(count: int) -> None:
        read_page("<p>" + piece * count, "en", lambda text, _: [Span(0, len(text))])

    assert growth(read, 200, 16) < 64
