"""Whether what follows `..` is a sentence of its own.

Arabic newsrooms write two dots for a pause of any length. They end a sentence only where a main clause follows that
leans on nothing before it; the rules here judge that by the words around them, and by verb forms that running text
shows (`rules/verbs.ar.txt`).
"""

from __future__ import annotations

from itertools import pairwise

import regex
from khulasa.server.core.text.arabic_verbs import (
    is_arabic_verb,
    is_first_person,
    is_perfect,
    looks_perfect,
    may_be_verb,
    parted,
)
from khulasa.server.core.text.frames import (
    ADVERSATIVE,
    DEMONSTRATIVES,
    NEGATIONS,
    headless,
    is_answered,
    is_framed,
    verbs_in,
)
from khulasa.server.core.text.rules import ArabicClauses, arabic_clauses, part_rules

__all__ = ["awaits_answer", "opens_sentence"]

_WORD = regex.compile(r"[\p{L}\p{N}]++")
# A condition behind a comma, up to the pause.
_CONDITION = regex.compile(r"(?<=[،,] )[وف]?(?:ان|اذا|لو)(?: لم)? [^،,.]++$")
# Words that are looked at: what decides stands near.
_FAR = 9
# Code points of a clause's beginning.
_HEAD = 60
# A phrase of so many words is hardly one without a verb of its own.
_LONG_PHRASE = 9
_SHORT_CLAUSE = 3
# `as for`: once answered it binds nothing.
_TOPICAL = ("اما",)
# How the imperfect begins behind a pronoun, but for ي.
_OF_PERSON = {"هي": "ت", "انت": "ت", "انتم": "ت", "نحن": "ن", "انا": "ا"}
# Words of a phrase that says when or where, of one noun of a row.
_SETTING, _ROW = 6, 3
_PREPOSITIONS = ("عن", "من", "في", "علي", "الي", "بين", "مع", "تحت", "فوق")
# `on condition that`, `without`, `until`: with `that` or `that not` behind them they open no sentence.
_BEFORE_THAT = ("علي", "الي", "دون", "بدون")
_THAT = ("ان", "الا")
_BEFORE_NOUN = ("بعد", "قبل", "منذ", "خلال", "طوال", "عند", "قبيل", "عقب", "ذات", "مع", "بسبب", "نتيجه", "بفضل")
_EXCEPT, _THAT_PRONOUNS = ("غير", "الا", "بيد"), ("ان", "انه", "انها", "انهم", "اني", "انني", "اننا")
_BECAUSE = ("لان", "لانه", "لانها", "لانهم", "لانني", "لاننا")
# What is behind verbs that nobody does: that, to, for us.
_SAID_OF = (*_THAT, *_THAT_PRONOUNS, "الي", "علي", "لنا", "لك", "لكم", "بالذكر")
# `there is no`, and with more words behind them `none of`, `not in`.
_THERE = ("امام", "امامنا", "امامي", "امامه", "هناك", "ثمه", "لدينا", "لدي", "لنا", "له", "لها", "لهم", "عندنا", "عندي")
_AMONG = ("من", "في")
_ON_THE_CONTRARY = ("رغم", "بالرغم")
# How far what comes of something may reach.
_OUTCOME = 5
# What may be said of a definite noun: طويل، مفيد; a feminine ends as its noun does.
_PREDICATE = regex.compile(r"\p{L}{2}ي\p{L}|م\p{L}{3,}")
_TELLS_HOW = regex.compile(r"م\p{L}{3,}ا")
_ASKED = ("اين", "متي", "ماذا", "كم", "اي")
# A name in quotation marks with nothing said of it yet.
_NAMED_ALONE = regex.compile(r"[«\"][^«»\".!?؟]{1,40}+[»\"]")
# `no harm`, `no escape`: said of something, not against it.
_NO_CONTRAST = ("باس", "بد", "بديل")
_RELATIVE = ("الذي", "التي", "الذين", "اللذان", "اللتان", "اللواتي", "اللاتي")


def opens_sentence(
    before: str, after: str, *, connected: bool = True, asked: bool = False, paused: bool = False
) -> bool:
    """Whether Arabic words after a pause are a main clause of their own.

    Args:
        before: The sentence up to the pause, folded.
        after: From the pause to the next stop, folded.
        connected: Whether a clause that opens with و or ف counts.
        asked: Whether the next stop is a question mark.
        paused: Whether the next stop is a pause again, behind which the clause may go on.
    """
    rules = arabic_clauses()
    words = _WORD.findall(after)
    if not words:
        return True
    conjunction, first = parted(words[0], rules)
    if _opens_anyway(words, asked=asked):
        return True
    if conjunction and not connected:
        return False
    if (first in rules.dependent or words[0] in rules.dependent) and not _denies(first, words):
        return False
    if _continues(before, conjunction, first, words) or _tells_how(first, rules):
        return False
    if not paused and not conjunction and _is_afterthought(first, words, after, rules):
        return False
    if _NAMED_ALONE.fullmatch(before.strip(" ")):
        return False
    lead_in = _lead_in(before)
    before = before[lead_in:]
    pieces = [_WORD.findall(piece) for piece in before.split("..")]
    if (
        (not lead_in and _is_bare(pieces))
        or _is_setting(pieces[-1], rules)
        or _is_of_row(conjunction, words, pieces[-1], rules)
    ):
        return False
    if conjunction == "و" and _is_setting(words, rules):
        return True  # and after two months .. they came
    past = _WORD.findall(before[:_HEAD])
    framed = is_framed(past, rules)
    reports = conjunction == "و" and first in rules.said and is_arabic_verb(first)
    if framed and reports and verbs_in(_WORD.findall(before)) > 1:
        return True
    if framed and not is_answered(before, rules):
        return False
    if conjunction == "ف" and past and parted(past[0], rules)[1] in _BECAUSE and not is_answered(before, rules):
        return False
    condition = _CONDITION.search(before)
    if condition and conjunction == "ف" and not is_answered(condition[0], rules):
        return False
    if _is_topic(before, past, rules):
        return False
    if conjunction and (_shares_auxiliary(before, first, rules) or _joins_imperfect(pieces, first)):
        return False
    if conjunction == "و":
        clause = _WORD.findall(before[before.rfind("..") + 2 :][:_HEAD])
        heads = {parted(w[0], rules)[1] for w in (past, clause) if w}
        heads |= {w[1] for w in (past, clause) if len(w) > 1 and w[0].startswith("ال")}
        if first in rules.repeated and first in heads:
            return False
        if framed and headless(past, rules)[0] not in _TOPICAL:
            return is_framed(words, rules)
    if conjunction == "ف" and first[0] in "يتنا" and is_arabic_verb(first) and is_arabic_verb("ي" + first[1:]):
        return False  # what came of it
    if conjunction == "ف" and first in NEGATIONS and _comes_of_it(words, rules):
        return False
    if first == "من" and len(words) > 1 and (words[1] in rules.pronouns or words[1] in rules.auxiliaries):
        return True  # who is she
    if _denies(first, words) or (first in rules.impersonal and words[1:2] and words[1] in _SAID_OF):
        return True
    if not conjunction and len(words) > 1 and (is_first_person(first) or _both_verbs(words, rules)):
        return True
    if conjunction == "ف" or first in rules.openers or is_framed(words, rules):
        return True
    if is_arabic_verb(first) or (not conjunction and is_perfect(first)):
        return after[len(words[0]) :].lstrip().startswith(":") or _verb_opens(first, conjunction, words)
    return _is_nominal_clause(words, rules)


def _lead_in(before: str) -> int:
    """How much of it says who speaks: up to the last colon or the opening mark of a quotation that is still open."""
    mark = before.rfind("«")
    if mark < before.rfind("»"):
        mark = -1
    if before.count('"') % 2:
        mark = max(mark, before.rfind('"'))
    return max(mark, before.rfind(":")) + 1


def _opens_anyway(words: list[str], *, asked: bool) -> bool:
    """Whether a clause opens as a sentence though its first word alone would not: `to where?`, `except that`."""
    first, second = [*words, ""][:2]
    if first in _EXCEPT:
        return second in _THAT_PRONOUNS
    return asked and ((first == "اي" and second not in _THAT_PRONOUNS) or (first in _PREPOSITIONS and second in _ASKED))


def awaits_answer(before: str, after: str) -> bool:
    """Whether a sentence calls for another clause, and what follows answers it with ف: `أما من ... 2014 م. فعليه`."""
    rules = arabic_clauses()
    words = _WORD.findall(after[:_HEAD])[:2]
    if not words or parted(words[0], rules)[0] != "ف":
        return False
    return is_framed(_WORD.findall(before[:_HEAD]), rules) and not is_answered(before, rules)


def _is_setting(words: list[str], rules: ArabicClauses) -> bool:
    """Whether a piece of a sentence says but when, or how the sentence is joined: `today`, `after years`, `but`."""
    if not 0 < len(words) <= _SETTING:
        return False
    first = parted(words[0], rules)[1]
    if len(words) == 1:
        return first in rules.settings
    if first not in rules.settings or first in ADVERSATIVE:
        return False
    # Behind a preposition stands a noun, whatever it looks like: before days, because of haste.
    return not _has_predicate(words[2 if first in _BEFORE_NOUN else 1 :], rules)


def _is_bare(pieces: list[list[str]]) -> bool:
    """Whether a sentence is so far a place or a definite noun, of which nothing is said: `in the old house`, `rain`."""
    head, *further = pieces
    head = head[1:] if head and head[0] in _PREPOSITIONS else [word.removeprefix("و") for word in head]
    said = [piece for piece in further if piece[:1] != ["كما"] and piece[1:2] not in [[one] for one in _RELATIVE]]
    return not said and 0 < len(head) < _SHORT_CLAUSE and all(word.startswith("ال") for word in head)


def _has_predicate(words: list[str], rules: ArabicClauses) -> bool:
    """Whether a piece holds what may be a verb, or a pronoun."""
    return any(
        word in rules.pronouns or (not word.startswith("ال") and (may_be_verb(word) or looks_perfect(word)))
        for word in (parted(each, rules)[1] for each in words)
    )


def _is_of_row(conjunction: str, words: list[str], past: list[str], rules: ArabicClauses) -> bool:
    """Whether words go on with a row: a further phrase with the same preposition, a further noun behind one alone."""
    if not past or _has_predicate(past, rules):
        return False
    if not conjunction and words[0] in _PREPOSITIONS:
        return parted(past[0], rules)[1] == words[0]
    noun = words[0][1:]
    joined = past[0][0] == "و" and parted(past[0], rules)[0] == "و" and len(past) <= _ROW
    known = noun.startswith("ال") or any(
        noun in grammar for grammar in (rules.openers, rules.frames, rules.pronouns, rules.settings, _PREPOSITIONS)
    )
    return joined and conjunction == "و" and not known and not is_arabic_verb(noun)


def _continues(before: str, conjunction: str, first: str, words: list[str]) -> bool:
    """Whether a clause plainly goes on with what stands before, whatever that is."""
    second, third = ([*words[1:3], "", ""])[:2]
    if first in _BEFORE_THAT and second in _THAT:
        return True
    if first == "لا" and (second in arabic_clauses().dependent or second in ("اكثر", "اقل")):
        return True
    if (
        first == "ثم"
        and len(words) <= _SHORT_CLAUSE
        and (second == "لا" or (second[:1] in tuple("يتنا") and is_arabic_verb("ي" + second[1:])))
    ):
        return True
    if first == "لا" and not conjunction and _contrasts(words[1:]):
        return True
    if conjunction == "و" and first in arabic_clauses().pronouns and second[:1] == _OF_PERSON.get(first, "ي"):
        return is_arabic_verb("ي" + second[1:])  # while he knows
    if conjunction == "و" and first == "لا":  # without this and without that
        return not (is_arabic_verb(second) or looks_perfect(second) or is_arabic_verb(third))
    past = _WORD.findall(before[-_HEAD:])
    again = words[0] in past[-2:-1] and words[0] not in arabic_clauses().openers and not may_be_verb(words[0])
    last = past[-1] if past else ""
    again = again or words[0] in (last, last.removeprefix("و").removeprefix("ال"))
    named = words[0].startswith("ال") and second not in _RELATIVE and len(words) >= _SHORT_CLAUSE
    if again and not named and second not in arabic_clauses().pronouns:
        return True  # the same word again: another thing .. a thing that nobody writes
    if words[0] == "ان" and second[:1] in ("ي", "ت", "ن") and is_arabic_verb("ي" + second[1:]):
        return True  # that he do
    if first.startswith("لكن") and len(past) <= _SHORT_CLAUSE and not any(map(may_be_verb, past)):
        return True  # sweet, but short
    phrase = first == "لكن" and len(words) < _LONG_PHRASE and second in (*_PREPOSITIONS, *_BEFORE_NOUN)
    if phrase and not any(_says(noun, word) for noun, word in pairwise(words[2:])):
        return True  # but in small coins
    if conjunction == "و" and first == "ان":  # and that he do
        return (second[:1] in ("ي", "ت", "ن") and is_arabic_verb(second)) or "ان" in past
    # That house which ...: in other words for what was named.
    return (
        not conjunction
        and first in DEMONSTRATIVES
        and second.startswith("ال")
        and (third in _RELATIVE or (len(words) > 3 and words[3] in _RELATIVE))
    )


def _both_verbs(words: list[str], rules: ArabicClauses) -> bool:
    """Whether a clause of two words is a verb and what came of it: `I asked him and he wept`."""
    came = words[1] if len(words) == 2 else ""
    return is_arabic_verb(words[0]) and came[:1] == "ف" and len(came) > 3 and came not in rules.verbs


def _says(before: str, word: str) -> bool:
    """Whether a word is a verb or a pronoun; what may be a noun as well is one behind an indefinite noun."""
    if word in arabic_clauses().pronouns:
        return True
    return is_arabic_verb(word) and (word[0] in "يت" or before.startswith("ال"))


def _contrasts(words: list[str]) -> bool:
    """Whether words behind لا set something against what was said: `by its people .. not by its stones`."""
    if not words or words[0] in _NO_CONTRAST or _has_predicate(words, arabic_clauses()):
        return False
    return words[0] in _PREPOSITIONS or words[0][0] == "ب" or (len(words) == 1 and words[0][-1] == "ا")


def _shares_auxiliary(before: str, verb: str, rules: ArabicClauses) -> bool:
    """Whether an imperfect goes on with one that an auxiliary leads, in the same person: كنت أكتب .. وأبحث."""
    if verb[:1] not in tuple("ايتن") or not is_arabic_verb("ي" + verb[1:]):
        return False
    past = _WORD.findall(before[before.rfind("..") + 2 if ".." in before else 0 :][-_HEAD:])
    return any(
        parted(word, rules)[1] in rules.auxiliaries and following[0] == verb[0] and is_arabic_verb("ي" + following[1:])
        for word, following in pairwise(past)
    )


def _joins_imperfect(pieces: list[list[str]], verb: str) -> bool:
    """Whether an imperfect goes on with one of the same person that says more of what stands before a pause."""
    if len(pieces) < 2 or not pieces[-1]:
        return False
    said = pieces[-1][0]
    return said[0] == verb[0] and verb[0] in "يت" and all(is_arabic_verb("ي" + word[1:]) for word in (said, verb))


def _is_topic(before: str, words: list[str], rules: ArabicClauses) -> bool:
    """Whether a clause is so far but a noun and what is said beside it: `those who ...`, `whoever does ...`."""
    if ".." in before or len(words) < _SHORT_CLAUSE:
        return ".." not in before and len(words) > 1 and words[1] in _RELATIVE and not is_arabic_verb(words[0])
    first = parted(words[0], rules)[1]
    if first == "كل" and words[1] in ("من", "ما"):
        first, words = words[1], words[1:]
    if words[1] in _RELATIVE and not is_arabic_verb(words[0]):
        # The verb behind it is the relative clause's own, the next one is said of the noun.
        said = words[4 if words[2] in NEGATIONS else 3 :]
        return not any(word in rules.verbs or (word[0] in "يت" and is_arabic_verb(word)) for word in said)
    return first == "من" and words[1][0] in "يت" and is_arabic_verb(words[1]) and verbs_in(words) == 1


def _denies(first: str, words: list[str]) -> bool:
    """Whether `not` denies that something is there and opens a clause, and is set against nothing: `not by words`."""
    if first != "ليس" or len(words) < _SHORT_CLAUSE:
        return False
    return words[1] in _THERE or (words[1] in _AMONG and len(words) > _SHORT_CLAUSE)


def _tells_how(first: str, rules: ArabicClauses) -> bool:
    """Whether a clause opens with a participle in the accusative: pointing out, asking for."""
    said = first in rules.said and not is_arabic_verb(first) and first[-1] in "اه"
    return said or (_TELLS_HOW.fullmatch(first) is not None and first not in rules.openers)


def _is_afterthought(first: str, words: list[str], after: str, rules: ArabicClauses) -> bool:
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


def _comes_of_it(words: list[str], rules: ArabicClauses) -> bool:
    """Whether few words behind a negation with ف tell what did not come of something: `so we do not find it`."""
    verb = words[1] if len(words) > 1 else ""
    return len(words) <= _OUTCOME and verb[:1] in tuple("يتنا") and may_be_verb(verb) and verb not in rules.impersonal


def _is_said_of(noun: str, word: str, rules: ArabicClauses) -> bool:
    """Whether a word without an article is what is said of a definite noun before it: `the road is long`."""
    if word in part_rules().names or word in rules.dependent or word[-1] == "ا" or word.startswith("ال"):
        return False
    return bool(_PREDICATE.fullmatch(word)) and (noun[-1] == "ه") == (word[-1] == "ه")


def _verb_opens(verb: str, conjunction: str, words: list[str]) -> bool:
    if verb.startswith(("سا", "سن")) and len(words) > 1 and "ي" + verb[2:] in arabic_clauses().verbs:
        return True  # I shall, we shall
    if not conjunction and len(words) == _SHORT_CLAUSE and (is_perfect(verb) or verb[0] not in "ايتنس"):
        return True
    if len(words) <= _SHORT_CLAUSE and not (len(words) > 1 and words[1].startswith("ال")):
        return False
    if conjunction:
        # `and they sold`: its subject is the one before.
        return not verb.endswith("وا")
    if verb[0] in "يت" and not verb.endswith("وا") and is_arabic_verb("ي" + verb[1:]):
        # Without a conjunction the imperfect of the third person says more of what stands before.
        return "ون" in verb[3:]
    return True


def _is_nominal_clause(words: list[str], rules: ArabicClauses) -> bool:
    if len(words) > 1 and words[0].startswith("ال") and _is_said_of(words[0], words[1], rules):
        return True
    if len(words) == _SHORT_CLAUSE and words[0].removeprefix("و").startswith("ال"):
        return words[1] in NEGATIONS or (words[0][0] != "و" and words[1][0] in "يت" and is_arabic_verb(words[1]))
    if len(words) <= _SHORT_CLAUSE:
        return False
    if words[0].removeprefix("و").startswith("ال") and words[1] in _THAT_PRONOUNS:
        return True  # what matters is that
    for before, word in pairwise(words[:_FAR]):
        if word in rules.pronouns:
            return True
        subordinate = before in rules.subordinators or parted(before, rules)[1] in rules.subordinators
        if is_arabic_verb(word) and not subordinate:
            return True
    return len(words) >= _LONG_PHRASE
