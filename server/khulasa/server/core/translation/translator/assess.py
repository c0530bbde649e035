"""Given pairs under the same tests as the server's own translations, scored by forced decoding."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.links import align_words, word_links
from khulasa.server.core.translation.engine import DecodedSegment, EngineOptions, SegmentTokens, WorkKind
from khulasa.server.core.translation.protect import loses_protected
from khulasa.server.core.translation.quality.flags import quality_flags
from khulasa.server.core.translation.splitting import divided_alike, fitting_spans
from khulasa.server.core.translation.translator.drafts import Prepared, prepare
from khulasa.server.core.translation.translator.flow import SegmentFlow, gathered
from khulasa.server.core.translation.types import Assessment, WordLink

__all__ = ["PairAssessor"]


@dataclass(frozen=True, slots=True)
class _Pair:
    """A pair to score.

    Attributes:
        prepared: The source.
        target: The target.
        spans: For each work, its places in the source and in the target; one pair of them unless a side is too long.
        works: What the engine gets.
    """

    prepared: Prepared
    target: str
    spans: tuple[tuple[Span, Span], ...]
    works: tuple[SegmentTokens, ...]


@dataclass(frozen=True, slots=True)
class PairAssessor:
    """Assesses the pairs of one request."""

    flow: SegmentFlow
    word_alignments: bool

    async def assess(self, pairs: Sequence[tuple[str, str]]) -> list[Assessment]:
        """One assessment for each pair, same order.

        A pair of which a side is longer than the model takes at once is scored in parts: the source divided at pauses,
        the target where the fewest word links cross.
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
        works = [work for one in prepared if one is not None for work in one.works]
        decoded = await gathered(
            flow.scheduler.submit(flow.package.runner, options, works, flow.context, flow.reservation)
        )
        for done in decoded:
            flow.clockings.add(done)
        remaining = iter([done.result for done in decoded])
        scored = [[] if one is None else list(itertools.islice(remaining, len(one.works))) for one in prepared]
        similarities = await flow.similarities(pairs)
        return await flow.aside(self._judge, pairs, prepared, scored, similarities)

    def _prepare(self, pairs: Sequence[tuple[str, str]]) -> list[_Pair | None]:
        """Each pair's tokens, None when there is no target to score."""
        return [self._prepared(source, target) if target.strip() else None for source, target in pairs]

    def _prepared(self, source: str, target: str) -> _Pair:
        flow = self.flow
        tokenizer = flow.package.tokenizer
        # The target is as somebody wrote it, so the source is read as it is too.
        one = prepare(source, flow.pair, flow.package, flow.rules, flow.glossary, stand_ins=())
        forced = len(one.works[0].target) if one.works else 0
        room = max(1, flow.package.defaults.max_decoding_tokens - 1 - forced)
        if len(one.works) > 1:
            sources = [one.normalized.source_span(span.start, span.end) for span in one.spans]
            targets = divided_alike(sources, target, align_words(source, target, flow.pair))
        else:
            sources, targets = [Span(0, len(source))], [Span(0, len(target))]
        spans: list[tuple[Span, Span]] = []
        works: list[SegmentTokens] = []
        for work, place, part in zip(one.works, sources, targets, strict=True):
            if not part.of(target).strip():
                continue  # Nothing answers to this part; the flags say what is missing.
            whole = tokenizer.encode_target(part.of(target))
            if len(whole) <= room:
                pieces = [part]
            else:
                found = fitting_spans(part.of(target), lambda text: len(tokenizer.encode_target(text)), room)
                pieces = [span.shifted(part.start) for span in found]
            for piece in pieces:
                tokens = whole if piece == part else tokenizer.encode_target(piece.of(target))
                spans.append((place, piece))
                works.append(
                    SegmentTokens(work.source, (*work.target, *tokens), work.prefix_tokens, work.suffix_tokens)
                )
        return _Pair(one, target, tuple(spans), tuple(works))

    def _judge(
        self,
        pairs: Sequence[tuple[str, str]],
        prepared: Sequence[_Pair | None],
        scored: Sequence[Sequence[DecodedSegment]],
        similarities: Sequence[float | None],
    ) -> list[Assessment]:
        flow, results = self.flow, []
        skip = len(flow.package.tokenizer.spec.tokens_of(flow.pair).target_prefix)
        for (source, target), one, parts, similarity in zip(pairs, prepared, scored, similarities, strict=True):
            log_probs = [value for part in parts for value in part.log_probs[skip:]]
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
            if self.word_alignments and one is not None:
                links = self._links(one, parts, skip)
            results.append(Assessment(score, 0.0 if similarity is None else similarity, flags, links))
        return results

    def _links(self, one: _Pair, parts: Sequence[DecodedSegment], skip: int) -> tuple[WordLink, ...]:
        flow, source = self.flow, one.prepared.text
        if len(parts) == 1 and parts[0].attention is not None:
            tokenizer, normalized = flow.package.tokenizer, one.prepared.normalized
            sources = [normalized.source_span(p.start, p.end) for p in tokenizer.encode_with_offsets(normalized.text)]
            targets = [Span(p.start, p.end) for p in tokenizer.encode_target_with_offsets(one.target)]
            return word_links(source, one.target, sources, targets, parts[0].attention[skip:], pair=flow.pair)
        links = {
            WordLink(link.source_span.shifted(place.start), link.target_span.shifted(piece.start))
            for place, piece in one.spans
            for link in align_words(place.of(source), piece.of(one.target), flow.pair)
        }
        return tuple(sorted(links, key=lambda link: (link.source_span, link.target_span)))
