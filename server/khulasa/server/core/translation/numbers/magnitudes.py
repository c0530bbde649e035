"""Whether one side says dozens where the other says hundreds: no number is lost, but its size is."""

from __future__ import annotations

from collections.abc import Mapping

import regex
from khulasa.server.core.translation.alignment.units import fold_arabic_text

__all__ = ["magnitude_differs"]

_ARABIC = regex.compile(r"(?<!\w)(?:[وفبلك]|ك?ال|[وفب]ال|ولل|لل)?(عشرات|مئات|مءات|الاف|الوف|ملايين|مليارات)(?!\w)")
_ENGLISH = regex.compile(r"\b(tens|dozens|hundreds|thousands|millions|billions)\b", regex.IGNORECASE)
_SIZES: Mapping[str, int] = {
    "عشرات": 1, "مئات": 2, "مءات": 2, "الاف": 3, "الوف": 3, "ملايين": 6, "مليارات": 9,
    "tens": 1, "dozens": 1, "hundreds": 2, "thousands": 3, "millions": 6, "billions": 9,
}  # fmt: skip


def magnitude_differs(arabic: str, english: str) -> bool:
    """Whether each side has a size in words, `hundreds`, that the other has not."""
    two = {_SIZES[word.lower()] for word in _ENGLISH.findall(english)}
    if not two:
        return False
    one = {_SIZES[word] for word in _ARABIC.findall(fold_arabic_text(arabic))}
    return bool(one - two and two - one)
