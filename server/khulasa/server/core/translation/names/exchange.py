"""How likely an English name without counterpart was put in the place of an Arabic word that has none either.

`Wellington` became `Friar`, an English word of the language: neither side tells by itself that a name is wrong, both
together and near each other do. Two logistic models say how likely a word is the exchanged one, a third joins them. The
weights are fitted to planted exchanges by `benchmarks/faithfulness/fit_name_exchange.py`.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import regex
from khulasa.server.core.translation.alignment.lexicon import load_lexicon
from khulasa.server.core.translation.names.shapes import foreign_shape
from khulasa.server.core.translation.names.words import (
    ArabicWord,
    EnglishWord,
    Rank,
    name_shares,
    stems_for,
    translation_shares,
)
from khulasa.server.core.word_cache import word_cache

__all__ = [
    "ARABIC_PEOPLE",
    "ARTICLES",
    "INFLECTED",
    "LEAST_LETTERS",
    "Lost",
    "arabic_features",
    "english_features",
    "joint_features",
    "logit",
    "may_be_lost",
]

# Shorter words are not looked at alone.
LEAST_LETTERS = 4
ARTICLES = ("ال", "وال", "بال", "لل", "فال", "كال")
# Endings of Arabic plurals and duals: no foreign name.
INFLECTED = regex.compile(r"(?:ون|ين|ات|ان|وا|ها|هم|تا)$")
ARABIC_PEOPLE = regex.compile(r"(?<=.{3})(?:ي[ةا]?|يون|يين|يتين|يات)$")
# Natural logarithms of the ids of units that are met a few hundred times and hardly ever; ids go by frequency.
_FREQUENT, _RARE = 9.0, 9.7
# Scores of sound lie about this one; below the least they say no more.
_MIDDLE_SOUND, _LEAST_SOUND = -2.5, -4.0
_MOST_LETTERS, _MOST_SHAPE = 10, 6.0
# A word translated less than this is not known.
_LEAST_SHARE = 0.02
# Further apart, as a share of the text, is no further apart.
_FARTHEST, _APART_SCALE = 0.6, 5
# Prefixes are cut from words longer than this before their shape is looked at.
_SHORT = 5


class Lost(NamedTuple):
    """A word without counterpart.

    Attributes:
        place: 0 at the beginning of its text to 1 at the end.
        logit: Log odds that it is one of an exchange, for itself.
        named: An English word that is no word of the language.
    """

    place: float
    logit: float
    named: bool = False


@functools.cache
def _weights() -> dict[str, list[float]]:
    stored: dict[str, list[float]] = json.loads(Path(__file__).with_name("exchange.json").read_text("utf-8"))
    return stored


def may_be_lost(word: ArabicWord) -> bool:
    """Whether an Arabic word is looked at alone."""
    return len(word.text) >= LEAST_LETTERS and not word.text.isascii() and word.rank != Rank.COUNTED


def logit(model: str, features: Sequence[float]) -> float:
    """Log odds by the model `english`, `arabic` or `joint`."""
    return sum(weight * feature for weight, feature in zip(_weights()[model], features, strict=True))


def english_features(word: EnglishWord, score: float, *, beside_capital: bool) -> list[float]:
    """What tells that an English word without counterpart is a wrong one.

    Args:
        word: It.
        score: Its best score by sound, <= 0.
        beside_capital: A word before or after it has a capital.
    """
    known = float(word.unit > 0)
    shares = translation_shares(word.unit)
    rarity = (_FREQUENT - min(math.log(word.unit), _RARE)) / 3 if word.unit else 0.0
    named, sound = float(word.named), max(_LEAST_SOUND, score) - _MIDDLE_SOUND
    return [
        1.0,
        named,
        float(word.inside),
        known,
        rarity,
        sum(shares),
        max(shares, default=0.0),
        sound,
        float(beside_capital),
        float(bool(stems_for(word.text))),
        min(len(word.latin), _MOST_LETTERS) / 5 - 1,
        named * known,
        named * sound,
        known * (1 - named) * sound,
    ]


@word_cache(500)
def arabic_features(word: ArabicWord) -> tuple[float, ...]:
    """What tells that an Arabic word without counterpart is a name that was lost."""
    text = word.text
    named = max((name_shares()[0].get(unit, 0.0) for unit in word.units), default=0.0)
    other = sum(name_shares()[1].get(unit, 0.0) for unit in word.units)
    share = named / (named + other) if named + other > _LEAST_SHARE else 0.0
    unknown, known = float(word.rank == Rank.UNKNOWN), float(bool(word.units))
    article, people = text.startswith(ARTICLES), float(bool(ARABIC_PEOPLE.search(text)))
    bare = text.removeprefix("و").removeprefix("ال") if article and len(text) > _SHORT else text
    shape = max(-_MOST_SHAPE, min(_MOST_SHAPE, foreign_shape(bare))) / 3
    met = max((load_lexicon().frequency.get(form, 0) for form in word.forms), default=0)
    return (
        1.0,
        share,
        known,
        unknown,
        unknown * shape,
        (1 - unknown) * shape,
        float(article),
        float(bool(INFLECTED.search(text))),
        people,
        min(len(text), _MOST_LETTERS) / 5 - 1,
        math.log2(met + 1) / 5,
        share * people,
        float(word.rank == Rank.NAME),
    )


def joint_features(english: Lost, arabic: Lost | None) -> list[float]:
    """The two together, or the English word alone."""
    named = float(english.named)
    if arabic is None:
        return [1.0, english.logit, 0.0, 0.0, 0.0, named]
    apart = min(abs(english.place - arabic.place), _FARTHEST) * _APART_SCALE
    return [1.0, english.logit, 1.0, arabic.logit, apart, named]
