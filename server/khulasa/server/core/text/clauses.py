"""Whether what follows `..` is a sentence of its own.

Arabic newsrooms write two dots for a pause of any length. They end a sentence only where a main clause follows that
leans on nothing before it; the rules here judge that by the words around them, and by verb forms that running text
shows (`rules/verbs.ar.txt`).
"""

from __future__ import annotations

from itertools import pairwise

import regex
from khulasa.server.core.text.arabic_verbs import is_arabic_verb, is_first_person, is_imperfect, is_perfect, parted
from khulasa.server.core.text.frames import NEGATIONS, answers_if, headless, is_answered, is_framed, verbs_in
from khulasa.server.core.text.going_on import (
    HEAD,
    LONG_PHRASE,
    PAIR,
    PREPOSITIONS,
    SETTING,
    SHORT_CLAUSE,
    WORD,
    comes_of_it,
    continues,
    is_afterthought,
    is_asked_on,
    is_bare,
    is_of_row,
    is_relative,
    is_setting,
    is_topic,
    joins_imperfect,
    shares_auxiliary,
    shares_that,
    tells_how,
    waits_after_setting,
)
from khulasa.server.core.text.rules import ArabicClauses, arabic_clauses, part_rules

__all__ = ["asks_in_frame", "awaits_answer", "is_said_of", "opens_sentence"]

_APART = regex.compile(r"و \p{L}")
# A condition behind a comma, up to the pause.
_CONDITION = regex.compile(r"(?<=[،,] )[وف]?(?:ان|اذا|لو)(?: لم)? [^،,.]++$")
# Words that are looked at: what decides stands near.
_FAR = 9
# Letters of a perfect that begins and ends as `تصرفت` does; shorter ones may be imperfects.
_LONG_PERFECT = 4
# `as for`: once answered it binds nothing.
_TOPICAL = ("اما",)
_EXCEPT = ("غير", "الا", "بيد")
_THAT_PRONOUNS = ("ان", "انه", "انها", "انهم", "اني", "انني", "اننا")
_BECAUSE = ("لان", "لانه", "لانها", "لانهم", "لانني", "لاننا")
# What is behind verbs that nobody does: that, to, for us.
_SAID_OF = ("الا", *_THAT_PRONOUNS, "الي", "علي", "لنا", "لك", "لكم", "بالذكر")
# With more words behind them: `none of`, `not in`.
_AMONG = ("من", "في")
# What may be said of a definite noun: طويل، مفيد; a feminine ends as its noun does.
_PREDICATE = regex.compile(r"\p{L}{2}ي\p{L}ه?|م\p{L}{3,}|\p{L}ا\p{L}{2}ه")
_ASKED = ("اين", "متي", "ماذا", "كم", "اي")
_WHO_ASKS = ("من", "هل", "ما", "ماذا", "كيف", "لماذا", "اين", "متي")
# What may be said alone: true.
_AGREED = ("صحيح", "بلي", "حسنا")
# A name in quotation marks with nothing said of it yet.
_NAMED_ALONE = regex.compile(r"[«\"][^«»\".!?؟]{1,40}+[»\"]")
_I_DID_IT = regex.compile(r"\p{L}{2,}ت(?:ها|ه|هم)")
_IS_NOT = ("ليس", "ليست", "ليسوا")


def opens_sentence(
    before: str, after: str, *, connected: bool = True, asked: bool = False, paused: bool = False, beyond: str = ""
) -> bool:
    """Whether Arabic words after a pause are a main clause of their own.

    Args:
        before: The sentence up to the pause, folded.
        after: From the pause to the next stop, folded.
        connected: Whether a clause that opens with و or ف counts.
        asked: Whether the next stop is a question mark.
        paused: Whether the next stop is a pause again, behind which the clause may go on.
        beyond: The first word behind that pause.
    """
    rules = arabic_clauses()
    words = WORD.findall(after)
    if not words:
        return True
    if _APART.match(after):
        words = ["و" + words[1], *words[2:]]  # written apart
    conjunction, first = parted(words[0], rules)
    if _opens_anyway(words, first, asked=asked):
        return True
    if conjunction == "و" and asked and is_asked_on(before, words, rules):
        return False
    if conjunction and not connected:
        return False
    if (first in rules.dependent or words[0] in rules.dependent) and not _denies(first, words) and words[0] != "ومما":
        return False
    if not conjunction and first in rules.for_sake:
        return False
    if continues(before, conjunction, first, words) or tells_how(first, rules):
        return False
    if not paused and not conjunction and is_afterthought(first, words, after, rules):
        return False
    if _NAMED_ALONE.fullmatch(before.strip(" ")):
        return False
    lead_in = _lead_in(before)
    before = before[lead_in:]
    pieces = [WORD.findall(piece) for piece in before.split("..")]
    if (
        (not lead_in and is_bare(pieces))
        or is_setting(pieces[-1], rules)
        or is_of_row(conjunction, words, pieces[-1], rules)
    ):
        return False
    if conjunction == "و" and is_setting(words, rules):
        return True  # and after two months .. they came
    past = WORD.findall(before[:HEAD])
    if waits_after_setting(pieces, rules):
        return False
    framed = is_framed(past, rules)
    reports = conjunction == "و" and first in rules.said and is_arabic_verb(first)
    if framed and reports and verbs_in(WORD.findall(before)) > 1:
        return True
    if framed and not is_answered(before, rules):
        return False
    because = past[0].removeprefix("و") in _BECAUSE and (conjunction == "ف" or past[0][0] == "و") if past else False
    if because and not is_answered(before, rules):
        return False
    condition = _CONDITION.search(before)
    if condition and conjunction == "ف" and not is_answered(condition[0], rules):
        return False
    if is_topic(before, past, rules):
        return False
    if shares_auxiliary(before, first, rules) or (conjunction and joins_imperfect(pieces, first)):
        return False
    if conjunction == "و" and shares_that(pieces[-1], first, words, rules):
        return False
    though = conjunction == "و" and first == "لو" and len(words) <= SETTING and verbs_in(words) < PAIR
    if though and not is_answered(after, rules) and not answers_if(beyond, rules):
        return False  # though you water it
    if first in NEGATIONS and not conjunction and is_relative(pieces[-1], words):
        return False
    if conjunction == "و":
        clause = WORD.findall(before[before.rfind("..") + 2 :][:HEAD])
        heads = {parted(w[0], rules)[1] for w in (past, clause) if w}
        heads |= {w[1] for w in (past, clause) if len(w) > 1 and w[0].startswith("ال")}
        if first in rules.repeated and first in heads:
            return False
        if framed and headless(past, rules)[0] not in _TOPICAL:
            return is_framed(words, rules)
    if conjunction == "ف" and first[0] in "يتنا" and is_arabic_verb(first) and is_arabic_verb("ي" + first[1:]):
        return False  # what came of it
    if conjunction == "ف" and first in NEGATIONS and comes_of_it(words, rules):
        return False
    if first == "من" and len(words) > 1 and (words[1] in rules.pronouns or words[1] in rules.auxiliaries):
        return True  # who is she
    if _denies(first, words) or (_is_impersonal(first, rules) and words[1:2] and words[1] in _SAID_OF):
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


def _opens_anyway(words: list[str], first: str, *, asked: bool) -> bool:
    """Whether a clause opens as a sentence though its first word alone would not: `to where?`, `except that`."""
    second = words[1] if len(words) > 1 else ""
    if words[0] in _EXCEPT:
        return second in _THAT_PRONOUNS
    if words in [[one] for one in _AGREED]:
        return True
    if first == "لكن" and second in _WHO_ASKS:
        return asked
    return asked and ((first == "اي" and second not in _THAT_PRONOUNS) or (first in PREPOSITIONS and second in _ASKED))


def asks_in_frame(before: str) -> bool:
    """Whether a question stands inside a clause that waits for what was answered: `when I asked him: why? he said`."""
    words = WORD.findall(before[:HEAD])
    rules = arabic_clauses()
    return ":" in before and is_framed(words, rules) and not is_answered(before, rules)


def awaits_answer(before: str, after: str) -> bool:
    """Whether a sentence calls for another clause, and what follows answers it with ف: `أما من ... 2014 م. فعليه`."""
    rules = arabic_clauses()
    words = WORD.findall(after[:HEAD])[:2]
    if not words or parted(words[0], rules)[0] != "ف":
        return False
    return is_framed(WORD.findall(before[:HEAD]), rules) and not is_answered(before, rules)


def _both_verbs(words: list[str], rules: ArabicClauses) -> bool:
    """Whether a clause of two words is a verb and what came of it: `I asked him and he wept`."""
    came = words[1] if len(words) == 2 else ""
    return is_arabic_verb(words[0]) and came[:1] == "ف" and len(came) > 3 and came not in rules.verbs


def _denies(first: str, words: list[str]) -> bool:
    """Whether `not` denies that something is there and opens a clause, and is set against nothing: `not by words`."""
    if first != "ليس" or len(words) < SHORT_CLAUSE:
        return False
    return words[1] in arabic_clauses().there or (words[1] in _AMONG and len(words) > SHORT_CLAUSE)


def _is_impersonal(verb: str, rules: ArabicClauses) -> bool:
    """Whether a verb is nobody's, with whom it concerns or without: يكفي، يكفيه."""
    return verb in rules.impersonal or (verb[-1] in "هك" and verb[:-1] in rules.impersonal)


def is_said_of(noun: str, word: str, rules: ArabicClauses) -> bool:
    """Whether a word without an article is what is said of a definite noun before it: `the road is long`."""
    if word in part_rules().names or word in rules.dependent or word[-1] == "ا" or word.startswith("ال"):
        return False
    return bool(_PREDICATE.fullmatch(word)) and (noun[-1] == "ه") == (word[-1] == "ه")


def _verb_opens(verb: str, conjunction: str, words: list[str]) -> bool:
    if verb.startswith(("سا", "سن")) and len(words) > 1 and "ي" + verb[2:] in arabic_clauses().verbs:
        return True  # I shall, we shall
    if not conjunction and len(words) == SHORT_CLAUSE and (is_perfect(verb) or verb[0] not in "ايتنس"):
        return True
    if not conjunction and len(words) == PAIR and words[1][0] != "و" and _I_DID_IT.fullmatch(verb):
        return True
    if len(words) <= SHORT_CLAUSE and not (len(words) > 1 and words[1].startswith("ال")):
        return False
    if conjunction:
        # `and they sold`: its subject is the one before.
        return not verb.endswith("وا")
    if verb[0] == "ت" and len(verb) > _LONG_PERFECT and verb[-1] == "ت" and not is_imperfect(verb):
        return True  # I acted, she acted
    if verb[0] in "يت" and not verb.endswith("وا") and is_arabic_verb("ي" + verb[1:]):
        # Without a conjunction the imperfect of the third person says more of what stands before; not with a subject.
        named = len(words) > 1 and words[1].startswith("ال")
        return "ون" in verb[3:] or (named and (words[1].endswith("ون") or verb in arabic_clauses().said))
    return True


def _is_nominal_clause(words: list[str], rules: ArabicClauses) -> bool:
    if len(words) > 1 and words[0].removeprefix("و").startswith("ال") and is_said_of(words[0], words[1], rules):
        return True
    if len(words) == SHORT_CLAUSE and words[0].removeprefix("و").startswith("ال"):
        return words[1] in NEGATIONS or (words[0][0] != "و" and words[1][0] in "يت" and is_arabic_verb(words[1]))
    if words[0] == "كل" and len(words) >= SHORT_CLAUSE and words[1] not in rules.not_each and words[1][:2] != "ال":
        return True  # each father is an expert
    if len(words) == PAIR and words[0].startswith("ال") and words[1][0] in "يت" and is_imperfect(words[1]):
        return True  # few understand it
    if len(words) == PAIR and words[0].startswith("وال"):
        return words[1].endswith("وا") and is_arabic_verb(words[1])  # and the family refused
    if len(words) <= SHORT_CLAUSE:
        return False
    if words[0].removeprefix("و").startswith("ال") and words[1] in _THAT_PRONOUNS:
        return True  # what matters is that
    for before, word in pairwise(words[:_FAR]):
        if word in rules.pronouns or (word in _IS_NOT and before.startswith("ال")):
            return True
        subordinate = before in rules.subordinators or parted(before, rules)[1] in rules.subordinators
        if is_arabic_verb(word) and not subordinate:
            return True
    return len(words) >= LONG_PHRASE
