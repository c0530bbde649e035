"""How a Latin name may be written in Arabic: what its letters sound like, and which names are translated instead.

The data lie in `name_sounds.json.xz`, made by `benchmarks/faithfulness/train_names.py` from sets with an open licence.
"""

from __future__ import annotations

import functools
import json
import lzma
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["NameData", "latin_letters", "load_names", "sound_score"]

# Nats for a letter that the table does not pair.
_UNPAIRED = 5.8


@dataclass(frozen=True, eq=False)
class NameData:
    """What is known of names.

    Attributes:
        costs: Nats for Arabic letters (0 to 2), by Latin letters (1 or 2).
        translations: Arabic stems by folded English word, for names that do not sound alike.
        words: English words in lower case that are no names.
    """

    costs: Mapping[str, Mapping[str, float]]
    translations: Mapping[str, tuple[str, ...]]
    words: frozenset[str]


@functools.cache
def load_names() -> NameData:
    """The data beside this module, read once.

    Raises:
        OSError: the file is missing.
    """
    stored = json.loads(lzma.decompress(Path(__file__).with_name("name_sounds.json.xz").read_bytes()))
    return NameData(
        {latin: {arabic: cost / 100 for arabic, cost in row.items()} for latin, row in stored["costs"].items()},
        {word: tuple(stems.split()) for word, stems in stored["translations"].items()},
        frozenset(stored["words"].split()),
    )


def latin_letters(word: str) -> str:
    """The letters a to z of a word, in lower case, without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", word.lower()) if "a" <= c <= "z")


@functools.lru_cache(maxsize=5_000)
def sound_score(arabic: str, latin: str, least: float = -math.inf) -> float:
    """How well a folded Arabic word spells a Latin one: log probability of the best alignment, by mean length; <= 0.

    Args:
        arabic: A folded word, at most some twenty letters.
        latin: As `latin_letters` gives it.
        least: A score below it need not be exact: what comes back then lies between it and this.
    """
    if not arabic or not latin:
        return -_UNPAIRED
    costs = load_names().costs
    width, height = len(latin), len(arabic)
    # Of what is left of the Latin word at each place: (letters taken, what they may sound like).
    rows = [[(n, costs.get(latin[i - n : i], {})) for n in (1, 2) if n <= i] for i in range(width + 1)]
    most = -least * (width + height) / 2
    best: list[list[float]] = []
    for i in range(width + 1):
        line: list[float] = []
        for j in range(height + 1):
            least = 0.0 if not i and not j else line[j - 1] + _UNPAIRED if j else _UNPAIRED * i
            for n, row in rows[i]:
                before = best[i - n]
                for m in range(min(2, j) + 1):
                    cost = before[j - m] + row.get(arabic[j - m : j], _UNPAIRED * max(n, m))
                    least = min(least, cost)
            line.append(least)
        best.append(line)
        # Costs only grow, and a step takes one row or two.
        if i and (lowest := min(*line, *best[i - 1])) > most:
            return -2 * lowest / (width + height)
    return -2 * best[width][height] / (width + height)
