"""Whether a number's unit is another one: 5 million dollars is not 5 million pounds, 3 days are not 3 years.

Two decades are 20 years, though, and half an hour is 30 minutes.

Either the same number counts in another unit of the same dimension, or each side has a unit of one dimension that
stands nowhere on the other. A unit that one side leaves out or says in words that are not known here is no proof of
anything, but for money: translators do not leave a currency out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import regex
from khulasa.server.core.data_files import parse_yaml
from khulasa.server.core.translation.alignment.units import fold_arabic
from khulasa.server.core.translation.numbers.tokens import NumberKind, NumberMention
from khulasa.server.core.translation.numbers.words import number_words

__all__ = ["Unit", "UnitComparison", "compare_units", "unit_words"]

_WORD = regex.compile(r"[\p{L}\p{M}]++|[$€£¥₽₪₹]")
# The lists of a unit that hold for a language, and for the Arabic words that say two.
_PARTS = {"ar": ("ar", "dual", "signs"), "en": ("en", "signs"), "dual": ("dual",)}
# What a number counts follows within three words: 10 million US dollars, ٣٠٠ ألف من الدولارات, 3 more years.
_AFTER = regex.compile(r"(?:[\s-]{0,3}+(?:[\p{L}\p{M}]++|[$€£¥₽₪₹])){1,3}")
# What it counts goes before a definite number in Arabic: الأشهر الثلاثة, الساعات الـ48. الساعة 5 is five o'clock.
_DEFINITE = regex.compile(r"(ال[\p{L}\p{M}]++)\s(الـ?\s?)?+$")
_LONGEST_BEFORE = 24
# A currency before its amount: USD 30.
_CODE, _LONGEST_CODE = regex.compile(r"(?<![A-Z])([A-Z]{3})\s?+$"), 5
_CLOCK, _THE = "الساعة", "ال"
# What stands behind these is no longer counted: the first seven months of the year, March 15 each year, 5 times a week.
_AGAINST = ("مقابل", "ومقابل", "أمام", "وأمام", "إزاء", "وإزاء")
_BREAKS = frozenset(["of", "in", "during", "each", "every", "per", "for", "a", "an", "في", "خلال", "كل", *_AGAINST])
_OF, _FOR = "من", "ل"
_AND, _ENGLISH_AND = "و", ("and ", "and a ")
_ARTICLES = ("a", "an")
_COUNTED = frozenset([NumberKind.CARDINAL, NumberKind.ORDINAL, NumberKind.FRACTION])
_TWO = Fraction(2)
# Letters of a unit that may not follow a prefix.
_SHORTEST = 2
# An age without its years: aged 17, at the age of 87; Greene, 41, or Pogba (26).
_AGED = regex.compile(r"\b[Aa]ge[ds]?\s(?:(?:of|at|from|between|under|over|above|below|around|about)\s){0,2}+$")
_APPOSED, _APPOSED_END = regex.compile(r"(?<![\p{L}'’])\p{Lu}[\p{L}'’]++\W?(?:,\s|\s\()$"), regex.compile("[,)]")
_OLDEST = 115
_POSSIBLE_YEARS = range(1500, 2101)


class Unit(NamedTuple):
    """A unit of measure, by its names in `numbers/units.yaml`."""

    dimension: str
    kind: str


_Units = frozenset[Unit]
_NO_UNITS: _Units = frozenset()
_YEARS: _Units = frozenset([Unit("time", "year")])
_MONEY = "money"
# How many of the smallest unit another one is; a month has no number of days.
_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_MONTHS = {"month": 1, "year": 12, "decade": 120, "century": 1_200}
# A year and a half: عام ونصف, with the unit before its part.
_AND_PART = regex.compile(r"(?<![\p{L}\p{M}])([\p{L}\p{M}]++)\s(?:and\s(?:a\s)?)?$")


class UnitComparison(NamedTuple):
    """What became of the units.

    Attributes:
        exchanged: A number, or each side, counts in a unit that the other side has not, both of one dimension.
        currency_lost: One side counts in a currency that the other does not name.
        converted: Numbers that count what the other side counts in another unit, the same time exactly.
    """

    exchanged: bool
    currency_lost: bool
    converted: tuple[NumberMention, ...] = ()


class _Measure(NamedTuple):
    """A number's value, the units that it may count in, and the number, None for a dual."""

    value: Fraction
    units: _Units
    number: NumberMention | None = None

    @property
    def amounts(self) -> set[tuple[str, Fraction]]:
        """The times that it may be, in seconds or in months."""
        return {
            (name, self.value * table[unit.kind])
            for unit in self.units
            for name, table in (("seconds", _SECONDS), ("months", _MONTHS))
            if unit.dimension == "time" and unit.kind in table
        }


@lru_cache(maxsize=1)
def _lists() -> Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]:
    """`numbers/units.yaml`, read once."""
    stored: dict[str, dict[str, dict[str, list[str]]]] = parse_yaml(
        Path(__file__).with_name("units.yaml").read_text("utf-8")
    )
    return stored


@lru_cache(maxsize=16)
def unit_words(language: str) -> Mapping[str, _Units]:
    """The units that a folded word, or a sign, may stand for; `dual` for the Arabic words that say two."""
    raw = _lists()
    found: dict[str, set[Unit]] = {}
    for dimension, kinds in raw.items():
        for kind, words in kinds.items():
            for word in itertools.chain.from_iterable(words.get(part, ()) for part in _PARTS[language]):
                found.setdefault(fold_arabic(word), set()).add(Unit(dimension, kind))
    return {word: frozenset(units) for word, units in found.items()}


@lru_cache(maxsize=1)
def _currency_signs() -> tuple[tuple[str, ...], regex.Pattern[str]]:
    """Texts of which an Arabic text that names a currency holds one, marks aside, and a pattern for the shortest."""
    every = {word for words in _lists()[_MONEY].values() for part in _PARTS["ar"] for word in words.get(part, ())}
    # Words as short as ين are the endings of others.
    short = {word for word in every if word.isalpha() and len(word) <= _SHORTEST}
    # A longer word that holds another is found by that.
    least = {word for word in every - short if not any(word != o and o in word for o in every - short)}
    return tuple(sorted(least)), regex.compile(rf"(?<!\w)(?:ال)?(?:{'|'.join(sorted(short))})(?!\w)")


def _may_name_currency(text: str) -> bool:
    words, short = _currency_signs()
    return any(word in text for word in words) or short.search(text) is not None


@lru_cache(maxsize=16)
def _written_words(language: str) -> Mapping[str, _Units]:
    """The same, with what may be joined before an Arabic word."""
    known = unit_words(language)
    if language == "en":
        return known
    found: dict[str, _Units] = {}
    # a word is looked up before its prefixes are cut: ليرة begins with no ل
    for start in ("", *number_words("ar").prefixes):
        for word, units in known.items():
            # بين (between) is no yen
            if not start or len(word) > _SHORTEST:
                found.setdefault(start + word, units)
    return found


def _units_of(word: str, language: str) -> _Units:
    return _written_words(language).get(word.lower() if language == "en" else fold_arabic(word), _NO_UNITS)


def _measured(text: str, numbers: Sequence[NumberMention], language: str) -> list[_Measure]:
    """What `text` counts, as far as it is known."""
    found = []
    for number in numbers:
        if number.kind not in _COUNTED or number.unit:
            continue
        behind = _AFTER.match(text, number.span.end)
        after = _WORD.findall(behind[0]) if behind else []
        before = text[max(0, number.span.start - 2) : number.span.start].strip()[-1:]
        if before.isalpha():  # no sign; بعد ends in the letter of dinars
            code = _CODE.search(text, max(0, number.span.start - _LONGEST_CODE), number.span.start)
            before = code[1] if code else ""
        if language == "ar":
            named = _DEFINITE.search(text, max(0, number.span.start - _LONGEST_BEFORE), number.span.start)
            if named and named[1] != _CLOCK:
                # سعر الدولار 20 جنيها is 20 pounds: before a number without article it counts where nothing else does.
                definite = named[2] or number.span.of(text).startswith(_THE)
                after = [named[1], *after] if definite else [*after, named[1]]
        units = next(
            (units for word in (before, *_counted(after, number)) if (units := _units_of(word, language))), _NO_UNITS
        )
        # A fraction is looked for in a range by comparing it with each number there.
        if number.value.denominator == 1 and int(number.value) in _POSSIBLE_YEARS:
            units = frozenset(unit for unit in units if unit.dimension != "time")
        value = number.value
        if number.kind is NumberKind.FRACTION and not units and (joined := _joined_units(text, number, language)):
            value, units = 1 + value, joined
        if units:
            found.append(_Measure(value, units, number))
    if language == "ar":
        found += [_Measure(_TWO, units) for word in _WORD.findall(text) if (units := _units_of(word, "dual"))]
    return found


def _ages(text: str, numbers: Sequence[NumberMention], measured: Sequence[_Measure]) -> list[_Measure]:
    """The years of ages that an English text does not call years, of numbers that count nothing else."""
    found, counting = [], {id(measure.number) for measure in measured}
    for number in numbers:
        if number.kind is not NumberKind.CARDINAL or id(number) in counting or not 0 < number.value <= _OLDEST:
            continue
        (start, end), least = number.span, max(0, number.span.start - _LONGEST_BEFORE)
        apposed = number.digits and _APPOSED_END.match(text, end) and _APPOSED.search(text, least, start)
        if apposed or _AGED.search(text, least, start):
            found.append(_Measure(number.value, _YEARS, number))
    return found


def _joined_units(text: str, number: NumberMention, language: str) -> _Units:
    """What a fraction adds to: the year of `a year and a half`; a time of day is none."""
    start = number.span.start
    if language == "ar" and text[start] != _AND:
        return _NO_UNITS
    match = _AND_PART.search(text, max(0, start - _LONGEST_BEFORE), start)
    if match is None or (language != "ar" and not match[0].endswith(_ENGLISH_AND)):
        return _NO_UNITS
    return frozenset(unit for unit in _units_of(match[1], language) if unit.dimension == "time")


def _counted(after: Sequence[str], number: NumberMention) -> Iterator[str]:
    """The words behind a number that may be what it counts.

    Behind `of` only those of a cardinal, 300 ألف من الدولارات, and not those of an ordinal: الأشهر الأولى لسنة 2017.
    """
    ordinal = number.kind is NumberKind.ORDINAL
    skipped = _ARTICLES if number.kind is NumberKind.FRACTION else ()  # half a year
    for word in after:
        small = word.lower()
        if (small in _BREAKS and small not in skipped) or (ordinal and (small == _OF or small.startswith(_FOR))):
            return
        yield word


def _unanswered(measured: Sequence[_Measure], other: str, language: str) -> list[_Measure]:
    """Those whose units stand nowhere on the other side, with or without a number."""
    said = {unit for word in _WORD.findall(other) for unit in _units_of(word, language)} if measured else set()
    return [measure for measure in measured if said.isdisjoint(measure.units)]


def _dimensions(measured: Sequence[_Measure]) -> set[str]:
    return {unit.dimension for measure in measured for unit in measure.units}


def _of_value(measured: Sequence[_Measure]) -> dict[tuple[Fraction, str], set[str]]:
    """The kinds that each value counts in, by dimension."""
    found: dict[tuple[Fraction, str], set[str]] = {}
    for value, units, _ in measured:
        for dimension, kind in units:
            found.setdefault((value, dimension), set()).add(kind)
    return found


def _other_dimension(first: Sequence[_Measure], second: Sequence[_Measure]) -> bool:
    """Whether a number counts things of one dimension here, and of others there: barrels, tonnes."""
    theirs: dict[Fraction, set[str]] = {}
    for value, units, _ in second:
        theirs.setdefault(value, set()).update(unit.dimension for unit in units)
    ours: dict[Fraction, set[str]] = {}
    for value, units, _ in first:
        ours.setdefault(value, set()).update(unit.dimension for unit in units)
    return any(dimensions.isdisjoint(theirs[value]) for value, dimensions in ours.items() if value in theirs)


def compare_units(
    arabic: str,
    english: str,
    arabic_numbers: Sequence[NumberMention],
    english_numbers: Sequence[NumberMention],
) -> UnitComparison:
    """The units that the numbers of a pair count in.

    Args:
        arabic: One side.
        english: The other.
        arabic_numbers: All its numbers.
        english_numbers: All its numbers.
    """
    # English first: it is quickly seen to count nothing, and most sentences do not.
    second = _measured(english, english_numbers, "en")
    # What is no more than implied is compared where the Arabic counts, and asks for nothing.
    ages = _ages(english, english_numbers, second)
    if not second and not ages and not _may_name_currency(arabic):
        return UnitComparison(exchanged=False, currency_lost=False)
    first = _measured(arabic, arabic_numbers, "ar")
    ours, theirs = _of_value(first), _of_value([*second, *ages])
    if _other_dimension(first, second):
        return UnitComparison(exchanged=True, currency_lost=False)
    one, two = _unanswered(first, english, "en"), _unanswered(second, arabic, "ar")
    exchanged = any(kinds.isdisjoint(theirs[key]) for key, kinds in ours.items() if key in theirs)
    currency_lost = any(unit.dimension == _MONEY for measure in (*one, *two) for unit in measure.units)
    same = {amount for m in first for amount in m.amounts} & {amount for m in second for amount in m.amounts}
    if same:
        one, two = ([m for m in side if same.isdisjoint(m.amounts)] for side in (one, two))
    converted = [m.number for m in (*first, *second) if m.number is not None and not same.isdisjoint(m.amounts)]
    exchanged = exchanged or not _dimensions(one).isdisjoint(_dimensions(two))
    return UnitComparison(exchanged, currency_lost, tuple(converted))
