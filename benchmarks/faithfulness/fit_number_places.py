"""Fit the weights by which numbers that have changed places are told, on pairs of open corpora as they are.

    python benchmarks/faithfulness/fit_number_places.py [--corpora DIR]

What is there is taken to be right: for each two numbers of a pair, how much better they fit in their places than
exchanged. A logistic regression without a constant, since to exchange them turns every sign. Fitted on every other
pair; on the rest it prints how many are flagged as they are and with two numbers exchanged. No text is stored.
"""

from __future__ import annotations

import argparse
import lzma
from pathlib import Path

import numpy as np
import numpy.typing as npt
from corrupt import Planter
from khulasa.server.core.translation.numbers.comparison import compare_numbers, extract_numbers, is_same
from khulasa.server.core.translation.numbers.places import exchange_features
from khulasa.server.core.translation.types import LanguagePair

SETS = frozenset(
    ["news", "tatoeba", "xquad", "un_sdg", "opensource_guide", "storybooks", "privacyguides", "debian_handbook"]
)
SEED = 6
_LONGEST = 400
_PENALTY = 1.0
_NAMES = ("words beside", "order", "percent", "date", "date of a year")


def read_pairs(folder: Path, most: int) -> list[tuple[str, str]]:
    """Arabic and English with two numbers that can be exchanged in each."""
    every: list[tuple[str, str]] = []
    for name in ("news", "general", "general-2"):
        with lzma.open(folder / f"{name}.tsv.xz", "rt", encoding="utf-8") as lines:
            for line in lines:
                arabic, english, origin = line.rstrip("\n").split("\t")
                if origin in SETS and len(english) <= _LONGEST and sum(map(str.isdigit, english)) > 1:
                    every.append((arabic, english))
    one = Planter([e for _, e in every], [a for a, _ in every], LanguagePair("en", "ar"), SEED)
    two = Planter([a for a, _ in every], [e for _, e in every], LanguagePair("ar", "en"), SEED)
    fitting = [i for i in range(len(every)) if all(p.plant("exchanged_numbers", i) for p in (one, two))]
    return [every[i] for i in fitting[:: max(1, len(fitting) // most)]]


def fit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The weights that make what is there likeliest, by Newton's method, with a small penalty on large ones."""
    spread = rows.std(axis=0) + 1e-9
    scaled = rows / spread
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-scaled @ weights))
        slope = scaled.T @ (likely - 1) + _PENALTY * weights
        curve = (scaled * (likely * (1 - likely))[:, None]).T @ scaled + _PENALTY * np.eye(len(weights))
        weights -= np.linalg.solve(curve, slope)
    found: npt.NDArray[np.float64] = weights / spread
    return found


def main() -> None:
    """Read, fit, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--corpora", type=Path, default=Path(__file__).resolve().parents[3] / "shared" / "corpora")
    parser.add_argument("--pairs", type=int, default=1_500, help="about how many pairs to use")
    options = parser.parse_args()
    pairs = read_pairs(options.corpora, options.pairs)
    rows: list[tuple[float, ...]] = []
    for arabic, english in pairs[::2]:
        numbers = extract_numbers(arabic, "ar"), extract_numbers(english, "en")
        # Where equal values can be paired in several ways, the right one is not known.
        rows.extend(ways[0] for ways in exchange_features(arabic, english, *numbers, is_same) if len(ways) == 1)
    weights = fit(np.array(rows))
    print(f"{len(pairs[::2])} pairs, {len(rows)} exchanges")
    print(", ".join(f"{name} {weight:.2f}" for name, weight in zip(_NAMES, weights, strict=True)))

    held = pairs[1::2]
    for source, target in (("ar", "en"), ("en", "ar")):
        pair = LanguagePair(source, target)
        texts = [(a, e) if source == "ar" else (e, a) for a, e in held]
        planter = Planter([s for s, _ in texts], [t for _, t in texts], pair, SEED)
        # With another fault in the pair as it is, nothing is learnt of this one.
        clean = [i for i, (s, t) in enumerate(texts) if not _flagged(s, t, pair, places=False)]
        false = sum(_flagged(*texts[i], pair) for i in clean)
        found = sum(_flagged(texts[i][0], planter.plant("exchanged_numbers", i) or "", pair) for i in clean)
        print(f"{source}-{target}: found {found} of {len(clean)}, false on {false}")


def _flagged(source: str, target: str, pair: LanguagePair, *, places: bool = True) -> bool:
    found = compare_numbers(source, target, pair)
    return not found.agrees and (places or not found.exchanged)


if __name__ == "__main__":
    main()
