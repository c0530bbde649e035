"""Numbers of a pair compared: what the source says must stand in the target, and nothing else.

Tolerant of what translators do: digits against words, three million against 3,000,000, duals, 12 and 24 hour
clocks, month names of any tradition, decimal comma against point, a decade with or without its century. Not
tolerant of another value or of a converted unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import regex
from khulasa.server.core.translation.alignment_units import fold_arabic
from khulasa.server.core.translation.numbers_scan import extract_numbers
from khulasa.server.core.translation.numbers_tokens import NumberKind, NumberMention, western_digits
from khulasa.server.core.translation.types import LanguagePair

__all__ = [
    "NumberComparison",
    "NumberKind",
    "NumberMention",
    "compare_numbers",
    "extract_numbers",
    "western_digits",
]

_SMALL = 10
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
    """

    missing: tuple[NumberMention, ...]
    added: tuple[NumberMention, ...]
    percent_lost: bool = False

    @property
    def agrees(self) -> bool:
        """Whether a reader may rely on the numbers.

        A number in digits, or a spelled one above ten, must have a counterpart. A smaller spelled one may be left
        unsaid (`one of them`, duals, idioms), but not be another: then both sides have one without a counterpart.
        """
        if self.percent_lost or any(_demanded(m) for m in (*self.missing, *self.added)):
            return False
        months = [m for m in (*self.missing, *self.added) if m.kind is NumberKind.MONTH]
        if any(m in self.missing for m in months) and any(m in self.added for m in months):
            return False
        return not (any(map(_counted, self.missing)) and any(map(_counted, self.added)))


def _demanded(mention: NumberMention) -> bool:
    if mention.kind in (NumberKind.VAGUE, NumberKind.MONTH, NumberKind.FRACTION):
        return False
    return mention.digits or mention.value > _SMALL


def _counted(mention: NumberMention) -> bool:
    """A spelled-out cardinal of three to ten: too exact to be an idiom."""
    return mention.kind is NumberKind.CARDINAL and 3 <= mention.value <= _SMALL


def _same(one: NumberMention, other: NumberMention) -> bool:
    if (one.kind is NumberKind.MONTH) != (other.kind is NumberKind.MONTH):
        month, number = (one, other) if one.kind is NumberKind.MONTH else (other, one)
        return number.digits and number.value == month.value
    if NumberKind.TIME in (one.kind, other.kind):
        return _same_time(one, other)
    if one.readings & other.readings or one.value == other.value:
        return True
    if NumberKind.FRACTION in (one.kind, other.kind) and one.value % 1 == other.value % 1:
        return True  # ساعة ونصف is 1.5 hours
    if NumberKind.DECADE in (one.kind, other.kind):
        return _same_decade(*sorted((one.value, other.value)))
    return False


def _same_decade(low: Fraction, high: Fraction) -> bool:
    """Whether the decades agree; one without its century is of the last three."""
    return low % 100 == high % 100 and (low == high or (low < 100 and high in _RECENT_YEARS))


def _same_time(one: NumberMention, other: NumberMention) -> bool:
    if one.kind is other.kind:
        return (one.value - other.value) % 720 == 0
    time, number = (one, other) if one.kind is NumberKind.TIME else (other, one)
    hour, minute = divmod(int(time.value), 60)
    if number.value == hour * 100 + minute:  # 0230 for 02:30
        return True
    if number.value in (Fraction(f"{hour}.{minute:02}"), Fraction(minute)):  # 9.30; the hour stands apart
        return True
    return number.value % 12 == hour % 12 and number.value <= 24


def compare_mentions(source: Sequence[NumberMention], target: Sequence[NumberMention]) -> NumberComparison:
    """The same for numbers already extracted."""
    missing = tuple(m for m in source if not any(_same(m, other) for other in target))
    added = tuple(m for m in target if not any(_same(other, m) for other in source))
    source_percent = any(m.unit for m in source)
    target_percent = any(m.unit for m in target)
    return NumberComparison(missing, added, source_percent != target_percent)


def compare_numbers(source: str, target: str, pair: LanguagePair) -> NumberComparison:
    """The numbers of `source` that `target` lacks, and the other way round."""
    found = compare_mentions(extract_numbers(source, pair.source), extract_numbers(target, pair.target))
    missing = found.missing if pair.target != "ar" else _without_duals(found.missing, target)
    added = found.added if pair.source != "ar" else _without_duals(found.added, source)
    return NumberComparison(missing, added, found.percent_lost)


def _without_duals(mentions: tuple[NumberMention, ...], arabic: str) -> tuple[NumberMention, ...]:
    """Without a 1 or 2, which Arabic says by the form of the noun, when there is a word of that form for the 2."""
    if not mentions:
        return mentions
    dual = _DUAL.search(fold_arabic(arabic)) is not None
    return tuple(m for m in mentions if not (m.value == 1 or (m.value == 2 and dual)) or m.unit)
