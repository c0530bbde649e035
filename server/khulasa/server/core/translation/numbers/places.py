"""Whether two numbers of a pair have changed places: 12 killed and 40 wounded is not 40 killed and 12 wounded.

Both stand on both sides, so no value is missing. What tells them apart is what stands around them: each number is
compared with each of the other side without regard to its value, by the words beside it (the word lexicon), its percent
sign, its place in a date and its order. A pair of numbers has changed places where the exchange would fit better than
what is there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import regex
from khulasa.server.core.translation.alignment.cues import name_similarity
from khulasa.server.core.translation.alignment.lexicon import load_lexicon
from khulasa.server.core.translation.alignment.units import units_of, words_of
from khulasa.server.core.translation.numbers.tokens import NumberKind, NumberMention, western_digits

__all__ = ["PLACE_WEIGHTS", "exchange_features", "places_changed"]

# Words beside the numbers, order, percent, date, date where one of the two may be a year: fitted by
# benchmarks/faithfulness/fit_number_places.py.
PLACE_WEIGHTS = (2.76, 3.09, 1.95, 1.12, 0.83)
# From this score of an exchange on it is one; see docs/quality-flags.md.
_LEAST = 1.0
# More numbers are a table, whose order says more than any word.
_MOST_NUMBERS = 12
_SMALL = 10
_POSSIBLE_YEARS = range(1500, 2101)
# Units on either side of a number that are looked at, and how fast they lose weight with distance.
_WINDOW, _DECAY = 5, 4.0
# Weight of two units by the sum of their distances from the numbers; next to both is 1.
_NEARNESS = tuple(math.exp((2 - distance) / _DECAY) for distance in range(2 * _WINDOW + 1))
# What the lexicon does not know: the same spelling, or a name by its sound.
_SAME, _SOUND, _LEAST_SOUND = 0.7, 0.5, 0.7
_LONGEST = 20
# A date in digits, whose parts stand in any order.
_DATE = regex.compile(r"(?<!\d)(?:\d{1,2}([/.-])\d{1,2}\1\d{4}|\d{4}([/.-])\d{1,2}\2\d{1,2})(?!\d)")
_SYMBOLS = {"$": "dollar", "€": "euro", "£": "pound"}
_YEARS = frozenset(["year", "عام", "سنة", "سنه"])
_BEFORE_YEARS = frozenset(["in", "since", "by", "until", "till", "في", "منذ", "حتي"])
_AFTER_YEARS = frozenset(
    ["and", "or", "to", "for", "at", "by", "with", "when", "that", "which", "from", "was", "were", "is", "as"]
)

Features = tuple[float, float, float, float, float]
_Same = Callable[[NumberMention, NumberMention], bool]


class _Side(NamedTuple):
    """A text as units with its numbers in between.

    Attributes:
        units: Folded units; a number is an empty one, a month the same on both sides.
        ids: Of the units in the lexicon, 0 for none.
        numbers: The numbers that are compared.
        places: Of these in the units.
        dates: Of these the date in digits that each is a part of, -1 for none.
    """

    units: list[str]
    ids: list[int]
    numbers: list[NumberMention]
    places: list[int]
    dates: list[int]


def _compared(one: Sequence[NumberMention], others: Sequence[NumberMention], same: _Same) -> list[NumberMention]:
    """The numbers that may have changed places: `first`, `one` and the like where the other side has digits for it."""
    exact = [m for m in one if m.kind not in (NumberKind.VAGUE, NumberKind.MONTH, NumberKind.FRACTION)]
    if len(exact) > 2 * _MOST_NUMBERS:
        return exact
    digits = [m for m in others if m.digits][: 2 * _MOST_NUMBERS]
    return [
        m
        for m in exact
        if m.digits
        or m.value > _SMALL
        or (m.kind is NumberKind.CARDINAL and m.value > 2)
        or any(same(m, other) for other in digits)
    ]


def _side(text: str, months: Sequence[NumberMention], numbers: Sequence[NumberMention], language: str) -> _Side:
    lexicon = load_lexicon()
    known = lexicon.arabic if language == "ar" else lexicon.english
    side = _Side([], [], [], [], [])
    dates = [match.span() for match in _DATE.finditer(western_digits(text))]
    at = 0

    def read(end: int) -> None:
        part = text[at:end]
        words = words_of(part)
        if len(words) > 2 * _WINDOW:
            # What is further from any number is not looked at: every word is a unit or more.
            words = [*words[:_WINDOW], *words[-_WINDOW:]]
        for unit in units_of(part, words, language, lexicon.frequency):
            word = _SYMBOLS.get(unit.text, unit.text)
            side.units.append(word)
            side.ids.append(known.get(word, 0))

    for mention in sorted((*months, *numbers), key=lambda one: one.span):
        month = mention.kind is NumberKind.MONTH
        if mention.span.start < at:
            continue
        read(mention.span.start)
        at = mention.span.end
        if not month:
            side.numbers.append(mention)
            side.places.append(len(side.units))
            start = mention.span.start
            side.dates.append(next((i for i, (a, b) in enumerate(dates) if a <= start < b), -1))
        side.units.append(f"month {mention.value}" if month else "")
        side.ids.append(0)
    read(len(text))
    return side


def _strength(arabic: _Side, a: int, english: _Side, e: int) -> float:
    """How surely two units are each other's translation, 0 to 1."""
    one, two = arabic.units[a], english.units[e]
    if not one or not two:
        return 0.0
    if one == two:
        return _SAME
    first, second = arabic.ids[a], english.ids[e]
    if first and second:
        lexicon, key = load_lexicon(), (first, second)
        if key in lexicon.english_given_arabic:
            return math.sqrt(lexicon.english_given_arabic[key] * lexicon.arabic_given_english[key])
        return 0.0
    if max(len(one), len(two)) > _LONGEST or not (one.isalpha() and two.isalpha()):
        return 0.0
    alike = name_similarity(one, two)
    return _SOUND * alike if alike >= _LEAST_SOUND else 0.0


def _is_dated(side: _Side, place: int) -> bool:
    """Whether a number stands as that of a year or of a date does."""
    units = side.units
    if any(unit.startswith("month ") for unit in units[max(0, place - 3) : place + 2]):
        return True
    before = units[place - 1] if place else ""
    after = units[place + 1] if place + 1 < len(units) else "."
    if before in _YEARS:
        return True
    return before in _BEFORE_YEARS and (not after.isalpha() or after in _AFTER_YEARS)


def _may_be_year(mention: NumberMention) -> bool:
    return (
        mention.kind is NumberKind.CARDINAL
        and not mention.unit
        and mention.value.denominator == 1
        and (int(mention.value) in _POSSIBLE_YEARS)
    )


class _Places:
    """Every number of one side against every one of the other.

    Args:
        arabic: One side.
        english: The other.
    """

    def __init__(self, arabic: _Side, english: _Side) -> None:
        self._arabic, self._english = arabic, english
        self._dated = [[_is_dated(side, place) for place in side.places] for side in (arabic, english)]
        self._strengths: dict[int, dict[int, float]] = {}
        self._fits: dict[tuple[int, int], tuple[float, float, float]] = {}

    def _context(self, p: int, q: int) -> float:
        """How much of what stands around a number stands around another."""
        total = 0.0
        strengths = self._strengths
        others = range(max(0, q - _WINDOW), min(len(self._english.units), q + _WINDOW + 1))
        for a in range(max(0, p - _WINDOW), min(len(self._arabic.units), p + _WINDOW + 1)):
            row = strengths.setdefault(a, {})
            for e in others:
                strength = row.get(e)
                if strength is None:
                    strength = row[e] = _strength(self._arabic, a, self._english, e)
                if strength:
                    total += strength * _NEARNESS[abs(a - p) + abs(e - q)]
        return total

    def _fit(self, a: int, e: int) -> tuple[float, float, float]:
        if (a, e) not in self._fits:
            one, two = self._arabic.numbers[a], self._english.numbers[e]
            self._fits[a, e] = (
                self._context(self._arabic.places[a], self._english.places[e]),
                float(one.unit == two.unit),
                float(self._dated[0][a] == self._dated[1][e]),
            )
        return self._fits[a, e]

    def features(self, a: int, e: int, b: int, f: int) -> Features:
        """How much better a is e and b is f than the other way round."""
        here = [x + y for x, y in zip(self._fit(a, e), self._fit(b, f), strict=True)]
        there = [x + y for x, y in zip(self._fit(a, f), self._fit(b, e), strict=True)]
        context, percent, date = (x - y for x, y in zip(here, there, strict=True))
        year = _may_be_year(self._english.numbers[e]) != _may_be_year(self._english.numbers[f])
        return context, 1.0 if (a < b) == (e < f) else -1.0, percent, date, date * year


def _share_date(side: _Side, some: Sequence[int], others: Sequence[int]) -> bool:
    """Whether two numbers may be parts of one date."""
    dates = {side.dates[one] for one in some} - {-1}
    return not dates.isdisjoint(side.dates[other] for other in others)


def _exchanges(arabic: _Side, english: _Side, same: _Same) -> list[list[tuple[int, int, int, int]]]:
    """Pairs of English numbers with the Arabic ones, each in all the ways in which they may be each other."""
    partners = [[a for a, one in enumerate(arabic.numbers) if same(one, two)] for two in english.numbers]
    back = [[e for e, some in enumerate(partners) if a in some] for a in range(len(arabic.numbers))]
    found: dict[tuple[int, int], list[tuple[int, int, int, int]]] = {}
    for e, f in itertools.combinations(range(len(english.numbers)), 2):
        if set(partners[e]) & set(partners[f]) or _share_date(english, (e,), (f,)):
            continue
        if _share_date(arabic, partners[e], partners[f]):
            continue
        # A value that one side has more often: any of its places may be meant.
        every = [
            {g for a in partners[i] for g in back[a]} if len(partners[i]) != len(back[partners[i][0]]) else {i}
            for i in (e, f)
            if partners[i]
        ]
        if len(every) == 2:
            found[e, f] = [
                (a, g, b, h)
                for g, h in itertools.product(*every)
                for a, b in itertools.product(partners[g], partners[h])
                if a != b and g != h
            ]
    return list(found.values())


def exchange_features(
    arabic: str,
    english: str,
    arabic_numbers: Sequence[NumberMention],
    english_numbers: Sequence[NumberMention],
    same: _Same,
) -> list[list[Features]]:
    """For each two numbers of the English that stand in the Arabic: how much worse an exchange would fit.

    Args:
        arabic: One side.
        english: The other.
        arabic_numbers: All its numbers.
        english_numbers: All its numbers.
        same: Whether two numbers are the same.

    Returns:
        For each two, one row of features for each way in which equal values may be paired; none for a text of too
        many numbers. Positive speaks for what is there.
    """
    first = _compared(arabic_numbers, english_numbers, same)
    second = _compared(english_numbers, arabic_numbers, same)
    if min(len(first), len(second)) < 2 or max(len(first), len(second)) > _MOST_NUMBERS:
        return []
    one, two = (
        _side(text, [m for m in every if m.kind is NumberKind.MONTH], some, language)
        for text, every, some, language in (
            (arabic, arabic_numbers, first, "ar"),
            (english, english_numbers, second, "en"),
        )
    )
    places = _Places(one, two)
    return [[places.features(*way) for way in ways] for ways in _exchanges(one, two, same)]


def places_changed(
    arabic: str,
    english: str,
    arabic_numbers: Sequence[NumberMention],
    english_numbers: Sequence[NumberMention],
    same: _Same,
) -> bool:
    """Whether two numbers have changed places, whichever way equal values are paired. See `exchange_features`."""
    if min(len(arabic_numbers), len(english_numbers)) < 2:
        return False
    for ways in exchange_features(arabic, english, arabic_numbers, english_numbers, same):
        scores = [sum(w * x for w, x in zip(PLACE_WEIGHTS, row, strict=True)) for row in ways]
        if scores and max(scores) < -_LEAST:
            return True
    return False
