"""What stands beside a number and lets it be read in another way as well: `20 and 30 billion`, `2015-16`, عام 48."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import regex
from khulasa.server.core.translation.numbers.tokens import NumberKind, NumberMention, western_digits
from khulasa.server.core.translation.numbers.words import NumberWords

__all__ = ["with_context"]

# Between the ends of a range or the parts of a list, whose last one alone may have a scale word or its century.
_RANGE = regex.compile(
    r"\s?(?:[-–—/]|to|and|or|و|أو|إلى|الى|حتى)\s?(?:(?:more than|over|about|[أا]كثر من|نحو|حوالي|حوالى)\s)?[$€£]?\s?"
)
_SEASON = regex.compile("[-–/]")
# ثلاث ساعات ونصف, three hours and a half.
_AND_PART = regex.compile(r"\s[\p{L}\p{M}]++(?:\s(?:and\s(?:a\s)?)?)?")
_WORD = regex.compile(r"[\p{L}\p{M}]++")
_BEFORE = 16
_OF_YEARS = regex.compile(r"(?:عام|سنة|حدود|حرب|أراضي|عرب|فلسطينيي|نكبة|نكسة|هزيمة)\s(?:الـ?)?$")
_OF_LIFE = regex.compile(r"العقد\s$")
# Hours as agencies write them: 0600 GMT, الساعة 16,30, 7.30 p.m.
_CLOCK = regex.compile(r"([01]\d|2[0-3])[.,،٫]?([0-5]\d)|(\d)[.,،٫]([0-5]\d)")
_ZONE = regex.compile(
    r"\s?(?:[ap]\.?m\b|GMT|UTC|EST|EDT|CET|(?:local|eastern) time|بتوقيت|بالتوقيت|ت\.?\s?غ|[غج]رينتش)"
)
_AT_HOUR = regex.compile(r"الساعة\s$")
_THOUSAND = 1_000
_SHARED = frozenset([NumberKind.CARDINAL, NumberKind.VAGUE])


def with_context(text: str, mentions: Sequence[NumberMention], words: NumberWords) -> list[NumberMention]:
    """The numbers of `text` with what else their neighbours let them be.

    Args:
        text: Where they stand.
        mentions: In order.
        words: Of the language.
    """
    found = list(mentions)
    for place, mention in enumerate(found):
        if mention.kind is NumberKind.TIME or mention.kind is NumberKind.MONTH:
            continue
        if mention.digits and (clock := _clock(text, mention)):
            found[place] = clock
            continue
        others = set()
        if place + 1 < len(found):
            others |= _with_next(text, mention, found[place + 1], words)
        if place:
            others |= _with_last(text, found[place - 1], mention)
        if words.language == "ar":
            others |= _with_words(text, mention)
        if others:
            found[place] = replace(mention, readings=mention.readings | others)
    return found


def _clock(text: str, mention: NumberMention) -> NumberMention | None:
    start, end = mention.span
    parts = _CLOCK.fullmatch(western_digits(text[start:end]))
    if parts is None or not (_ZONE.match(text, end) or _AT_HOUR.search(text, max(0, start - _BEFORE), start)):
        return None
    value = Fraction(int(parts[1] or parts[3]) * 60 + int(parts[2] or parts[4]))
    return replace(mention, value=value, kind=NumberKind.TIME, readings=frozenset())


def _with_next(text: str, mention: NumberMention, after: NumberMention, words: NumberWords) -> set[Fraction]:
    value, between = mention.value, (mention.span.end, after.span.start)
    if mention.kind in _SHARED and 0 < value < _THOUSAND and _RANGE.fullmatch(text, *between):
        # 20 and 30 billion; a list says `20 and a billion`
        scales = [words.scales.get(words.fold(word), Fraction(0)) for word in _WORD.findall(after.span.of(text))]
        if scales and scales[-1] >= _THOUSAND and after.value != scales[-1]:
            return {value * scales[-1]}
    if after.kind is NumberKind.FRACTION and mention.kind is NumberKind.CARDINAL:
        joined = after.span.of(text).startswith("و") if words.language == "ar" else "and" in text[slice(*between)]
        if joined and _AND_PART.fullmatch(text, *between):
            return {value + after.value}
    return set()


def _with_last(text: str, before: NumberMention, mention: NumberMention) -> set[Fraction]:
    year = before.value + 1
    if before.digits and mention.digits and mention.value == year % 100 and year > _THOUSAND:
        return {year} if _SEASON.fullmatch(text, before.span.end, mention.span.start) else set()
    return set()


def _with_words(text: str, mention: NumberMention) -> set[Fraction]:
    start, value = mention.span.start, mention.value
    if mention.digits and 10 < value < 100 and _OF_YEARS.search(text, max(0, start - _BEFORE), start):
        return {value + 1900}
    # In the fourth decade of life one is in one's thirties.
    if mention.kind is NumberKind.ORDINAL and _OF_LIFE.search(text, max(0, start - _BEFORE), start):
        return {(value - 1) * 10}
    return set()
