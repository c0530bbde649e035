"""Article in, aligned bilingual summary out. Only what the caller asked for is translated."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np
from khulasa.server.core.errors import DeadlineError, InvalidInputError
from khulasa.server.core.pipeline.abstractive import AbstractiveWriter
from khulasa.server.core.pipeline.assembly import Reading, Translations, assemble
from khulasa.server.core.pipeline.encoding import EncodingQueue, Vectors
from khulasa.server.core.pipeline.reading import ReadArticle, article_language, read_article
from khulasa.server.core.pipeline.types import ArticleInput, SummaryResult, SummarySettings
from khulasa.server.core.summary.key_terms import extract_key_terms
from khulasa.server.core.summary.selection import salience, select_sentences
from khulasa.server.core.summary.types import KeyTerm, SelectedSentence
from khulasa.server.core.text.layout import as_read
from khulasa.server.core.text.types import Document, Span
from khulasa.server.core.translation.markup.kept_spans import keep_spans
from khulasa.server.core.translation.scheduling.aside import work_for
from khulasa.server.core.translation.types import (
    DecodingOptions,
    Glossary,
    LanguagePair,
    ModelReference,
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
        """The pair meant; an empty target is that of the only pair from `source`."""
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
        work_for(context)
        target = settings.target_language
        language = await self._aside(context, article_language, article, self._translator.pairs, target)
        pair = self._translator.resolve_pair(language, target)
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
            self._executor, assemble, article, settings, reading, translations, pair.target
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
    ) -> Reading:
        read = await self._aside(context, read_article, article, language)
        document = read.document
        texts = [document.as_read(sentence.span) for sentence in document.sentences]
        # Title and focus ride along with the sentences: one pass through the encoder.
        extra = [text for text in (read.title_as_read, settings.focus.strip()) if text]
        vectors = await self._encoding.encode([*texts, *extra], context, alone=settings.decoding.deterministic)
        sentence_vectors, rest = vectors[: len(texts)], list(vectors[len(texts) :])
        title_vector = rest.pop(0) if read.title else None
        focus_vector = rest.pop(0) if settings.focus.strip() else None
        return await self._aside(
            context, _select, read, sentence_vectors, title_vector, focus_vector, settings, extractive
        )

    async def _translate(
        self,
        reading: Reading,
        wanted: Sequence[int],
        pair: LanguagePair,
        settings: SummarySettings,
        context: RequestContext,
    ) -> Translations:
        document = reading.article.document
        segments = [document.as_read(document.sentences[index].span) for index in wanted]
        segments += [one.text for one in reading.written or ()]
        if reading.article.title:
            segments.append(reading.article.title_as_read)
        options = settings.decoding
        kept: list[tuple[Span, ...]] = [()] * len(segments)
        if reading.article.kept:
            kept[: len(wanted)] = [reading.article.kept_in(document.sentences[index].span) for index in wanted]
            if reading.article.title:
                kept[-1] = reading.article.kept_in(reading.article.title_span)
        if settings.max_key_terms or any(kept):
            # Counterparts of key terms and places of what is kept are read off word links, which cost next to nothing.
            options = replace(options, word_alignments=True)
        done = await self._translator.translate_segments(segments, pair, options, settings.glossary, context)
        if document.unread:
            done = _in_place(done, reading.article, wanted)
        if any(kept):
            # Aside without a look at the deadline, as in `summarize`.
            done = await asyncio.get_running_loop().run_in_executor(
                self._executor, _with_kept, done, kept, pair, settings.glossary
            )
        title = done.pop() if reading.article.title else None
        return Translations(title, dict(zip(wanted, done, strict=False)), done[len(wanted) :])

    async def _aside(self, context: RequestContext, work: Callable[..., _T], *arguments: object) -> _T:
        """`work` in a thread, unless the deadline has passed."""
        left = context.remaining_s()
        if left is not None and left <= 0:
            raise DeadlineError("the deadline passed while the article was being read")
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *arguments)


def _in_place(
    done: Sequence[SegmentTranslation], article: ReadArticle, wanted: Sequence[int]
) -> list[SegmentTranslation]:
    """The translations of sentences and headline with texts and links of the article, which has more for its lines."""
    document = article.document
    spans: list[Span | None] = [document.sentences[index].span for index in wanted]
    spans += [None] * (len(done) - len(wanted))
    if article.title_span is not None:
        spans[-1] = article.title_span
    return [one if span is None else _at(one, document, span) for one, span in zip(done, spans, strict=True)]


def _at(one: SegmentTranslation, document: Document, span: Span) -> SegmentTranslation:
    if not document.unread_in(span):
        return one
    read = as_read(document, span)
    links = tuple(WordLink(read.source_span(*link.source_span), link.target_span) for link in one.word_links)
    text = span.of(document.text)
    return replace(one, source_span=Span(0, len(text)), source_text=text, word_links=links)


def _with_kept(
    done: Sequence[SegmentTranslation], kept: Sequence[Sequence[Span]], pair: LanguagePair, glossary: Glossary
) -> list[SegmentTranslation]:
    """The translations with what is not to be translated as it stands in the article."""
    return [keep_spans(one, spans, pair, glossary) for one, spans in zip(done, kept, strict=True)]


def _select(
    read: ReadArticle,
    vectors: Vectors,
    title_vector: Vectors | None,
    focus_vector: Vectors | None,
    settings: SummarySettings,
    extractive: bool,
) -> Reading:
    """Salience of every sentence, the summary's sentences if they are the article's, and the key terms."""
    document = read.document
    weights = salience(
        document, vectors, title_vector=title_vector, focus_vector=focus_vector, focus=settings.focus.strip()
    )
    terms: list[KeyTerm] = []
    if settings.max_key_terms:
        terms = extract_key_terms(document, max_terms=settings.max_key_terms)
    reading = Reading(read, vectors, title_vector, focus_vector, [float(w) for w in weights], [], terms)
    if extractive:
        reading.selected = _chosen(reading, settings)
    return reading


def _chosen(reading: Reading, settings: SummarySettings) -> list[SelectedSentence]:
    """The article's sentences that make the summary."""
    return select_sentences(
        reading.article.document,
        reading.vectors,
        settings.bounds,
        title_vector=reading.title_vector,
        focus_vector=reading.focus_vector,
        focus=settings.focus.strip(),
        weights=np.array(reading.salience),
    )
