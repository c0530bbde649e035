"""A text cut into digits, times, words and marks, and runs of digits read as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import NamedTuple

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.numbers.words import NumberWords, number_words

__all__ = [
    "NumberKind",
    "NumberMention",
    "Token",
    "may_hold_number",
    "readings_of",
    "tokens_of",
    "western_digits",
    "with_parts_apart",
]

# One character to one character, so that offsets stay.
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٪", "01234567890123456789%")
# A longer run of digits is no number that anyone reads; Python refuses to make one of more than 4,300.
_MOST_DIGITS = 1_000
_THREE = 3
_HYPHENS = "-‐‑"
# In place of the decimal comma, the smaller part first.
_AGENCY_MARK = "ر"
_CONJUNCTION = "و"
# 46 فاصل 5
_SPOKEN_MARK = regex.compile(r"\s\p{L}++\s")
# Tokens that `_join_english` may leave out or change.
_JOINING = frozenset([*_HYPHENS, "and", "cent"])
_WORD = r"[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)?"
# Thousands set apart by a space, which may not break, or be a thin one: 16 000. More groups are a list or a table.
_SPACES = " \u00a0\u2009\u202f"
_SPACED = (
    rf"(?=[1-9][0-9]{{0,2}}[{_SPACES}])(?<!(?<![0-9])[0-9]{{1,3}}[{_SPACES}])[1-9][0-9]{{0,2}}(?:[{_SPACES}][0-9]{{3}}){{1,4}}+"
    rf"(?![{_SPACES}]?[0-9])(?:[.,٫][0-9]++(?![.,٫][0-9]))?"
)
_TOKEN = regex.compile(
    # Words first: nearly all tokens are.
    rf"(?P<word>{_WORD})"
    r"|(?P<entity>&#?\w{2,8};)|(?P<time>(?<![0-9])(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9])?(?![0-9:]))"
    # Arabic sets the sign first: %5. The comma of lists has a space behind it; news agencies write 5ر10 for 10.5.
    rf"|(?P<before>%(?<![0-9]\s?%)\s?(?=[0-9]))?(?P<digits>{_SPACED}|[0-9]+(?:ر[0-9]+|(?:[.,٬٫][0-9]+|،[0-9]{{1,3}}(?![0-9])|\s(?:فاصلة?|point)\s[0-9]+)*))"
    r"(?P<suffix>(?:st|nd|rd|th|s|[kK]|bn|BN|tn|[mM])\b)?(?P<percent>\s?%)?"
    r"|(?P<mark>[^\s\w])"
)
_GAP = regex.compile(rf"(?<=[0-9٠-٩۰-۹])[{_SPACES}](?=[0-9٠-٩۰-۹]{{3}})")
_WORDS, _DIGIT = regex.compile(_WORD), regex.compile("[0-9٠-٩۰-۹]")


class NumberKind(Enum):
    """What a number stands for."""

    CARDINAL = "cardinal"
    ORDINAL = "ordinal"
    FRACTION = "fraction"
    TIME = "time"
    MONTH = "month"
    DECADE = "decade"
    VAGUE = "vague"


@dataclass(frozen=True, slots=True)
class NumberMention:
    """A number in a text.

    Attributes:
        span: Its place, scale words and percent signs included.
        value: The number; minutes since midnight for a time, 1 to 12 for a month.
        kind: What it stands for.
        unit: `percent` or empty.
        digits: Written with digits, at least in part.
        readings: All values that the writing allows: `1.500` is 1.5 or 1500.
    """

    span: Span
    value: Fraction
    kind: NumberKind
    unit: str = ""
    digits: bool = False
    readings: frozenset[Fraction] = frozenset()


def western_digits(text: str) -> str:
    """Digits of any shape as 0 to 9, and ٪ as %; same length."""
    return text.translate(_DIGITS)


class Token(NamedTuple):
    """A piece of the text: `time`, `digits`, `word`, `mark` or `entity`; words are folded.

    `suffix`, `percent` and `glued`, right behind a letter, are told of digits alone.
    """

    start: int
    end: int
    kind: str
    text: str
    suffix: str
    percent: bool
    glued: bool


def may_hold_number(text: str, words: NumberWords) -> bool:
    """Whether there is a digit or a word at which a number may begin: half of all sentences have neither."""
    if _DIGIT.search(text):
        return True
    folded = set(map(words.fold, _WORDS.findall(text)))
    # A conjunction that stands apart may make one of a word that is none by itself.
    return not words.telling.isdisjoint(folded) or (words.language == "ar" and _CONJUNCTION in folded)


def tokens_of(text: str, words: NumberWords) -> list[Token]:
    """The tokens of `text` in order; English ones joined as `join_english` says."""
    found: list[Token] = []
    fold = words.fold
    for match in _TOKEN.finditer(western_digits(text)):
        kind = match.lastgroup or "mark"
        start, end = match.span()
        # Nearly all are words, and each look at a group has its price.
        if kind == "word":
            found.append(Token(start, end, kind, fold(match[0]), "", False, False))
            continue
        body, suffix, percent = match[0], "", False
        if match["digits"]:
            body, suffix = match["digits"], match["suffix"] or ""
            percent = bool(match["percent"] or match["before"])
            kind = "digits" if len(body) <= _MOST_DIGITS else "mark"
        glued = start > 0 and text[start - 1].isalpha()
        found.append(Token(start, end, kind, body, suffix, percent, glued))
    return _join_arabic(found, words) if words.language == "ar" else _join_english(found)


def with_parts_apart(text: str) -> str:
    """The text, of the same length, with `12،5` and `16 000` as two numbers each."""
    return _GAP.sub("\t", text.replace("،", ";"))


def readings_of(written: str, language: str) -> tuple[Fraction, ...]:
    """Values of a run of digits with separators, the likeliest first; several for parts that are no one number."""
    if _AGENCY_MARK in written:
        part, whole = written.split(_AGENCY_MARK)
        return Fraction(f"{whole}.{part}"), Fraction(f"{part}.{whole}")
    plain = _SPOKEN_MARK.sub(".", written).replace("٬", ",").replace("،", ",").replace("٫", ".")
    groups = plain.split()
    if len(groups) > 1 and groups[0]:
        # `16 000,5`: what follows the last thousands is a part of one.
        return (Fraction("".join(groups).replace(",", ".")),)
    marks = [mark for mark in plain if not mark.isdigit()]
    if not marks:
        return (Fraction(plain),)
    groups = regex.split("[.,]", plain)
    thousands = all(len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3 and groups[0] != "0"
    joined = Fraction("".join(groups))
    if len(marks) == 1:
        decimal = Fraction(f"{groups[0]}.{groups[1]}")
        if not thousands:
            # 104,5000 is thousands with a digit too many
            wrong = "," in plain and len(groups[1]) > _THREE and groups[0] != "0"
            return (joined,) if wrong else (decimal,)
        if "," not in plain:
            return decimal, joined
        # English has no decimal comma, and nobody writes 40 as 40,000.
        return (joined,) if language == "en" or groups[1] == "000" else (joined, decimal)
    if len(set(marks)) == 1 and thousands:
        return (joined,)
    if len(set(marks)) == 2 and marks[-1] not in marks[:-1]:
        return (Fraction("".join(groups[:-1]) + "." + groups[-1]),)
    return tuple(Fraction(group) for group in groups)


def _join_arabic(tokens: list[Token], words: NumberWords) -> list[Token]:
    """With a conjunction that stands apart joined to its number word: خمسة و عشرون."""
    if all(token.text != _CONJUNCTION for token in tokens):
        return tokens
    joined: list[Token] = []
    for token in tokens:
        before = joined[-1] if joined else None
        if (
            before
            and before.text == _CONJUNCTION
            and token.kind == "word"
            and before.text + token.text in words.telling
        ):
            joined[-1] = token._replace(start=before.start, text=before.text + token.text)
        else:
            joined.append(token)
    return joined


def _join_english(tokens: list[Token]) -> list[Token]:
    """Without the hyphens of `twenty-five` and the `and` of `a hundred and five`; `per cent` is one word."""
    joined: list[Token] = []
    scale = {"hundred", "thousand", "million", "billion"}
    words = number_words("en")
    for place, token in enumerate(tokens):
        if token.text not in _JOINING:
            joined.append(token)
            continue
        before = joined[-1] if joined else None
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        if _is_hyphen(token) and before and after:
            tens = words.cardinals.get(before.text, Fraction(0))
            if (20 <= tens <= 90 or before.kind == "digits") and after.kind == "word":
                continue
            if (tens and after.text in scale) or (before.text in scale and after.text in ("and", *words.cardinals)):
                continue  # one-hundred-and-five
        if token.text == "and" and before and before.text in scale and after:
            number = tokens[place + 2] if _is_hyphen(after) and place + 2 < len(tokens) else after
            if number.text in words.cardinals or number.text in words.ordinals:
                continue
        if token.text == "cent" and before and before.text == "per":
            joined[-1] = token._replace(start=before.start, text="percent")
            continue
        joined.append(token)
    return joined


def _is_hyphen(token: Token) -> bool:
    return token.kind == "mark" and token.text in _HYPHENS
