"""Words of the source left in a translation, and what may stand there all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from khulasa.server.core.translation.quality.flags import is_mostly_translated, quality_flags
from khulasa.server.core.translation.quality.leftovers import leftover_words, loses_foreign_run
from khulasa.server.core.translation.types import LanguagePair, QualityFlag

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("The government will beتحقق.", ("تحقق",)),
        ("تحقق the claim", ("تحقق",)),
        ("The اختراع of the قلم", ("اختراع", "قلم")),
        ("The word “سلام” means peace (السلام).", ()),
        ("#القدس is in the news, see https://a.example/خبر", ()),
        ("Plain English.", ()),
        ("Number ٣ and ، signs", ()),
    ],
)
def test_arabic_in_english(target: str, expected: tuple[str, ...]) -> None:
    assert leftover_words("نص ما", target, AR_EN) == expected


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("The scientists said so.", "وقال scientists ذلك.", ("scientists",)),
        ("The scientists said so.", "وقال Scientists ذلك.", ()),
        ("The grid of cells.", "وقالت الgrid ذلك، والcellsات.", ("grid", "cells")),
        ("The scientists said so.", "وقال teachers ذلك.", ()),
        ("NASA said so.", "وقالت NASA ذلك.", ()),
        ("An iPhone with wifi.", "هاتف iPhone مع wifi.", ("wifi",)),
        ("The cella was found.", "عثر على cella.", ()),
        ("The scientists said so.", "وقال العلماء (scientists) ذلك.", ()),
        ("Write to scientists@a.example", "اكتب إلى scientists@a.example", ()),
        ("&quot;So said scientists&quot;", "&quot;هكذا&quot;", ()),
    ],
)
def test_english_in_arabic(source: str, target: str, expected: tuple[str, ...]) -> None:
    assert leftover_words(source, target, EN_AR) == expected


def test_what_the_caller_wants_kept_is_no_fault() -> None:
    assert leftover_words("نص", "He met الوزير today.", AR_EN, ["الوزير"]) == ()
    assert leftover_words("نص", "He met الوزير قال today.", AR_EN, ["الوزير"]) == ("قال",)
    source, target = "التقى الوزير بالوفد أمس.", "He met الوزير yesterday with the delegation."
    assert QualityFlag.UNTRANSLATED in quality_flags(source, target, AR_EN, similarity=0.8)
    assert quality_flags(source, target, AR_EN, similarity=0.8, kept=["الوزير"]) == ()


def test_some_words_are_told_from_the_whole() -> None:
    source = "أعلنت الحكومة أمس خطة جديدة للمياه."
    assert is_mostly_translated(source, "The government announced a new خطة for water yesterday.", AR_EN)
    assert not is_mostly_translated(source, source, AR_EN)


@pytest.mark.parametrize("piece", ["كلمة @user ", "(كلمة ", "“كلمة "])
def test_items_and_brackets_by_the_thousand_are_read_in_linear_time(
    growth: Callable[[Callable[[int], object], int, int], float], piece: str
) -> None:
    assert growth(lambda n: leftover_words("", piece * n, AR_EN), 500, 16) < 64


@pytest.mark.parametrize(
    ("source", "target", "pair", "lost"),
    [
        (
            "قال المتحدث: Hello world, the council met today in Cairo.",
            "The spokesman said: Hello world, attached today, in Cairo.",
            AR_EN,
            True,
        ),
        (
            "قال المتحدث: Hello world, the council met today in Cairo.",
            "The spokesman said: “Hello world: The Council met today in Cairo”.",
            AR_EN,
            False,
        ),
        ("أصدرت Human Rights Watch تقريرا.", "HRW issued a report.", AR_EN, True),
        ("أصدرت New Yorker تقريرا.", "NYT issued a report.", AR_EN, False),
        ("سجلت BBC وCNN وAFP ذلك.", "The agencies recorded that.", AR_EN, False),
        ("Le président a parlé hier.", "Le president spoke here.", AR_EN, True),
        ("He wrote الشعب يريد إسقاط النظام on a wall.", "كتب على جدار: الشعب يُريد إسقاط النظام.", EN_AR, False),
        ("He wrote الشعب يريد إسقاط النظام on a wall.", "كتب على جدار عبارة.", EN_AR, True),
    ],
)
def test_words_that_no_model_of_the_pair_can_read_stand_as_they_are(
    source: str, target: str, pair: LanguagePair, lost: bool
) -> None:
    assert loses_foreign_run(source, target, pair) is lost
    assert (QualityFlag.GLOSSARY_MISSED in quality_flags(source, target, pair, similarity=None)) is lost


def test_a_term_of_the_glossary_may_stand_in_such_a_run() -> None:
    source, target = "أصدرت Human Rights Watch تقريرا.", "HRW issued a report."
    assert QualityFlag.GLOSSARY_MISSED not in quality_flags(source, target, AR_EN, similarity=None, kept=["HRW"])
