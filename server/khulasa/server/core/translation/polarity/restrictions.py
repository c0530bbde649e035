"""Whether each side restricts what the other does: `only` for فقط, `but` for لم يحضر إلا, `except` for باستثناء.

A restriction is answered by any word that may be one, wherever it stands, and two of them by two words. Of English only
`only`, `merely`, `solely` and `except` ask for an answer: the Arabic of open corpora nearly always has a word for them,
and none for `just` or `alone`.
"""

from __future__ import annotations

import regex

__all__ = ["keeps_restrictions"]

_ONLY_ARABIC = regex.compile(r"(?<!\w)(?:[وف]?(?:فقط|فحسب)|باستثناء|ما ?عدا)(?!\w)")
_EXCEPT_ARABIC = frozenset(["باستثناء", "ما عدا", "ماعدا"])
# Spelled with its hamza: الا is also what is left of a word that was broken in two. إلا أن is `however`.
_OTHER_THAN = regex.compile(r"(?<!\w)(?:إل(?:اّ?|ّا)|سوى)(?!\w)(?!\s+[أا]ن)")
_DENIAL = regex.compile(r"(?<!\w)و?(?:لا|لم|لن|ليس|ليست|لست|ما)(?!\w)")
_CLAUSE_END = regex.compile(r"[.!?؟،؛:\n]")

_ONLY = "only|just|alone|merely|solely|sole|single|exclusive(?:ly)?|limited|simply|mere|purely|confined|restricted"
_MAY_RESTRICT = regex.compile(rf"\b(?:{_ONLY})\b")
# Widely: any of them may be how English says that there is nothing else. `but` is one after a denial or an all.
_MAY_EXCEPT = regex.compile(
    rf"\b(?:{_ONLY}|except(?:ing|ions?|ed)?|exclud(?:ing|ed|es)|unless|until|save|apart|aside|without|other than"
    r"|(?:no|any) other|beyond|besides|barring|(?:no|not) more|nothing|bar|minus|little|few|hardly|barely|rarely|seldom"
    r"|(?<=(?:n.t|\b(?:no|nothing|none|not|never|any|anything|all|nobody|cannot|choice|every\w{0,5}|one))\b[^.,;:!?]{0,60}\W)but"
    r")\b"
)

# Not: the only one, an only child, if only, second only to; nor what says when, `only then`, or what came of it,
# `..., only to`.
_ASKS_ONLY = regex.compile(
    r"\b(?:only|merely|solely)\b(?<!(?:(?:n.t|\b(?:not|if|one and|the|an?|their|his|her|its|our|my|your)|'s) |-)\w+)"
    r"(?!-| (?:child|children|son|daughter|then|too|so|just|recently)\b)(?<![^\w\s]\s*only(?= (?:for \w+ )?to ))"
    r"(?<!\bsecond only(?= to\b))"
)
_RESTRICTING = ("only", "merely", "solely")
_NOT_ONLY = regex.compile(r"(?:\bnot|n.t) (?:\w+ )?(?:only|just|merely|simply|solely)\b")
_ASKS_EXCEPT = regex.compile(r"\b(?:except|excepting|exception of)\b(?! that)")
_OTHER_OR_EXCEPT = r"(?<!\w)[وف]?[إا]لا(?!\w)|سوى|سوا(?:ه|ها|هم|هما|نا|ي)(?!\w)|عدا(?!\w)"
_ANSWERS_EXCEPT = regex.compile(rf"{_OTHER_OR_EXCEPT}|استثن|غير|خلا|دون|بخلاف|لولا")
_ANSWERS_ONLY = regex.compile(
    rf"{_OTHER_OR_EXCEPT}|فقط|فحسب|مجرد|(?<!\w)[وفبل]*وحد(?:ه|ها|هم|هما|هن|ك|نا|ي)(?!\w)|حصر|قتصر|[إا]قتصار|قاصر|مقصور"
    r"|وحيد|(?<!\w)(?:لا|ليس|دون) (?:غير|سوا)|كتف[ىيت]|كتفاء|يكف|بمفرد|منفرد|حكر|باستثناء|تحديد|بالكاد|محض|[إا]نما|خصيص"
)
_ANSWERS_NOT_ONLY = regex.compile(r"(?<!\w)(?:و?بل|و?لكن\w*|[أا]يض[ًا]*|كذلك)(?!\w)|فضلا")
# Where English says `only a few`, the Arabic may leave the first word out.
_FEW = regex.compile(
    r"only (?:an? |the |very |some )*(?:few|little|small|slight|rare|part|limited|minor|some|minimal|brief)"
)
_SAYS_FEW = regex.compile(r"قليل|ضئيل|نادر|جزئي|محدود|بسيط|صغير|أقل|بضع|يسير")
_MARKS = regex.compile(r"[\u064b-\u0652\u0640]")


def keeps_restrictions(arabic: str, english: str) -> bool:
    """Whether each side has a word for every restriction of the other, wherever it stands."""
    english = english.lower()
    return _english_answers(arabic, english) and _arabic_answers(arabic, english)


def _english_answers(arabic: str, english: str) -> bool:
    only, otherwise = _restricts(arabic)
    if not only and not otherwise:
        return True
    if only and not _MAY_RESTRICT.search(english):
        return False
    return only + otherwise <= len(_MAY_EXCEPT.findall(english))


def _arabic_answers(arabic: str, english: str) -> bool:
    only = len(_ASKS_ONLY.findall(english)) if any(map(english.__contains__, _RESTRICTING)) else 0
    not_only = ("not " in english or "n't " in english) and _NOT_ONLY.search(english) is not None
    excepts = "except" in english and _ASKS_EXCEPT.search(english) is not None
    if not only and not not_only and not excepts:
        return True
    plain = _MARKS.sub("", arabic)
    if excepts and not _ANSWERS_EXCEPT.search(plain):
        return False
    found = len(_ANSWERS_ONLY.findall(plain))
    if not_only and not found and not _ANSWERS_NOT_ONLY.search(plain):
        return False
    return only <= found or (_FEW.search(english) is not None and only <= found + len(_SAYS_FEW.findall(plain)))


def _restricts(arabic: str) -> tuple[int, int]:
    """How often a text says that it is only so, and how often that there is nothing else, or an exception."""
    said: list[str] = _ONLY_ARABIC.findall(arabic)
    exceptions = sum(word in _EXCEPT_ARABIC for word in said)
    return len(said) - exceptions, exceptions + sum(
        # What it restricts is denied before it, in the same clause.
        _DENIAL.search(_CLAUSE_END.split(arabic[max(0, found.start() - 120) : found.start()])[-1]) is not None
        for found in _OTHER_THAN.finditer(arabic)
    )
