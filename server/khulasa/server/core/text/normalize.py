"""A segment as the model is to read it, with the way back; and the view of a line that the rules match on.

Both are made in one pass. Offsets are never shifted by hand: `MappedText` keeps where each piece came from.
"""

from __future__ import annotations

import unicodedata

import regex
from khulasa.server.core.text.mapping import MappedText, rewritten

__all__ = ["WHITE_SPACE", "normalize", "view"]

# All that may stand between words, line breaks too; `\s` of the regex module lacks the separators 0x1c to 0x1f, which
# `str.isspace` knows.
WHITE_SPACE = r"[\s\x1c-\x1f]"

# Invisible: format characters but for the joiners that some scripts and emoji need, controls that are no white space.
_INVISIBLE = r"[\p{Cf}--[\u200c\u200d]]|[\p{Cc}--[\t-\r\x1c-\x1f\x85]]"
# Vowel signs, tatweel, Quranic marks. Hamza and madda above stand for a letter where they were typed apart: kept.
_ARABIC_MARKS = r"[\u0610-\u061a\u0640\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]"
_DIGIT = r"[\u0660-\u0669\u06f0-\u06f9]"
# Letters that look like others: presentation forms, wide and mathematical letters; not fractions and powers, whose
# value would change (`10²` is not 102).
_COMPATIBLE = r"[\u0132\u0133\ufb00-\ufb06\ufb50-\ufdfb\ufe70-\ufefc\uff01-\uff5e\U0001d400-\U0001d7ff\u2024-\u2026]"
_COMBINED = r"[\p{L}]\p{M}++"
# Tatweel between spaces is written for a dash.
_DASH = r"(?<=\s)\u0640(?=\s)"
_MODEL = regex.compile(
    rf"(?V1)(?P<dash>{_DASH})|(?P<drop>(?:{_INVISIBLE}|{_ARABIC_MARKS})++)|(?P<digit>{_DIGIT})|(?P<separator>(?<={_DIGIT})[٫٬](?={_DIGIT}))"
    rf"|(?P<space>(?!\x20(?!{WHITE_SPACE})){WHITE_SPACE}++)|(?P<quote>[“”„‟❝❞〝〞]|[‘’‚‛])"
    rf"|(?P<letter>[ٱیىېکګگھہۀەۃ](?=[\u0610-\u06ff])|[ٱیکھہۀەۃ])|(?P<compatible>{_COMPATIBLE})|(?P<combined>{_COMBINED})"
)
_MARKS = regex.compile(_ARABIC_MARKS)
_QUOTES = str.maketrans({**dict.fromkeys("“”„‟❝❞〝〞", '"'), **dict.fromkeys("‘’‚‛", "'")})
# Letters of Persian and Urdu keyboards in Arabic words; those that Arabic does not have (گ, پ) stay.
_LETTERS = {"ٱ": "ا", "ی": "ي", "ک": "ك", "ھ": "ه", "ہ": "ه", "ۀ": "ه", "ە": "ه", "ۃ": "ة"}


def _plain(text: str) -> str:
    """Compatibility letters spelt out, without the marks that Arabic ligatures bring along."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", text)).strip()


def _for_model(match: regex.Match[str]) -> str:
    kind, found = match.lastgroup, match[0]
    if kind == "drop":
        return ""
    if kind == "dash":
        return "-"
    if kind == "space":
        return " "
    if kind == "digit":
        return str(unicodedata.digit(found))
    if kind == "separator":
        return "." if found == "٫" else ","
    if kind == "quote":
        return found.translate(_QUOTES)
    if kind == "letter":
        return _LETTERS.get(found, found)
    if kind == "compatible":
        return _plain(found)
    return _plain(found) if _MARKS.search(found) else unicodedata.normalize("NFC", found)


def normalize(text: str) -> MappedText:
    """A segment as the model is to read it.

    Presentation forms, ligatures, wide letters, tatweel, vowel signs, direction marks and other invisible characters,
    Arabic-Indic and Persian digits with their separators, Persian letters, curly quotes and odd or doubled spaces all
    become what a model has seen most. Words, their order and every value stay.

    Args:
        text: Any text, lone surrogates and NUL included.

    Returns:
        The text with the way back; white space at the ends is kept as one space.
    """
    return rewritten(text, _MODEL, _for_model)


_VIEW = regex.compile(
    rf"(?V1)(?P<dash>{_DASH})|(?P<drop>(?:[\p{{Cf}}\p{{Mn}}\u0640]|[\p{{Cc}}--[\t-\r\x1c-\x1f\x85]])++)"
    rf"|(?P<space>(?!\x20(?!{WHITE_SPACE})){WHITE_SPACE}++)|(?P<compatible>{_COMPATIBLE})"
)
_FOLDING = {
    **dict.fromkeys(map(ord, "أإآٱ"), "ا"),
    **dict.fromkeys(map(ord, "ىیې"), "ي"),
    **dict.fromkeys(map(ord, "ةھہۀەۃ"), "ه"),
    ord("ک"): "ك",
    **{0x660 + i: str(i) for i in range(10)},
    **{0x6F0 + i: str(i) for i in range(10)},
    **dict.fromkeys(map(ord, "“”„‟❝❞〝〞"), '"'),
    **dict.fromkeys(map(ord, "‘’‚‛"), "'"),
    **dict.fromkeys(map(ord, "‐‑‒–—―−"), "-"),
}


_IN_VIEW = {"drop": "", "space": " ", "dash": "-"}


def view(text: str) -> MappedText:
    """A text as the rules see it: letters, digits, quotes and dashes of one shape, single spaces, nothing invisible.

    Alef, final ya and ta marbuta are folded, as many newsrooms write them one for another; case stays.
    """
    seen = rewritten(text, _VIEW, _for_view)
    return MappedText(seen.text.translate(_FOLDING), seen.at, seen.begins, seen.ends, seen.source_length)


def _for_view(match: regex.Match[str]) -> str:
    return _plain(match[0]) if match.lastgroup == "compatible" else _IN_VIEW[match.lastgroup or ""]
