"""The page as markup: whole, escaped, with its directions; what needs a browser is in test_client_page_browser."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from khulasa.client.page import article_page, index_page
from khulasa.client.page.build import IndexEntry, direction
from khulasa.client.page.marks import parts_of, runs, word_runs
from khulasa.client.results import (
    AlignedSentence,
    AlignedText,
    DocumentPart,
    KeyTerm,
    PartKind,
    QualityFlag,
    Span,
    Summary,
    WordAlignment,
)
from page_case import EVIL, SUMMARY, TEXT, span_of

VOID = {"meta", "br", "img", "input", "link"}


class Reader(HTMLParser):
    """Elements in order, and the text of the article as a reader gets it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.article = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        added = any(attributes.get("class") in ("jump", "unseen") for _, attributes in self.open)
        if any(tag == "article" for tag, _ in self.open) and not added:
            self.article += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def without_breaks(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_the_whole_article_is_there_and_nothing_twice() -> None:
    reader = read(article_page("a", TEXT, SUMMARY))
    assert without_breaks(reader.article) == without_breaks(TEXT)


def test_a_browser_translates_nothing_of_a_page() -> None:
    """Who quotes from it must get the article's own words; browsers offer to translate a page of another language."""
    for page in (article_page("a", TEXT, SUMMARY), index_page([IndexEntry("a.html", "a", SUMMARY)])):
        assert read(page).seen[0] == ("html", {"lang": "en", "translate": "no"})


def test_nothing_of_an_article_becomes_markup() -> None:
    for page in (
        article_page(EVIL, TEXT, SUMMARY, note=EVIL, index=EVIL),
        index_page([IndexEntry(EVIL, EVIL, SUMMARY)], note=EVIL),
    ):
        tags = [tag for tag, _ in read(page).seen]
        assert tags.count("script") == 1
        assert "img" not in tags
        assert not any(name.startswith("on") for _, attributes in read(page).seen for name in attributes)


def test_the_page_allows_its_own_style_and_script_only() -> None:
    page = article_page("a", TEXT, SUMMARY)
    policy = next(
        attributes["content"] or ""
        for tag, attributes in read(page).seen
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        code = re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)
        assert code
        digest = base64.b64encode(hashlib.sha256(code[1].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
    assert "url(" not in page


def test_directions_and_languages() -> None:
    seen = read(article_page("a", TEXT, SUMMARY)).seen
    paragraphs = {attributes["class"]: attributes for tag, attributes in seen if tag == "p" and "dir" in attributes}
    assert (paragraphs["source"]["lang"], paragraphs["source"]["dir"]) == ("ar", "rtl")
    assert (paragraphs["target"]["lang"], paragraphs["target"]["dir"]) == ("en", "ltr")
    assert direction("NATO قال إن المحادثات مستمرة") == "rtl"
    assert direction("He said قال twice") == "ltr"
    assert direction("") == "ltr"


def test_every_jump_has_its_end_and_every_id_one_owner() -> None:
    seen = read(article_page("a", TEXT, SUMMARY)).seen
    ids = [attributes["id"] for _, attributes in seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    jumps = [(attributes["href"] or "")[1:] for _, attributes in seen if attributes.get("class") == "jump"]
    assert len(jumps) == 4
    assert set(jumps) <= set(ids)


def test_flags_are_explained_where_they_stand() -> None:
    page = article_page("a", TEXT, SUMMARY)
    pair = page[page.index('id="p1"') : page.index('id="p2"')]
    assert "<strong>numbers differ</strong>: a number, percentage or date stands on one side only" in pair


def test_scraps_are_named_for_those_who_do_not_see_grey() -> None:
    page = article_page("a", TEXT, SUMMARY)
    for named in ("byline", "caption", "page furniture"):
        assert f'data-kind="{named}"' in page
        assert f'<span class="unseen">{named}: </span>' in page


def test_a_doubtful_title_says_so() -> None:
    title = AlignedText("تسعة أيام", "Ten days", (QualityFlag.NUMBER_MISMATCH,))
    page = article_page("a", TEXT, replace(SUMMARY, title=title, sentences=()))
    head = page[page.index("<header>") : page.index("</header>")]
    assert "numbers differ" in head
    assert "numbers differ" not in article_page("a", TEXT, replace(SUMMARY, sentences=()))


def test_a_summary_written_anew_marks_its_evidence() -> None:
    span = span_of("المحادثات")
    pair = AlignedSentence("جملة جديدة.", "A new sentence.", Span(0, 11), evidence_spans=(span,))
    (made,) = runs(replace(SUMMARY, sentences=(pair,), key_terms=()), TEXT, [Span(0, len(TEXT))])
    assert [run.span for run in made if run.pair == 0] == [span]
    page = article_page("a", TEXT, replace(SUMMARY, sentences=(pair,)))
    assert f'<span title="what it was written from, in code points">{span}</span>' in page


@pytest.mark.parametrize(
    "parts", [(), (DocumentPart(PartKind.BODY, Span(0, 5)),), (DocumentPart(PartKind.BODY, Span(3, 9)),)]
)
def test_parts_that_do_not_tile_lose_nothing(parts: tuple[DocumentPart, ...]) -> None:
    assert parts_of(replace(SUMMARY, parts=parts), TEXT) == (DocumentPart(PartKind.BODY, Span(0, len(TEXT))),)


# Without a deadline: on a busy machine the time of a call says nothing.
@settings(deadline=None)
@given(st.text(max_size=40), st.data())
def test_any_text_and_any_spans_give_the_whole_text(text: str, data: st.DataObject) -> None:
    places = st.integers(0, len(text) + 3)
    spans = [Span(*sorted((data.draw(places), data.draw(places)))) for _ in range(data.draw(st.integers(0, 4)))]
    pairs = tuple(AlignedSentence(span.of(text), "x", span) for span in spans[:2])
    terms = tuple(KeyTerm("t", "", 0.0, (span,)) for span in spans[2:])
    summary = Summary("", AlignedText(), pairs, terms)
    assert "".join(run.span.of(text) for run in next(runs(summary, text, [Span(0, len(text))]))) == text
    assert "".join(run.span.of(text) for run in word_runs(text, spans)) == text
    shown = read(article_page("n", text, summary)).article
    # HTML cannot hold control characters; none is dropped, each is one character still.
    held = re.sub(r"[\x00-\x08\x0b\x0e-\x1f\x7f]", "\ufffd", text)
    assert without_breaks(shown) == without_breaks(held)


def test_the_way_to_each_pair_with_warnings_stands_at_the_top() -> None:
    page = article_page("a", TEXT, SUMMARY)
    counts = page[page.index('<p class="counts">') : page.index('id="p1"')]
    assert "2 pairs, 1 with warnings: <a " in counts
    assert 'href="#p1"' in counts
    assert 'href="#p2"' not in counts
    one = replace(SUMMARY, sentences=SUMMARY.sentences[1:])
    assert '<p class="counts">1 pair</p>' in article_page("a", TEXT, one)


def test_only_sections_that_are_there_are_led_to() -> None:
    bare = replace(SUMMARY, key_terms=(), full_translation=())
    page = article_page("a", TEXT, bare, index="index.html")
    ways = page[page.index("<nav") : page.index("</nav>")]
    assert re.findall('href="([^"]+)"', ways) == ["index.html", "#pairs-heading", "#article-heading"]
    for place in re.findall('href="#([^"]+)"', article_page("a", TEXT, SUMMARY)):
        assert f'id="{place}"' in article_page("a", TEXT, SUMMARY)


def test_the_index_leads_to_each_page() -> None:
    page = index_page([IndexEntry("one.html", "one", SUMMARY), IndexEntry("two.html", "two", SUMMARY)])
    links = [attributes["href"] for tag, attributes in read(page).seen if tag == "a"]
    assert links == ["one.html", "two.html"]
    assert "1 with warnings" in page


def test_the_index_tells_of_what_has_no_page() -> None:
    page = index_page([IndexEntry("one.html", "one", SUMMARY), IndexEntry("", "<two>", "empty & blank")])
    assert [attributes["href"] for tag, attributes in read(page).seen if tag == "a"] == ["one.html"]
    assert "<h1>2 articles, 1 without a summary</h1>" in page
    assert "&lt;two&gt;" in page
    assert "No summary: empty &amp; blank" in page


def test_a_long_summary_takes_time_by_its_length() -> None:
    sentence = " ".join(f"word{number}" for number in range(20)) + "."
    words = [Span(*match.span()) for match in re.finditer("word[0-9]+", sentence)]
    links = tuple(WordAlignment(word, word) for word in words)

    def took(count: int) -> float:
        text = " ".join([sentence] * count)
        starts = range(0, len(text), len(sentence) + 1)
        pairs = tuple(
            AlignedSentence(sentence, sentence, Span(at, at + len(sentence)), word_alignments=links) for at in starts
        )
        summary = Summary(
            "", AlignedText(), pairs, (KeyTerm("word1", "", 1.0, tuple(Span(at, at + 5) for at in starts)),)
        )
        began = time.process_time()
        ((*made,),) = runs(summary, text, [Span(0, len(text))])
        assert [run.pair for run in made if run.term == 0] == list(range(count))
        return time.process_time() - began

    took(10)
    assert min(took(400) for _ in range(3)) < 10 * min(took(100) for _ in range(3))
