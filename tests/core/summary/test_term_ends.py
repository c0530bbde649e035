"""Where key terms begin and end: swallowed articles, owners still to come, what a body is for, what names nothing."""

from __future__ import annotations

import pytest
from khulasa.server.core.summary.key_terms import extract_key_terms
from khulasa.server.core.text.document import parse_document


def terms_of(story: str, language: str = "ar") -> dict[str, int]:
    """The key terms of a text, and how many places each of them has."""
    last = (
        "ثم سكت الجميع حتى ساعة متأخرة من الليل." if language == "ar" else "Nothing else was heard until the evening."
    )
    document = parse_document(f"{story}\n{last}", language)
    return {term.source_text: len(term.source_spans) for term in extract_key_terms(document, max_terms=30)}


def test_a_term_is_shown_with_its_article_where_it_stands_so_anywhere() -> None:
    found = terms_of("وصل مندوب للأمم المتحدة إلى عدن. وقالت الأمم المتحدة إنها تنتظر. وتنتظر الأمم المتحدة ردا.")
    assert found["الأمم المتحدة"] == 2
    assert "للأمم المتحدة" not in found


def test_no_places_are_left_out_where_they_are_the_most() -> None:
    swallowed = "وصل مندوب للأمم المتحدة. وقال ناطق للأمم المتحدة إنه باق. وتبعته الأمم المتحدة."
    assert terms_of(swallowed)["للأمم المتحدة"] == 3


def test_a_camera_is_no_princess() -> None:
    found = terms_of("ركب الحي كاميرات مراقبة. ورأت كاميرات مراقبة اللص.")
    assert "كاميرات مراقبة" in found


def test_a_term_that_stands_nowhere_else_keeps_what_the_text_has() -> None:
    assert terms_of("وصل مندوب للأمم المتحدة إلى عدن. وقال ناطق للأمم المتحدة إنه ينتظر.")["للأمم المتحدة"] == 2


@pytest.mark.parametrize(
    ("story", "found", "wrong"),
    [
        (
            "قال نائب رئيس مجلس نواب الشعب إنه باق. وغادر نائب رئيس مجلس نواب الشعب القاعة.",
            "رئيس مجلس نواب الشعب",
            "نائب رئيس مجلس نواب",
        ),
        (
            "دعا الاتحاد العام التونسي للشغل إلى إضراب. ورفض الاتحاد العام التونسي للشغل العرض.",
            "الاتحاد العام التونسي للشغل",
            "الاتحاد العام التونسي",
        ),
        ("صدر ضده حكم بالسجن. وقد صدر ضده حكم آخر قبل عام.", "حكم", "ضده حكم"),
        ("عقد الحزب مؤتمره السنوي في صفاقس. وافتتح الحزب مؤتمره السنوي.", "الحزب", "مؤتمره السنوي"),
        ("قال مراسلنا إن الحزب اجتمع. وأضاف مراسلنا أن الحزب رفض.", "الحزب", "مراسلنا"),
        ("نشر الحزب لافتات استعدادا للحملة. وجمع الحزب المال استعدادا لها.", "الحزب", "استعدادا"),
        ("التقى الوزير ديدييه رايندرز في بروكسل. وغادر ديدييه رايندرز بروكسل.", "ديدييه رايندرز", "رايندرز"),
    ],
)
def test_arabic_terms_are_whole_and_say_something(story: str, found: str, wrong: str) -> None:
    terms = terms_of(story)
    assert found in terms, list(terms)
    assert wrong not in terms


@pytest.mark.parametrize(
    ("story", "found", "wrong"),
    [
        ("The South African driver met a South African nurse in Airdrie.", "Airdrie", "South African"),
        ("U.S.-Japanese talks began in Norrlys. More U.S.-Japanese talks follow.", "Norrlys", "U.S.-Japanese"),
        ("Anker Shipbuilding, Ltd and Norrlys Steel, Ltd won. Both grew.", "Norrlys Steel", "Ltd"),
        ("Losses and debts were 4 and 5, respectively. They fell respectively in Norrlys.", "Norrlys", "respectively"),
    ],
)
def test_english_words_that_name_nothing_are_no_terms(story: str, found: str, wrong: str) -> None:
    terms = terms_of(story, "en")
    assert found in terms, list(terms)
    assert wrong not in terms


def test_a_monopoly_is_a_thing() -> None:
    assert "monopoly" in terms_of("The monopoly fell. No monopoly lasts, they say.", "en")


@pytest.mark.parametrize(
    ("story", "found", "wrong"),
    [
        # Names: whole to their end, and told by the office before or behind a comma.
        ("وقع هجوم في شارع محمد الخامس أمس. وأغلقت الشرطة المكان.", "شارع محمد الخامس", "شارع محمد"),
        ("انقطع الماء بمدينة سيدي بوزيد أمس. وعاد صباحا.", "مدينة سيدي بوزيد", "مدينة سيدي"),
        ("توفي الملازم طارق بوسنة في الانفجار. ونجا غيره.", "طارق بوسنة", "طارق"),
        ("قال وزير الداخلية محمد ناجم الغرسلي إنه باق.", "محمد ناجم الغرسلي", "محمد ناجم"),
        ("وصل السيد عبد الله عبد الكريم، وذلك اليوم.", "عبد الله عبد الكريم", "عبد الله عبد"),
        ("وصل مرفوقا بوزير العدل، محمد الزيتوني وعدد من المديرين.", "محمد الزيتوني", "الزيتوني"),
        ("بحسب ما أكده لنا، طاهر الزيتوني، رئيس الجمعية. وأضاف طاهر أنه باق.", "طاهر الزيتوني", "طاهر الزيتوني رئيس"),
        ("أعلن حزب الاتحاد الوطني الحر موقفه.", "حزب الاتحاد الوطني الحر", "حزب الاتحاد الوطني"),
        # What a body is for.
        ("أعلن البنك الافريقي للتنمية قرضا.", "البنك الافريقي للتنمية", "البنك الافريقي"),
        (
            "اجتمعت النقابة العامة للتعليم الأساسي أمس. ورفضت النقابة العامة للتعليم الأساسي العرض.",
            "النقابة العامة للتعليم الأساسي",
            "للتعليم الأساسي",
        ),
        # Half of another name or phrase.
        ("عثرت وحدات الديوانة على سلاح. وحجزت وحدات الحرس سيارة. وتشكر الديوانة الحرس.", "الديوانة", "وحدات"),
        ("رفض وزير المالية العرض. وقالت وزارة المالية إن القرض كبير.", "وزارة المالية", "المالية"),
        ("اتفق الطرفان على تفعيل اتفاق قديم. وطلبا تفعيل قانون آخر. ووقع الحزب والحزب الآخر.", "الحزب", "تفعيل"),
        # Adjectives are no place of their noun.
        ("أدان الحزب العملية الإرهابية. وقال إن الإرهاب خطر. وحارب الإرهاب بقوة.", "الإرهاب", "الإرهابية"),
        # What says nothing.
        ("درس الحزب إمكانية قطع العلاقة. ورأى الحزب إمكانية تعرض له.", "الحزب", "إمكانية"),
        ("يعاقب الحزب بسجن لايتجاوز عاما. ويدفع الحزب ما لايتجاوز ألفا.", "الحزب", "لايتجاوز"),
    ],
)
def test_an_arabic_term_is_neither_half_nor_a_word_that_says_nothing(story: str, found: str, wrong: str) -> None:
    terms = terms_of(story)
    assert found in terms
    assert wrong not in terms


def test_what_may_stand_alone_stays() -> None:
    terms = terms_of(
        "يناقش التعليم غدا. وقال وزير التعليم إن التعليم مهم. وزار مدير المستشفى القاعة. وأغلق المستشفى أمس."
    )
    assert terms["التعليم"] == 3
    assert terms["المستشفى"] == 2
    story = terms_of("أحرق اللصوص حافلة. وتبين أن حافلة ثانية سرقت قبل أيام.")
    assert story["حافلة"] == 2
