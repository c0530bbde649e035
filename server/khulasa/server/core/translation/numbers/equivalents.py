"""The same amount in another measure: 75% and three quarters, two decades and 20 years, 6:45 and السابعة إلا ربعا.

Such a pair is no mismatch, unlike a converted unit that had to be rounded: miles for kilometres.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction

import regex
from khulasa.server.core.translation.numbers.tokens import NumberKind, NumberMention

__all__ = ["lost_minutes", "same_shares", "same_times"]

Mentions = Sequence[NumberMention]

_PERCENT = 100
# One in three, واحد من كل ثلاثة.
_OUT_OF = regex.compile(r"\s(?:\p{L}++\s)?(?:in|in every|(?:out )?of(?: every)?|من|من (?:كل|بين كل|أصل|اصل|بين))\s")
# What a share that has no end is rounded to: a third is 33%, two thirds are 66 or 67%.
_ROUNDED = Fraction(1, _PERCENT)
_HOUR, _HALF_DAY = 60, 12 * 60
# Between the hour and what is taken from it: السابعة إلا ربعا. What is added is joined to the next word: والنصف.
_LESS, _JOINED = regex.compile(r"\s(?:إلا|الا)\s"), "و"
_ARABIC_MINUTES = regex.compile(r"\sدق(?:يقة|ائق)")
# Between the minutes and the hour: quarter to seven, ten minutes past nine.
_ENGLISH_CLOCK = regex.compile(r"\s(?:minutes?\s)?(to|past)\s")


def same_shares(first: Mentions, second: Mentions, texts: tuple[str, str]) -> list[NumberMention]:
    """Percentages and fractions of two sides that say the same share, and `one in three`.

    Args:
        first: Numbers of one side.
        second: Numbers of the other.
        texts: Both sides.
    """
    found: list[NumberMention] = []
    for text, numbers, others in ((texts[0], first, second), (texts[1], second, first)):
        for part, whole in itertools.pairwise(numbers):
            if 0 < part.value < whole.value and _OUT_OF.fullmatch(text, part.span.end, whole.span.start):
                share = part.value / whole.value
                same = [
                    m
                    for m in others
                    if (
                        _is_share(m.value / _PERCENT, share)
                        if m.unit
                        else m.kind is NumberKind.FRACTION and m.value == share
                    )
                ]
                found += [part, whole, *same] if same else []
    for percentages, others in ((first, second), (second, first)):
        shares = [m for m in percentages if m.unit]
        # `By a fifth` may be an ordinal by its form.
        fractions = (
            {m.value: m for m in others if not m.unit and (m.kind is NumberKind.FRACTION or 0 < m.value < 1)}
            if shares
            else {}
        )
        for value, fraction in fractions.items():
            same = [m for m in shares if _is_share(m.value / _PERCENT, value)]
            found += [*same, fraction] if same else []
    return found


def _is_share(percentage: Fraction, fraction: Fraction) -> bool:
    apart = abs(percentage - fraction)
    return apart == 0 or (apart < _ROUNDED and _PERCENT % fraction.denominator != 0)


def same_times(
    text: str, language: str, numbers: Mentions, others: Mentions
) -> tuple[list[NumberMention], list[NumberMention]]:
    """Times of day that one side says in words and the other in digits.

    Args:
        text: The side that says them in words.
        language: Its language, `ar` or `en`.
        numbers: All its numbers.
        others: Times of the other side without a counterpart.

    Returns:
        Numbers of the text that say such a time, and the times.
    """
    times = [other for other in others if other.kind is NumberKind.TIME]
    spoken = list(_clock(text, language, numbers)) if times else []
    said = {minutes for _, minutes in spoken}
    found = [time for time in times if time.value % _HALF_DAY in said]
    met = {time.value % _HALF_DAY for time in found}
    return [number for two, minutes in spoken if minutes in met for number in two], found


def lost_minutes(text: str, language: str, numbers: Mentions, lost: Mentions) -> bool:
    """Whether a side tells a time of day in words whose hour the other has, but not its half or quarter.

    Args:
        text: The side.
        language: Its language, `ar` or `en`.
        numbers: All its numbers.
        lost: Those of them without a counterpart.
    """
    gone = {id(number) for number in lost}
    if not any(number.kind is NumberKind.FRACTION for number in lost):
        return False
    return any(
        part.kind is NumberKind.FRACTION and id(part) in gone and id(hour) not in gone
        for two, _ in _clock(text, language, numbers)
        for hour, part in (two if language == "ar" else two[::-1],)
        if language != "ar" or hour.kind is NumberKind.ORDINAL
    )


def _clock(text: str, language: str, numbers: Mentions) -> Iterator[tuple[Mentions, Fraction]]:
    """The two numbers that tell a time in words, and its minutes since noon or midnight."""
    for one, two in itertools.pairwise(numbers):
        hour, part = (one, two) if language == "ar" else (two, one)
        if part.kind is NumberKind.FRACTION:
            minutes = part.value * _HOUR
        elif part.kind is NumberKind.CARDINAL and (language != "ar" or _ARABIC_MINUTES.match(text, part.span.end)):
            minutes = part.value
        else:
            continue
        if not (1 <= hour.value <= 12 and 0 < minutes < _HOUR):
            continue
        between = text[one.span.end : two.span.start]
        if language == "ar":
            sign = -1 if _LESS.fullmatch(between) else int(between.isspace() and part.span.of(text)[0] == _JOINED)
        else:
            sign = {"to": -1, "past": 1}[met[1]] if (met := _ENGLISH_CLOCK.fullmatch(between)) else 0
        if sign:
            yield (one, two), (hour.value * _HOUR + sign * minutes) % _HALF_DAY
