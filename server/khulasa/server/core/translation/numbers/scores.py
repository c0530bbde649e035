"""Whether a score in words is turned round on the other side: بهدفين مقابل هدف is 2-1 and not 1-2.

Two scores in digits are compared by their places, like any numbers. Of a match that was lost each language may name
another side first: خسر بهدف مقابل هدفين, `they lost 2-1`.
"""

from __future__ import annotations

from fractions import Fraction

import regex
from khulasa.server.core.translation.alignment.units import fold_arabic
from khulasa.server.core.translation.numbers.tokens import western_digits
from khulasa.server.core.translation.numbers.words import number_words

__all__ = ["score_turned"]

Score = tuple[Fraction, Fraction]

_DIGITS = regex.compile(r"(?<![\w/-])(\d{1,2})\s?[-–:/]\s?(\d{1,2})(?![\w/-])")
# What is counted, one of it, two of it, more.
_COUNTED = (("هدف", "هدفين", "أهداف"), ("شوط", "شوطين", "أشواط"), ("مجموعة", "مجموعتين", "مجموعات"))
_ONES, _TWOS, _MANY = (tuple(map(fold_arabic, words)) for words in zip(*_COUNTED, strict=True))
_SCORED = rf"(?:(\w+)\s(?:{'|'.join(_MANY)})|({'|'.join(_TWOS + _ONES)})(?:\sواحد\w?)?)"
_ARABIC = regex.compile(rf"(?<!\w)ب{_SCORED}\s(?:مقابل\s|ل){_SCORED}(?!\w)")
_ENGLISH = regex.compile(r"(?<=\b(\w{1,9})\s)(?:goals?|sets?)\sto\s(\w+)\b", regex.IGNORECASE)
_LOST = regex.compile(
    r"\b(?:los[est]\w*|fell|beaten|succumbed|slumped)\b|خسر|خسار|هزيم|انهزم|سقط|انقاد|تلق", regex.IGNORECASE
)


def score_turned(arabic: str, english: str) -> bool:
    """Whether one side, the Arabic folded, says a score in words and the other the same one turned round."""
    if not (" to " in english or any(map(str.isdigit, english))):
        return False
    ours = {score for match in _ARABIC.finditer(arabic) if (score := _arabic(match))}
    theirs = {score for match in _ENGLISH.finditer(english) if (score := _english(match))}
    if not (ours or theirs) or _LOST.search(arabic) or _LOST.search(english):
        return False
    one, two = ours | _in_digits(arabic), theirs | _in_digits(english)
    return any(
        a != b and (a, b) not in others and (b, a) in others
        for own, others in ((ours, two), (theirs, one))
        for a, b in own
    )


def _in_digits(text: str) -> set[Score]:
    return {(Fraction(a), Fraction(b)) for a, b in _DIGITS.findall(western_digits(text))}


def _value(word: str, language: str) -> Fraction | None:
    return Fraction(int(word)) if word.isdecimal() else number_words(language).cardinals.get(word)


def _arabic(match: regex.Match[str]) -> Score | None:
    sides = [
        _value(many, "ar") if many else Fraction(2 if few in _TWOS else 1)
        for many, few in ((match[1], match[2]), (match[3], match[4]))
    ]
    return (sides[0], sides[1]) if sides[0] is not None and sides[1] is not None else None


def _english(match: regex.Match[str]) -> Score | None:
    one, two = (_value(word.lower(), "en") for word in match.groups())
    return (one, two) if one is not None and two is not None else None
