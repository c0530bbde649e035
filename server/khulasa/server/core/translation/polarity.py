"""Negations of a pair compared: what one side denies, the other must deny as well.

A rule of thumb over word lists (`polarity.yaml`), not an analysis of scope: it counts. A side that plainly says no more
often than the other has words that might say no has lost a negation, or won one.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import regex
import yaml
from khulasa.server.core.translation.alignment_units import fold_arabic
from khulasa.server.core.translation.types import LanguagePair

__all__ = ["NegationCount", "count_negations", "same_polarity"]

# `No. 11` is a word of its own, and so is the `n't` of `isn't`.
_TOKEN = regex.compile(r"no\.(?=\s?\d)|\w+?(?=n['’]t\b)|n['’]t\b|\w+")
_ARABIC_TOKEN = regex.compile(r"[\w\u0640]+")
# From a negation to the word that restricts it: لا يحتاج إلى التسجيل إلا من يقيمون.
_CLAUSE_TOKENS = 12
# Shorter words that begin or end like a negative one are another word: unit, less.
_SHORT = 5
_PLAIN, _PARTIAL, _NONE, _ORPHANS = "plain", "partial", "none", "orphans"
# An Arabic passive of these is written as the verb of `still` is: يزال.
_REMOVED = regex.compile(r"remov|eliminat|delet|eras|clear", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NegationCount:
    """How often a text says no.

    Attributes:
        plain: Words that the other language must answer.
        partial: Words that may answer a plain one.
        orphans: Words that have no sense without a negation and stand without one.
    """

    plain: int
    partial: int
    orphans: int = 0


@dataclass(frozen=True, eq=False)
class _Negators:
    """The lists of a language, turned round."""

    phrases: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]
    prefixes: tuple[str, ...]
    restricting: frozenset[str]
    beginnings: tuple[tuple[str, str], ...]
    endings: tuple[str, ...]
    spared: tuple[str, ...]
    openings: tuple[str, ...]


@functools.cache
def _negators(language: str) -> _Negators | None:
    raw: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("polarity.yaml").read_text("utf-8"))
    if language not in raw:
        return None
    lists = raw[language]
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for kind in (_PLAIN, _PARTIAL, _NONE, _ORPHANS):
        for entry in lists.get(kind, []):
            words = tuple(_tokens(entry, language))
            phrases.setdefault(words[0], []).append((words, kind))
    return _Negators(
        {first: tuple(sorted(some, key=lambda one: -len(one[0]))) for first, some in phrases.items()},
        tuple(sorted(map(fold_arabic, lists.get("prefixes", [])), key=len)),
        frozenset(map(fold_arabic, lists.get("restricting", []))),
        tuple(sorted(_beginnings(lists.get("beginnings", {})), key=lambda one: -len(one[0]))),
        tuple(lists.get("endings", [])),
        tuple(lists.get("spared", [])),
        tuple(beginning for beginning, _ in _beginnings(lists.get("beginnings", {}))),
    )


def _beginnings(lists: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    return [(beginning, kind) for kind, some in lists.items() for beginning in some]


def _tokens(text: str, language: str) -> list[str]:
    if language == "ar":
        return [_folded(word) for word in _ARABIC_TOKEN.findall(text)]
    return [word.replace("’", "'") for word in _TOKEN.findall(text.lower())]


def _folded(word: str) -> str:
    """As `fold_arabic`, but `ألا` (not to) is not made the same as `إلا` (but)."""
    folded = fold_arabic(word)
    return folded if not folded.endswith("الا") or "أ" not in word else folded.replace("ا", "أ", 1)


def count_negations(text: str, language: str) -> NegationCount:
    """Negations of `text`; none in a language without lists."""
    lists = _negators(language)
    counts = {_PLAIN: 0, _PARTIAL: 0, _NONE: 0, _ORPHANS: 0}
    if lists is not None:
        tokens = _tokens(unescape(text), language)
        at = 0
        unrestricted: list[int] = []
        while at < len(tokens):
            length, kind = _entry_at(tokens, at, lists)
            counts[kind] += 1
            if kind == _PLAIN:
                unrestricted.append(at)
            elif length == 1 and tokens[at] in lists.restricting and unrestricted:
                restricted = at - unrestricted.pop() <= _CLAUSE_TOKENS
                counts[_PLAIN] -= restricted
                counts[_PARTIAL] += restricted
            at += length
    return NegationCount(counts[_PLAIN], counts[_PARTIAL], counts[_ORPHANS])


def _entry_at(tokens: list[str], at: int, lists: _Negators) -> tuple[int, str]:
    """Tokens and kind of the longest entry that begins at a token; one token of kind none otherwise."""
    word = tokens[at]
    for form in (word, *(word[len(p) :] for p in lists.prefixes if word.startswith(p))):
        for words, kind in lists.phrases.get(form, ()):
            if tuple(tokens[at + 1 : at + len(words)]) == words[1:]:
                return len(words), kind
    if len(word) > _SHORT:
        if word.startswith(lists.openings):
            return 1, next(kind for beginning, kind in lists.beginnings if word.startswith(beginning))
        if word.endswith(lists.endings) and not word.startswith(lists.spared):
            return 1, _PARTIAL
    return 1, _NONE


def same_polarity(source: str, target: str, pair: LanguagePair) -> bool:
    """Whether each side has an answer to what the other plainly denies, as far as counting can tell.

    Args:
        source: A segment.
        target: Its translation.
        pair: The direction; where a language has no lists nothing is held against the pair.
    """
    if not (_negators(pair.source) and _negators(pair.target)):
        return True
    one, two = count_negations(source, pair.source), count_negations(target, pair.target)
    if (one.orphans and not _REMOVED.search(target)) or (two.orphans and not _REMOVED.search(source)):
        return False
    return one.plain <= two.plain + two.partial and two.plain <= one.plain + one.partial
