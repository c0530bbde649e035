"""A number that counts in another unit is a number that differs."""

from __future__ import annotations

import time

import pytest
from khulasa.server.core.translation.numbers.comparison import compare_numbers
from khulasa.server.core.translation.numbers.units import unit_words
from khulasa.server.core.translation.types import LanguagePair

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")


@pytest.mark.parametrize(
    ("source", "target", "pair"),
    [
        ("بلغت الخسائر 5 ملايين دولار", "Losses reached 5 million pounds", AR_EN),
        ("بلغت الخسائر 5 ملايين دولار", "Losses reached €5 million", AR_EN),
        ("It cost $30", "كلفت 30 ريالا", EN_AR),
        ("It cost 10 million US dollars", "كلفت 10 ملايين من الجنيهات", EN_AR),
        ("استمر الحصار 3 سنوات", "The siege went on for 3 days", AR_EN),
        ("استمر الحصار ثلاث سنوات", "The siege went on for three months", AR_EN),
        ("استمرت الهدنة شهرين", "The truce held for two weeks", AR_EN),
        ("a 24-hour curfew", "حظر تجول مدته 24 يوما", EN_AR),
        ("على بعد 40 كيلومترا من المدينة", "40 miles from the city", AR_EN),
        ("٢٠ طنا من القمح", "20 kilograms of wheat", AR_EN),
        ("84,000 tons of dates", "84 ألف كغ من التمور", EN_AR),
        ("على بعد كيلومترين من المدينة", "two miles from the city", AR_EN),
        ("في الأشهر الثلاثة الماضية", "in the last three weeks", AR_EN),
        ("خلال الساعات الـ48 المقبلة", "within the next 48 days", AR_EN),
        ("في القرن الخامس عشر", "in the 15th year", AR_EN),
        # an age in English, which does not call its years so
        ("Daniela Greene, 41, an employee", "دانييلا غرين، 41 أسبوعا، موظفة", EN_AR),
        ("Florentin Pogba (26) and others", "فلورنتين بوغبا (26 يوما) وآخرون", EN_AR),
        ("He died at the age of 87", "توفي عن عمر ناهز 87 شهرا", EN_AR),
        # the right unit stands on both sides, but beside another number
        ("سجن 3 سنوات ثم 5 أشهر", "He was held for 3 years and then for 5 years", AR_EN),
    ],
)
def test_another_unit_is_told(source: str, target: str, pair: LanguagePair) -> None:
    found = compare_numbers(source, target, pair)
    assert found.other_unit
    assert not found.agrees


@pytest.mark.parametrize(
    ("source", "target", "pair"),
    [
        ("بلغت الخسائر 5 ملايين دولار", "Losses reached $5 million", AR_EN),
        ("بلغت الخسائر 5 ملايين دولار أمريكي", "Losses reached US$5m", AR_EN),
        ("بلغت الخسائر 5 ملايين", "Losses reached 5 million dollars", AR_EN),
        ("10 آلاف ليرة سورية", "10,000 Syrian pounds", AR_EN),
        ("10 آلاف ليرة تركية", "10,000 Turkish lira", AR_EN),
        ("استمرت الهدنة شهرين", "The truce held for two months", AR_EN),
        ("a 24-hour curfew", "حظر تجول مدته 24 ساعة", EN_AR),
        ("He is 48 years old", "يبلغ من العمر 48 عاما", EN_AR),
        ("في عام 2015 وخلال 3 أيام", "In 2015, within 3 days", AR_EN),
        ("في الأشهر الثلاثة الماضية", "in the last three months", AR_EN),
        ("في القرن الخامس عشر", "in the 15th century", AR_EN),
        ("في اليوم الأول من الشهر", "on the 1st day of the month", AR_EN),
        ("للمرة الثانية هذا العام", "for the second time this year", AR_EN),
        ("في الساعة 5 بعد 5 أيام", "at 5 after 5 days", AR_EN),
        # a unit beside its conversion, in any order
        ("40 ميلا (64 كيلومترا)", "64 kilometres (40 miles)", AR_EN),
        ("سجن 3 سنوات و5 أشهر", "He was held for 3 years and 5 months", AR_EN),
        # one number, two things counted
        ("3 أيام في 3 أسابيع", "3 days in 3 weeks", AR_EN),
        ("عبر 3 بلدان في 40 يوما", "through 3 countries in 40 days", AR_EN),
        # what stands behind a pause is not what the number counts
        ("زار المدينة 3 مرات في السنة", "He visited the city 3 times within 12 months", AR_EN),
        ("He trains 5 times a week", "يتدرب 5 مرات خلال 7 أيام", EN_AR),
        ("Daniela Greene, 41, an employee", "دانييلا غرين، 41 عاما، موظفة", EN_AR),
        ("a baby aged 7 months", "رضيع عمره 7 أشهر", EN_AR),
        ("in Tunis (30), in Sfax (10)", "في تونس (30) وفي صفاقس (10) خلال أيام", EN_AR),
    ],
)
def test_the_same_unit_in_other_words_is_not(source: str, target: str, pair: LanguagePair) -> None:
    assert not compare_numbers(source, target, pair).other_unit


@pytest.mark.parametrize(
    ("source", "target", "pair"),
    [
        ("بلغت الخسائر 10 ملايين دولار", "Losses reached 10 million", AR_EN),
        ("It cost $30", "كلفت 30", EN_AR),
        ("بلغت الخسائر 10 ملايين", "Losses reached 10 million euros", AR_EN),
        ("5 ملايين دولار و3 ملايين يورو", "5 million dollars and 3 million", AR_EN),
    ],
)
def test_a_lost_currency_is_told(source: str, target: str, pair: LanguagePair) -> None:
    found = compare_numbers(source, target, pair)
    assert found.currency_lost
    assert not found.agrees


@pytest.mark.parametrize(
    ("source", "target", "pair"),
    [
        ("بلغت الخسائر 10 ملايين دولار", "Losses reached $10m", AR_EN),
        ("بلغت الخسائر 20 مليون أورو", "Losses reached 20 million euros", AR_EN),
        ("بلغت 10 ملايين دينار", "10 million Tunisian dinars", AR_EN),
        ("بين عشرين وثلاثين شخصا", "between twenty and thirty people", AR_EN),
        ("واحد من بين كل عشرين", "one in every 20", AR_EN),
        ("استمر الحصار 3 سنوات", "The siege lasted 3", AR_EN),
        ("نحو 10 أرطال من اللحم", "about 10 pounds of meat", AR_EN),
    ],
)
def test_a_currency_in_other_words_is_not(source: str, target: str, pair: LanguagePair) -> None:
    assert not compare_numbers(source, target, pair).currency_lost


def test_every_unit_has_words_of_both_languages() -> None:
    kinds = {language: {unit for units in unit_words(language).values() for unit in units} for language in ("ar", "en")}
    assert kinds["ar"] == kinds["en"]
    assert {unit for units in unit_words("dual").values() for unit in units} < kinds["ar"]


def test_other_languages_are_left_alone() -> None:
    assert not compare_numbers("5 dollars", "5 livres sterling", LanguagePair("en", "fr")).other_unit


def test_long_texts_take_linear_time() -> None:
    def took(times: int) -> float:
        begun = time.process_time()
        compare_numbers("5 days and " * times, "5 أيام و" * times, EN_AR)
        return time.process_time() - begun

    took(10)
    assert took(4_000) < 60 * max(took(400), 0.01)
