"""What today's sites put into articles: buttons run together, key points, boxes inside talks, tables with tabs."""

from __future__ import annotations

import pytest
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.types import PartKind

HEADLINE = "Harbour opens after nine days of strike"
STORY = (
    "The harbour opened at six on Monday, and for nine days not a single ship had come in from the north.",
    "Nobody on the pier wanted to talk about the engine, which the company had sold in the spring.",
)
ARABIC = (
    "عودة العمال إلى الميناء القديم",
    "فتح الميناء أبوابه عند السادسة من صباح الاثنين بعد تسعة أيام لم تدخله خلالها سفينة واحدة.",
    "ولم يشأ أحد على الرصيف أن يتحدث عن المحرك الذي باعته الشركة في الربيع الماضي.",
)


def story_of(words: str) -> list[str]:
    """A headline and two paragraphs in the script of some words."""
    return [HEADLINE, *STORY] if words[:1].isascii() else [*ARABIC]


def read(lines: list[str]) -> list[tuple[str, str]]:
    """Kind and text of each part."""
    text = "\n".join(lines)
    return [(part.kind.name, part.span.of(text).strip()) for part in parse_document(text, "en").parts]


def sentences(lines: list[str]) -> list[str]:
    """Texts of the sentences."""
    text = "\n".join(lines)
    return [sentence.span.of(text) for sentence in parse_document(text, "en").sentences]


@pytest.mark.parametrize(
    ("last", "buttons"),
    [
        ("The council will vote again on Friday.", "FacebookXWhatsAppCopy link"),
        ("The council will vote again on Friday.", "ShareSaveCopy link"),
        ("ويصوت المجلس مرة أخرى مساء الجمعة على خطة الميناء الجديدة.", "فيسبوكتويترواتسابنسخ الرابط"),
        ("وقال المتحدث باسم الميناء في بيان: «لن ننتظر أكثر من ذلك».", "مشاركةطباعة"),
    ],
)
def test_buttons_written_onto_a_sentence_are_no_part_of_it(last: str, buttons: str) -> None:
    lines = [*story_of(last), last + buttons]
    assert sentences(lines)[-1] == last
    assert read(lines)[-1] == ("BOILERPLATE", buttons)


@pytest.mark.parametrize("onto", ["Yemen", "Sana", "FridayNight", "Facebook users protest"])
def test_words_written_onto_a_stop_stay_in_the_body(onto: str) -> None:
    lines = [HEADLINE, *STORY, "The council will vote again on Friday." + onto + " and nothing will change there."]
    assert {kind for kind, _ in read(lines)[1:]} == {"BODY"}


@pytest.mark.parametrize("head", ["Summary", "Key points", "أبرز النقاط"])
def test_key_points_without_stops_are_sentences(head: str) -> None:
    points = ["Strike ends after nine days of talks", "Company agrees to pay the crews of both tugs"]
    lines = [HEADLINE, head, *points, "By Laura Bennett", *STORY]
    assert sentences(lines) == [*points, *STORY]
    assert ("HEADING", head) in read(lines)


def test_a_dateline_below_key_points_is_no_part_of_a_sentence() -> None:
    points = ["Strike ends after nine days of talks", "Company agrees to pay the crews of both tugs"]
    dateline = "LONDON, April 18 (Reuters) -"
    lines = [HEADLINE, "Summary", "Companies", *points, f"{dateline} {STORY[0]}", STORY[1]]
    assert sentences(lines) == [*points, *STORY]
    parts = read(lines)
    assert ("BYLINE", dateline) in parts
    assert ("BOILERPLATE", "Companies") in parts


@pytest.mark.parametrize(
    ("dateline", "rest"),
    [
        ("Isola Piana, Italy (CNN) —", STORY[0]),
        ("نابلس 19-10-2025 وفا-", "أغلق عمال البلدية اليوم الطريق المؤدي إلى السوق القديم بسبب الحفر."),
        ("الصويرة-", "على بعد كيلومترات قليلة من المدينة يقف الفلاح أمام حقل لم يزرعه منذ أربعة مواسم."),
        ("وادي السرو 11 ذو القعدة 1436 هـ الموافق 26 أغسطس 2015 م واس", "دشن أمير المنطقة اليوم ثلاثة مشروعات للمياه."),
    ],
)
def test_datelines_of_places_that_no_list_knows(dateline: str, rest: str) -> None:
    headline, *story = story_of(dateline)
    assert sentences([headline, f"{dateline} {rest}", *story]) == [rest, *story]


def test_an_insertion_at_the_head_of_a_paragraph_is_no_dateline() -> None:
    first = "الميناء- كما يقول الصيادون- لم يعد يفتح أبوابه إلا لسفن الشركة وحدها."
    assert sentences(["عودة إلى الميناء القديم", first, "ويقول الصيادون إنهم لن ينتظروا أكثر من ذلك."])[0] == first


def test_a_box_of_links_does_not_end_a_talk_that_goes_on_below_it() -> None:
    above = ["JM: When did you begin to record?", "IV: In a winter without snow. I had nothing else to do."]
    below = ["JM: Is it true about the piano?", "IV: A small one.", "JM: And what comes next?", "IV: The sea."]
    lines = [HEADLINE, *STORY, *above * 2, "Most Popular", "The Best Chairs for People Who Hate Chairs", *below]
    assert sentences(lines)[-4:] == below


def test_rows_with_tabs_are_no_sentences() -> None:
    rows = ["المدة\tالرسوم\tالتجديد", "سنة\t180 دينارا\t150 دينارا", "سنتان\t320 دينارا\t280 دينارا"]
    text = ["أعلنت الهيئة اليوم عن تأشيرة جديدة يبدأ التقديم عليها مطلع العام المقبل في كل الفروع."]
    last = "ولا تشمل هذه الرسوم التأمين الصحي، الذي يدفع مرة واحدة عند الدخول."
    lines = ["كل ما تحتاج معرفته عن التأشيرة الجديدة", *text, *rows, last]
    assert sentences(lines) == [*text, last]
    assert {kind for kind, words in read(lines) if "\t" in words} == {"BOILERPLATE"}


def test_a_paragraph_typed_with_tabs_is_text() -> None:
    typed = [sentence.replace(" ", "\t", 3) for sentence in STORY]
    assert sentences([HEADLINE, *typed]) == typed


def test_a_caption_that_ends_in_photographer_and_paper_is_one() -> None:
    caption = "New electric buses at the main station in Abu Dhabi. Pawan Rao / The Gulf Ledger"
    parts = read([HEADLINE, "By Laura Bennett", caption, *STORY])
    assert (PartKind.CAPTION.name, caption) in parts


@pytest.mark.parametrize(
    ("note", "is_site"),
    [
        ("This summary was generated by AI and reviewed by an editor.", True),
        ("This interview has been edited and condensed for clarity.", True),
        ("The report was generated by AI, the minister said.", False),
        ("The bill has been edited by both houses since Monday.", False),
        ("This interview was broadcast on Monday night in the north.", False),
    ],
)
def test_notes_on_how_a_text_was_made_stand_inside_it(note: str, is_site: bool) -> None:
    assert (note in sentences([HEADLINE, STORY[0], note, STORY[1]])) is not is_site
