"""A clause that was left out, where the length alone leaves room for it."""

from __future__ import annotations

import time

import pytest
from khulasa.server.core.translation.quality.flags import quality_flags
from khulasa.server.core.translation.quality.omissions import unanswered_runs
from khulasa.server.core.translation.types import LanguagePair, QualityFlag

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")
ARABIC = (
    "أعلنت الحكومة يوم الاثنين خطة جديدة من أجل دعم المزارعين في البلاد، وقال الوزير إن "
    "البرنامج سوف يبدأ في الربيع المقبل، بينما طالبت النقابات بزيادة المبلغ المخصص لشراء المعدات الزراعية."
)
ENGLISH = (
    "The government announced on Monday a new plan to support farmers in the country, and the minister said that the "
    "program would begin next spring, while the unions demanded an increase in the amount allocated to buy "
    "agricultural equipment."
)
ARABIC_SHORT = ARABIC.replace("، بينما طالبت النقابات بزيادة المبلغ المخصص", "")
ENGLISH_SHORT = ENGLISH.replace(", and the minister said that the program would begin next spring", "")


@pytest.mark.parametrize(
    ("source", "whole", "short", "pair"),
    [(ARABIC, ENGLISH, ENGLISH_SHORT, AR_EN), (ENGLISH, ARABIC, ARABIC_SHORT, EN_AR)],
)
def test_a_lost_clause_within_the_limits_of_length_is_flagged(
    source: str, whole: str, short: str, pair: LanguagePair
) -> None:
    assert quality_flags(source, whole, pair, similarity=0.85) == ()
    assert quality_flags(source, short, pair, similarity=0.66) == (QualityFlag.LENGTH_RATIO,)
    # The vectors say that the meaning is whole.
    assert quality_flags(source, short, pair, similarity=0.95) == ()


@pytest.mark.parametrize(
    ("source", "whole", "short", "pair", "similarity"),
    [(ARABIC, ENGLISH, ENGLISH_SHORT, AR_EN, 0.71), (ENGLISH, ARABIC, ARABIC_SHORT, EN_AR, 0.78)],
)
def test_a_lost_clause_of_a_quarter_is_flagged_though_most_of_the_meaning_is_there(
    source: str, whole: str, short: str, pair: LanguagePair, similarity: float
) -> None:
    assert quality_flags(source, short, pair, similarity=similarity) == (QualityFlag.LENGTH_RATIO,)
    assert quality_flags(source, whole, pair, similarity=similarity) == ()


def test_the_run_is_that_of_the_lost_clause() -> None:
    whole, short = unanswered_runs(ARABIC, ENGLISH, AR_EN), unanswered_runs(ARABIC, ENGLISH_SHORT, AR_EN)
    assert whole is not None
    assert short is not None
    assert whole.source < 0.1 < 0.25 < short.source
    added = unanswered_runs(ENGLISH_SHORT, ARABIC, EN_AR)
    assert added is not None
    assert added.target > 0.2


@pytest.mark.parametrize(
    ("source", "target", "pair"),
    [
        ("Un texte français dont une partie a été perdue, celle-ci.", "A French text.", LanguagePair("fr", "en")),
        ("قال نعم.", "He said yes.", AR_EN),
        ("", "", AR_EN),
    ],
)
def test_nothing_is_told_without_links(source: str, target: str, pair: LanguagePair) -> None:
    assert unanswered_runs(source, target, pair) is None


def test_a_text_of_any_length_takes_no_longer_than_its_words() -> None:
    begun = time.process_time()
    unanswered_runs("كلمة " * 50_000, "word " * 20_000, AR_EN)
    assert time.process_time() - begun < 5
