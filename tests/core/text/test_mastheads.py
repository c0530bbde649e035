"""Names of papers above the headline, bylines with pipes, notes on authors, boxes and scraps at the end."""

from __future__ import annotations

import pytest
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.furniture import is_section_number

STORY = [
    "The first thing you notice in Orrin is the doors, which do not close since the sea came in last winter.",
    "Salt has crept into the frames and swollen them, so people have taken to hanging curtains there instead.",
    "The council sold the plots at twelve pounds each, and the surveyor who warned of it was never answered.",
]
ARABIC = [
    "خرج سكان دوار تيزي صباح اليوم في وقفة أمام مقر القيادة للمطالبة بقنطرة جديدة بعد أن جرف الوادي القديمة.",
    "وقال أحد السكان لجريدة الأطلس تيفي إن الأطفال لم يذهبوا إلى المدرسة منذ ثلاثة أيام بسبب الفيضان.",
    "وأكد رئيس الجماعة أن الدراسة التقنية جاهزة وأن الأشغال ستبدأ في شهر مايو من العام نفسه.",
]


def kinds(lines: list[str]) -> list[str]:
    """The kind that each line begins with."""
    document = parse_document("\n".join(lines), "ar")
    starts = [sum(len(before) + 1 for before in lines[:at]) for at in range(len(lines))]
    return [next(p.kind.name for p in document.parts if p.span.start <= at < p.span.end) for at in starts]


@pytest.mark.parametrize(
    ("name", "headline", "told", "story"),
    [
        ("The Heron Review", "Salt in the Walls", "By Clare Westerby", STORY),
        ("جريدة الأطلس تيفي", "فيضانات الوادي تعزل ثلاثة دواوير عن محيطها", "الخميس 20 مارس 2025 - 11:15", ARABIC),
    ],
)
def test_the_name_of_a_paper_is_no_headline(name: str, headline: str, told: str, story: list[str]) -> None:
    """It shares words with an article that names its paper, and the headline may share none."""
    found = kinds([name, headline, told, *story])
    assert found[:3] == ["BOILERPLATE", "TITLE", "BYLINE"]
    assert found[3:] == ["BODY"] * 3


def test_news_of_a_canal_or_agency_stay_headlines() -> None:
    title = "قناة السويس تسجل أعلى إيراد شهري"
    assert kinds([title, "الخميس 20 مارس 2025 - 11:15", *ARABIC])[0] == "TITLE"
    title = "وكالة الطاقة تخفض توقعاتها"
    assert (
        kinds([title, "الطلب على النفط ينمو بأقل من التقديرات السابقة", "الخميس 20 مارس 2025", *ARABIC])[0] == "TITLE"
    )


def test_a_byline_with_pipes_is_no_menu() -> None:
    line = "By Clare Westerby | Photographs by Jonas Field | Winter 2024"
    assert kinds(["Salt in the Walls of Orrin", line, *STORY])[1] == "BYLINE"
    # So the note on its author is known.
    note = "Clare Westerby's last book, about lost harbours, was published in 2022."
    assert kinds(["Salt in the Walls of Orrin", line, *STORY, note])[-1] == "BYLINE"
    other = "Tomas Ek's last book, about lost harbours, was published in 2022."
    assert kinds(["Salt in the Walls of Orrin", line, *STORY, other])[-1] == "BODY"


def test_a_note_calls_the_author_by_title_and_surname() -> None:
    note = "Ms. Marden, a former forecaster, is an Opinion columnist."
    assert kinds(["Stop Naming Storms", "By Julia Marden", note, *STORY])[2] != "BODY"
    assert kinds(["Stop Naming Storms", "By Jane Poole", *STORY, note])[-1] == "BODY"


def test_numbers_of_sections_are_no_sentences() -> None:
    assert (
        kinds(["Salt in the Walls", "By Clare Westerby", "I.", STORY[0], "II.", STORY[1], "III", STORY[2]])[2::2]
        == ["BOILERPLATE"] * 3
    )
    assert not any(map(is_section_number, ["I am.", "Mix.", "XXXXXX", ""]))


def test_the_article_goes_on_behind_a_box_to_skip() -> None:
    """Its last paragraph was lost: the lines of the box counted as a foot."""
    box = ["RECOMMENDED STORIES", "list of 2 items", "list 1 of 2", "What the coast guard says", "list 2 of 2"]
    box += ["Meet the pilot who flies milk", "end of list"]
    last = "Some 3,000 people live there. Their doctor comes by boat, on Tuesdays."
    assert kinds(["Ferry strike enters second week", "By Marcus Vane", *STORY, *box, last])[-1] == "BODY"


def test_a_few_words_without_a_stop_below_the_article_are_no_sentence() -> None:
    foot = ["وزارة الموارد المائية", "قسم الإعلام والاتصال الحكومي"]
    assert kinds(["الوزير يتفقد أعمال تأهيل السد", "15/9/2024", *ARABIC, *foot])[-1] == "BOILERPLATE"
    # Right below the text it may have lost its stop, and so in articles without stops.
    assert kinds(["الوزير يتفقد أعمال تأهيل السد", "15/9/2024", *ARABIC, "قسم العمال الأجر بينهم"])[-1] == "BODY"
