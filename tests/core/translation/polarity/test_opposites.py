"""A translation that says the opposite of its source: rose for fell, a grandmother for a grandfather."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from khulasa.server.core.translation.alignment.units import fold_arabic
from khulasa.server.core.translation.polarity import opposites as polarity_opposites
from khulasa.server.core.translation.polarity.negations import same_polarity
from khulasa.server.core.translation.types import LanguagePair

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")
LISTS = yaml.safe_load(Path(polarity_opposites.__file__).with_name("opposites.yaml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("arabic", "english", "same"),
    [
        ("ارتفعت الأسعار في مارس", "Prices rose in March", True),
        ("ارتفعت الأسعار في مارس", "Prices fell in March", False),
        ("وبانخفاض الصادرات", "and with the increase in exports", False),
        ("تأهل الفريق لنصف النهائي", "The team reached the quarter-finals", False),
        ("خسر في ربع نهائي الكأس", "It lost in the semifinal of the cup", False),
        ("بلغ النصف النهائي", "It reached the semi-finals", True),
        ("من ربع النهائي إلى دور الأربعة", "from the quarter final to the semi final", True),
        ("في الربع الأخير قبل النهائي", "in the last quarter before the semi-final", True),
        ("عندما توفيت جدتها", "When her grandmother died", True),
        ("عندما توفيت جدتها", "When her grandfather died", False),
        ("أصيب ثلاثة أشخاص", "Three people were killed", False),
        ("قتل اثنان وأصيب ثلاثة", "Two were killed and three wounded", True),
        ("برأت المحكمة المتهم", "The court convicted the defendant: guilty", False),
        ("شرق البلاد", "the west of the country", False),
        ("من الشمال إلى الجنوب", "from north to south", True),
        ("تضاعف العدد في عام", "The number halved in a year", False),
        ("انخفض العدد إلى النصف", "The number doubled", False),
        ("تفاقم العجز بحوالي مرتين خلال النصف الأول", "The deficit nearly doubled in the first half", True),
        ("منذ الأسبوع الفارط ينفذ حزب التيار وقفات", "Since last week the Current party has held vigils", True),
        ("مسؤولين في حكومته ليحكم نفسه على المسألة", "officials of his cabinet, so that they can judge it", True),
        ("جنوب شرق آسيا", "Southeast Asia", True),
        ("حظرت الحكومة التجمعات", "The government allowed gatherings", False),
        ("ممنوع الدخول", "Entry is not allowed", True),
        ("صباح الخميس", "on Thursday evening", False),
        ("العجز التجاري", "the trade surplus", False),
        ("أدنى مستوى منذ عام", "the highest level in a year", False),
        ("الشهر المقبل", "last month", False),
        ("الأسبوع الماضي", "next week", False),
        ("الرئيس السابق", "the current president", False),
        ("أفرجت الشرطة عن ناشط", "Police arrested an activist", False),
        ("نفى الوزير المحاولة", "The minister affirmed its failure to try", False),
        ("تعتزم خفض الضرائب", "It intends to raise taxes", False),
        ("يعارض النواب الخطة", "The deputies support the plan", False),
        ("غادر القاعة قبل التصويت", "He left the hall after the vote", False),
        ("جميع المعتقلين", "some of the detainees", False),
        ("استقبل الرئيس الوفد", "The prime minister received the delegation", False),
        ("وزير المالية", "the interior minister", False),
        ("قال أمس", "He said today", False),
        ("فشلت المفاوضات", "The negotiations succeeded", False),
        ("تضاعف العدد مرتين", "The number tripled", False),
        ("وقال متحدث باسم المستشفى", "A police spokesman said", False),
        ("وقال متحدث باسم الشرطة", "A police spokesman said", True),
        ("بحسب شهود عيان", "according to doctors", False),
        ("ذكرت الصحيفة أن الأطباء", "The paper said that physicians", True),
        ("مشروع نموذجي للأطباء", "a pilot project for medics", True),
        ("ودعت الأهالي", "She called on parents", True),
        ("معظم القرى", "a few villages", False),
        ("كثير من القرى", "few villages", False),
        ("كثير من أهم القرى", "many of the most important villages", True),
        ("عدد قليل من القرى", "several villages", True),
        ("تضاعف العدد ثلاث مرات", "The number tripled", True),
        ("سعر الدولار", "the price of the euro", False),
        ("حزب يساري", "a party of the right", False),
        ("من حق الجميع", "Everyone has the right", True),
        ("مدينة كبيرة", "a small town", False),
        ("أشاد الوزير بالقرار", "The minister condemned the decision", False),
        ("يأمل السكان", "Residents fear", False),
        ("أطلقت الشرطة النار", "The army opened fire", False),
        ("رفع العقوبات", "to impose sanctions", False),
        ("فرضت ضرائب ورفعت أخرى", "It imposed taxes and raised others", True),
        ("انضم إلى الحزب", "He quit the party", False),
        ("التقى رئيس الوزراء اللجنة", "The president met the committee", False),
        ("توجه الرئيس إلى الدوحة", "The prime minister flew to Doha", False),
        ("الملك ورئيس الوزراء", "the king and the prime minister", True),
        ("البطالة أقل من العام الماضي", "Unemployment is higher than last year", False),
        ("تنتج الجزائر أكثر من ليبيا", "Algeria produces less than Libya", False),
        ("لا يزيد على مئة", "no more than a hundred", True),
        ("السلاح أسرع", "The weapon is slower", False),
        ("تحسنت العلاقات", "Relations worsened", False),
        ("خففت العقوبات", "Sanctions were tightened", False),
        ("استأنفت الشركة رحلاتها", "The company suspended its flights", False),
        ("انسحبت القوات من البلدة", "The forces entered the town", False),
        ("أيد القضاة الحكم", "The judges overturned the ruling", False),
        ("برأ القاضي المصرفي", "The judge convicted the banker", False),
        ("بقيت الحدود مغلقة", "The border remained open", False),
        ("الرهائن أموات", "The hostages are alive", False),
        ("غارات جوية", "ground raids", False),
        ("عند منتصف الليل", "at noon", False),
        ("عند منتصف النهار", "at midnight", False),
        ("تحركت القوات نحو الشرق", "The troops moved westward", False),
        ("ارتفعت الليرة", "The lira weakened", False),
        ("يظل ساريا منذ مايو", "It remains in force until May", False),
        ("التقى المعلمين", "He met the students", False),
        ("أغلق العمال الطريق", "Farmers blocked the road", False),
        ("عثر على الطفلة سالمة", "The boy was found safe", False),
        ("زعيم الحكومة", "the opposition leader", False),
        ("خسرت مصر أمام تونس", "Egypt beat Tunisia", False),
        # what may say it, and does not surely
        ("عقب التصويت بساعة", "an hour later, before they left", True),
        ("قتل من قبل الجيش", "killed after the army came", True),
        ("كل المعتقلين", "some of the detainees", True),
        ("رئيس الحكومة", "the prime minister", True),
        ("إظهار صور المعتقلين", "to release photographs of the prisoners", True),
        # a side that leaves it out, or says both, is not held against the pair
        ("ارتفعت الأسعار", "Prices went up", True),
        ("ارتفعت الأسعار ثم تراجعت", "Prices rose", True),
        # what is no opposite: or, the city, issued
        ("أب أم أخ", "a father or a brother", True),
        ("وصل إلى جدة", "He reached Jeddah with his grandfather", True),
        ("مصدر أمني", "a security source of imports", True),
        # a declared innocence
        ("أكد الاتحاد براءته من محاولة دفع رشوة", "The federation affirmed that a man had tried to pay a bribe", False),
        ("أكد الاتحاد براءته من الرشوة", "The federation affirmed its innocence of the bribe", True),
        ("حصل على براءة اختراع", "He obtained a patent", True),
    ],
)
def test_opposites_differ(arabic: str, english: str, same: bool) -> None:
    assert same_polarity(arabic, english, AR_EN) is same
    assert same_polarity(english, arabic, EN_AR) is same


@pytest.mark.parametrize("group", LISTS)
def test_every_pole_has_words_of_its_own_in_both_languages(group: str) -> None:
    poles = LISTS[group]
    assert len(poles) > 1
    for language in ("en", "ar"):
        for name, words in poles.items():
            own = {fold_arabic(word) for word in words[language]}
            others = {fold_arabic(w) for other, some in poles.items() if other != name for w in some[language]}
            # a north-eastern place is both northern and eastern
            assert own - others, (group, name, language)
            assert group == "side" or not own & others, (group, name, language)


def test_other_languages_are_left_alone() -> None:
    assert same_polarity("Les prix ont monté", "Prices fell", LanguagePair("fr", "en"))
    assert same_polarity("Prices rose", "Prices fell", LanguagePair("en", "en"))
