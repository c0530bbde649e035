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

from khulasa.server.core.word_cache import word_cache

__all__ = ["NameData", "latin_letters", "load_names", "sound_score"]

# Nats for a letter that the table does not pair.
_UNPAIRED = 5.8
# In no table; the empty text is what a silent letter sounds like.
_NO_LETTERS = "\0"


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


@word_cache(4_000)
def sound_score(arabic: str, latin: str, least: float = -math.inf) -> float:
    """How well a folded Arabic word spells a Latin one: log probability of the best alignment, by mean length; <= 0.

    Args:
        arabic: A folded word, at most some twenty letters.
        latin: As `latin_letters` gives it.
        least: A score below it need not be exact: what comes back then lies between it and this.
    """
    if not arabic or not latin:
        return -_UNPAIRED
    width, height = len(latin), len(arabic)
    most = -least * (width + height) / 2
    # Where each letter stands, with the two that begin there.
    places = [(j, arabic[j], arabic[j : j + 2] if j + 1 < height else _NO_LETTERS) for j in range(height)]
    # Costs only grow: a place that costs more than the most leads nowhere. The least of those bounds what is lost.
    lost = math.inf
    # Lines of costs, a place for each number of Arabic letters taken: before this Latin letter and the one before it.
    older: list[float] = []
    old = [0.0]
    for _ in places:
        old.append(old[-1] + _UNPAIRED)
    least_older, least_old = math.inf, 0.0
    for i, (one, two) in enumerate(_sounds(latin), 1):
        line = [math.inf] * (height + 1)
        line[0] = _UNPAIRED * i
        # Two letters that the table does not pair cost as much as one after the other.
        for before, row, unpaired in ((old, one, _UNPAIRED), (older, two, math.inf)):
            if before is older and not (before and row):
                continue
            silent = row.get("", unpaired)
            for j, first, both in places:
                so_far = before[j]
                if so_far > most:
                    if so_far < lost:
                        lost = so_far
                    continue
                if (cost := so_far + silent) < line[j]:
                    line[j] = cost
                if (cost := so_far + row.get(first, unpaired)) < line[j + 1]:
                    line[j + 1] = cost
                if both in row and (cost := so_far + row[both]) < line[j + 2]:
                    line[j + 2] = cost
            if (cost := before[height] + silent) < line[height]:
                line[height] = cost
        for j, _, _ in places:
            if (cost := line[j] + _UNPAIRED) < line[j + 1]:
                line[j + 1] = cost
        older, old = old, line
        least_older, least_old = least_old, min(line)
        if least_old > most and least_older > most:
            return -2 * min(lost, least_old, least_older) / (width + height)
    cost = old[height]
    return -2 * (cost if cost <= most else min(lost, cost)) / (width + height)


@word_cache(2_000)
def _sounds(latin: str) -> tuple[tuple[Mapping[str, float], Mapping[str, float]], ...]:
    """What each letter of a word may sound like, and what it and the letter before it may."""
    costs = load_names().costs
    return tuple((costs.get(latin[i], {}), costs.get(latin[max(0, i - 1) : i + 1], {})) for i in range(len(latin)))
