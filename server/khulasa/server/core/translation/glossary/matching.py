"""Patterns that find a term as it is written in running text."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import regex
from khulasa.server.core.text.normalize import normalize
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.units import fold_arabic_text

__all__ = ["FoldedText", "needle_of", "term_pattern"]

_CONJUNCTION = "(?:[وف])?"
_PREPOSITION = "(?:[بكل])?"
_SHORT = 3
_PLAIN = regex.compile(r"(?:[!-~]++ ?)*+")
_ONE_DASH = str.maketrans("‐‑–—−", "-----")
# One word in two cases, where it is surely a plural: الحوثيون, الحوثيين. Of a name both may be names: لينين, لينون.
_SOUND_PLURAL = regex.compile(r"(?<=\w{3})[وي]ن$")
_WITH_PRONOUN = "ت(?:ه(?:ما?|ن|ا)?|نا)"


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A text folded for matching, with the way back to the raw offsets.

    Attributes:
        text: As the model reads it, with one kind of dash; Arabic also with one form of alef, hamza and final ya.
        starts: Raw offset of each folded character.
        ends: Raw end of each.
        raw: The text as it is.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    raw: str

    @classmethod
    def of(cls, raw: str, language: str) -> FoldedText:
        """Folds `raw`."""
        if _PLAIN.fullmatch(raw):
            return cls(raw, range(len(raw)), range(1, len(raw) + 1), raw)
        mapped = normalize(raw, joiners=False)
        starts, ends = mapped.starts.tolist(), mapped.ends.tolist()
        if language != "ar":
            return cls(mapped.text.translate(_ONE_DASH), starts, ends, raw)
        folded = fold_arabic_text(mapped.text)
        if len(folded) != len(mapped.text):
            each = [fold_arabic_text(letter) for letter in mapped.text]
            places = [place for place, letters in enumerate(each) for _ in letters]
            starts, ends = [starts[place] for place in places], [ends[place] for place in places]
        return cls(folded, starts, ends, raw)

    def span(self, start: int, end: int) -> Span:
        """The raw span of a folded one that is not empty; marks after its last letter belong to it."""
        last = self.ends[end - 1]
        stop = self.starts[end] if end < len(self.starts) else len(self.raw)
        while last < stop and not self.raw[last].isspace() and not self.raw[last].isalnum():
            last += 1
        return Span(self.starts[start], last)


def _arabic(term: str, *, inflected: bool) -> str:
    words = term.split()
    patterns: list[str] = []
    for place, word in enumerate(words):
        definite = word.startswith("ال") and len(word) > _SHORT
        stem = word[2:] if definite else word
        if stem.endswith("ة"):
            owned = f"|{_WITH_PRONOUN}" if inflected and len(words) == 1 and not definite else ""
            body = regex.escape(stem[:-1]) + f"(?:[ةه]{owned})"
        elif inflected and (definite or stem[-3:-2] == "ي") and _SOUND_PLURAL.search(stem):
            body = regex.escape(stem[:-2]) + "[وي]نا?"
        else:
            body = regex.escape(stem) + "ا?"
        # Of three lams two are written: للجنة is ل and اللجنة.
        article = f"(?:ال|بال|كال|ل{'ل?' if stem.startswith('ل') else 'ل'})"
        if place == 0:
            # A short word alone is too often part of another: بسد; a term of several words is not.
            if len(stem) < _SHORT and not definite and len(words) == 1:
                prefix = _CONJUNCTION
            elif definite:
                prefix = _CONJUNCTION + article
            else:
                prefix = f"{_CONJUNCTION}(?:{article}|{_PREPOSITION})"
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
def term_pattern(term: str, language: str, *, case_sensitive: bool, inflected: bool = False) -> regex.Pattern[str]:
    """A pattern whose group `term` is the term, to be matched on `FoldedText.text` of the same language.

    Arabic: `و`, `ف`, `ب`, `ل`, `ك` and the article may be joined to it; a final ta marbuta may be written as ha; an
    accusative alef may follow. English: a plural `s`; case is free unless asked for, but an acronym (capitals, up to
    five letters) is matched in capitals only, so that `WHO` is not `who`.

    Args:
        term: What to look for.
        language: Of the text.
        case_sensitive: Whether case counts.
        inflected: Arabic forms count as well that do not hold the term itself: المسلمين of المسلمون, حكومتها of حكومة.
    """
    folded = FoldedText.of(term, language).text.strip()
    if language == "ar" and any("\u0600" <= letter <= "\u06ff" for letter in folded):
        return regex.compile(_arabic(folded, inflected=inflected))
    exact = case_sensitive or (folded.isupper() and len(folded) <= 5)
    return regex.compile(_plain(folded), 0 if exact else regex.IGNORECASE)


def needle_of(term: str, language: str) -> str:
    """Letters that stand in every text where the term does, in lower case: a quick test before the pattern."""
    folded = FoldedText.of(term, language).text
    if language != "ar" or not any("\u0600" <= letter <= "\u06ff" for letter in folded):
        return max(folded.lower().split(), key=len, default="")
    stems = [word[2:] if word.startswith("ال") and len(word) > _SHORT else word for word in folded.split()]
    return max((_SOUND_PLURAL.sub("", stem.removesuffix("ة")) for stem in stems), key=len, default="").lower()
