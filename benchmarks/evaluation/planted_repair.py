"""What repair and reranking do to faults: planted ones, and those that the model makes by itself.

    python benchmarks/evaluation/planted_repair.py [--package NAME] [--set NAME] [--lines N] [--per-fault N]

Planted: the model's first hypothesis gets one fault of the corrupted set (`../faithfulness/corrupt.py`, seeded), as if
the model had made it, and is given to three policies: rerank by the beam's other hypotheses if it is flagged, rerank
always, repair as it is served. A fault is still there when the planted text is kept, or when what was chosen instead
has the flag of that kind. Repair decodes again, and a planted fault, unlike the model's own, does not come again by
itself: so its rate is the least that can be hoped for.

Own: faults of the output without and with each policy, told by the reference, which no signal sees: numbers or
negations that the reference does not have, or fewer than six letters for ten of the reference. With chrF and the
processor time of each policy, decoding included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sacrebleu
from khulasa.server.config import Settings
from khulasa.server.core.translation.numbers.comparison import compare_numbers
from khulasa.server.core.translation.polarity.negations import same_polarity
from khulasa.server.core.translation.quality.flags import is_mostly_translated, quality_flags
from khulasa.server.core.translation.quality.repair import Candidate, Retry, choose, repair_segment
from khulasa.server.core.translation.translator.flow import SegmentFlow
from khulasa.server.core.translation.translator.mending import Mender
from khulasa.server.core.translation.types import (
    DecodingOptions,
    Glossary,
    LanguagePair,
    Priority,
    RequestContext,
    SegmentTranslation,
)
from khulasa.server.observability import Observability
from khulasa.server.runtime import load_core
from sets import EvaluationSet, shared_sets

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faithfulness"))

from corrupt import FAULTS, Planter

SEED = 6
POLICIES = ("first", "rerank flagged", "rerank all", "repair")
# Letters of the output for a letter of the reference, below which a part was lost.
LEAST_LENGTH = 0.6


@dataclass
class Tally:
    """What one policy did to one kind of fault, or to the lines as they were."""

    lines: int = 0
    kept: int = 0
    still: int = 0
    outputs: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)

    @property
    def chrf(self) -> float:
        """Of all lines of the tally."""
        return round(sacrebleu.corpus_chrf(self.outputs, [self.references]).score, 2)


class Judge:
    """Candidates of one set, and what the policies choose among them.

    Args:
        flow: The way of segments through the loaded package.
        beam_size: Beams of the first decoding.
    """

    def __init__(self, flow: SegmentFlow, beam_size: int) -> None:
        self._flow, self._beam_size = flow, beam_size
        self.seconds = dict.fromkeys(POLICIES, 0.0)

    async def candidates(self, source: str, hypotheses: Sequence[tuple[str, float]]) -> list[Candidate]:
        """Texts and scores as the server judges them."""
        pair = self._flow.pair
        similarities = await self._flow.similarities([(source, text) for text, _ in hypotheses])
        judged = []
        for (text, score), similarity in zip(hypotheses, similarities, strict=True):
            flags = quality_flags(source, text, pair, similarity=similarity)
            partly = bool(flags) and is_mostly_translated(source, text, pair)
            judged.append(Candidate(text, score, similarity, flags, partly))
        return judged

    async def chosen(self, source: str, first: Candidate, others: Sequence[tuple[str, float]]) -> dict[str, Candidate]:
        """What each policy makes of a translation and the beam's other hypotheses."""

        async def decode(retry: Retry, best: Candidate) -> Sequence[Candidate]:
            return await Mender(self._flow).retried(source, retry, best)

        begun = time.process_time()
        judged = await self.candidates(source, others)
        reranked = choose([first, *judged])
        spent = time.process_time() - begun
        self.seconds["rerank all"] += spent
        self.seconds["rerank flagged"] += spent if first.flags else 0.0
        begun = time.process_time()
        repaired = await repair_segment(source, first, judged, self._beam_size, decode)
        self.seconds["repair"] += time.process_time() - begun + (spent if first.flags else 0.0)
        flagged = reranked if first.flags else first
        return dict(zip(POLICIES, (first, flagged, reranked, repaired), strict=True))


def own_fault(output: str, reference: str, language: str) -> bool:
    """Whether the reference, in the same language, speaks against the output."""
    same = LanguagePair(language, language)
    letters = sum(map(str.isalpha, output)), sum(map(str.isalpha, reference))
    return (
        letters[0] < LEAST_LENGTH * letters[1]
        or not compare_numbers(reference, output, same).agrees
        or not same_polarity(reference, output, same)
    )


def _others(segment: SegmentTranslation) -> list[tuple[str, float]]:
    return [(h.target_text, h.score) for h in segment.hypotheses if h.target_text != segment.target_text]


async def planted(
    one: EvaluationSet, segments: Sequence[SegmentTranslation], judge: Judge, per_fault: int
) -> dict[str, dict[str, Tally]]:
    """The tally of each policy for each fault."""
    firsts = [segment.target_text for segment in segments]
    planter = Planter(one.sources, firsts, one.pair, SEED)
    tallies: dict[str, dict[str, Tally]] = {}
    for fault, flag in FAULTS.items():
        rows = tallies[fault] = {policy: Tally() for policy in POLICIES}
        made = [(i, text) for i in range(len(firsts)) if (text := planter.plant(fault, i)) is not None]
        # Spread over the set, the same ones each time.
        step = max(1, len(made) // per_fault)
        for index, text in made[::step][:per_fault]:
            segment = segments[index]
            (first,) = await judge.candidates(segment.source_text, [(text, segment.score)])
            for policy, best in (await judge.chosen(segment.source_text, first, _others(segment))).items():
                row = rows[policy]
                row.lines += 1
                row.kept += best.target_text == text
                row.still += best.target_text == text or flag in best.flags
                row.outputs.append(best.target_text)
                row.references.append(one.references[index])
        print(f"  {fault}: {rows['first'].lines}", file=sys.stderr, flush=True)
    return tallies


async def own(one: EvaluationSet, segments: Sequence[SegmentTranslation], judge: Judge) -> dict[str, Tally]:
    """The tally of each policy over the lines as the model translated them."""
    rows = {policy: Tally() for policy in POLICIES}
    for segment, reference in zip(segments, one.references, strict=True):
        (first,) = await judge.candidates(segment.source_text, [(segment.target_text, segment.score)])
        for policy, best in (await judge.chosen(segment.source_text, first, _others(segment))).items():
            row = rows[policy]
            row.lines += 1
            row.kept += best.target_text == segment.target_text
            row.still += own_fault(best.target_text, reference, one.pair.target)
            row.outputs.append(best.target_text)
            row.references.append(reference)
    return rows


async def measured(sets: Sequence[EvaluationSet], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The results of every set."""
    packages = (arguments.package,) if arguments.package else ()
    settings = Settings(models=packages, cache_bytes=0, mend=False, queue_tokens=10**7)
    core = await load_core(settings, Observability())
    translator, results = core.serving.translator, []
    context = RequestContext(priority=Priority.BULK)
    try:
        for one in sets:
            options = DecodingOptions(beam_size=arguments.beam_size, num_hypotheses=arguments.beam_size)
            begun = time.process_time()
            segments = await translator.translate_segments(one.sources, one.pair, options, Glossary(), context)
            decoding_s = time.process_time() - begun
            # Repair decodes inside a request; the server gives no other way in.
            again = DecodingOptions(beam_size=arguments.beam_size)
            async with translator._request(one.sources, one.pair, again, Glossary(), context) as flow:
                judge = Judge(flow, arguments.beam_size)
                rows = await own(one, segments, judge)
                cost = {policy: round(seconds, 1) for policy, seconds in judge.seconds.items()}
                tallies = await planted(one, segments, judge, arguments.per_fault)
            result = {"set": one.name, "pair": f"{one.pair.source}-{one.pair.target}", "lines": len(one.sources)}
            result |= {"decoding_s": round(decoding_s, 1), "cost_s": cost, "own": _plain(rows)}
            result["planted"] = {fault: _plain(of) for fault, of in tallies.items() if of["first"].lines}
            results.append(result)
            print(_table(result), flush=True)
    finally:
        await core.close()
    return results


def _plain(rows: dict[str, Tally]) -> dict[str, dict[str, float]]:
    return {
        policy: {
            "lines": row.lines,
            "kept": round(row.kept / row.lines, 3),
            "fault": round(row.still / row.lines, 3),
            "chrF": row.chrf,
        }
        for policy, row in rows.items()
        if row.lines
    }


def _table(result: dict[str, Any]) -> str:
    head = f"{result['set']} {result['pair']}, {result['lines']} lines, decoding {result['decoding_s']} s"
    lines = [f"{head}; each policy over the lines as they are, s: {result['cost_s']}"]
    lines.append("  share with the fault (chrF): " + ", ".join(POLICIES))
    total = {policy: [0.0, 0.0] for policy in POLICIES}
    for name, rows in {"own": result["own"], **result["planted"]}.items():
        cells = [f"{rows[policy]['fault']:.3f} ({rows[policy]['chrF']:.1f})" for policy in POLICIES]
        lines.append(f"  {name:24} {int(rows['first']['lines']):4}  " + "  ".join(cells))
        if name != "own":
            for policy in POLICIES:
                total[policy][0] += rows[policy]["fault"] * rows[policy]["lines"]
                total[policy][1] += rows[policy]["lines"]
    cells = [f"{still / max(count, 1):.3f}" for still, count in total.values()]
    return "\n".join([*lines, f"  {'all planted':24} {int(total['first'][1]):4}  " + "  ".join(cells)])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--package", default="")
    parser.add_argument("--set", action="append", dest="sets", help="a folder of the shared sets; may be given again")
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--per-fault", type=int, default=25)
    parser.add_argument("--beam-size", type=int, default=4)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    sets = [one.first(arguments.lines) for one in shared_sets() if not arguments.sets or one.name in arguments.sets]
    if not sets:
        raise SystemExit("no such set in the shared folder")
    results = asyncio.run(measured(sets, arguments))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
