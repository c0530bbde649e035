"""Months by name, of any tradition; those that are words of their own want a sign of the date beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.numbers.tokens import NumberKind, NumberMention, Token
from khulasa.server.core.translation.numbers.words import MONTH_PREFIXES, NumberWords

__all__ = ["Month", "month_at"]

_BEFORE_MONTH = frozenset(["in", "since", "last", "next", "this", "until", "late", "early", "mid", "during"])


class Month(NamedTuple):
    """A month and how many tokens name it."""

    mention: NumberMention
    length: int


def _may_open_month(text: str, words: NumberWords) -> bool:
    """Whether a month name begins with this word, one prefix letter aside."""
    return text in words.month_openings or (text[:1] in MONTH_PREFIXES and text[1:] in words.month_openings)


def month_at(tokens: Sequence[Token], at: int, words: NumberWords, text: str, *, after_number: bool) -> Month | None:
    """The month that is named from a token on, None for none.

    Args:
        tokens: Of the text.
        at: The token.
        words: Of the language.
        text: Where they stand.
        after_number: A number stands somewhere before.
    """
    token = tokens[at]
    if token.kind != "word" or not _may_open_month(token.text, words):
        return None
    two = f"{token.text} {tokens[at + 1].text}" if at + 1 < len(tokens) else ""
    # An English month has a capital; `May` and `March` open sentences as verbs, so they want a sign of the date.
    capital = words.language == "ar" or text[token.start].isupper()
    near = (at > 0 and tokens[at - 1].kind == "digits") or (at + 1 < len(tokens) and tokens[at + 1].kind == "digits")
    dated = near or after_number or (at > 0 and tokens[at - 1].text in _BEFORE_MONTH)
    names = [(two, 2), (token.text, 1)]
    names += [(token.text[len(p) :], 1) for p in words.prefixes if p in MONTH_PREFIXES and token.text.startswith(p)]
    names += [(two[len(p) :], 2) for p in words.prefixes if p in MONTH_PREFIXES and two.startswith(p)]
    for name, length in names:
        value = words.months.get(name)
        if value is None and near:
            value = words.months_after_number.get(name)
        if value is None or not capital or (name in ("may", "march") and not dated):
            continue
        span = Span(token.start, tokens[at + length - 1].end)
        return Month(NumberMention(span, value, NumberKind.MONTH), length)
    return None
