"""Numbers that both sides write in other groups or words: 71234567 and 71 234 567, 3/4 and three quarters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.numbers.tokens import NumberKind, NumberMention, western_digits

__all__ = ["without_regrouped", "without_said_otherwise"]

Mentions = tuple[NumberMention, ...]

# A telephone number, an account: seven digits and more in groups.
_GROUPS = regex.compile(r"(?<!\d)\d++(?:[ .()+-]{1,3}\d++)++")
_THOUSANDS = regex.compile(r"[1-9]\d{0,2}([ .])\d{3}(?:\1\d{3})*")
_LEAST_DIGITS = 7
_SHARE = regex.compile(r"(?<![\d/.])(\d{1,2})/(\d{1,3})(?![\d/.])")
# Words of sport for a number, 2-0 is بهدفين نظيفين, the round of 16 ثمن النهائي; and an idiom, رابعة النهار.
_SAID_OTHERWISE = {
    0: regex.compile(
        r"نظيف|(?:دون|بلا)\s(?:رد|مقابل|أهداف|اهداف|أي هدف)|سلبي|بيضاء"
        r"|\b(?:goalless|scoreless|unanswered|nil|love|shut-?out|clean sheet|without reply)\b",
        regex.IGNORECASE,
    ),
    4: regex.compile(r"\bdaylight\b", regex.IGNORECASE),
    8: regex.compile(r"ربع\s(?:ال)?نهائي|quarter-?\s?finals?\b", regex.IGNORECASE),
    16: regex.compile(r"ثمن\s(?:ال)?نهائي"),
}


def without_said_otherwise(mentions: Mentions, other: str) -> Mentions:
    """Without a number that the other side says by a word of sport."""
    return tuple(
        m
        for m in mentions
        if m.value.denominator != 1 or (said := _SAID_OTHERWISE.get(int(m.value))) is None or not said.search(other)
    )


def without_regrouped(
    missing: Mentions,
    added: Mentions,
    source: str,
    target: str,
    first: Sequence[NumberMention],
    second: Sequence[NumberMention],
) -> tuple[Mentions, Mentions]:
    """The two without what is the same number in other groups.

    Args:
        missing: Numbers of the source without a counterpart.
        added: Numbers of the target without a counterpart.
        source: One text.
        target: The other.
        first: All numbers of the source.
        second: All numbers of the target.
    """
    for swapped in (False, True):
        text = source if swapped else target
        if not (missing or added) or not any(mark in text for mark in " .-/"):
            continue
        whole, parts = (added, missing) if swapped else (missing, added)
        # A third may have the 3 of 1/3 for a counterpart.
        shares = _shares(western_digits(text), second if swapped else first)
        for span, others in (*_groups(western_digits(text), whole), *shares):
            whole = tuple(m for m in whole if m not in others)
            parts = tuple(m for m in parts if not span.start <= m.span.start < span.end)
        missing, added = (parts, whole) if swapped else (whole, parts)
    return missing, added


def _groups(text: str, whole: Sequence[NumberMention]) -> Iterable[tuple[Span, list[NumberMention]]]:
    long = [m for m in whole if m.digits and m.value.denominator == 1 and m.value >= 10 ** (_LEAST_DIGITS - 1)]
    for match in _GROUPS.finditer(text) if long else ():
        groups = regex.findall(r"\d+", match[0])
        # What goes before the number, as a country does, are whole groups; thousands are one number.
        starts = range(1 if _THOUSANDS.fullmatch(match[0]) else len(groups))
        values = {int("".join(groups[start:])) for start in starts}
        if some := [m for m in long if m.value in values]:
            yield Span(*match.span()), some


def _shares(text: str, whole: Sequence[NumberMention]) -> Iterable[tuple[Span, list[NumberMention]]]:
    for match in _SHARE.finditer(text):
        part, all_parts = int(match[1]), int(match[2])
        share = Fraction(part, all_parts) if 0 < part < all_parts else None
        if some := [m for m in whole if m.kind is NumberKind.FRACTION and m.value == share]:
            yield Span(*match.span()), some
