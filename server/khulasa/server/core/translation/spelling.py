"""Arabic as many type it, without hamzas (اعلن) or with one letter for two at the end (المصرى, الحكومه), spelt out.

A model has read little of it. Its own vocabulary tells what it has read: a word that falls into fewer pieces when it is
spelt out is meant so. What is a word either way (قوى, طريقه) is told by how the rest of the segment is written. Each
letter becomes one letter, so that places stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import regex

__all__ = ["WordCost", "respelt"]

WordCost = Callable[[str], tuple[int, float]]

_WORD = regex.compile(r"(?<![\w#@])[\u0621-\u064a]{2,32}+(?!\w)")
# What a word must have for there to be another spelling of it.
_MAY_CHANGE = regex.compile(r"[ىه]$|^[وفبكل]{0,3}(?:ال)?ا(?!ل|$)|^[وفبك]{0,2}الال")
_PREFIXES = ("", *"وفبلك", "ول", "وب", "فل", "فب")
_ARTICLES = ("ال", "وال", "فال", "بال", "كال", "وبال", "لل", "ولل", "فلل")
_LEAST = 3  # letters of a word from its alef on
# Spelt with the other letter by nobody who tells them apart.
_TELLING = frozenset(["فى", "وفى", "التى", "والتى", "الذى", "والذى", "هى", "وهى", "أى"])
_OTHER_ENDS = {"ى": "ي", "ه": "ة"}


def respelt(text: str, cost_of: WordCost) -> str:
    """An Arabic segment with its words as the model has met them.

    Args:
        text: Normalised.
        cost_of: Of a word, its pieces and, between as many, how rare they are.

    Returns:
        As many characters; only alef, final ى and final ه differ: أ or إ, ي, ة.
    """
    words: list[str] = _WORD.findall(text)
    changing = {word for word in words if _MAY_CHANGE.search(word)}
    if not changing:
        return text
    ends = {
        end: other
        for end, other in _OTHER_ENDS.items()
        if not changing.isdisjoint(_TELLING if end == "ى" else ()) or _is_written_for(end, other, words, cost_of)
    }
    changed = {word: _spelt(word, ends, cost_of) for word in changing}
    return _WORD.sub(lambda match: changed.get(match[0], match[0]), text)


def _is_written_for(end: str, other: str, words: list[str], cost_of: WordCost) -> bool:
    """Whether no word ends in `other`, and two would save the model a piece by it, or one of them two."""
    if any(word.endswith(other) for word in words):
        return False
    ending = {word for word in words if word.endswith(end)}
    return sum(max(0, cost_of(word)[0] - cost_of(word[:-1] + other)[0]) for word in ending) > 1


def _spelt(word: str, ends: dict[str, str], cost_of: WordCost) -> str:
    if word in _TELLING:
        return word[:-1] + ends["ى"]
    own, _ = cost_of(word)
    if own == 1:
        return word
    ended = [word, *([word[:-1] + ends[word[-1]]] if word[-1] in ends else [])]
    forms = [form for one in ended for form in (one, *_with_hamza(one))]
    best = min(forms, key=cost_of)
    return best if cost_of(best)[0] < own else word


def _with_hamza(word: str) -> Iterator[str]:
    for prefix in (*_PREFIXES, *_ARTICLES):
        rest = word[len(prefix) :]
        if not word.startswith(prefix) or not rest.startswith("ا") or len(rest) < _LEAST:
            continue
        if prefix in _ARTICLES or not rest.startswith("ال"):
            yield from (f"{prefix}{alef}{rest[1:]}" for alef in "أإ")
