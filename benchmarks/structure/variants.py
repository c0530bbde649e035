"""The same article as other scrapers, keyboards and editors would deliver it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

__all__ = ["VARIANTS"]

_LETTER = re.compile(r"[\u0621-\u064a]")
# Letters that join the next one: only after them tatweel is written.
_JOINING = frozenset("بتثجحخسشصضطظعغفقكلمنهيئـ")
_FORMS = {"لا": "\ufefb", "لأ": "\ufef7"}


def _after_letters(text: str, draw: random.Random, chosen: Callable[[str], str]) -> str:
    out = []
    for char, following in zip(text, text[1:] + " ", strict=True):
        out.append(char)
        if _LETTER.match(char) and _LETTER.match(following) and draw.random() < 0.3:
            out.append(chosen(char))
    return "".join(out)


def _tatweel(text: str) -> str:
    return _after_letters(text, random.Random(1), lambda char: "\u0640" if char in _JOINING else "")


def _diacritics(text: str) -> str:
    draw = random.Random(2)
    return _after_letters(text, draw, lambda _: draw.choice("\u064e\u064f\u0650\u0651\u0652"))


def _bidi_marks(text: str) -> str:
    draw = random.Random(3)
    return re.sub(
        r"(?<=\S) (?=\S)|(?<=[.،])|(?m:^(?=\S))", lambda m: m[0] + draw.choice(("", "", "\u200f", "\u200e")), text
    )


def _western_digits(text: str) -> str:
    return re.sub(r"[\u0660-\u0669]", lambda m: str(ord(m[0]) - 0x660), text)


# Name, and what is done to a text.
VARIANTS: dict[str, Callable[[str], str]] = {
    "CRLF": lambda text: re.sub(r"\r?\n", "\r\n", text),
    "CR": lambda text: re.sub(r"\r?\n", "\r", text),
    "tatweel": _tatweel,
    "diacritics": _diacritics,
    "bidi marks": _bidi_marks,
    "byte order mark": lambda text: "\ufeff" + text,
    "presentation forms": lambda text: re.sub("لا|لأ", lambda m: _FORMS[m[0]], text),
    "Arabic-Indic digits": lambda text: re.sub(r"[0-9]", lambda m: chr(0x660 + int(m[0])), text),
    "western digits": _western_digits,
    "doubled spaces": lambda text: text.replace(" ", "  "),
    "no-break spaces": lambda text: text.replace(" ", "\xa0"),
    "missing final stops": lambda text: re.sub(r"(?<!\.)\.(?=[ \t]*(?:\r?\n|$))", "", text),
    "curly quotes": lambda text: text.replace("«", "“").replace("»", "”"),
}
