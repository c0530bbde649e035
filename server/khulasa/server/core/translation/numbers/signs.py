"""Whether a minus sign was lost or added: -5 degrees is not 5 degrees, and 300 BC is not the year 300.

A dash before a number is a minus only where a percentage or degrees follow: `-15 طفلا-` is an aside.
"""

from __future__ import annotations

import regex

__all__ = ["sign_differs"]

# Possessive, and never from the middle of a number or word: else a long run is read again from each of its places.
_NUMBER = r"\d++(?:[.,٫]\d++)?"
_UNIT = r"(?:[%٪°]|per\s?cent|percent|degrees?\b|درج[ةا]|في\s+الم(?:ئ|ائ)ة|بالم(?:ئ|ائ)ة|مئوية)"
_BELOW = r"(?:(?:below|under)\s+(?:zero|freezing)|(?:تحت|دون)\s+الصفر)"
_DIGIT = regex.compile(r"\d")
_NEGATIVE = regex.compile(
    rf"(?<![^\s(«\"“])[-−]{_NUMBER}\s*{_UNIT}"
    rf"|\b(?:minus|negative|سالب|ناقص)\s+{_NUMBER}"
    rf"|(?<![\w.,٫]){_NUMBER}\s*+(?:\w++\s++){{0,2}}{_BELOW}",
    regex.IGNORECASE,
)
# In words: minus three, خمس درجات تحت الصفر.
_IN_WORDS = regex.compile(
    r"\bminus\s+(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w{2,6}teen|(?:twen|thir|for|fif|six)ty)\b"
    rf"(?=\s*(?:[^\w\s]|$|degrees|celsius|point|percent))|{_BELOW}",
    regex.IGNORECASE,
)
_WORDS = ("minus ", "Minus ", "zero", "freezing", "الصفر")
# What may answer to it, written in whatever way.
_ANSWER = regex.compile(
    rf"(?<!\w)[-−–]\s?\d|\d\s?[-−–]|\b(?:minus|negative|سالب\w*|سلبي\w*|ناقص\w*)\b|{_BELOW}|\b(?:below|sub-?zero|freez\w*)\b|تجمد",
    regex.IGNORECASE,
)
# Years before the first one, told by digits or by one of these; ق م stands behind digits alone.
_CHRIST = ("BC", "B.C.", "ميلاد")
_BEFORE_CHRIST = regex.compile(
    r"(?<=\d\s?)(?:BCE?\b|ق(?:\.\s?|\s)م(?!\w))|\bB\.C\.|قبل\s(?:ال)?ميلاد"
    r"|\b(?i:centur(?:y|ies)|millenni(?:um|a)) BCE?\b"
)
_BEFORE_CHRIST_ANSWER = regex.compile(
    r"\bB\.?C\.?(?:E\b)?|(?i:\bbefore\s(?:the\s)?(?:birth|christ|common)|\bpre-?christian)"
    r"|(?<!\w)ق(?:\.\s?|\s)م(?!\w)|قبل\s(?:ال)?(?:ميلاد|مسيح|عصر|حقبة|مولد)|(?:ال)?سابقة?\sلل?ميلاد"
)


def sign_differs(source: str, target: str) -> bool:
    """Whether one side has a number below zero and the other, with numbers too, nothing that may stand for the sign.

    So with years before Christ, which the other side may say in words.
    """
    for one, other in ((source, target), (target, source)):
        if any(map(one.__contains__, _WORDS)) and _IN_WORDS.search(one) and not _ANSWER.search(other):
            return True
    digits = _DIGIT.search(source), _DIGIT.search(target)
    if not any(digits) and not any(word in text for text in (source, target) for word in _CHRIST):
        return False
    return any(
        (all(digits) and _NEGATIVE.search(one) is not None and _ANSWER.search(other) is None)
        or (_BEFORE_CHRIST.search(one) is not None and _BEFORE_CHRIST_ANSWER.search(other) is None)
        for one, other in ((source, target), (target, source))
    )
