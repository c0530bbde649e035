"""Months by name, of any tradition; those that are words of their own want a sign of the date beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.numbers.tokens import NumberKind, NumberMention, Token
from khulasa.server.core.translation.numbers.words import MONTH_PREFIXES, NumberWords

__all__ = ["Month", "month_at"]

_BEFORE_MONTH = frozenset(["in", "since", "last", "next", "this", "until", "late", "early", "mid", "during"])
_OF, _ARTICLE = "من", "ال"
_MONTH_WORDS = frozenset(["شهر", "شهري", "بشهر", "لشهر"])


class Month(NamedTuple):
    """A month and how many tokens name it."""

    mention: NumberMention
    length: int


def _may_open_month(text: str, words: NumberWords) -> bool:
    """Whether a month name begins with this word, one prefix letter aside."""
    return text in words.month_openings or (text[:1] in MONTH_PREFIXES and text[1:] in words.month_openings)


def _is_day_before(tokens: Sequence[Token], at: int, words: NumberWords) -> bool:
    """Whether a day or the word month stands before: التاسع من آب, شهر آب."""
    before = [token for token in tokens[max(0, at - 2) : at] if token.text != _OF]
    if not before:
        return False
    last = before[-1]
    definite = last.text.startswith(_ARTICLE) and last.text.removeprefix(_ARTICLE) in words.ordinals
    return definite or last.kind == "digits" or last.text in _MONTH_WORDS


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
    after_day = near or _is_day_before(tokens, at, words)
    names = [(two, 2), (token.text, 1)]
    names += [(token.text[len(p) :], 1) for p in words.prefixes if p in MONTH_PREFIXES and token.text.startswith(p)]
    names += [(two[len(p) :], 2) for p in words.prefixes if p in MONTH_PREFIXES and two.startswith(p)]
    for name, length in names:
        value = words.months.get(name)
        if value is None and after_day:
            value = words.months_after_number.get(name)
        if value is None or not capital or (name in ("may", "march") and not dated):
            continue
        span = Span(token.start, tokens[at + length - 1].end)
        return Month(NumberMention(span, value, NumberKind.MONTH), length)
    return None
