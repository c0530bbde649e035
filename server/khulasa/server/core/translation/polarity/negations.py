"""Negations of a pair compared: what one side denies, the other must deny as well.

A rule of thumb over word lists (`negations.yaml`), not an analysis of scope: it counts. A side that says no more
often than the other has words that might say no has lost a negation, or won one. A word that might (`refused`) does not
where the other side has the like of it (رفض): that is what it answers. Where the count is right, opposites are looked
for (`polarity.opposites`), and the places (`polarity.places`).
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import regex
from khulasa.server.core.data_files import parse_yaml
from khulasa.server.core.translation.alignment.units import fold_arabic
from khulasa.server.core.translation.markup.references import unescape
from khulasa.server.core.translation.polarity.modality import keeps_modality
from khulasa.server.core.translation.polarity.opposites import says_opposite
from khulasa.server.core.translation.polarity.places import Denials, all_answered_in_place
from khulasa.server.core.translation.polarity.reservations import keeps_reservations
from khulasa.server.core.translation.polarity.restrictions import keeps_restrictions
from khulasa.server.core.translation.protect import without_shared_items
from khulasa.server.core.translation.types import LanguagePair
from khulasa.server.core.word_cache import word_cache

__all__ = ["NegationCount", "count_negations", "same_polarity"]

# `No. 11` is a word of its own, and so is the `n't` of `isn't`.
_TOKEN = regex.compile(r"no\.(?=\s?\d)|\w+?(?=n['’]t\b)|n['’]t\b|\w+")
# دون before digits is `under`, a word of its own: كلهم دون الـ15.
_ARABIC_TOKEN = regex.compile(r"(?<!\w)دون\s+(?=(?:ال)?\u0640?\d)|[\w\u0640]+")
# Most texts have none of these words of their own, and are read in a third of the time.
_WORD, _ARABIC_WORD = regex.compile(r"\w+"), regex.compile(r"[\w\u0640]+")
# From a negation to the word that restricts it: لا يحتاج إلى التسجيل إلا من يقيمون.
_CLAUSE_TOKENS = 12
# Letters that an Arabic verb of the present begins with, folded.
_VERBAL = ("ي", "ت", "ن", "ا", "أ")
# Shorter words that begin or end like a negative one are another word: unit, less.
_SHORT = 5
# A restricted negation is of the family of `only`.
_PLAIN, _NONE, _ANY, _ONLY = "plain", "none", "any", "only"
# The other kinds are followed by a family, or by the number of the orphan's rule.
_PARTIAL, _ECHO, _ORPHAN = "partial ", "echo ", "orphan "

# Words of entries and their kinds.
_Entries = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class NegationCount:
    """How often a text says no.

    Attributes:
        plain: Words that the other language must answer.
        partial: Words that may answer a plain one.
        orphans: Words that have no sense without a negation and stand without one: rules of `negations.yaml`.
        families: Of the partial words that have one.
        echoes: Families of words that take a partial one to themselves.
        rest: The words that are in no phrase.
        asking: Tokens of the plain ones.
        answering: Tokens of the plain and the partial ones.
    """

    plain: int
    partial: int
    orphans: tuple[int, ...] = ()
    families: Mapping[str, int] = field(default_factory=dict, compare=False)
    echoes: Mapping[str, int] = field(default_factory=dict, compare=False)
    rest: str = field(default="", compare=False)
    asking: Sequence[int] = field(default=(), compare=False)
    answering: Sequence[int] = field(default=(), compare=False)

    def answers_to(self, other: NegationCount) -> int:
        """Partial words that are not the like of any of the other side."""
        return self.partial - sum(
            min(count, other.families.get(family, 0) + other.echoes.get(family, 0))
            for family, count in self.families.items()
        )


class _Orphan(NamedTuple):
    """When a word that has lost its negation is one, see `negations.yaml`."""

    unless: regex.Pattern[str] | None
    after: frozenset[str]


@dataclass(frozen=True, eq=False)
class _Negators:
    """The lists of a language, turned round."""

    phrases: Mapping[str, _Entries]
    partials: Mapping[str, _Entries]
    prefixes: tuple[str, ...]
    articles: tuple[str, ...]
    restricting: frozenset[str]
    repeating: frozenset[str]
    following: frozenset[str]
    demanding: frozenset[str]
    beginnings: tuple[tuple[str, str], ...]
    endings: tuple[str, ...]
    spared: tuple[str, ...]
    openings: Mapping[str, tuple[str, ...]]
    orphans: tuple[_Orphan, ...]


@functools.lru_cache(maxsize=16)
def _negators(language: str) -> _Negators | None:
    raw: dict[str, Any] = parse_yaml(Path(__file__).with_name("negations.yaml").read_text("utf-8"))
    if language not in raw:
        return None
    lists = raw[language]
    kinds: dict[tuple[str, ...], set[str]] = {}
    for kind, entries in _entries(lists):
        for entry in entries:
            kinds.setdefault(tuple(_tokens(entry, language)), set()).add(kind)
    found: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for words, some in kinds.items():
        found.setdefault(words[0], []).append((words, tuple(sorted(some))))
    phrases = {first: tuple(sorted(some, key=lambda one: -len(one[0]))) for first, some in found.items()}
    partials = {
        first: tuple(one for one in some if one[1][0].startswith((_PARTIAL, _ECHO))) for first, some in phrases.items()
    }
    restricting, repeating = (frozenset(map(fold_arabic, lists.get(name, []))) for name in ("restricting", "repeating"))
    beginnings = [(beginning, _kind(kind)) for kind, some in lists.get("beginnings", {}).items() for beginning in some]
    return _Negators(
        phrases,
        {first: some for first, some in partials.items() if some},
        tuple(sorted(map(fold_arabic, lists.get("prefixes", [])), key=len)),
        tuple(sorted(map(fold_arabic, lists.get("articles", [])), key=len)),
        restricting,
        repeating,
        restricting | repeating,
        frozenset(lists.get("demanding", [])),
        tuple(sorted(beginnings, key=lambda one: -len(one[0]))),
        tuple(lists.get("endings", [])),
        tuple(lists.get("spared", [])),
        {one[:2]: tuple(two for two, _ in beginnings if two[:2] == one[:2]) for one, _ in beginnings},
        tuple(
            _Orphan(_beginning_so(rule.get("unless", ())), frozenset(map(fold_arabic, rule.get("after", ()))))
            for rule in lists.get("orphans", [])
        ),
    )


def _entries(lists: Mapping[str, Any]) -> Iterable[tuple[str, Sequence[str]]]:
    yield from ((kind, lists.get(kind, [])) for kind in (_PLAIN, _NONE))
    yield from ((_PARTIAL + family, some) for family, some in lists.get("partial", {}).items())
    yield from ((_ECHO + family, some) for family, some in lists.get("echoes", {}).items())
    yield from ((f"{_ORPHAN}{number}", rule["words"]) for number, rule in enumerate(lists.get("orphans", [])))


def _kind(name: str) -> str:
    return name if name in (_PLAIN, _NONE) else _PARTIAL + (_ANY if name == "partial" else name)


def _beginning_so(beginnings: Sequence[str]) -> regex.Pattern[str] | None:
    if not beginnings:
        return None
    return regex.compile(r"\b(?:[وفبلك]|ال)?(?:" + "|".join(regex.escape(fold_arabic(one)) for one in beginnings) + ")")


def _tokens(text: str, language: str) -> list[str]:
    if language == "ar":
        written = (_ARABIC_TOKEN if "دون" in text else _ARABIC_WORD).findall(text)
        folded = fold_arabic.each(written)
        if "أ" not in text:
            return folded
        return [_apart(one, word) if one.endswith("الا") else one for one, word in zip(folded, written, strict=True)]
    text = text.lower().replace("’", "'")
    return (_TOKEN if "n't" in text or "no." in text else _WORD).findall(text)


def _denials(text: str, language: str, count: NegationCount) -> Denials:
    text = unescape(text)
    if language == "ar":
        found = _ARABIC_TOKEN.finditer(text)
    else:
        text = text.lower()
        found = _TOKEN.finditer(text)
    return Denials(text, [match.start() for match in found], count.asking, count.answering)


def _apart(folded: str, word: str) -> str:
    """A folded word in الا: `ألا` (not to) is not made the same as `إلا` (but)."""
    return folded.replace("ا", "أ", 1) if "أ" in word else folded


def count_negations(text: str, language: str) -> NegationCount:
    """Negations of `text`; none in a language without lists."""
    lists = _negators(language)
    counts: Counter[str] = Counter()
    rest: list[str] = []
    answering: list[int] = []
    asking: list[int] = []
    if lists is not None:
        tokens = _tokens(unescape(text), language)
        unrestricted: list[int] = []
        after = 0
        every = zip(tokens, (_arabic_entries if language == "ar" else _english_entries).each(tokens), strict=True)
        # Nearly all words are of no entry, and follow up none.
        for at, entries in [(at, some) for at, (word, some) in enumerate(every) if some or word in lists.following]:
            if at < after:
                continue
            rest.extend(tokens[after:at])
            length, kinds = _entry_at(tokens, at, entries)
            if unrestricted and _repeats(tokens, at, unrestricted[-1], lists):
                kinds = (_PARTIAL + _ANY,)
            if not kinds:
                rest.append(tokens[at])
            else:
                counts.update(kind for kind in kinds if _holds(kind, tokens, at, lists, answering))
                if length == 1 or any(kind.startswith(_ORPHAN) for kind in kinds):
                    rest.extend(tokens[at : at + length])
                if _PLAIN in kinds or any(kind.startswith(_PARTIAL) for kind in kinds):
                    answering.append(at)
            if _PLAIN in kinds:
                unrestricted.append(at)
                asking.append(at)
            elif length == 1 and tokens[at] in lists.restricting and unrestricted:
                denied = unrestricted.pop()
                if at - denied <= _CLAUSE_TOKENS:
                    asking.remove(denied)
                    counts[_PLAIN] -= 1
                    counts[_PARTIAL + _ONLY] += 1
            after = at + length
        rest.extend(tokens[after:])
    families = {kind.removeprefix(_PARTIAL): n for kind, n in counts.items() if kind.startswith(_PARTIAL)}
    partial = sum(families.values())
    families.pop(_ANY, None)
    return NegationCount(
        counts[_PLAIN],
        partial,
        tuple(int(kind.removeprefix(_ORPHAN)) for kind in counts if kind.startswith(_ORPHAN)),
        families,
        {kind.removeprefix(_ECHO): n for kind, n in counts.items() if kind.startswith(_ECHO)},
        " ".join(rest),
        asking,
        answering,
    )


def _repeats(tokens: list[str], at: int, denied: int, lists: _Negators) -> bool:
    """Whether a word goes on with a negation before it. ولا before a verb begins another."""
    if tokens[at] not in lists.repeating or at - denied > _CLAUSE_TOKENS:
        return False
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    return not lists.articles or after.startswith("ال") or not after.startswith(_VERBAL)


def _holds(kind: str, tokens: list[str], at: int, lists: _Negators, answering: Sequence[int]) -> bool:
    """Whether a kind is one at a token: some orphans are none soon after a negation or a question."""
    if not kind.startswith(_ORPHAN):
        return True
    after = lists.orphans[int(kind.removeprefix(_ORPHAN))].after
    if not after:
        return True
    if answering and at - answering[-1] <= 2 * _CLAUSE_TOKENS:
        return False
    before = tokens[max(0, at - _CLAUSE_TOKENS) : at]
    return not any(word in after or word[1:] in after for word in before)


def _entry_at(tokens: list[str], at: int, entries: _Entries) -> tuple[int, tuple[str, ...]]:
    """Tokens and kinds of the longest entry that begins at a token; one token of no kind otherwise."""
    for words, kinds in entries:
        if len(words) == 1 or tuple(tokens[at + 1 : at + len(words)]) == words[1:]:
            return len(words), kinds
    return 1, ()


# By languages, so that the words of one do not drive out those of the other.
@word_cache(3_000)
def _arabic_entries(word: str) -> _Entries:
    lists = _negators("ar")
    return _entries_of(word, lists) if lists else ()


@word_cache(3_000)
def _english_entries(word: str) -> _Entries:
    lists = _negators("en")
    return _entries_of(word, lists) if lists else ()


def _entries_of(word: str, lists: _Negators) -> _Entries:
    """Entries that may begin with a word, in the order in which they are tried; at last what its form says."""
    found: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    stems = [word]
    if word.startswith(lists.prefixes):
        stems += [word[len(p) :] for p in lists.prefixes if word.startswith(p)]
    for form in stems:
        if form in lists.phrases:
            found.extend(lists.phrases[form])
    if word.startswith(lists.articles):
        stems += [word[len(p) :] for p in lists.articles if word.startswith(p)]
    # The accusative of an adjective or a noun ends in an alef: مستحيلا.
    if lists.articles and word.endswith("ا"):
        stems += [stem[:-1] for stem in stems if len(stem) > _SHORT - 1]
    for stem in stems:
        if stem in lists.partials:
            found.extend(lists.partials[stem])
    if len(word) > _SHORT:
        if word.startswith(lists.openings.get(word[:2], ())):
            kind = next(kind for beginning, kind in lists.beginnings if word.startswith(beginning))
            found.append(((word,), (kind,)))
        elif word.endswith(lists.endings) and not word.startswith(lists.spared):
            found.append(((word,), (_PARTIAL + _ANY,)))
    return tuple(found)


def _lost(one: NegationCount, other: NegationCount, lists: _Negators) -> bool:
    """Whether a side has a word that has lost its negation."""
    for number in one.orphans:
        excuse = lists.orphans[number].unless
        if excuse is None or not excuse.search(other.rest):
            return True
    return False


def same_polarity(source: str, target: str, pair: LanguagePair) -> bool:
    """Whether each side has an answer to what the other plainly denies, as far as counting can tell.

    Args:
        source: A segment.
        target: Its translation.
        pair: The direction; where a language has no lists nothing is held against the pair, and where both are one,
            as for an output and its reference, places are not compared.
    """
    lists, others = _negators(pair.source), _negators(pair.target)
    if lists is None or others is None:
        return True
    source, target = without_shared_items(source, target)
    one, two = count_negations(source, pair.source), count_negations(target, pair.target)
    if _lost(one, two, lists) or _lost(two, one, others):
        return False
    if not (_answered(one, two, lists) and _answered(two, one, others)):
        return False
    if pair.source == pair.target:
        return True
    arabic, english = (source, target) if pair.source == "ar" else (target, source)
    # ممنوع may be `not allowed`.
    if one.plain == two.plain and says_opposite(arabic, english):
        return False
    if not (
        keeps_restrictions(arabic, english) and keeps_reservations(arabic, english) and keeps_modality(arabic, english)
    ):
        return False
    if not (one.answering and two.answering and (one.asking or two.asking)):
        return True
    sides = {pair.source: _denials(source, pair.source, one), pair.target: _denials(target, pair.target, two)}
    return all_answered_in_place(sides["ar"], sides["en"])


def _answered(one: NegationCount, two: NegationCount, lists: _Negators) -> bool:
    """Whether a side has an answer to every word of the other that asks for one."""
    asked = one.plain
    for family, count in one.families.items():
        if family in lists.demanding:
            asked += max(0, count - two.families.get(family, 0) - two.echoes.get(family, 0))
    return asked <= two.plain + two.answers_to(one)
