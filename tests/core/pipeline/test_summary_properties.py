"""What every caller may rely on, for generated articles and real ones, in both languages, plain and HTML."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from khulasa.server.core.errors import InvalidInputError, NothingToSummarizeError
from khulasa.server.core.pipeline.encoding import EncodingQueue
from khulasa.server.core.pipeline.summarize import SummaryPipeline
from khulasa.server.core.pipeline.types import ArticleInput, BilingualSummary, SummarySettings
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.summary.types import SummaryBounds
from khulasa.server.core.text.types import PartKind
from khulasa.server.core.translation.types import (
    ModelReference,
    RequestContext,
    TextFormat,
)
from marking_translator import MarkingTranslator

SEED = (Path(__file__).resolve().parents[3] / "seeds/nato-guarantees.ar.txt").read_text(encoding="utf-8")

ARABIC = [
    "أعلن المجلس قراره اليوم في العاصمة.",
    'وقال المتحدث: "لن نتراجع عن القرار. هذا نهائي".',
    "بلغ عدد الحاضرين ١٢٫٥ ألف شخص، أي 45% من الأعضاء!",
    "وأضاف أنّ الاجتمــاع المقبل سيعقد في تونس...",
    "هل ينجح الاتفاق؟",
    "\u202bوصل الوزير (د. سامي النجار) إلى القاهرة عند الساعة 10:30\u202c",
    "ﺍﻟﻨﺺ ﺑﺄﺷﻜﺎﻝ ﺍﻟﻌﺮﺽ يبقى كما هو في مكانه.",
    "وتستورد البلاد نحو سبعين بالمئة من حاجتها من القمح ، بحسب الوزارة .",
]
ENGLISH = [
    "The council announced its decision in the capital today.",
    '"We will not go back," the spokesman said. "It is final."',
    "Some 12,500 people, 45% of members, were there at 10.30 a.m.!",
    "Dr. A. B. Smith of the U.S. said that the next meeting would be in Tunis...",
    "Will the deal hold?",
    "The minister (for trade) arrived in Cairo without his delegation",
]
SCRAPS = [
    "اقرأ أيضا",
    "Share",
    "Read more",
    "شارك",
    "الخلفية:",
    "Background",
    "رويترز - القاهرة",
    "Photo: AP",
    "2026-01-02",
]
BREAKS = ["\n", "\n\n", "\r\n", "\r\n\r\n", " ", "  \n \n", "\r", "\u2028", "\t\n"]
ODD = ["\0", "\ufeff", "\u200f", "🙂", "e\u0301", "\x85", "\u00a0", "......", "»", "&amp;", "<b>"]


def articles(sentences: Sequence[str]) -> st.SearchStrategy[str]:
    piece = st.one_of(
        st.sampled_from(sentences), st.sampled_from(sentences), st.sampled_from(SCRAPS), st.sampled_from(ODD)
    )
    pairs = st.tuples(piece, st.sampled_from(BREAKS))
    return st.lists(pairs, min_size=1, max_size=14).map(lambda found: "".join(a + b for a, b in found))


@cache
def encoder() -> SentenceEncoder:
    return SentenceEncoder(1)


def summarized(text: str, language: str, chosen: SummarySettings, format_: TextFormat) -> BilingualSummary:
    async def run() -> BilingualSummary:
        pipeline = SummaryPipeline(
            MarkingTranslator(), EncodingQueue(encoder()), summary_model=ModelReference("extractive", "1", "x" * 64)
        )
        article = ArticleInput(text, language=language, format=format_)
        return (await pipeline.summarize(article, chosen, RequestContext())).summary

    return asyncio.run(run())


def check(text: str, language: str, chosen: SummarySettings, format_: TextFormat = TextFormat.PLAIN_TEXT) -> None:
    """One article, and everything that must hold of its summary."""
    try:
        got = summarized(text, language, chosen, format_)
    except InvalidInputError as error:
        refused = error
    else:
        _holds(got, text, chosen, format_)
        return
    wrong = {violation.field for violation in refused.violations}
    if isinstance(refused, NothingToSummarizeError):
        assert wrong == {"article.text"}
    else:
        assert chosen.bounds.max_words or chosen.bounds.ratio
        assert wrong <= {"options.max_words", "options.ratio"}


def _holds(got: BilingualSummary, text: str, chosen: SummarySettings, format_: TextFormat) -> None:
    # Parts tile the text.
    assert [part.span.start for part in got.parts] == [0, *(part.span.end for part in got.parts[:-1])]
    assert got.parts[-1].span.end == len(text)
    # Pairs are in order, each with its exact place and one counterpart.
    for sentences in (got.sentences, got.full_translation):
        at = 0
        for pair in sentences:
            assert pair.source_span.start >= at
            at = pair.source_span.end
            assert pair.source_span.of(text) == pair.source_text
            assert pair.source_text == pair.source_text.strip()
            assert pair.target_text.startswith("~")
            if format_ is TextFormat.PLAIN_TEXT:
                assert pair.target_text == f"~{pair.source_text}"
                inside = [
                    part.kind for part in got.parts if part.span.start < at and part.span.end > pair.source_span.start
                ]
                assert set(inside) == {PartKind.BODY}
    assert got.sentences
    indices = [pair.sentence_index for pair in got.sentences]
    assert indices == sorted(set(indices))
    # Bounds are kept.
    if chosen.bounds.max_sentences:
        assert len(got.sentences) <= chosen.bounds.max_sentences
    if chosen.bounds.max_words:
        assert got.statistics.summary_words <= chosen.bounds.max_words
    if chosen.bounds.ratio:
        assert got.statistics.summary_words <= chosen.bounds.ratio * got.statistics.words + 1e-6
    # A full translation has every sentence, each once.
    if chosen.full_translation:
        assert [pair.sentence_index for pair in got.full_translation] == list(range(got.statistics.sentences))
    for term in got.key_terms:
        assert all(span.of(text).strip() for span in term.source_spans)
        assert term.source_text == term.source_spans[0].of(text)


chosen_settings = st.builds(
    SummarySettings,
    bounds=st.one_of(
        st.builds(SummaryBounds),
        st.builds(SummaryBounds, max_sentences=st.integers(1, 6)),
        st.builds(SummaryBounds, max_words=st.integers(1, 60)),
        st.builds(SummaryBounds, ratio=st.floats(0.05, 1.0)),
    ),
    full_translation=st.booleans(),
    max_key_terms=st.integers(0, 5),
    focus=st.sampled_from(["", "القمح", "wheat prices"]),
)


@settings(max_examples=120, deadline=None)
@given(articles(ARABIC), chosen_settings)
def test_arabic_articles(text: str, chosen: SummarySettings) -> None:
    check(text, "ar", chosen)


@settings(max_examples=80, deadline=None)
@given(articles(ENGLISH), chosen_settings)
def test_english_articles(text: str, chosen: SummarySettings) -> None:
    check(text, "en", chosen)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(ARABIC + ENGLISH), min_size=1, max_size=8), chosen_settings)
def test_pages(paragraphs: list[str], chosen: SummarySettings) -> None:
    body = "".join(f"<p>{html.escape(p).replace(' ', ' <b>', 1)}</b></p>\n" for p in paragraphs)
    check(f"<html><body><h1>عنوان</h1>{body}</body></html>", "ar", chosen, TextFormat.HTML)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=200), chosen_settings)
def test_any_text_at_all(text: str, chosen: SummarySettings) -> None:
    check(text, "ar", chosen)


CHANGES = {
    "as it is": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "tatweel": lambda text: text.replace("ا", "ـا"),
    "diacritics": lambda text: text.replace("ن", "ن\u064e"),
    "bidi marks": lambda text: "\u200f" + text.replace(" ", " \u200f", 40),
    "Arabic-Indic digits": lambda text: text.translate({ord("0") + d: chr(0x660 + d) for d in range(10)}),
    "doubled spaces": lambda text: text.replace(" ", "  "),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_seed_article_however_it_was_scraped(change: str) -> None:
    text = CHANGES[change](SEED)
    check(text, "ar", SummarySettings(bounds=SummaryBounds(max_sentences=4), full_translation=True, max_key_terms=6))
    got = summarized(text, "ar", SummarySettings(bounds=SummaryBounds(max_sentences=4)), TextFormat.PLAIN_TEXT)
    plain = summarized(SEED, "ar", SummarySettings(bounds=SummaryBounds(max_sentences=4)), TextFormat.PLAIN_TEXT)
    assert got.statistics.sentences == plain.statistics.sentences
    assert [part.kind for part in got.parts] == [part.kind for part in plain.parts]
    assert not any("Yesterday" in pair.source_text for pair in got.sentences)
