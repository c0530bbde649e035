"""Names of a pair compared: an English name must have its counterpart in the Arabic, by sound or by translation.

Only the English side tells its names, by their capitals; so a name that stands in the Arabic alone is not seen. A word
is asked for when it has a capital inside a sentence and is not known in small letters.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment_cues import name_similarity
from khulasa.server.core.translation.alignment_lexicon import load_lexicon
from khulasa.server.core.translation.alignment_units import fold_arabic, fold_english, units_of, words_of
from khulasa.server.core.translation.name_sounds import latin_letters, load_names, sound_score
from khulasa.server.core.translation.numbers_words import number_words
from khulasa.server.core.translation.types import LanguagePair

__all__ = ["LEAST_SCORE", "least_name_score", "names_agree"]

# Set on FLORES dev, see docs/quality-translation.md.
LEAST_SCORE = -2.0
# After a small letter, a digit, a comma or a bracket: the first word of a sentence has a capital in any case. No
# abbreviation, no brand with a capital inside, no part of a compound.
_NAME = regex.compile(r"(?<=[\p{Ll}\d,;)]['’s]{0,2} )\p{Lu}\p{Ll}{3,}(?:['’]\p{Ll}+)?(?![\w-])")
_DAYS = frozenset(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])
_POSSESSIVE = regex.compile(r"['’]s?$")
_PREFIXES = ("وال", "بال", "لل", "ال", "و", "ب", "ل", "ك", "ف")
_LONGEST = 20
# More than any sentence holds: what a caller sends may be a list of thousands, and then nothing is said of it.
_MOST_NAMES, _MOST_WORDS = 40, 250
# A spelling this good is the name: the others need not be looked at.
_CERTAIN = -1.0
# Below this share of common consonants, spellings need not be compared letter by letter.
_LEAST_LIKENESS = 0.25
# From this probability on a word of the lexicon is a translation.
_LEAST_SHARE = 0.05
# Words of a family begin with so many same letters: Germany, Germans; so many may differ at the end.
_FAMILY, _ENDING = 4, 3


@dataclass(frozen=True, slots=True)
class _ArabicWords:
    """Forms of the words of an Arabic text.

    Attributes:
        forms: Words and stems, without prefixes, and neighbours joined.
        heads: Beginnings of the forms, three letters and more.
        ids: Of the units in the word lexicon.
    """

    forms: frozenset[str]
    heads: frozenset[str]
    ids: frozenset[int]


@functools.cache
def _translations() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Arabic stems by English word, of the lexicon and of the names, by the first letters of the word."""
    lexicon, names = load_lexicon(), load_names()
    arabic = {number: unit for unit, number in lexicon.arabic.items() if len(unit) > 2}
    english = {number: unit for unit, number in lexicon.english.items()}
    found: dict[str, set[str]] = defaultdict(set)
    for shares in (lexicon.arabic_given_english, lexicon.english_given_arabic):
        for (one, other), share in shares.items():
            if share >= _LEAST_SHARE and one in arabic and other in english:
                found[english[other]].add(arabic[one])
    for word, stems in names.translations.items():
        found[word].update(stem for stem in stems if len(stem) > 2)
    families: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for word, some in found.items():
        if len(word) >= _FAMILY and word not in names.words:
            families[word[:_FAMILY]][word] = frozenset(some)
    return families


def _arabic_words(text: str, spans: Sequence[Span]) -> _ArabicWords:
    lexicon = load_lexicon()
    units = [unit.text for unit in units_of(text, spans, "ar", lexicon.frequency)]
    words = [word for word in (fold_arabic(span.of(text)) for span in spans) if word.isalpha()]
    forms = {unit for unit in units if "+" not in unit and len(unit) > 1} | set(words)
    for word in words:
        forms.update(word[len(p) :] for p in _PREFIXES if word.startswith(p) and len(word) - len(p) > 2)
    forms.update(one + other for one, other in itertools.pairwise(words))
    forms = {form for form in forms if len(form) <= _LONGEST}
    heads = frozenset(form[:n] for form in forms for n in range(3, len(form) + 1))
    return _ArabicWords(frozenset(forms), heads, frozenset(lexicon.arabic.get(unit, 0) for unit in units) - {0})


@functools.lru_cache(maxsize=20_000)
def _stems_for(word: str) -> frozenset[str]:
    """Beginnings of Arabic words that translate an English one or one of its family."""
    same = max(_FAMILY, len(word) - _ENDING)
    family = _translations().get(word[:_FAMILY], {})
    near = (other for other in family if other[:same] == word[:same] and abs(len(other) - len(word)) <= _ENDING + 1)
    return frozenset(stem[:-1] if len(stem) > 4 else stem for other in near for stem in family[other])


def _score(name: str, arabic: _ArabicWords, least: float, enough: float) -> float:
    """0 for a name that is translated, or the best score of its sound; <= 0.

    Args:
        least: Scores below it need not be exact.
        enough: From this one on the search ends.
    """
    lexicon = load_lexicon()
    word = fold_english(name)
    known = lexicon.english.get(word, 0)
    if any((unit, known) in lexicon.english_given_arabic for unit in arabic.ids):
        return 0.0
    if not arabic.heads.isdisjoint(_stems_for(word)):
        return 0.0
    latin = latin_letters(name)
    best = -10.0
    # A quick look first, the likeliest forms before the others; a word of few consonants tells it nothing.
    likeness = sorted(((name_similarity(form, latin), form) for form in arabic.forms), reverse=True)
    for alike, form in likeness:
        if alike >= _LEAST_LIKENESS or (not alike and len(form) < 6 and len(latin) < 7):
            best = max(best, sound_score(form, latin, least))
            if best >= enough:
                break
    return best


@functools.cache
def _no_names() -> frozenset[str]:
    """English words that are not asked for, in lower case; months are compared as numbers are."""
    words = number_words("en")
    return load_names().words | _DAYS | frozenset(words.months) | frozenset(words.months_after_number)


def least_name_score(english: str, arabic: str, kept: Sequence[str] = ()) -> float:
    """The score of the English name that fits worst to the Arabic text: 0 to some -10, 0 where nothing can be told.

    Args:
        english: One side.
        arabic: The other.
        kept: English texts whose words are not asked for, such as glossary targets.
    """
    return min(_scores(english, arabic, kept, -math.inf, _CERTAIN), default=0.0)


def _scores(english: str, arabic: str, kept: Sequence[str], least: float, enough: float) -> Iterator[float]:
    """Of each English name, see `_score`; none where nothing can be told."""
    spared, ordinary = {word for text in kept for word in text.lower().split()}, _no_names()
    found = {_POSSESSIVE.sub("", name) for name in _NAME.findall(unescape(english))}
    asked = (name for name in found if name.lower() not in ordinary and name.lower() not in spared)
    names = sorted(name for name in asked if len(latin_letters(name)) > 3)
    spans = words_of(arabic) if 0 < len(names) <= _MOST_NAMES else []
    if not spans or len(spans) > _MOST_WORDS:
        return
    words = _arabic_words(arabic, spans)
    for name in names:
        yield _score(name, words, least, enough)


def _all_found(english: str, arabic: str, kept: Sequence[str]) -> bool:
    return all(score >= LEAST_SCORE for score in _scores(english, arabic, kept, LEAST_SCORE, LEAST_SCORE))


def names_agree(source: str, target: str, pair: LanguagePair, kept: Sequence[str] = ()) -> bool:
    """Whether every English name of a pair has a counterpart; nothing is held against other pairs than ar and en.

    Args:
        source: A segment.
        target: Its translation.
        pair: The direction.
        kept: Texts that the target must hold, such as glossary targets. Into Arabic they may stand for any name.
    """
    if (pair.source, pair.target) == ("ar", "en"):
        return _all_found(target, source, kept)
    if (pair.source, pair.target) == ("en", "ar") and not kept:
        return _all_found(source, target, ())
    return True
