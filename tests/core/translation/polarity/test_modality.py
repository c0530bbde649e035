"""What must be, may be and will be, on both sides."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from khulasa.server.core.translation.polarity.modality import keeps_modality
from khulasa.server.core.translation.polarity.negations import same_polarity
from khulasa.server.core.translation.types import LanguagePair

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")


@pytest.mark.parametrize(
    ("arabic", "right", "wrong"),
    [
        ("يجب على الشركة دفع الغرامة.", "The company must pay the fine.", "The company may pay the fine."),
        ("يجب على الشركة دفع الغرامة.", "The company should pay the fine.", "The company pays the fine."),
        ("يستطيع القاضي تأجيل الجلسة.", "The judge can adjourn the hearing.", "The judge must adjourn the hearing."),
        ("قد تؤجل المحكمة الجلسة.", "The court may adjourn the hearing.", "The court will adjourn the hearing."),
        ("ستؤجل المحكمة الجلسة.", "The court will adjourn the hearing.", "The court could adjourn the hearing."),
        ("سوف يصل الوفد غدا.", "The delegation will arrive tomorrow.", "The delegation might arrive tomorrow."),
        ("تصل السفينة غدا.", "The ship arrives tomorrow.", "The ship has to arrive tomorrow."),
    ],
)
def test_one_is_not_taken_for_another(arabic: str, right: str, wrong: str) -> None:
    for pair, sides in ((AR_EN, (arabic, right)), (EN_AR, (right, arabic))):
        assert same_polarity(*sides, pair)
    for pair, sides in ((AR_EN, (arabic, wrong)), (EN_AR, (wrong, arabic))):
        assert not same_polarity(*sides, pair)


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        ("لا يجوز للشركة البيع.", "The company must not sell."),
        ("تنطلق القمة غدا.", "The summit will open tomorrow."),
        ("قد يكون التأخير طويلا.", "The delay is likely to be long."),
        ("يمكّن القانون من ذلك.", "The law will make this happen."),
        (
            "وزارة الصحة قد تمكنت من الحصول على تمويل لإحداث مستشفى.",
            "The ministry has obtained funds for what will be a hospital.",
        ),
        ("ذهبت لأبعد مما ينبغي.", "I went way too far."),
        ("على الحكومة أن تدفع.", "The government must pay."),
        ("ما علاقة المساحة بالمنحدر؟", "What does area have to do with slope?"),
        ("في 5 ماي ستفتح المدارس.", "On May 5 the schools open."),
        ("وصل سياسيون وسيارات إلى الساحة.", "Politicians and cars may have reached the square."),
    ],
)
def test_ways_of_saying_the_same(arabic: str, english: str) -> None:
    assert keeps_modality(arabic, english)


def test_long_texts_take_linear_time(growth: Callable[[Callable[[int], object], int, int], float]) -> None:
    assert growth(lambda n: keeps_modality("قد ت" * n + " يجب " * n, "have to may " * n), 1_000, 16) < 64
