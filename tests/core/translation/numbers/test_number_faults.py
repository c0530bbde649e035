"""Faults in numbers that other numbers of the same text seem to answer, and right pairs beside them."""

from __future__ import annotations

import pytest
from khulasa.server.core.translation.numbers.comparison import compare_numbers
from khulasa.server.core.translation.types import LanguagePair

AR_EN, EN_AR = LanguagePair("ar", "en"), LanguagePair("en", "ar")

SAME = [
    # thousands apart, with a plain space or one that does not break
    ("وصل 16 000 شخص", "16,000 people arrived"),
    ("وصل 16\u00a0000 شخص", "16,000 people arrived"),
    ("وصل ١٦\u202f٠٠٠ شخص", "Sixteen thousand people arrived"),
    ("وصل 16٬000 شخص", "16 000 people arrived"),
    ("بكلفة 1 250 000,5 دينار", "at a cost of 1,250,000.5 dinars"),
    ("في 15 مارس 300 شخص", "On March 15 300 people"),
    ("في الخامسة عشرة 300 شخص", "On the 15 300 people"),
    ("الغرف 100 101 102 103 104 105", "rooms 100, 101, 102, 103, 104 and 105"),
    # a date in any order
    ("في 1976/12/15", "on 15 December 1976"),
    ("في 10/7/1951", "on 1951-07-10"),
    ("في 11 حزيران 2012", "on 2012-06-11"),
    ("في 7 تموز 1999", "on 7 Jul 1999"),
    ("في 3 آذار 1999", "on 3/3/1999"),
    ("في التاسع من آب", "on August 9"),
    ("كان أول من آب إلى داره في مايو", "He was the first to return home in May"),
    # a number that is said again right beside itself
    ("يسدد على ستة (6) أشهر", "repaid over six months"),
    ("بعد ثلاثة أيام وثلاث ليال", "after three days and three nights"),
    ("انتهت بعد ساعات قليلة من هذه السنوات", "It ended hours after these years"),
    ("خلال الأشهر الماضية", "over the past months"),
    ("يوميا طوال سنوات", "every day for years"),
    ("منذ عشرات السنين", "for decades"),
    # names with a number
    ("مقبرة توت (KV62). وهي أشهر المقابر", "Tomb of Tut (KV62). KV62 is the most famous"),
    ("قمة السبعة الكبار G 7", "the G7 summit"),
    # shares
    ("ثمن السكان", "an eighth of the population"),
    ("سدس النواب", "a sixth of the deputies"),
    ("سدس النواب", "1/6 of the deputies"),
    # minutes of a time in words
    ("في السابعة والثلث مساء", "at 7:20 p.m."),
    ("في السابعة و35 دقيقة", "at 7:35"),
    ("في السابعة والنصف", "at half past seven"),
    ("على مساحة 40 فدانا", "on 40 acres"),
    ("على مساحة 40 فدانا", "on 40 feddans"),
    # a score, from either side
    ("فاز بهدفين مقابل هدف", "They won 2-1"),
    ("فاز بثلاثة أهداف لهدفين", "They won by three goals to two"),
    ("خسر بهدف مقابل هدفين", "They lost 2-1"),
    # a half before its scale; a share by its form an ordinal
    ("بكلفة مليار ونصف المليار دولار", "at a cost of one and a half billion dollars"),
    ("أقرض مليارين ونصف المليار جنيه", "It lent two and a half billion pounds"),
    ("بنسبة 20 بالمئة", "by a fifth"),
    ("انخفض إلى النصف", "It fell by half"),
    # the price of one thing in another
    ("بلغ سعر الكيلوغرام عشرين جنيها", "The price of a kilogram reached twenty pounds"),
    ("بلغ سعر الدولار 30 جنيها", "The dollar reached 30 pounds"),
    (
        "بلغ سعر الدينار إزاء الدولار 2.206 ومقابل اليورو 2.452",
        "The dinar traded at 2.206 to the dollar, 2.452 to the euro",
    ),
    ("10 دولارات لليوم الواحد", "USD 10 for one-day tickets"),
    ("في التاسعة و45 دقيقة صباحا", "at 9:45 a.m."),
    # below zero in words
    ("خمس درجات تحت الصفر", "five degrees below zero"),
    ("ثلاث درجات دون الصفر", "minus three"),
    ("دون درجة التجمد", "below freezing"),
    ("انتهى بلا ثلاثة لاعبين", "It ended minus three players"),
]
OTHER = [
    # a month that is a word of its own, behind a day in words
    ("في التاسع من آب", "on May 9"),
    ("في 9 من شهر آب", "on May 9"),
    # it stands twice on one side
    ("قتل ثلاثة إرهابيين وأوقف ثلاثة آخرون", "Three terrorists were killed and others arrested"),
    ("الهدف 60 له في 60 مباراة", "his goal in 60 matches"),
    ("من 1990 حتى 2015، وفي 2015", "from 1990 to , and in 2015"),
    # a day of the month is no month
    ("في 10 شباط 1955", "on 10 July 1955"),
    ("في 2 آذار", "on 2 February"),
    ("في 4 أبريل 1991", "on 4 Aug 1991"),
    ("في 7 تشرين الثاني", "on 7 Jul"),
    # digits of an order of magnitude less
    ("بلغ 4.000.000.000 دولار", "It reached $400 million"),
    ("بلغ 258 000 000 دولار", "It reached $25,800,000"),
    ("يتسع لـ104,500 برميل", "It holds 104,5000 barrels"),
    ("وصل 16 000 شخص", "16,500 people arrived"),
    ("وصل 16 000 شخص", "160,000 people arrived"),
    # minutes
    ("في السابعة والثلث مساء", "at 7:35 p.m."),
    ("في الساعة 06:45", "at 6 am"),
    ("في السابعة والنصف", "at 7 p.m."),
    # a score turned round
    ("فاز بهدفين مقابل هدف", "They won 1-2"),
    ("بعد ساعات قليلة", "a few days later"),
    ("منذ آلاف السنين", "for thousands of days"),
    ("فاز بثلاثة أهداف لهدفين", "They won by two goals to three"),
    ("انتهت بنتيجة 3-1", "It ended one goal to three"),
    # what is counted, in another unit
    ("على مساحة 40 هكتارا", "on 40 acres"),
    ("بقدرة 40 ميغاواط", "of 40 kilowatts"),
    ("ينتج مليون برميل يوميا", "It produces a million tonnes a day"),
    ("بلغ سعر الدولار 30 جنيها", "The dollar reached 30 euros"),
    ("في الدقيقة 90", "after 90 days"),
    ("بكلفة مليار ونصف المليار دولار", "at a cost of two and a half billion dollars"),
    ("أقرض ملياري جنيه", "It lent two and a half billion pounds"),
    ("بنسبة 20 بالمئة", "by a third"),
    ("انتخب لولاية ثانية", "He was elected for a third term"),
    ("في التاسعة و45 دقيقة مساء", "at 9:45 a.m."),
    ("كانت ثلاث درجات", "It was minus three"),
    ("خمس درجات تحت الصفر", "five degrees"),
]


@pytest.mark.parametrize(("arabic", "english"), SAME)
def test_right_pairs_agree(arabic: str, english: str) -> None:
    for found in (compare_numbers(arabic, english, AR_EN), compare_numbers(english, arabic, EN_AR)):
        assert found.agrees, found


@pytest.mark.parametrize(("arabic", "english"), OTHER)
def test_faults_are_told(arabic: str, english: str) -> None:
    assert not compare_numbers(arabic, english, AR_EN).agrees
    assert not compare_numbers(english, arabic, EN_AR).agrees
