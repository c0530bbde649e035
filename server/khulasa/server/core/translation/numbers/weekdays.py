"""Whether a day of the week was lost or became another: Wednesday is as much of a date as its number.

The days of each side must stand on the other: which day today is the sentence does not say, and a translation that
names it has it from elsewhere. Not asked for: الاثنين where it may be `the two`, a day that its own side calls today as
well (اليوم الأربعاء) where the other says today, and what the other side writes as a name (صنداي تايمز).
"""

from __future__ import annotations

import regex
from khulasa.server.core.translation.alignment.units import fold_arabic

__all__ = ["weekdays_differ"]

# Sunday first. In English also as it is cut short; in Arabic folded, as it begins behind its article.
_CUT = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ARABIC = ("احد", "اثنين", "ثلاثاء", "اربعاء", "خميس", "جمعة", "سبت")
_FOLDED = {fold_arabic(day): place for place, day in enumerate(_ARABIC)}
_MONDAY = _ARABIC.index("اثنين")
# أحد without an article is one of some; with لـ alone it is, too: لأحد الأقسام.
_ARABIC_DAY = regex.compile(
    rf"(?<!\w)(?:[وفبك]?(?:ال|لل)|(?<=يوم )|(?<=ايام ))({'|'.join(_FOLDED)})(?!\w)"
    r"|(?<!\w)[وب]?(احد)(?=\s(?:السعف|الشعانين|الفصح|القيام))"
)
_ENGLISH_DAY = regex.compile(r"\b(Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)days?\b")
_ENGLISH_CUT = regex.compile(r"\b(sun|mon|tue|wed|thu|fri|sat)(?:s|rs|nes|ur)?(?:days?)?\b", regex.IGNORECASE)
# الاثنين is `the two` behind a dual, and where the English says so; not with a time of day before or a date behind it.
_TIMES = "|".join(map(fold_arabic, ("يوم", "يومي", "أمس", "مساء", "صباح", "فجر", "ليلة", "ظهر", "عصر", "منذ", "حتى")))
_BEFORE_MONDAY = regex.compile(rf"(?<!\w)[وفبل]?(?:ال)?(?:{_TIMES})\s$")
_AFTER_MONDAY = regex.compile(r"\s(?:\(?\d|ال(?:ماضي|مقبل|قادم|جاري|موافق|منصرم))")
_DUAL = regex.compile(r"(?:ين|ان)\s$")
_TWO = regex.compile(r"\b(?:two|both|pair|couple|duo|twins?|2)\b", regex.IGNORECASE)
_LONGEST_BEFORE = 10
# A day that is told from today, on either side; and one that is named right behind such a word.
_NEAR = rf"(?:ال(?:يوم|{fold_arabic('ليلة')}|{fold_arabic('بارحة')})|امس|غدا?)"
_ARABIC_NEAR = regex.compile(rf"(?<!\w)[وفبل]?{_NEAR}(?!\w)")
_ARABIC_NAMED = regex.compile(rf"(?<!\w)[وفبل]?{_NEAR}\W++(?:ال|لل)({'|'.join(_FOLDED)})(?!\w)")
_NEAR_WORDS = "(?:today|yesterday|tomorrow|tonight|overnight|eve)"
_ENGLISH_NEAR = regex.compile(rf"\b{_NEAR_WORDS}\b", regex.IGNORECASE)
_ENGLISH_NAMED = regex.compile(rf"\b{_NEAR_WORDS}\b,? (Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)day", regex.IGNORECASE)
# Days within names, as the other side spells them: صنداي تايمز, Souk El Khemis.
_ARABIC_SPELLED = regex.compile(r"(?<!\w)\p{Arabic}{2,5}د[اي]ي?(?!\w)")
_ENGLISH_SPELLED = regex.compile(
    r"\b[AE]l[- ]?(?:A?had|[IE]th?n[ae][iy]n|Th?ala[th]h?a|Arb[ai]['’]?a|Sabt)\b"
    r"|\b(?:[AE]l-?)?(?:Larb[ae]a|Kh[ae]mis|(?:Dj|[JG])[oue]m+[oua]?['’]?ah?)\b"
)


def weekdays_differ(arabic: str, folded: str, english: str) -> bool:
    """Whether a day of the week stands on one side only.

    Args:
        arabic: One side.
        folded: The same with its letters folded.
        english: The other.
    """
    theirs = {_CUT.index(day[:3].lower()) for day in _ENGLISH_DAY.findall(english)} if "day" in english else set()
    named = any(day in folded for day in _FOLDED)
    found = [(_FOLDED[match[1] or match[2]], match) for match in _ARABIC_DAY.finditer(folded)] if named else []
    if not theirs and not found:
        return False
    added = theirs - {day for day, _ in found}
    if added and _ARABIC_NEAR.search(folded):
        added -= {_CUT.index(day[:3].lower()) for day in _ENGLISH_NAMED.findall(english)}
    if added and not _ARABIC_SPELLED.search(folded):
        return True
    said = {_CUT.index(day.lower()) for day in _ENGLISH_CUT.findall(english)}
    lost = {day for day, match in found if day != _MONDAY or _is_monday(arabic, folded, match, english)} - said
    if lost and _ENGLISH_NEAR.search(english):
        lost -= {_FOLDED[day] for day in _ARABIC_NAMED.findall(folded)}
    return bool(lost) and not _ENGLISH_SPELLED.search(english)


def _is_monday(arabic: str, folded: str, match: regex.Match[str], english: str) -> bool:
    start, end = match.span()
    before = max(0, start - _LONGEST_BEFORE)
    return (
        "إثنين" in arabic  # الاثنين alone is a numeral as well
        or _AFTER_MONDAY.match(folded, end) is not None
        or _BEFORE_MONDAY.search(folded, before, start) is not None
        or not (_DUAL.search(folded, before, start) or _TWO.search(english))
    )
