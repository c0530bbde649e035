"""Whether what follows `..` is a sentence of its own.

Arabic newsrooms write two dots for a pause of any length. They end a sentence only where a main clause follows that
leans on nothing before it; the rules here judge that by the words around them, and by verb forms that running text
shows (`rules/verbs.ar.txt`).
"""

from __future__ import annotations

from itertools import pairwise

import regex
from khulasa.server.core.text.rules import ArabicClauses, arabic_clauses

__all__ = ["awaits_answer", "is_arabic_verb", "opens_sentence", "starts_with_verb"]

_WORD = regex.compile(r"[\p{L}\p{N}]++")
_AFTER_PAUSE = regex.compile(r"(?:[،,]|\.\.) ?([\p{L}]++)")
_OBJECTS = ("هما", "كما", "هم", "ها", "كم", "نا", "ني", "هن", "ه", "ك")
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
_ADVERSATIVE = ("لكن", "ثم", "بل", "نعم")
_DEMONSTRATIVES = ("ذلك", "تلك", "هذا", "هذه", "هؤلاء", "اولئك", "ذاك")
# How the imperfect begins behind a pronoun, but for ي.
_OF_PERSON = {"هي": "ت", "انت": "ت", "انتم": "ت", "نحن": "ن", "انا": "ا"}
# Words of a phrase that says when or where, of one noun of a row.
_SETTING, _ROW = 6, 3
_PREPOSITIONS = ("عن", "من", "في", "علي", "الي", "بين", "مع", "تحت", "فوق")
# `on condition that`, `without`, `until`: with `that` or `that not` behind them they open no sentence.
_BEFORE_THAT = ("علي", "الي", "دون", "بدون")
_THAT = ("ان", "الا")
_NEGATIONS = ("لا", "لم", "لن")
_EXCEPT, _THAT_PRONOUNS = ("غير", "الا", "بيد"), ("ان", "انه", "انها", "انهم", "اني", "انني", "اننا")
_BECAUSE = ("لان", "لانه", "لانها", "لانهم", "لانني", "لاننا")
_ASKED = ("اين", "متي", "ماذا", "كم", "اي")
# A name in quotation marks with nothing said of it yet.
_NAMED_ALONE = regex.compile(r"[«\"][^«»\".!?؟]{1,40}+[»\"]")
# `no harm`, `no escape`: said of something, not against it.
_NO_CONTRAST = ("باس", "بد", "بديل")
_RELATIVE = ("الذي", "التي", "الذين", "اللذان", "اللتان", "اللواتي", "اللاتي")


def opens_sentence(before: str, after: str, *, connected: bool = True, asked: bool = False) -> bool:
    """Whether Arabic words after a pause are a main clause of their own.

    Args:
        before: The sentence up to the pause, folded.
        after: From the pause to the next stop, folded.
        connected: Whether a clause that opens with و or ف counts.
        asked: Whether the next stop is a question mark.
    """
    rules = arabic_clauses()
    words = _WORD.findall(after)
    if not words:
        return True
    conjunction, first = _parted(words[0], rules)
    if _opens_anyway(words, asked=asked):
        return True
    if (conjunction and not connected) or first in rules.dependent or words[0] in rules.dependent:
        return False
    if _continues(before, conjunction, first, words):
        return False
    if _NAMED_ALONE.fullmatch(before.strip(" ")):
        return False
    before = before[_lead_in(before) :]
    pieces = [_WORD.findall(piece) for piece in before.split("..")]
    if _is_setting(pieces[-1], rules) or _is_of_row(conjunction, words, pieces[-1], rules):
        return False
    if conjunction == "و" and _is_setting(words, rules):
        return True  # and after two months .. they came
    past = _WORD.findall(before[:_HEAD])
    framed = _framed(past, rules)
    if framed and not _answered(before, rules):
        return False
    if conjunction == "ف" and past and _parted(past[0], rules)[1] in _BECAUSE and not _answered(before, rules):
        return False
    condition = _CONDITION.search(before)
    if condition and conjunction == "ف" and not _answered(condition[0], rules):
        return False
    if _is_topic(before, past):
        return False
    if conjunction and (_shares_auxiliary(before, first, rules) or _joins_imperfect(pieces, first)):
        return False
    if conjunction == "و":
        clause = _WORD.findall(before[before.rfind("..") + 2 :][:_HEAD])
        heads = {_parted(w[0], rules)[1] for w in (past, clause) if w}
        heads |= {w[1] for w in (past, clause) if len(w) > 1 and w[0].startswith("ال")}
        if first in rules.repeated and first in heads:
            return False
        if framed and _headless(past, rules)[0] not in _TOPICAL:
            return _framed(words, rules)
    if conjunction == "ف" and first[0] in "يتنا" and is_arabic_verb(first) and is_arabic_verb("ي" + first[1:]):
        return False  # what came of it
    if first == "من" and len(words) > 1 and (words[1] in rules.pronouns or words[1] in rules.auxiliaries):
        return True  # who is she
    if conjunction == "ف" or first in rules.openers or _framed(words, rules):
        return True
    if is_arabic_verb(first) or (not conjunction and _is_perfect(first)):
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
    if not words or _parted(words[0], rules)[0] != "ف":
        return False
    return _framed(_WORD.findall(before[:_HEAD]), rules) and not _answered(before, rules)


def _is_setting(words: list[str], rules: ArabicClauses) -> bool:
    """Whether a piece of a sentence says but when, or how the sentence is joined: `today`, `after years`, `but`."""
    if not 0 < len(words) <= _SETTING:
        return False
    first = _parted(words[0], rules)[1]
    if len(words) == 1:
        return first in rules.settings
    if first not in rules.settings or first in _ADVERSATIVE:
        return False
    return not _has_predicate(words[1:], rules)


def _has_predicate(words: list[str], rules: ArabicClauses) -> bool:
    """Whether a piece holds what may be a verb, or a pronoun."""
    return any(
        word in rules.pronouns or (not word.startswith("ال") and (_may_be_verb(word) or _looks_perfect(word)))
        for word in (_parted(each, rules)[1] for each in words)
    )


def _is_of_row(conjunction: str, words: list[str], past: list[str], rules: ArabicClauses) -> bool:
    """Whether words go on with a row: a further phrase with the same preposition, a further noun behind one alone."""
    if not past or _has_predicate(past, rules):
        return False
    if not conjunction and words[0] in _PREPOSITIONS:
        return _parted(past[0], rules)[1] == words[0]
    noun = words[0][1:]
    joined = past[0][0] == "و" and _parted(past[0], rules)[0] == "و" and len(past) <= _ROW
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
        and (second == "لا" or (second[:1] == "ي" and is_arabic_verb(second)))
    ):
        return True
    if first == "لا" and not conjunction and _contrasts(words[1:]):
        return True
    if conjunction == "و" and first in arabic_clauses().pronouns and second[:1] == _OF_PERSON.get(first, "ي"):
        return is_arabic_verb("ي" + second[1:])  # while he knows
    if conjunction == "و" and first == "لا":  # without this and without that
        return not (is_arabic_verb(second) or _looks_perfect(second) or is_arabic_verb(third))
    past = _WORD.findall(before[-_HEAD:])
    again = words[0] in past[-2:-1] and words[0] not in arabic_clauses().openers
    if again or (past and words[0] == past[-1]):
        return True  # the same word again: another thing .. a thing that nobody writes
    if words[0] == "ان" and second[:1] in ("ي", "ت", "ن") and is_arabic_verb("ي" + second[1:]):
        return True  # that he do
    if first.startswith("لكن") and len(past) <= _SHORT_CLAUSE and not any(map(_may_be_verb, past)):
        return True  # sweet, but short
    if conjunction == "و" and first == "ان":  # and that he do
        return (second[:1] in ("ي", "ت", "ن") and is_arabic_verb(second)) or "ان" in past
    # That house which ...: in other words for what was named.
    return (
        not conjunction
        and first in _DEMONSTRATIVES
        and second.startswith("ال")
        and (third in _RELATIVE or (len(words) > 3 and words[3] in _RELATIVE))
    )


def _contrasts(words: list[str]) -> bool:
    """Whether words behind لا set something against what was said: `by its people .. not by its stones`."""
    if not words or words[0] in _NO_CONTRAST or _has_predicate(words, arabic_clauses()):
        return False
    return words[0] in _PREPOSITIONS or words[0][0] == "ب" or (len(words) == 1 and words[0][-1] == "ا")


def is_arabic_verb(word: str) -> bool:
    """Whether a folded word is a verb form, without a conjunction before it; an educated guess for rare ones."""
    rules = arabic_clauses()
    if word in rules.not_verbs or len(word) < 2 or (word.startswith("ال") and word not in rules.verbs):
        return False
    stem = word[1:] if word[0] == "س" and word[1] in "يتنا" else word
    if stem != word and stem[0] == "ا" and "ي" + stem[1:] in rules.verbs:
        return True
    if _stripped(stem, rules) is not None or (stem[0] in "تن" and "ي" + stem[1:] in rules.verbs):
        return True
    return (stem[0] == "ي" and len(stem) >= 4) or (len(stem) >= 5 and stem.endswith("تم"))


def _may_be_verb(word: str) -> bool:
    """As `is_arabic_verb`, and forms of the first person (`I think`), which look like nouns."""
    return is_arabic_verb(word) or (word[0] == "ا" and is_arabic_verb("ي" + word[1:]))


def starts_with_verb(words: list[str]) -> bool:
    """Whether a line opens as Arabic sentences do: with a verb, or with و before a verb, particle or pronoun."""
    if not words:
        return False
    rules = arabic_clauses()
    conjunction, first = _parted(words[0], rules)
    return is_arabic_verb(first) or (bool(conjunction) and first in rules.openers)


def _stripped(word: str, rules: ArabicClauses) -> str | None:
    """The verb without the pronoun at its end, None if it is none that is known."""
    if word in rules.verbs:
        return word
    for ending in _OBJECTS:
        stem = word[: -len(ending)]
        if word.endswith(ending) and len(stem) >= 3 and (stem in rules.verbs or stem + "ي" in rules.verbs):
            return stem
    return None


def _parted(word: str, rules: ArabicClauses) -> tuple[str, str]:
    """The conjunction و or ف at the head of a word, and the rest."""
    if len(word) > 2 and word[0] in "وف":
        rest = word[1:]
        known = rest in rules.openers or rest in rules.dependent or rest in rules.frames or rest.startswith("ال")
        if known or is_arabic_verb(rest) or word not in rules.verbs:
            return word[0], rest
    return "", word


def _headless(words: list[str], rules: ArabicClauses) -> list[str]:
    """The first words without conjunctions: و and ف before them, and `but` as a word."""
    heads = [_parted(word, rules)[1] for word in words[:3]]
    return heads[1:] if len(heads) > 1 and heads[0] in _ADVERSATIVE else heads


def _framed(words: list[str], rules: ArabicClauses) -> bool:
    """Whether a clause opens with a word that calls for another clause."""
    heads = _headless(words, rules)
    if not heads:
        return False
    first, following = heads[0], heads[1] if len(heads) > 1 else ""
    if first == "ان":  # if, not the emphatic one
        return is_arabic_verb(following) or _looks_perfect(following)
    if first == "ما":  # what, not the negation: its clause refers back to it
        return following.endswith("ه") and following.startswith(("ي", "ت")) and is_arabic_verb(following)
    return first in rules.frames


def _shares_auxiliary(before: str, verb: str, rules: ArabicClauses) -> bool:
    """Whether an imperfect goes on with one that an auxiliary leads, in the same person: كنت أكتب .. وأبحث."""
    if verb[:1] not in tuple("ايتن") or not is_arabic_verb("ي" + verb[1:]):
        return False
    past = _WORD.findall(before[before.rfind("..") + 2 if ".." in before else 0 :][-_HEAD:])
    return any(
        _parted(word, rules)[1] in rules.auxiliaries and following[0] == verb[0] and is_arabic_verb("ي" + following[1:])
        for word, following in pairwise(past)
    )


def _joins_imperfect(pieces: list[list[str]], verb: str) -> bool:
    """Whether an imperfect goes on with one of the same person that says more of what stands before a pause."""
    if len(pieces) < 2 or not pieces[-1]:
        return False
    said = pieces[-1][0]
    return said[0] == verb[0] and verb[0] in "يت" and all(is_arabic_verb("ي" + word[1:]) for word in (said, verb))


def _is_topic(before: str, words: list[str]) -> bool:
    """Whether a clause is so far but a noun and what is said beside it: `those who ...`."""
    return ".." not in before and len(words) > 1 and words[1] in _RELATIVE and not is_arabic_verb(words[0])


def _looks_perfect(word: str) -> bool:
    return len(word) > 3 and word.endswith(("ت", "وا", "تم")) and not word.endswith("ات")


def _is_perfect(word: str) -> bool:
    """Whether a word at the head of a clause has the form of a perfect, and not that of a noun such as توقيت."""
    return _looks_perfect(word) and not word.startswith(("ت", "ال"))


def _answered(before: str, rules: ArabicClauses) -> bool:
    """Whether the main clause has begun."""
    words = _WORD.findall(before)
    conditional = _headless(words, rules)[0] in ("لو", "لولا")
    for word in words[2:]:
        if word in rules.answers or (word.startswith("فال") and len(word) > 4):
            return True
        if word[0] == "ف" and len(word) > 4 and word not in rules.verbs and is_arabic_verb(word[1:]):
            return True
        if conditional and word[0] == "ل" and (is_arabic_verb(word[1:]) or _looks_perfect(word)):
            return True
    after_pauses = [match[1] for match in _AFTER_PAUSE.finditer(before)]
    return any(
        is_arabic_verb(word) or word in _NEGATIONS[1:] or (conditional and _answers_if(word, rules))
        for word in after_pauses
    )


def _answers_if(word: str, rules: ArabicClauses) -> bool:
    """Whether a word behind a pause tells what would have been (لهان): ل and no word of grammar."""
    if len(word) <= _SHORT_CLAUSE or word[0] != "ل" or word[1] in "لا":
        return False
    known = word in rules.openers or word in rules.dependent or word in rules.frames or word in rules.not_verbs
    return not known and word[1:] not in _DEMONSTRATIVES


def _verb_opens(verb: str, conjunction: str, words: list[str]) -> bool:
    if verb.startswith(("سا", "سن")) and len(words) > 1 and "ي" + verb[2:] in arabic_clauses().verbs:
        return True  # I shall, we shall
    if not conjunction and len(words) == _SHORT_CLAUSE and (_is_perfect(verb) or verb[0] not in "ايتنس"):
        return True
    if len(words) <= _SHORT_CLAUSE and not (len(words) > 1 and words[1].startswith("ال")):
        return False
    if conjunction:
        # `and they sold`: its subject is the one before.
        return not verb.endswith("وا")
    if verb[0] in "يت" and is_arabic_verb("ي" + verb[1:]):
        # Without a conjunction the imperfect of the third person says more of what stands before.
        return "ون" in verb[3:]
    return True


def _is_nominal_clause(words: list[str], rules: ArabicClauses) -> bool:
    if len(words) == _SHORT_CLAUSE and words[0].removeprefix("و").startswith("ال"):
        return words[1] in _NEGATIONS or (words[0][0] != "و" and words[1][0] in "يت" and is_arabic_verb(words[1]))
    if len(words) <= _SHORT_CLAUSE:
        return False
    if words[0].removeprefix("و").startswith("ال") and words[1] in _THAT_PRONOUNS:
        return True  # what matters is that
    for before, word in pairwise(words[:_FAR]):
        if word in rules.pronouns:
            return True
        subordinate = before in rules.subordinators or _parted(before, rules)[1] in rules.subordinators
        if is_arabic_verb(word) and not subordinate:
            return True
    return len(words) >= _LONG_PHRASE
