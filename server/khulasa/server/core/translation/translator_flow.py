"""The way of a few segments of one request: prepare, decode, compose, compare, judge, mend."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from khulasa.server.core.errors import DeadlineError
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment import align_words
from khulasa.server.core.translation.engine import EngineOptions
from khulasa.server.core.translation.glossary import CompiledGlossary
from khulasa.server.core.translation.quality import is_mostly_translated, quality_flags
from khulasa.server.core.translation.repair import Candidate, Retry, RetryKind, repair_segment
from khulasa.server.core.translation.scheduler import Completed, Reservation, Scheduler
from khulasa.server.core.translation.translator_drafts import (
    Draft,
    Prepared,
    compose,
    is_translatable,
    prepare,
    shaped_digits,
)
from khulasa.server.core.translation.translator_parts import LanguageRules, LoadedPackage, SentenceVectors
from khulasa.server.core.translation.types import (
    DecodingOptions,
    LanguagePair,
    QualityFlag,
    RequestContext,
    SegmentTranslation,
)

__all__ = ["Clockings", "SegmentFlow", "by_deadline", "copied", "gathered"]

_T = TypeVar("_T")

# What only the glossary misses is not cured by decoding again.
_MENDED = frozenset(QualityFlag) - {QualityFlag.GLOSSARY_MISSED}


@dataclass(slots=True)
class Clockings:
    """When a request's segments were queued, first taken and last done; scheduler clock."""

    queued_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None

    def add(self, done: Completed) -> None:
        """Takes one decoded segment into account."""
        self.queued_at = min(done.queued_at, self.queued_at if self.queued_at is not None else done.queued_at)
        self.started_at = min(done.started_at, self.started_at if self.started_at is not None else done.started_at)
        self.finished_at = max(done.finished_at, self.finished_at if self.finished_at is not None else 0.0)

    def write(self, context: RequestContext) -> None:
        """Adds the waiting for a decoder and the decoding to the request's timings."""
        if self.queued_at is not None and self.started_at is not None and self.finished_at is not None:
            context.timings.queue_ms += (self.started_at - self.queued_at) * 1000
            context.timings.translate_ms += (self.finished_at - self.started_at) * 1000


async def gathered(futures: Sequence[asyncio.Future[Completed]]) -> list[Completed]:
    """All results; when one fails or the caller gives up, the rest leave the queue."""
    try:
        return list(await asyncio.gather(*futures))
    finally:
        for future in futures:
            future.cancel()


async def by_deadline(work: Awaitable[_T], context: RequestContext) -> _T:
    """The result of `work`, which is cancelled when the request's deadline passes.

    Raises:
        DeadlineError: it passed.
    """
    try:
        async with asyncio.timeout(context.remaining_s()):
            return await work
    except TimeoutError as error:
        raise DeadlineError("the deadline passed before the translation was done") from error


def copied(text: str) -> SegmentTranslation:
    """A segment with nothing to translate."""
    whole = Span(0, len(text))
    return SegmentTranslation(whole, whole, text, text, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class SegmentFlow:
    """What segments of one request have in common.

    Attributes:
        mend: Decode flagged segments again, see `repair`.
    """

    package: LoadedPackage
    pair: LanguagePair
    options: DecodingOptions
    glossary: CompiledGlossary
    context: RequestContext
    scheduler: Scheduler
    reservation: Reservation
    rules: LanguageRules
    vectors: SentenceVectors | None
    executor: Executor | None
    mend: bool
    clockings: Clockings

    @property
    def engine_options(self) -> EngineOptions:
        """The caller's options over the package's defaults."""
        defaults, options = self.package.defaults, self.options
        beam_size = max(options.beam_size or defaults.beam_size, options.num_hypotheses, 1)
        return EngineOptions(
            beam_size=beam_size,
            num_hypotheses=max(1, options.num_hypotheses),
            attention=options.word_alignments or bool(self.glossary),
            repetition_penalty=defaults.repetition_penalty,
            length_penalty=defaults.length_penalty,
            max_decoding_tokens=defaults.max_decoding_tokens,
            deterministic=options.deterministic,
        )

    async def prepared(self, texts: Sequence[str]) -> list[Prepared | None]:
        """Each text ready for the engine, None for one with nothing to translate."""
        return await self.aside(self._prepare, texts)

    def submitted(self, prepared: Sequence[Prepared | None]) -> list[asyncio.Future[Completed]]:
        """Queues all parts of all segments, in order."""
        works = [work for one in prepared if one is not None for work in one.works]
        self.scheduler.admission.learn(
            sum(len(one.text) for one in prepared if one is not None), sum(len(work.source) for work in works)
        )
        return self.scheduler.submit(self.package.runner, self.engine_options, works, self.context, self.reservation)

    async def finished(
        self,
        texts: Sequence[str],
        prepared: Sequence[Prepared | None],
        futures: Sequence[asyncio.Future[Completed]],
    ) -> list[SegmentTranslation]:
        """Waits for the engine and makes translations of what it gives."""
        decoded = await gathered(futures)
        for one in decoded:
            self.clockings.add(one)
        drafts = await self.aside(self._compose, prepared, decoded)
        similarities = await self.similarities(
            [(text, draft.target_text) for text, draft in zip(texts, drafts, strict=True) if draft is not None]
        )
        remaining = iter(similarities)
        similarity_of = [None if draft is None else next(remaining) for draft in drafts]
        results = await self.aside(self._judge, texts, drafts, similarity_of)
        if not self.mend:
            return results
        flagged = [index for index, one in enumerate(results) if _MENDED.intersection(one.flags)]
        mended = await asyncio.gather(*(self._mended(results[index], drafts[index]) for index in flagged))
        for index, best in zip(flagged, mended, strict=True):
            results[index] = best
        return results

    def _prepare(self, texts: Sequence[str]) -> list[Prepared | None]:
        return [
            prepare(text, self.pair, self.package, self.rules, self.glossary) if is_translatable(text) else None
            for text in texts
        ]

    def _compose(self, prepared: Sequence[Prepared | None], decoded: Sequence[Completed]) -> list[Draft | None]:
        drafts: list[Draft | None] = []
        at = 0
        for one in prepared:
            if one is None:
                drafts.append(None)
                continue
            parts = [done.result for done in decoded[at : at + len(one.works)]]
            at += len(one.works)
            drafts.append(
                compose(
                    one,
                    parts,
                    self.pair,
                    self.package,
                    self.glossary,
                    num_hypotheses=self.options.num_hypotheses,
                    links_wanted=self.options.word_alignments,
                    digit_shape=self.options.digit_shape,
                )
            )
        return drafts

    async def similarities(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        """Cosine of the two texts of each pair, None without an encoder."""
        if self.vectors is None or not pairs:
            return [None] * len(pairs)
        texts = [source for source, _ in pairs] + [target for _, target in pairs]
        rows = await self.vectors.encode(texts, self.context, alone=self.options.deterministic)
        cosines = np.einsum("nd,nd->n", rows[: len(pairs)], rows[len(pairs) :])
        return [float(min(1.0, max(-1.0, value))) for value in cosines]

    def _judge(
        self, texts: Sequence[str], drafts: Sequence[Draft | None], similarities: Sequence[float | None]
    ) -> list[SegmentTranslation]:
        results = []
        for text, draft, similarity in zip(texts, drafts, similarities, strict=True):
            if draft is None:
                one = copied(text)
                if self.pair.target == "ar":
                    target = shaped_digits(text, self.options.digit_shape)
                    one = replace(one, target_text=target)
                results.append(one)
                continue
            results.append(
                SegmentTranslation(
                    source_span=Span(0, len(text)),
                    target_span=Span(0, len(draft.target_text)),
                    source_text=text,
                    target_text=draft.target_text,
                    score=draft.score,
                    similarity=0.0 if similarity is None else similarity,
                    flags=self._flags(text, draft, similarity),
                    word_links=draft.word_links,
                    hypotheses=draft.hypotheses,
                )
            )
        return results

    def _flags(self, text: str, draft: Draft, similarity: float | None) -> tuple[QualityFlag, ...]:
        return quality_flags(
            text,
            draft.target_text,
            self.pair,
            similarity=similarity,
            score=draft.score,
            truncated=draft.truncated,
            missed_terms=draft.missed_terms,
            kept=draft.kept,
        )

    async def _mended(self, first: SegmentTranslation, draft: Draft | None) -> SegmentTranslation:
        """The best of the translation and its retries."""
        if draft is None:
            return first
        measured = None if self.vectors is None else first.similarity
        start = self._candidate(first.source_text, first.target_text, first.score, measured, first.flags)

        async def decode(retry: Retry) -> list[Candidate]:
            return await self._retried(first.source_text, retry)

        best = await repair_segment(first.source_text, start, (), self.engine_options.beam_size, decode)
        if best is start:
            return first
        links = first.word_links
        if self.options.word_alignments:
            links = await self.aside(align_words, first.source_text, best.target_text, self.pair)
        return replace(
            first,
            target_span=Span(0, len(best.target_text)),
            target_text=best.target_text,
            score=best.score,
            similarity=0.0 if best.similarity is None else best.similarity,
            flags=best.flags,
            word_links=links,
        )

    async def _retried(self, text: str, retry: Retry) -> list[Candidate]:
        """Translates as the retry says; each hypothesis is a candidate, clauses make one together."""
        if retry.kind is RetryKind.OWN_SCRIPT and (self.pair.source == "ar") == (self.pair.target == "ar"):
            return []  # One script on both sides.
        options = replace(
            self.engine_options,
            beam_size=retry.beam_size,
            num_hypotheses=retry.num_hypotheses,
            no_repeat_ngram_size=retry.no_repeat_ngram_size,
            suppressed=self.package.tokenizer.pieces_in_script_of(self.pair.source)
            if retry.kind is RetryKind.OWN_SCRIPT
            else None,
        )
        prepared = await self.aside(self._prepared_again, text, retry)
        futures = self.scheduler.submit(self.package.runner, options, prepared.works, self.context, None)
        decoded = await gathered(futures)
        for done in decoded:
            self.clockings.add(done)
        ranks = min(len(done.result.hypotheses) for done in decoded)
        drafts = [await self.aside(self._ranked, prepared, decoded, rank) for rank in range(ranks)]
        similarities = await self.similarities([(text, draft.target_text) for draft in drafts])
        return [
            self._candidate(text, draft.target_text, draft.score, similarity, self._flags(text, draft, similarity))
            for draft, similarity in zip(drafts, similarities, strict=True)
        ]

    def _candidate(
        self, text: str, target: str, score: float, similarity: float | None, flags: tuple[QualityFlag, ...]
    ) -> Candidate:
        partly = QualityFlag.UNTRANSLATED in flags and is_mostly_translated(text, target, self.pair)
        return Candidate(target, score, similarity, flags, partly)

    def _prepared_again(self, text: str, retry: Retry) -> Prepared:
        whole = prepare(text, self.pair, self.package, self.rules, self.glossary)
        if retry.kind is not RetryKind.CLAUSES:
            return whole
        parts = [prepare(span.of(text), self.pair, self.package, self.rules, self.glossary) for span in retry.clauses]
        works = tuple(work for part in parts for work in part.works)
        # Spans serve links alone, which a retry takes from the lexicon.
        return replace(whole, spans=(Span(0, 0),) * len(works), works=works)

    def _ranked(self, prepared: Prepared, decoded: Sequence[Completed], rank: int) -> Draft:
        parts = [replace(done.result, hypotheses=(done.result.hypotheses[rank],), attention=None) for done in decoded]
        return compose(
            prepared,
            parts,
            self.pair,
            self.package,
            self.glossary,
            num_hypotheses=0,
            links_wanted=False,
            digit_shape=self.options.digit_shape,
        )

    async def aside(self, work: Callable[..., _T], *arguments: object) -> _T:
        """`work` in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, work, *arguments)
