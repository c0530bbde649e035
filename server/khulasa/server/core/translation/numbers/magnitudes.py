"""Whether one side says dozens where the other says hundreds, or years for days: no number is lost, but its size is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import regex
from khulasa.server.core.translation.alignment.units import fold_arabic

__all__ = ["lengths_differ", "magnitude_differs"]

_ARABIC = regex.compile(r"(?<!\w)(?:[وفبلك]|ك?ال|[وفب]ال|ولل|لل)?(عشرات|مئات|مءات|الاف|الوف|ملايين|مليارات)(?!\w)")
_ENGLISH = regex.compile(r"\b(tens|dozens|hundreds|thousands|millions|billions)\b", regex.IGNORECASE)
_SIZES: Mapping[str, int] = {
    "عشرات": 1, "مئات": 2, "مءات": 2, "الاف": 3, "الوف": 3, "ملايين": 6, "مليارات": 9,
    "tens": 1, "dozens": 1, "hundreds": 2, "thousands": 3, "millions": 6, "billions": 9,
}  # fmt: skip


def magnitude_differs(folded: str, english: str) -> bool:
    """Whether each side has a size in words, `hundreds`, that the other has not."""
    two = {_SIZES[word.lower()] for word in _ENGLISH.findall(english)}
    if not two:
        return False
    one = {_SIZES[word] for word in _ARABIC.findall(folded)}
    return bool(one - two and two - one)


class _Length(NamedTuple):
    """Plural words for lengths of time, folded, and what of the other side may answer them: any word that holds it."""

    english: Sequence[str]
    arabic: Sequence[str]
    english_answers: str
    arabic_answers: str


_LENGTHS = (
    _Length(["minutes"], ["دقائق"], "minut", "دقيق|دقاءق"),
    _Length(["hours"], ["ساعات"], "hour|clock", "ساع"),
    _Length(["days", "nights"], ["أيام", "ليال", "ليالي"], "day|dail|night|date", "يوم|ايام|(?<!ق)لي(?:ل|ال)|نهار"),
    _Length(["weeks"], ["أسابيع"], "week|fortnight", "اسبوع|اسابيع"),
    _Length(["months"], ["أشهر", "شهور"], "month", "شهر|شهور"),
    _Length(["years"], ["سنوات", "سنين", "أعوام"], "year|annual|aged?\\b|old", "سنو|سن[ةتي]|عام|اعوام|حول|عمر"),
    _Length(["decades"], ["عقود"], r"decade|\d0s|ties\b", "عقد|عقود|عشرات|ين(?:ي)?ات"),
    _Length(["centuries"], ["قرون"], "centur|hundred", "قرن|قرون|مئات|مءات"),
)
_ENGLISH_LENGTHS = {word: length for length in _LENGTHS for word in length.english}
_ARABIC_LENGTHS = {fold_arabic(word): length for length in _LENGTHS for word in length.arabic}
_ENGLISH_PLURAL = regex.compile(rf"\b({'|'.join(_ENGLISH_LENGTHS)})\b", regex.IGNORECASE)
_ARABIC_PLURAL = regex.compile(rf"(?<!\w)[وفبلك]?(?:ال|لل)?({'|'.join(_ARABIC_LENGTHS)})(?!\w)")


def lengths_differ(folded: str, english: str) -> bool:
    """Whether each side has a length of time, `days`, that the other has not; with a number or without one."""
    theirs = {word.lower() for word in _ENGLISH_PLURAL.findall(english)}
    if not theirs:
        return False
    ours = set(_ARABIC_PLURAL.findall(folded))
    return any(
        not regex.search(_ARABIC_LENGTHS[word].english_answers, english, regex.IGNORECASE) for word in ours
    ) and any(not regex.search(_ENGLISH_LENGTHS[word].arabic_answers, folded) for word in theirs)
