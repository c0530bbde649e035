"""The signs of the target language, and what must not be touched."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from khulasa.server.core.translation.typography import typeset


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("نعم, لا; لماذا?", "نعم، لا؛ لماذا؟"),
        ("قال الوزير ، أمس .", "قال الوزير، أمس."),
        ("قال،ثم مضى", "قال، ثم مضى"),
        ("و قال و كتب", "وقال وكتب"),
        ("بلغ 1,234.5 طن, و 3,000", "بلغ 1,234.5 طن، و 3,000"),
        ("الساعة ٩:٣٠ صباحا", "الساعة ٩:٣٠ صباحا"),
        ("سنة 2020, بعد ذلك", "سنة 2020، بعد ذلك"),
        ("قال “نعم” ثم “yes”", "قال «نعم» ثم “yes”"),
        ('قال "نعم"', 'قال "نعم"'),
        ("« نعم » ( لا )", "«نعم» (لا)"),
        ("\u200fمرحبا\u200e بك\u202c\ufeff", "مرحبا بك"),
        ("شركة Apple, Inc. في", "شركة Apple, Inc. في"),
        ("في London, UK, أمس", "في London, UK، أمس"),
        ("زوروا https://a.example/x?y=1,2 الآن?", "زوروا https://a.example/x?y=1,2 الآن؟"),
        ("&quot;نعم&quot; &amp; لا", "&quot;نعم&quot; &amp; لا"),
        ("كلمتان  بفراغين", "كلمتان بفراغين"),
        ("👨\u200d👩\u200d👧 عائلة", "👨\u200d👩\u200d👧 عائلة"),
        ("", ""),
    ],
)
def test_arabic(text: str, expected: str) -> None:
    assert typeset(text, "ar") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes، no؛ why؟", "yes, no; why?"),
        ("٣٫٥٪ of ١٬٢٣٤ and ۱۲", "3.5% of 1,234 and 12"),
        ("a\u200fb", "ab"),
        ("see #القدس، and @user", "see #القدس, and @user"),
        ("plain, text? “quoted”", "plain, text? “quoted”"),
    ],
)
def test_english(text: str, expected: str) -> None:
    assert typeset(text, "en") == expected


def test_glossary_targets_stay() -> None:
    assert typeset("زار Yahoo?, Inc, أمس, نعم", "ar", ["Yahoo?, Inc", "Inc, أ"]) == "زار Yahoo?, Inc, أمس، نعم"


@example("1 ،ا", "ar")
@given(st.text(alphabet='اب وقنa1٣ ,;?.،«»“”"()\u200f&#@', max_size=60), st.sampled_from(["ar", "en", "fr"]))
def test_words_and_digits_stay_and_twice_is_once(text: str, language: str) -> None:
    once = typeset(text, language)
    for before, after in zip(filter(str.isalnum, text), filter(str.isalnum, once), strict=True):
        assert before == after or (language == "en" and (before, after) == ("٣", "3"))
    assert typeset(once, language) == once
