"""The same amount in another measure is no mismatch; another amount is."""

from __future__ import annotations

import pytest
from khulasa.server.core.translation.numbers.comparison import compare_numbers
from khulasa.server.core.translation.types import LanguagePair

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")

SAME = [
    # shares
    ("قال 75% منهم", "Three quarters of them said"),
    ("ثلاثة أرباع السكان", "75% of the people"),
    ("نصف الأصوات", "50 percent of the votes"),
    ("نحو الثلث", "about 33%"),
    ("ثلثي الأصوات", "66% of the votes"),
    ("ثلثي الأصوات", "67% of the votes"),
    ("نصف الرجال و30% من النساء", "50% of the men and 30% of the women"),
    ("1/3 من السكان", "a third of the people"),
    ("ثلث السكان", "one in three people"),
    ("واحد من كل خمسة", "20% of them"),
    # times
    ("استمر نصف ساعة", "It lasted 30 minutes"),
    ("استمر 30 دقيقة", "It lasted half an hour"),
    ("بعد ربع ساعة", "15 minutes later"),
    ("ساعة ونصف", "90 minutes"),
    ("منذ عام ونصف", "18 months ago"),
    ("منذ 18 شهرا", "a year and a half ago"),
    ("قبل عقدين", "20 years ago"),
    ("قبل عشرين عاما", "two decades ago"),
    ("قبل ثلاثة عقود", "30 years ago"),
    ("خلال يومين", "within 48 hours"),
    ("بعد أسبوعين", "14 days later"),
    # times of day
    ("الساعة السابعة إلا ربعا", "at 6:45"),
    ("الساعة السابعة الا ربع", "at 6:45"),
    ("الساعة السابعة والربع", "at 7:15"),
    ("الساعة التاسعة إلا عشر دقائق", "at 8:50"),
    ("الساعة 6:45", "at quarter to seven"),
    ("الساعة 18:45", "at quarter to seven"),
    ("الساعة 9:10", "at ten minutes past nine"),
    ("في رابعة النهار", "in broad daylight"),
]
OTHER = [
    ("قال 75% منهم", "Two thirds of them said"),
    ("قال 75% منهم", "Half of them said"),
    ("ثلثي الأصوات", "65% of the votes"),
    ("نصف الأصوات", "50.5 percent of the votes"),
    ("نصف الرجال و30% من النساء", "50% of the men and half of the women"),
    ("1/3 من السكان", "a quarter of the people"),
    ("ثلث السكان", "one in four people"),
    ("استمر نصف ساعة", "It lasted 40 minutes"),
    ("ساعة ونصف", "75 minutes"),
    ("منذ عام ونصف", "20 months ago"),
    ("قبل عقدين", "25 years ago"),
    ("قبل عقدين", "20 months ago"),
    ("قبل ثلاثة عقود", "30 centuries ago"),
    ("خلال يومين", "within 24 hours"),
    ("قبل شهر و30 سنة", "one month and 30 days ago"),
    ("الساعة السابعة إلا ربعا", "at 5:45"),
    ("الساعة السابعة والربع", "at 6:45"),
    ("الساعة 6:45", "at quarter past seven"),
    ("الطائرة الرابعة", "an aircraft"),
]


@pytest.mark.parametrize(("arabic", "english"), SAME)
def test_the_same_amount_in_another_measure_agrees(arabic: str, english: str) -> None:
    assert compare_numbers(arabic, english, AR_EN).agrees
    assert compare_numbers(english, arabic, EN_AR).agrees


@pytest.mark.parametrize(("arabic", "english"), OTHER)
def test_another_amount_does_not(arabic: str, english: str) -> None:
    assert not compare_numbers(arabic, english, AR_EN).agrees
    assert not compare_numbers(english, arabic, EN_AR).agrees
