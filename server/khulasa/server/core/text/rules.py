"""The rules beside this file, read once: word and phrase lists of Arabic and English, folded as the text they meet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import regex
from khulasa.server.core.data_files import parse_yaml
from khulasa.server.core.text.normalize import view

__all__ = [
    "ArabicClauses",
    "PartRules",
    "SentenceRules",
    "TalkRules",
    "arabic_clauses",
    "folded",
    "part_rules",
    "plain",
    "sentence_rules",
    "talk_rules",
]

_LANGUAGES = ("ar", "en", "fr")
# Of articles, and of what sites put around them; no list is in both.
_FILES = ("{}.yaml", "site.{}.yaml")
_NUMBER = regex.compile(r"\d[\d.,:٫٬/]*+")
_MARKS, _MARKS_BUT_BARS = (regex.compile(rf"[^\p{{L}}\p{{N}}\p{{M}}#@©&/{bar}]++") for bar in ("", "|"))
_CAMEL, _HAS_CAMEL = regex.compile(r"(?<=[a-z])(?=[A-Z])"), re.compile(r"[a-z][A-Z]")
# Marks of a line of Latin letters alone, by a table, which takes a third of the time.
_ASCII_MARKS = str.maketrans({char: " " for char in map(chr, range(128)) if not char.isalnum() and char not in "#@&"})
# Rules ask for the words of a line one after another; those of longer ones are not kept.
_KEPT, _LONGEST_KEPT = 2_000, 400


def folded(text: str) -> str:
    """`view` in lower case."""
    return view(text).text.lower()


def plain(seen: str) -> str:
    """Words of a line already seen through `view`: lower case, `#` for each number, one space between, no marks."""
    return _plain_kept(seen) if len(seen) <= _LONGEST_KEPT else _plain(seen)


def _plain(seen: str) -> str:
    parted = (_CAMEL.sub(" ", seen) if _HAS_CAMEL.search(seen) else seen).lower()
    if parted.isascii():
        return " ".join(_NUMBER.sub(" # ", parted).translate(_ASCII_MARKS).split())
    return _MARKS.sub(" ", _NUMBER.sub(" # ", parted).replace("/", " ")).strip()


_plain_kept = lru_cache(maxsize=_KEPT)(_plain)


@dataclass(frozen=True, slots=True)
class SentenceRules:
    """What the splitter knows, for both languages; all words folded. See the comments in `rules/*.yaml`."""

    abbreviations: frozenset[str]
    abbreviations_open: frozenset[str]
    units: frozenset[str]
    starters: frozenset[str]
    attribution: frozenset[str]
    goes_on: frozenset[str]
    amounts: frozenset[str]
    opens_anew: frozenset[str]
    named_quotes: frozenset[str]
    speech_verbs: frozenset[str]
    told_verbs: frozenset[str]
    speech_settings: frozenset[str]
    speech_complements: frozenset[str]
    no_speakers: frozenset[str]
    english_dependent: frozenset[str]
    marked_names: frozenset[str]
    numbered: frozenset[str]
    short_words: frozenset[str]


@dataclass(frozen=True, slots=True)
class ArabicClauses:
    """What tells whether Arabic words after `..` are a clause of their own."""

    frames: frozenset[str]
    answers: frozenset[str]
    dependent: frozenset[str]
    openers: frozenset[str]
    subordinators: frozenset[str]
    pronouns: frozenset[str]
    not_verbs: frozenset[str]
    repeated: frozenset[str]
    auxiliaries: frozenset[str]
    settings: frozenset[str]
    impersonal: frozenset[str]
    elatives: frozenset[str]
    for_sake: frozenset[str]
    there: frozenset[str]
    no_such: frozenset[str]
    not_each: frozenset[str]
    rooted: frozenset[str]
    said: frozenset[str]
    verbs: frozenset[str]


@dataclass(frozen=True, slots=True)
class PartRules:
    """What tells the parts of an article; phrases are `plain`, words are folded."""

    months: frozenset[str]
    weekdays: frozenset[str]
    date_strong: frozenset[str]
    date_weak: frozenset[str]
    date_openers: frozenset[str]
    agencies: frozenset[str]
    agencies_weak: frozenset[str]
    places: frozenset[str]
    byline_openers: frozenset[str]
    byline_sure: frozenset[str]
    byline_jobs: frozenset[str]
    source_openers: frozenset[str]
    names: frozenset[str]
    person_titles: frozenset[str]
    caption_openers: frozenset[str]
    credit_words: frozenset[str]
    scene_words: frozenset[str]
    furniture_words: frozenset[str]
    furniture_weak: frozenset[str]
    furniture_lines: frozenset[str]
    furniture_openers: frozenset[str]
    related_openers: frozenset[str]
    english_verbs: frozenset[str]
    connectives: frozenset[str]
    label_words: frozenset[str]
    media_words: frozenset[str]
    author_jobs: frozenset[str]
    letter_closings: frozenset[str]
    point_heads: frozenset[str]


@dataclass(frozen=True, slots=True)
class TalkRules:
    """What a site says about itself; phrases are `plain`, words are folded.

    Attributes:
        strong: Formulas.
        topics: Formulas that news can be about as well.
        first_words: First words of both.
        weak: Words of publishing.
        reader: Words that address the reader.
        own: Words with which a site speaks of itself.
        imperatives: What a line begins with that tells the reader to do something,
        objects: when one of these follows.
        itself: Two words with which an article speaks of itself.
        labels: What a note below an article begins with.
        reported: Words that report what somebody said.
        end_openers: Heads of what only stands after an article.
        sponsors: Whole lines below which a sponsor speaks.
        block_openers: What a box inside an article begins with,
        block_insides: what such a line ends with,
        block_closers: and what the last line of the box ends with.
        form_heads: Words of what a form offers,
        form_fields: and its field.
        answer_buttons: Words of the buttons below a comment.
    """

    strong: frozenset[str]
    topics: frozenset[str]
    first_words: frozenset[str]
    weak: frozenset[str]
    reader: frozenset[str]
    own: frozenset[str]
    imperatives: frozenset[str]
    objects: frozenset[str]
    itself: frozenset[str]
    labels: frozenset[str]
    reported: frozenset[str]
    end_openers: frozenset[str]
    sponsors: frozenset[str]
    block_openers: frozenset[str]
    block_insides: frozenset[str]
    block_closers: frozenset[str]
    form_heads: frozenset[str]
    form_fields: frozenset[str]
    answer_buttons: frozenset[str]


@cache
def sentence_rules() -> SentenceRules:
    """Rules of the splitter."""
    raw = _raw()
    return SentenceRules(
        abbreviations=_words(raw, "abbreviations"),
        abbreviations_open=_words(raw, "abbreviations_open"),
        units=_words(raw, "units"),
        starters=_words(raw, "starters"),
        attribution=_words(raw, "attribution"),
        goes_on=_words(raw, "goes_on"),
        amounts=_words(raw, "amounts"),
        opens_anew=_phrases(raw, "opens_anew"),
        named_quotes=_words(raw, "named_quotes"),
        speech_verbs=_words(raw, "speech_verbs"),
        told_verbs=_words(raw, "told_verbs"),
        speech_settings=_words(raw, "speech_settings"),
        speech_complements=_words(raw, "speech_complements"),
        no_speakers=_words(raw, "no_speakers"),
        english_dependent=_words(raw[1:], "dependent"),
        marked_names=_words(raw, "marked_names"),
        numbered=_words(raw, "numbered"),
        short_words=_words(raw, "short_words"),
    )


@cache
def arabic_clauses() -> ArabicClauses:
    """Words that open, carry or continue Arabic clauses."""
    arabic = _raw()[:1]
    return ArabicClauses(
        frames=_words(arabic, "frames"),
        answers=_words(arabic, "answers"),
        dependent=_words(arabic, "dependent"),
        openers=_words(arabic, "openers"),
        subordinators=_words(arabic, "subordinators"),
        pronouns=_words(arabic, "pronouns"),
        not_verbs=_words(arabic, "not_verbs"),
        repeated=_words(arabic, "repeated"),
        auxiliaries=_words(arabic, "auxiliaries"),
        settings=_words(arabic, "settings"),
        impersonal=_words(arabic, "impersonal"),
        elatives=_words(arabic, "elatives"),
        for_sake=_words(arabic, "for_sake"),
        there=_words(arabic, "there"),
        no_such=_words(arabic, "no_such"),
        not_each=_words(arabic, "not_each"),
        rooted=_words(arabic, "rooted"),
        said=_words(arabic, "attribution"),
        verbs=_listed("verbs.ar.txt"),
    )


@cache
def part_rules() -> PartRules:
    """Rules of the parts, of all languages together: Arabic pages have English and French furniture."""
    raw = _raw()
    return PartRules(
        months=_words(raw, "months"),
        weekdays=_words(raw, "weekdays"),
        date_strong=_words(raw, "date_strong"),
        date_weak=_words(raw, "date_weak"),
        date_openers=_phrases(raw, "date_openers"),
        agencies=_phrases(raw, "agencies"),
        agencies_weak=_phrases(raw, "agencies_weak"),
        places=_phrases(raw, "places"),
        byline_openers=_phrases(raw, "byline_openers") | _phrases(raw, "byline_sure"),
        byline_sure=_phrases(raw, "byline_sure"),
        byline_jobs=_words(raw, "byline_jobs"),
        source_openers=_phrases(raw, "source_openers"),
        names=_words(raw, "names") | _listed("names.txt"),
        person_titles=_words(raw, "person_titles"),
        caption_openers=_phrases(raw, "caption_openers"),
        credit_words=_phrases(raw, "credit_words"),
        scene_words=_words(raw, "scene_words"),
        furniture_words=_words(raw, "furniture_words"),
        furniture_weak=_words(raw, "furniture_weak"),
        furniture_lines=_phrases(raw, "furniture_lines"),
        furniture_openers=_phrases(raw, "furniture_openers"),
        related_openers=_phrases(raw, "related_openers"),
        english_verbs=_words(raw, "english_verbs"),
        connectives=_words(raw, "connectives"),
        label_words=_words(raw, "label_words"),
        media_words=_words(raw, "media_words"),
        author_jobs=_words(raw, "author_jobs"),
        letter_closings=_phrases(raw, "letter_closings"),
        point_heads=_phrases(raw, "point_heads"),
    )


@cache
def talk_rules() -> TalkRules:
    """Rules of lines about the site, of both languages together."""
    raw = _raw()
    strong, topics = _phrases(raw, "talk_strong"), _phrases(raw, "talk_topics")
    return TalkRules(
        strong=strong,
        topics=topics,
        first_words=frozenset(phrase.split()[0] for phrase in strong | topics),
        weak=_words(raw, "talk_weak"),
        reader=_words(raw, "talk_reader"),
        own=_words(raw, "talk_own"),
        imperatives=_words(raw, "talk_imperatives"),
        objects=_words(raw, "imperative_objects"),
        itself=_phrases(raw, "talk_itself"),
        labels=_phrases(raw, "talk_labels"),
        reported=_words(raw, "talk_reported") | _words(raw[:1], "attribution"),
        end_openers=_phrases(raw, "end_openers"),
        sponsors=_phrases(raw, "sponsors"),
        block_openers=_phrases(raw, "block_openers"),
        block_insides=_phrases(raw, "block_insides"),
        block_closers=_phrases(raw, "block_closers"),
        form_heads=_words(raw, "form_heads"),
        form_fields=_phrases(raw, "form_fields"),
        answer_buttons=_words(raw, "answer_buttons"),
    )


@cache
def _raw() -> tuple[Mapping[str, str], ...]:
    return tuple(
        {key: words for name in _FILES for key, words in parse_yaml(_file(name.format(language))).items()}
        for language in _LANGUAGES
    )


def _file(name: str) -> str:
    return resources.files("khulasa.server.core.text").joinpath("rules").joinpath(name).read_text(encoding="utf-8")


def _listed(name: str) -> frozenset[str]:
    words = [word for line in _file(name).splitlines() if not line.startswith("#") for word in line.split()]
    # * stands for two letters before a verb, for one or none behind it.
    letters = {True: ("ي", "ت"), False: ("ت", "")}
    return frozenset(word.replace("*", letter) for word in words for letter in letters[word[0] == "*"])


def _words(raw: Iterable[Mapping[str, str]], key: str) -> frozenset[str]:
    return frozenset(word for rules in raw for word in folded(rules.get(key, "")).split())


def _phrases(raw: Iterable[Mapping[str, str]], key: str) -> frozenset[str]:
    # All of a list at once: thousands of phrases by themselves take a fifth of a second.
    return frozenset(phrase for rules in raw for phrase in _plain_each(view(rules.get(key, "")).text) if phrase)


def _plain_each(seen: str) -> list[str]:
    """`plain` of each of some phrases with bars between them."""
    lower = seen.lower()
    parted = seen if lower == seen else _CAMEL.sub(" ", seen).lower()
    words = _MARKS_BUT_BARS.sub(" ", _NUMBER.sub(" # ", parted).replace("/", " "))
    return [phrase.strip() for phrase in words.split("|")]
