"""What n-best reranking by the signals would give: the beam's hypotheses, chosen among by the criterion of repair.

    python benchmarks/evaluation/rerank.py [--package NAME] [--lines N] [--hypotheses N]

Nothing is decoded again. Prints chrF and the share of flagged lines of the first hypothesis, of the choice among all
for flagged lines only, and of the choice among all for every line, with the seconds that judging took.
"""

from __future__ import annotations

import argparse
import asyncio
import time

import sacrebleu
from evaluate import cosines
from khulasa.server.config import Settings
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.translation.quality.flags import is_mostly_translated, quality_flags
from khulasa.server.core.translation.quality.repair import Candidate, choose
from khulasa.server.core.translation.types import DecodingOptions, Glossary, RequestContext, SegmentTranslation
from khulasa.server.observability import Observability
from khulasa.server.runtime import load_core
from sets import EvaluationSet, shared_sets


async def decoded(
    sets: list[EvaluationSet], package: str, hypotheses: int
) -> list[tuple[list[SegmentTranslation], float]]:
    """Segments with their hypotheses and the seconds of each set."""
    settings = Settings(models=(package,) if package else (), cache_bytes=0, mend=False, queue_tokens=10**7)
    core = await load_core(settings, Observability())
    options, done = DecodingOptions(beam_size=4, num_hypotheses=hypotheses), []
    for one in sets:
        begun = time.process_time()
        segments = await core.serving.translator.translate_segments(
            one.sources, one.pair, options, Glossary(), RequestContext()
        )
        done.append((segments, time.process_time() - begun))
    await core.close()
    return done


def main() -> None:
    """One table for each set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--package", default="")
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--hypotheses", type=int, default=4)
    options = parser.parse_args()
    sets = [one.first(options.lines) for one in shared_sets()]
    done = asyncio.run(decoded(sets, options.package, options.hypotheses))
    encoder = SentenceEncoder(threads=Settings().thread_count)
    for one, (segments, decoding_s) in zip(sets, done, strict=True):
        begun = time.process_time()
        pairs = [(s.source_text, h.target_text, h.score) for s in segments for h in s.hypotheses]
        similarities = iter(cosines(encoder, [p[0] for p in pairs], [p[1] for p in pairs]))
        lists = []
        for segment in segments:
            candidates = []
            for hypothesis in segment.hypotheses:
                similarity = next(similarities)
                source, target = segment.source_text, hypothesis.target_text
                flags = quality_flags(source, target, one.pair, similarity=similarity)
                partly = bool(flags) and is_mostly_translated(source, target, one.pair)
                candidates.append(Candidate(target, hypothesis.score, similarity, flags, partly))
            lists.append(candidates)
        judging_s = time.process_time() - begun
        print(f"{one.name} {one.pair.source}-{one.pair.target}, {len(segments)} lines, decoding {decoding_s:.0f} s")
        for name, picked in (
            ("first", [c[0] for c in lists]),
            ("flagged lines reranked", [choose(c) if c[0].flags else c[0] for c in lists]),
            ("every line reranked", [choose(c) for c in lists]),
        ):
            score = sacrebleu.corpus_chrf([c.target_text for c in picked], [one.references]).score
            flagged = sum(bool(c.flags) for c in picked) / len(picked)
            print(f"  {name:24} chrF {score:.2f}, flagged {flagged:.1%}")
        print(f"  judging {judging_s:.1f} s of processor time", flush=True)


if __name__ == "__main__":
    main()
