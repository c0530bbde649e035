"""Scores of one system's output: BLEU and chrF with signatures and confidence intervals, COMET, flag rates."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from khulasa.server.core.translation.quality.flags import quality_flags
from khulasa.server.core.translation.types import LanguagePair, QualityFlag
from sacrebleu.metrics import BLEU, CHRF

__all__ = ["CometScorer", "MetricScore", "comet_scorer", "flag_rates", "metric_scores"]

CometScorer = Callable[[Sequence[str], Sequence[str], Sequence[str]], float]
# Flags that are no finding about a translation on its own.
_NOT_RATED = {QualityFlag.GLOSSARY_MISSED, QualityFlag.UNSUPPORTED}


@dataclass(frozen=True)
class MetricScore:
    """A corpus score.

    Attributes:
        score: Of all lines.
        low: Lower end of sacrebleu's 95% interval, None without bootstrap.
        high: Upper end.
        signature: sacrebleu's.
    """

    score: float
    low: float | None
    high: float | None
    signature: str


def metric_scores(output: Sequence[str], references: Sequence[str], samples: int, seed: int) -> dict[str, Any]:
    """BLEU and chrF with sacrebleu's defaults.

    Args:
        output: N lines.
        references: N lines.
        samples: Bootstrap resamples of the lines (Koehn 2004, "Statistical Significance Tests for Machine Translation
            Evaluation"); 0 for none.
        seed: Of the resampling.
    """
    os.environ["SACREBLEU_SEED"] = str(seed)
    results: dict[str, Any] = {}
    for name, metric in (("BLEU", BLEU()), ("chrF", CHRF())):
        score = metric.corpus_score(list(output), [list(references)], n_bootstrap=samples or 1)
        low = high = None
        if samples:
            # Of chrF they are numpy's, which json does not write.
            low, high = (round(float(end), 2) for end in (score._mean - score._ci, score._mean + score._ci))
        results[name] = asdict(MetricScore(round(score.score, 2), low, high, str(metric.get_signature())))
    return results


def comet_scorer(checkpoint: Path) -> CometScorer:
    """Mean COMET of sources, outputs and references with a checkpoint on this machine, to four places.

    Args:
        checkpoint: A `.ckpt` file, as unbabel-comet's `download_model` leaves it.

    Raises:
        SystemExit: the package unbabel-comet is not installed, or there is no such file.
    """
    try:
        from comet import load_from_checkpoint
    except ImportError as error:
        raise SystemExit("--comet needs the package unbabel-comet (pip install unbabel-comet)") from error
    if not checkpoint.is_file():
        raise SystemExit(f"--comet: no such file: {checkpoint}")
    model = load_from_checkpoint(str(checkpoint))

    def score(sources: Sequence[str], outputs: Sequence[str], references: Sequence[str]) -> float:
        triples = [
            {"src": source, "mt": output, "ref": reference}
            for source, output, reference in zip(sources, outputs, references, strict=True)
        ]
        return round(float(model.predict(triples, batch_size=8, gpus=0).system_score), 4)

    return score


def flag_rates(
    sources: Sequence[str], outputs: Sequence[str], pair: LanguagePair, similarities: Sequence[float]
) -> dict[str, float]:
    """Share of the lines with each flag, and with any, in percent; what `Assess` would say of the pairs."""
    raised: Counter[str] = Counter()
    for source, output, similarity in zip(sources, outputs, similarities, strict=True):
        flags = quality_flags(source, output, pair, similarity=similarity)
        raised.update(flag.value for flag in flags)
        raised["any"] += bool(flags)
    names = ["any", *(flag.value for flag in QualityFlag if flag not in _NOT_RATED)]
    return {name: round(100 * raised[name] / len(sources), 2) for name in names}
