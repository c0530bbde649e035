"""Whether an Arabic word is a verb: forms that running text shows (`rules/verbs.ar.txt`), and what letters tell."""

from __future__ import annotations

from khulasa.server.core.text.rules import ArabicClauses, arabic_clauses
from khulasa.server.core.word_cache import word_cache

__all__ = [
    "is_arabic_verb",
    "is_first_person",
    "is_imperfect",
    "is_perfect",
    "looks_perfect",
    "may_be_verb",
    "parted",
    "starts_with_verb",
]

_OBJECTS = ("هما", "كما", "هم", "ها", "كم", "نا", "ني", "هن", "ه", "ك")
# Letters of a first person at least: اعرف.
_FIRST_PERSON = 4


@word_cache(4_000)
def is_arabic_verb(word: str) -> bool:
    """Whether a folded word is a verb form, without a conjunction before it; an educated guess for rare ones."""
    rules = arabic_clauses()
    if word in rules.not_verbs or len(word) < 2 or (word.startswith("ال") and word not in rules.verbs):
        return False
    stem = word[1:] if word[0] == "س" and word[1] in "يتنا" else word
    if stem != word and stem[0] == "ا" and "ي" + stem[1:] in rules.verbs:
        return True
    if _stripped(stem, rules) is not None or (stem[0] in "تن" and _stripped("ي" + stem[1:], rules)):
        return True
    if word.endswith("وا") and word[:-2] in rules.verbs:
        return True
    return (stem[0] == "ي" and len(stem) >= 4) or (len(stem) >= 5 and stem.endswith("تم"))


def is_imperfect(word: str) -> bool:
    """Whether a word is a known imperfect of any person; one of the third may be a guess as well."""
    if word[:1] == "ي":
        return is_arabic_verb(word)
    return len(word) > 2 and word[0] in "تنا" and _stripped("ي" + word[1:], arabic_clauses()) is not None


def may_be_verb(word: str) -> bool:
    """As `is_arabic_verb`, and forms of the first person (`I think`), which look like nouns."""
    return is_arabic_verb(word) or _first_person(word) is not None


def is_first_person(word: str) -> bool:
    """Whether a folded word is a known imperfect of the first person, and not `more`, `greater`."""
    stem = _first_person(word)
    # `our land` looks like a short verb with an object.
    return stem is not None and len(stem) >= _FIRST_PERSON


def _first_person(word: str) -> str | None:
    """The same verb of the third person, without its object; None if it is none that is known."""
    rules = arabic_clauses()
    known = len(word) > 2 and word[0] == "ا" and word not in rules.elatives
    return _stripped("ي" + word[1:], rules) if known else None


def starts_with_verb(words: list[str]) -> bool:
    """Whether a line opens as Arabic sentences do: with a verb, or with و before a verb, particle or pronoun."""
    if not words:
        return False
    rules = arabic_clauses()
    conjunction, first = parted(words[0], rules)
    return is_arabic_verb(first) or (bool(conjunction) and first in rules.openers)


def _stripped(word: str, rules: ArabicClauses) -> str | None:
    """The verb without the pronoun at its end, None if it is none that is known."""
    if word in rules.verbs:
        return word
    if not word.endswith(_OBJECTS):
        return None
    for ending in _OBJECTS:
        stem = word[: -len(ending)]
        if word.endswith(ending) and len(stem) >= 3 and (stem in rules.verbs or stem + "ي" in rules.verbs):
            return stem
    return None


def parted(word: str, rules: ArabicClauses) -> tuple[str, str]:
    """The conjunction و or ف at the head of a word, and the rest."""
    if len(word) > 2 and word[0] in "وف" and word not in rules.rooted:
        rest = word[1:]
        known = rest in rules.openers or rest in rules.dependent or rest in rules.frames or rest.startswith("ال")
        if known or is_arabic_verb(rest) or word not in rules.verbs:
            return word[0], rest
    return "", word


def looks_perfect(word: str) -> bool:
    return len(word) > 3 and word.endswith(("ت", "وا", "تم")) and not word.endswith("ات")


def is_perfect(word: str) -> bool:
    """Whether a word at the head of a clause has the form of a perfect, and not that of a noun such as توقيت."""
    return looks_perfect(word) and not word.startswith(("ت", "ال"))
