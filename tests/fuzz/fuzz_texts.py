"""Texts such as no editor would send, made from a random number generator: cheap, and the same for the same seed."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from random import Random

__all__ = ["SNIPPETS", "SURROGATE_SEAT", "html", "large_text", "number", "odd_text", "prose", "word"]

# Lone surrogates are no text that Python would send: `fuzz_wire` puts their three bytes where this stands.
SURROGATE_SEAT = "\ufdd0"
SNIPPETS = (
    "أعلن المجلس قراره اليوم في العاصمة. وقال المتحدث إن القرار نهائي.",
    "The council announced its decision today, and 12.5% of members agreed.",
    "الناتو يبحث ضمانات أمنية لأوكرانيا",
    "مُحَمَّدٌ ـــ كـــتب",
    "بلغ العدد ١٢٬٣٤٥٫٦ أو 12,345.6 في ٢٠١٨/٣/٥",
    "https://example.org/a?b=c name@example.org @user #وسم",
    "\u202eabc\u202c\u2066x\u2069\u200b\u200d\ufeff",
    "<p>نص <b>مهم</b> <a href='x'>رابط</a></p><script>1<2</script>",
    "<" * 40,
    "&amp;&#x0;&#1114112;&nosuch;",
    "\0\x01\x1b[31m",
    "ﷺ ﻻ 😀👩‍👩‍👧 ① Å",
    "。！？ 一二三",
    "؟" * 30,
    "\r\n\n\r\u2028\u2029\x85",
    "a" * 600,
    "كلمة " * 80,
    "12 34 56 78",
)
_ARABIC_NEWS = (
    "قال الوزير إن الحكومة لن ترفع الأسعار هذا العام بعد اجتماع في القاهرة مع وفد من البنك الدولي وأضاف محمد "
    "الخطيب أن ٣ ملايين دولار خصصت لبناء المدارس في غزة وبيروت"
)
_ENGLISH_NEWS = (
    "The minister said on Monday that the government would not raise prices this year after talks in Cairo with the "
    "World Bank and John Smith added that $3 million had been set aside for schools in Gaza and Beirut"
)
_ARABIC, _ENGLISH = _ARABIC_NEWS.split(), _ENGLISH_NEWS.split()
_ZEROS = tuple(
    chr(code)
    for code in range(sys.maxunicode + 1)
    if unicodedata.category(chr(code)) == "Nd" and unicodedata.digit(chr(code)) == 0
)
_SCRIPTLESS = ("Ⅻ", "½", "④", "〇", "百", "௰", "𐄇", "৴", "²³", "₁₂", "٪", "‰", "㊿", "৲")
_MARKS = "\u0301\u0308\u064b\u064e\u0651\u0670\u06d6\u0900\u20dd\u20e3\u3099\ufe0f\U0001d165\u0e31"
_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
_RARE = (
    "\ufffe\uffff\U0010ffff\U000e0001\ue000\u1100\u1161\u180e\ufb50\ufdfd\U0001ee00\u200c\xad\x0b\x0c\x7f\u2060\u034f"
    "\U0001f1f8\U0001f3fd\ufffc\ufffd\u0640\u3000\xa0\u1680" + SURROGATE_SEAT
)
_STOPS = (". ", "؟ ", "! ", "… ", "。", ".\n", ".\n\n", "؛ ", ".", ".) ", '." ', "\n", " ", "?! ")
_TAGS = (
    "p",
    "div",
    "b",
    "a",
    "code",
    "pre",
    "span translate='no'",
    "li",
    "h1",
    "td",
    "script",
    "style",
    "textarea",
    "q",
)
_BROKEN = (
    "<!-- ", "-->", "<![CDATA[", "</p>", "<br>", "<p", "<a href='", "&#xD800;", "&#x110000;", "&lt;b&gt;", "&nbsp;",
    "<svg><title>", "<div translate=no>", "<img alt='صورة'>", "&", "<>", "</>", "<?xml?>", "<p dir=rtl lang=ar>",
)  # fmt: skip


def word(random: Random) -> str:
    """One word, most often one that models know."""
    return random.choice(_ARABIC if random.random() < 0.6 else _ENGLISH)


def number(random: Random) -> str:
    """A number in the digits of any script, with signs around and in it."""
    if random.random() < 0.1:
        return random.choice(_SCRIPTLESS)
    zero = ord(random.choice(_ZEROS))
    digits = "".join(
        chr(zero + ord(one) - ord("0")) if one.isdecimal() else one
        for one in random.choice(("{}", "{:,}", "{}.5", "{}/{}/2018", "{}:{}", "{}-{}")).format(
            random.randrange(10 ** random.randrange(1, 20)), random.randrange(32)
        )
    )
    return (
        random.choice(("", "", "-", "+", "$", "№")) + digits + random.choice(("", "", "%", "٪", " km", "€", "°", "th"))
    )


def prose(random: Random, sentences: int) -> str:
    """Sentences of one language with numbers between the words."""
    words = random.choice((_ARABIC, _ENGLISH))
    made = []
    for _ in range(sentences):
        chosen = [random.choice(words) for _ in range(random.randrange(1, 18))]
        if random.random() < 0.4:
            chosen.insert(random.randrange(len(chosen) + 1), number(random))
        made.append(" ".join(chosen) + random.choice(_STOPS))
    return "".join(made)


def html(random: Random, text: str) -> str:
    """A text with markup at its spaces, closed or not."""
    made = []
    for piece in text.split(" "):
        chance = random.random()
        tag = random.choice(_TAGS)
        if chance < 0.12:
            made.append(f"<{tag}>{piece}</{tag.split()[0]}>")
        elif chance < 0.16:
            made.append(f"<{tag}>{piece}")
        elif chance < 0.2:
            made.append(random.choice(_BROKEN) + piece)
        else:
            made.append(piece)
    return " ".join(made)


def _letters(random: Random, alphabet: str, most: int) -> str:
    return "".join(random.choices(alphabet, k=random.randrange(1, most)))


_PIECES: tuple[Callable[[Random], str], ...] = (
    lambda random: random.choice(SNIPPETS),
    lambda random: prose(random, random.randrange(1, 6)),
    lambda random: " ".join(number(random) for _ in range(random.randrange(1, 9))),
    lambda random: _letters(random, _MARKS, 30),
    lambda random: random.choice("aكé") + random.choice(_MARKS) * random.randrange(1, 400),
    lambda random: "".join(one + word(random) for one in random.choices(_BIDI, k=random.randrange(1, 8))),
    lambda random: _letters(random, _RARE, 12),
    lambda random: random.choice(("x", "ك", "لا", "w9", "ـ", "𐎠", "-", "あ")) * random.choice((5, 70, 300, 2_000)),
    lambda random: random.choice(("لا. ", "a. ", "1. ", "؟ ", "- \n", "و.", "A.B. ", "a”. ")) * random.randrange(1, 99),
    lambda random: html(random, prose(random, 3)),
    lambda random: "<div>" * random.randrange(1, 300) + word(random),
    lambda random: "".join(chr(random.choice((random.randrange(0xD800), random.randrange(0xE000, 0x110000)))) for _ in
                           range(random.randrange(1, 30))),
)  # fmt: skip


def odd_text(random: Random) -> str:
    """A short text made of one to five odd pieces."""
    pieces = [random.choice(_PIECES)(random) for _ in range(random.choice((1, 1, 1, 2, 4)))]
    return random.choice(("", " ", "\n", "\n\n", ". ", "\r\n")).join(pieces)


def large_text(random: Random) -> str:
    """One piece over and over, mostly of 3,000 to 10,000 code points, rarely as long as an article may be or longer."""
    chance = random.random()
    size = random.choice((3_000, 5_000, 10_000))
    if chance < 0.01:
        size = random.choice((500_000, 500_001))
    elif chance < 0.1:
        size = 60_000
    piece = odd_text(random) if random.random() < 0.5 else prose(random, random.randrange(1, 40))
    piece = piece[: random.randrange(1, len(piece) + 1)]
    return (piece * (size // len(piece) + 1))[:size]
