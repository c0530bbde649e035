"""Whether a side says the opposite of the other: rose for انخفض, a grandmother for a grandfather, north for جنوب.

Words that exclude each other stand in groups (`polarity/opposites.yaml`). Each side must have one of a group that the
other has not: a side that leaves its word out, or says it by a word that is in no list, is not held against the pair.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import regex
from khulasa.server.core.data_files import parse_yaml
from khulasa.server.core.translation.alignment.units import fold_arabic
from khulasa.server.core.word_cache import word_cache

__all__ = ["people_of", "says_opposite"]

# Rounds of a cup, which are one word or two, are one; `no more than` is `at most`.
_ENGLISH_WORD = regex.compile(r"(?:(?:semi|quarter)[ -]finals?|no[t ] ?(?:more|less|fewer))(?![a-z])|[a-z]++")
# من قبل is `by`, not `before`; a prime minister is no president; noon and midnight are no day and no night.
_ARABIC_WORD = regex.compile(
    r"(?<!\w)(?:من قبل|(?:[وفبل]|[وفب]?ال|لل)?(?:نصف|ربع) (?:ال)?نهائي|منتصف (?:ليل|الليل|النهار)"
    r"|[وفبلك]?رئيسة? (?:مجلس )?(?:ال)?(?:وزراء|حكومة))(?!\w)|[\w\u0640]++"
)
_PREFIXES = (
    "و",
    "ف",
    "ب",
    "ل",
    "ك",
    "س",
    "ال",
    "وال",
    "بال",
    "فال",
    "كال",
    "لل",
    "ولل",
    "وب",
    "ول",
    "فب",
    "فل",
    "وبال",
)
_PRONOUNS = ("ه", "ها", "هم", "هما", "هن", "نا", "كم")
# By the first letter of the word and by the last one, since most words begin and end with none of these.
_BEGINNINGS = {one[0]: tuple(two for two in _PREFIXES if two[0] == one[0]) for one in _PREFIXES}
_ENDINGS = {one[-1]: tuple(two for two in _PRONOUNS if two[-1] == one[-1]) for one in _PRONOUNS}
# The group of nouns for people.
_WHO = "who"
# Letters that must be left of a word without what is joined to it.
_SHORTEST = 3


class _Pole(NamedTuple):
    """What a word says: a pole of a group, for sure or perhaps."""

    group: str
    pole: str
    sure: bool


_Poles = frozenset[_Pole]


class _Lists(NamedTuple):
    """What each word says, Arabic folded."""

    arabic: Mapping[str, _Poles]
    english: Mapping[str, _Poles]


@functools.lru_cache(maxsize=1)
def _lists() -> _Lists:
    raw: dict[str, dict[str, dict[str, list[str]]]] = parse_yaml(
        Path(__file__).with_name("opposites.yaml").read_text("utf-8")
    )
    arabic: dict[str, set[_Pole]] = defaultdict(set)
    english: dict[str, set[_Pole]] = defaultdict(set)
    for group, poles in raw.items():
        for name, words in poles.items():
            for sure, kind in ((True, ""), (False, "may_")):
                pole = _Pole(group, name, sure)
                for word in words.get(f"{kind}en", ()):
                    english[word].add(pole)
                for word in words.get(f"{kind}ar", ()):
                    arabic[fold_arabic(word)].add(pole)
    return _Lists(*({word: frozenset(some) for word, some in side.items()} for side in (arabic, english)))


@word_cache(3_000)
def _poles_of(word: str) -> _Poles:
    """Of an Arabic word as it is written, whatever is joined to it."""
    word, known = fold_arabic(word), _lists().arabic
    bare = [word]
    for prefix in _BEGINNINGS.get(word[:1], ()):
        if word.startswith(prefix) and len(word) - len(prefix) >= _SHORTEST - 1:
            bare.append(word[len(prefix) :])
    for form in bare:
        if form in known:
            return known[form]
    pronouns = _ENDINGS.get(word[-1:], ())
    for form in bare if pronouns else ():
        for pronoun in pronouns:
            if form.endswith(pronoun) and len(form) - len(pronoun) >= _SHORTEST and form[: -len(pronoun)] in known:
                return known[form[: -len(pronoun)]]
    return frozenset()


def says_opposite(arabic: str, english: str) -> bool:
    """Whether each side surely says one of a group that the other does not even perhaps say."""
    known = _lists().english
    theirs = _by_group(known[word] for word in _ENGLISH_WORD.findall(english.lower()) if word in known)
    if not any(found.sure for found in theirs.values()):
        return False
    ours = _by_group(poles for poles in _poles_of.each(_ARABIC_WORD.findall(arabic)) if poles)
    return any(
        ours[group].sure - found.every and found.sure - ours[group].every
        for group, found in theirs.items()
        if group in ours
    )


def people_of(word: str, language: str) -> frozenset[str]:
    """What people a word says, for sure or perhaps: poles of the group `who`."""
    poles = _poles_of(word) if language == "ar" else _lists().english.get(word, frozenset())
    return frozenset(one.pole for one in poles if one.group == _WHO)


class _Said(NamedTuple):
    """Poles of one group that a side says."""

    sure: set[str]
    every: set[str]


def _by_group(found: Iterable[_Poles]) -> dict[str, _Said]:
    groups: dict[str, _Said] = {}
    for poles in found:
        for group, pole, sure in poles:
            said = groups.setdefault(group, _Said(set(), set()))
            said.every.add(pole)
            if sure:
                said.sure.add(pole)
    return groups
