"""Patterns that find a term as it is written in running text."""

from __future__ import annotations

import functools
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.units import fold_arabic

__all__ = ["FoldedText", "needle_of", "term_pattern"]

_CONJUNCTION = "(?:[وف])?"
_WITH_ARTICLE = "(?:ال|بال|كال|لل)"
_PREPOSITION = "(?:[بكل])?"
_SHORT = 3


@dataclass(frozen=True, slots=True)
class FoldedText:
    """Arabic folded for matching, with the way back to the raw offsets.

    Attributes:
        text: Without marks and tatweel, hamza and alef forms as one.
        starts: Raw offset of each folded character, and the raw length at the end.
    """

    text: str
    starts: Sequence[int]
    raw: str

    @classmethod
    def of(cls, raw: str, language: str) -> FoldedText:
        """Folds `raw` if it is Arabic; other text stays as it is."""
        if language != "ar":
            return cls(raw, range(len(raw) + 1), raw)
        letters: list[str] = []
        starts: array[int] = array("I")
        for place, letter in enumerate(raw):
            folded = fold_arabic(letter)
            letters.append(folded)
            starts.extend([place] * len(folded))
        starts.append(len(raw))
        return cls("".join(letters), starts, raw)

    def span(self, start: int, end: int) -> Span:
        """The raw span of a folded one; marks after its last letter belong to it."""
        last = self.starts[end - 1] + 1 if end > start else self.starts[start]
        stop = self.starts[end]
        while last < stop and not self.raw[last].isspace() and not self.raw[last].isalnum():
            last += 1
        return Span(self.starts[start], last)


def _arabic(term: str) -> str:
    words = fold_arabic(term).split()
    patterns: list[str] = []
    for place, word in enumerate(words):
        definite = word.startswith("ال") and len(word) > _SHORT
        stem = word[2:] if definite else word
        body = regex.escape(stem[:-1]) + "[ةه]" if stem.endswith("ة") else regex.escape(stem) + "ا?"
        if place == 0:
            # A short word alone is too often part of another: بسد; a term of several words is not.
            if len(stem) < _SHORT and not definite and len(words) == 1:
                prefix = _CONJUNCTION
            elif definite:
                prefix = _CONJUNCTION + _WITH_ARTICLE
            else:
                prefix = f"{_CONJUNCTION}(?:{_WITH_ARTICLE}|{_PREPOSITION})"
        else:
            prefix = "ال" if definite else "(?:ال)?"
        patterns.append(prefix + f"(?:{body})")
    return r"(?<!\w)(?P<term>" + r"\s+".join(patterns) + r")(?!\w)"


def _plain(term: str) -> str:
    words = [regex.escape(word) for word in term.split()]
    plural = "(?:s|es)?" if term[-1:].isalpha() and term[-1:].isascii() else ""
    return r"(?<!\w)(?P<term>" + r"\s+".join(words) + plural + r")(?!\w)"


# A pattern of the longest term has some 50 kB, a usual one 5.
@functools.lru_cache(maxsize=2_000)
def term_pattern(term: str, language: str, *, case_sensitive: bool) -> regex.Pattern[str]:
    """A pattern whose group `term` is the term, to be matched on `FoldedText.text` of the same language.

    Arabic: `و`, `ف`, `ب`, `ل`, `ك` and the article may be joined to it; a final ta marbuta may be written as ha; an
    accusative alef may follow. English: a plural `s`; case is free unless asked for, but an acronym (capitals, up to
    five letters) is matched in capitals only, so that `WHO` is not `who`.
    """
    if language == "ar" and any("\u0600" <= letter <= "\u06ff" for letter in term):
        return regex.compile(_arabic(term))
    exact = case_sensitive or (term.isupper() and len(term) <= 5)
    return regex.compile(_plain(term), 0 if exact else regex.IGNORECASE)


def needle_of(term: str, language: str) -> str:
    """Letters that stand in every text where the term does, in lower case: a quick test before the pattern."""
    if language != "ar" or not any("\u0600" <= letter <= "\u06ff" for letter in term):
        return max(term.lower().split(), key=len)
    stems = [word[2:] if word.startswith("ال") and len(word) > _SHORT else word for word in fold_arabic(term).split()]
    return max((stem.removesuffix("ة") for stem in stems), key=len).lower()
