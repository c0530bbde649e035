"""Whether two names have changed places about a verb: Iran accused Israel, اتهمت إسرائيل إيران.

Arabic names who did it before whom it was done to, as English does, unless a passive or a subject without article comes
between. So a pair is looked at where the English has one name close before a verb of a list and another close behind
it, each has one counterpart in the Arabic, and nothing speaks of a passive.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex
from khulasa.server.core.translation.names.sides import LIKELY_SOUND, words_alone
from khulasa.server.core.translation.names.words import ArabicWord, EnglishWord

__all__ = ["roles_changed"]

# Not among them: who met whom says the same both ways, and a place that is visited often comes first in Arabic.
_VERB = (
    "accus|criticis|criticiz|condemn|denounc|attack|kill|beat|defeat|invad|bomb|shell|occup|urg|warn|ask|call|invit|thank"
    "|prais|back|support|oppos|reject|receiv|host|threaten|sue|arrest|expel|summon|brief|replac|succeed|suppl|sell|sold"
    "|bought|buy|gave|give|sent|send|lend|lent|paid|pay|tell|told|dismiss|appoint|interview|challeng|provok|target"
    "|inform|follow|betray|insult|help|sanction|strik|struck|hit|shot|shoot|captur|intercept|outnumber|overtook"
)
_NAME = r"\p{Lu}\p{Ll}{3,30}+"
_ABOUT = regex.compile(
    rf"(?<![\p{{L}}-])({_NAME})(?: [a-z]{{1,20}}+){{0,1}}? (?:{_VERB})(?:e?[ds]|es|ies|ing)?"
    rf"(?: (?:on|against|the|a|an|of|to|its|his|oil|gas)){{0,2}} (?:\p{{Lu}}\p{{Ll}}{{1,30}}+ ){{0,2}}?({_NAME})"
)
_PASSIVE = regex.compile(r" (?:was|were|been|being|be|is|are|by) ")
# 600 Russian tourists visited Tunisia: زار تونس 600 سائح روسي.
_COUNTED = regex.compile(r"\d\s$")
_BY = regex.compile(r"من قبل|على (?:يد|أيدي)|من جانب|من طرف|بيد|بواسطة")
# Further apart they are of two clauses.
_MOST_APART = 8


def roles_changed(text: str, english: Sequence[EnglishWord], arabic_text: str, arabic: Sequence[ArabicWord]) -> bool:
    """Whether two names stand about a verb in one order here, and in the other there.

    Args:
        text: The English side.
        english: Its words.
        arabic_text: The Arabic side.
        arabic: Its words.
    """
    for match in _ABOUT.finditer(text):
        if _PASSIVE.search(match[0]) or _BY.search(arabic_text) or _COUNTED.search(text, 0, match.start()):
            continue
        places = [_only_place(name, english, arabic) for name in match.groups()]
        first, second = places
        if first is not None and second is not None and 0 < first - second <= _MOST_APART:
            return True
    return False


def _only_place(name: str, english: Sequence[EnglishWord], arabic: Sequence[ArabicWord]) -> int | None:
    """Where the one word stands that answers a name, which itself stands once; None for none or several."""
    same = [word for word in english if word.text[:4] == name[:4]]
    if len(same) != 1 or not same[0].named or name.endswith("day"):
        return None
    found = words_alone(same[0], arabic, LIKELY_SOUND)
    return arabic.index(found[0]) if len(found) == 1 else None
