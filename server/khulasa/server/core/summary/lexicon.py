"""Words of a text with their places, their stems, and the rules of a language beside this file (`rules/*.yaml`)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import regex
from khulasa.server.core.data_files import parse_yaml
from khulasa.server.core.text.types import Span
from khulasa.server.core.word_cache import word_cache

__all__ = ["Lexicon", "Word", "fold", "lexicon", "words_of"]

# A word may hold marks and joiners inside, and digits with their separators; hyphens part words.
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}\p{Cf}ـ]*(?:[.,٫٬'’](?=[\p{L}\p{N}])[\p{L}\p{N}\p{M}\p{Cf}ـ]+)*")
_MARKS = regex.compile(r"[\p{M}\p{Cf}ـ]+")
# Without these a text is folded at once: letters stay where they are. What Σ becomes depends on where its word ends.
_FOLDS_BY_WORD = regex.compile(r"[\p{M}\p{Cf}ـΣ]")
_FOLDING = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ی": "ي", "ک": "ك", "’": "'"}
    | {chr(0x660 + i): str(i) for i in range(10)}
    | {chr(0x6F0 + i): str(i) for i in range(10)}
)

# Light stemming after Larkey, Ballesteros and Connell (2007), `light10`: one prefix, then suffixes.
_AR_PREFIXES = ("وبال", "وكال", "وال", "بال", "كال", "فال", "ولل", "فلل", "ال", "لل")
_AR_SUFFIXES = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي", "ا")


# Share of articles from which a stem is no longer rare.
_RARE_SHARE, _ARTICLES = 0.005, 10_000


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its place.

    Attributes:
        span: In the text it was found in.
        form: Folded: lower case, no diacritics or tatweel, alef and ya and ta marbuta and digits unified.
    """

    span: Span
    form: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is known of a language's words, all folded.

    Attributes:
        language: `ar` or `en`.
        stop_words: Say nothing about a topic.
        light: Of them those that are part of a term beside other words (New York, people's assembly).
        speech_verbs: Report what somebody said.
        after_speech: What follows a speech verb whose subject is not named.
        pronouns: English subject pronouns and possessives.
        first_person: Said by who speaks of himself: I, my.
        adjacent_always: Openings that lean on the sentence before, as tuples of words.
        adjacent_bare: The same unless a noun with the article follows.
        person_titles, organisation_heads, place_heads: Cues of names.
        company_forms: End the name of a company (Inc).
        demonyms: Adjectives of countries; English, as the one before.
        superlatives: Stand before a noun and name nothing with it; Arabic, as what follows.
        own_waw: Beginnings of Arabic words whose first letter only looks like `and`.
        empty: Nouns that say nothing without another one.
        directions: Nouns that ask for another one, and end no phrase.
        governing: Participles that ask for a preposition.
        prepositions: Words after which a noun stands.
        subordinators: English words that open a clause before the main one.
        common: Stems that stand in many articles, with their share of articles.
    """

    language: str
    stop_words: frozenset[str]
    light: frozenset[str]
    speech_verbs: frozenset[str]
    after_speech: frozenset[str]
    pronouns: frozenset[str]
    first_person: frozenset[str]
    adjacent_always: frozenset[tuple[str, ...]]
    adjacent_bare: frozenset[tuple[str, ...]]
    person_titles: frozenset[str]
    organisation_heads: frozenset[str]
    place_heads: frozenset[str]
    company_forms: frozenset[str]
    demonyms: frozenset[str]
    superlatives: frozenset[str]
    own_waw: tuple[str, ...]
    empty: frozenset[str]
    directions: frozenset[str]
    governing: frozenset[str]
    prepositions: frozenset[str]
    subordinators: frozenset[str]
    common: Mapping[str, float]

    def stem(self, form: str) -> str:
        """Light stem of a folded word."""
        return _stem_ar(form) if self.language == "ar" else _stem_en(form)

    def rarity(self, stem: str) -> float:
        """How much a stem sets a text apart, in (0, 1]: inverse document frequency, 1 from one article in 200."""
        share = self.common.get(stem, 0.0)
        return 1.0 if share <= _RARE_SHARE else max(0.05, math.log(share) / math.log(_RARE_SHARE))

    def is_content(self, form: str) -> bool:
        """Whether a folded word can say something about a topic."""
        if form in self.stop_words or (len(form) < 2 and not form.isdigit()):
            return False
        return not (self.language == "ar" and len(form) > 3 and form[0] in "وف" and form[1:] in self.stop_words)


def fold(text: str) -> str:
    """Lower case, no diacritics, tatweel or invisible marks; one letter for alefs, yas, ta marbuta and ha; 0 to 9."""
    return _MARKS.sub("", text).translate(_FOLDING).lower()


def words_of(text: str, at: int = 0) -> list[Word]:
    """Words of `text` in order, with places counted from `at`."""
    places = [match.span() for match in _WORD.finditer(text)]
    if _FOLDS_BY_WORD.search(text) is None:
        folded = text.translate(_FOLDING).lower()
        if len(folded) == len(text):
            return [Word(Span(start + at, end + at), folded[start:end]) for start, end in places]
    return [Word(Span(start + at, end + at), fold(text[start:end])) for start, end in places]


@lru_cache(maxsize=16)
def lexicon(language: str) -> Lexicon:
    """Rules of a language; one without rules of its own has those of English, whose words do it no harm."""
    folder = resources.files("khulasa.server.core.summary").joinpath("rules")
    own = folder.joinpath(f"{language}.yaml")
    raw: dict[str, Any] = parse_yaml((own if own.is_file() else folder.joinpath("en.yaml")).read_text("utf-8"))

    return Lexicon(
        language=language,
        stop_words=_words(raw, "stop_words"),
        light=_words(raw, "light"),
        speech_verbs=_words(raw, "speech_verbs"),
        after_speech=_words(raw, "after_speech"),
        pronouns=_words(raw, "pronouns"),
        first_person=_words(raw, "first_person"),
        adjacent_always=_phrases(raw, "adjacent_always"),
        adjacent_bare=_phrases(raw, "adjacent_bare"),
        person_titles=_words(raw, "person_titles"),
        organisation_heads=_words(raw, "organisation_heads"),
        place_heads=_words(raw, "place_heads"),
        company_forms=_words(raw, "company_forms"),
        demonyms=_words(raw, "demonyms"),
        superlatives=_words(raw, "superlatives"),
        own_waw=tuple(sorted(_words(raw, "own_waw"))),
        empty=_words(raw, "empty"),
        directions=_words(raw, "directions"),
        governing=_words(raw, "governing"),
        prepositions=_words(raw, "prepositions"),
        subordinators=_words(raw, "subordinators"),
        common=_common(folder.joinpath(f"common_{language}.tsv")),
    )


def _common(table: Traversable) -> dict[str, float]:
    """Stem, tab, articles of ten thousand that have it; see benchmarks/selection/common_stems.py."""
    if not table.is_file():
        return {}
    rows = (line.split("\t") for line in table.read_text("utf-8").splitlines())
    return {stem: int(articles) / _ARTICLES for stem, articles in rows}


def _words(raw: Mapping[str, str], key: str) -> frozenset[str]:
    return frozenset(fold(raw.get(key, "")).split())


def _phrases(raw: Mapping[str, str], key: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(fold(phrase).split()) for phrase in raw.get(key, "").split("|")) - {()}


@word_cache(1_000)
def _stem_ar(form: str) -> str:
    for prefix in _AR_PREFIXES:
        if form.startswith(prefix) and len(form) - len(prefix) >= 2:
            form = form[len(prefix) :]
            break
    else:
        if len(form) > 3 and form[0] == "و":
            form = form[1:]
    for suffix in _AR_SUFFIXES:
        if form.endswith(suffix) and len(form) - len(suffix) >= 3:
            form = form[: -len(suffix)]
    return form


def _stem_en(form: str) -> str:
    """The S stemmer of Harman (1991) and the commonest verb endings."""
    form = form.removesuffix("'s")
    if form.endswith("ies") and len(form) > 4:
        return form[:-3] + "y"
    if form.endswith("es") and len(form) > 4 and form[-3] in "sxz":
        return form[:-2]
    if form.endswith("s") and len(form) > 3 and not form.endswith(("ss", "us", "is")):
        form = form[:-1]
    for ending in ("ing", "ed"):
        if form.endswith(ending) and len(form) - len(ending) >= 4:
            return form[: -len(ending)]
    return form
