"""Single lines in the head, the middle and the foot of an article: what part each is."""

from __future__ import annotations

from pathlib import Path

import pytest
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.types import PartKind

TITLE = "وزارة التربية تعلن خطة جديدة لتطوير المناهج"
FIRST = "أعلنت وزارة التربية أمس عن خطة جديدة لتطوير المناهج في جميع المراحل الدراسية خلال السنوات الثلاث المقبلة."
SECOND = "وقال المتحدث باسم الوزارة إن الخطة ستبدأ في المدارس الابتدائية ثم تنتقل إلى المراحل الأخرى تدريجيا."
THIRD = "وأضاف أن الوزارة خصصت ميزانية كافية لتدريب المعلمين وتجهيز المختبرات والمكتبات."
AROUND = {
    "head": ([TITLE], [FIRST, SECOND, THIRD]),
    "mid": ([TITLE, FIRST, SECOND], [THIRD, SECOND]),
    "foot": ([TITLE, FIRST, SECOND, THIRD], []),
}
ROWS = [
    row.partition("|")[::2]
    for row in (Path(__file__).parent / "lines_in_place.txt").read_text(encoding="utf-8").splitlines()
    if not row.startswith("#")
]


@pytest.mark.parametrize("where", sorted({row[0] for row in ROWS}))
def test_lines_in_their_places(where: str) -> None:
    place, kind = where.split()
    before, after = AROUND[place]
    wrong = []
    for row, line in ROWS:
        if row != where:
            continue
        text = "\n".join([*before, line, *after])
        start = len("\n".join(before)) + 1
        parts = parse_document(text, "ar").parts
        found = {p.kind for p in parts if p.span.start < start + len(line) and p.span.end > start}
        if found != {PartKind[kind]}:
            wrong.append((line, found))
    assert not wrong


@pytest.mark.parametrize(
    ("line", "dateline"),
    [
        ("BRAVEN, 12 October (HN) - A brass astrolabe was handed back.", "BRAVEN, 12 October (HN) - "),
        ("PORT ALDER (Reuters) - The ferry will stop for nine days.", "PORT ALDER (Reuters) - "),
        ("NEW HESSUM, March 4 - The council voted on Thursday.", "NEW HESSUM, March 4 - "),
        ("NATO - the alliance of 32 states - met on Tuesday.", ""),
        ("The UN - and not only the UN - was warned.", ""),
    ],
)
def test_english_datelines_are_cut_off_inside_the_line(line: str, dateline: str) -> None:
    text = f"{TITLE}\n{line} It was the second meeting in a month, the spokesman said.\n"
    document = parse_document(text, "en")
    byline = [part.span.of(text) for part in document.parts if part.kind is PartKind.BYLINE]
    assert byline == ([dateline] if dateline else [])
    assert document.sentences[0].span.of(text) == line.removeprefix(dateline)


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (["Silent Orchard", FIRST, SECOND, "خرائط الملح", THIRD], PartKind.HEADING),
        (["Paper Boats", FIRST, "Night Train", SECOND, THIRD], PartKind.HEADING),
        (["Mission North", FIRST, "طين أحمر", SECOND, THIRD], PartKind.HEADING),
        (["Lena Marsh", FIRST, SECOND, THIRD], PartKind.BYLINE),
    ],
)
def test_a_line_in_latin_letters_above_arabic_text_is_a_heading_where_others_are(
    lines: list[str], kind: PartKind
) -> None:
    parts = parse_document("\n".join([TITLE, *lines]), "ar").parts
    assert [part.kind for part in parts[:3]] == [PartKind.TITLE, kind, PartKind.BODY]


@pytest.mark.parametrize(
    "last",
    [
        "ويستمر التسجيل حتى الساعة 10:00 ص. يوم الثلاثاء 4 / 1 / 1437 هـ .",
        "وتبدأ الاختبارات في الموقع عند 8:30 ص. الأحد 12 / 6 / 2016.",
        "وتعلن النتائج عبر الموقع في 2 م. الخميس 3 مارس 2016 .",
    ],
)
def test_a_date_behind_an_abbreviation_stays_in_its_sentence(last: str) -> None:
    document = parse_document("\n".join([TITLE, FIRST, SECOND, last]), "ar")
    assert document.sentences[-1].span.of(document.text) == last
