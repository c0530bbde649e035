"""The way of a few segments of one request: prepare, decode, compose, compare, judge."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from khulasa.server.core.errors import DeadlineError
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.engine import DecodedSegment, EngineOptions
from khulasa.server.core.translation.glossary.terms import CompiledGlossary
from khulasa.server.core.translation.quality.flags import PairTests
from khulasa.server.core.translation.scheduling.scheduler import Completed, Reservation, Scheduler
from khulasa.server.core.translation.translator.drafts import (
    Draft,
    Prepared,
    are_translated,
    compose,
    is_translatable,
    is_translated,
    prepare,
    shaped_digits,
)
from khulasa.server.core.translation.translator.parts import LanguageRules, LoadedPackage, SentenceVectors
from khulasa.server.core.translation.types import (
    DecodingOptions,
    LanguagePair,
    Origin,
    Priority,
    QualityFlag,
    RequestContext,
    SegmentTranslation,
)

__all__ = ["Clockings", "Finished", "SegmentFlow", "as_judged", "by_deadline", "copied", "gathered"]

_T = TypeVar("_T")

# Bulk segments judged together at least, while there are as many: each costs no more than among 32, and when the last
# batch is decoded little is left to judge, with a core idle beside.
_BULK_GROUP = 8
_LONGEST = 4


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


@dataclass(frozen=True, slots=True)
class Finished:
    """A judged translation with what it was made of: nothing where there was nothing to translate."""

    translation: SegmentTranslation
    prepared: Prepared | None
    parts: tuple[DecodedSegment, ...]


async def as_judged(finished: Sequence[Finished]) -> list[SegmentTranslation]:
    """The translations as they are."""
    return [one.translation for one in finished]


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
        mend: Flagged segments will be repaired, so the whole beam is kept.
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
            # The others of the beam cost nothing, and one of them may be the cure.
            num_hypotheses=beam_size if self.mend else max(1, options.num_hypotheses),
            attention=options.word_alignments or bool(self.glossary),
            repetition_penalty=defaults.repetition_penalty,
            length_penalty=defaults.length_penalty,
            max_decoding_tokens=defaults.max_decoding_tokens,
            deterministic=options.deterministic,
        )

    async def marker(self, segments: Sequence[str]) -> Callable[[SegmentTranslation], SegmentTranslation]:
        """What each translation of a request is to go through, whose segments these are.

        A quotation that is in the target language already stays as it is, and nothing is wrong with that. Where nearly
        all of a request is, its source language was declared wrongly, and copies are marked: they look as good as can
        be.
        """
        # Nearly always the longest segments tell, which costs less than to wait for a thread.
        longest = heapq.nlargest(_LONGEST, segments, key=len)
        if are_translated(longest, self.pair) and await by_deadline(
            self.aside(are_translated, segments, self.pair), self.context
        ):
            return self._as_copy
        return lambda one: one

    def _as_copy(self, one: SegmentTranslation) -> SegmentTranslation:
        if one.origin is Origin.MEMORY or not is_translated(one.source_text, self.pair):
            return one
        return replace(one, flags=(QualityFlag.UNTRANSLATED, *one.flags))

    async def prepared(self, texts: Sequence[str]) -> list[Prepared | None]:
        """Each text ready for the engine, None for one with nothing to translate."""
        return await self.aside(self._prepare, texts)

    def submitted(self, prepared: Sequence[Prepared | None]) -> list[asyncio.Future[Completed]]:
        """Queues all parts of all segments, in order."""
        works = [work for one in prepared if one is not None for work in one.works]
        self.reservation.tokenised(
            sum(len(one.text) for one in prepared if one is not None), sum(len(work.source) for work in works)
        )
        return self.scheduler.submit(self.package.runner, self.engine_options, works, self.context, self.reservation)

    async def concluded(
        self,
        texts: Sequence[str],
        prepared: Sequence[Prepared | None],
        futures: Sequence[asyncio.Future[Completed]],
        conclude: Callable[[Sequence[Finished]], Awaitable[Sequence[SegmentTranslation]]],
    ) -> list[SegmentTranslation]:
        """N translations, same order. What the engine gives is judged while it decodes the others.

        Bulk work is judged in groups of some size, which cost less, since nobody waits for the first of it.

        Args:
            texts: N segments.
            prepared: The same, ready for the engine.
            futures: What `submitted` gave for them.
            conclude: What is done with a few judged translations at last; gives as many, same order.
        """
        works = iter(futures)
        own = [list(itertools.islice(works, 0 if one is None else len(one.works))) for one in prepared]

        async def judged(indices: Sequence[int]) -> Sequence[SegmentTranslation]:
            decoded = [future.result() for index in indices for future in own[index]]
            finished = await self._finished([texts[i] for i in indices], [prepared[i] for i in indices], decoded)
            return await conclude(finished)

        left = list(range(len(texts)))
        groups: list[tuple[list[int], asyncio.Task[Sequence[SegmentTranslation]]]] = []
        pending: set[asyncio.Future[Completed] | asyncio.Task[Sequence[SegmentTranslation]]] = set(futures)
        try:
            least = _BULK_GROUP if self.context.priority is Priority.BULK else 1
            while left or pending:
                ready = [index for index in left if all(future.done() for future in own[index])]
                if ready and len(ready) >= min(least, len(left)):
                    left = sorted(set(left).difference(ready))
                    groups.append((ready, asyncio.create_task(judged(ready))))
                    pending.add(groups[-1][1])
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for one in done:
                    one.result()  # What fails ends all of it at once.
        finally:
            tasks = [task for _, task in groups]
            for future in futures:
                future.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        results = {index: one for indices, task in groups for index, one in zip(indices, task.result(), strict=True)}
        return [results[index] for index in range(len(texts))]

    async def _finished(
        self, texts: Sequence[str], prepared: Sequence[Prepared | None], decoded: Sequence[Completed]
    ) -> list[Finished]:
        """Makes judged translations of what the engine gave."""
        for one in decoded:
            self.clockings.add(one)
        drafts = await self.aside(self._compose, prepared, decoded)
        similarities = await self.similarities(
            [(text, draft.target_text) for text, draft in zip(texts, drafts, strict=True) if draft is not None]
        )
        remaining = iter(similarities)
        similarity_of = [None if draft is None else next(remaining) for draft in drafts]
        results = await self.aside(self._judge, texts, drafts, similarity_of)
        parts = iter([one.result for one in decoded])
        return [
            Finished(result, one, () if one is None else tuple(itertools.islice(parts, len(one.works))))
            for result, one in zip(results, prepared, strict=True)
        ]

    def _prepare(self, texts: Sequence[str]) -> list[Prepared | None]:
        return [
            prepare(text, self.pair, self.package, self.rules, self.glossary)
            if is_translatable(text) and not is_translated(text, self.pair)
            else None
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
                # A sentence that stays as it is may hold a term that is to be said otherwise.
                if self.glossary and is_translatable(text) and self._lacks_terms(text, one.target_text):
                    one = replace(one, flags=(QualityFlag.GLOSSARY_MISSED,))
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
                    flags=self.flags(text, draft, similarity),
                    word_links=draft.word_links,
                    hypotheses=draft.hypotheses,
                )
            )
        return results

    def _lacks_terms(self, text: str, target: str) -> bool:
        return bool(self.glossary.missed(self.glossary.protect(text), target))

    def flags(self, text: str, draft: Draft, similarity: float | None) -> tuple[QualityFlag, ...]:
        """What is found in a draft of `text`; None for a similarity that was not measured."""
        return self.tests(text, draft).flags(similarity)

    def tests(self, text: str, draft: Draft) -> PairTests:
        """The tests of a draft of `text`."""
        return PairTests(
            text,
            draft.target_text,
            self.pair,
            truncated=draft.truncated,
            missed_terms=draft.missed_terms,
            kept=draft.kept,
        )

    async def aside(self, work: Callable[..., _T], *arguments: object) -> _T:
        """`work` in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, work, *arguments)
