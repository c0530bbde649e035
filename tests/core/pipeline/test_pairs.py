"""Each pair carries what is known of its own sentence and of its own translation, and nothing of another's."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from khulasa.server.core.errors import DeadlineError
from khulasa.server.core.pipeline import summarize
from khulasa.server.core.pipeline.abstractive import WrittenSentence
from khulasa.server.core.pipeline.assembly import Reading, Translations, assemble
from khulasa.server.core.pipeline.encoding import EncodingQueue
from khulasa.server.core.pipeline.reading import read_article
from khulasa.server.core.pipeline.summarize import SummaryPipeline
from khulasa.server.core.pipeline.types import ArticleInput, SummaryResult, SummarySettings
from khulasa.server.core.summary import selection
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.summary.salience import salience
from khulasa.server.core.summary.types import SummaryBounds
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.types import (
    DecodingOptions,
    Glossary,
    GlossaryTerm,
    LanguagePair,
    ModelReference,
    Origin,
    Priority,
    QualityFlag,
    RequestContext,
    SegmentTranslation,
    WordLink,
)
from marking_translator import MarkingTranslator

TITLE = "مجلس النجمة يقر خطة الماء"
SENTENCES = (
    "أقر مجلس النجمة يوم الأحد خطة جديدة لتوزيع الماء على أحياء المدينة كلها.",
    "وقال رئيس المجلس إن الخطة تكلف مبلغا كبيرا وتبدأ في الصيف المقبل.",
    "ورفض سكان الحي القديم الخطة لأنها تقطع الماء عنهم يومين في الأسبوع.",
    "ويبدأ العمال حفر القنوات الأولى قرب السوق بعد نهاية شهر الحصاد.",
)
TEXT = f"{TITLE}\n\n{SENTENCES[0]} {SENTENCES[1]}\n\n{SENTENCES[2]}\n\n{SENTENCES[3]}"
# Counted over all parts: the headline is the first.
PARAGRAPHS = (1, 1, 2, 3)


@dataclass
class _Asked:
    segments: list[str]
    pair: LanguagePair
    options: DecodingOptions
    glossary: Glossary
    context: RequestContext


@dataclass
class _Telling(MarkingTranslator):
    """No two translations have a figure, a flag or a link in common."""

    asked: list[_Asked] = field(default_factory=list)
    made: dict[str, SegmentTranslation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    async def translate_segments(
        self,
        segments: Sequence[str],
        pair: LanguagePair,
        options: DecodingOptions,
        glossary: Glossary,
        context: RequestContext,
    ) -> list[SegmentTranslation]:
        self.asked.append(_Asked(list(segments), pair, options, glossary, context))
        done = await super().translate_segments(segments, pair, options, glossary, context)
        found = [
            replace(
                one,
                score=-0.5 - number,
                similarity=0.9 - number / 10,
                flags=(list(QualityFlag)[number],),
                word_links=(WordLink(Span(number, number + 1), Span(number + 1, number + 2)),),
                origin=list(Origin)[number % len(Origin)],
            )
            for number, one in enumerate(done)
        ]
        self.made.update(zip(segments, found, strict=True))
        return found


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder(1)


async def summarized(
    encoder: SentenceEncoder,
    settings: SummarySettings,
    *,
    language: str = "",
    context: RequestContext | None = None,
) -> tuple[SummaryResult, _Telling]:
    translator = _Telling()
    pipeline = SummaryPipeline(
        translator, EncodingQueue(encoder), summary_model=ModelReference("extractive", "1", "x" * 64)
    )
    article = ArticleInput(TEXT, article_id="a-1", language=language)
    return await pipeline.summarize(article, settings, context or RequestContext()), translator


async def test_a_pair_has_the_place_and_the_figures_of_its_own_sentence(encoder: SentenceEncoder) -> None:
    settings = SummarySettings(
        bounds=SummaryBounds(max_sentences=2), full_translation=True, decoding=DecodingOptions(word_alignments=True)
    )
    result, translator = await summarized(encoder, settings)
    summary = result.summary
    assert [one.source_text for one in summary.full_translation] == list(SENTENCES)
    assert [one.paragraph_index for one in summary.full_translation] == list(PARAGRAPHS)
    assert [one.sentence_index for one in summary.full_translation] == [0, 1, 2, 3]
    for pair in (*summary.full_translation, *summary.sentences):
        own = translator.made[pair.source_text]
        assert (pair.target_text, pair.score, pair.similarity) == (own.target_text, own.score, own.similarity)
        assert (pair.flags, pair.word_links, pair.origin) == (own.flags, own.word_links, own.origin)
        assert pair.source_span == (TEXT.index(pair.source_text), TEXT.index(pair.source_text) + len(pair.source_text))
        assert pair.evidence_spans == ()
    # A sentence of the summary is one of the full translation, with the same salience.
    assert len(summary.sentences) == 2
    assert set(summary.sentences) < set(summary.full_translation)
    assert len({one.salience for one in summary.full_translation}) == 4
    assert all(0 <= one.salience <= 1 for one in summary.full_translation)
    title = translator.made[TITLE]
    assert (summary.title.source_text, summary.title.target_text) == (TITLE, title.target_text)
    assert summary.title.flags == title.flags


async def test_salience_is_computed_once(encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    computed = []

    def counted(*arguments: object, **named: object) -> object:
        computed.append(salience(*arguments, **named))
        return computed[-1]

    for module in (summarize, selection):
        monkeypatch.setattr(module, "salience", counted)
    result, _ = await summarized(encoder, SummarySettings(bounds=SummaryBounds(max_sentences=2)))
    (weights,) = computed
    assert [one.salience for one in result.summary.sentences] == [
        weights[one.sentence_index] for one in result.summary.sentences
    ]


async def test_the_article_is_counted(encoder: SentenceEncoder) -> None:
    result, _ = await summarized(encoder, SummarySettings(bounds=SummaryBounds(max_sentences=2)))
    counts = result.summary.statistics
    assert (counts.chars, counts.sentences, counts.paragraphs) == (len(TEXT), 4, 4)
    assert counts.words == sum(len(one.split()) for one in SENTENCES)
    assert counts.summary_words == sum(len(one.source_text.split()) for one in result.summary.sentences)
    assert result.summary.article_id == "a-1"


@pytest.mark.parametrize("language", ["", "ar"])
async def test_the_answer_says_what_was_detected_and_what_made_it(encoder: SentenceEncoder, language: str) -> None:
    context = RequestContext()
    result, _ = await summarized(encoder, SummarySettings(), language=language, context=context)
    assert result.detected_language == ("" if language else "ar")
    assert (result.translation_model.name, result.summary_model.name) == ("marking", "extractive")
    assert 0 < context.timings.summarize_ms <= context.timings.total_ms


@pytest.mark.parametrize("whole", [True, False])
async def test_no_more_is_translated_than_was_asked_for_and_as_it_was_asked(
    encoder: SentenceEncoder, whole: bool
) -> None:
    decoding = DecodingOptions(beam_size=3, deterministic=True)
    glossary = Glossary((GlossaryTerm("الماء", "water"),))
    settings = SummarySettings(
        "en", SummaryBounds(max_sentences=1), full_translation=whole, decoding=decoding, glossary=glossary
    )
    context = RequestContext(priority=Priority.BULK)
    result, translator = await summarized(encoder, settings, context=context)
    (asked,) = translator.asked
    (chosen,) = result.summary.sentences
    assert asked.segments == [*(SENTENCES if whole else [chosen.source_text]), TITLE]
    assert (asked.pair, asked.options, asked.glossary) == (LanguagePair("ar", "en"), decoding, glossary)
    assert asked.context is context
    assert len(result.summary.full_translation) == (4 if whole else 0)
    assert chosen.word_links == ()


async def test_an_article_whose_deadline_has_passed_is_not_read(encoder: SentenceEncoder) -> None:
    context = RequestContext(deadline=time.monotonic() - 1)
    with pytest.raises(DeadlineError):
        await summarized(encoder, SummarySettings(), context=context)


def test_a_sentence_that_a_model_wrote_stands_where_its_first_evidence_does() -> None:
    article = ArticleInput(TEXT)
    read = read_article(article, "ar")
    written = WrittenSentence("كلام كتبه النموذج.", (2, 3), 0.25, (QualityFlag.UNSUPPORTED, QualityFlag.TRUNCATED))
    one = SegmentTranslation(
        Span(0, 18),
        Span(0, 7),
        written.text,
        "Written",
        -0.5,
        0.75,
        (QualityFlag.TRUNCATED, QualityFlag.NUMBER_MISMATCH),
        (WordLink(Span(0, 4), Span(0, 7)),),
        origin=Origin.MEMORY,
    )
    reading = Reading(read, None, None, None, [0.5] * 4, [], [], [written])  # type: ignore[arg-type]
    settings = SummarySettings(decoding=DecodingOptions(word_alignments=True))
    (pair,) = assemble(article, settings, reading, Translations(None, {}, [one]), "en").sentences
    assert (pair.source_text, pair.target_text) == (written.text, "Written")
    assert (pair.paragraph_index, pair.sentence_index, pair.source_span) == (2, 2, (0, 0))
    assert (pair.salience, pair.score, pair.similarity) == (0.25, -0.5, 0.75)
    assert sorted(pair.flags, key=list(QualityFlag).index) == list(pair.flags)
    assert set(pair.flags) == {QualityFlag.UNSUPPORTED, QualityFlag.TRUNCATED, QualityFlag.NUMBER_MISMATCH}
    assert len(pair.flags) == 3
    assert (pair.word_links, pair.origin) == (one.word_links, Origin.MEMORY)
    assert [span.of(TEXT) for span in pair.evidence_spans] == [SENTENCES[2], SENTENCES[3]]
