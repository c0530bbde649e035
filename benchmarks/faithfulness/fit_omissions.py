"""Fit the weights by which a clause is told to be left out, and print the limits that they want.

    python benchmarks/faithfulness/fit_omissions.py [--cache FILE]

A clause of a fifth of the text or more is dropped from the references and from the best system's output of the even
development lines, both directions together. One logistic model with a constant for each direction; the limit is where
the model is as `SURE` of a lost clause as false alarms allow. The weights stand
in `quality/flags.py`, the limits in `quality/thresholds.json`.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
from corrupt import Planter
from khulasa.server.core.translation.quality.omissions import unanswered_runs
from khulasa.server.core.translation.quality.signals import measure_segment
from khulasa.server.core.translation.types import LanguagePair
from measure_flags import DATA, SEED, Case, Similarities, read

PAIRS = (LanguagePair("ar", "en"), LanguagePair("en", "ar"))
# Log odds, with as many lost clauses as whole lines. Chosen by `LENGTH_RATIO` on the even lines as they are: it is
# false on less than 2% of the best system's and on less than 5% of the references.
SURE = dict(zip(PAIRS, (0.5, 0.15), strict=True))
_SHARE = (0.2, 0.8)


def cases_of(pair: LanguagePair, folder: Path) -> list[Case]:
    """Even lines, whole and without one of their clauses."""
    sources = read(pair.source, folder)
    made = []
    for system, name in (("reference", pair.target), ("google", f"systems/google.{pair.source}-{pair.target}")):
        targets = read(name, folder)
        planter = Planter(sources, targets, pair, SEED)
        for index in range(0, len(sources), 2):
            made.append(Case(system, "", index, sources[index], targets[index]))
            shorter = planter.without_clause(index, random.Random(f"{SEED}/{index}"), *_SHARE)
            if shorter is not None:
                made.append(Case(system, "dropped_clause", index, sources[index], shorter))
    return made


def main() -> None:
    """Plant, measure, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cache", type=Path, help="where to keep sentence vectors between runs")
    options = parser.parse_args()
    similarities = Similarities(options.cache)
    rows, faulty = [], []
    for number, pair in enumerate(PAIRS):
        cases = cases_of(pair, options.data)
        similarities.load([text for case in cases for text in (case.source, case.target)])
        for case in cases:
            runs = unanswered_runs(case.source, case.target, pair)
            if runs is not None:
                signal = measure_segment(case.source, case.target, pair).log_ratio
                rows.append([signal, runs.source, runs.target, similarities.of(case), 1 - number, number])
                faulty.append(float(bool(case.fault)))
    features, wanted = np.array(rows), np.array(faulty)
    weights = np.zeros(features.shape[1])
    for _ in range(50):  # Newton's method
        odds = 1 / (1 + np.exp(-features @ weights))
        curvature = (features.T * (odds * (1 - odds))) @ features + 1e-3 * np.eye(len(weights))
        weights += np.linalg.solve(curvature, features.T @ (wanted - odds))
    print(f"{int(wanted.sum())} without a clause, {int((1 - wanted).sum())} whole")
    print(dict(zip(("log_ratio", "run", "added", "similarity"), weights[:4].round(1).tolist(), strict=True)))
    print(
        "omission_limit",
        {f"{p.source}-{p.target}": round(float(SURE[p] - w), 2) for p, w in zip(PAIRS, weights[4:], strict=True)},
    )


if __name__ == "__main__":
    main()
