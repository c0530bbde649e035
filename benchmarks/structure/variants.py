"""The same article as other scrapers, keyboards and editors would deliver it."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable

__all__ = ["VARIANTS"]

_LETTER = re.compile(r"[\u0621-\u064a]")
# Letters that join the next one: only after them tatweel is written.
_JOINING = frozenset("بتثجحخسشصضطظعغفقكلمنهيئـ")
_FORMS = {"لا": "\ufefb", "لأ": "\ufef7"}
_LETTERS = frozenset(map(chr, range(0x621, 0x64B)))
_NOT_JOINING = frozenset("اأإآدذرزوؤةىء")


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


def _shapes() -> dict[tuple[str, str], str]:
    """Presentation forms by letter and place in the word."""
    out: dict[tuple[str, str], str] = {}
    for code in (*range(0xFB50, 0xFDF0), *range(0xFE70, 0xFEFD)):
        place, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        if len(letters) == 1:
            out.setdefault((chr(int(letters[0], 16)), place), chr(code))
    return out


def _shaped(text: str) -> str:
    """The text as old files have it: each Arabic letter in the form of its place."""
    shapes = _shapes()
    out = []
    for before, char, after in zip(" " + text, text, text[1:] + " ", strict=False):
        joined = before in _LETTERS and before not in _NOT_JOINING and char != "ء"
        joins = char not in _NOT_JOINING and after in _LETTERS and after != "ء"
        place = "<medial>" if joined and joins else "<final>" if joined else "<initial>" if joins else "<isolated>"
        out.append(shapes.get((char, place), char))
    return "".join(out)


def _unseen(text: str) -> str:
    draw = random.Random(4)
    return re.sub(r"(?<=\w) (?=\w)", lambda m: m[0] + draw.choice(("", "\u200b", "\u2060", "\ufeff", "\u200d")), text)


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
    "all presentation forms": _shaped,
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "zero-width characters": _unseen,
    "direction of each line": lambda text: re.sub(r"(?m)^(?=\S)(.*\S)", "\u202b\\1\u202c", text),
    "line separators": lambda text: re.sub(r"\r?\n", "\u2028", text),
    "indented, trailing spaces": lambda text: re.sub(r"(?m)^(?=\S)(.*\S)", "\u3000 \\1 \t", text),
    "narrow spaces": lambda text: text.replace(" ", "\u202f"),
    "Persian digits": lambda text: re.sub(r"[0-9]", lambda m: chr(0x6F0 + int(m[0])), text),
    # A flag, a heart with the mark of its shape, a ball, a family of three joined.
    "emoji at line ends": lambda text: re.sub(
        r"(?m)(?<=\S)$", " \U0001f1f8\U0001f1e6\u2764\ufe0f\u26bd\U0001f469\u200d\U0001f469\u200d\U0001f467", text
    ),
    "curly quotes": lambda text: text.replace("«", "“").replace("»", "”"),
}
