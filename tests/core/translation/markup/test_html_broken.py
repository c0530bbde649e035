"""Broken and hostile markup: read as a browser reads it, in linear time, and nothing inert comes to life."""

from __future__ import annotations

import time

import pytest
from khulasa.server.core.translation.markup.html import html_to_text, parse_html
from khulasa.server.core.translation.markup.render import BlockTranslation, render_html


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("x<!-- a > b", "x"),
        ("x<b>y</b><!-- a", "xy"),
        ("<script>a <!-- b", ""),
        ("<script>a</script>z<!-- b", "z"),
        ("one <![foo[two]]>three", "one three"),
        ("one <![ two>three", "one three"),
        ("one <![CDATA[two]]>three", "one three"),
        ("one &# two <b>three</b> &# four <i>five</i>", "one &# two three &# four five"),
        ("a < b <b>c</b> & d <e", "a < b c & d <e"),
        ("a\ue000<b>\ue000</b> &\ue000 <\ue000", "a\ue000\ue000 &\ue000 <\ue000"),
        ("one &#" + "1" * 5_000 + "; <b>two</b>", "one &#" + "1" * 5_000 + "; two"),
        ('<b title="a &#' + "1" * 5_000 + ';">one</b>', "one"),
        ("one &#" + "0" * 3_000 + "65; two", "one A two"),
    ],
)
def test_broken_markup_is_read_as_browsers_do_and_harms_nothing_else(page: str, text: str) -> None:
    assert html_to_text(page).text == text


@pytest.mark.parametrize(
    "piece", ["<a ", '<a href="', "<a href='x ", "</", "</x", "<!", "<?", "<![CDATA[", "<![CDATA[>", "&#", "&#1a"]
)
@pytest.mark.parametrize("after", ["", ">"])
def test_broken_markup_without_end_takes_time_that_grows_with_it(piece: str, after: str) -> None:
    page = piece * (150_000 // len(piece)) + after
    began = time.thread_time()
    parse_html(page)
    # 0.1 s at most, and from 10 s on where each piece is held against all that follows.
    assert time.thread_time() - began < 3


@pytest.mark.parametrize(
    "page",
    [
        # Within a value that no quote closes; after a name with a quote; in the attribute of an end tag.
        '<p>نص</p><p title="<img src=x onerror=run()>كلمة',
        "<p>نص</p><a b='<img src=x onerror=run()>كلمة<i>",
        '<p>نص</p title="><img src=x onerror=run()>كلمة">',
        # Within comments, scripts and elements without markup, which end where a browser ends them.
        "<p>نص</p><!-- -- ><img src=x onerror=run()> كلمة -->",
        "<p>نص</p><script><!--<script></script><img src=x> كلمة'--></script>",
        "<p>نص</p><script></ script><img src=x> كلمة</script>",
        "<p>نص</p><xmp><img src=x onerror=run()>كلمة</xmp>",
        "<p>نص</p><plaintext></plaintext><img src=x onerror=run()>كلمة",
        "<p>نص</p><textarea><!-- </textarea><!-- <img src=x onerror=run()> كلمة -->",
    ],
)
def test_what_a_browser_does_not_run_stays_where_it_is(page: str) -> None:
    document = parse_html(page)
    assert [block.text for block in document.blocks] == ["نص"]
    assert render_html(document, [BlockTranslation("<b> & \"'")])[0] == page.replace(
        "<p>نص<", "<p>&lt;b&gt; &amp; \"'<", 1
    )


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        ("<!-->نص<p>كلمة --></p>", ["نص", "كلمة -->"]),
        ("<!-- x --!>نص", ["نص"]),
        ("<title>نص <b> &amp; </titles></title>كلمة", ["نص <b> & </titles>", "كلمة"]),
        ("<script>'نص'</SCRIPT x>كلمة", ["كلمة"]),
        ('<a b=x"y>نص', ["نص"]),
        ('<p translate="yes" translate="no">نص', ["نص"]),
        ("نص &copy كلمة &amp", ["نص © كلمة &"]),
    ],
)
def test_markup_ends_where_a_browser_ends_it(page: str, texts: list[str]) -> None:
    assert [block.text for block in parse_html(page).blocks] == texts


def test_attributes_are_those_that_a_browser_sees() -> None:
    page = "<a b=\"x alt='لا'\" c==\"d\" title=نص alt = 'كلمة' title></a><img\nALT='صورة'/><b title=>"
    assert [one.text for one in parse_html(page).attributes] == ["نص", "كلمة", "صورة"]
    assert render_html(parse_html(page + "ق"), [BlockTranslation("q")], ['"<', "'<", None])[0] == (
        page.replace("نص", '"&quot;&lt;"').replace("كلمة", "&#39;&lt;") + "q"
    )
