"""Summaries that a model writes: a scripted decoder, the real encoder, reader, scheduler and checks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import pytest
from khulasa.server.core.errors import InvalidInputError
from khulasa.server.core.pipeline.abstractive import AbstractiveWriter, windows_of
from khulasa.server.core.pipeline.encoding import EncodingQueue
from khulasa.server.core.pipeline.summarize import SummaryPipeline
from khulasa.server.core.pipeline.types import ArticleInput, SummaryResult, SummarySettings
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.summary.support import stems_of, unsupported_names
from khulasa.server.core.summary.types import SummaryBounds
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.engine import DecodedHypothesis, DecodedSegment, EngineOptions, SegmentTokens
from khulasa.server.core.translation.names.lexicon import is_arabic_name
from khulasa.server.core.translation.scheduling.scheduler import Scheduler
from khulasa.server.core.translation.tokenizer import PairTokens, SegmentTokenizer
from khulasa.server.core.translation.translator.parts import DecodingDefaults, LanguageRules, LoadedPackage
from khulasa.server.core.translation.types import (
    DecodingOptions,
    Glossary,
    LanguagePair,
    ModelReference,
    QualityFlag,
    RequestContext,
    SegmentTranslation,
    WordLink,
)
from marking_translator import MarkingTranslator

ARTICLE = (
    "The central bank of Norland raised its main rate by two points on Tuesday.\n"
    "Governor Anna Lindqvist said that prices had risen by 14 percent in a year.\n"
    "Shares of the largest lenders fell by 3 percent after the decision.\n"
    "In another town, a museum of clocks opened its doors to visitors after a long repair."
)
TRUE = "The bank raised its main rate by two points."
PRICES = "Governor Lindqvist said prices rose by 14 percent."
WRONG_NUMBER = "Governor Lindqvist said prices rose by 41 percent."
WRONG_NAME = "The rate was raised by Governor Petrovich."


def sentences(line: str, _language: str) -> list[Span]:
    return [Span(*match.span()) for match in re.finditer(r"\S[^.]*\.?(?<!\s)", line)]


@dataclass
class WordSpec:
    engine_tokens: int = 1

    def tokens_of(self, _pair: LanguagePair) -> PairTokens:
        return PairTokens((), (), ("<write>",))


class WordTokenizer:
    """White space separates tokens."""

    spec = WordSpec()

    def encode(self, text: str, _pair: LanguagePair) -> list[str]:
        return text.split()

    def decode(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens)

    def count_tokens(self, text: str) -> int:
        return len(text.split())


class Scripted:
    """Writes what it is told for each window, and keeps what it read."""

    def __init__(self, *answers: str, truncated: bool = False) -> None:
        self.answers, self.truncated = list(answers), truncated
        self.read: list[SegmentTokens] = []
        self.options: list[EngineOptions] = []

    def run(
        self,
        batch: Sequence[SegmentTokens],
        options: EngineOptions,
        cancelled: Callable[[int], bool] | None = None,
    ) -> list[DecodedSegment]:
        self.read += batch
        self.options.append(options)
        return [
            DecodedSegment((DecodedHypothesis(tuple(self.answers.pop(0).split()), -0.5),), truncated=self.truncated)
            for _ in batch
        ]


def _doubts(segment: str) -> tuple[QualityFlag, ...]:
    return (QualityFlag.NUMBER_MISMATCH,) if "nine" in segment else ()


class Rig:
    def __init__(self, encoder: SentenceEncoder, decoder: Scripted, *, max_input_tokens: int = 512) -> None:
        self.scheduler = Scheduler()
        self.scheduler.start()
        self.translator = MarkingTranslator(_doubts)
        package = LoadedPackage(
            ModelReference("writer", "1", "w" * 64),
            (LanguagePair("en", "en"),),
            decoder,
            cast("SegmentTokenizer", WordTokenizer()),
            max_input_tokens,
            DecodingDefaults(5, repetition_penalty=1.5, length_penalty=0.25, max_decoding_tokens=64),
        )
        encoding = EncodingQueue(encoder)
        self.writer = AbstractiveWriter(package, self.scheduler, LanguageRules(sentences), encoding)
        self.pipeline = SummaryPipeline(
            self.translator, encoding, summary_model=ModelReference("extractive", "1", "x" * 64), writer=self.writer
        )

    async def summarize(self, text: str = ARTICLE, **settings: object) -> SummaryResult:
        bounds = SummaryBounds(**{k: settings.pop(k) for k in ("max_sentences", "max_words", "ratio") if k in settings})
        return await self.pipeline.summarize(
            ArticleInput(text, language="en"), SummarySettings(bounds=bounds, **settings), RequestContext()
        )


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder(1)


@pytest.fixture
async def make_rig(encoder: SentenceEncoder) -> AsyncIterator[Callable[..., Rig]]:
    rigs: list[Rig] = []

    def make(*answers: str, truncated: bool = False, max_input_tokens: int = 512) -> Rig:
        rigs.append(Rig(encoder, Scripted(*answers, truncated=truncated), max_input_tokens=max_input_tokens))
        return rigs[-1]

    yield make
    for rig in rigs:
        await asyncio.wait_for(rig.scheduler.close(), 20)


async def test_what_the_model_wrote_is_paired_and_tied_to_its_evidence(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(f"{TRUE} {PRICES}")
    result = await rig.summarize(max_sentences=2)
    assert result.summary_model.name == "writer"
    assert [one.source_text for one in result.summary.sentences] == [TRUE, PRICES]
    for one, index in zip(result.summary.sentences, (0, 1), strict=True):
        assert one.target_text == f"~{one.source_text}"
        assert one.source_span == (0, 0)
        assert one.flags == ()
        assert ARTICLE.split("\n")[index] in [span.of(ARTICLE) for span in one.evidence_spans]
    assert result.summary.statistics.summary_words == len(f"{TRUE} {PRICES}".split())


@pytest.mark.parametrize("wrong", [WRONG_NUMBER, WRONG_NAME])
async def test_numbers_and_names_that_the_article_lacks_are_flagged(make_rig: Callable[..., Rig], wrong: str) -> None:
    result = await make_rig(f"{TRUE} {wrong}").summarize(max_sentences=2)
    flags = {one.source_text: one.flags for one in result.summary.sentences}
    assert flags == {TRUE: (), wrong: (QualityFlag.UNSUPPORTED,)}


async def test_a_number_that_stands_elsewhere_brings_its_sentence_as_evidence(make_rig: Callable[..., Rig]) -> None:
    written = "The bank raised its main rate by two points and shares lost 3 percent."
    (one,) = (await make_rig(written).summarize(max_sentences=1)).summary.sentences
    assert one.flags == ()
    assert any("3 percent" in span.of(ARTICLE) for span in one.evidence_spans)


async def test_a_written_sentence_weighs_as_much_as_the_best_of_its_evidence(make_rig: Callable[..., Rig]) -> None:
    written = "The bank raised its main rate by two points and shares lost 3 percent."
    summary = (await make_rig(written).summarize(max_sentences=1, full_translation=True)).summary
    weights = {one.source_span: one.salience for one in summary.full_translation}
    (one,) = summary.sentences
    assert len({weights[span] for span in one.evidence_spans}) > 1
    assert one.salience == max(weights[span] for span in one.evidence_spans)
    assert [span.start for span in one.evidence_spans] == sorted(span.start for span in one.evidence_spans)


async def test_what_is_written_twice_is_one_sentence_and_what_has_no_letter_none(make_rig: Callable[..., Rig]) -> None:
    result = await make_rig(f"{PRICES} {TRUE} 14. {TRUE} ...").summarize(max_sentences=4)
    # In the order of the article.
    assert [one.source_text for one in result.summary.sentences] == [TRUE, PRICES]


@pytest.mark.parametrize(("beams", "deterministic"), [(0, False), (3, True)])
async def test_the_package_says_how_it_is_decoded_and_the_caller_with_how_many_beams(
    make_rig: Callable[..., Rig], beams: int, deterministic: bool
) -> None:
    rig = make_rig(TRUE)
    context = RequestContext()
    chosen = SummarySettings(decoding=DecodingOptions(beams, deterministic=deterministic))
    await rig.pipeline.summarize(ArticleInput(ARTICLE, language="en"), chosen, context)
    decoder = cast("Scripted", rig.writer._package.runner)
    assert decoder.options == [
        EngineOptions(
            beam_size=beams or 5,
            repetition_penalty=1.5,
            length_penalty=0.25,
            no_repeat_ngram_size=3,
            max_decoding_tokens=64,
            deterministic=deterministic,
        )
    ]
    assert decoder.read == [SegmentTokens(tuple(ARTICLE.split()), ("<write>",), 0, 0)]
    assert 0 < context.timings.translate_ms <= context.timings.total_ms


async def test_long_articles_are_read_to_the_end_in_windows(encoder: SentenceEncoder) -> None:
    lines = [
        f"Sentence number {n} of the report names the village of Place{n} and its {n + 20} wells." for n in range(40)
    ]
    text = "\n".join(lines)
    rig = Rig(encoder, Scripted(*(f"Village {n} has wells." for n in range(40))), max_input_tokens=60)
    try:
        result = await rig.summarize(text, max_sentences=3)
    finally:
        await rig.scheduler.close()
    decoder = cast("Scripted", rig.writer._package.runner)
    # A batch holds its shortest window first, so the order in which they are read is not theirs in the article.
    windows = sorted((list(work.source) for work in decoder.read), key=lambda window: int(window[2]))
    assert [token for window in windows for token in window] == text.split()
    assert max(len(work.source) + 1 for work in decoder.read) <= 60
    assert len(decoder.read) == -(-40 // (59 // len(lines[0].split())))
    assert len(result.summary.sentences) == 3


async def test_a_sentence_longer_than_a_window_is_divided_not_cut(encoder: SentenceEncoder) -> None:
    text = " ".join(f"word{n}" for n in range(100)) + "."
    windows = windows_of(parse_document(text, "en"), lambda part: len(part.split()), 30)
    assert " ".join(windows).split() == text.split()
    assert max(len(window.split()) for window in windows) <= 30


@pytest.mark.parametrize(("bound", "value"), [("max_sentences", 1), ("max_words", 12), ("ratio", 0.25)])
async def test_bounds_are_kept(make_rig: Callable[..., Rig], bound: str, value: float) -> None:
    result = await make_rig(f"{TRUE} {PRICES} Shares of lenders fell. A museum opened.").summarize(**{bound: value})
    words = sum(len(one.source_text.split()) for one in result.summary.sentences)
    assert result.summary.sentences
    if bound == "max_sentences":
        assert len(result.summary.sentences) <= value
    else:
        assert words <= (value if bound == "max_words" else value * len(ARTICLE.split()))


async def test_a_bound_with_no_room_is_an_error_that_names_it(make_rig: Callable[..., Rig]) -> None:
    with pytest.raises(InvalidInputError) as error:
        await make_rig(TRUE).summarize(max_words=2)
    assert [v.field for v in error.value.violations] == ["options.max_words"]


async def test_what_was_cut_at_the_length_limit_says_so(make_rig: Callable[..., Rig]) -> None:
    result = await make_rig(f"{TRUE} Shares of lenders fell", truncated=True).summarize(max_sentences=2)
    flags = [one.flags for one in result.summary.sentences]
    assert flags == [(), (QualityFlag.TRUNCATED,)]


async def test_a_focus_is_refused_rather_than_ignored(make_rig: Callable[..., Rig]) -> None:
    with pytest.raises(InvalidInputError) as error:
        await make_rig(TRUE).summarize(focus="museum")
    assert [v.field for v in error.value.violations] == ["options.focus"]


async def test_a_doubtful_translation_of_the_title_says_so(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(TRUE)
    article = ArticleInput(ARTICLE, title="Rate to stay for nine days", language="en")
    title = (await rig.pipeline.summarize(article, SummarySettings(), RequestContext())).summary.title
    assert title.target_text == "~Rate to stay for nine days"
    assert title.flags == (QualityFlag.NUMBER_MISMATCH,)


async def test_a_model_that_writes_nothing_leaves_the_summary_to_the_articles_sentences(
    make_rig: Callable[..., Rig],
) -> None:
    result = await make_rig("").summarize(max_sentences=2)
    assert result.summary_model.name == "extractive"
    for one in result.summary.sentences:
        assert one.source_span.of(ARTICLE) == one.source_text
    assert len(result.summary.sentences) == 2


@pytest.mark.parametrize(
    ("written", "language", "found"),
    [
        ("أعلن الوزير سعيد قسطنطين القرار.", "ar", ("قسطنطين",)),
        ("أعلنت الوزيرة ليلى حداد القرار في صفاقس.", "ar", ()),
        ("وقالت حداد إن القرار نهائي.", "ar", ()),
        ("قالت الوزيرة لحداد إن الحكومة ستعلن قرارا.", "ar", ()),
    ],
)
def test_names_in_arabic_are_compared_without_their_prefixes(
    written: str, language: str, found: tuple[str, ...]
) -> None:
    document = parse_document("أعلنت الوزيرة ليلى حداد في صفاقس قرارا نهائيا للحكومة.", "ar")
    assert unsupported_names(written, language, stems_of(document), is_arabic_name) == found


class _Linking(MarkingTranslator):
    """Links the first letter of each segment, whenever links are wanted."""

    async def translate_segments(
        self,
        segments: Sequence[str],
        _pair: LanguagePair,
        options: DecodingOptions,
        _glossary: Glossary,
        _context: RequestContext,
    ) -> list[SegmentTranslation]:
        done = await super().translate_segments(segments, _pair, options, _glossary, _context)
        links = (WordLink(Span(0, 1), Span(1, 2)),) if options.word_alignments else ()
        return [replace(one, word_links=links) for one in done]


@pytest.mark.parametrize("asked", [True, False])
async def test_word_links_of_what_was_written_are_given_to_who_asked_for_them(
    make_rig: Callable[..., Rig], asked: bool
) -> None:
    rig = make_rig(f"{TRUE} {PRICES}")
    rig.pipeline._translator = _Linking()
    # Key terms need links of their own, which nobody gets for that.
    result = await rig.summarize(max_sentences=2, max_key_terms=3, decoding=DecodingOptions(word_alignments=asked))
    expected = (WordLink(Span(0, 1), Span(1, 2)),) if asked else ()
    assert [one.word_links for one in result.summary.sentences] == [expected, expected]
