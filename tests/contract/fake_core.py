"""A core without models: deterministic, instrumented, and able to fail in every way that the real one can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from khulasa.server.api.ports import ModelDescription, ModelKind, QualityFigure, ServingCore
from khulasa.server.core.errors import (
    DeadlineError,
    FieldViolation,
    NothingToSummarizeError,
    NotServingError,
    OverloadedError,
    UnsupportedLanguageError,
)
from khulasa.server.core.pipeline.types import (
    AlignedSentence,
    AlignedText,
    ArticleInput,
    ArticleStatistics,
    BilingualSummary,
    SummaryResult,
    SummarySettings,
)
from khulasa.server.core.text.types import Part, PartKind, Span
from khulasa.server.core.translation.types import (
    Assessment,
    DecodingOptions,
    Glossary,
    LanguagePair,
    ModelReference,
    QualityFlag,
    RequestContext,
    SegmentTranslation,
    StreamedSegment,
    TextFormat,
    TextTranslation,
)

PAIRS = (LanguagePair("ar", "en"), LanguagePair("en", "ar"))
TRANSLATION = ModelReference("fake-base", "1.0", "a" * 64)
SUMMARY = ModelReference("fake-extract", "1.0", "b" * 64)
MODELS = (
    ModelDescription(
        "fake-base",
        "1.0",
        "a" * 64,
        ModelKind.TRANSLATION,
        pairs=PAIRS,
        licence="Apache-2.0",
        max_input_tokens=512,
        quality=(QualityFigure("flores200-dev", PAIRS[0], "BLEU", 12.5, "nrefs:1"),),
        preview=True,
        description="a fake",
    ),
    ModelDescription("fake-extract", "1.0", "b" * 64, ModelKind.SUMMARIZATION, languages=("ar", "en")),
)


@dataclass
class FakeCore:
    """Translates by upper-casing, summarises by taking the first line.

    Attributes:
        error: Raised by every call when set.
        delay_s: How long each call works.
        gate: Calls wait for it when it is given.
        working: Calls at work now; `peak` is the most there ever were.
        cancelled: Calls that were cancelled.
        contexts: What was handed in, in order.
        hopeless: No deadline can be met.
        room: Code points for which the queue has room, None for any.
        asked: Callers and seconds left of calls whose message was not read yet.
    """

    error: Exception | None = None
    delay_s: float = 0.0
    gate: asyncio.Event | None = None
    loaded: bool = True
    working: int = 0
    peak: int = 0
    cancelled: int = 0
    contexts: list[RequestContext] = field(default_factory=list)
    articles: list[ArticleInput] = field(default_factory=list)
    settings: list[SummarySettings] = field(default_factory=list)
    options: list[DecodingOptions] = field(default_factory=list)
    hopeless: bool = False
    room: int | None = None
    asked: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def lend(self) -> Iterator[ServingCore]:
        if not self.loaded:
            raise NotServingError("the server is loading its models")
        yield ServingCore(self, self, self.detect, MODELS)

    pairs = PAIRS

    def resolve_pair(self, source: str, target: str) -> LanguagePair:
        for pair in PAIRS:
            if pair.source == source and target in ("", pair.target):
                return pair
        raise UnsupportedLanguageError(source, target, [(p.source, p.target) for p in PAIRS])

    def check_deadline(self, caller: str, remaining_s: float) -> None:
        self.asked.append((caller, remaining_s))
        if self.hopeless:
            raise DeadlineError("the queue is too long")

    @contextmanager
    def estimated(self, texts: Sequence[str], context: RequestContext, seen: Sequence[str] = ()) -> Iterator[None]:
        if self.room is not None and sum(map(len, seen or texts)) > self.room:
            raise OverloadedError(f"the queue is full for {context.caller}", 2.0)
        yield

    def model_of(self, pair: LanguagePair) -> ModelReference:
        return TRANSLATION

    async def detect(
        self, texts: Sequence[str], candidates: Sequence[str], *, format: TextFormat = TextFormat.PLAIN_TEXT
    ) -> str | None:
        joined = "".join(texts)
        if any("\u0600" <= c <= "\u06ff" for c in joined):
            return "ar"
        if any("\u0400" <= c <= "\u04ff" for c in joined):
            return "ru"
        if any("\u2d30" <= c <= "\u2d7f" for c in joined):
            return ""
        return "en" if any(c.isalpha() for c in joined) else None

    async def _work(self, context: RequestContext) -> None:
        self.contexts.append(context)
        self.working += 1
        self.peak = max(self.peak, self.working)
        try:
            if self.error is not None:
                raise self.error
            if self.gate is not None:
                await self.gate.wait()
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.working -= 1

    async def translate_texts(
        self,
        texts: Sequence[str],
        pair: LanguagePair,
        options: DecodingOptions,
        glossary: Glossary,
        context: RequestContext,
        *,
        format: TextFormat = TextFormat.PLAIN_TEXT,
    ) -> list[TextTranslation]:
        self.options.append(options)
        await self._work(context)
        context.timings.translate_ms += 1.5
        return [TextTranslation(text.upper(), (segment(text),) if text.strip() else ()) for text in texts]

    async def stream_texts(
        self,
        texts: Sequence[str],
        pair: LanguagePair,
        options: DecodingOptions,
        glossary: Glossary,
        context: RequestContext,
        *,
        format: TextFormat = TextFormat.PLAIN_TEXT,
    ) -> AsyncGenerator[StreamedSegment, None]:
        left = sum(bool(text.strip()) for text in texts)
        for index, text in enumerate(texts):
            await self._work(context)
            if text.strip():
                left -= 1
                yield StreamedSegment(index, 0, segment(text), last=not left)

    async def assess(
        self,
        pairs: Sequence[tuple[str, str]],
        pair: LanguagePair,
        glossary: Glossary,
        context: RequestContext,
        *,
        word_alignments: bool = False,
    ) -> list[Assessment]:
        await self._work(context)
        return [Assessment(-1.0, 0.5, (QualityFlag.EMPTY,) if not target else ()) for _, target in pairs]

    async def summarize(
        self, article: ArticleInput, settings: SummarySettings, context: RequestContext
    ) -> SummaryResult:
        self.articles.append(article)
        self.settings.append(settings)
        await self._work(context)
        language = article.language or await self.detect([article.text], [])
        if not language:
            raise NothingToSummarizeError([FieldViolation("article.text", "holds no sentence of running text")])
        self.resolve_pair(language, settings.target_language)
        line = article.text.strip().splitlines()[0]
        start = article.text.index(line)
        sentence = AlignedSentence(
            line, line.upper(), Span(start, start + len(line)), 0, 0, 0.75, -0.5, 0.9, (QualityFlag.NUMBER_MISMATCH,)
        )
        whole = Span(0, len(article.text))
        summary = BilingualSummary(
            article.article_id,
            AlignedText(article.title, article.title.upper()),
            (sentence,),
            (),
            (sentence,) if settings.full_translation else (),
            (Part(PartKind.BODY, whole),),
            ArticleStatistics(len(article.text), 1, 1, 1, 1),
        )
        return SummaryResult(summary, "" if article.language else language, TRANSLATION, SUMMARY)


def segment(text: str) -> SegmentTranslation:
    """The whole text as one segment."""
    return SegmentTranslation(Span(0, len(text)), Span(0, len(text.upper())), text, text.upper(), -0.5, 0.9)
