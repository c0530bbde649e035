"""A day of the week that was lost or became another is a date that differs."""

from __future__ import annotations

import pytest
from khulasa.server.core.translation.numbers.comparison import compare_numbers
from khulasa.server.core.translation.types import LanguagePair

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        ("من يوم الاثنين 27 مارس إلى يوم الاربعاء 29 مارس", "from Monday, March 27, up until March 29"),
        ("قال الوزير يوم الخميس إنه لن يستقيل", "The minister said he would not resign"),
        ("قال الوزير الخميس إنه لن يستقيل", "The minister said on Tuesday he would not resign"),
        ("قال الوزير إنه لن يستقيل", "The minister said on Tuesday he would not resign"),
        ("قال الوزير الإثنين إنه لن يستقيل", "The minister said he would not resign"),
        ("قالت الشرطة، الاثنين، إنها لن تنسحب", "The police said they would not leave"),
        ("تعقد الجلسات يومي الاثنين والثلاثاء", "The sessions are held on Monday"),
        ("صلاة الجُمُعَة", "the Saturday prayer"),
        ("أعلن اليوم الأربعاء عن الخطة", "The plan was announced on Thursday"),
        # which day it is today the other side does not say
        ("قال اليوم", "He said on Wednesday"),
        ("قال أمس", "He said on Wednesday"),
        ("قال الأربعاء", "He said today"),
        ("قال غدا", "He said today, Wednesday, and on Friday"),
    ],
)
def test_a_lost_or_another_day_is_told(arabic: str, english: str) -> None:
    for found in (compare_numbers(arabic, english, AR_EN), compare_numbers(english, arabic, EN_AR)):
        assert found.other_weekday
        assert not found.agrees


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        ("من يوم الاثنين إلى الأربعاء", "from Monday to Wednesday"),
        ("أيام السبت والأحد", "on Saturdays and Sundays"),
        ("قال اليوم الأربعاء", "He said today"),
        ("قال اليوم", "He said today, Wednesday"),
        # the two, one of
        ("اعتبر المرشحين الاثنين", "He considered both candidates"),
        ("عاد الاثنين إلى البيت", "The two went home"),
        ("قال لأحد المواقع", "He told a news site"),
        ("أحد عشر كوكبا", "eleven planets"),
        # names
        ("صحيفة صنداي تايمز", "the Sunday Times"),
        ("سوق الخميس", "Souk El Khemis"),
        ("منطقة واد الجمعة", "the Oued Djemaa area"),
        ("قداس أحد السعف", "the Palm Sunday Mass"),
        ("يوم الخَمِيس", "on Thu."),
    ],
)
def test_the_same_day_and_what_is_none(arabic: str, english: str) -> None:
    assert not compare_numbers(arabic, english, AR_EN).other_weekday
    assert not compare_numbers(english, arabic, EN_AR).other_weekday


def test_other_languages_are_left_alone() -> None:
    assert not compare_numbers("Il a parlé lundi", "He spoke on Monday", LanguagePair("fr", "en")).other_weekday
