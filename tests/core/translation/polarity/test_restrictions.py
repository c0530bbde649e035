"""Arabic that restricts what it says, and English that does or does not."""

from __future__ import annotations

import pytest
from khulasa.server.core.translation.polarity.negations import same_polarity
from khulasa.server.core.translation.polarity.restrictions import keeps_restrictions
from khulasa.server.core.translation.types import LanguagePair


@pytest.mark.parametrize(
    ("arabic", "kept", "lost"),
    [
        ("حضر ثلاثة وزراء فقط.", "Just three ministers attended.", "Three ministers attended."),
        ("وقتل المدنيون فحسب.", "Civilians alone were killed.", "Civilians were killed."),
        ("لم يحضر إلا الوزير.", "None but the minister attended.", "The minister did not attend."),
        ("لا يملك إلاّ بيتا.", "He owns nothing but a house.", "He does not own a house."),
        ("ليس أمامه سوى الرحيل.", "He can only leave.", "He cannot leave."),
        ("حضر الجميع باستثناء الوزير.", "Everyone except the minister came.", "Everyone and the minister came."),
        ("حضروا ما عدا الوزير.", "They came, apart from the minister.", "They came, and the minister."),
        # a word that may answer an exception does not answer فقط
        ("نجا طفل فقط.", "Only a child survived.", "A child survived, but was hurt."),
        # nor do `but` and `other` of another clause, or one word two restrictions
        ("لم يحضر إلا الوزير.", "Only the minister came.", "The minister came, but late."),
        ("لم يحضر سوى الوزير.", "No one other than the minister came.", "The minister came; the other left."),
        ("لم يحضر إلا وزير وقتل مدني فقط.", "Only one came, just one died.", "A minister came, only one died."),
    ],
)
def test_a_restriction_asks_for_an_answer(arabic: str, kept: str, lost: str) -> None:
    assert keeps_restrictions(arabic, kept)
    assert not keeps_restrictions(arabic, lost)
    for source, target, pair in (
        (arabic, lost, LanguagePair("ar", "en")),
        (lost, arabic, LanguagePair("en", "ar")),
    ):
        assert not same_polarity(source, target, pair)


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        # `however`, the rest of a word that was broken in two, and a denial of another clause
        ("لم يحضر إلا أن الوفد غادر.", "He did not attend; the delegation left."),
        ("لم يذكر في تصريحه الا علامي ذلك.", "He did not say so in his statement to the press."),
        ("لم يحضر. الوزير سوى الأمر.", "He did not attend. The minister settled the matter."),
        ("الساعة الخامسة إلا ربعا.", "A quarter to five."),
    ],
)
def test_what_looks_like_a_restriction_is_none(arabic: str, english: str) -> None:
    assert keeps_restrictions(arabic, english)


@pytest.mark.parametrize(
    ("english", "kept", "lost"),
    [
        ("Only three ministers attended.", "حضر ثلاثة وزراء فقط.", "حضر ثلاثة وزراء."),
        ("Only three ministers attended.", "لم يحضر إلّا ثلاثة وزراء.", "حضر ثلاثة وزراء."),
        ("It is merely a draft.", "هذه مجرّد مسودة.", "هذه مسودة."),
        ("Only one road is open.", "طريق واحد فقط مفتوح.", "طريق واحد مفتوح."),
        ("Only he came, and only she left.", "حضر هو فقط ولم يغادر سواها.", "حضر هو فقط وغادرت هي."),
        ("Everyone came except the minister.", "حضر الجميع عدا الوزير.", "حضر الجميع والوزير."),
        ("It was not only the minister.", "لم يكن الوزير فقط.", "لم يكن الوزير."),
        ("They didn't just leave, they fled.", "لم يغادروا بل فروا.", "لم يغادروا وفروا."),
    ],
)
def test_a_restriction_of_the_english_asks_for_an_answer(english: str, kept: str, lost: str) -> None:
    assert keeps_restrictions(kept, english)
    assert not keeps_restrictions(lost, english)


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        ("هذا أفضل طريق.", "It is the only way."),
        ("هو ابن بلا إخوة.", "He is an only child."),
        ("تونس هي الثانية بعد إسبانيا.", "Tunisia is second only to Spain."),
        ("وصل ليجد الباب مغلقا.", "He arrived, only to find the door closed."),
        ("عدد قليل منهم.", "Only a few of them."),
        ("ليته حضر.", "If only he had come."),
        ("وصل للتو.", "He had only just arrived."),
        ("للقراءة.", "A read-only page."),
        ("يحضر ثلاثة وزراء.", "Just three ministers attend."),
    ],
)
def test_what_the_arabic_may_leave_out_is_not_asked_for(arabic: str, english: str) -> None:
    assert keeps_restrictions(arabic, english)
