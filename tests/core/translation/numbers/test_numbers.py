"""Numbers of both languages and what may stand for what."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from khulasa.server.core.translation.numbers.comparison import NumberKind, compare_numbers, extract_numbers
from khulasa.server.core.translation.types import LanguagePair

AR_EN = LanguagePair("ar", "en")
EN_AR = LanguagePair("en", "ar")


def values(text: str, language: str) -> list[Fraction]:
    return [m.value for m in extract_numbers(text, language) if m.kind is not NumberKind.VAGUE]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("١٬٢٣٤٫٥", ["1234.5"]),
        ("۱۲۳ شخصا", ["123"]),
        ("783،562 كيلومترا", ["783562"]),
        ("3 ملايين", ["3000000"]),
        ("3,5 مليون", ["3500000"]),
        ("ثلاثة عشر لاعبا", ["13"]),
        ("أحد عشر كوكبا", ["11"]),
        ("إحدى عشرة دقيقة", ["11"]),
        ("اثنتي عشرة ساعة", ["12"]),
        ("خمسة وعشرون عاما", ["25"]),
        ("لخمسٍ وعشرين سنة", ["25"]),
        ("مئتان وخمسون قتيلا", ["250"]),
        ("مائتي ألف نازح", ["200000"]),
        ("ألفان وخمسمئة", ["2500"]),
        ("ثلاثمئة وخمسة وستون يوما", ["365"]),
        ("تسعة آلاف", ["9000"]),
        ("مليونا ونصف المليون", ["1500000"]),
        ("مليار ومئتي مليون", ["1200000000"]),
        ("القرن السادس عشر", ["16"]),
        ("الحادي والعشرين من", ["21"]),
        ("بين خمسة وعشرة", ["5", "10"]),
        ("بين 340 مليون و500 مليون", ["340000000", "500000000"]),
        ("سبعينيات القرن العشرين", ["1970"]),
    ],
)
def test_arabic(text: str, expected: list[str]) -> None:
    assert values(text, "ar") == [Fraction(value) for value in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234.5", ["1234.5"]),
        ("twenty-five people", ["25"]),
        ("a hundred and five", ["105"]),
        ("two hundred thousand", ["200000"]),
        ("three million five hundred thousand", ["3500000"]),
        ("$1.2bn", ["1200000000"]),
        ("the 16th century", ["16"]),
        ("the twenty-first century", ["21"]),
        ("nine hundred and ninety-nine", ["999"]),
        ("half a million", ["500000"]),
        ("one two three", ["1", "2", "3"]),
    ],
)
def test_english(text: str, expected: list[str]) -> None:
    assert values(text, "en") == [Fraction(value) for value in expected]


def test_percent_time_and_month() -> None:
    (percent,) = extract_numbers("ارتفعت 12.5 في المئة", "ar")
    assert (percent.value, percent.unit) == (Fraction("12.5"), "percent")
    assert [m.unit for m in extract_numbers("rose 12 per cent and 3%", "en")] == ["percent", "percent"]
    assert [m.unit for m in extract_numbers("٥٪ و خمسة بالمئة", "ar")] == ["percent", "percent"]
    (time,) = extract_numbers("at 11:20", "en")
    assert (time.kind, time.value) == (NumberKind.TIME, 680)
    assert [m.value for m in extract_numbers("في 24 تشرين الثاني", "ar")] == [24, 11]
    assert [m.value for m in extract_numbers("9 جانفي و3 غشت", "ar")] == [9, 1, 3, 8]


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        ("قتل 13 شخصا", "Thirteen people were killed"),
        ("قتل ثلاثة عشر شخصا", "13 people were killed"),
        ("3 ملايين لاجئ", "3,000,000 refugees"),
        ("منذ سنتين", "for 2 years"),
        ("١٫٥ مليون", "1.5 million"),
        ("1,5 مليون", "1.5 million"),
        ("ساعة ونصف", "1.5 hours"),
        ("الساعة 21:30", "9:30 p.m."),
        ("الساعة الثالثة", "at 3:00"),
        ("في 5 كانون الثاني 2015", "on January 5, 2015"),
        ("في 5/1/2015", "on 5 January 2015"),
        ("في الستينيات", "in the 1960s"),
        ("ثمانينيات القرن الماضي", "the 1980s"),
        ("بنسبة 40 بالمئة", "by 40 per cent"),
        ("أحد المسؤولين", "one of the officials"),
        ("مئات القتلى", "hundreds of dead"),
        ("it&#39;s", "it&#39;s"),
        # Shares; a numeral of a name, a name, adjectives of a number; لست is `I am not`, ماي a name as well.
        ("صوت ثلثا الأعضاء وربعهم غائب", "Two thirds of the members voted, a quarter were away"),
        ("ارتفع بمقدار الثلث إلى ثلاثة أرباع الدخل", "It rose by one third to three-quarters of the income"),
        ("خمس السكان", "a fifth of the people"),
        ("الملك جورج السادس", "King George VI"),
        ("حافلة إلى سيكس فلاجز", "a bus to Six Flags"),
        ("اجتماع ثلاثي تضاعفت فيه الأرباح أربعة أضعاف", "a three-way meeting that saw profits quadruple"),
        ("قال لست موافقا", "he said he did not agree"),
        ("قالت تيريزا ماي ذلك في مارس", "Theresa May said so in March"),
    ],
)
def test_what_translators_do_is_tolerated(arabic: str, english: str) -> None:
    assert compare_numbers(arabic, english, AR_EN).agrees
    assert compare_numbers(english, arabic, EN_AR).agrees


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        ("قتل 13 شخصا", "12 people were killed"),
        ("قتل 13 شخصا", "People were killed"),
        ("قتل ثلاثة أشخاص", "Four people were killed"),
        ("3 ملايين", "3 billion"),
        ("3 ملايين", "3 refugees"),
        ("بنسبة 40 بالمئة", "by 40"),
        ("في 5 يناير", "on 5 February"),
        ("عام 2015", "in 2016"),
        ("الساعة 11:20", "at 11:50"),
        ("سقط قتلى", "25 dead"),
        ("10 كيلومترات", "6.2 miles"),
        ("نحو 1.5 طن", "about 15 tonnes"),
        ("في الستينيات", "in the 1260s"),
        ("في سبعينيات القرن الماضي", "in the last century"),
        ("قتل ثلاثة أشخاص", "People were killed"),
        ("سجل هدفين", "He scored three goals"),
        ("صوت ثلثا الأعضاء", "A third of the members voted"),
        ("صوت ربع الأعضاء", "Three quarters of the members voted"),
        ("الهجوم السادس هذا الأسبوع", "the fourth attack this week"),
        ("حل رابعا في السباق", "He came third in the race"),
        ("الحرب العالمية الرابعة", "World War II"),
        ("في كانون الثاني", "last November"),
        ("وصل في مايو", "He arrived in March"),
        ("سجن نصف يوم", "He was jailed for half a year"),
        ("على بعد 500 قدم", "500 mi away"),
    ],
)
def test_another_number_is_a_fault(arabic: str, english: str) -> None:
    assert not compare_numbers(arabic, english, AR_EN).agrees
    assert not compare_numbers(english, arabic, EN_AR).agrees


@given(st.text(max_size=80), st.sampled_from(["ar", "en"]))
def test_any_text_has_ordered_spans_inside_it(text: str, language: str) -> None:
    mentions = extract_numbers(text, language)
    assert all(0 <= m.span.start < m.span.end <= len(text) for m in mentions)
    assert [m.span.start for m in mentions] == sorted(m.span.start for m in mentions)


@settings(deadline=None)
@given(st.integers(min_value=11, max_value=10**9))
def test_digits_agree_in_every_shape(value: int) -> None:
    arabic = str(value).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert compare_numbers(f"بلغ {arabic} طنا", f"reached {value:,} tonnes", AR_EN).agrees
    assert not compare_numbers(f"بلغ {arabic} طنا", f"reached {value + 1:,} tonnes", AR_EN).agrees


def test_digits_that_only_the_pattern_library_knows_are_no_numbers() -> None:
    # U+11DE0 to U+11DE9 are digits since Unicode 17: `regex` knows them, `int` does not yet.
    assert extract_numbers("بلغ \U00011de8 و 12", "ar")[0].value == 12


def test_numbers_by_the_thousand_are_compared_in_linear_time(
    growth: Callable[[Callable[[int], object], int, int], float],
) -> None:
    def none_the_same(count: int) -> None:
        source = "; ".join(str(100_000 + number) for number in range(count))
        target = "; ".join(str(900_000 + number) for number in range(count))
        assert len(compare_numbers(source, target, AR_EN).missing) == count

    assert growth(none_the_same, 400, 16) < 64
