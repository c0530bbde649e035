"""Whether what must be, may be and will be is so on both sides: `may renew` is not يجب, `will announce` not قد تعلن.

A side must say one of them that the other does not, while the other says another one; a duty must have an answer by
itself. Sides with a denial are let pass: `may not` is `must not`, and لا يمكن is either.
"""

from __future__ import annotations

import regex

__all__ = ["keeps_modality"]

_DENIES = regex.compile(
    r"\b(?:not|never|no|nor|neither|without|cannot)\b|n['’]t\b|(?<!\w)[وف]?(?:لا|لم|لن|ليس|ليست|دون|عدم|غير)(?!\w)"
)
_MARKS = regex.compile(r"[\u064b-\u0650\u0652\u0640]")
_BEGINS = r"(?<!\w)[وف]?"

# What surely says so, and what may say so, of each language.
_MUST = regex.compile(r"\b(?:must|ha(?:s|ve|d) to(?! do with))\b", regex.IGNORECASE)
_OBLIGES = regex.compile(
    r"\b(?:must|should|shall|ought|ha(?:s|ve|d) to|need\w*|oblig\w*|requir\w*|necess\w*|compulsory|mandatory)\b",
    regex.IGNORECASE,
)
_MAY_OBLIGE = regex.compile(
    rf"{_OBLIGES.pattern}|\b(?:having to|mandat|forc|compel|essential|imperative|vital|crucial|important|due"
    r"|dut(?:y|ies)|bound|supposed|call|urg|demand|let|please|responsib|order|recommend|advis|it is up to"
    r"|(?:are|is|was|were) to|incumbent|got to|entail|would|deserv|only|worth|rule|subject|could|can|better|insist"
    r"|too\b|than\b|to be\b|sure to|(?:what|how|which|where) to)",
    regex.IGNORECASE,
)
_CAN = regex.compile(r"\b(?:can|could|might|may(?! \d))\b")
_MAY = regex.compile(r"\b(?:might|could|likely|may(?! \d))\b")
_ALLOWS = regex.compile(
    r"\b(?:can|could|may|might|abl[ey]|possib\w*|perhaps|allow\w*|entitl\w*|likel\w*|probab\w*|potential\w*|would"
    r"|permi\w*|enabl\w*)\b",
    regex.IGNORECASE,
)
_MAY_BE = regex.compile(
    rf"{_ALLOWS.pattern}|\b(?:seem|appear|expect|chance|risk|sometimes|should|if\b|whether|suspect|unlikely|maybe|manag)",
    regex.IGNORECASE,
)
_WILL = regex.compile(r"\b(?:will|shall)\b|['’]ll\b", regex.IGNORECASE)

_MUST_ARABIC = regex.compile(rf"{_BEGINS}(?:يجب|يتعي[نّ]ن?|يتوجب|ينبغي)(?!\w)(?<!م?ما (?:ينبغي|يجب))")
_MAY_OBLIGE_ARABIC = regex.compile(
    r"يجب|تجب|وجب|واجب|وجوب|تعي[نّ]|ينبغ|ستوجب|لزم|لزام|[إا]جبار|جبر|لا ?بد|ضطر|ضرور|حتاج|حاج[ةت]|تطلب|قتض|فرض|مفروض"
    r"|طا?لب|(?<!\w)[وف]?على(?!\w)|(?<!\w)[وف]?علي(?:ه|ها|هم|نا|ك|كم|هما)(?!\w)|مطلوب|تحتم|دعو|دعا|من شأن|ملز|يكون|تكون"
    r"|شترط|شرط"
)
# يمكّن من is `enables`; قد تمكنت is of the past.
_CAN_ARABIC = regex.compile(
    rf"{_BEGINS}(?:يمكن(?:ه|ها|هم|نا|ك|كم|هما)?(?! من(?!\w))|[يت]ستطيع\w{{0,3}}|[يت]جوز|بإمكان\w*|يحق|ربما"
    r"|قد [يت]\p{L}{2,20}+(?<!ت)|من (?:ال)?(?:محتمل|ممكن))(?!\w)"
)
_MAY_BE_ARABIC = regex.compile(
    r"(?<!\w)(?:[وفل]?قد|عسى|[وف]?لعل\w*)(?!\w)|ربما|مك[نّ]|[إا]مكان|حتم[الّ]|جوز|جائز|رجح|رجى|سمح|خش[يى]|توقع|عتقد|ظن|يبدو"
    r"|فترض|ستطاع|ستطيع|قدر|قادر|حق|ت[اي]ح|فرص|أهل|قابل|كاد|[إا]ذا|(?<!\w)لو(?!\w)|سهل|[أا]حيان|كفيل|شأن|وسع|تسن[ىّ]"
)
# A verb that is to come begins as policy and car do.
_WILL_ARABIC = regex.compile(
    rf"{_BEGINS}(?:سوف|س[يتن](?!اس|ار|د|طر|نا|ول|ف|ة|ون|ي)\p{{L}}{{3,}})(?!\w)",
)


def keeps_modality(arabic: str, english: str) -> bool:
    """Whether no duty, possibility or what is to come is taken for another of them."""
    must, can, will = _MUST.search(english), _CAN.search(english), _WILL.search(english)
    plain = _MARKS.sub("", arabic)
    must_there, can_there = _MUST_ARABIC.search(plain), _CAN_ARABIC.search(plain)
    may = _MAY.search(english)
    if not (must or may or must_there or (can_there and will)) or _DENIES.search(english) or _DENIES.search(plain):
        return True
    if must_there and (
        not _MAY_OBLIGE.search(english) or (can and not _OBLIGES.search(english) and not _MAY_BE_ARABIC.search(plain))
    ):
        return False
    if must and (not _MAY_OBLIGE_ARABIC.search(plain) or (can_there and not _ALLOWS.search(english))):
        return False
    if will and can_there and not _MAY_BE.search(english):
        return False
    return not (may and _WILL_ARABIC.search(plain) and not _MAY_BE_ARABIC.search(plain))
