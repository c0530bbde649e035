"""What models read of broken lines: no marks of quoted mail, no halves of words; offsets are those of the article."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from khulasa.server.core.pipeline.encoding import EncodingQueue, Vectors
from khulasa.server.core.pipeline.reading import read_article
from khulasa.server.core.pipeline.summarize import SummaryPipeline
from khulasa.server.core.pipeline.types import ArticleInput, BilingualSummary, SummarySettings
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.types import (
    DecodingOptions,
    Glossary,
    LanguagePair,
    ModelReference,
    RequestContext,
    SegmentTranslation,
    TextFormat,
    WordLink,
)
from marking_translator import MarkingTranslator

SENTENCES = (
    "The council said on Monday that the long-awaited machine of the Harbour Authority would be bought by the "
    "government before the end of the year, and that the well-known builder had sent an offer.",
    "The ex-minister and the Saudi-Iranian board of the 20-year service said that the price, paid in the long- and "
    "short-term, would be known when the Harbour Authority meets again in June.",
)
ARABIC = (
    "أعلنت وزارة التعليم العالي في العاصمة أمس عن خطة جديدة لبناء مئة مدرسة في المناطق البعيدة قبل نهاية العام "
    "المقبل بكلفة تبلغ عشرين مليون دينار.",
    "وقال الوزير إن وزارة التعليم العالي ستبدأ العمل في الشهر القادم وإن المدارس الأولى ستفتح أبوابها في الخريف.",
    "وأضاف أن الطلاب الذين يقطعون مسافات طويلة كل يوم من أجل الوصول إلى مدارسهم لن يحتاجوا إلى ذلك بعد اليوم.",
)
# At some others too few lines of the Arabic are full for the width to be found.
WIDTHS = (36, 44, 56, 64, 76)


class _Linking(MarkingTranslator):
    """Keeps what it was given and links each word with the same word behind the mark."""

    async def translate_segments(
        self,
        segments: Sequence[str],
        pair: LanguagePair,
        options: DecodingOptions,
        glossary: Glossary,
        context: RequestContext,
    ) -> list[SegmentTranslation]:
        done = await super().translate_segments(segments, pair, options, glossary, context)
        return [
            replace(
                one,
                word_links=tuple(
                    WordLink(Span(*match.span()), Span(*match.span()).shifted(1))
                    for match in re.finditer(r"[\w-]+", one.source_text)
                ),
            )
            for one in done
        ]


class _Recording:
    """An encoder that keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def encode(self, texts: Sequence[str], *, alone: bool = False) -> Vectors:
        self.given += texts
        return np.eye(len(texts), 8, dtype=np.float32)


async def _read(text: str, language: str, kind: TextFormat) -> tuple[BilingualSummary, list[str], list[str]]:
    translator, encoder = _Linking(), _Recording()
    pipeline = SummaryPipeline(translator, EncodingQueue(encoder), summary_model=ModelReference("none", "1", "x" * 64))
    chosen = SummarySettings(full_translation=True, decoding=DecodingOptions(word_alignments=True), max_key_terms=5)
    article = ArticleInput(text, language=language, format=kind)
    return (await pipeline.summarize(article, chosen, RequestContext())).summary, translator.given, encoder.given


def _flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("mark", ["", "> ", ">> "])
@pytest.mark.parametrize("sentences", [SENTENCES, ARABIC])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_models_read_what_was_written_and_offsets_are_those_of_the_article(
    sentences: Sequence[str], mark: str, width: int, end: str
) -> None:
    language = "en" if sentences is SENTENCES else "ar"
    text = end.join(mark + line for line in textwrap.wrap(" ".join(sentences), width))
    got, translated, encoded = await _read(text, language, TextFormat.PLAIN_TEXT)
    assert [_flat(one) for one in translated] == list(sentences)
    assert [_flat(one) for one in encoded] == list(sentences)
    for one in got.full_translation:
        assert one.source_text == one.source_span.of(text)
        linked = [
            (link.source_span.of(one.source_text), link.target_span.of(one.target_text)) for link in one.word_links
        ]
        assert len(linked) > 10
        for source, target in linked:
            assert re.sub(r"-\s+(?:>+ )?", "-", source) == target
    term, places = ("Harbour Authority", 2) if language == "en" else ("وزارة التعليم العالي", 2)
    found = [one for one in got.key_terms if _flat(one.source_text.replace(">", "")) == term]
    assert [len(one.source_spans) for one in found] == [places]
    assert {_flat(span.of(text).replace(">", "")) for span in found[0].source_spans} == {term}
    assert _flat(found[0].target_text) == term


HYPHENATED = """The council of the harbour said on Monday that it had bought a ma-
chine for the old bridge, and that the con-
tractors would repair its pillars be-
fore the ships come back from the is-
lands in the summer of the next year."""


@pytest.mark.parametrize("mark", ["", "> "])
async def test_a_word_broken_at_the_end_of_a_line_is_one_word(mark: str) -> None:
    text = "\n".join(mark + line for line in HYPHENATED.split("\n"))
    got, translated, _ = await _read(text, "en", TextFormat.PLAIN_TEXT)
    (one,) = got.full_translation
    assert one.source_text == text[one.source_span.start : one.source_span.end]
    assert _flat(translated[0]) == _flat(HYPHENATED.replace("-\n", ""))
    links = {link.target_span.of(one.target_text): link.source_span.of(one.source_text) for link in one.word_links}
    assert links["machine"] == f"ma-\n{mark}chine"
    assert links["islands"] == f"is-\n{mark}lands"
    assert got.statistics.words == len(translated[0].split())


@pytest.mark.parametrize(
    "text",
    [
        "Take the 5-\nlitre pot.\n\nIt is the one that the cook has had for years.",
        "More than 20 came -\nthe others stayed.\n\nThey had been asked to come by the mayor of the town.",
        "> Prices rose on Monday.\n\nThe bank said on Tuesday that it would wait until the end of the month.",
    ],
)
def test_without_broken_lines_nothing_is_left_out(text: str) -> None:
    document = read_article(ArticleInput(text, language="en"), "en").document
    assert document.unread == ()
    assert [document.as_read(one.span) for one in document.sentences] == [
        one.span.of(text) for one in document.sentences
    ]
