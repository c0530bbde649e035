"""The signs of the target language: punctuation, spacing and invisible marks of a translation put right.

Models mix the signs of both languages: `نعم, لا?` or `yes، no`. Words are not touched, nor links, addresses, hashtags,
names of users, code, numbers, or what stands between Latin words inside Arabic.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.protect import protected_items

__all__ = ["typeset"]

# Bidi controls, invisible spaces, byte order marks: a plain text needs none, and they break searching and quoting.
# The joiners between letters and emoji (U+200C, U+200D) are spelling and stay.
_STRAY = regex.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_TO_ARABIC = {",": "،", ";": "؛", "?": "؟"}
_TO_ENGLISH = str.maketrans("،؛؟٪٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", ",;?%01234567890123456789")
# The decimal and thousands signs stand between digits only.
_ARABIC_DECIMAL, _ARABIC_THOUSANDS = regex.compile(r"(?<=\d)٫(?=\d)"), regex.compile(r"(?<=\d)٬(?=\d)")
_WESTERN_SIGN = regex.compile(
    r"(?<entity>&#?\w{2,8};)|(?<before>[^\s,;?]|(?<!\s)|\G)\s*+(?<sign>[,;?])(?<after>\s*)(?=(?<next>\S?))"
)
# Straight marks stay: both development sets' Arabic has them, 506 times, and no «».
_PAIRED = regex.compile(r"[“„]([^“”„«»\"]*)[”“]")
_ARABIC_LETTER = r"[\p{Arabic}&&\p{L}]"
_ARABIC = regex.compile(_ARABIC_LETTER, regex.V1)
_LATIN = regex.compile(r"\p{Latin}")
_SPACE_BEFORE = regex.compile(r"(?<=\S)[ \u00a0]+(?=[،؛؟!:.](?:\s|$|[»\"”)]))")
_SPACE_INSIDE = regex.compile(
    r"(?<=«)[ \u00a0]+|(?<![ \u00a0])[ \u00a0]++(?=»)|(?<=\()[ \u00a0]+(?=\S)|(?<=\S)[ \u00a0]+(?=\))"
)
_NO_SPACE_AFTER = regex.compile(rf"(?<=[،؛؟])(?=\p{{L}})|(?<={_ARABIC_LETTER}[!:.])(?={_ARABIC_LETTER}{{2}})", regex.V1)
_LONE_AND = regex.compile(rf"(?<![\p{{L}}\p{{N}}])و[ \u00a0]+(?={_ARABIC_LETTER}{{2}})", regex.V1)
_SPACES = regex.compile(r" {2,}")


def typeset(text: str, language: str, kept: Sequence[str] = ()) -> str:
    """`text` with the signs of `language`, `ar` or `en`; other languages lose stray marks and change no further.

    Arabic: ، ؛ ؟, «» for “”, no space before a stop and one after it, `و` joined to its word. English: , ; ? % and
    Western digits. Bidi marks go from both.

    Args:
        text: A translation.
        language: Its language.
        kept: Texts that stay as they are wherever they stand, such as glossary targets.
    """
    text = _STRAY.sub("", text)
    if language not in ("ar", "en") or (language == "en" and text.isascii()):
        return text
    change = _arabic if language == "ar" else _english
    pieces, at = [], 0
    for span in _untouched(text, kept):
        pieces += [change(text[at : span.start]), span.of(text)]
        at = span.end
    return "".join([*pieces, change(text[at:])])


def _untouched(text: str, kept: Sequence[str]) -> list[Span]:
    """Places that stay as they are, in order, not overlapping."""
    places = [item.span for item in protected_items(text)]
    for term in kept:
        start = text.find(term)
        while start >= 0:
            places.append(Span(start, start + len(term)))
            start = text.find(term, start + len(term))
    apart: list[Span] = []
    for span in sorted(places):
        if not apart or span.start >= apart[-1].end:
            apart.append(span)
        elif span.end > apart[-1].end:
            apart[-1] = Span(apart[-1].start, span.end)
    return apart


def _english(text: str) -> str:
    return _ARABIC_THOUSANDS.sub(",", _ARABIC_DECIMAL.sub(".", text)).translate(_TO_ENGLISH)


def _arabic(text: str) -> str:
    text = _WESTERN_SIGN.sub(_sign, text)
    text = _PAIRED.sub(_guillemets, text)
    # First the space after a stop: without it the one before is not told from that of a stray sign.
    text = _NO_SPACE_AFTER.sub(" ", text)
    text = _SPACE_INSIDE.sub("", _SPACE_BEFORE.sub("", text))
    return _SPACES.sub(" ", _LONE_AND.sub("و", text))


def _sign(match: regex.Match[str]) -> str:
    if match["entity"]:
        return match[0]
    before, sign, after, following = match["before"], match["sign"], match["after"], match["next"]
    number = sign == "," and before.isdigit() and following.isdigit() and not after
    latin = bool(_LATIN.match(before)) and (not following or bool(_LATIN.match(following)))
    return match[0] if number or latin else f"{before}{_TO_ARABIC[sign]}{after}"


def _guillemets(match: regex.Match[str]) -> str:
    return f"«{match[1]}»" if _ARABIC.search(match[1]) else match[0]
