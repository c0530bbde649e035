"""A segment as the model is to read it, with the way back; and the view of a text that the rules match on.

Offsets are never shifted by hand: `MappedText` keeps where each character came from.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

import numpy as np
import regex
from khulasa.server.core.text.mapping import CharacterTable, MappedText

__all__ = ["as_typed", "normalize", "plainly_written", "view"]

# Vowel signs, tatweel, Quranic marks. Hamza and madda above (0653 to 0655) make letters where they were typed apart.
_MARK_RANGES = (
    *((0x610, 0x61A), (0x640, 0x640), (0x64B, 0x652), (0x656, 0x65F)),
    *((0x670, 0x670), (0x6D6, 0x6DC), (0x6DF, 0x6E8), (0x6EA, 0x6ED), (0x8D3, 0x8E1), (0x8E3, 0x8FF)),
)
_ARABIC_MARKS = frozenset(code for first, last in _MARK_RANGES for code in range(first, last + 1))
_MARKS = regex.compile(f"[{''.join(map(chr, sorted(_ARABIC_MARKS)))}]+")
# Characters for each mark in a text that is written with vowels; in the news there are 50 and more.
_VOWELLED = 10
# What PDF files, pages of both directions and some keyboards make of letters, each of which is another one as typed.
_UNSEEN = regex.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_DRAWN = regex.compile("[\ufb50-\ufdfb\ufe70-\ufefc]+|\\p{L}[\u064b-\u0652]*[\u0653-\u0655]\\p{M}*")
# Joiners and the choice of a shape, which other scripts and emoji need.
_JOINERS = frozenset([0x200C, 0x200D])
_SELECTORS = frozenset([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
# Letters that look like others: presentation forms, ligatures, wide and mathematical letters, dots in one character.
# Not fractions and powers, whose value would change: 10² is not 102.
_COMPATIBLE = (
    *(range(0x132, 0x134), range(0x2024, 0x2027), range(0xFB00, 0xFB07), range(0xFB50, 0xFDFC)),
    *(range(0xFE70, 0xFEFD), range(0xFF01, 0xFF5F), range(0x1D400, 0x1D800)),
)
_DOUBLE_QUOTES, _SINGLE_QUOTES, _DASHES = "“”„‟❝❞〝〞", "‘’‚‛", "‐‑‒–—―−"
# Letters of Persian and Urdu keyboards in Arabic words; those that Arabic does not have (گ, پ) stay.
_LETTERS = {"ٱ": "ا", "ی": "ي", "ک": "ك", "ھ": "ه", "ہ": "ه", "ۀ": "ه", "ە": "ه", "ۃ": "ة"}
_FOLDED_LETTERS = {**dict.fromkeys("أإآٱ", "ا"), **dict.fromkeys("ىیې", "ي"), **dict.fromkeys("ةھہۀەۃ", "ه"), "ک": "ك"}
_COMBINED = regex.compile(r"\p{L}\p{M}++")
# Hamza typed apart above ya and waw, vowel signs between: the view would lose it.
_APART = regex.compile(r"[\u0648\u064A][\u064B-\u0652]*+\u0654\p{Mn}*+")
# Emoji, flags and skin tones, which tell nothing of a line; not signs that are read, nor small squares before items.
_PICTURE = regex.compile(
    r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\U0001F1E6-\U0001F1FF--[©®™‼⁉▪▫〰〽㊗㊙]]", regex.V1
)
_KEYCAP = "\u20e3"
_INVISIBLE = frozenset({"Cf", "Cc", "Mn", "Me"})
# Latin letters with accents, which are typed apart too: the view has them without.
_ACCENTED = (range(0xC0, 0x250), range(0x1E00, 0x1F00))


def normalize(text: str, *, joiners: bool = True) -> MappedText:
    """A segment as the model is to read it.

    Presentation forms, ligatures, wide letters, tatweel, vowel signs, direction marks and other invisible characters,
    Arabic-Indic and Persian digits with their separators, Persian letters, curly quotes and odd or doubled spaces all
    become what a model has seen most; letters and marks typed apart become one. Words, their order and values stay.

    Args:
        text: Any text, lone surrogates and NUL included.
        joiners: Whether marks stay that join letters or emoji, keep them apart or choose their shape.

    Returns:
        The text with the way back; white space at the ends is kept as one space.
    """
    mapped = _model_table(joiners).apply(text)
    return mapped if unicodedata.is_normalized("NFC", mapped.text) else _composed(mapped, _COMBINED)


def as_typed(text: str) -> str:
    """A text without marks of direction and invisible signs, each letter as it is typed: its words and signs stay.

    Presentation forms are spelt out, hamza and madda are one with the letter below. For tests, which know no offsets.
    """
    if text.isascii():
        return text
    return _DRAWN.sub(lambda match: unicodedata.normalize("NFC", "".join(map(_typed, match[0]))), _UNSEEN.sub("", text))


def _typed(char: str) -> str:
    return _plain(char) if char > "\ufb4f" else char


def plainly_written(text: str) -> str:
    """A text as it would be printed: with vowel signs or tatweel throughout it loses them, any other is as it is.

    A sign here and there, as newspapers write it, is part of what sentence encoders have seen.
    """
    plain = _MARKS.sub("", text)
    return plain if (len(text) - len(plain)) * _VOWELLED > len(text) else text


def view(text: str) -> MappedText:
    """A text as the rules see it: letters, digits, quotes and dashes of one shape, single spaces, nothing invisible.

    Alef, final ya and ta marbuta are folded, as many newsrooms write them one for another, and Latin letters have no
    accents; case stays. Emoji are spaces, and a digit on a key, which opens items, is followed by a bracket.
    """
    if _APART.search(text) is None:
        return _view_table().apply(text)
    bounds = np.arange(len(text) + 1, dtype=np.int32)
    composed = _composed(MappedText(text, bounds[:-1], bounds[1:], len(text)), _APART)
    seen = _view_table().apply(composed.text)
    return MappedText(seen.text, composed.starts[seen.starts], composed.ends[seen.ends - 1], len(text))


def _composed(mapped: MappedText, apart: regex.Pattern[str]) -> MappedText:
    """Letters with the marks that follow them, as `apart` finds them, as one character where there is one."""
    pieces: list[str] = []
    origins: list[tuple[int, int]] = []
    done = 0
    for match in apart.finditer(mapped.text):
        begin, end = match.span()
        composed = unicodedata.normalize("NFC", match[0])
        pieces += [mapped.text[done:begin], composed]
        origins += [(at, at + 1) for at in range(done, begin)] + [(begin, end)] * len(composed)
        done = end
    pieces.append(mapped.text[done:])
    origins += [(at, at + 1) for at in range(done, len(mapped.text))]
    bounds = np.array(origins, dtype=np.int32).reshape(-1, 2)
    return MappedText("".join(pieces), mapped.starts[bounds[:, 0]], mapped.ends[bounds[:, 1] - 1], mapped.source_length)


def _plain(char: str) -> str:
    """A compatibility letter spelt out, without the marks that some bring along."""
    spelt = unicodedata.normalize("NFKC", char)
    return "".join(letter for letter in spelt if ord(letter) not in _ARABIC_MARKS).strip()


@lru_cache(maxsize=2)
def _model_table(joiners: bool) -> CharacterTable:
    invisible = _of_categories("Cf", "Cc")
    invisible = invisible - _JOINERS if joiners else invisible | _SELECTORS
    changed = {**_LETTERS, **dict.fromkeys(_DOUBLE_QUOTES, '"'), **dict.fromkeys(_SINGLE_QUOTES, "'"), **_digits()}
    return _table(invisible | _ARABIC_MARKS, changed | {"٫": ".", "٬": ","}, _spaces())


@cache
def _view_table() -> CharacterTable:
    dropped = (_of_categories("Cf", "Cc", "Mn", "Me") | {0x640}) - {ord(_KEYCAP)}
    changed = {**_FOLDED_LETTERS, **dict.fromkeys(_DOUBLE_QUOTES, '"'), **dict.fromkeys(_SINGLE_QUOTES, "'")}
    changed |= dict.fromkeys(_DASHES, "-") | {_KEYCAP: ")"} | _digits() | _without_accents()
    return _table(dropped, changed, _spaces() | _pictures())


def _without_accents() -> dict[str, str]:
    """Latin letters with accents and the letter below those."""
    letters = [chr(code) for codes in _ACCENTED for code in codes]
    bases = {letter: unicodedata.normalize("NFD", letter)[0] for letter in letters}
    return {letter: base for letter, base in bases.items() if base != letter}


def _table(dropped: frozenset[int], changed: dict[str, str], spaces: frozenset[int]) -> CharacterTable:
    plain = {code: "".join(changed.get(char, char) for char in text) for code, text in _compatible().items()}
    empty = frozenset(code for code, text in plain.items() if not text)
    return CharacterTable(
        (dropped | empty) - spaces,
        spaces,
        {ord(char): text for char, text in changed.items()} | {code: text for code, text in plain.items() if text},
    )


@cache
def _compatible() -> Mapping[int, str]:
    return {code: _plain(chr(code)) for codes in _COMPATIBLE for code in codes}


def _digits() -> dict[str, str]:
    return {chr(zero + value): str(value) for zero in (0x660, 0x6F0) for value in range(10)}


@cache
def _spaces() -> frozenset[int]:
    return frozenset(code for code in range(0x3001) if chr(code).isspace())


def _pictures() -> frozenset[int]:
    # Where they stand: before the East Asian letters, and in a plane of their own.
    codes = (*range(0x2100, 0x3300), *range(0x1F000, 0x20000))
    return frozenset(map(ord, _PICTURE.findall("".join(map(chr, codes)))))


def _of_categories(*categories: str) -> frozenset[int]:
    return frozenset(code for code, category in _invisible() if category in categories)


@cache
def _invisible() -> tuple[tuple[int, str], ...]:
    """Marks, joiners, control characters, with their categories."""
    # Planes between 3 and 14 are empty.
    codes = (*range(0x20000), *range(0xE0000, min(0xE1000, sys.maxunicode)))
    categories = map(unicodedata.category, map(chr, codes))
    return tuple((code, category) for code, category in zip(codes, categories, strict=True) if category in _INVISIBLE)
