"""Forms, posts and comments around an article, lists behind emoji, lines above a headline that look like one."""

from __future__ import annotations

import pytest
from khulasa.server.core.text.document import parse_document

HEADLINE = "عودة العمال إلى الميناء القديم"
STORY = (
    "فتح الميناء أبوابه عند السادسة من صباح الاثنين بعد تسعة أيام لم تدخله خلالها سفينة واحدة.",
    "ولم يشأ أحد على الرصيف أن يتحدث عن المحرك الذي باعته الشركة في الربيع الماضي.",
)
TITLE = "Harbour opens after nine days"
TEXT = (
    "The harbour opened at six on Monday after nine days in which not a single ship had come in.",
    "Nobody on the pier wanted to talk about the engine, which the company had sold in spring.",
)


def read(lines: list[str]) -> list[tuple[str, str]]:
    """Kind and text of each part."""
    text = "\n".join(lines)
    return [(part.kind.name, part.span.of(text).strip()) for part in parse_document(text, "ar").parts]


def kinds(lines: list[str], *wanted: str) -> list[str]:
    """Kinds of the lines wanted."""
    return [kind for kind, text in read(lines) if text in wanted]


def body(lines: list[str]) -> list[str]:
    """Lines of the body."""
    return [line for kind, text in read(lines) if kind == "BODY" for line in text.split("\n")]


@pytest.mark.parametrize(
    "form",
    [
        ("Get the Green Thumb newsletter", "Weekly tips from the gardening desk, every Thursday.", "Email address"),
        ("النشرة البريدية", "أهم ما جرى في المدينة، كل مساء.", "أدخل بريدك الإلكتروني"),
    ],
)
def test_what_a_form_offers_is_none_of_the_article(form: tuple[str, ...]) -> None:
    lines = [TITLE, TEXT[0], *form, TEXT[1]] if form[0].isascii() else [HEADLINE, STORY[0], *form, STORY[1]]
    assert body(lines) == [lines[1], lines[-1]]


def test_a_sentence_far_above_the_field_of_a_form_stays() -> None:
    lines = [TITLE, "The newsletter of the port", *TEXT, *TEXT, "Email address"]
    assert body(lines) == [*TEXT, *TEXT]


@pytest.mark.parametrize(
    "post",
    [
        ("Port Union", "@portunion", "We asked for one more pair of eyes. Nobody answered.", "3:58 PM · Dec 9, 2025"),
        ("نقابة الميناء (@portunion)", "طلبنا عينا ثانية على الرصيف. لم يجبنا أحد.", "3:58 م · 9 ديسمبر 2025"),
    ],
)
def test_an_embedded_post_is_none_of_the_article(post: tuple[str, ...]) -> None:
    lines = [TITLE, TEXT[0], *post, TEXT[1]] if post[0].isascii() else [HEADLINE, STORY[0], *post, STORY[1]]
    assert body(lines) == [lines[1], lines[-1]]


def test_a_paragraph_that_names_an_account_is_no_post() -> None:
    told = "The union wrote on Monday as @portunion that it had asked for one more pair of eyes on the pier."
    assert body([TITLE, TEXT[0], told, "3:58 PM · Dec 9, 2025", TEXT[1]]) == [TEXT[0], told, TEXT[1]]


@pytest.mark.parametrize(
    "comment",
    [
        ("Dockside Tom", "2 hours ago", "My father worked there for thirty years, this is a shame.", "Reply"),
        ("أحمد س.", "منذ 20 دقيقة", "ربنا يعوض عليهم، المنطقة كلها خشب وعايزة نقطة إطفاء ثابتة.", "إعجاب · رد"),
    ],
)
def test_what_a_reader_comments_is_none_of_the_article(comment: tuple[str, ...]) -> None:
    second = ("Mona.2020", comment[1], "Sad. I walked past it every day.")
    lines = [TITLE, *TEXT] if comment[0].isascii() else [HEADLINE, *STORY]
    assert body([*lines, *comment, *second]) == lines[1:]


def test_an_entry_of_a_live_page_is_no_comment() -> None:
    entries = ["10 minutes ago", TEXT[0], "25 minutes ago", TEXT[1], "1 hour ago", "Share"]
    assert body([TITLE, *entries]) == list(TEXT)


@pytest.mark.parametrize("sign", ["✅", "🔹", "📌", "❌"])
def test_lines_behind_emoji_are_a_list(sign: str) -> None:
    items = [f"{sign} املأ الخزان الليلة قبل العاشرة", f"{sign} لا تشغل المضخة أثناء الانقطاع"]
    assert body([HEADLINE, *STORY, *items]) == [*STORY, *items]


def test_buttons_behind_emoji_are_no_list() -> None:
    buttons = ["🔹 لمتابعة آخر الأخبار اشتركوا في القناة", "🔹 حمل التطبيق من هنا", "👍 214 ❤️ 31"]
    assert body([HEADLINE, *STORY, *buttons]) == list(STORY)


def test_one_line_behind_an_emoji_is_a_heading_as_without_it() -> None:
    assert kinds([HEADLINE, STORY[0], "🔹 ماذا عن المحرك القديم", STORY[1]], "🔹 ماذا عن المحرك القديم") == ["HEADING"]


@pytest.mark.parametrize(
    "above",
    [
        "المجلد 7 - العدد 2 - صيف 2018",
        "أرقام النفط: برنت 66.18 | غرب تكساس 62.40",
        "الدوري التونسي | الجولة 9",
        "(إعادة لتصحيح رقم في الفقرة الثانية)",
    ],
)
def test_issues_strips_labels_and_editors_notes_are_no_headlines(above: str) -> None:
    lines = [
        above,
        "عودة العمال إلى الميناء القديم في المدينة",
        f"جوما (الكونجو) 3 أكتوبر (رويترز) - {STORY[0]}",
        STORY[1],
    ]
    assert kinds(lines, *lines[:2]) == ["BOILERPLATE", "TITLE"]


def test_two_parts_with_a_bar_are_the_headline_where_none_is_longer() -> None:
    assert kinds(["الميناء القديم | تسعة أيام", *STORY], "الميناء القديم | تسعة أيام") == ["TITLE"]


def test_a_headline_may_end_in_a_pause() -> None:
    lines = ["يوم عاد العمال إلى الميناء...", "محمود بدوي", *STORY]
    assert kinds(lines, *lines[:2]) == ["TITLE", "BYLINE"]


def test_a_first_sentence_that_ends_in_a_pause_is_no_headline() -> None:
    lines = [HEADLINE, "عاد العمال إلى الميناء القديم...", *STORY]
    assert body(lines) == lines[1:]


def test_the_headline_may_come_again_at_the_head_of_later_pages() -> None:
    lines = ["مجلة البيئة", HEADLINE, "د. سلام العطار", STORY[0], HEADLINE, "41", "مجلة البيئة", STORY[1]]
    assert kinds(lines, HEADLINE) == ["TITLE", "BOILERPLATE"]


def test_a_dateline_may_name_the_country_between_brackets() -> None:
    dateline = "جوما (الكونجو الديمقراطية) 3 أكتوبر تشرين الأول (رويترز) -"
    assert ("BYLINE", dateline) in read([HEADLINE, f"{dateline} {STORY[0]}", STORY[1]])


def test_a_change_in_percent_is_no_date() -> None:
    lines = [TITLE, "By Ana Cole", "PORT", "+1.20%", *TEXT]
    assert kinds(lines, "By Ana Cole", "+1.20%") == ["BYLINE", "BOILERPLATE"]
