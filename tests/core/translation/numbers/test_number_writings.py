"""Ways in which newsrooms write numbers: the same number is no mismatch, another one still is."""

from __future__ import annotations

import pytest
from khulasa.server.core.translation.numbers.comparison import compare_numbers
from khulasa.server.core.translation.types import LanguagePair

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")

SAME = [
    # the sign of a percentage before it, commas of decimals, and the mark of agencies
    ("بنسبة %5", "by 5%"),
    ("بنسبة ٪٥", "by 5%"),
    ("%12,4", "12.4%"),
    ("69،8 بالمائة مقابل 69،6 بالمائة", "69.8 percent against 69.6 percent"),
    ("12،5 مليون", "12.5 million"),
    ("المواد 12،13 و14", "articles 12, 13 and 14"),
    ("بلغ 5ر10 بالمائة", "It reached 10.5 percent"),
    ("بلغ 235ر1 مليون سائح", "reached 1.235 million tourists"),
    ("بنسبة 46 فاصل 5 بالمائة", "by 46.5 percent"),
    # digits that go on with a number
    ("111 ألفا و65 حالة", "111,065 cases"),
    ("6 آلاف و467 سيدة", "6,467 women"),
    ("80 الف 696 ليبي", "80,696 Libyans"),
    ("مليون و250 ألف دولار", "$1.25 million"),
    ("مليارين و750 مليون دولار", "$2.75 billion"),
    ("خمسة ملايين و200 ألف", "5.2 million"),
    ("شارك 3 آلاف و20 وزيرا", "3,000 people and 20 ministers took part"),
    ("مائة و خمسة و عشرون مليون", "125 million"),
    ("ستة ملايير دولار", "six billion dollars"),
    # two of them before what they count
    ("بينهم مليونا إيراني", "including two million Iranians"),
    ("ألفا طالب", "2,000 students"),
    # neighbours that lend a scale, a century or a part
    ("بين 20 و30 مليار دولار", "between $20 billion and $30 billion"),
    ("4 الى 5 مليارات دولار", "$4 billion to $5 billion"),
    ("موسم 2015/2016", "the 2015/16 season"),
    ("حدود 67", "the 1967 borders"),
    ("ثلاث ساعات ونصف", "3.5 hours"),
    ("امرأة في العقد الرابع من العمر", "a woman in her 30s"),
    ("رجل أربعيني", "a man in his forties"),
    ("في السبعينيات من القرن العشرين", "in the 1970s"),
    ("ربع مليون إنسان", "about a quarter of a million people"),
    # hours of agencies
    ("على الساعة 16,00 بتوقيت غرينتش", "at 1600 GMT"),
    ("الساعة السادسة بتوقيت غرينتش", "at 0600 GMT"),
    # the hour alone, on a clock of twelve or of twenty-four hours
    ("الساعة الثالثة عصرا", "at 15:00"),
    ("الساعة الثالثة عصرا", "at 3:00 p.m."),
    ("في تمام الساعة 24", "at 0:00"),
    # what it counts stands between a number and its part
    ("كيلوغرام ونصف من الطحين", "1.5 kg of flour"),
    ("صفحة ونصف", "1.5 pages"),
    # groups and words
    ("هاتف: 71.234.567", "Phone: 71 234 567"),
    ("للاتصال: 71234567 +216", "Call +216 71 234 567."),
    ("٣/٤ السكان", "three quarters of the population"),
    ("فاز بثلاثية نظيفة", "It won 3-0"),
    ("فاز بهدفين دون رد", "It won 2-0"),
    ("دور ثمن النهائي", "the round of 16"),
    ("ثلاثتهم", "all three"),
    ("سباق 100 متر", "the 100m race"),
    ("بقيمة 50 ألف يورو", "worth €50K"),
    # units: of a part of the year, and millions of dinars
    ("خلال السبعة أشهر الأولى من سنة 2016", "in the first seven months of 2016"),
    ("خلال الخمسة أشهر الأولى لسنة 2017", "in the first five months of 2017"),
    ("يوم الخامس عشر من شهر مارس من كل عام", "on March 15 each year"),
    ("قيمته 15 م د", "worth 15 million dinars"),
    ("قيمته 10.350 د", "a price of 10.350 dinars"),
    ("على بعد 5 كلم", "5 km away"),
    ("من 3 إلى أكثر من 20 ألف دينار", "from 3,000 to more than 20,000 dinars"),
    # a comma before three digits is one of thousands in English, before 000 in Arabic as well
    ("40,000 شخص", "40,000 people"),
    ("1,235 مليون", "1.235 million"),
    ("في القرن الثامن عشر", "in the 1700s"),
    ("عند السابعة والنصف مساء", "at 7.30pm"),
    # a list says percent once
    ("30 بالمائة و40 بالمائة و5 بالمائة", "30 and 40 percent, and 5 percent"),
]

OTHER = [
    ("بنسبة %5", "by 5"),
    ("بنسبة %5", "by 6%"),
    ("بنسبة 5،6 بالمائة", "by 56 percent"),
    ("بنسبة 5،6 بالمائة", "by 6.5 percent"),
    ("بلغ 5ر10 بالمائة", "It reached 105 percent"),
    ("111 ألفا و65 حالة", "111,650 cases"),
    ("111 ألفا و65 حالة", "111,000 cases"),
    ("مليون و250 ألف دولار", "$1.5 million"),
    ("مليونا إيراني", "3 million Iranians"),
    ("بين 20 و30 مليار دولار", "between $2 billion and $30 billion"),
    ("حدود 67", "the 1973 borders"),
    ("موسم 2015-2016", "the 2015-17 season"),
    ("فاز بثلاثية نظيفة", "It won 2-0"),
    ("فاز 3-0", "It won 3-1"),
    ("هاتف 71234567", "Phone 71 234 568"),
    ("الساعة 16,00 بتوقيت غرينتش", "at 1700 GMT"),
    ("الساعة السادسة بتوقيت غرينتش", "at 0700 GMT"),
    ("الساعة الثالثة عصرا", "at 16:00"),
    ("صفحة ونصف", "1.25 pages"),
    ("3/4 السكان", "two thirds of the population"),
    ("ثلاث ساعات ونصف", "4.5 hours"),
    ("ثلاث ساعات ونصف", "three hours"),
    ("2.5 صفحة", "2.5 pages and a quarter"),
    ("العقد الرابع من العمر", "in his 40s"),
    ("قيمته 15 م د", "worth 15 million dollars"),
    ("قيمته 15 م د", "worth 15 billion dinars"),
    ("بقيمة 100 مليون دولار", "worth $100"),
    ("سباق 100 متر", "the 200m race"),
    ("ربع مليون", "half a million"),
    ("دور ثمن النهائي", "the round of 32"),
    ("40,000 شخص", "40 people"),
    ("40 ألف شخص", "40 people, of 40,000"),
    ("6 مئات", "6,000"),
    ("13097 مليون دينار", "13,097 billion dinars"),
    ("في القرن الثامن عشر", "in the 1800s"),
    ("عند السابعة والنصف مساء", "at 8.30pm"),
    ("30 بالمائة مقابل 40 بالمائة", "30 percent compared with 40 before"),
    ("ساعة ونصف", "an hour and a third"),
    # sizes in words
    ("قتل العشرات", "Hundreds were killed"),
    ("فر مئات الآلاف", "Tens of thousands fled"),
    ("تظاهر الآلاف", "Dozens demonstrated"),
]


@pytest.mark.parametrize(("arabic", "english"), SAME)
def test_the_same_number_in_another_writing(arabic: str, english: str) -> None:
    for found in (compare_numbers(arabic, english, AR_EN), compare_numbers(english, arabic, EN_AR)):
        assert found.agrees, found


@pytest.mark.parametrize(("arabic", "english"), OTHER)
def test_another_number_is_told_in_any_writing(arabic: str, english: str) -> None:
    assert not compare_numbers(arabic, english, AR_EN).agrees
    assert not compare_numbers(english, arabic, EN_AR).agrees


@pytest.mark.parametrize(
    ("arabic", "english"),
    [
        ("قتل العشرات", "Dozens were killed"),
        ("عشرات من بين آلاف", "Dozens of them"),
        ("مئات الآلاف", "hundreds of thousands"),
    ],
)
def test_sizes_in_words_that_one_side_leaves_out_are_no_mismatch(arabic: str, english: str) -> None:
    assert compare_numbers(arabic, english, AR_EN).agrees
