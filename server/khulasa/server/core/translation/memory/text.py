"""When two texts are the same to the translation memory, and which texts it can hold."""

from __future__ import annotations

import unicodedata

import regex

__all__ = ["MOST_TEXT_CHARS", "memory_key", "text_fault"]

# A segment is a sentence or a title; what is longer never matches one.
MOST_TEXT_CHARS = 10_000

_PRESENTATION = regex.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")
# Marks without a meaning of their own: Arabic vowel marks, tatweel, bidi controls, invisible spaces, soft hyphens.
_UNSEEN = regex.compile(
    "[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0640\u061c\u200b\u200c\u200e\u200f"
    "\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad]"
)
# Persian letters for Arabic ones, digits of every shape, the Arabic signs beside them, quotation marks.
_ONE_FORM = str.maketrans("کی٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٪٫٬«»“”„‟‘’‚‛", 'كي01234567890123456789%.,""""""' + "''''")
_NOT_XML = regex.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def memory_key(text: str) -> str:
    """`text` as it is compared: two texts with one key are an exact match.

    Left out of the comparison are white space beyond one space, vowel marks, tatweel, bidi controls, the shape of
    digits and quotation marks, presentation forms and Persian ya and kaf. Compared are case, punctuation, hamza, ya and
    alef maqsura: `علي` is not `على`, and `US` is not `us`.
    """
    text = _PRESENTATION.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = _UNSEEN.sub("", unicodedata.normalize("NFC", text)).replace("…", "...")
    return " ".join(text.translate(_ONE_FORM).split())


def text_fault(text: str) -> str:
    """Why the memory cannot hold `text`, empty when it can."""
    if not memory_key(text):
        return "empty text"
    if len(text) > MOST_TEXT_CHARS:
        return f"text of more than {MOST_TEXT_CHARS:,} code points"
    if _NOT_XML.search(text):
        return "control character"
    return ""
