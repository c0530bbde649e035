"""Lines between, above and below paragraphs: what they are because of what follows them and how many they are."""

from __future__ import annotations

import re

import pytest
from khulasa.server.core.text.document import parse_document

TITLE, BY = "Harbour opens after nine days", "By Mara Quill"
STORY = [
    "The harbour opened at six on Monday, and for nine days not a single ship had come in from the north.",
    "Nobody on the pier wanted to talk about the engine, which the company had sold in the spring.",
    "Because the engine that was sold had been the only one that could pull the gates.",
]
OTHER = "The mayor of Hessum wants a tower of glass where the old mill has stood empty for years."
PLANTED = "البلدية تزرع عشرة آلاف شجرة"
TREES = [
    "بدأت البلدية أمس زراعة عشرة آلاف شجرة على جانبي طريق الساحل ضمن خطة لتخفيف زحف الرمال نحو البيوت.",
    "وقال المهندس المشرف علي الحداد إن الري سيجري بمياه معالجة، وإن نسبة النجاح في التجربة الأولى بلغت الثلثين.",
    "• الابتعاد عن مجاري الأودية حتى صباح السبت.",
    "• تثبيت اللوحات والأجسام القابلة للتطاير.",
]


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        # A heading with another below it names a section all the same.
        ([TITLE, BY, *STORY[:2], "The old engine", "What became of it", STORY[2]], "T Y B B H H B"),
        # Six short lines end an article, and the sentence below them is of another; three do not.
        (
            [TITLE, BY, *STORY, "Harbour hall", "The old town", "Weather", "Ferries", "Tides", "Jobs", OTHER],
            "T Y BBB XXXXXX X",
        ),
        ([TITLE, BY, *STORY, "Harbour hall", "The old town", "Weather", OTHER], "T Y BBB ... B"),
        # Fields with numbers are no such lines.
        (
            [TITLE, BY, *STORY[:2], "Opened: 1971", "Gates: 12", "Length: 300", "Ships: 9", "Berths: 40", STORY[2]],
            "T Y BB XXXXX B",
        ),
        # Who wrote, told behind the first paragraph.
        ([TITLE, BY, STORY[0], "Ms. Quill, a former pilot, is a columnist.", *STORY[1:]], "T Y B Y BB"),
        # Two rows of a table are no headings, and the box of an author ends the article.
        ([TITLE, BY, *STORY[:2], "Growth index 988.03 0.12%", "Harbour index 512.40 1.30%", STORY[2]], "T Y BB XX B"),
        ([TITLE, BY, *STORY, "Mara Quill", "Third-year historian, rower, and news editor since spring."], "T Y BBB XX"),
        # Subtitles that could be sentences, bylines in two lines, of a town and a station.
        ([PLANTED, "قالت إن الرمال كانت تزحف نحو البيوت كلها", "كتبت: هدى سليمان", *TREES], "T H Y BBBB"),
        ([PLANTED, "كتابة :", "هدى سليمان", *TREES], "T YY BBBB"),
        ([PLANTED, "العين - قناة الوادي", *TREES], "T Y BBBB"),
        ([PLANTED, "هدى سليمان", "(لوحة لشفيق عبود)", *TREES], "T Y C BBBB"),
        # An advertisement's label is no heading, where all paragraphs have stops; ingredients below theirs are text.
        ([TITLE, BY, *STORY, "ADVERTISEMENT", OTHER, OTHER], "T Y BBB X BB"),
        (
            [
                PLANTED,
                TREES[0],
                "المقادير",
                "كوب أرز مصري مغسول",
                "ثلاث حبات باذنجان متوسطة",
                "ملعقة صغيرة من الملح",
                "نصف كوب من الزيت",
                TREES[1],
                TREES[0],
            ],
            "T B H BBBB BB",
        ),
        # What asks the reader is of the site beside its rights, and without a stop.
        (
            [
                PLANTED,
                *TREES,
                "اطلع على النشرة التفصيلية في مدينتك",
                "تنويه هام: حقوق النشرة محفوظة، ويشترط عند النقل ذكر المصدر",
            ],
            "T BBBB XX",
        ),
    ],
)
def test_lines_around_paragraphs(lines: list[str], kinds: str) -> None:
    text = "\n".join(lines)
    parts = parse_document(text, "en").parts
    names = {"TITLE": "T", "BYLINE": "Y", "BODY": "B", "HEADING": "H", "CAPTION": "C", "BOILERPLATE": "X"}
    found, start = "", 0
    for line in lines:
        found += next(names[part.kind.name] for part in parts if part.span.start <= start < part.span.end)
        start += len(line) + 1
    assert re.fullmatch(kinds.replace(" ", ""), found), found


def test_only_the_first_paragraph_has_a_dateline() -> None:
    later = "PORT ALDER (Reuters) - The ferry will stop for nine days, the harbour said on Tuesday."
    text = "\n".join([TITLE, BY, *STORY, later])
    assert parse_document(text, "en").sentences[-1].span.of(text) == later
