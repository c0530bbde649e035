"""What stands beside a number and makes another one of it: more than for less than, evening for morning, by for to."""

from __future__ import annotations

import pytest
from khulasa.server.core.translation.numbers.comparison import compare_numbers
from khulasa.server.core.translation.types import LanguagePair

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")


@pytest.mark.parametrize(
    ("arabic", "right", "wrong"),
    [
        ("قتل أكثر من 20 شخصا", "more than 20 people were killed", "less than 20 people were killed"),
        ("أقل من ١٥ دولارا", "under $15", "over $15"),
        ("ما لا يقل عن 17 مدنيا", "at least 17 civilians", "at most 17 civilians"),
        ("17 مدنيا على الأقل", "no fewer than 17 civilians", "17 civilians or fewer"),
        ("لا تتجاوز 30 يوما", "no more than 30 days", "at least 30 days"),
        ("تقل تكلفة المشروع عن 40 مليون جنيه", "It costs less than 40 million pounds", "It exceeds 40 million pounds"),
        ("لا تزيد التكلفة على 40 مليونا", "It costs at most 40 million", "It costs more than 40 million"),
        ("من هم دون سن 18", "those under the age of 18", "those over the age of 18"),
        ("ارتفع بنسبة 5 بالمئة", "rose by 5 percent", "rose to 5 percent"),
        ("ارتفع إلى 5 بالمئة", "rose to 5 percent", "rose by 5 percent"),
        ("في الساعة 9:30 صباحا", "at 9:30 a.m.", "at 9:30 p.m."),
        ("في الثامنة والنصف من مساء الجمعة", "at half past 8 on Friday evening", "at half past 8 on Friday morning"),
        ("الساعة التاسعة صباح الأحد", "at 9 am on Sunday", "at 21:00 on Sunday"),
        (
            "من الثامنة مساء إلى السادسة صباحا",
            "from 8 in the evening to 6 in the morning",
            "from 8 in the morning to 6 in the morning",
        ),
    ],
)
def test_the_other_pole_is_told(arabic: str, right: str, wrong: str) -> None:
    for english, same in ((right, True), (wrong, False)):
        assert compare_numbers(arabic, english, AR_EN).other_qualifier is not same, english
        assert compare_numbers(english, arabic, EN_AR).agrees is same, english


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        # one side says nothing of it
        ("قتل 20 شخصا", "more than 20 people were killed"),
        ("خلال 20 عاما", "over 20 years"),
        ("الساعة الثامنة", "at 8 p.m."),
        # of another number
        ("أكثر من 20 قتيلا وأقل من 30 جريحا", "more than 20 dead and fewer than 30 wounded"),
        # may be either
        ("لم تمنحها أكثر من 15 بالمئة", "it gave her no more than 15 percent"),
        ("الواحدة ليلا", "1 a.m."),
        ("مما أدى إلى تراجعه بنسبة 12 بالمئة", "this led to a 12 percent decline"),
        ("بنسبة 12 بالمئة", "by up to 12 percent"),
    ],
)
def test_what_tells_nothing_is_let_pass(arabic: str, english: str) -> None:
    assert not compare_numbers(arabic, english, AR_EN).other_qualifier
    assert not compare_numbers(english, arabic, EN_AR).other_qualifier


@pytest.mark.parametrize(
    ("arabic", "right", "wrong"),
    [
        ("في القرن الثالث قبل الميلاد", "in the third century BC", "in the third century AD"),
        ("عام 300 ق.م", "in 300 BCE", "in 300"),
        ("في عام 300", "in 300", "in 300 BC"),
    ],
)
def test_years_before_christ(arabic: str, right: str, wrong: str) -> None:
    assert compare_numbers(arabic, right, AR_EN).agrees
    assert not compare_numbers(arabic, wrong, AR_EN).agrees
    assert not compare_numbers(wrong, arabic, EN_AR).agrees


def test_what_else_says_it_and_letters_that_are_no_year() -> None:
    assert compare_numbers("نحو عام 300 السابق للميلاد", "around 300 B.C.", AR_EN).agrees
    assert compare_numbers("*EUR-00002 قم بتحديد العنوان", "*EUR-00002 Specify an address", AR_EN).agrees
