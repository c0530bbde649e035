"""A compact probabilistic lexicon between Arabic and English units: p(en | ar) and p(ar | en).

Trained by `benchmarks/faithfulness/train_lexicon.py` on sets with an open licence. The file is a numpy archive;
probabilities are kept as one byte each, `round(-20 ln p)`, which is within 2.5%.
"""

from __future__ import annotations

import functools
import io
import itertools
import lzma
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["PRIOR_NULL", "PRIOR_TENSION", "UnitLexicon", "load_lexicon", "save_lexicon"]

# Probability of the null word, and how sharply the prior prefers the diagonal (Dyer et al. 2013, section 2).
PRIOR_NULL = 0.08
PRIOR_TENSION = 4.0
# Entries below this in both directions are dropped.
_LEAST = 0.004
_SCALE = 20.0

Cells = dict[tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class UnitLexicon:
    """The lexicon in memory.

    Attributes:
        frequency: How often each folded Arabic word was met, powers of two; decides where clitics are cut.
        arabic: Id of each Arabic unit.
        english: Id of each English unit.
        english_given_arabic: p(english | arabic) by (arabic id, english id).
        arabic_given_english: p(arabic | english) by (arabic id, english id).
        translations: English ids of each Arabic one with which it has probabilities, some three.
    """

    frequency: Mapping[str, int]
    arabic: Mapping[str, int]
    english: Mapping[str, int]
    english_given_arabic: Mapping[tuple[int, int], float]
    arabic_given_english: Mapping[tuple[int, int], float]
    translations: Mapping[int, tuple[int, ...]]


def save_lexicon(
    path: Path,
    frequency: Mapping[str, int],
    arabic: Mapping[str, int],
    english: Mapping[str, int],
    english_given_arabic: Cells,
    arabic_given_english: Cells,
    sets: Sequence[str],
) -> int:
    """Write the lexicon; gives the size in bytes.

    Args:
        path: Where to.
        frequency: Occurrences of folded Arabic words.
        arabic: Ids of Arabic units, from 2.
        english: Ids of English units, from 2.
        english_given_arabic: Probability by (arabic id, english id).
        arabic_given_english: Probability by (english id, arabic id).
        sets: The names of the sets it was trained on.
    """
    reverse = {(a, e): p for (e, a), p in arabic_given_english.items()}
    pairs = sorted(
        pair
        for pair in english_given_arabic.keys() | reverse.keys()
        if min(pair) >= 2
        and max(english_given_arabic.get(pair, 0.0), reverse.get(pair, 0.0)) >= _LEAST * 2
        and english_given_arabic.get(pair, 0.0) * reverse.get(pair, 0.0) > 1e-6
    )

    def code(p: float) -> int:
        return min(255, round(-_SCALE * float(np.log(p)))) if p > 0 else 255

    rows = np.array([pair[0] for pair in pairs], dtype=np.int64)
    words = sorted(frequency)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        frequency_words=np.frombuffer("\n".join(words).encode(), dtype=np.uint8),
        frequency_log2=np.array([int(np.log2(frequency[word])) for word in words], dtype=np.uint8),
        arabic=np.frombuffer("\n".join(sorted(arabic, key=arabic.__getitem__)).encode(), dtype=np.uint8),
        english=np.frombuffer("\n".join(sorted(english, key=english.__getitem__)).encode(), dtype=np.uint8),
        row_counts=np.bincount(rows, minlength=len(arabic) + 2).astype(np.uint16),
        columns=np.array([pair[1] for pair in pairs], dtype=np.uint16),
        forward=np.array([code(english_given_arabic.get(pair, 0.0)) for pair in pairs], dtype=np.uint8),
        backward=np.array([code(reverse.get(pair, 0.0)) for pair in pairs], dtype=np.uint8),
        sets=np.frombuffer("\n".join(sets).encode(), dtype=np.uint8),
    )
    data = lzma.compress(buffer.getvalue(), preset=9)
    path.write_bytes(data)
    return len(data)


def _lines(array: npt.NDArray[np.uint8]) -> list[str]:
    return array.tobytes().decode().split("\n")


@functools.lru_cache(maxsize=16)
def load_lexicon(path: Path | None = None) -> UnitLexicon:
    """The lexicon that lies beside this module, or the one at `path`; read once.

    Raises:
        OSError: The file is missing.
    """
    path = path or Path(__file__).with_name("lexicon.npz.xz")
    with np.load(io.BytesIO(lzma.decompress(path.read_bytes())), allow_pickle=False) as stored:
        words = _lines(stored["frequency_words"])
        frequency = {word: 1 << int(log) for word, log in zip(words, stored["frequency_log2"].tolist(), strict=True)}
        arabic = {unit: 2 + place for place, unit in enumerate(_lines(stored["arabic"]))}
        english = {unit: 2 + place for place, unit in enumerate(_lines(stored["english"]))}
        rows = np.repeat(np.arange(len(stored["row_counts"])), stored["row_counts"]).tolist()
        keys = list(zip(rows, stored["columns"].tolist(), strict=True))
        forward = np.exp(-stored["forward"].astype(np.float64) / _SCALE).tolist()
        backward = np.exp(-stored["backward"].astype(np.float64) / _SCALE).tolist()
    return UnitLexicon(
        frequency,
        arabic,
        english,
        dict(zip(keys, forward, strict=True)),
        dict(zip(keys, backward, strict=True)),
        {row: tuple(column for _, column in some) for row, some in itertools.groupby(keys, operator.itemgetter(0))},
    )
