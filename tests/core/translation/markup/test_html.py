"""HTML in, the same tags out."""

from __future__ import annotations

import random
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.units import words_of
from khulasa.server.core.translation.markup.elements import VOID
from khulasa.server.core.translation.markup.html import html_to_text, parse_html
from khulasa.server.core.translation.markup.render import BlockTranslation, render_html
from khulasa.server.core.translation.translator.pages import read_page
from khulasa.server.core.translation.types import SegmentTranslation, WordLink


class _Tags(HTMLParser):
    """Paths of elements from the root, and the text of opaque ones."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags["<" + tag] += 1

    def handle_endtag(self, tag: str) -> None:
        self.tags["</" + tag] += 1


def shout(text: str) -> BlockTranslation:
    """A stand-in for a translation: words in capitals, order reversed, with the true links."""
    spans = words_of(text)
    target, links = "", []
    for span in reversed(spans):
        start = len(target)
        target += span.of(text).upper()
        links.append(WordLink(span, Span(start, len(target))))
        target += " "
    return BlockTranslation(target.rstrip(), tuple(links))


def translate(html: str) -> str:
    document = parse_html(html)
    return render_html(
        document, [shout(b.text) for b in document.blocks], [a.text.upper() for a in document.attributes]
    )[0]


def test_words_keep_their_tags_when_the_order_changes() -> None:
    assert translate("<p>one <b>two</b> three</p>") == "<p>THREE <b>TWO</b> ONE</p>"
    assert translate('<p>see <a href="/x?a=1&amp;b=2">the <i>big</i> house</a></p>') == (
        '<p><a href="/x?a=1&amp;b=2">HOUSE <i>BIG</i> THE</a> SEE</p>'
    )


@pytest.mark.parametrize(
    "html",
    [
        "<script>var a = '<p>x</p>';</script>",
        "<style>p { color: red }</style>",
        "<pre>keep  this\n  as it is</pre>",
        '<div translate="no"><p>Leave me</p></div>',
        "<!-- a comment --><!DOCTYPE html>",
        "<!-- never closed <p>x</p> &amp; y <b>z</b>",
        "<script><!-- var a = 'x'; </script><!-- y",
    ],
)
def test_what_is_not_prose_is_untouched(html: str) -> None:
    assert translate(html) == html


def test_inline_code_keeps_its_letters_inside_a_translated_sentence() -> None:
    out = translate("<p>use <code>ls -l</code> now</p>")
    assert "<code>ls -l</code>" in out
    assert out.count("ls -l") == 1
    assert "USE" in out
    assert "NOW" in out


@pytest.mark.parametrize(
    ("html", "target", "links", "expected"),
    [
        # The word itself stands in the sentence too: the one that the links name is the code.
        (
            "<p>in the word <code>in</code> here</p>",
            "in das Wort in hier",
            [((12, 14), (12, 14))],
            "<p>in das Wort <code>in</code> hier</p>",
        ),
        (
            "<p><b>one <code>x</code> two</b> three</p>",
            "eins x zwei drei",
            [((0, 3), (0, 4)), ((6, 9), (7, 11)), ((10, 15), (12, 16))],
            "<p><b>eins <code>x</code> zwei</b> drei</p>",
        ),
    ],
)
def test_code_stands_where_it_is_linked_and_inside_what_holds_it(
    html: str, target: str, links: list[tuple[tuple[int, int], tuple[int, int]]], expected: str
) -> None:
    made = BlockTranslation(target, tuple(WordLink(Span(*source), Span(*there)) for source, there in links))
    assert render_html(parse_html(html), [made])[0] == expected


def test_attributes_and_references() -> None:
    out = translate('<p>a &amp; b &lt;c&gt; <img src="x.png" alt="a cat &quot;Tom&quot;" title=\'so\'></p>')
    assert 'alt="A CAT &quot;TOM&quot;"' in out
    assert "title='SO'" in out
    assert "&amp;" in out
    assert "&lt;" in out
    assert "<C>" not in out


def test_attributes_of_what_is_not_to_be_translated_stay() -> None:
    html = '<p><img alt="Acme" translate="no"><a title="Acme" translate="no">Acme</a></p>'
    assert translate(html) == html
    assert 'alt="A CAT"' in translate('<p>x <img alt="a cat" translate="yes"></p>')


def test_an_element_with_a_picture_in_it_ends_where_it_ended() -> None:
    marks = parse_html("<p>one <b>two <img src=x> three</b> four</p>").blocks[0].marks
    told = [(mark.opening, mark.closing, mark.goes_on) for mark in marks]
    assert told == [("<b>", "</b>", False), ("<img src=x>", "", False)]
    assert translate("<p>one <b>two <img src=x> three</b> four</p>").startswith("<p>FOUR <b>THREE")


def test_an_unquoted_attribute_gets_quotes() -> None:
    assert 'alt="CAT"' in translate("<p>x <img alt=cat></p>")


@pytest.mark.parametrize(
    "html",
    [
        "<p>one <b>two <i>three</b> four</i> five",
        "<p>un<closed <b>bold",
        "text only & an ampersand",
        "</p>stray <b></b> ends</div>",
        "<ul><li>a<li>b</ul><table><tr><td>c",
        "<p title='x>y'>z</p>",
    ],
)
def test_broken_markup_keeps_every_tag(html: str) -> None:
    assert _Tags(translate(html)).tags == _Tags(html).tags


def shuffled(html: str, seed: int) -> str:
    """The page with words of a block in another order, most of them linked, those of `code` as they are."""
    draw = random.Random(seed)
    document = parse_html(html)
    made = []
    for block in document.blocks:
        target, links = "", []
        for span in sorted(words_of(block.text), key=lambda s: s.start + draw.randrange(40)):
            word = span.of(block.text)
            start = len(target)
            target += word if word.startswith("c") else word.upper()
            if draw.random() < 0.8:
                links.append(WordLink(span, Span(start, len(target))))
            target += " "
        made.append(BlockTranslation(target.rstrip(), tuple(links)))
    return render_html(document, made, [a.text.upper() for a in document.attributes])[0]


class _Paths(HTMLParser):
    """How often each path of elements from the root is met."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.paths: Counter[str] = Counter()
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        path = [*self._open, tag, *(name for name, _ in attrs)]
        self.paths["/".join(path)] += 1
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass


_ELEMENTS = st.recursive(
    st.sampled_from(
        ["w1 ", "w2 w3 ", "w4 w5. ", "<br>", "<img alt='x y'>", "<!-- c -->", "&amp; ", "<code>c1</code> ",
         "<code>c1 c2</code> ", '<span translate="no">c3</span> ', "<svg><title>w</title></svg>"]
    ),
    lambda inner: st.tuples(
        st.sampled_from(["b", "i", "a", "p", "div", "li", "h2"]), st.lists(inner, min_size=1, max_size=5)
    ).map(lambda two: f"<{two[0]}>{''.join(two[1])}</{two[0]}> "),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_ELEMENTS, max_size=6).map("".join), st.integers(0, 99))
def test_sound_markup_keeps_its_tree(html: str, seed: int) -> None:
    """Blocks and line breaks inside inline elements too, whatever the order of the words."""
    assert _Paths(shuffled(html, seed)).paths == _Paths(html).paths


def test_an_element_over_a_line_break_holds_what_it_held() -> None:
    html = "<p><i>one two <br><code>c1</code> three</i> four</p>"
    assert _Paths(translate(html)).paths == _Paths(html).paths


def said(html: str, target: str) -> str:
    """The page with this translation of its only block, without a link."""
    return render_html(parse_html(html), [BlockTranslation(target)])[0]


def test_what_stays_as_it_is_takes_whole_words_one_each() -> None:
    assert said("<p>a <b translate=no>CAT</b> here</p>", "CATEGORY CAT") == "<p>CATEGORY <b translate=no>CAT</b></p>"
    assert said("<p>use <code>ls</code> and <code>ls</code> now</p>", "ls now ls") == (
        "<p><code>ls</code> now <code>ls</code></p>"
    )


def test_very_deep_markup_is_no_recursion() -> None:
    html = "<p>" + "<b>" * 5_000 + "word" + "</b>" * 5_000 + "</p>"
    assert _Tags(translate(html)).tags == _Tags(html).tags


def test_offsets_count_in_the_raw_page() -> None:
    html = "<p>fish &amp; <b>chips</b>\n now</p>"
    block = parse_html(html).blocks[0]
    assert block.text == "fish & chips  now"
    at = block.text.index("&")
    assert block.raw_span(Span(at, at + 1)).of(html) == "&amp;"
    at = block.text.index("chips")
    assert block.raw_span(Span(at, at + 5)).of(html) == "chips"


def test_target_offsets_count_in_the_new_page() -> None:
    html = "<h1>a &lt; b</h1><p>one <b>two</b></p>"
    document = parse_html(html)
    made = [shout(block.text) for block in document.blocks]
    page, offsets = render_html(document, made)
    for translation, starts in zip(made, offsets, strict=True):
        for word in words_of(translation.text):
            written = page[starts[word.start] : starts[word.end - 1] + 1]
            assert written == word.of(translation.text) or written == "&"


def test_words_of_what_is_copied_whole_are_linked_to_all_of_it() -> None:
    html = "<p>Set <code>x = 1</code> <b>here</b>.</p>"
    text = "Set x = 1 here."
    page = read_page(html, "en", lambda text, _: [Span(0, len(text))])
    assert page.segments() == [text]
    links = tuple(WordLink(word, word) for word in words_of(text))
    whole = Span(0, len(text))
    (done,) = page.rendered([SegmentTranslation(whole, whole, text, text, -0.1, 0.9, word_links=links)]).segments
    linked = [(one.source_span.of(done.source_text), one.target_span.of(done.target_text)) for one in done.word_links]
    code = "<code>x = 1</code>"
    assert [(a, b.removesuffix("</b>").strip()) for a, b in linked if a.isalnum()] == [
        ("Set", "Set"),
        ("x", code),
        ("1", code),
        ("here", "here"),
    ]
    assert all(target for _, target in linked)


def test_a_word_is_linked_once_to_what_is_copied_whole() -> None:
    text = "Set x = 1 here."
    page = read_page("<p>Set <code>x = 1</code> here.</p>", "en", lambda text, _: [Span(0, len(text))])
    links = tuple(WordLink(Span(4, 5), Span(at, at + 1)) for at in (4, 8))
    whole = Span(0, len(text))
    (done,) = page.rendered([SegmentTranslation(whole, whole, text, text, -0.1, 0.9, word_links=links)]).segments
    (link,) = done.word_links
    assert link.target_span.of(done.target_text).strip() == "<code>x = 1</code>"


@pytest.mark.parametrize(
    "end", ["</code></p>", "\n</code></p>", " </code> </p>", " Two.</code></p>", " Two.\n</code> Three.</p>"]
)
def test_what_is_copied_whole_belongs_to_the_sentence_in_which_it_begins(end: str) -> None:
    html = f"<p>Print <code>One.{end}"
    page = read_page(html, "en", lambda text, _: [Span(m.start(), m.end()) for m in re.finditer(r"\w[^.]*\.", text)])
    made = [
        SegmentTranslation(
            Span(0, len(text)),
            Span(0, len(text)),
            text,
            text,
            -0.1,
            0.9,
            word_links=tuple(WordLink(word, word) for word in words_of(text)),
        )
        for text in page.segments()
    ]
    done = page.rendered(made)
    assert done.text == html
    first, *others = done.segments
    assert first.target_text == f"Print <code>One.{end.partition('</code>')[0]}</code>"
    assert [one.target_text for one in others] == ["Three."][: len(others)]
    last = 0
    for one in done.segments:
        assert last <= one.target_span.start <= one.target_span.end
        assert one.target_span.of(done.text) == one.target_text
        for link in one.word_links:
            assert 0 <= link.target_span.start < link.target_span.end <= len(one.target_text)
        last = one.target_span.end


def test_text_of_an_article() -> None:
    html = "<h1>Title</h1>\n<p>First   line\n of <b>text</b>.</p><script>x()</script><p>Second.</p>"
    text = html_to_text(html)
    assert text.text == "Title\n\nFirst line of text.\n\nSecond."
    assert len(text.starts) == len(text.ends) == len(text.text)
    at = text.text.index("text")
    assert text.raw_span(Span(at, at + 4)).of(html) == "text"


_PIECES = st.sampled_from(
    ["<p>", "</p>", "<b>", "</b>", "<i class=x>", "</i>", "<br>", "<img alt='a b'>", "<a href='#'>", "</a>", "<div>",
     "</div>", "<code>", "</code>", "كلمة", "word ", " two words ", "&amp;", "&nbsp;", "<!-- c -->", "<", ">", "&",
     "\n",      '<span translate="no">', "</span>", "<script>", "</script>", "<li>", "</td>"]
)  # fmt: skip


@pytest.mark.parametrize("tail", ["<code>كلمة<script>", "<code>كلمة", '<span translate="no">a<script>b'])
def test_nothing_moves_behind_an_element_that_nothing_closes(tail: str) -> None:
    assert translate(f"word </b>{tail}") == f"WORD</b>{tail}"


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=25).map("".join))
def test_any_markup_keeps_its_tags(html: str) -> None:
    assert _Tags(translate(html)).tags == _Tags(html).tags


@settings(max_examples=200, deadline=None)
@given(st.lists(_PIECES, max_size=25).map("".join))
def test_a_page_left_alone_is_the_same_page(html: str) -> None:
    document = parse_html(html)
    assert render_html(document, [None] * len(document.blocks))[0] == html
