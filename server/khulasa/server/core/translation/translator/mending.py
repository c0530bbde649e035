"""Flagged segments: another hypothesis of the beam, or one more decoding, is taken where it has lesser flags."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.links import align_words
from khulasa.server.core.translation.engine import DecodedSegment
from khulasa.server.core.translation.numbers.plain import lost_figures, plain_numbers
from khulasa.server.core.translation.quality.flags import PairTests, is_mostly_translated
from khulasa.server.core.translation.quality.repair import (
    Candidate,
    Retry,
    RetryKind,
    burden,
    can_be_cured,
    is_lighter,
    repair_segment,
)
from khulasa.server.core.translation.translator.drafts import Draft, Prepared, compose, prepare
from khulasa.server.core.translation.translator.flow import Finished, SegmentFlow, gathered
from khulasa.server.core.translation.types import QualityFlag, SegmentTranslation

__all__ = ["Mender"]


@dataclass(frozen=True, slots=True)
class _Tested:
    """A draft and its tests, of which some have been made."""

    source: str
    draft: Draft
    tests: PairTests

    def judged(self, similarity: float | None) -> Candidate:
        flags, partly = self.tests.flags(similarity), self.tests.mostly_translated
        target = self.draft.target_text
        return Candidate(target, self.draft.score, similarity, flags, partly, bool(lost_figures(self.source, target)))


@dataclass(frozen=True, slots=True)
class Mender:
    """Repairs segments of one request."""

    flow: SegmentFlow

    async def mended(self, finished: Sequence[Finished]) -> list[SegmentTranslation]:
        """N segments in, N translations out, same order; those without a flag as they are."""
        results = [one.translation for one in finished]
        flagged = [index for index, one in enumerate(results) if can_be_cured(one.flags)]
        mended = await asyncio.gather(*(self._mended(finished[index]) for index in flagged))
        for index, best in zip(flagged, mended, strict=True):
            results[index] = best
        return results

    async def _mended(self, finished: Finished) -> SegmentTranslation:
        first, flow = finished.translation, self.flow
        prepared = finished.prepared
        if prepared is None:
            return first
        measured = None if flow.vectors is None else first.similarity
        start = self._candidate(first.source_text, first.target_text, first.score, measured, first.flags)
        others = await self._other_hypotheses(prepared, finished.parts, start)

        async def decode(retry: Retry, best: Candidate) -> list[Candidate]:
            return await self.retried(first.source_text, retry, best)

        best = await repair_segment(first.source_text, start, others, flow.engine_options.beam_size, decode)
        if best is start:
            return first
        links = first.word_links
        if flow.options.word_alignments:
            links = await flow.aside(align_words, first.source_text, best.target_text, flow.pair)
        return replace(
            first,
            target_span=Span(0, len(best.target_text)),
            target_text=best.target_text,
            score=best.score,
            similarity=0.0 if best.similarity is None else best.similarity,
            flags=best.flags,
            word_links=links,
        )

    async def _other_hypotheses(
        self, prepared: Prepared, parts: Sequence[DecodedSegment], first: Candidate
    ) -> list[Candidate]:
        """The beam's other hypotheses that have lesser flags than its best; they are decoded already."""
        count = min(len(part.hypotheses) for part in parts)
        if count < 2:
            return []
        return await self._lesser(prepared, parts, range(1, count), first)

    async def retried(self, text: str, retry: Retry, best: Candidate) -> list[Candidate]:
        """Translates as the retry says; what has lesser flags than `best`. Clauses make one candidate together."""
        flow = self.flow
        if retry.kind is RetryKind.OWN_SCRIPT and (flow.pair.source == "ar") == (flow.pair.target == "ar"):
            return []  # One script on both sides.
        options = replace(
            flow.engine_options,
            beam_size=retry.beam_size,
            num_hypotheses=retry.num_hypotheses,
            no_repeat_ngram_size=retry.no_repeat_ngram_size,
            suppressed=flow.package.tokenizer.pieces_in_script_of(flow.pair.source)
            if retry.kind is RetryKind.OWN_SCRIPT
            else None,
        )
        prepared = await flow.aside(self._prepared_again, text, retry)
        if retry.kind is RetryKind.PLAIN_NUMBERS and not prepared.numbers:
            return []
        flow.reservation.tokenised(0, sum(len(work.source) for work in prepared.works))
        decoded = await gathered(
            flow.scheduler.submit(flow.package.runner, options, prepared.works, flow.context, flow.reservation)
        )
        for done in decoded:
            flow.clockings.add(done)
        parts = [done.result for done in decoded]
        ranks = range(min(len(part.hypotheses) for part in parts))
        return await self._lesser(prepared, parts, ranks, best)

    async def _lesser(
        self, prepared: Prepared, parts: Sequence[DecodedSegment], ranks: Sequence[int], best: Candidate
    ) -> list[Candidate]:
        """Candidates of these ranks whose flags weigh less than those of `best`.

        Sentence vectors cost more than all else here, and a similarity can only add flags: so it is measured only of
        drafts that would be better without, up to the first, in the model's order, that has no flag.
        """
        flow, text = self.flow, prepared.text
        hopeful = await flow.aside(self._hopeful, prepared, parts, ranks, best)
        similarities = await flow.similarities([(text, one.draft.target_text) for one in hopeful])
        candidates = [one.judged(value) for one, value in zip(hopeful, similarities, strict=True)]
        return [candidate for candidate in candidates if burden(candidate) < burden(best)]

    def _hopeful(
        self, prepared: Prepared, parts: Sequence[DecodedSegment], ranks: Sequence[int], best: Candidate
    ) -> list[_Tested]:
        found: list[_Tested] = []
        seen: set[str] = set()
        for rank in ranks:
            draft = self._ranked(prepared, parts, rank)
            if draft.target_text in seen:
                continue
            seen.add(draft.target_text)
            one = _Tested(prepared.text, draft, self.flow.tests(prepared.text, draft))
            # Hypotheses of one beam mostly share their faults: what `best` is flagged for decides soonest.
            if is_lighter(best, one.tests):
                found.append(one)
                if not one.judged(None).flags:
                    break
        return found

    def _candidate(
        self, text: str, target: str, score: float, similarity: float | None, flags: tuple[QualityFlag, ...]
    ) -> Candidate:
        partly = QualityFlag.UNTRANSLATED in flags and is_mostly_translated(text, target, self.flow.pair)
        return Candidate(target, score, similarity, flags, partly, bool(lost_figures(text, target)))

    def _prepared_again(self, text: str, retry: Retry) -> Prepared:
        flow = self.flow
        whole = prepare(text, flow.pair, flow.package, flow.rules, flow.glossary)
        if retry.kind is RetryKind.PLAIN_NUMBERS:
            answered = [*(match.span for match in whole.protected.matches), *(one.span for one in whole.stand_ins)]
            figures = [
                span for span in retry.figures if not any(o.start < span.end and span.start < o.end for o in answered)
            ]
            numbers = plain_numbers(text, figures)
            return prepare(
                text, flow.pair, flow.package, flow.rules, flow.glossary, stand_ins=whole.stand_ins, numbers=numbers
            )
        if retry.kind is not RetryKind.CLAUSES:
            return whole
        parts = [
            prepare(
                span.of(text),
                flow.pair,
                flow.package,
                flow.rules,
                flow.glossary,
                # The same names as in the whole, by which they are put back.
                stand_ins=[
                    one.shifted(-span.start)
                    for one in whole.stand_ins
                    if span.start <= one.item.span.start and one.item.span.end <= span.end
                ],
            )
            for span in retry.clauses
        ]
        works = tuple(work for part in parts for work in part.works)
        # Spans serve links alone, which a retry takes from the lexicon.
        return replace(whole, spans=(Span(0, 0),) * len(works), works=works)

    def _ranked(self, prepared: Prepared, decoded: Sequence[DecodedSegment], rank: int) -> Draft:
        """The draft of this rank; the n-th best of a divided segment is made of its parts' n-th best."""
        hypotheses = [part.hypotheses[rank] for part in decoded]
        parts = [
            replace(part, hypotheses=(one,), attention=None, truncated=one.truncated)
            for part, one in zip(decoded, hypotheses, strict=True)
        ]
        return compose(
            prepared,
            parts,
            self.flow.pair,
            self.flow.package,
            self.flow.glossary,
            num_hypotheses=0,
            links_wanted=False,
            digit_shape=self.flow.options.digit_shape,
        )
