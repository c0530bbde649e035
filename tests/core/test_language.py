"""Language identification: scripts, neighbours of Arabic, mixed and short texts, cost."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from khulasa.server.core.text.language import DetectedLanguage, detect_language, warm_up

SERVED = ("ar", "en")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("وقال الوزير إن المحادثات ستستمر الأسبوع المقبل", "ar"),
        ("The minister said that the talks would go on next week.", "en"),
        ("Le ministre a déclaré que les négociations continueraient la semaine prochaine.", "fr"),
        ("El ministro dijo que las negociaciones continuarán la próxima semana.", "es"),
        ("Die Ministerin sagte, dass die Gespräche nächste Woche weitergehen.", "de"),
        ("وزیر امور خارجه گفت که مذاکرات هفته آینده ادامه خواهد یافت", "fa"),
        ("وزیر خارجہ نے کہا کہ مذاکرات اگلے ہفتے جاری رہیں گے", "ur"),
        ("لە ئەنجامی ڕووداوەکەدا سێ کەس بریندار بوون", "ckb"),
        ("په پېښه کې درې کسان ټپیان شوي او روغتون ته لېږدول شوي دي", "ps"),
        ("Министр заявил, что переговоры продолжатся на следующей неделе.", "ru"),
        ("השר אמר כי השיחות יימשכו בשבוע הבא", "he"),
        ("政府は、交渉が来週首都で続くと発表した。", "ja"),
        ("政府表示谈判将于下周在首都继续进行。", "zh"),
    ],
)
def test_names_the_language_whether_or_not_it_is_served(text: str, code: str) -> None:
    found = detect_language(text, SERVED)
    assert found.code == code
    assert found.probability > 0.5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("شركة Apple تطلق هاتف iPhone 15 Pro Max", "ar"),
        ("قمة Group of Twenty في Rio de Janeiro", "ar"),
        ("رئيس شركة Microsoft Corporation ساتيا ناديلا يزور القاهرة", "ar"),
        ("12,5 .\n" * 4_000 + "أعلن المجلس قراره اليوم" + " https://example.com/a/b/c" * 9_000, "ar"),
        ("شاهد https://example.com/a/very/long/path/of/english/words صورة", "ar"),
        ("The daily Al-Ahram (الأهرام) said on Monday", "en"),
        ("The word خلاصة means summary", "en"),
        ("وقال المتحدث إن القرار نهائي ولا رجعة فيه. " + "iVBORwKGgoAAAANSUhEUg" * 30, "ar"),
        ("الحكومة " + "a" * 200 + " قررت رفع الأسعار", "ar"),
        ("The spokesman said " + "ا" * 200 + " that the decision was final.", "en"),
    ],
)
def test_names_in_the_other_script_do_not_turn_a_text(text: str, code: str) -> None:
    assert detect_language(text, SERVED).code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("سەرۆکی هەرێمی کوردستان گوتی", "ckb"),
        ("هەواڵی گرنگ", "ckb"),
        ("گزارش‌های تازه دربارهٔ کشور", "fa"),
        ("ملک بھر میں بجلی بند", "ur"),
    ],
)
def test_short_texts_of_the_neighbours(text: str, code: str) -> None:
    assert detect_language(text, SERVED).code == code


@pytest.mark.parametrize("text", ["Macron à Beyrouth", "Mort d'un soldat", "Hausse du chômage", "C’est fini"])
def test_accents_and_elisions_of_short_texts_are_not_english(text: str) -> None:
    assert detect_language(text, SERVED).code != "en"


@pytest.mark.parametrize(
    "text", ["Beyoncé sings tonight", "Coup d'état in Niger", "A new café opens", "São Paulo floods"]
)
def test_one_borrowed_word_does_not_turn_short_english(text: str) -> None:
    assert detect_language(text, SERVED).code == "en"


@pytest.mark.parametrize("text", ["الناتو", "أخبار", "گوگل تطلق هاتفا جديدا", "قمّة العُلا", "ﺍﻟﺤﻜﻮﻣﺔ ﺗﻌﻠﻦ"])
def test_short_arabic(text: str) -> None:
    assert detect_language(text, SERVED).code == "ar"


@pytest.mark.parametrize(
    "text",
    [
        "ﻭﺃﻏﻠﻘﺖ ﻋﺪﺓ ﻃﺮﻕ ﻣﺤﻠﻴﺔ ﻷﺳﺒﺎﺏ ﺗﺘﻌﻠﻖ ﺑﺎﻟﺴﻼﻣﺔ",
        "ﻭﺃﻛﺪﺕ ﻫﻴﺌﺔ ﺍﻹﺳﻌﺎﻑ ﺑﺄﻧﻬﺎ ﺗﺴﺘﺠﻴﺐ ﻟﻠﺤﺎﺩﺙ",
        "ﻳﺸﺎﺭ ﺃﻥ ﺍﻟﻤﻘﺎﺑﻠﺔ ﻗﺪ ﺇﻧﺘﻬﺖ ﺑﻔﻮﺯ ﺍﻟﻤﻨﺘﺨﺐ ﺍﻟﻮﻃﻨﻲ ﺑﻨﺘﻴﺠﺔ 92 - 71",
    ],
)
def test_letters_as_they_are_drawn_are_arabic(text: str) -> None:
    """Presentation forms, as text from PDF files has them, were taken for Persian or Urdu."""
    assert detect_language(text, SERVED).code == "ar"


@pytest.mark.parametrize(
    "text", ["London", "Hamas", "PSG", "NATO", "Breaking news", "Oil prices fall", "Trump meets Putin"]
)
def test_short_english(text: str) -> None:
    assert detect_language(text, SERVED).code == "en"


@pytest.mark.parametrize("text", ["", " \n\t", "123 456,78", "٣٤٥", "👍 !!", "https://example.com", "%%%"])
def test_without_words_nothing_is_determined(text: str) -> None:
    assert detect_language(text, SERVED) == DetectedLanguage("", 0.0)


def test_the_middle_of_a_long_text_outweighs_a_menu_at_its_start() -> None:
    menu = "Home News Sport Video Contact Login Subscribe\n" * 6
    body = "وقال الوزير إن المحادثات ستستمر الأسبوع المقبل في العاصمة بحضور الوفود. " * 60
    assert detect_language(menu + body, SERVED).code == "ar"


def test_a_long_text_costs_no_more_than_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    from khulasa.server.core.text import language

    seen: list[int] = []
    real = language._ngram_probabilities
    monkeypatch.setattr(language, "_ngram_probabilities", lambda t, s: seen.append(len(t)) or real(t, s))
    assert detect_language("وقال الوزير إن المحادثات ستستمر. " * 40_000, SERVED).code == "ar"
    assert seen
    assert max(seen) < 2_000


def test_being_served_decides_what_is_otherwise_open() -> None:
    text = "information"
    assert detect_language(text, ["en"]).code == "en"
    assert detect_language(text, ["fr"]).code == "fr"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    found = detect_language(text, SERVED)
    assert 0.0 <= found.probability <= 1.0
    assert (found.code == "") == (found.probability == 0.0)


def test_from_several_threads_at_once() -> None:
    warm_up()
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.append(detect_language("The minister said on Monday", SERVED).code))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["en"] * 8
