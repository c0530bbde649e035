"""Shares that a number and the words beside it make: `two thirds`, `a fifth of`, ثلاثة أرباع."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from khulasa.server.core.translation.numbers_tokens import NumberKind, Token
from khulasa.server.core.translation.numbers_words import NumberWords

__all__ = ["Share", "share_at"]


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
    if kind is NumberKind.ORDINAL and text(begun - 1) == "a":
        return Share(1 / value, NumberKind.FRACTION if text(end) == "of" else kind, end)
    return None
