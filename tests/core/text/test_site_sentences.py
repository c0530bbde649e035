"""Sentences of sites and sentences of articles that sound like them, in several places of a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.normalize import view
from khulasa.server.core.text.rules import plain
from khulasa.server.core.text.site_talk import ABOUT_SITE, SURELY_ABOUT_SITE, talk_of
from khulasa.server.core.text.types import PartKind

HERE = Path(__file__).parent
ARABIC = [
    "بلدية السرو تبدأ فرز النفايات من المنازل",
    "السرو - رويترز",
    "باشرت بلدية السرو أمس تطبيق مشروع فرز النفايات من المصدر في ثلاثة أحياء. ووزعت نحو أربعة آلاف حاوية ملونة.",
    "وقال رئيس البلدية إبراهيم العدوان إن المشروع ممول بمنحة قدرها 1.2 مليون دينار، وإن الفرز يخفض كلفة النقل.",
    "من جهتها، أعربت أم خالد، وهي من سكان حي الزيتون، عن خشيتها من ألا تلتزم الشاحنات بمواعيدها.",
]
ENGLISH = [
    "Harbour seals return to the Thule estuary",
    "By Priya Lansbury",
    "Harbour seals have bred in the Thule estuary for the first time in six decades, conservationists said on Friday.",
    "The animals disappeared in the 1960s, when a mill upstream was still discharging bleach. The mill closed in 1998.",
    "Two fish farms nearby declined to comment on the count, which will be repeated in May and again in June.",
]
# What stands before and after the sentence.
PLACES = {
    "at the end": ([], []),
    "after an advertisement": (["إعلان", "تابع القراءة"], []),
    "after another": (["Advertisement", "Skip advertisement"], ["Share"]),
    "after links": (["اقرأ أيضا", "كم بلغ سعر الذهب في الأسواق اليوم", "خمسة أسباب للمشي كل صباح"], ["شارك"]),
    "after English links": (
        ["Read more", "Why everyone is baking with rye", "Minister resigns"],
        ["Share", "Tags: a, b"],
    ),
    "after an appeal": (["Sign up to our weekly newsletter"], ["Share"]),
    "after an Arabic appeal": (["اشترك في نشرتنا البريدية ليصلك كل جديد"], ["شارك"]),
    "in the middle": ([], ARABIC[2:3]),
}
FOOT_ARABIC = ["شارك", "المصدر: رويترز", "مطر", "أنهار"]
FOOT_ENGLISH = ["Share", "Tags: rain, rivers", "Weather", "Rivers"]


def rows(name: str) -> list[str]:
    return [line for line in (HERE / name).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def kinds(before: list[str], line: str, after: list[str]) -> set[PartKind]:
    """Kinds of the parts that a line ends up in."""
    text = "\n".join([*before, line, *after])
    start = len("\n".join(before)) + 1
    parts = parse_document(text, "ar").parts
    return {part.kind for part in parts if part.span.start < start + len(line) and part.span.end > start}


@pytest.mark.parametrize("place", PLACES)
def test_sentences_of_articles_stay(place: str) -> None:
    above, below = PLACES[place]
    article = {line: ENGLISH if line[0].isascii() else ARABIC for line in rows("hard_sentences.txt")}
    lost = [line for line, start in article.items() if kinds(start + above, line, below) != {PartKind.BODY}]
    assert lost == []


def test_sentences_of_sites_go() -> None:
    kept = []
    for row in rows("site_sentences.txt"):
        where, _, line = row.partition("|")
        english = line[0].isascii()
        start = ENGLISH if english else ARABIC
        if where == "foot":
            start = start + (FOOT_ENGLISH if english else FOOT_ARABIC)
        if PartKind.BODY in kinds(start, line, ["About us" if english else "عن الموقع"] if where == "foot" else []):
            kept.append(row)
    assert kept == []


def talk(line: str) -> int:
    seen = view(line).text
    return talk_of(plain(seen).split(), seen)


@pytest.mark.parametrize(
    ("line", "least", "most"),
    [
        ("We use cookies, read our privacy policy.", SURELY_ABOUT_SITE, 9),
        ("نستخدم ملفات تعريف الارتباط على موقعنا لتحسين تجربتك.", SURELY_ABOUT_SITE, 9),
        # A formula, nobody spoken to: the site's in the foot alone.
        ("المقالات المنشورة لا تعبر بالضرورة عن رأي الصحيفة.", ABOUT_SITE, ABOUT_SITE),
        # News of the same things.
        ("The company changed its privacy policy and its terms of service in March.", 0, ABOUT_SITE - 1),
        ("قالت الشركة إن سياسة الخصوصية لم تتغير وإن ملفات تعريف الارتباط ستختفي.", 0, ABOUT_SITE - 1),
        # Reported and quoted.
        ('"Subscribe to our newsletter, and you will see," the editor said.', 0, ABOUT_SITE - 1),
        ("She said that we should all subscribe to our local paper.", 0, ABOUT_SITE - 1),
        # An address alone is none.
        ("We will never know what you meant.", 0, 0),
        # The same words, far apart in a long paragraph.
        ("We told you that the terms of use matter, " + "and the river rose and fell, " * 16, 0, SURELY_ABOUT_SITE - 1),
    ],
)
def test_talk_counts_formulas_and_address(line: str, least: int, most: int) -> None:
    assert least <= talk(line) <= most


def test_the_headline_is_found_below_menus_and_banners() -> None:
    menu = ["نهتم بخصوصيتكم", "نحن وشركاؤنا نستخدم ملفات تعريف الارتباط على جهازك.", "قبول الكل", "أخبار", "في العمق"]
    for article in (ARABIC, ENGLISH):
        text = "\n".join([*menu, *article])
        document = parse_document(text, "ar")
        assert document.title is not None
        assert document.title.of(text).strip() == article[0]
        assert document.sentences[0].span.of(text).startswith(article[2][:20])


def test_an_author_box_and_a_bio_are_no_sentences() -> None:
    box = ["Priya Lansbury", "Priya Lansbury is a reporter who covers the coast.", "Lansbury joined the paper in 2019."]
    text = "\n".join([*ENGLISH, *box])
    document = parse_document(text, "en")
    assert document.sentences[-1].span.of(text) == ENGLISH[-1]


def test_a_sentence_about_another_writer_stays() -> None:
    last = "Mara Quill is a writer who swam with the seals every morning."
    document = parse_document("\n".join([*ENGLISH, last]), "en")
    assert document.sentences[-1].span.of("\n".join([*ENGLISH, last])) == last
