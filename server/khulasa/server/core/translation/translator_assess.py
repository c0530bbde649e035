"""Given pairs under the same tests as the server's own translations, scored by forced decoding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from khulasa.server.core.errors import FieldViolation, InvalidInputError
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment import align_words, word_links
from khulasa.server.core.translation.engine import DecodedSegment, EngineOptions, SegmentTokens, WorkKind
from khulasa.server.core.translation.protect import loses_protected
from khulasa.server.core.translation.quality import quality_flags
from khulasa.server.core.translation.translator_drafts import Prepared, prepare
from khulasa.server.core.translation.translator_flow import SegmentFlow, gathered
from khulasa.server.core.translation.types import Assessment, WordLink

__all__ = ["PairAssessor"]


@dataclass(frozen=True, slots=True)
class PairAssessor:
    """Assesses the pairs of one request."""

    flow: SegmentFlow
    word_alignments: bool

    async def assess(self, pairs: Sequence[tuple[str, str]]) -> list[Assessment]:
        """One assessment for each pair, same order.

        Raises:
            InvalidInputError: a side of a pair has more tokens than the model reads at once.
        """
        flow = self.flow
        prepared = await flow.aside(self._prepare, pairs)
        options = EngineOptions(
            beam_size=1,
            attention=self.word_alignments,
            deterministic=True,
            max_decoding_tokens=flow.package.defaults.max_decoding_tokens,
            kind=WorkKind.SCORE,
        )
        works = [one.works[0] for one in prepared if one is not None]
        decoded = await gathered(
            flow.scheduler.submit(flow.package.runner, options, works, flow.context, flow.reservation)
        )
        for done in decoded:
            flow.clockings.add(done)
        remaining = iter(decoded)
        scored = [None if one is None else next(remaining).result for one in prepared]
        similarities = await flow.similarities(pairs)
        return await flow.aside(self._judge, pairs, prepared, scored, similarities)

    def _prepare(self, pairs: Sequence[tuple[str, str]]) -> list[Prepared | None]:
        """Each pair's tokens, None when there is no target to score."""
        flow, faults = self.flow, list[FieldViolation]()
        found: list[Prepared | None] = []
        most_target = flow.package.defaults.max_decoding_tokens - 1
        for index, (source, target) in enumerate(pairs):
            if not target.strip():
                found.append(None)
                continue
            # The target is as somebody wrote it, so the source is read as it is too.
            one = prepare(source, flow.pair, flow.package, flow.rules, flow.glossary, stand_ins=())
            tokens = flow.package.tokenizer.encode_target(target)
            if len(one.works) != 1:
                limit = f"more than the {flow.package.max_input_tokens:,} tokens that the model reads at once"
                faults.append(FieldViolation(f"pairs[{index}].source_text", f"{limit}; send it sentence by sentence"))
                found.append(None)
                continue
            work = one.works[0]
            whole = (*work.target, *tokens)
            if len(whole) > most_target:
                limit = f"more than the {most_target:,} tokens that the model writes at once"
                faults.append(FieldViolation(f"pairs[{index}].target_text", f"{limit}; send it sentence by sentence"))
            forced = SegmentTokens(work.source, whole, work.prefix_tokens, work.suffix_tokens)
            found.append(Prepared(one.text, one.normalized, one.spans, (forced,), one.protected))
        if faults:
            raise InvalidInputError(faults)
        return found

    def _judge(
        self,
        pairs: Sequence[tuple[str, str]],
        prepared: Sequence[Prepared | None],
        scored: Sequence[DecodedSegment | None],
        similarities: Sequence[float | None],
    ) -> list[Assessment]:
        flow, results = self.flow, []
        skip = len(flow.package.tokenizer.spec.tokens_of(flow.pair).target_prefix)
        for (source, target), one, result, similarity in zip(pairs, prepared, scored, similarities, strict=True):
            log_probs = result.log_probs[skip:] if result is not None else ()
            protected = flow.glossary.protect(source)
            missed = flow.glossary.missed(protected, target)
            score = min(0.0, sum(log_probs) / len(log_probs)) if log_probs else 0.0
            flags = quality_flags(
                source,
                target,
                flow.pair,
                similarity=similarity,
                score=score,
                missed_terms=bool(missed)
                or loses_protected(source, target, [match.span for match in protected.matches]),
                kept=flow.glossary.targets(protected),
            )
            links: tuple[WordLink, ...] = ()
            if self.word_alignments and one is not None and result is not None:
                links = self._links(one, target, result, skip)
            results.append(Assessment(score, 0.0 if similarity is None else similarity, flags, links))
        return results

    def _links(self, one: Prepared, target: str, result: DecodedSegment, skip: int) -> tuple[WordLink, ...]:
        flow = self.flow
        if result.attention is None:
            return align_words(one.text, target, flow.pair)
        tokenizer, normalized = flow.package.tokenizer, one.normalized
        sources = [normalized.source_span(p.start, p.end) for p in tokenizer.encode_with_offsets(normalized.text)]
        targets = [Span(p.start, p.end) for p in tokenizer.encode_target_with_offsets(target)]
        return word_links(one.text, target, sources, targets, result.attention[skip:], pair=flow.pair)
