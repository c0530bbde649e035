"""Shares that a number and the words beside it make: `two thirds`, `a fifth of`, ثلاثة أرباع."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from khulasa.server.core.translation.numbers.tokens import NumberKind, NumberMention, Token
from khulasa.server.core.translation.numbers.words import NumberWords

__all__ = ["Share", "half_before_scale", "lost_part", "share_at"]

_THOUSAND = 1_000


class Share(NamedTuple):
    """A share of a whole.

    Attributes:
        value: Above 0.
        kind: A fraction; an ordinal where it may be one as well: `by a third`, `a third man`.
        end: The token after it.
    """

    value: Fraction
    kind: NumberKind
    end: int


def share_at(
    tokens: Sequence[Token], begun: int, end: int, value: Fraction, kind: NumberKind, words: NumberWords
) -> Share | None:
    """The share that a number in words is part of, None for none.

    Args:
        tokens: Of the text.
        begun: The number's first token.
        end: The token after its last one.
        value: Of the number.
        kind: Of the number.
        words: Of the language.
    """

    def text(place: int) -> str:
        return tokens[place].text if 0 <= place < len(tokens) else ""

    if kind is NumberKind.CARDINAL and value:
        part = end + (text(end) == "-")
        whole = words.parts.get(text(part))
        if whole is None and value == 1 and text(part + 1) != "-":
            whole = words.ordinals.get(text(part))
        return Share(value / whole, NumberKind.FRACTION, part + 1) if whole is not None and whole > 2 else None
    if kind is NumberKind.ORDINAL and text(begun - 1) in ("a", "an"):
        return Share(1 / value, NumberKind.FRACTION if text(end) == "of" else kind, end)
    return None


def half_before_scale(tokens: Sequence[Token], at: int, words: NumberWords) -> Share | None:
    """The half of `two and a half million`, at the token behind the two; None for none."""
    after = [token.text for token in tokens[at : at + 4]] if words.language != "ar" else []
    if after[:3] != ["and", "a", "half"] or words.scales.get(after[-1], 0) < _THOUSAND:
        return None
    return Share(Fraction(1, 2), NumberKind.FRACTION, at + 3)


def lost_part(numbers: Sequence[NumberMention], lost: Sequence[NumberMention], others: Sequence[NumberMention]) -> bool:
    """Whether a share that adds to a number is lost on the other side: `2.5 pages and a quarter` is not 2.5 pages.

    Args:
        numbers: Of one side, in order.
        lost: Those of them without a counterpart.
        others: Of the other side, which may say the sum.
    """
    gone = {id(number) for number in lost if number.kind is NumberKind.FRACTION}
    if not gone:
        return False
    said = {value for other in others for value in (other.value, *other.readings)}
    return any(
        id(part) in gone and (total := whole.value + part.value) in whole.readings and total not in said
        for whole, part in itertools.pairwise(numbers)
    )
