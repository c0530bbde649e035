"""Clauses of Arabic that wait for another: `when`, `if`, `as for`; and whether it has come."""

from __future__ import annotations

import regex
from khulasa.server.core.text.arabic_verbs import is_arabic_verb, is_perfect, looks_perfect, parted
from khulasa.server.core.text.rules import ArabicClauses

__all__ = [
    "ADVERSATIVE",
    "DEMONSTRATIVES",
    "NEGATIONS",
    "answers_if",
    "headless",
    "is_answered",
    "is_framed",
    "verbs_in",
]

ADVERSATIVE = ("لكن", "ثم", "بل", "نعم")
_AFTER_PAUSE = regex.compile(r"(?:[،,]|\.\.) ?([\p{L}]++)")
DEMONSTRATIVES = ("ذلك", "تلك", "هذا", "هذه", "هؤلاء", "اولئك", "ذاك")
NEGATIONS = ("لا", "لم", "لن")
_SHORT = 3
_WORD = regex.compile(r"[\p{L}\p{N}]++")


def headless(words: list[str], rules: ArabicClauses) -> list[str]:
    """The first words without conjunctions: و and ف before them, and `but` as a word."""
    heads = [parted(word, rules)[1] for word in words[:3]]
    return heads[1:] if len(heads) > 1 and heads[0] in ADVERSATIVE else heads


def is_framed(words: list[str], rules: ArabicClauses) -> bool:
    """Whether a clause opens with a word that calls for another clause."""
    heads = headless(words, rules)
    if not heads:
        return False
    first, following = heads[0], heads[1] if len(heads) > 1 else ""
    if first == "ان":  # if, not the emphatic one
        return is_arabic_verb(following) or looks_perfect(following) or following == "لم"
    if first == "ما":  # what, not the negation: its clause refers back to it
        return following.endswith("ه") and following.startswith(("ي", "ت")) and is_arabic_verb(following)
    return first in rules.frames


def is_answered(before: str, rules: ArabicClauses) -> bool:
    """Whether the main clause has begun."""
    words = _WORD.findall(before)
    conditional = headless(words, rules)[0] in ("لو", "لولا")
    for word in words[2:]:
        if word in rules.answers or (word.startswith("فال") and len(word) > 4):
            return True
        if word[0] == "ف" and len(word) > 4 and word not in rules.verbs and is_arabic_verb(word[1:]):
            return True
        if conditional and word[0] == "ل" and (is_arabic_verb(word[1:]) or looks_perfect(word)):
            return True
    after_pauses = [match[1] for match in _AFTER_PAUSE.finditer(before)]
    return any(
        is_arabic_verb(word) or word in (*NEGATIONS[1:], "لذا", "لذلك") or (conditional and answers_if(word, rules))
        for word in after_pauses
    )


def answers_if(word: str, rules: ArabicClauses) -> bool:
    """Whether a word behind a pause tells what would have been (لهان): ل and no word of grammar."""
    if len(word) <= _SHORT or word[0] != "ل" or word[1] in "لا":
        return False
    known = word in rules.openers or word in rules.dependent or word in rules.frames or word in rules.not_verbs
    return not known and word[1:] not in DEMONSTRATIVES


def verbs_in(words: list[str]) -> int:
    """How many words of a clause are verbs, or look like perfects."""
    return sum(is_arabic_verb(word) or is_perfect(word) for word in words)
