"""Whether a clause behind `..` goes on with what stands before it: a row, a contrast, a verb led by the same word.

`clauses.py` asks this before it looks at the clause itself.
"""

from __future__ import annotations

from itertools import pairwise

import regex
from khulasa.server.core.text.arabic_verbs import is_arabic_verb, is_imperfect, looks_perfect, may_be_verb, parted
from khulasa.server.core.text.frames import ADVERSATIVE, DEMONSTRATIVES, NEGATIONS, is_answered, is_framed, verbs_in
from khulasa.server.core.text.rules import ArabicClauses, arabic_clauses

__all__ = [
    "HEAD",
    "LONG_PHRASE",
    "PAIR",
    "PREPOSITIONS",
    "SETTING",
    "SHORT_CLAUSE",
    "WORD",
    "comes_of_it",
    "continues",
    "is_afterthought",
    "is_asked_on",
    "is_bare",
    "is_of_row",
    "is_relative",
    "is_setting",
    "is_topic",
    "joins_imperfect",
    "shares_auxiliary",
    "shares_that",
    "tells_how",
    "waits_after_setting",
]

WORD = regex.compile(r"[\p{L}\p{N}]++")
# Code points of a clause's beginning.
HEAD = 60
# A phrase of so many words is hardly one without a verb of its own.
LONG_PHRASE = 9
SHORT_CLAUSE = 3
# How the imperfect begins behind a pronoun, but for ي.
_OF_PERSON = {"هي": "ت", "انت": "ت", "انتم": "ت", "نحن": "ن", "انا": "ا"}
# Words of a phrase that says when or where, of one noun of a row.
SETTING = 6
_ROW = 3
# Words of a clause of time with no other clause in it.
_SINCE = 10
_PLACES = ("امام", "خلف", "قرب", "حول", "ضد", "عبر", "وسط", "داخل", "خارج", "لدي")
# An indefinite object: a noun that ends in tanwin, of so many letters.
_OBJECT = 4
PAIR = 2
PREPOSITIONS = ("عن", "من", "في", "علي", "الي", "بين", "مع", "تحت", "فوق")
# `on condition that`, `without`, `until`: with `that` or `that not` behind them they open no sentence.
_BEFORE_THAT = ("علي", "الي", "دون", "بدون")
_THAT = ("ان", "الا")
_BEFORE_NOUN = ("بعد", "قبل", "منذ", "خلال", "طوال", "عند", "قبيل", "عقب", "ذات", "مع", "بسبب", "نتيجه", "بفضل")
_AFTER = ("بعد", "قبل", "منذ")
_BACK = ("عليه", "عليها", "فيه", "فيها", "به", "بها", "اليه", "اليها", "منه", "منها", "عنه", "عنها", "له", "لها")
_ON_THE_CONTRARY = ("رغم", "بالرغم")
# How far what comes of something may reach.
_OUTCOME = 5
_TELLS_HOW = regex.compile(r"م\p{L}{3,}ا")
_ASKS = ("هل", "اليس", "الم", "كيف", "لماذا", "متي", "اين", "الا")
# `no harm`, `no escape`: said of something, not against it.
_NO_CONTRAST = ("باس", "بد", "بديل")
_RELATIVE = ("الذي", "التي", "الذين", "اللذان", "اللتان", "اللواتي", "اللاتي")


def is_asked_on(before: str, words: list[str], rules: ArabicClauses) -> bool:
    """Whether a question goes on up to its mark: `is it not odd that we buy wheat .. and we are a land of rivers?`"""
    past = WORD.findall(before[before.rfind("..") + 2 if ".." in before else 0 :][:HEAD])
    return bool(past) and past[0] in _ASKS and words[0][1:] in rules.pronouns and words[1:2] != [words[0][1:]]


def is_setting(words: list[str], rules: ArabicClauses) -> bool:
    """Whether a piece of a sentence says but when, or how the sentence is joined: `today`, `after years`, `but`."""
    first = parted(words[0], rules)[1] if words else ""
    # A longer one only without what may be a short verb: زرت.
    longer = first in _BEFORE_NOUN and not any(len(word) == SHORT_CLAUSE and word[-1] == "ت" for word in words[1:])
    if not 0 < len(words) <= (LONG_PHRASE if longer else SETTING):
        return False
    if len(words) == 1:
        return first in rules.settings
    if first not in rules.settings or first in ADVERSATIVE:
        return False
    # Behind a preposition stands a noun, whatever it looks like: before days, because of haste.
    return not _has_predicate(words[2 if first in _BEFORE_NOUN else 1 :], rules)


def is_bare(pieces: list[list[str]]) -> bool:
    """Whether a sentence is so far a place or a definite noun, of which nothing is said: `in the old house`, `rain`."""
    head, *further = pieces
    head = head[1:] if head and head[0] in PREPOSITIONS else [word.removeprefix("و") for word in head]
    said = [
        piece
        for piece in further
        if piece[:1] != ["كما"]
        and piece[1:2] not in [[one] for one in _RELATIVE]
        and not (piece[:1] and piece[0][0] == "و" and not _has_predicate(piece, arabic_clauses()))
    ]
    return not said and 0 < len(head) < SHORT_CLAUSE and all(word.startswith("ال") for word in head)


def waits_after_setting(pieces: list[list[str]], rules: ArabicClauses) -> bool:
    """Whether a sentence is a clause of time, maybe behind a time, with what happened then still to come."""
    if len(pieces) == PAIR and not is_setting(pieces[0], rules):
        return False
    told = pieces[-1] if len(pieces) <= PAIR and len(pieces[-1]) <= _SINCE else []
    since = parted(told[0], rules)[1] in _AFTER and told[1:2] == ["ان"] if told else False
    return since and verbs_in(told) < PAIR and set(NEGATIONS).isdisjoint(told)


def _has_predicate(words: list[str], rules: ArabicClauses) -> bool:
    """Whether a piece holds what may be a verb, or a pronoun."""
    return any(
        word in rules.pronouns or (not word.startswith("ال") and (may_be_verb(word) or looks_perfect(word)))
        for word in (parted(each, rules)[1] for each in words)
    )


def is_of_row(conjunction: str, words: list[str], past: list[str], rules: ArabicClauses) -> bool:
    """Whether words go on with a row: a further phrase with the same preposition, a further noun behind one alone."""
    if not past or _has_predicate(past, rules):
        return False
    if not conjunction and len(words) == len(past) == PAIR and not words[0].startswith("ال"):
        return words[1].startswith("ال") and past[1].startswith("ال") and not past[0].startswith("ال")
    if not conjunction and words[0] in PREPOSITIONS:
        return parted(past[0], rules)[1] == words[0]
    if conjunction == "و" and past[0][0] == "و" and _leads_phrase(past[0]):
        return _leads_phrase(words[0])  # and with a goal .. and before a team that
    noun = words[0][1:]
    joined = past[0][0] == "و" and parted(past[0], rules)[0] == "و" and len(past) <= _ROW
    known = noun.startswith("ال") or any(
        noun in grammar for grammar in (rules.openers, rules.frames, rules.pronouns, rules.settings, PREPOSITIONS)
    )
    return joined and conjunction == "و" and not known and not is_arabic_verb(noun)


def _leads_phrase(word: str) -> bool:
    """Whether a word behind و is a preposition, or a noun behind one: وأمام، وبهدف."""
    return word[1:] in PREPOSITIONS or word[1:] in _PLACES or (word[1:2] == "ب" and not may_be_verb(word[1:]))


def continues(before: str, conjunction: str, first: str, words: list[str]) -> bool:
    """Whether a clause plainly goes on with what stands before, whatever that is."""
    second, third = ([*words[1:3], "", ""])[:2]
    if first in _BEFORE_THAT and second in _THAT:
        return True
    if first == "لا" and (second in arabic_clauses().dependent or second in ("اكثر", "اقل")):
        return True
    if (
        first == "ثم"
        and len(words) <= SHORT_CLAUSE
        and (second == "لا" or (second[:1] in tuple("يتنا") and is_arabic_verb("ي" + second[1:])))
    ):
        return True
    if first == "ثم" and _goes_on_with(before, third if second == "لا" else second):
        return True
    if first == "لا" and not conjunction and (_contrasts(words[1:]) or _is_like_last(before, second)):
        return True
    if conjunction == "و" and first in arabic_clauses().pronouns and second[:1] == _OF_PERSON.get(first, "ي"):
        said = first in ("انا", "نحن") and third in _THAT  # and I say that
        return not said and is_arabic_verb("ي" + second[1:])  # while he knows
    if conjunction == "و" and first in NEGATIONS and len(words) == PAIR and is_arabic_verb(second):
        return True  # and does not threaten
    if conjunction == "و" and first == "لا":  # without this and without that
        denied = second in arabic_clauses().no_such and len(words) > SHORT_CLAUSE
        known = third[:1] in ("ي", "ت") and is_imperfect(third)
        return not (denied or known or is_arabic_verb(second) or looks_perfect(second))
    past = WORD.findall(before[-HEAD:])
    again = words[0] in past[-2:-1] and words[0] not in arabic_clauses().openers and not may_be_verb(words[0])
    last = past[-1] if past else ""
    again = again or words[0] in (last, last.removeprefix("و").removeprefix("ال"))
    named = words[0].startswith("ال") and second not in _RELATIVE and len(words) >= SHORT_CLAUSE
    if again and not named and second not in arabic_clauses().pronouns:
        return True  # the same word again: another thing .. a thing that nobody writes
    if words[0] == "ان" and second[:1] in ("ي", "ت", "ن") and is_imperfect(second):
        return True  # that he do
    if words[0] == "وذلك":
        return second in (*PREPOSITIONS, *_BEFORE_NOUN) or second[:1] in tuple("بل")  # and that for the sake of
    if first.startswith("لكن") and len(past) <= SHORT_CLAUSE and not any(map(may_be_verb, past)):
        return True  # sweet, but short
    phrase = first == "لكن" and len(words) < LONG_PHRASE and second in (*PREPOSITIONS, *_BEFORE_NOUN)
    if phrase and not any(_says(noun, word) for noun, word in pairwise(words[2:])):
        return True  # but in small coins
    if conjunction == "و" and len(first) >= _OBJECT and first[-1] == "ا" and is_imperfect(second):
        adverb = first in arabic_clauses().settings or first in arabic_clauses().openers
        return not adverb and not may_be_verb(first)  # and a back who runs
    if conjunction == "و" and first == "ان":  # and that he do
        return (second[:1] in ("ي", "ت", "ن") and is_arabic_verb(second)) or "ان" in past
    # That house which ...: in other words for what was named.
    return (
        not conjunction
        and first in DEMONSTRATIVES
        and second.startswith("ال")
        and (third in _RELATIVE or (len(words) > 3 and words[3] in _RELATIVE))
    )


def _says(before: str, word: str) -> bool:
    """Whether a word is a verb or a pronoun; what may be a noun as well is one behind an indefinite noun."""
    if word in arabic_clauses().pronouns:
        return True
    return is_arabic_verb(word) and (word[0] in "يت" or before.startswith("ال"))


def _contrasts(words: list[str]) -> bool:
    """Whether words behind لا set something against what was said: `by its people .. not by its stones`."""
    if not words or words[0] in _NO_CONTRAST or _has_predicate(words, arabic_clauses()):
        return False
    return words[0] in PREPOSITIONS or words[0][0] == "ب" or (len(words) == 1 and words[0][-1] == "ا")


def _goes_on_with(before: str, verb: str) -> bool:
    """Whether an imperfect behind `then` is of the person of one before it: he reads .. then goes to the field."""
    if verb[:1] not in tuple("يتن") or not is_imperfect(verb) or verb in arabic_clauses().said:
        return False
    past = (parted(word, arabic_clauses())[1] for word in WORD.findall(before[before.rfind("..") + 2 :][-HEAD:]))
    return any(word[0] == verb[0] and is_imperfect(word) for word in past)


def _is_like_last(before: str, noun: str) -> bool:
    """Whether a noun behind لا has the plural's ending of the last word before it: `thinkers .. not clerks who`."""
    last = WORD.findall(before[-HEAD:])[-1:]
    return noun.endswith("ين") and bool(last) and last[0].endswith("ين") and not noun.startswith("ال")


def shares_auxiliary(before: str, verb: str, rules: ArabicClauses) -> bool:
    """Whether an imperfect goes on with one that an auxiliary leads, in the same person: كنت أكتب .. وأبحث."""
    if verb in rules.impersonal or verb[:1] not in tuple("ايتن") or not is_imperfect(verb):
        return False
    past = WORD.findall(before[before.rfind("..") + 2 if ".." in before else 0 :][-HEAD:])
    return any(
        parted(word, rules)[1] in rules.auxiliaries and following[0] == verb[0] and is_arabic_verb("ي" + following[1:])
        for word, following in pairwise(past)
    )


def shares_that(past: list[str], first: str, words: list[str], rules: ArabicClauses) -> bool:
    """Whether an imperfect goes on with one behind `that`: I fear that autumn comes .. and nobody returns."""
    verb = words[1] if first == "لا" and len(words) > 1 else first
    if verb in rules.said or verb in rules.impersonal or not is_imperfect(verb):
        return False
    if first != "لا" and len(words) > SHORT_CLAUSE:
        return False  # long enough for a subject of its own
    return any(word in _THAT and further[0] == verb[0] and is_imperfect(further) for word, further in pairwise(past))


def is_relative(past: list[str], words: list[str]) -> bool:
    """Whether a denial tells more of the indefinite noun right before it: a decision .. that no one can bear it."""
    if not past or len(words) <= SHORT_CLAUSE or past[-1].startswith("ال") or past[-1][-1] in "اه":
        return False
    back = (words[1][-1] in "ه" or words[1].endswith("ها"), words[2] in _BACK)
    return words[1][0] in "يت" and is_imperfect(words[1]) and any(back) and not may_be_verb(past[-1])


def joins_imperfect(pieces: list[list[str]], verb: str) -> bool:
    """Whether an imperfect goes on with one of the same person that says more of what stands before a pause."""
    if len(pieces) < 2 or not pieces[-1]:
        return False
    said = pieces[-1][0]
    return said[0] == verb[0] and verb[0] in "يت" and all(is_arabic_verb("ي" + word[1:]) for word in (said, verb))


def is_topic(before: str, words: list[str], rules: ArabicClauses) -> bool:
    """Whether a clause is so far but a noun and what is said beside it: `those who ...`, `whoever does ...`."""
    if ".." in before or len(words) < SHORT_CLAUSE:
        return ".." not in before and len(words) > 1 and words[1] in _RELATIVE and not is_arabic_verb(words[0])
    first = parted(words[0], rules)[1]
    if first == "ان" and words[1].startswith("ال"):
        first, words = words[1], words[1:]
    if first == "كل" and words[1] in ("من", "ما"):
        first, words = words[1], words[1:]
    if words[1] in _RELATIVE and not is_arabic_verb(words[0]):
        # The verb behind it is the relative clause's own, the next one is said of the noun.
        said = words[4 if words[2] in NEGATIONS else 3 :]
        return not any(word in rules.verbs or (word[0] in "يت" and is_arabic_verb(word)) for word in said)
    return first == "من" and words[1][0] in "يت" and is_arabic_verb(words[1]) and verbs_in(words) == 1


def tells_how(first: str, rules: ArabicClauses) -> bool:
    """Whether a clause opens with a participle in the accusative: pointing out, asking for."""
    said = first in rules.said and not is_arabic_verb(first) and first[-1] in "اه"
    return said or (_TELLS_HOW.fullmatch(first) is not None and first not in rules.openers)


def is_afterthought(first: str, words: list[str], after: str, rules: ArabicClauses) -> bool:
    """Whether a concession, a contrast or a condition stands behind its clause, as no clause of its own follows."""
    if first in _ON_THE_CONTRARY or words[:2] == ["علي", "الرغم"]:
        return "،" not in after and "," not in after and not is_answered(after, rules)
    if first == "بينما":
        return words[1:2] != [] and words[1] not in rules.auxiliaries and not is_answered(after, rules)
    return (
        first in ("ان", "اذا", "لو", "مثلما")
        and (first == "مثلما" or is_framed(words, rules))
        and verbs_in(words[1:]) < 2
        and not is_answered(after, rules)
    )


def comes_of_it(words: list[str], rules: ArabicClauses) -> bool:
    """Whether few words behind a negation with ف tell what did not come of something: `so we do not find it`."""
    verb = words[1] if len(words) > 1 else ""
    return len(words) <= _OUTCOME and verb[:1] in tuple("يتنا") and may_be_verb(verb) and verb not in rules.impersonal
