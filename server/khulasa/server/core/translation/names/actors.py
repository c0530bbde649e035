"""Whether who did it and whom it was done to have changed places: the rebels handed the army, سلم الجيش المتمردين.

As for names (`roles`), but for common nouns, which one word of the other side must answer, by the word lexicon or as a
word for the same people (`polarity/opposites.yaml`, the group `who`). Arabic puts a subject without article behind its
object (هاجم المدينة مسلحون), so such a one says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex
from khulasa.server.core.translation.names.words import ArabicWord, EnglishWord, Rank, english_words, linked_ids
from khulasa.server.core.translation.polarity.opposites import people_of

__all__ = ["actors_changed"]

# Verbs of which both sides may be the same kind of people; in forms that are no noun, or behind an auxiliary.
_VERB = (
    r"(?:accus|criticis|criticiz|condemn|denounc|invad|urg|prais|receiv|su|replac|invit|challeng|provok|rescu|blam|expos"
    r"|chas|releas|advis|persuad|convinc|sav|pursu|recognis|recogniz|prosecut|evacuat|outvot|surpris)ed"
    r"|(?:attack|kill|bomb|shell|warn|ask|call|thank|oppos|threaten|arrest|expell|summon|brief|succeed|dismiss"
    r"|appoint|interview|inform|follow|help|sanction|captur|intercept|rent|hand|demand|order|mock|mourn|insult|sack"
    r"|assault|stabb|robb|kidnapp|abduct|detain|question|betray|defend|protect|surround|besieg|reassur"
    r"|congratulat|greet|hugg|elect|hir|evict|deport|investigat|support|back)ed"
    r"|beat|defeated|told|taught|sold|bought|shot|struck|hit|paid|gave|lent|sent|overtook|freed|hosted"
)
# The same behind an auxiliary.
_TO_DO = (
    "accuse|criticise|criticize|condemn|denounce|invade|urge|praise|receive|sue|replace|invite|challenge|provoke|rescue"
    "|blame|chase|release|advise|persuade|convince|save|pursue|prosecute|evacuate|attack|kill|bomb|warn|ask|thank|oppose"
    "|threaten|arrest|expel|summon|succeed|dismiss|appoint|interview|follow|help|mourn|sack|assault|rob|kidnap|detain"
    "|question|betray|defend|protect|besiege|reassure|congratulate|greet|hire|evict|deport|investigate|support|back|beat"
    "|defeat|tell|teach|sell|buy|strike|hit|pay|give|send|free|host"
)
_WILL = (
    r"will|would|may|might|could|can|must|should|(?:is|are) (?:likely|expected|set|due|about|unlikely) to"
    r"|(?:wants?|plans?|intends?) to"
)
# None of these is in the phrase of a noun.
_NO_NOUN = (
    "and|or|but|that|which|who|whom|whose|when|where|while|as|of|in|on|at|by|for|from|with|to|into|over|after|before|because"
    "|since|than|if|it|they|he|she|we|i|me|us|you|him|them|this|these|those|was|were|is|are|be|been|being|has|have|had|will"
    "|would|may|might|could|can|said|not|there|also|how|what|\\w{1,20}ly"
)
_WORD = rf"(?!(?i:{_NO_NOUN})\b)[A-Za-z][\w'’-]{{0,30}}+"
_DONE = regex.compile(rf"(?<![\w'’-])(?:{_VERB}|(?<= (?:{_WILL}) )(?:{_TO_DO}))(?![\w'’-])")
_BEFORE = regex.compile(rf"(?<![\w'’-])({_WORD}(?: {_WORD}){{0,3}}+) (?:(?:has|have|had|also|{_WILL}) ){{0,2}}$")
_AFTER = regex.compile(rf" (?:(?:that|on|against|to|for|from) )?({_WORD}(?: {_WORD}){{0,3}}+)")
# Letters before a verb in which its subject is looked for.
_REACH = 90
_BY = regex.compile(r"من قبل|على (?:يد|أيدي)|من جانب|من طرف|بيد|بواسطة")
_DEFINITE = regex.compile(r"[وفبلك]?(?:ال|لل)")
# What stands behind it is no object by its place: قال للصحفيين الوزير.
_TO = regex.compile("ل|ب|الي$")
# Words that say nothing of whose place it is.
_SMALL = regex.compile("the|an?|his|her|its|their|our|my|your|two|three|some|several|many|all|more|new|other", regex.I)
_MOST_APART, _MOST_BETWEEN = 9, 4


def actors_changed(text: str, arabic_text: str, arabic: Sequence[ArabicWord]) -> bool:
    """Whether what stands before a verb here stands behind what follows it there.

    Args:
        text: The English side.
        arabic_text: The Arabic side.
        arabic: Its words.
    """
    if not arabic or _BY.search(arabic_text):
        return False
    for verb in _DONE.finditer(text):
        before = _BEFORE.search(text, max(0, verb.start() - _REACH), verb.start())
        after = _AFTER.match(text, verb.end())
        if not before or not after:
            continue
        doers, done_to = (_places(match[1], arabic) for match in (before, after))
        if not doers or not done_to or max(done_to) >= min(doers):
            continue
        apart = max(doers) - min(done_to)
        if apart > _MOST_APART or min(doers) - max(done_to) > _MOST_BETWEEN:
            continue
        if any(_is_known(arabic, place) for place in doers) and not _is_given_to(arabic, min(done_to)):
            return True
    return False


def _is_known(arabic: Sequence[ArabicWord], place: int) -> bool:
    """Whether a word is definite: by its article, by that of the next one, or as a name."""
    near = arabic[place : place + 2]
    return arabic[place].rank == Rank.NAME or any(_DEFINITE.match(word.text) for word in near)


def _is_given_to(arabic: Sequence[ArabicWord], place: int) -> bool:
    word = arabic[place].text
    return bool(_TO.match(word)) or (place > 0 and arabic[place - 1].text in ("الي", "علي", "عن", "من", "مع", "في"))


def _places(phrase: str, arabic: Sequence[ArabicWord]) -> list[int]:
    """Where the words of a phrase are answered, those of them that one word alone answers."""
    found: list[int] = []
    for word in english_words(phrase):
        if _SMALL.fullmatch(word.text) or word.text.endswith("day"):
            continue
        answers = [place for place, one in enumerate(arabic) if _answers(one, word)]
        if len(answers) == 1:
            found += answers
    return sorted(set(found))


def _answers(arabic: ArabicWord, english: EnglishWord) -> bool:
    if not arabic.units.isdisjoint(linked_ids(english.unit)):
        return True
    return not people_of(arabic.text, "ar").isdisjoint(people_of(english.text.lower(), "en"))
