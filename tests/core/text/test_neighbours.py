"""What lines are because of those beside them: talks, galleries, letters, strips above the headline."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest
from khulasa.server.core.text import learned
from khulasa.server.core.text.context import in_context
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.learned import KINDS, revised
from khulasa.server.core.text.lines import look_at_all
from khulasa.server.core.text.looks import Look
from khulasa.server.core.text.types import Document, PartKind

STORY = [
    "The harbour opened at six on Monday, and for nine days not a single ship had come in from the north.",
    "Nobody on the pier wanted to talk about the engine, which the company had sold in the spring.",
]
BECAUSE = "Because the engine that was sold had been the only one that could pull the gates."


def kinds_of_lines(lines: list[str]) -> tuple[Document, list[str]]:
    """The document, and the kind that each line begins with."""
    text = "\n".join(lines)
    document = parse_document(text, "en")
    starts = [sum(len(before) + 1 for before in lines[:at]) for at in range(len(lines))]
    kinds = [next(p.kind.name for p in document.parts if p.span.start <= start < p.span.end) for start in starts]
    return document, kinds


@pytest.mark.parametrize("question", ["Why?", "لماذا؟"])
def test_a_question_of_one_word_is_a_sentence_of_the_story(question: str) -> None:
    _, kinds = kinds_of_lines(["Harbour opens after nine days", *STORY, question, BECAUSE])
    assert kinds == ["TITLE", *["BODY"] * 4]


def test_a_question_of_one_word_among_others_is_the_interviewers() -> None:
    talk = ["How long was it closed?", STORY[0], "Why?", BECAUSE, "And who bought it?", STORY[1]]
    _, kinds = kinds_of_lines(["Harbour master: 'Nine days of nothing'", "By Mara Quill", STORY[1], *talk])
    assert kinds == ["TITLE", "BYLINE", "BODY", *["HEADING", "BODY"] * 3]


def test_who_speaks_alone_in_a_line_ends_no_article() -> None:
    talk = [
        "MARA QUILL",
        " ".join(STORY),
        "PAUL HART",
        "I was asleep. I heard the dog first.",
        "MARA QUILL",
        "And then?",
    ]
    talk += ["PAUL HART", "Then nothing. That is what frightened me.", "MARA QUILL", STORY[1]]
    document, kinds = kinds_of_lines(["Transcript: The night the river came in", *talk])
    assert kinds[2::2] == ["BODY"] * 5
    assert not {"BODY", "TITLE"} & set(kinds[1::2])
    assert len(document.sentences) == 8


def test_the_last_answer_of_a_talk_stays_behind_a_box() -> None:
    lines = [
        "المخرجة نهى الصباغ: السينما تؤنس",
        "حوار: رنا عبد الحق",
        "في شقة صغيرة تطل على البحر، استقبلتنا المخرجة نهى الصباغ بين علب الأفلام القديمة.",
        "لماذا غرفة واحدة؟",
        "لأنني لم أملك ثمن غرفتين. ثم اكتشفت أن الجدران تحكي أكثر من الشوارع.",
        "هل كان المنتج راضيا؟",
        "لا. طلب مني أن أضيف مطاردة بالسيارات. ضحكت.",
        "سيرة ذاتية",
        "مواليد الرملة 1979",
        "أفلامها: «ظل الماء» 2009، «رسائل لا تصل» 2015",
        "ما مشروعك المقبل؟",
        "أكتب فيلما عن جدتي التي كانت تخيط الستائر لدار السينما في البلدة.",
    ]
    document, _ = kinds_of_lines(lines)
    assert document.sentences[-1].span.of(document.text) == lines[-1]


def test_lines_between_the_numbers_of_a_gallery_are_captions() -> None:
    pictures = ["Women pick roses before dawn near the village", "Sacks of roses wait for the lorry"]
    pictures += ["An old man looks at the pipe of a still", "Bottles of rose water on the pavement"]
    gallery = [line for at, picture in enumerate(pictures, 1) for line in (picture, f"{at} of 4")]
    lines = in_context(look_at_all([*STORY, *gallery, "Previous"]))
    assert [line.seen for line in lines if line.look is Look.CAPTION] == pictures


def test_a_closing_and_the_names_below_it_sign_a_letter() -> None:
    letter = ["Dear editor,", *STORY, "Yours faithfully,", "Tom Varga, Varga & Sons", "Port Alder"]
    document, kinds = kinds_of_lines(["Letters: the harbour and its engine", *letter])
    assert kinds[4] == "BYLINE"
    assert document.sentences[-1].span.of(document.text) == STORY[1]


@pytest.mark.parametrize(
    "strip",
    [["Harbour 2-1 Engine Company"], ["Harbour 31 / 19 Sunny"], ["Pilots 88, Miners 84"], ["AA-Harbour, 3rd Lead, 41"]],
)
def test_the_headline_is_found_below_strips(strip: list[str]) -> None:
    title = "Harbour opens after nine days without a single ship"
    document, _ = kinds_of_lines([*strip, title, "By Mara Quill", "12 May 2024", *STORY, BECAUSE])
    assert document.title is not None
    assert document.title.of(document.text) == title


@pytest.mark.parametrize("title", ["Wells 2-1 Harbour", "2 dead, 14 hurt in harbour"])
def test_a_result_or_a_headline_with_numbers_stays_above_its_subtitle(title: str) -> None:
    subtitle = "The harbour had been closed to ships for nine days"
    document, _ = kinds_of_lines([title, "By Mara Quill", subtitle, *STORY, BECAUSE])
    assert document.title is not None
    assert document.title.of(document.text) == title


def test_a_caption_with_its_photographer_behind_the_stop_is_no_sentence() -> None:
    caption = "One of the gates of the harbour, seen on Tuesday. Lena Ortiz for The Ledger"
    document, kinds = kinds_of_lines(["Harbour opens after nine days", "By Mara Quill", STORY[0], caption, STORY[1]])
    assert kinds[3] == "CAPTION"
    assert len(document.sentences) == 2


class _Sure:
    """A model that is sure that the second line is furniture."""

    def shares(self, features: list[list[str]]) -> np.ndarray:
        sure = {1: "BOILERPLATE"}
        return np.array([[float(kind == sure.get(at, "BODY")) for kind in KINDS] for at in range(len(features))])


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("We will send you the best of it before you wake.", False),
        ("The mayor said that we will send you a bill.", True),
        ("The engine was sold in the spring.", True),
    ],
)
def test_the_model_may_take_away_what_a_site_says_to_its_reader(
    monkeypatch: pytest.MonkeyPatch, line: str, kept: bool
) -> None:
    monkeypatch.setattr(learned, "chain", _Sure)
    found = revised(look_at_all([STORY[0], line, STORY[1]]), [PartKind.BODY] * 3)
    assert (found[1] is PartKind.BODY) == kept


CONSENT = [
    "We and our 12 friends keep small files on your machine so that these pages open faster for everybody.",
    "With a tick below the friends may also look at where the machine stands and how it is used.",
]
ARABIC = [
    "بدأت البلدية أمس زراعة عشرة آلاف شجرة على جانبي طريق الساحل ضمن خطة لتخفيف زحف الرمال نحو البيوت.",
    "وقال المهندس المشرف علي الحداد إن الري سيجري بمياه معالجة، وإن نسبة النجاح في التجربة الأولى بلغت الثلثين.",
    "وتستمر أعمال الزراعة حتى نهاية الشهر، على أن تضاف ممرات للمشاة في الخريف المقبل.",
]


def test_a_consent_in_another_script_hides_no_article() -> None:
    head = ["البلدية تزرع عشرة آلاف شجرة على طريق الساحل", "هدى سليمان"]
    document, kinds = kinds_of_lines([CONSENT[0], *head, *ARABIC])
    assert kinds[-5:] == ["TITLE", "BYLINE", *["BODY"] * 3]
    assert len(document.sentences) == 3
    # A text of two languages keeps both, and so does one that quotes the other.
    assert kinds_of_lines([head[0], *ARABIC, *CONSENT, *CONSENT])[1][-4:] == ["BODY"] * 4
    assert kinds_of_lines([head[0], ARABIC[0], CONSENT[0], *ARABIC[1:]])[1] == ["TITLE", *["BODY"] * 4]


def test_a_sentence_set_again_in_large_letters_is_no_text() -> None:
    quote = '"For nine days not a single ship had come in."'
    told = STORY[0].replace("the north", "there") + ' "For nine days not a single ship had come in," said the pilot.'
    _, kinds = kinds_of_lines(["Harbour opens after nine days", told, quote, STORY[1], BECAUSE])
    assert kinds == ["TITLE", "BODY", "BOILERPLATE", "BODY", "BODY"]
    _, kinds = kinds_of_lines(["Harbour opens after nine days", told, '"Nobody came."', STORY[1], BECAUSE])
    assert kinds == ["TITLE", *["BODY"] * 4]


@pytest.mark.parametrize("mark", ["###", "-ENDS-", "-انتهى-", "-30-"])
def test_a_statement_ends_at_its_mark(mark: str) -> None:
    about = "The harbour was founded in 1911 and is owned by four towns."
    _, kinds = kinds_of_lines(["Harbour opens after nine days", *STORY, mark, "About the harbour", about])
    assert kinds == ["TITLE", "BODY", "BODY", *["BOILERPLATE"] * 3]


def test_a_row_of_signs_that_comes_again_parts_sections() -> None:
    _, kinds = kinds_of_lines(["Harbour opens after nine days", *STORY, "###", BECAUSE, "###", STORY[0]])
    assert [kind for kind in kinds if kind == "BODY"] == ["BODY"] * 4


def test_the_head_of_each_printed_page_is_furniture() -> None:
    head = "HARBOUR SOCIETY" + " " * 20 + "BULLETIN"
    first, second = (textwrap.fill(" ".join(some), 66) for some in ([*STORY, BECAUSE], [BECAUSE, *STORY]))
    page = f"{head}\nThe Year of the Gates\n{first}\n14\n{head}\n{second}\n15"
    document = parse_document(page, "en")
    assert document.title is not None
    assert document.title.of(page) == "The Year of the Gates"
    assert [len(sentence.span.of(page)) > 60 for sentence in document.sentences] == [True] * 6
    assert {part.kind.name for part in document.parts if head[:7] in part.span.of(page)} == {"BOILERPLATE"}


def test_what_a_sponsor_says_is_furniture_and_what_a_feed_adds() -> None:
    ad = "Sleep better with Cloudrest. It costs less than a coffee a day."
    fed = "The post Harbour opens after nine days appeared first on Coast News."
    _, kinds = kinds_of_lines(
        ["Harbour opens after nine days", *STORY, "A MESSAGE FROM OUR SPONSOR", ad, BECAUSE, STORY[0], fed]
    )
    assert kinds == ["TITLE", "BODY", "BODY", "BOILERPLATE", "BOILERPLATE", "BODY", "BODY", "BOILERPLATE"]


def test_a_headline_below_the_name_and_date_of_a_letter() -> None:
    lines = [
        "The Morning Ledger",
        "Friday, May 9, 2025",
        "Good morning, and thank you.",
        "Harbour opens, but ships stay away",
    ]
    _, kinds = kinds_of_lines(
        [*lines, "The harbour opened, but no ships came on Monday, which the owners regret.", *STORY]
    )
    assert kinds[2:5] == ["BOILERPLATE", "TITLE", "BODY"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("The engine is not the harbour", "HEADING"),
        ("So said the man who sold it:", "BODY"),
        ("The engine is gone: nobody knows", "BODY"),
        ("And the engine was not the harbour", "BODY"),
        ("The engine is not the harbour.", "BODY"),
    ],
)
def test_a_clause_without_a_stop_heads_a_section_where_all_paragraphs_have_stops(line: str, kind: str) -> None:
    _, kinds = kinds_of_lines(["Harbour opens after nine days", *STORY, line, *STORY])
    assert kinds[3] == kind
    # Where paragraphs have none it is one of them.
    unstopped = [sentence.removesuffix(".") for sentence in STORY]
    _, kinds = kinds_of_lines(["Harbour opens after nine days", *unstopped, line.removesuffix("."), *unstopped])
    assert kinds[3] == "BODY"


@pytest.mark.parametrize(("mark", "found"), [("؛", False), ("", True)])
def test_a_line_that_leads_to_the_headline_is_none(mark: str, found: bool) -> None:
    title = "البلدية تزرع عشرة آلاف شجرة على طريق الساحل"
    _, kinds = kinds_of_lines([f"زراعة الأشجار على طريق الساحل{mark}", title, *ARABIC])
    assert kinds.index("TITLE") == (0 if found else 1)


def test_what_an_article_of_reference_defines_is_its_headline() -> None:
    lines = ["Main page", "Read", "Mill Gate", "Tools", "The gates of the town as seen from the river"]
    told = "Mill Gate (1911) is an old gate of the harbour, built of brass and wood by four towns in nine years.[1]"
    document, kinds = kinds_of_lines([*lines, told, *STORY])
    assert kinds[2] == "TITLE"
    assert kinds[4:] == ["CAPTION", "BODY", "BODY", "BODY"]
    assert document.sentences[0].span.of(document.text) == told


def test_the_name_that_a_byline_below_it_has_is_one_as_well() -> None:
    lines = ["I Sold the Last Engine of the Harbour. Here Is Why", STORY[0], "Mara Vey", "Follow", "6 min read"]
    _, kinds = kinds_of_lines([*lines, *STORY, BECAUSE, "Harbours", "Written by Mara Vey", "More from Mara Vey"])
    assert kinds[:3] == ["TITLE", "BODY", "BYLINE"]


def test_lines_below_days_are_a_list() -> None:
    days = ["الخميس:", "الوحدة - الشعلة (6.30 م)", "القادسية - نجران (8.45 م)", "الجمعة:", "الخليج - الفيصلي (6.30 م)"]
    document, kinds = kinds_of_lines(["البلدية تعلن جدول الدورة", ARABIC[0], *days, *ARABIC[1:]])
    assert kinds == ["TITLE", "BODY", "HEADING", "BODY", "BODY", "HEADING", "BODY", "BODY", "BODY"]
    assert len(document.sentences) == 6
    # One label alone may head links.
    _, kinds = kinds_of_lines(["البلدية تعلن جدول الدورة", ARABIC[0], *days[:2], *ARABIC[1:]])
    assert kinds[3] != "BODY"


def test_a_formula_that_is_all_of_its_line_is_furniture_with_a_stop_too() -> None:
    _, kinds = kinds_of_lines(["البلدية تزرع الأشجار", *ARABIC, "تعليقك", "أنت تقوم بالرد على التعليق."])
    assert kinds[-1] == "BOILERPLATE"


def test_headlines_and_captions_with_commas_are_not_joined() -> None:
    lines = [
        "After the flood, clean water reaches 11,000 people in Lower Sarn",
        "Volunteers unload jerrycans in Teku village. Photo: M. Osei",
        "For more information: Peter Lund, harbour office, Port Alder",
        "Primary country",
    ]
    _, kinds = kinds_of_lines(["Harbour, Engine", *lines[:2], *STORY, *lines[2:]])
    assert kinds[1:5] == ["TITLE", "CAPTION", "BODY", "BODY"]


def test_two_loud_words_above_a_paragraph_are_a_headline() -> None:
    assert kinds_of_lines(["مواعيد عرقوب!", *ARABIC])[1] == ["TITLE", *["BODY"] * 3]
    assert kinds_of_lines(["هيا!", "هيا إلى البحر.", *ARABIC])[1][:2] == ["BODY", "BODY"]


def test_a_table_of_fields_parts_no_last_paragraph_from_its_article() -> None:
    fields = ["المواصفات", "القوة: 181 حصان", "العزم: 270 ن.م", "التسارع 0-100: 9.4 ث"]
    last = "من يبحث عن سيارة لسبعة ركاب بسعر معقول سيجد هنا ما يريد، شرط ألا يكون مستعجلا."
    document, _ = kinds_of_lines(["البلدية تزرع عشرة آلاف شجرة", *ARABIC, *fields, "الخلاصة", last])
    assert document.sentences[-1].span.of(document.text) == last


def test_what_credits_pictures_and_what_names_a_section_between_paragraphs() -> None:
    head = ["البلدية تزرع عشرة آلاف شجرة", ARABIC[0]]
    for line, kind in [
        ("أ ف ب", "CAPTION"),
        ("Enlarge LEDGER FILE PHOTO", "CAPTION"),
        ('"صوت لا يموت"', "HEADING"),
        ("(page 1 of 2)", "BOILERPLATE"),
    ]:
        assert kinds_of_lines([*head, line, *ARABIC[1:]])[1] == ["TITLE", "BODY", kind, "BODY", "BODY"]


def test_a_menu_that_begins_with_home_and_links_behind_stars_are_furniture() -> None:
    menu = "الرئيسية محافظات ملفات كتابات حرة"
    links = ["قد يهمك أيضا", "أسعار الصرف مساء اليوم في عدن", "* وفاة فنان شعبي معروف"]
    _, kinds = kinds_of_lines([menu, "زراعة عشرة آلاف شجرة على الطريق", ARABIC[0], *links, *ARABIC[1:]])
    assert kinds == ["BOILERPLATE", "TITLE", "BODY", *["BOILERPLATE"] * 3, "BODY", "BODY"]


def test_a_state_may_stand_between_the_place_and_the_day_of_a_dateline() -> None:
    document, _ = kinds_of_lines(["Harbour opens after nine days", f"TEKU, Lower Sarn, Feb. 13 - {STORY[0]}", STORY[1]])
    assert document.sentences[0].span.of(document.text) == STORY[0]
