"""Two numbers of a sentence that have changed places."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from khulasa.server.core.translation.numbers.comparison import compare_numbers
from khulasa.server.core.translation.quality.flags import quality_flags
from khulasa.server.core.translation.types import LanguagePair, QualityFlag

AR_EN = LanguagePair("ar", "en")
EN_AR = LanguagePair("en", "ar")

# Arabic, English, English with two numbers exchanged.
EXCHANGED = [
    (
        "وأسفر الهجوم عن مقتل 12 شخصا وإصابة 40 آخرين.",
        "The attack killed 12 people and wounded 40 others.",
        "The attack killed 40 people and wounded 12 others.",
    ),
    (
        "وارتفعت الصادرات بنسبة 15 بالمئة لتبلغ 300 مليون دولار.",
        "Exports rose 15 percent to 300 million dollars.",
        "Exports rose 300 percent to 15 million dollars.",
    ),
    (
        "حضر الاجتماع 25 وزيرا عام 2014.",
        "In 2014, 25 ministers attended the meeting.",
        "In 25, 2014 ministers attended the meeting.",
    ),
    ("في 18 مارس 2015", "on March 18, 2015", "on March 2015, 18"),
    ("فاز الفريق بنتيجة 5-3", "The team won 5-3", "The team won 3-5"),
    ("مقتل ثلاثة جنود وإصابة سبعة", "Three soldiers killed, seven wounded", "Seven soldiers killed, three wounded"),
    (
        "في سنة 2010 قتل 30 شخصا وفي سنة 2012 قتل 30 جنديا و7 أطفال.",
        "In 2010, 30 people were killed, and in 2012, 30 soldiers and 7 children.",
        "In 2010, 7 people were killed, and in 2012, 30 soldiers and 30 children.",
    ),
]


@pytest.mark.parametrize(("arabic", "english", "exchanged"), EXCHANGED)
def test_exchanged_numbers_are_a_fault_and_the_numbers_in_their_places_are_none(
    arabic: str, english: str, exchanged: str
) -> None:
    assert compare_numbers(arabic, english, AR_EN).agrees
    assert compare_numbers(english, arabic, EN_AR).agrees
    for found in (compare_numbers(arabic, exchanged, AR_EN), compare_numbers(exchanged, arabic, EN_AR)):
        assert not found.agrees
    assert QualityFlag.NUMBER_MISMATCH in quality_flags(arabic, exchanged, AR_EN, similarity=None)


def test_no_value_is_missing_when_two_are_exchanged() -> None:
    found = compare_numbers(EXCHANGED[0][0], EXCHANGED[0][2], AR_EN)
    assert (found.missing, found.added, found.exchanged) == ((), (), True)


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        # a clause before or after another one
        ("وصل عدد السياح إلى 400 ألف سائح في عام 2016.", "In 2016, the number of tourists reached 400,000."),
        ("قتل 30 شخصا في 15 مايو 2014.", "On May 15, 2014, 30 people were killed."),
        ("خلال الأشهر العشرة الأولى من سنة 2016", "in the first 10 months of 2016"),
        ("يوم الاثنين 27 فيفري 2017 على متهمين", "two defendants on Monday, February 27, 2017"),
        ("في 2014 بنسبة 3 بالمئة وفي 2015 بنسبة 3 بالمئة", "by 3 percent in 2014 and by 3 percent in 2015"),
        # written in words on one side
        ("قتل اثنا عشر شخصا وأصيب 40", "Twelve people were killed and 40 wounded"),
        ("من 1.500 إلى 2000", "from 1,500 to 2,000"),
        ("12", "12"),
        ("", ""),
    ],
)
def test_another_order_is_no_fault(arabic: str, english: str) -> None:
    assert not compare_numbers(arabic, english, AR_EN).exchanged
    assert not compare_numbers(english, arabic, EN_AR).exchanged


def test_places_are_compared_between_arabic_and_english_alone() -> None:
    assert compare_numbers("12 dead, 40 hurt", "40 dead, 12 hurt", LanguagePair("en", "en")).agrees


def test_a_table_of_numbers_is_read_in_linear_time(
    growth: Callable[[Callable[[int], object], int, int], float],
) -> None:
    def work(size: int) -> None:
        numbers = " ".join(str(100 + place) for place in range(size))
        assert not compare_numbers(f"ارقام {numbers}", f"numbers {numbers}", AR_EN).exchanged

    assert growth(work, 500, 8) < 8**1.5
