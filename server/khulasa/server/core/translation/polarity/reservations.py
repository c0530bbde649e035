"""Whether each side has what the other takes back by: the former minister is no minister, `may leave` is not `leaves`.

Five kinds: who held an office before, who holds it for another or for the time being, what is only claimed, what may be
so. Each kind asks for an answer by words that the other side of open corpora answers in nearly every pair, and is
answered by any word that may do it, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import regex

__all__ = ["keeps_reservations"]

_MARKS = regex.compile(r"[\u064b-\u0652\u0640]")
_OFFICES = (
    "رئيس|وزير|محافظ|مدير|قائد|[أا]مين|حاكم|عميد|عمدة|مستشار|سفير|ملك|نائب|مبعوث|عضو|زعيم|مسؤول|ضابط|مدرب|لاعب|نجم"
)


class _Reservation(NamedTuple):
    """How each language takes something back, and what of the other one may answer it.

    A text without any of the signs is not searched: most have none.
    """

    english_signs: Sequence[str]
    english: regex.Pattern[str]
    arabic_answers: regex.Pattern[str]
    arabic_signs: Sequence[str]
    arabic: regex.Pattern[str]
    english_answers: regex.Pattern[str]


def _of(
    english_signs: Sequence[str],
    english: str,
    arabic_answers: str,
    arabic_signs: Sequence[str],
    arabic: str,
    english_answers: str,
) -> _Reservation:
    return _Reservation(
        english_signs,
        regex.compile(rf"\b(?:{english})"),
        regex.compile(arabic_answers),
        arabic_signs,
        regex.compile(rf"(?<!\w)(?:{arabic})(?!\w)"),
        regex.compile(rf"\b(?:{english_answers})", regex.IGNORECASE),
    )


_RESERVATIONS: Sequence[_Reservation] = (
    _of(
        ("eputy", "vice", "Vice"),
        r"(?i:deputy)(?= \w)(?! (?:of|from|for)\b)"
        r"|(?i:vice)[- ](?i:president|prime|chair\w*|premier|minister|governor|mayor|chancellor|dean|speaker)\b",
        # كاهية is the deputy director of a Tunisian office.
        "نائب|نيابة|وكيل|وكالة|مساعد|معاون|كاهية",
        ("نائب",),
        rf"[وفبل]?نائب[ةيا]? (?:ال|ل)?(?:{_OFFICES})ة?",
        r"deputy|deputies|vice|assistant|acting|under-?secretar|mps?\b|second-in|number two",
    ),
    _of(
        ("ormer", "ex-", "Ex-"),
        # `The former` is also the first of two.
        r"former\b(?<!\b[Tt]he former(?= (?:is|was|and|to|of|has|are|were|in|being|does|state|may|can)\b|[,;.]))"
        r"|Former\b|(?<![\w.])[Ee]x-(?!p[ao]|detainee)",
        "سابق|سبق|سباق|راحل|قديم|قدام|مخلوع|متنحي|سالف|معزول|منصرف|فارط|منتهي",
        ("السابق", "سبق"),
        rf"(?:ال(?:{_OFFICES})ة? (?:\w+ ){{0,2}}?|(?:{_OFFICES}|وزراء|رؤساء)ة? (?:\w+ ){{1,3}}?)"
        r"ال(?:سابق|[أا]سبق)(?:ة|ين|ون)?",
        r"former|previous|ex\b|past\b|prior|preced|once|then[- ]|late\b|outgoing|oust|depos|predecess|toppled|retired"
        r"|used to",
    ),
    _of(
        ("cting ",),
        r"(?i:acting (?:president|director|head|minister|chief|prime|secretary|chair|governor|mayor|ambassador))",
        "نابة|نيابة|مؤقت|مكلف|مفوض|تصريف|قا[ئي]م|وكالة|وقتي|انتقالي",
        ("بالنيابة", "نابة"),
        "بال(?:نيابة|[إا]نابة)",
        "acting|interim|behalf|deputy|caretaker|temporar|vice|proxy|provisional|represent",
    ),
    _of(
        ("lleged", "urported"),
        r"(?i:alleged(?:ly)?|purported(?:ly)?)\b",
        "زعم|مزاعم|[اإ]د[عّ]|تهم|[اإ]تها?م|فترض|شتب|يقال|قيل|يسمى|شبهة|محتمل|نسب|منسوب|حسب|دعو|يعتقد|قال|قول|تعلة|وفق",
        ("زعم", "زاعم"),
        "[وفبل]?(?:ال|لل)?(?:زعم|زعمت|زعموا|يزعم|تزعم|يزعمون|زاعما|زاعمة|مزعوم|مزعومة|مزعومين|مزاعم)",
        r"claim|alleg|purport|suppos|preten|assert|contend|so-called|maintain|argu|said\b|says?\b|insist|report|imagin"
        r"|self-styled|belie[fv]|accus(?!ed(?! of))|declar|what it call|profess|perceiv|think|thought|assum",
    ),
    _of(
        ("erhaps", "ossibly", "aybe", "might ", " may "),
        r"(?i:perhaps|possibly|maybe)\b"
        r"|may(?= (?:have|be|also|even|not|well|lead|cause)\b)(?<!(?:ever|that|so that (?:\w{1,20} ){1,5}) may)"
        r"|(?<!\b(?:military|its|their|the|of|his|with|and|all) )might(?= \w)(?! and\b)"
        # By any verb behind whoever it is: the month has a capital.
        r"|(?<=\b(?:he|she|it|they|we|who|which) )may(?= [a-z])(?!\s\w+\s(?:him|her|us)\b)",
        r"(?<!\w)(?:[وفل]?قد|عسى|[وف]?لعل\w*)(?!\w)|ربما|مكن|[إا]مكان|حتم[الّ]|جوز|جائز|رجح|رجى|سمح|خش[يى]|توقع|عتقد|ظن"
        "|يبدو|أحيان|فترض",
        ("ربما", "لعل", "محتمل", "ممكن", "يحتمل أن", "قد ي", "قد ت", "قد لا"),
        r"[وف]?(?:ربما|لعل|لعله|لعلها|من (?:ال)?(?:ممكن|محتمل)|يحتمل أن"
        r"|قد (?:لا )?(?:ي\p{L}{2,}|تكون|تؤدي|تصل|تشهد|تواجه|تتسبب|تحتاج))",
        r"may|might|could|perhaps|possib|can\b|cannot|can't|likel|potential|probab|would|seem|appear|conceivab|chance"
        r"|risk|expect|sometimes|suspect|should|prospect|believed|thought|liable|unlikel|apparent|presumabl|imposs"
        r"|i wonder|eventual",
    ),
)


def keeps_reservations(arabic: str, english: str) -> bool:
    """Whether each side has a word for every kind of reservation of the other, wherever it stands."""
    plain = _MARKS.sub("", arabic)
    return not any(_is_lost(kind, plain, english) for kind in _RESERVATIONS)


def _is_lost(kind: _Reservation, arabic: str, english: str) -> bool:
    if (
        any(map(english.__contains__, kind.english_signs))
        and kind.english.search(english)
        and not kind.arabic_answers.search(arabic)
    ):
        return True
    return (
        any(map(arabic.__contains__, kind.arabic_signs))
        and kind.arabic.search(arabic) is not None
        and not kind.english_answers.search(english)
    )
