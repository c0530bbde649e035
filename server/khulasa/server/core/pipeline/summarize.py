"""Article in, aligned bilingual summary out. Only what the caller asked for is translated."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from khulasa.server.core.errors import DeadlineError, InvalidInputError
from khulasa.server.core.pipeline.abstractive import AbstractiveWriter, WrittenSentence
from khulasa.server.core.pipeline.encoding import EncodingQueue, Vectors
from khulasa.server.core.pipeline.key_terms import align_key_terms
from khulasa.server.core.pipeline.reading import ReadArticle, article_language, read_article
from khulasa.server.core.pipeline.types import (
    AlignedKeyTerm,
    AlignedSentence,
    AlignedText,
    ArticleInput,
    ArticleStatistics,
    BilingualSummary,
    SummaryResult,
    SummarySettings,
)
from khulasa.server.core.summary.key_terms import extract_key_terms
from khulasa.server.core.summary.selection import salience, select_sentences
from khulasa.server.core.summary.types import KeyTerm, SelectedSentence
from khulasa.server.core.text.types import Span
from khulasa.server.core.text.words import count_words
from khulasa.server.core.translation.aside import work_priority
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

__all__ = ["SegmentTranslator", "SummaryPipeline"]

_T = TypeVar("_T")


class SegmentTranslator(Protocol):
    """What the pipeline needs of the translation room; `Translator` is the real one."""

    @property
    def pairs(self) -> tuple[LanguagePair, ...]:
        """Directions served, defaults first."""
        ...

    def resolve_pair(self, source: str, target: str) -> LanguagePair:
        """The pair meant; an empty target is the only or first one from `source`."""
        ...

    def model_of(self, pair: LanguagePair) -> ModelReference:
        """The model that serves the pair."""
        ...

    async def translate_segments(
        self,
        segments: Sequence[str],
        pair: LanguagePair,
        options: DecodingOptions,
        glossary: Glossary,
        context: RequestContext,
    ) -> list[SegmentTranslation]:
        """One translation for each sentence, same order."""
        ...


@dataclass(slots=True)
class _Reading:
    """What is known of an article before anything is translated.

    Attributes:
        vectors: Of its sentences, same order.
        title_vector, focus_vector: None without a title, without a focus.
        salience: Of each sentence.
        selected: The summary's sentences; empty when a model writes them.
        written: What the model wrote, None for an extractive summary.
    """

    article: ReadArticle
    vectors: Vectors
    title_vector: Vectors | None
    focus_vector: Vectors | None
    salience: list[float]
    selected: list[SelectedSentence]
    terms: list[KeyTerm]
    written: list[WrittenSentence] | None = None


@dataclass(frozen=True, slots=True)
class _Translations:
    """Of one article.

    Attributes:
        title: None without a title.
        sentences: By index of the article's sentence.
        written: Of what a model wrote, same order.
    """

    title: SegmentTranslation | None
    sentences: dict[int, SegmentTranslation]
    written: list[SegmentTranslation]


class SummaryPipeline:
    """Reads, selects, translates and pairs; holds no state between requests.

    Args:
        translator: Translates sentences.
        encoding: Turns at the sentence encoder.
        summary_model: What the answer names as the maker of the selection.
        executor: Where reading and selecting run, so that the event loop stays free.
        writer: Writes summaries in the languages that it knows; the others stay extractive.
    """

    def __init__(
        self,
        translator: SegmentTranslator,
        encoding: EncodingQueue,
        *,
        summary_model: ModelReference,
        executor: Executor | None = None,
        writer: AbstractiveWriter | None = None,
    ) -> None:
        self._translator, self._encoding = translator, encoding
        self._summary_model, self._executor, self._writer = summary_model, executor, writer

    async def summarize(
        self, article: ArticleInput, settings: SummarySettings, context: RequestContext
    ) -> SummaryResult:
        """The aligned bilingual summary of one article.

        Raises:
            InvalidInputError: the bounds leave no room for one sentence, or a focus is asked of a model that writes.
            NothingToSummarizeError: the article holds no sentence of running text.
            UnsupportedLanguageError: no model from its language, or none to the target language.
            OverloadedError: the queue is full.
            DeadlineError: the deadline passed or cannot be met.
            EngineError: the decoder failed.
        """
        began = time.perf_counter()
        work_priority.set(context.priority)
        language = await self._aside(context, article_language, article, self._translator.pairs)
        pair = self._translator.resolve_pair(language, settings.target_language)
        writer = self._writer if self._writer is not None and language in self._writer.languages else None
        if writer is not None and settings.focus.strip():
            raise InvalidInputError.of(
                "options.focus", "is not served: this server's summaries are written by a model that takes no focus"
            )
        reading = await self._read(article, language, settings, context, extractive=writer is None)
        if writer is not None:
            reading.written = await writer.write(
                reading.article, reading.vectors, reading.salience, settings.bounds, settings.decoding, context
            )
            if not reading.written:
                # It wrote nothing with a letter in it: the article's own sentences, and the answer names their maker.
                writer = reading.written = None
                reading.selected = await self._aside(context, _chosen, reading, settings)
        context.timings.summarize_ms += (time.perf_counter() - began) * 1000

        wanted = [s.sentence_index for s in reading.selected]
        if settings.full_translation:
            wanted = list(range(len(reading.article.document.sentences)))
        translations = await self._translate(reading, wanted, pair, settings, context)
        # Aside without a look at the deadline: what is translated is not thrown away for the last millisecond.
        summary = await asyncio.get_running_loop().run_in_executor(
            self._executor, _assemble, article, settings, reading, translations, pair.target
        )
        context.timings.total_ms = (time.perf_counter() - began) * 1000
        return SummaryResult(
            summary,
            "" if article.language else language,
            self._translator.model_of(pair),
            self._summary_model if writer is None else writer.reference,
        )

    async def _read(
        self,
        article: ArticleInput,
        language: str,
        settings: SummarySettings,
        context: RequestContext,
        *,
        extractive: bool,
    ) -> _Reading:
        read = await self._aside(context, read_article, article, language)
        document = read.document
        texts = [sentence.span.of(document.text) for sentence in document.sentences]
        # Title and focus ride along with the sentences: one pass through the encoder.
        extra = [text for text in (read.title, settings.focus.strip()) if text]
        vectors = await self._encoding.encode([*texts, *extra], context, alone=settings.decoding.deterministic)
        sentence_vectors, rest = vectors[: len(texts)], list(vectors[len(texts) :])
        title_vector = rest.pop(0) if read.title else None
        focus_vector = rest.pop(0) if settings.focus.strip() else None
        return await self._aside(
            context, _select, read, sentence_vectors, title_vector, focus_vector, settings, extractive
        )

    async def _translate(
        self,
        reading: _Reading,
        wanted: Sequence[int],
        pair: LanguagePair,
        settings: SummarySettings,
        context: RequestContext,
    ) -> _Translations:
        document = reading.article.document
        segments = [document.sentences[index].span.of(document.text) for index in wanted]
        segments += [one.text for one in reading.written or ()]
        if reading.article.title:
            segments.append(reading.article.title)
        options = settings.decoding
        if settings.max_key_terms and not options.word_alignments:
            # Counterparts of key terms are read off word links, which cost next to nothing.
            options = DecodingOptions(
                options.beam_size, options.num_hypotheses, True, options.deterministic, options.digit_shape
            )
        done = await self._translator.translate_segments(segments, pair, options, settings.glossary, context)
        title = done.pop() if reading.article.title else None
        return _Translations(title, dict(zip(wanted, done, strict=False)), done[len(wanted) :])

    async def _aside(self, context: RequestContext, work: Callable[..., _T], *arguments: object) -> _T:
        """`work` in a thread, unless the deadline has passed."""
        left = context.remaining_s()
        if left is not None and left <= 0:
            raise DeadlineError("the deadline passed while the article was being read")
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *arguments)


def _select(
    read: ReadArticle,
    vectors: Vectors,
    title_vector: Vectors | None,
    focus_vector: Vectors | None,
    settings: SummarySettings,
    extractive: bool,
) -> _Reading:
    """Salience of every sentence, the summary's sentences if they are the article's, and the key terms."""
    document = read.document
    weights = salience(document, vectors, title_vector=title_vector, focus_vector=focus_vector)
    terms: list[KeyTerm] = []
    if settings.max_key_terms:
        terms = extract_key_terms(document, vectors, max_terms=settings.max_key_terms)
    reading = _Reading(read, vectors, title_vector, focus_vector, [float(w) for w in weights], [], terms)
    if extractive:
        reading.selected = _chosen(reading, settings)
    return reading


def _chosen(reading: _Reading, settings: SummarySettings) -> list[SelectedSentence]:
    """The article's sentences that make the summary."""
    return select_sentences(
        reading.article.document,
        reading.vectors,
        settings.bounds,
        title_vector=reading.title_vector,
        focus_vector=reading.focus_vector,
    )


def _assemble(
    article: ArticleInput,
    settings: SummarySettings,
    reading: _Reading,
    translations: _Translations,
    target_language: str,
) -> BilingualSummary:
    """The summary in the caller's offsets."""
    read, document = reading.article, reading.article.document

    def links(inner: Span, outer: Span, translation: SegmentTranslation) -> tuple[WordLink, ...]:
        # Links count in the extracted sentence; the caller's sentence may hold markup in between.
        return tuple(
            WordLink(read.to_caller(link.source_span.shifted(inner.start)).shifted(-outer.start), link.target_span)
            for link in translation.word_links
        )

    def aligned(index: int, weight: float) -> AlignedSentence:
        sentence, translation = document.sentences[index], translations.sentences[index]
        span = read.to_caller(sentence.span)
        return AlignedSentence(
            source_text=span.of(article.text),
            target_text=translation.target_text,
            source_span=span,
            paragraph_index=sentence.paragraph_index,
            sentence_index=sentence.sentence_index,
            salience=min(1.0, max(0.0, weight)),
            score=translation.score,
            similarity=translation.similarity,
            flags=translation.flags,
            word_links=links(sentence.span, span, translation) if settings.decoding.word_alignments else (),
            origin=translation.origin,
        )

    def written(one: WrittenSentence, translation: SegmentTranslation) -> AlignedSentence:
        first = document.sentences[one.evidence[0]]
        return AlignedSentence(
            source_text=one.text,
            target_text=translation.target_text,
            source_span=Span(0, 0),
            paragraph_index=first.paragraph_index,
            sentence_index=first.sentence_index,
            salience=min(1.0, max(0.0, one.salience)),
            score=translation.score,
            similarity=translation.similarity,
            flags=tuple(flag for flag in QualityFlag if flag in {*one.flags, *translation.flags}),
            word_links=translation.word_links if settings.decoding.word_alignments else (),
            origin=translation.origin,
            evidence_spans=tuple(read.to_caller(document.sentences[index].span) for index in one.evidence),
        )

    if reading.written is None:
        sentences = tuple(aligned(s.sentence_index, s.salience) for s in reading.selected)
        summary = [document.sentences[s.sentence_index].span.of(document.text) for s in reading.selected]
    else:
        sentences = tuple(map(written, reading.written, translations.written))
        summary = [one.text for one in reading.written]
    words = [count_words(sentence.span.of(document.text)) for sentence in document.sentences]
    full: tuple[AlignedSentence, ...] = ()
    if settings.full_translation:
        full = tuple(aligned(index, reading.salience[index]) for index in range(len(document.sentences)))
    return BilingualSummary(
        article_id=article.article_id,
        title=_aligned_title(read.title, translations.title),
        sentences=sentences,
        key_terms=_key_terms(reading, translations.sentences, target_language),
        full_translation=full,
        parts=read.parts,
        statistics=ArticleStatistics(
            chars=len(article.text),
            words=sum(words),
            sentences=len(document.sentences),
            paragraphs=document.paragraph_count,
            summary_words=sum(map(count_words, summary)),
        ),
    )


def _aligned_title(source: str, title: SegmentTranslation | None) -> AlignedText:
    return AlignedText(source) if title is None else AlignedText(source, title.target_text, title.flags)


def _key_terms(
    reading: _Reading, translations: dict[int, SegmentTranslation], language: str
) -> tuple[AlignedKeyTerm, ...]:
    document = reading.article.document
    spans = [sentence.span for sentence in document.sentences]
    terms = align_key_terms(reading.terms, spans, [translations.get(index) for index in range(len(spans))], language)
    to_caller = reading.article.to_caller
    return tuple(
        AlignedKeyTerm(t.source_text, t.target_text, t.salience, tuple(to_caller(s) for s in t.source_spans))
        for t in terms
    )
