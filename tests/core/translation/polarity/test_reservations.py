"""What takes something back must stand on both sides: a former minister, a deputy, what is alleged, what may be."""

from __future__ import annotations

import pytest
from khulasa.server.core.translation.polarity.negations import same_polarity
from khulasa.server.core.translation.polarity.reservations import keeps_reservations
from khulasa.server.core.translation.types import LanguagePair

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")


@pytest.mark.parametrize(
    ("arabic", "kept", "lost"),
    [
        ("قال وزير الخارجية السابق إن الاتفاق ميت.", "The former foreign minister said the deal was dead.", "former "),
        ("وصل نائب وزير الدفاع إلى أبو ظبي.", "The deputy defence minister arrived in Abu Dhabi.", "deputy "),
        ("قال نائب الرئيس إن الحوار مستمر.", "The vice president said dialogue was continuing.", "vice "),
        ("استقال المدير بالإنابة.", "The acting director resigned.", "acting "),
        ("زعم الجيش أن القتلى مسلحون.", "The army claimed that the dead were gunmen.", "The army claimed that "),
        ("يُزعم أن المتهم سرق الوثائق.", "The accused allegedly stole the documents.", "allegedly "),
        ("قد يزور الوزير بغداد.", "The minister may visit Baghdad.", "may "),
        ("رُبَّما يكون الحريق متعمدا.", "The fire was perhaps deliberate.", "perhaps "),
        ("من المحتمل أن تؤجل الانتخابات.", "The elections may be postponed.", "may be "),
    ],
)
def test_a_reservation_of_the_arabic_asks_for_an_answer(arabic: str, kept: str, lost: str) -> None:
    for pair, one, two in ((AR_EN, arabic, kept), (EN_AR, kept, arabic)):
        assert same_polarity(one, two, pair)
    assert not same_polarity(arabic, kept.replace(lost, ""), AR_EN)
    assert not same_polarity(kept.replace(lost, ""), arabic, EN_AR)


@pytest.mark.parametrize(
    ("english", "kept", "lost"),
    [
        ("The former prime minister was jailed.", "سجن رئيس الوزراء السابق.", " السابق"),
        ("The ex-minister was jailed.", "سجن الوزير الأسبق.", " الأسبق"),
        ("The deputy governor visited the site.", "زار نائب المحافظ الموقع.", "نائب "),
        ("The vice-chairman flew to Doha.", "توجه نائب الرئيس إلى الدوحة.", "نائب "),
        ("The acting president resigned.", "استقال الرئيس المؤقت.", " المؤقت"),
        ("The suspect allegedly fired first.", "يزعم أنه أطلق النار أولا.", "يزعم أنه "),
        ("The deal may be signed.", "قد يوقع الاتفاق.", "قد "),
        ("They might sign the deal.", "ربما يوقعون الاتفاق.", "ربما "),
    ],
)
def test_a_reservation_of_the_english_asks_for_an_answer(english: str, kept: str, lost: str) -> None:
    assert same_polarity(english, kept, EN_AR)
    assert not same_polarity(english, kept.replace(lost, ""), EN_AR)


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        ("قال نائب عن الحزب إن الجلسة تأجلت.", "A member of parliament for the party said the session was postponed."),
        ("التقى النائب العام الوفد.", "The public prosecutor met the delegation."),
        ("انتخب النواب رئيسهم.", "The deputies elected their speaker."),
        ("الأول أسرع من الثاني.", "The former is faster than the latter."),
        ("في الأسبوع السابق", "In the week before that"),
        ("أظهرت بأسها العسكري.", "It showed its military might."),
        ("جرت الانتخابات في مايو.", "The May elections took place."),
        ("وقد تقرر إغلاق المعابر.", "It was decided to close the crossings."),
        ("لم يعد الوضع يحتمل.", "The situation is unbearable."),
        ("من المرجح أن يوقع الاتفاق.", "The deal may be signed."),
        ("قالت كاهية المدير", "The deputy director said"),
        ("نفى التهمة المنسوبة إليه.", "He denied the alleged offence."),
    ],
)
def test_what_looks_like_a_reservation_is_none(arabic: str, english: str) -> None:
    assert keeps_reservations(arabic, english)
