"""Words beside a number that say which one it is: more than 20 and not fewer, 9 in the evening and not in the morning.

Each kind has two poles (`numbers/qualifiers.yaml`). The same number must not be at one of them on one side and at the
other on the other side. Words that a side leaves out, or that are in no list, are not held against the pair.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import regex
from khulasa.server.core.data_files import parse_yaml
from khulasa.server.core.translation.alignment.units import fold_arabic, fold_arabic_text
from khulasa.server.core.translation.numbers.tokens import NumberKind, NumberMention

__all__ = ["qualifiers_differ"]

# How far before and behind a number they are looked for.
_BEFORE, _BEHIND = 40, 32
# What may stand between them and the number: an article, a currency, an age; behind it a few words of what it counts.
_GAPS = {
    "en": r"\s(?:(?:a|an|the|some|age\sof)\s)*+(?:US)?[$€£¥]?$",
    "ar": r"\s(?:(?:سن|عمر|نسبه|نحو)\s)?+(?:ال|الـ)?[$€£¥]?$",
}
# `to a 71 percent drop` is no change to 71 percent.
_NO_GAP, _CHANGE = r"\s[$€£¥]?$", "change"
_COUNTED = r"[\s٪%-]*+(?:(?!(?:and|to|و|الى|حتى)\s)\p{L}[\p{L}’']*+\s){0,3}?"
# What falls by half falls to half.
_BY_AND_TO = Fraction(1, 2)
_ANY = r"[\p{L}’']++"
_HOUR, _HALF_DAY = 60, 12 * 60
_MINUTES = regex.compile(r"\sو\s?[0-9٠-٩]{1,2}\sدق(?:يقة|ائق)")
# From one in the afternoon on a time says by itself which half it is of.
_TOLD = 13 * 60
_EVENING = frozenset(["pm"])


class _Rule(NamedTuple):
    """Words that put a number at a pole, and how they fit to a text before the number or behind it."""

    kind: str
    poles: frozenset[str]
    behind: bool
    pattern: regex.Pattern[str]


_Key = tuple[str, Fraction]


@functools.lru_cache(maxsize=2)
def _rules(language: str) -> tuple[_Rule, ...]:
    rows = parse_yaml(Path(__file__).with_name("qualifiers.yaml").read_text("utf-8"))[language]
    made = []
    for kind, poles, place, entries in rows:
        choices = "|".join(
            r"\s".join(
                _ANY if word == "*" else f"(?:{'|'.join(map(regex.escape, word.split('/')))})"
                for word in fold_arabic(entry).split()
            )
            for entry in entries
        )
        behind = place == "behind"
        gap = _NO_GAP if kind == _CHANGE else _GAPS[language]
        pattern = rf"{_COUNTED}(?:{choices})(?!\w)" if behind else rf"(?<!\w)و?(?:{choices}){gap}"
        made.append(_Rule(kind, frozenset(poles.split()), behind, regex.compile(pattern, regex.IGNORECASE)))
    return tuple(made)


def qualifiers_differ(
    arabic: str,
    english: str,
    arabic_numbers: Sequence[NumberMention],
    english_numbers: Sequence[NumberMention],
) -> bool:
    """Whether a number that both sides have is at one pole here and at the other there.

    Args:
        arabic: One side.
        english: The other.
        arabic_numbers: All its numbers, in order.
        english_numbers: All its numbers, in order.
    """
    theirs = _poles(english, english_numbers, "en") if arabic_numbers else {}
    if not theirs:
        return False
    ours = _poles(arabic, arabic_numbers, "ar")
    return any(poles.isdisjoint(theirs[key]) for key, poles in ours.items() if key in theirs)


def _poles(text: str, numbers: Sequence[NumberMention], language: str) -> dict[_Key, set[str]]:
    """The poles that each number is at, by kind and value."""
    found: dict[_Key, set[str]] = {}
    for place, number in enumerate(numbers):
        if number.kind in (NumberKind.MONTH, NumberKind.VAGUE):
            continue
        start, end = number.span
        after = numbers[place + 1].span.start if place + 1 < len(numbers) else len(text)
        if place + 1 < len(numbers) and numbers[place + 1].kind is NumberKind.FRACTION:
            after = len(text)  # الثامنة والنصف مساء
        elif place + 1 < len(numbers) and _MINUTES.match(text, end):
            after, end = len(text), numbers[place + 1].span.end
        ahead = fold_arabic_text(text[end : min(end + _BEHIND, after)])
        back = fold_arabic_text(text[max(0, start - _BEFORE) : start])
        for kind, poles in _poles_of(number, back, ahead, language):
            if kind == _CHANGE and number.value == _BY_AND_TO:
                continue
            for value in _values(kind, number):
                found.setdefault((kind, value), set()).update(poles)
    return found


def _poles_of(number: NumberMention, back: str, ahead: str, language: str) -> Iterator[tuple[str, frozenset[str]]]:
    kinds: set[str] = set()
    if number.kind is NumberKind.TIME and number.value >= _TOLD:
        kinds.add("half")
        yield "half", _EVENING
    for kind, poles, behind, pattern in _rules(language):
        if kind not in kinds and (pattern.match(ahead) if behind else pattern.search(back)):
            kinds.add(kind)
            yield kind, poles


def _values(kind: str, number: NumberMention) -> set[Fraction]:
    """What a number is known by: a time of day by its minutes, in halves of a day."""
    if kind != "half":
        return {number.value, *number.readings} if number.kind is not NumberKind.TIME else set()
    if number.kind is NumberKind.TIME:
        # 9:45 may stand as its hour and its minutes: التاسعة و45 دقيقة.
        return {number.value % _HALF_DAY, (number.value - number.value % _HOUR) % _HALF_DAY}
    return {value * _HOUR % _HALF_DAY for value in (number.value, *number.readings) if 1 <= value <= 12}
