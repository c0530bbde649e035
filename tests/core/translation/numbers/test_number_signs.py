"""A minus sign that was lost or added is a number that differs; a dash is no minus."""

from __future__ import annotations

import time

import pytest
from khulasa.server.core.translation.numbers.comparison import compare_numbers
from khulasa.server.core.translation.numbers.signs import sign_differs
from khulasa.server.core.translation.types import LanguagePair

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")


@pytest.mark.parametrize(
    ("source", "target", "pair"),
    [
        ("بلغت درجة الحرارة -5 درجات", "The temperature reached 5 degrees", AR_EN),
        ("بلغت درجة الحرارة 5 درجات", "The temperature reached -5 degrees", AR_EN),
        ("سجل الاقتصاد نموا بنسبة -2.5%", "The economy grew by 2.5%", AR_EN),
        ("It was minus 12 degrees in Moscow", "بلغت الحرارة في موسكو 12 درجة", EN_AR),
        ("It was 12 degrees below zero", "بلغت الحرارة 12 درجة", EN_AR),
        ("بلغت الحرارة ٧ درجات تحت الصفر", "It was 7 degrees", AR_EN),
    ],
)
def test_a_sign_that_was_lost_or_added_is_told(source: str, target: str, pair: LanguagePair) -> None:
    found = compare_numbers(source, target, pair)
    assert found.sign_lost
    assert not found.agrees


@pytest.mark.parametrize(
    ("source", "target", "pair"),
    [
        ("بلغت درجة الحرارة -5 درجات", "The temperature reached -5 degrees", AR_EN),
        ("بلغت درجة الحرارة -5 درجات", "The temperature was 5 degrees below zero", AR_EN),
        ("بلغت درجة الحرارة -5 درجات", "It was minus 5 degrees", AR_EN),
        ("It was −5°C", "بلغت الحرارة 5 درجات تحت الصفر", EN_AR),
        ("It was -5%", "كانت النسبة سالب 5%", EN_AR),
        ("It was -5%", "كانت النسبة 5-%", EN_AR),
        ("قتل الأطفال -15 طفلا- في الغارة", "The children, 15 of them, were killed in the raid", AR_EN),
        ("ارتفع 3 -5% هذا العام", "It rose 3-5% this year", AR_EN),
        ("سقط على عمق 5 أمتار دون سطح البحر", "It fell 5 metres deep", AR_EN),
    ],
)
def test_signs_that_are_answered_and_dashes_are_left_alone(source: str, target: str, pair: LanguagePair) -> None:
    assert not compare_numbers(source, target, pair).sign_lost


@pytest.mark.parametrize("text", ["-" * 50_000, "-1" * 50_000, "1 " * 50_000, "1 a " * 25_000, " " * 100_000 + "1"])
def test_signs_are_looked_for_in_linear_time(text: str) -> None:
    def took(part: str) -> float:
        started = time.process_time()
        sign_differs(part, part)
        return time.process_time() - started

    took(text[:100])
    # Many times what it takes, and little of what the square of its length would.
    assert took(text) < 3
