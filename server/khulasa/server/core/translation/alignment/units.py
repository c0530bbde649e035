"""Words of a pair cut into the units that translate: Arabic clitics, stems and pronouns; English hyphen parts.

An Arabic word such as `وبالكتاب` stands for four English words (and, in, the, book). Splitting it before the
lexicon is consulted, and joining the links of its units afterwards, is what lets a one-to-one lexicon give
many-to-one word links (Habash and Sadat 2006, "Arabic Preprocessing Schemes for Statistical Machine Translation").
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.word_cache import word_cache

__all__ = [
    "Unit",
    "fold_arabic",
    "fold_arabic_text",
    "fold_english",
    "split_arabic",
    "units_of",
    "word_texts",
    "words_of",
]

# The tokenisation of the word alignment gold set: combining marks stay inside their word (UTS #18 reading of \w), and
# what is not seen is no word; nor does it part one, as soft hyphens and marks of direction do not on a page.
_WORD = regex.compile(r"\w+(?:(?:[.,:'’-]|\p{Cf}+)\w+)*|[^\w\s\p{Cc}\p{Cf}]")
_PUNCTUATION_FOLD = str.maketrans("،؛؟«»“”„’‘–—٪…", ',;?""""' + "\"''--%.")
_MARKS = (range(0x610, 0x61B), range(0x64B, 0x660), range(0x670, 0x671), range(0x6D6, 0x6EE), range(0x640, 0x641))
# Letters of Persian and Urdu keyboards.
_PERSIAN = str.maketrans("یېکھہەۃ", "ييكهههة")
_UNSEEN = dict.fromkeys((0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF))
# All of it in one pass: words not met before are most of what a fold costs.
_ARABIC_FOLD = {
    **dict.fromkeys(code for codes in _MARKS for code in codes),
    **_UNSEEN,
    **_PERSIAN,
    **str.maketrans("أإآٱىؤئ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "اااايءء01234567890123456789"),
    **_PUNCTUATION_FOLD,
}
_PRESENTATION = (range(0xFB50, 0xFDFC), range(0xFE70, 0xFEFD))
_ARABIC_FOLD |= {
    code: unicodedata.normalize("NFKC", chr(code)).strip().translate(_ARABIC_FOLD)
    for codes in _PRESENTATION
    for code in codes
}
_ENGLISH_FOLD = {**_UNSEEN, **_PUNCTUATION_FOLD}
_ENGLISH_PART = regex.compile(r"[^-–’']+|['’]\w+")

# Prefix sequences, longest first, each with the units it stands for.
_PREFIXES: tuple[tuple[str, tuple[str, ...]], ...] = tuple(
    sorted(
        (
            (conjunction + body, ((conjunction,) if conjunction else ()) + parts)
            for conjunction in ("", "و", "ف")
            for body, parts in (
                ("", ()),
                ("ال", ("ال",)),
                ("بال", ("ب", "ال")),
                ("كال", ("ك", "ال")),
                ("لل", ("ل", "ال")),
                ("ب", ("ب",)),
                ("ل", ("ل",)),
                ("ك", ("ك",)),
                ("س", ("س",)),
            )
            if conjunction or body
        ),
        key=lambda entry: -len(entry[0]),
    )
)
_PRONOUNS = ("هما", "كما", "ها", "هم", "هن", "كم", "نا", "ني", "ه", "ك", "ي")


class _Cut(NamedTuple):
    """A prefix that a word may begin with, and what follows from it for the rest."""

    prefix: str
    parts: tuple[str, ...]
    least: int
    definite: bool
    closed: bool
    weight: float


def _cut(prefix: str, parts: tuple[str, ...]) -> _Cut:
    closed = prefix.endswith(("ال", "لل"))
    # A single consonant before a two-letter rest is nearly always part of the root.
    least = 2 if not prefix or prefix in ("و", "ال") or closed else 3
    weight = 0.5 if prefix in ("ب", "ل", "ك", "س", "ف") else 1.0
    return _Cut(prefix, parts, least, prefix.endswith("ال"), closed, weight)


# By the first letter of the word and by the last one, since most words begin and end with none of these.
_WHOLE = _cut("", ())
_CUTS: dict[str, tuple[_Cut, ...]] = {
    first: (_WHOLE, *(_cut(*entry) for entry in _PREFIXES if entry[0][0] == first))
    for first in {prefix[0] for prefix, _ in _PREFIXES}
}
_ENDINGS: dict[str, tuple[str, ...]] = {
    last: ("", *(pronoun for pronoun in _PRONOUNS if pronoun[-1] == last)) for last in {p[-1] for p in _PRONOUNS}
}
_NO_CUT, _NO_ENDING = (_WHOLE,), ("",)


class Unit(NamedTuple):
    """A unit of the lexicon and the word it belongs to."""

    text: str
    word: int


def words_of(text: str) -> list[Span]:
    """Spans of the words and punctuation marks, as in the alignment gold set."""
    return [Span(*match.span()) for match in _WORD.finditer(text)]


def word_texts(text: str) -> list[str]:
    """The words themselves, at a third of the cost."""
    found: list[str] = _WORD.findall(text)
    return found


@word_cache(2_000)
def fold_arabic(word: str) -> str:
    """Without marks and tatweel; one form of alef, ya and hamza carriers; Western digits."""
    return fold_arabic_text(word)


def fold_arabic_text(text: str) -> str:
    """The same for more than a word, which would push words out of the cache and hardly come again."""
    return text.translate(_ARABIC_FOLD)


def fold_english(word: str) -> str:
    """Lower case without the plain plural `s`, which Arabic marks elsewhere."""
    word = word.lower().translate(_ENGLISH_FOLD)
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and word[-2] not in "su'":
        return word[:-1]
    return word


def split_arabic(word: str, frequency: Mapping[str, int]) -> tuple[str, ...]:
    """Clitics, stem and pronoun, when the stem is a word that is met at least half as often as the whole."""
    cuts, found_endings = _CUTS.get(word[:1], _NO_CUT), _ENDINGS.get(word[-1:], _NO_ENDING)
    if cuts is _NO_CUT and found_endings is _NO_ENDING:
        return (word,)
    whole = frequency.get(word, 0)
    best: tuple[float, tuple[str, ...]] = (float(whole) if len(word) > 2 else 1e9, (word,))
    for prefix, parts, least, definite, closed, share in cuts:
        if not word.startswith(prefix):
            continue
        rest = word[len(prefix) :]
        if len(rest) < least or (prefix and not definite and len(rest) > 4 and rest.startswith("ال")):
            continue
        for ending in _NO_ENDING if closed else found_endings:
            stem = rest[: len(rest) - len(ending)] if ending else rest
            if ending and (not rest.endswith(ending) or len(stem) < 3):
                continue
            if not prefix and not ending:
                continue
            count = frequency.get(stem, 0)
            if ending and stem.endswith("ت"):
                # Ta marbuta opens before a pronoun: مدينتها is مدينة + ها.
                opened = stem[:-1] + "ة"
                if frequency.get(opened, 0) > count:
                    stem, count = opened, frequency.get(opened, 0)
            # The article is so regular that it is split off even from a rare stem.
            if closed:
                count = max(count, 2 * whole + 1)
            weight = count * (0.5 if not ending else 0.15) * share
            if count >= 2 or definite:
                tail = ("+" + ending,) if ending else ()
                if weight > best[0]:
                    best = (weight, (*(p + "+" for p in parts), stem, *tail))
    return best[1]


def units_of(text: str, spans: Sequence[Span], language: str, frequency: Mapping[str, int]) -> list[Unit]:
    """The units of the words at `spans`, in order; every word gives at least one.

    Args:
        text: The segment.
        spans: Its words.
        language: `ar` is cut into clitics; anything else as English.
        frequency: How often folded Arabic words were met where the lexicon was trained.
    """
    units: list[Unit] = []
    for index, span in enumerate(spans):
        word = span.of(text)
        if language == "ar":
            folded = fold_arabic(word)
            units.extend(Unit(part, index) for part in split_arabic(folded, frequency))
        else:
            units.extend(Unit(part, index) for part in _english_parts(word))
    return units


@word_cache(2_000)
def _english_parts(word: str) -> tuple[str, ...]:
    return tuple(map(fold_english, _ENGLISH_PART.findall(word) or [word]))
