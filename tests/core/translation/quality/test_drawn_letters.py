"""Flags and links do not depend on how letters are drawn or typed."""

from __future__ import annotations

import unicodedata

import pytest
from khulasa.server.core.text.normalize import as_typed
from khulasa.server.core.translation.alignment.links import align_words
from khulasa.server.core.translation.quality.flags import quality_flags
from khulasa.server.core.translation.types import LanguagePair

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")
ARABIC = "أعلن رئيس الوزراء مصطفى مدبولي أن الحكومة ستخصص 1250 مليون دولار للطاقة الشمسية في أسوان."
ENGLISH = "Prime Minister Mostafa Madbouly announced that the government would allocate 1250 million dollars to solar energy in Aswan."  # noqa: E501 - one sentence
_FORMS = {
    unicodedata.normalize("NFKC", chr(code)): chr(code)
    for code in range(0xFE80, 0xFEFD)
    if "ISOLATED" in unicodedata.name(chr(code), "")
}
_WRITTEN = {
    "presentation forms": "".join(_FORMS.get(letter, letter) for letter in ARABIC),
    "Persian letters": ARABIC.translate(str.maketrans("يك", "یک")),
    "decomposed": unicodedata.normalize("NFD", ARABIC),
    "marks of direction": f"\u200f{ARABIC.replace('1250', chr(0x202A) + '1250' + chr(0x202C))}",
    "soft hyphens": ARABIC.replace("الشمسية", "الشم\u00adسية"),
}


@pytest.mark.parametrize("how", _WRITTEN)
def test_nothing_is_wrong_with_a_text_that_is_drawn_otherwise(how: str) -> None:
    written = _WRITTEN[how]
    assert quality_flags(written, ENGLISH, AR_EN, similarity=None) == ()
    assert quality_flags(ENGLISH, written, EN_AR, similarity=None) == ()
    linked = [one.target_span for one in align_words(written, ENGLISH, AR_EN)]
    assert linked == [one.target_span for one in align_words(ARABIC, ENGLISH, AR_EN)]


def test_what_is_wrong_is_told_however_it_is_drawn() -> None:
    for written in _WRITTEN.values():
        wrong = written.replace("1250", "1520")
        assert [flag.name for flag in quality_flags(wrong, ENGLISH, AR_EN, similarity=None)] == ["NUMBER_MISMATCH"]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("ﻻ ﷲ", "لا الله"),
        ("\u200fمو\u0654تمر\u202c", "مؤتمر"),
        ("\ufeffa\u200bb\u00ad", "ab"),
        ("«قال» 👨‍👩‍👧 می‌شود ﴾x﴿ 10² é", "«قال» 👨‍👩‍👧 می‌شود ﴾x﴿ 10² é"),
    ],
)
def test_as_typed(text: str, typed: str) -> None:
    assert as_typed(text) == typed
