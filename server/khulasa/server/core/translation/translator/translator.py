"""The translation room's face: texts, sentences and given pairs in, translations and assessments out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from concurrent.futures import Executor
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

from khulasa.server.core.errors import (
    NotServingError,
    UnsupportedLanguageError,
)
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.cache import CacheStats, SegmentCache, text_bytes
from khulasa.server.core.translation.glossary.terms import CompiledGlossary, compile_glossary
from khulasa.server.core.translation.scheduling.aside import work_for
from khulasa.server.core.translation.scheduling.scheduler import Reservation, Scheduler, SchedulerStats
from khulasa.server.core.translation.translator.approved import ApprovedPairs, remembered
from khulasa.server.core.translation.translator.assess import PairAssessor
from khulasa.server.core.translation.translator.flow import Clockings, SegmentFlow, as_judged, by_deadline
from khulasa.server.core.translation.translator.layout import assembled, chunks, placed, segment_spans
from khulasa.server.core.translation.translator.mending import Mender
from khulasa.server.core.translation.translator.pages import Page, read_page, text_bound
from khulasa.server.core.translation.translator.parts import LanguageRules, LoadedPackage, SentenceVectors
from khulasa.server.core.translation.types import (
    Assessment,
    DecodingOptions,
    Glossary,
    LanguagePair,
    ModelReference,
    RequestContext,
    SegmentTranslation,
    StreamedSegment,
    TextFormat,
    TextTranslation,
    pairs_of,
)

__all__ = ["Translator"]

# Segments prepared and judged together; the queue sees them as they come, so this bounds latency, not batches.
_CHUNK_SEGMENTS = 32
# A glossary of up to so many terms is compiled at once, 5 ms at worst; a thousand of full length take 100, aside.
_FEW_TERMS = 50
# Code points of pages that are looked through at once, 1 ms.
_SHORT_PAGES = 50_000
# Chunks of one request between preparation and judgement.
_CHUNKS_IN_FLIGHT = 16


class Translator:
    """Several packages behind one queue; the first that serves a pair is its default.

    Args:
        packages: Loaded models, in the order of the configuration.
        scheduler: Started or not; `start` starts it.
        rules: How texts are divided and normalised.
        vectors: For similarity; None leaves it at 0 and every test that needs it out.
        executor: Where tokenising and judging run.
        cache_bytes: Memory for translations seen before; 0 for none.
        mend: Decode flagged segments again and keep the best.
        approved: Pairs to use in place of the model, marked by their origin; closed with the translator.
    """

    def __init__(
        self,
        packages: Sequence[LoadedPackage],
        scheduler: Scheduler,
        rules: LanguageRules,
        *,
        vectors: SentenceVectors | None = None,
        executor: Executor | None = None,
        cache_bytes: int = 0,
        mend: bool = True,
        approved: ApprovedPairs | None = None,
    ) -> None:
        self._serving: dict[LanguagePair, LoadedPackage] = {}
        for package in packages:
            for pair in package.pairs:
                self._serving.setdefault(pair, package)
        self._packages, self._scheduler, self._rules = tuple(packages), scheduler, rules
        self._vectors, self._executor, self._mend = vectors, executor, mend
        self._cache: SegmentCache[SegmentTranslation] = SegmentCache(cache_bytes, _size_of)
        self._approved, self._closed = approved, False

    def start(self) -> None:
        """Starts the workers."""
        self._scheduler.start()

    async def close(self) -> None:
        """Finishes what is queued, ends the workers and frees the models."""
        self._closed = True
        await self._scheduler.close()
        for package in self._packages:
            package.close()
        if self._approved is not None:
            self._approved.close()

    @property
    def pairs(self) -> tuple[LanguagePair, ...]:
        """Directions served, in the order of the configuration."""
        return tuple(self._serving)

    def resolve_pair(self, source: str, target: str) -> LanguagePair:
        """The pair meant; an empty target is that of the only pair from `source`.

        Raises:
            UnsupportedLanguageError: none is served, or several and the target is empty: the order of the
                configuration must not decide in which language a caller is answered.
        """
        meant = [pair for pair in self._serving if pair.source == source and target in ("", pair.target)]
        if len(meant) != 1:
            raise UnsupportedLanguageError(source, target, pairs_of(self.pairs))
        return meant[0]

    def model_of(self, pair: LanguagePair) -> ModelReference:
        """The model that serves the pair.

        Raises:
            UnsupportedLanguageError: none does.
        """
        return self._package(pair).reference

    def max_input_tokens(self, pair: LanguagePair) -> int:
        """Tokens of one segment that the pair's model reads; longer ones are divided."""
        return self._package(pair).max_input_tokens

    def stats(self) -> tuple[SchedulerStats, CacheStats]:
        """For metrics."""
        return self._scheduler.stats(), self._cache.stats()

    def check_deadline(self, caller: str, remaining_s: float) -> None:
        """Whether a request of `caller` may be in time at all, before anything of it is read.

        Raises:
            DeadlineError: not even one segment of one token could be decoded in `remaining_s`.
        """
        self._scheduler.admission.check_deadline(caller, remaining_s)

    def estimated(self, texts: Sequence[str], context: RequestContext, seen: Sequence[str] = ()) -> Reservation:
        """Room in the queue for what a request is likely to need, until that is known; arguments and errors as of
        `Scheduler.reserve`."""
        context.estimate = self._scheduler.reserve(texts, context, words_only=True, seen=seen)
        return context.estimate

    async def translate_segments(
        self,
        segments: Sequence[str],
        pair: LanguagePair,
        options: DecodingOptions,
        glossary: Glossary,
        context: RequestContext,
    ) -> list[SegmentTranslation]:
        """One translation for each sentence, same order; spans count in the sentence's own texts.

        Raises:
            GlossaryConflictError: terms contradict each other.
            OverloadedError: the queue is full.
            DeadlineError: the deadline passed or cannot be met.
            EngineError: the decoder failed on a segment.
        """
        async with self._request(segments, pair, options, glossary, context) as flow:
            return [one async for one in self._translated(flow, segments)]

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
        """One translation for each text, same order, with the text's own line structure.

        Raises:
            OverloadedError, DeadlineError, EngineError: as for `translate_segments`.
        """
        if format is TextFormat.HTML:
            return await self._translate_pages(texts, pair, options, glossary, context)
        async with self._request(texts, pair, options, glossary, context) as flow:
            spans = await self._spans(texts, pair)
            segments = [span.of(text) for text, found in zip(texts, spans, strict=True) for span in found]
            done = [one async for one in self._translated(flow, segments)]
        results, at = [], 0
        for text, found in zip(texts, spans, strict=True):
            results.append(assembled(text, found, done[at : at + len(found)]))
            at += len(found)
        return results

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
        """The segments of all texts, in order, each as soon as it and those before it are done.

        `target_span` counts in the concatenation of what was sent for the text so far.

        Raises:
            As `translate_texts`.
        """
        if format is TextFormat.HTML:
            # Where a tag goes is known when its whole block is translated, so pages come at once, each in order.
            pages = await self._translate_pages(texts, pair, options, glossary, context)
            left = sum(len(page.segments) for page in pages)
            for text_index, page in enumerate(pages):
                sent = 0
                for segment_index, segment in enumerate(page.segments):
                    left -= 1
                    at_place = placed(segment, segment.source_span, sent)
                    yield StreamedSegment(text_index, segment_index, at_place, last=not left)
                    sent += len(segment.target_text)
            return
        async with self._request(texts, pair, options, glossary, context) as flow:
            spans = await self._spans(texts, pair)
            places = [(t, s, span) for t, found in enumerate(spans) for s, span in enumerate(found)]
            segments = [span.of(texts[t]) for t, _, span in places]
            sent, number = 0, 0
            async with aclosing(self._translated(flow, segments, first_chunk=1)) as translated:
                async for one in translated:
                    text_index, segment_index, span = places[number]
                    number += 1
                    sent = 0 if segment_index == 0 else sent
                    last = number == len(places)
                    yield StreamedSegment(text_index, segment_index, placed(one, span, sent), last)
                    sent += len(one.target_text)

    async def assess(
        self,
        pairs: Sequence[tuple[str, str]],
        pair: LanguagePair,
        glossary: Glossary,
        context: RequestContext,
        *,
        word_alignments: bool = False,
    ) -> list[Assessment]:
        """One assessment for each (source text, target text), same order; scores from forced decoding.

        Raises:
            OverloadedError, DeadlineError, EngineError: as for `translate_segments`.
        """
        texts = [text for both in pairs for text in both]
        async with self._request(texts, pair, DecodingOptions(), glossary, context, words_only=False) as flow:
            return await by_deadline(PairAssessor(flow, word_alignments).assess(pairs), context)

    async def _translate_pages(
        self,
        texts: Sequence[str],
        pair: LanguagePair,
        options: DecodingOptions,
        glossary: Glossary,
        context: RequestContext,
    ) -> list[TextTranslation]:
        """HTML texts. Word links are always made, since they tell where tags go; given back only when asked for."""
        linked = replace(options, word_alignments=True)

        def read() -> list[Page]:
            return [read_page(text, pair.source, self._rules.sentence_spans) for text in texts]

        if sum(map(len, texts)) <= _SHORT_PAGES:
            seen = [text_bound(text) for text in texts]
        else:
            loop = asyncio.get_running_loop()
            seen = await loop.run_in_executor(self._executor, lambda: [text_bound(text) for text in texts])
        async with self._request(texts, pair, linked, glossary, context, seen=seen) as flow:
            pages = await flow.aside(read)
            segments = [segment for page in pages for segment in page.segments()]
            done = [one async for one in self._translated(flow, segments)]
            results, at = [], 0
            for page in pages:
                count = len(page.segments())
                results.append(await flow.aside(page.rendered, done[at : at + count]))
                at += count
        if options.word_alignments:
            return results
        return [
            replace(one, segments=tuple(replace(segment, word_links=()) for segment in one.segments)) for one in results
        ]

    @asynccontextmanager
    async def _request(
        self,
        texts: Sequence[str],
        pair: LanguagePair,
        options: DecodingOptions,
        glossary: Glossary,
        context: RequestContext,
        *,
        words_only: bool = True,
        seen: Sequence[str] = (),
    ) -> AsyncIterator[SegmentFlow]:
        """Admission and timings around one request; `words_only` and `seen` as for `Scheduler.reserve`."""
        package = self._package(pair)
        if self._closed:
            raise NotServingError("the models are being unloaded")
        work_for(context)
        clockings = Clockings()
        with self._scheduler.reserve(texts, context, words_only=words_only, seen=seen) as reservation:
            if len(glossary.terms) <= _FEW_TERMS:
                compiled = compile_glossary(glossary, pair)
            else:
                loop = asyncio.get_running_loop()
                compiled = await loop.run_in_executor(self._executor, compile_glossary, glossary, pair)
            flow = self._flow(package, pair, options, compiled, context, reservation, clockings)
            try:
                yield flow
            finally:
                clockings.write(context)

    def _flow(
        self,
        package: LoadedPackage,
        pair: LanguagePair,
        options: DecodingOptions,
        glossary: CompiledGlossary,
        context: RequestContext,
        reservation: Reservation,
        clockings: Clockings,
    ) -> SegmentFlow:
        return SegmentFlow(
            package=package,
            pair=pair,
            options=options,
            glossary=glossary,
            context=context,
            scheduler=self._scheduler,
            reservation=reservation,
            rules=self._rules,
            vectors=self._vectors,
            executor=self._executor,
            mend=self._mend,
            clockings=clockings,
        )

    async def _translated(
        self, flow: SegmentFlow, segments: Sequence[str], *, first_chunk: int = _CHUNK_SEGMENTS
    ) -> AsyncGenerator[SegmentTranslation, None]:
        """Translations in order; several chunks are under way at a time."""
        under_way: list[asyncio.Task[list[SegmentTranslation]]] = []
        marked = await flow.marker(segments)
        try:
            for chunk in chunks(segments, first_chunk, _CHUNK_SEGMENTS):
                if len(under_way) >= _CHUNKS_IN_FLIGHT:
                    for one in await by_deadline(under_way.pop(0), flow.context):
                        yield marked(one)
                under_way.append(asyncio.create_task(self._chunk(flow, chunk)))
            while under_way:
                for one in await by_deadline(under_way.pop(0), flow.context):
                    yield marked(one)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _chunk(self, flow: SegmentFlow, texts: Sequence[str]) -> list[SegmentTranslation]:
        """Translations of a few segments: approved ones, those seen before from the cache, the rest from the model."""
        results = await remembered(flow, self._approved, texts)
        model = (flow.package.reference.revision, flow.package.reference.digest)
        keys = [(model, flow.pair, flow.options, flow.glossary.digest, t) for t in texts]
        # What is approved may change at any time, so that it is never cached.
        results = [found or self._cache.get(key) for found, key in zip(results, keys, strict=True)]
        missing = [index for index, found in enumerate(results) if found is None]
        if missing:
            new = [texts[index] for index in missing]
            prepared = await flow.prepared(new)
            conclude = Mender(flow).mended if flow.mend else as_judged
            done = await flow.concluded(new, prepared, flow.submitted(prepared), conclude)
            for index, one in zip(missing, done, strict=True):
                results[index] = one
                self._cache.put(keys[index], one)
        return [one for one in results if one is not None]

    async def _spans(self, texts: Sequence[str], pair: LanguagePair) -> list[list[Span]]:
        def divide() -> list[list[Span]]:
            return [segment_spans(text, pair.source, self._rules.sentence_spans) for text in texts]

        return await asyncio.get_running_loop().run_in_executor(self._executor, divide)

    def _package(self, pair: LanguagePair) -> LoadedPackage:
        package = self._serving.get(pair)
        if package is None:
            raise UnsupportedLanguageError(pair.source, pair.target, pairs_of(self.pairs))
        return package


def _size_of(segment: SegmentTranslation) -> int:
    others = text_bytes(*(hypothesis.target_text for hypothesis in segment.hypotheses))
    return text_bytes(segment.source_text, segment.target_text) * 2 + others + 300 * len(segment.word_links)
