"""Numbers of a pair compared: what the source says must stand in the target, in its place, and nothing else.

Tolerant of what translators do: digits against words, three million against 3,000,000, duals, 12 and 24 hour
clocks, month names of any tradition, decimal comma against point, a decade with or without its century, the same
amount in another measure. Not tolerant of another value or of a unit converted to it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import regex
from khulasa.server.core.translation.alignment.units import fold_arabic, fold_arabic_text
from khulasa.server.core.translation.numbers.equivalents import lost_minutes, same_shares, same_times
from khulasa.server.core.translation.numbers.grouping import without_regrouped, without_said_otherwise
from khulasa.server.core.translation.numbers.magnitudes import lengths_differ, magnitude_differs
from khulasa.server.core.translation.numbers.places import places_changed
from khulasa.server.core.translation.numbers.qualifiers import qualifiers_differ
from khulasa.server.core.translation.numbers.recounted import said_less_often
from khulasa.server.core.translation.numbers.scan import extract_numbers
from khulasa.server.core.translation.numbers.scores import score_turned
from khulasa.server.core.translation.numbers.shares import lost_part
from khulasa.server.core.translation.numbers.signs import sign_differs
from khulasa.server.core.translation.numbers.tokens import (
    NumberKind,
    NumberMention,
    western_digits,
    with_parts_apart,
)
from khulasa.server.core.translation.numbers.units import compare_units
from khulasa.server.core.translation.numbers.weekdays import weekdays_differ
from khulasa.server.core.translation.types import LanguagePair

__all__ = [
    "NumberComparison",
    "NumberKind",
    "NumberMention",
    "compare_numbers",
    "extract_numbers",
    "is_same",
    "western_digits",
]

# Languages whose number words are known.
_READ = frozenset(["ar", "en"])
# Numbers that grammar or an idiom may say.
_UNSAID = 2
_EXCHANGEABLE = frozenset([NumberKind.CARDINAL, NumberKind.ORDINAL, NumberKind.FRACTION, NumberKind.MONTH])
_RECENT_YEARS = range(1700, 2100)
# The dual ends in ان or ين, without the ن before a complement and before a pronoun.
_DUAL = regex.compile(r"\b\w{2,}(?:[اي]ن|ت[اي]|[اي]هما)\b")


@dataclass(frozen=True, slots=True)
class NumberComparison:
    """What two texts say in numbers.

    Attributes:
        missing: Numbers of the source without a counterpart.
        added: Numbers of the target without a counterpart.
        percent_lost: One side has percentages, the other none.
        sign_lost: One side has a number below zero, the other none.
        exchanged: Two numbers have changed places.
        other_unit: Each side counts in a unit of one dimension that the other has not.
        currency_lost: One side counts in a currency that the other does not name.
        other_size: One says hundreds, the other thousands; or days, the other years.
        other_weekday: A day of the week stands on one side only.
        other_qualifier: A number is more than so many on one side, less than that on the other, or the like.
        part_lost: One side adds a share to a number, or to an hour, the other does not.
        turned: A score in words stands the other way round.
    """

    missing: tuple[NumberMention, ...]
    added: tuple[NumberMention, ...]
    percent_lost: bool = False
    sign_lost: bool = False
    exchanged: bool = False
    other_unit: bool = False
    currency_lost: bool = False
    other_size: bool = False
    other_weekday: bool = False
    other_qualifier: bool = False
    part_lost: bool = False
    turned: bool = False

    @property
    def agrees(self) -> bool:
        """Whether a reader may rely on the numbers.

        A number in digits, or a spelled one above two, must have a counterpart. `One`, `two`, `first`, `second`,
        fractions and months may be left unsaid (`one of them`, duals, semi-finals), but not be exchanged: then both
        sides have one of a kind without a counterpart.
        """
        if (
            self.percent_lost
            or self.sign_lost
            or self.exchanged
            or self.other_unit
            or self.currency_lost
            or self.other_size
            or self.other_weekday
            or self.other_qualifier
            or self.part_lost
            or self.turned
            or any(_demanded(m) for m in (*self.missing, *self.added))
        ):
            return False
        return _exchangeable(self.missing).isdisjoint(_exchangeable(self.added))


def _demanded(mention: NumberMention) -> bool:
    if mention.kind in (NumberKind.VAGUE, NumberKind.MONTH, NumberKind.FRACTION):
        return False
    return mention.digits or mention.value > _UNSAID


def _exchangeable(mentions: Sequence[NumberMention]) -> set[NumberKind]:
    """The kinds of those that may be left unsaid, but not be exchanged: halves, and `two`, which may be a dual."""
    found = {m.kind for m in mentions if m.kind in _EXCHANGEABLE}
    # `A third` may be an ordinal or a share.
    return found | {
        NumberKind.FRACTION for m in mentions if m.kind in _EXCHANGEABLE and 0 < m.value < 1 and not m.digits
    }


# How two numbers can be the same, as keys that one offers and the other asks for: a text may hold ten thousand numbers,
# and going through all of them for each took minutes.
_Key = tuple[str, Fraction | int]


def _plain(value: Fraction) -> Fraction | int:
    """The same number, as an integer where it is one: a fraction is hashed in Python, at ten times the cost."""
    return value.numerator if value.denominator == 1 else value


def _offered(mention: NumberMention) -> set[_Key]:
    """The keys under which others find this number."""
    value, kind = _plain(mention.value), mention.kind
    if kind is NumberKind.MONTH:
        return {("month", value)}
    keys: set[_Key] = {("digits", value)} if mention.digits else set()
    if kind is NumberKind.TIME:
        hour, minute = divmod(int(value), 60)
        # 0230 and 2.30 for 02:30; the hour may stand apart from the minutes, and alone
        spoken = (Fraction(hour * 100 + minute), Fraction(f"{hour}.{minute:02}"), Fraction(minute))
        return keys | {("clock", value % 720), ("hour", Fraction(hour % 12)), *(("spoken", one) for one in spoken)}
    keys |= {("value", value), *(("reading", _plain(one)) for one in mention.readings)}
    if value <= 24:
        keys.add(("number of hours", value % 12))
    if kind is NumberKind.FRACTION:
        keys.add(("rest of a fraction", value % 1))
    keys.add(("rest", value % 1))
    decade = " of a decade" if kind is NumberKind.DECADE else ""
    if value < 100:
        keys.add((f"short{decade}", value))
    elif _is_recent(value):
        keys.add((f"recent{decade}", value % 100))
    return keys


def _asked(mention: NumberMention) -> set[_Key]:
    """The keys of what would be the same number."""
    value, kind = _plain(mention.value), mention.kind
    if kind is NumberKind.MONTH:
        return {("month", value), ("digits", value)}
    keys: set[_Key] = {("month", value)} if mention.digits else set()
    if kind is NumberKind.TIME:
        offered = _offered(mention)
        keys |= {("value", key) for name, key in offered if name == "spoken"}
        if not value % 60:
            keys |= {("number of hours", key) for name, key in offered if name == "hour"}
        return keys | {("clock", value % 720)}
    keys |= {("value", value), ("spoken", value), *(("reading", _plain(one)) for one in mention.readings)}
    if value <= 24:
        keys.add(("hour", value % 12))
    # ساعة ونصف is 1.5 hours
    keys.add(("rest" if kind is NumberKind.FRACTION else "rest of a fraction", value % 1))
    # A decade without its century is of the last three.
    for decade in ("", " of a decade") if kind is NumberKind.DECADE else (" of a decade",):
        if value < 100:
            keys.add((f"recent{decade}", value))
        elif _is_recent(value):
            keys.add((f"short{decade}", value % 100))
    return keys


def is_same(one: NumberMention, other: NumberMention) -> bool:
    """Whether two numbers may stand for each other."""
    return not (_asked(one).isdisjoint(_offered(other)) and _asked(other).isdisjoint(_offered(one)))


def _is_recent(value: Fraction | int) -> bool:
    return value.denominator == 1 and int(value) in _RECENT_YEARS


def compare_mentions(source: Sequence[NumberMention], target: Sequence[NumberMention]) -> NumberComparison:
    """The same for numbers already extracted."""
    source_percent = any(m.unit for m in source)
    target_percent = any(m.unit for m in target)
    return NumberComparison(_without(source, target), _without(target, source), source_percent != target_percent)


def _percent_differs(mentions: Sequence[NumberMention], others: Sequence[NumberMention]) -> bool:
    """Whether a percentage is a plain number on the other side; a list says percent once, at its end."""
    plain = {
        m.value
        for m, after in itertools.zip_longest(others, others[1:])
        if m.digits and not m.unit and not (after and after.unit)
    }
    if not plain:
        return False
    percent = {value for m in others if m.unit for value in (m.value, *m.readings)}
    return any(
        m.unit and m.digits and m.value in plain and percent.isdisjoint((m.value, *m.readings)) for m in mentions
    )


def _without(mentions: Sequence[NumberMention], others: Sequence[NumberMention]) -> tuple[NumberMention, ...]:
    """Those that none of the others is the same as."""
    if not mentions or not others:
        return tuple(mentions)
    offered = {key for other in others for key in _offered(other)}
    return tuple(m for m in mentions if offered.isdisjoint(_asked(m)))


def compare_numbers(source: str, target: str, pair: LanguagePair) -> NumberComparison:
    """The numbers of `source` that `target` lacks, and the other way round; of other languages digits alone."""
    first, second = extract_numbers(source, pair.source), extract_numbers(target, pair.target)
    found = _compare(source, target, first, second, pair)
    if not found.agrees:
        # What may be one number or two is tried as two: 3 آلاف و20
        one, two = _apart(source, pair.source, first), _apart(target, pair.target, second)
        if (one, two) != (first, second) and (other := _compare(source, target, one, two, pair)).agrees:
            return other
    return found


def _apart(text: str, language: str, numbers: list[NumberMention]) -> list[NumberMention]:
    """The numbers of a text with what may be one or two as two: only what has digits may be.

    In Arabic words may be, too; elsewhere it is told by the marks and spaces between digits alone.
    """
    if (language == "ar" or with_parts_apart(text) != text) and any(map(str.isdigit, text)):
        return extract_numbers(text, language, apart=True)
    return numbers


def _compare(
    source: str, target: str, first: list[NumberMention], second: list[NumberMention], pair: LanguagePair
) -> NumberComparison:
    if not {pair.source, pair.target} <= _READ:
        # What one side says in words nobody could find on the other.
        first, second = ([m for m in side if m.digits] for side in (first, second))
    found = compare_mentions(first, second)
    missing = found.missing if pair.target != "ar" else _without_duals(found.missing, target)
    added = found.added if pair.source != "ar" else _without_duals(found.added, source)
    missing, added = without_said_otherwise(missing, target), without_said_otherwise(added, source)
    missing, added = without_regrouped(missing, added, source, target, first, second)
    percent_lost = found.percent_lost
    if missing or added:
        shares = set(map(id, same_shares(first, second, (source, target))))
        # Each percentage is a fraction on the other side.
        percent_lost = percent_lost and any(m.unit and id(m) not in shares for m in (*first, *second))
        times = (*same_times(source, pair.source, first, added), *same_times(target, pair.target, second, missing))
        said = shares.union(*(map(id, numbers) for numbers in times))
        missing, added = (tuple(m for m in side if id(m) not in said) for side in (missing, added))
    exchanged = other_unit = currency_lost = other_size = other_weekday = other_qualifier = turned = False
    missing, added = (*missing, *_other_months(first, second)), (*added, *_other_months(second, first))
    if {pair.source, pair.target} == {"ar", "en"}:
        (arabic, arabic_numbers), (english, english_numbers) = (
            ((source, first), (target, second)) if pair.source == "ar" else ((target, second), (source, first))
        )
        exchanged = places_changed(arabic, english, arabic_numbers, english_numbers, is_same)
        other_unit, currency_lost, converted = compare_units(arabic, english, arabic_numbers, english_numbers)
        said = set(map(id, converted))
        missing, added = (tuple(m for m in side if id(m) not in said) for side in (missing, added))
        missing = (*missing, *said_less_often((source, target), first, second, is_same))
        added = (*added, *said_less_often((target, source), second, first, is_same))
        folded = fold_arabic_text(arabic)
        turned = score_turned(folded, english)
        other_size = magnitude_differs(folded, english) or (not converted and lengths_differ(folded, english))
        other_weekday = weekdays_differ(arabic, folded, english)
        other_qualifier = qualifiers_differ(arabic, english, arabic_numbers, english_numbers)
    if not percent_lost and any(m.unit for m in first) and any(m.unit for m in second):
        percent_lost = _percent_differs(first, second) or _percent_differs(second, first)
    signs = sign_differs(source, target)
    part_lost = lost_part(first, missing, second) or lost_part(second, added, first)
    part_lost = part_lost or lost_minutes(source, pair.source, first, missing)
    part_lost = part_lost or lost_minutes(target, pair.target, second, added)
    return NumberComparison(
        missing,
        added,
        percent_lost,
        signs,
        exchanged,
        other_unit,
        currency_lost,
        other_size,
        other_weekday,
        other_qualifier,
        part_lost,
        turned,
    )


def _other_months(mentions: Sequence[NumberMention], others: Sequence[NumberMention]) -> tuple[NumberMention, ...]:
    """Months that the other side has not, where it has others: a 7 there is then a day, and no July."""
    ours, theirs = ({m.value for m in side if m.kind is NumberKind.MONTH} for side in (mentions, others))
    if ours <= theirs or theirs <= ours:
        return ()
    return tuple(m for m in mentions if m.kind is NumberKind.MONTH and m.value not in theirs)


def _without_duals(mentions: tuple[NumberMention, ...], arabic: str) -> tuple[NumberMention, ...]:
    """Without a 1 or 2, which Arabic says by the form of the noun, when there is a word of that form for the 2."""
    if not mentions:
        return mentions
    dual = _DUAL.search(" ".join(map(fold_arabic, arabic.split()))) is not None
    return tuple(
        m
        for m in mentions
        if m.kind is not NumberKind.CARDINAL or not (m.value == 1 or (m.value == 2 and dual)) or m.unit
    )
