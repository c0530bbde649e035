"""The words of both sides as the comparison of names needs them: which may be names, by which forms they are found."""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import NamedTuple

import regex
from khulasa.server.core.data_files import parse_yaml
from khulasa.server.core.translation.alignment.lexicon import load_lexicon
from khulasa.server.core.translation.alignment.units import fold_arabic, fold_english, split_arabic, word_texts
from khulasa.server.core.translation.markup.references import unescape
from khulasa.server.core.translation.names.sounds import latin_letters, load_names, sound_score
from khulasa.server.core.translation.numbers.units import unit_words
from khulasa.server.core.translation.numbers.words import number_words
from khulasa.server.core.word_cache import word_cache

__all__ = [
    "ArabicWord",
    "EnglishWord",
    "Rank",
    "arabic_words",
    "english_words",
    "is_shortened",
    "linked_ids",
    "name_shares",
    "stems_for",
    "translation_shares",
]

_TOKEN = regex.compile(r"(?<![\w&@#])\p{L}[\p{L}\p{M}]*+(?:['’]\p{L}+)?+")
_NAME = regex.compile(r"\p{Lu}\p{Ll}{2,}")
_POSSESSIVE = regex.compile(r"['’]\p{L}*$")
# What stands before a capital inside a sentence: a small letter, a digit, a comma or a bracket.
_INSIDE = regex.compile(r"[\p{Ll}\d,;)]['’s]{0,2} $")
# By their first letters.
_PREFIXES = {"و": ("وال", "و"), "ب": ("بال", "ب"), "ف": ("فال", "ف"), "ك": ("كال", "ك"), "ل": ("لل", "ل"), "ا": ("ال",)}
_HYPHEN = regex.compile("[-–]")
# The marks of an indefinite noun or adjective, which no foreign name takes.
_NUNATION = regex.compile("[\u064b-\u064d]")
# Letters of names that Arabic has not, and those that stand for them.
_PERSIAN_LETTERS = frozenset("پچژگڤکی")
_PERSIAN = str.maketrans("پچژگڤکی", "بجزغفكي")
# Longer words, and names of fewer Latin letters, say nothing.
_LONGEST, _LEAST_LATIN = 20, 4
# A shorter name is one only where the other side lacks one as well.
_LEAST_CAPITAL = 3
# From this probability on a word of the lexicon is a translation; a looser link does for words that are not asked for.
_LEAST_SHARE, _LEAST_LINK = 0.05, 0.02
# Words of a family begin with so many same letters: Germany, Germans; so many may differ at the end.
_FAMILY, _ENDING = 4, 3
# An Arabic unit is a name when names take so much of its translations, and other words less than a quarter of that.
_NAME_SHARE, _OTHER_SHARE = 0.6, 0.25
# From this share of its translations on that are no names an Arabic unit is a word of the language.
_OTHERS = 0.5
# A stem that sounds so much like a name is that, though it is a word as well: سلام, فضل.
_ALIKE = -2.0
# A word of the lexicon met so often, or any word met so often, is one of the language.
_MET_LINKED, _MET = 2, 4
# Latin letters that a name may begin with, by the first letter of the Arabic: it may stand in an abbreviation (AU, F).
_INITIALS = {
    "ا": "aeiou", "ع": "aeiou", "ب": "bpv", "ت": "t", "ث": "t", "ج": "gj", "ح": "h", "خ": "k", "د": "d", "ذ": "d",
    "ر": "r", "ز": "zx", "س": "sc", "ش": "sc", "ص": "s", "ض": "d", "ط": "t", "ظ": "z", "غ": "g", "ف": "fvp", "ق": "qkc",
    "ك": "kcq", "ل": "l", "م": "m", "ن": "n", "ه": "h", "و": "w", "ي": "yje",
}  # fmt: skip
_ENDINGS = (("ies", "y"), ("es", ""), ("ing", ""), ("ing", "e"), ("ers", ""), ("er", ""), ("s", ""))


class EnglishWord(NamedTuple):
    """A word of the English side.

    Attributes:
        text: As it stands, without a possessive ending.
        latin: Its letters a to z, small.
        unit: Id in the word lexicon, 0 for none.
        named: It is asked for.
        inside: A capital here is not that of a sentence's first word.
        capital: It begins with one, and may be a name; a word of the language is none by that alone.
    """

    text: str
    latin: str
    unit: int
    named: bool
    inside: bool
    capital: bool


class Rank:
    """How an Arabic word is known; months and currencies are compared as numbers are, and are no names."""

    ORDINARY, NAME, UNKNOWN, COUNTED = "ordinary", "name", "unknown", "counted"


class ArabicWord(NamedTuple):
    """A word of the Arabic side.

    Attributes:
        text: Folded.
        forms: The word, its stem, it without prefixes, it joined to the next word.
        units: Ids in the word lexicon.
        rank: One of `Rank`.
    """

    text: str
    forms: frozenset[str]
    units: frozenset[int]
    rank: str


@functools.cache
def _months() -> frozenset[str]:
    """They are compared as numbers are."""
    words = number_words("en")
    return frozenset(words.months) | frozenset(words.months_after_number)


@functools.cache
def _arabic_counted() -> frozenset[str]:
    """Months, currencies, numbers: نيسان sounds like nothing of April, إسترليني goes unsaid, اثنين may be Monday."""
    money = (word for word, units in unit_words("ar").items() if any(unit.dimension == "money" for unit in units))
    return number_words("ar").month_openings.union(money, number_words("ar").cardinals)


@functools.cache
def _no_names() -> frozenset[str]:
    """English words that are not asked for, in lower case."""
    return load_names().words | _months()


def _is_ordinary(lower: str) -> bool:
    """Whether a word, or the one that it is formed from, is known in small letters: Dervishes."""
    known = _no_names()
    return lower in known or any(
        lower.endswith(ending) and len(lower) - len(ending) > 3 and lower[: -len(ending)] + other in known
        for ending, other in _ENDINGS
    )


def english_words(text: str) -> Iterator[EnglishWord]:
    """Words of an English text, parts of compounds by themselves."""
    text = unescape(text)
    matches = list(_TOKEN.finditer(text))
    for match, word in zip(matches, _known_english.each([match[0] for match in matches]), strict=True):
        if word.capital and not _INSIDE.search(text, max(0, match.start() - 5), match.start()):
            word = word._replace(inside=False)
        yield word


@word_cache(3_000)
def _known_english(token: str) -> EnglishWord:
    """A token by itself; a name as inside a sentence."""
    word = _POSSESSIVE.sub("", token)
    latin = latin_letters(word)
    capital = len(latin) >= _LEAST_CAPITAL and bool(_NAME.fullmatch(word)) and word.lower() not in _months()
    named = capital and len(latin) >= _LEAST_LATIN and not _is_ordinary(word.lower())
    return EnglishWord(word, latin, load_lexicon().english.get(fold_english(word), 0), named, capital, capital)


@word_cache(4_000)
def _known(word: str) -> ArabicWord:
    """A folded Arabic word by itself; most words of a text are among the few that texts are made of."""
    lexicon = load_lexicon()
    frequency, known = lexicon.frequency, lexicon.arabic
    stems = [unit for unit in split_arabic(word, frequency) if len(unit) > 1 and "+" not in unit]
    spellings = {word, *stems}
    ids = frozenset([known[unit] for unit in spellings if unit in known])
    met = max(frequency.get(word, 0), frequency.get(stems[0], 0) if stems else 0)
    for prefix in _PREFIXES.get(word[:1], ()):
        if word.startswith(prefix) and len(word) - len(prefix) > 2:
            spellings.add(word[len(prefix) :])
    if not spellings.isdisjoint(_arabic_counted()):
        rank = Rank.COUNTED
    elif not (spellings.isdisjoint(_places()) and ids.isdisjoint(_name_units())):
        rank = Rank.NAME
    else:
        rank = Rank.ORDINARY if met >= (_MET_LINKED if ids else _MET) else Rank.UNKNOWN
    # No spelling is longer than the word.
    text, forms = word, frozenset(spellings)
    if len(word) > _LONGEST:
        forms = frozenset(form for form in forms if len(form) <= _LONGEST)
    if not _PERSIAN_LETTERS.isdisjoint(word):
        text, forms = text.translate(_PERSIAN), frozenset(form.translate(_PERSIAN) for form in forms)
    return ArabicWord(text, forms, ids, rank)


def arabic_words(text: str, most: int) -> list[ArabicWord]:
    """Words of an Arabic text, those in Latin letters too; none where there are more than `most`."""
    written = word_texts(text)
    if len(written) > most:
        return []
    if _HYPHEN.search(text):
        written = [part for word in written for part in _HYPHEN.split(word)]
    folded = fold_arabic.each(written)
    words = iter(_known.each([word for word in folded if word[:1].isalpha()]))
    known = [next(words) if word[:1].isalpha() else None for word in folded]
    found, names, nunated = [], (Rank.NAME, Rank.UNKNOWN), _NUNATION.search(text) is not None
    for place, (one, after) in enumerate(itertools.pairwise((*known, None))):
        if one is None:
            continue
        if nunated and one.rank in names and _NUNATION.search(written[place]):
            one = one._replace(rank=Rank.ORDINARY)
        if after is not None and len(folded[place]) + len(second := folded[place + 1]) <= _LONGEST and second.isalpha():
            one = ArabicWord(one.text, one.forms | {one.text + after.text}, one.units, one.rank)
        found.append(one)
    return found


@functools.cache
def _links() -> Mapping[int, Set[int]]:
    """Arabic units by the English one that they translate, in the word lexicon."""
    lexicon = load_lexicon()
    found: dict[int, set[int]] = defaultdict(set)
    for shares in (lexicon.english_given_arabic, lexicon.arabic_given_english):
        for arabic, english in [pair for pair, share in shares.items() if share >= _LEAST_LINK]:
            found[english].add(arabic)
    return found


def is_shortened(word: ArabicWord, initials: Set[str]) -> bool:
    """Whether an abbreviation of the English, of these letters, may hold a name: AU, African Union."""
    return not initials.isdisjoint(_INITIALS.get(word.text.removeprefix("ال")[:1], ""))


def linked_ids(unit: int) -> Set[int]:
    """Arabic units that translate an English one."""
    return _links().get(unit, frozenset())


@functools.cache
def _shares_by_english() -> Mapping[int, tuple[float, ...]]:
    found: dict[int, list[float]] = defaultdict(list)
    for (_, english), share in load_lexicon().arabic_given_english.items():
        found[english].append(share)
    return {english: tuple(some) for english, some in found.items()}


def translation_shares(unit: int) -> tuple[float, ...]:
    """Probabilities of the Arabic units that translate an English one."""
    return _shares_by_english().get(unit, ())


@functools.cache
def name_shares() -> tuple[Mapping[int, float], Mapping[int, float]]:
    """How much of an Arabic unit's translations are names, and how much are other words."""
    lexicon, ordinary = load_lexicon(), load_names().words
    big: dict[int, float] = defaultdict(float)
    small: dict[int, float] = defaultdict(float)
    named = {
        number: word.isalpha() and len(word) >= _LEAST_LATIN and word not in ordinary and word + "s" not in ordinary
        for word, number in lexicon.english.items()
    }
    for (arabic, english), share in lexicon.english_given_arabic.items():
        (big if named.get(english) else small)[arabic] += share
    return dict(big), dict(small)


@functools.cache
def _name_units() -> frozenset[int]:
    """Arabic units of the lexicon that translate names alone."""
    big, small = name_shares()
    return frozenset(
        number
        for unit, number in load_lexicon().arabic.items()
        if len(unit) > 2 and unit.isalpha() and not unit.isascii()
        if big.get(number, 0.0) >= _NAME_SHARE and small.get(number, 0.0) < _OTHER_SHARE * big.get(number, 0.0)
    )


@functools.cache
def _places() -> frozenset[str]:
    """Arabic places that the lexicon does not show to be names."""
    return frozenset(parse_yaml(Path(__file__).with_name("places.yaml").read_text("utf-8")))


class _Stems(NamedTuple):
    """Arabic stems of an English word: of the lexicon, and of the lists of names, which may hold other words too."""

    linked: frozenset[str]
    listed: tuple[str, ...]


@functools.cache
def _translations() -> Mapping[str, Mapping[str, _Stems]]:
    """Arabic stems by English word, of the lexicon and of the names, by the first letters of the word."""
    lexicon, names = load_lexicon(), load_names()
    arabic = {number: unit for unit, number in lexicon.arabic.items() if len(unit) > 2}
    english = {number: unit for unit, number in lexicon.english.items() if _is_asked_for(unit)}
    found: dict[str, set[str]] = defaultdict(set)
    for shares in (lexicon.arabic_given_english, lexicon.english_given_arabic):
        for one, other in [pair for pair, share in shares.items() if share >= _LEAST_SHARE]:
            if other in english and one in arabic:
                found[english[other]].add(arabic[one])
    listed = {
        word: tuple(stem for stem in stems if len(stem) > 2)
        for word, stems in names.translations.items()
        if _is_asked_for(word)
    }
    families: dict[str, dict[str, _Stems]] = defaultdict(dict)
    for word in {**found, **listed}:
        families[word[:_FAMILY]][word] = _Stems(frozenset(found.get(word, ())), listed.get(word, ()))
    return families


def _is_asked_for(word: str) -> bool:
    return len(word) >= _FAMILY and word not in load_names().words


def _stems_of(name: str, stems: _Stems) -> Iterator[str]:
    yield from stems.linked
    # Those that stand in no text are never looked at.
    yield from (stem for stem in stems.listed if not _is_of_another(stem, name))


def _is_of_another(stem: str, name: str) -> bool:
    """Whether a stem from the lists of names is a word of the language, of other translations and another sound.

    What goes together in a list need not be a translation: the cup of Africa, the north of Miami.
    """
    lexicon = load_lexicon()
    unit = lexicon.arabic.get(stem)
    if unit is None or name_shares()[1].get(unit, 0.0) < _OTHERS:
        return False
    if lexicon.english_given_arabic.get((unit, lexicon.english.get(name, 0)), 0.0) >= _LEAST_LINK:
        return False
    return sound_score(stem, latin_letters(name), _ALIKE) < _ALIKE


@functools.cache
def _exonyms() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = defaultdict(tuple)
    stored = parse_yaml(Path(__file__).with_name("exonyms.yaml").read_text("utf-8"))
    for word, some in stored["names"].items():
        found[fold_english(word)] += tuple(map(fold_arabic, some))
    for stem, words in stored["words"].items():
        for word in words:
            found[fold_english(word)] += (fold_arabic(stem),)
    return found


@word_cache(4_000)
def stems_for(text: str) -> tuple[str, ...]:
    """Beginnings of Arabic words, three letters and more, that translate an English one or one of its family."""
    word = fold_english(text)
    if len(word) < _FAMILY - 1:
        return ()
    same = max(_FAMILY, len(word) - _ENDING)
    family = _translations().get(word[:_FAMILY], {})
    near = (other for other in family if other[:same] == word[:same] and abs(len(other) - len(word)) <= _ENDING + 1)
    stems = {stem[:-1] if len(stem) > 4 else stem for other in near for stem in _stems_of(other, family[other])}
    return tuple(sorted(stem for stem in stems.union(_exonyms().get(word, ())) if len(stem) > 2))
