"""How a Latin name may be written in Arabic: what its letters sound like, and which names are translated instead.

The data lie in `names/sounds.json.xz`, made by `benchmarks/faithfulness/train_names.py` from sets with an open licence.
"""

from __future__ import annotations

import functools
import itertools
import json
import lzma
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from khulasa.server.core.translation.alignment.cues import name_similarities
from khulasa.server.core.word_cache import word_cache

__all__ = ["NameData", "latin_letters", "likely_forms", "load_names", "may_sound", "sound_score"]

# Nats for a letter that the table does not pair.
_UNPAIRED = 5.8
# Below this share of common consonants, spellings need not be compared letter by letter.
_LEAST_LIKENESS = 0.25
# Far more than sums of costs are off by.
_ROUNDING = 1e-6
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
    stored = json.loads(lzma.decompress(Path(__file__).with_name("sounds.json.xz").read_bytes()))
    return NameData(
        {latin: {arabic: cost / 100 for arabic, cost in row.items()} for latin, row in stored["costs"].items()},
        {word: tuple(stems.split()) for word, stems in stored["translations"].items()},
        frozenset(stored["words"].split()),
    )


def latin_letters(word: str) -> str:
    """The letters a to z of a word, in lower case, without accents."""
    if word.isascii() and word.isalpha():  # Nearly all are.
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFD", word.lower()) if "a" <= c <= "z")


def may_sound(forms: Mapping[str, float], latin: str, least: float) -> list[str]:
    """Those of some words whose `sound_score` may be this good: nine in ten are ruled out letter by letter.

    Args:
        forms: Folded Arabic words, each with what is added to its score.
        latin: As `latin_letters` gives it.
        least: A score.
    """
    costs, width = _least_costs(latin), len(latin)
    found = []
    for form, added in forms.items():
        cost, most = 0.0, (added - least) * (width + len(form)) / 2
        for letter in form:
            cost += costs.get(letter, _UNPAIRED)
            if cost - _ROUNDING > most:  # It only grows: the first letters tell of nearly all.
                break
        if cost - _ROUNDING <= most:
            found.append(form)
    return found


def likely_forms(forms: Mapping[str, float], latin: str, least: float) -> list[tuple[float, str]]:
    """(likeness, form) of forms that may spell a Latin word with this score, what is added to each counted in."""
    hopeful = may_sound(forms, latin, least)
    return [
        (likeness, form)
        for likeness, form in zip(name_similarities(hopeful, latin), hopeful, strict=True)
        # A word of few consonants is not told by them.
        if likeness >= _LEAST_LIKENESS or (not likeness and len(form) < 7 and len(latin) < 7)
    ]


@word_cache(1_000)
def _least_costs(latin: str) -> Mapping[str, float]:
    """The least that an Arabic letter adds to the cost of a word that spells this one, wherever it stands there.

    Letters that add as much as one that is paired with nothing are left out.
    """
    shares = _letter_shares()
    least: dict[str, float] = {}
    for run in {*latin, *map("".join, itertools.pairwise(latin))}:
        for letter, share in shares.get(run, ()):
            if share < least.get(letter, _UNPAIRED):
                least[letter] = share
    return least


@functools.cache
def _letter_shares() -> Mapping[str, tuple[tuple[str, float], ...]]:
    """By Latin letters the Arabic ones with which they are paired, and the least cost for each of a pairing."""
    found: dict[str, tuple[tuple[str, float], ...]] = {}
    for latin, row in load_names().costs.items():
        shares: dict[str, float] = {}
        for arabic, cost in row.items():
            for letter in arabic:
                shares[letter] = min(shares.get(letter, _UNPAIRED), cost / len(arabic))
        found[latin] = tuple(shares.items())
    return found


@word_cache(2_000)
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
    most = -least * (width + height) / 2 + _ROUNDING
    # Each place between letters with the two that follow it and the most that may be spent before it.
    costs, limit = _least_costs(latin), most
    places = [(height, _NO_LETTERS, _NO_LETTERS, limit)]
    for j in range(height - 1, -1, -1):
        limit -= costs.get(arabic[j], _UNPAIRED)
        places.append((j, arabic[j], arabic[j : j + 2] if j + 1 < height else _NO_LETTERS, limit))
    # Lines of costs, a place for each number of Arabic letters taken and two that nothing reads: before this Latin
    # letter, and the places of it and of the line before it from which there is a way.
    older: list[tuple[int, str, str, float]] = []
    line = list(itertools.accumulate([_UNPAIRED] * height, initial=0.0))
    for i, (one, two) in enumerate(_sounds(latin), 1):
        old = [(j, first, both, line[j]) for j, first, both, limit in places if line[j] <= limit]
        if not old and not older:
            break
        line = [math.inf] * (height + 3)
        line[0] = _UNPAIRED * i
        # Two letters that the table does not pair cost as much as one after the other.
        for before, row, unpaired in ((old, one, _UNPAIRED), (older, two, math.inf)):
            silent = row.get("", unpaired)
            for j, first, both, so_far in before if row or before is old else ():
                if (cost := so_far + silent) < line[j]:
                    line[j] = cost
                if (cost := so_far + row.get(first, unpaired)) < line[j + 1]:
                    line[j + 1] = cost
                if both in row and (cost := so_far + row[both]) < line[j + 2]:
                    line[j + 2] = cost
        for j in range(height):
            if (cost := line[j] + _UNPAIRED) < line[j + 1]:
                line[j + 1] = cost
        older = old
    else:
        most = min(most, line[height])
    return -2 * most / (width + height)


@word_cache(1_000)
def _sounds(latin: str) -> tuple[tuple[Mapping[str, float], Mapping[str, float]], ...]:
    """What each letter of a word may sound like, and what it and the letter before it may."""
    costs = load_names().costs
    return tuple((costs.get(latin[i], {}), costs.get(latin[max(0, i - 1) : i + 1], {})) for i in range(len(latin)))
