"""Of HTML, what the answer calls the article's text is the markup at its places: the caller can look it up."""

from __future__ import annotations

import html
import re

import pytest
from khulasa.server.core.pipeline.encoding import EncodingQueue
from khulasa.server.core.pipeline.summarize import SummaryPipeline
from khulasa.server.core.pipeline.types import ArticleInput, BilingualSummary, SummarySettings
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.translation.types import DecodingOptions, ModelReference, RequestContext, TextFormat
from marking_translator import MarkingTranslator

ENGLISH = (
    "<html><body><h1>Harbour workers of Barton &amp; Hale end their strike</h1>"
    "<p>Workers of <b>Barton</b> &amp; Hale went back to the harbour of <i>Port</i> Alder&nbsp;on Sunday.</p>\n"
    "<p>The owners of Barton&#32;&#38; Hale agreed to raise wages, Omar <em>El</em> Fassi said. Port&nbsp;Alder had "
    "been closed for nine days.</p><p>Omar El F&#97;ssi leads the union in Port <a href='/x?a=1&amp;b=2'>Alder</a>.</p>"
    "</body></html>"
)
ARABIC = (
    "<html><body><h1>عمال ميناء الرملة ينهون الإضراب</h1>"
    "<p>عاد عمال ميناء <b>الرملة</b> إلى العمل يوم الأحد بعد اتفاق مع شركة النور.</p>\n"
    "<p>وقال &#1575;لنقيب سامي <em>الحافي</em> إن شركة النور وافقت على زيادة الأجور في ميناء &#1575;لرملة.</p>"
    "<p>وأضاف سامي الحافي أن ميناء<span>&nbsp;</span>الرملة كان مغلقا تسعة أيام.</p></body></html>"
)


def readable(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", markup)).split())


async def summarized(page: str, language: str) -> BilingualSummary:
    pipeline = SummaryPipeline(
        MarkingTranslator(),
        EncodingQueue(SentenceEncoder(1)),
        summary_model=ModelReference("extractive", "1", "x" * 64),
    )
    article = ArticleInput(page, language=language, format=TextFormat.HTML)
    chosen = SummarySettings(full_translation=True, max_key_terms=10, decoding=DecodingOptions(word_alignments=True))
    return (await pipeline.summarize(article, chosen, RequestContext())).summary


@pytest.mark.parametrize(
    ("page", "language", "names"),
    [
        (ENGLISH, "en", {"Barton & Hale": 3, "Port Alder": 3, "Omar El Fassi": 2}),
        (ARABIC, "ar", {"ميناء الرملة": 4, "شركة النور": 2, "سامي الحافي": 2}),
    ],
)
async def test_key_terms_are_the_markup_at_their_places(page: str, language: str, names: dict[str, int]) -> None:
    got = await summarized(page, language)
    found = {readable(term.source_text): term for term in got.key_terms}
    for name, places in names.items():
        assert name in found, f"{name} is not among {sorted(found)}"
        term = found[name]
        assert [readable(span.of(page)) for span in term.source_spans] == [name] * places
    for term in got.key_terms:
        assert term.source_text == term.source_spans[0].of(page)
    assert any("<" in term.source_text or "&" in term.source_text for term in got.key_terms)


@pytest.mark.parametrize(("page", "language"), [(ENGLISH, "en"), (ARABIC, "ar")])
async def test_sentences_are_the_markup_at_their_places(page: str, language: str) -> None:
    got = await summarized(page, language)
    for pair in (*got.sentences, *got.full_translation):
        assert pair.source_text == pair.source_span.of(page)
    assert "".join(part.span.of(page) for part in got.parts) == page
    assert "<" not in got.title.source_text
    assert "&amp;" not in got.title.source_text
