"""Train the word lexicon of the aligner with EM in both directions and write it as one compact file.

    python benchmarks/faithfulness/train_lexicon.py --corpora DIR

The model is IBM model 2 with a fixed diagonal prior and a uniform null word (Dyer, Chahuneau and Smith 2013, "A
Simple, Fast, and Effective Reparameterization of IBM Model 2"). Only sets with a stated open licence are read; they
are named in the file. The result holds word statistics, no sentence.
"""

from __future__ import annotations

import argparse
import lzma
import random
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.lexicon import PRIOR_NULL, PRIOR_TENSION, save_lexicon
from khulasa.server.core.translation.alignment.units import fold_arabic, units_of, words_of

# Sets and the lines taken of each: all of what is like news, a sample of the documentation.
SETS: dict[str, int] = {
    "news": 10**9,
    "tatoeba": 10**9,
    "xquad": 10**9,
    "un_sdg": 10**9,
    "opensource_guide": 10**9,
    "storybooks": 10**9,
    "mozilla_www": 10**9,
    "debian_handbook": 10**9,
    "freecodecamp": 25_000,
    "ms_dynamics_ops": 12_000,
}
ITERATIONS = 6
MIN_COUNT = 2
Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]


def read_pairs(folder: Path, seed: int) -> list[tuple[str, str]]:
    """Arabic and English of the open sets, in a fixed order."""
    by_set: dict[str, list[tuple[str, str]]] = {name: [] for name in SETS}
    for name in ("news", "general", "general-2"):
        with lzma.open(folder / f"{name}.tsv.xz", "rt", encoding="utf-8") as lines:
            for line in lines:
                arabic, english, origin = line.rstrip("\n").split("\t")
                if origin in by_set and len(arabic) < 600:
                    by_set[origin].append((arabic, english))
    chooser = random.Random(seed)
    pairs: list[tuple[str, str]] = []
    for name, lines_of_set in by_set.items():
        take = SETS[name]
        pairs.extend(lines_of_set if len(lines_of_set) <= take else chooser.sample(lines_of_set, take))
        print(f"{name}: {min(len(lines_of_set), take)} pairs")
    return pairs


def cells_of(sources: list[list[int]], targets: list[list[int]]) -> tuple[Ints, Ints, Floats, Ints]:
    """Every (source unit, target unit) cell: ids, prior, and the start of each target unit's run of cells.

    The first cell of a run is the null word, id 0.
    """
    source_ids, target_ids, priors, starts = [], [], [], []
    at = 0
    for source, target in zip(sources, targets, strict=True):
        width = len(source) + 1
        row = np.array([0, *source], dtype=np.int32)
        places = (np.arange(len(source)) + 0.5) / len(source)
        for position, unit in enumerate(target):
            distance = np.abs(places - (position + 0.5) / len(target))
            weight = np.exp(-PRIOR_TENSION * distance)
            priors.append(np.concatenate(([PRIOR_NULL], (1 - PRIOR_NULL) * weight / weight.sum())).astype(np.float32))
            source_ids.append(row)
            target_ids.append(np.full(width, unit, dtype=np.int32))
            starts.append(at)
            at += width
    return (
        np.concatenate(source_ids),
        np.concatenate(target_ids),
        np.concatenate(priors),
        np.array(starts, dtype=np.int32),
    )


def train(sources: list[list[int]], targets: list[list[int]], target_size: int) -> dict[tuple[int, int], float]:
    """p(target unit | source unit) for the cells that keep at least a thousandth."""
    source_ids, target_ids, priors, starts = cells_of(sources, targets)
    keys, cell_of = np.unique(source_ids.astype(np.int64) * target_size + target_ids, return_inverse=True)
    key_source = (keys // target_size).astype(np.int64)
    widths = np.diff(np.append(starts, len(source_ids)))
    table = np.full(len(keys), 1.0 / target_size)
    for iteration in range(ITERATIONS):
        weight = table[cell_of] * priors
        total = np.add.reduceat(weight, starts)
        share = weight / np.repeat(total, widths)
        counts = np.bincount(cell_of, weights=share, minlength=len(keys))
        # A count of a fraction is noise; the small subtraction prunes it, as a sparse Dirichlet prior would.
        counts = np.maximum(counts - 0.05, 1e-9)
        mass = np.bincount(key_source, weights=counts)
        table = counts / mass[key_source]
        print(f"  iteration {iteration + 1}: log likelihood a unit {np.log(total).mean():.3f}", flush=True)
    kept = table > 1e-3
    return {
        (int(k) // target_size, int(k) % target_size): float(p) for k, p in zip(keys[kept], table[kept], strict=True)
    }


def main() -> None:
    """Read, train both ways, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--corpora", type=Path, default=Path(__file__).resolve().parents[3] / "shared" / "corpora")
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    pairs = read_pairs(options.corpora, options.seed)

    surface: Counter[str] = Counter()
    for arabic, _ in pairs:
        surface.update(fold_arabic(span.of(arabic)) for span in words_of(arabic))
    # Powers of two, as they are stored, so that words are cut here as they will be cut later.
    frequency = {word: 1 << (count.bit_length() - 1) for word, count in surface.items() if count >= MIN_COUNT}

    def all_units(text: str, language: str) -> list[str]:
        spans: list[Span] = words_of(text)
        return [unit.text for unit in units_of(text, spans, language, frequency)]

    arabic_units = [all_units(arabic, "ar") for arabic, _ in pairs]
    english_units = [all_units(english, "en") for _, english in pairs]
    kept = [i for i in range(len(pairs)) if 0 < len(arabic_units[i]) <= 90 and 0 < len(english_units[i]) <= 90]

    def index_of(units: list[list[str]]) -> dict[str, int]:
        counts = Counter(unit for i in kept for unit in units[i])
        # 0 is the null word, 1 every rare unit.
        return {unit: 2 + place for place, (unit, n) in enumerate(counts.most_common()) if n >= MIN_COUNT}

    arabic_index, english_index = index_of(arabic_units), index_of(english_units)
    arabic_ids = [[arabic_index.get(unit, 1) for unit in arabic_units[i]] for i in kept]
    english_ids = [[english_index.get(unit, 1) for unit in english_units[i]] for i in kept]
    print(f"{len(kept)} pairs, {len(arabic_index)} Arabic and {len(english_index)} English units")
    english_given_arabic = train(arabic_ids, english_ids, len(english_index) + 2)
    arabic_given_english = train(english_ids, arabic_ids, len(arabic_index) + 2)
    size = save_lexicon(
        options.output, frequency, arabic_index, english_index, english_given_arabic, arabic_given_english, sorted(SETS)
    )
    print(f"{options.output}: {size} bytes")


if __name__ == "__main__":
    main()
