"""Second articles below comments, live pages, walls, galleries, notes on authors, lines parted by blank ones."""

from __future__ import annotations

import pytest
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.sentences import sentence_spans

HEADLINE = "عودة العمال إلى الميناء القديم"
STORY = (
    "فتح الميناء أبوابه عند السادسة من صباح الاثنين بعد تسعة أيام لم تدخله خلالها سفينة واحدة.",
    "ولم يشأ أحد على الرصيف أن يتحدث عن المحرك الذي باعته الشركة في الربيع الماضي.",
    "وقال رئيس النقابة إن العمال وقعوا اتفاقا جديدا مع الإدارة مساء الأحد بعد مفاوضات طويلة.",
)
TITLE = "Harbour opens after nine days"
TEXT = (
    "The harbour opened at six on Monday after nine days in which not a single ship had come in.",
    "Nobody on the pier wanted to talk about the engine, which the company had sold in spring.",
    "The head of the union said that a new agreement was signed on Sunday evening after long talks.",
)
OTHER = (
    "أعلنت شركة المياه بدء غسيل الشبكات في ست قرى من منتصف الليل حتى الخامسة فجرا.",
    "وناشد رئيس الشركة الأهالي تدبير احتياجاتهم من المياه قبل موعد الضعف المتوقع في الضغوط.",
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


def sentences(text: str) -> list[str]:
    """Sentences of a text, white space made plain."""
    return [" ".join(sentence.span.of(text).split()) for sentence in parse_document(text, "ar").sentences]


def test_another_article_below_the_comments_stays() -> None:
    head = ["غسيل شبكات المياه في ست قرى من منتصف الليل", "دمياط: منى عبد الفتاح", "14 أكتوبر 2025 - 12:05 م"]
    lines = [HEADLINE, *STORY, "اترك تعليقا", "الخبر التالي", *head, *OTHER]
    assert kinds(lines, head[0]) == ["HEADING"]
    assert body(lines) == [*STORY, *OTHER]


def test_first_words_of_other_articles_below_the_comments_go() -> None:
    teaser = ["غسيل شبكات المياه في ست قرى من منتصف الليل", "منى عبد الفتاح", "14 أكتوبر 2025", OTHER[0]]
    assert body([HEADLINE, *STORY, "اترك تعليقا", *teaser, *teaser]) == list(STORY)


def test_what_stands_below_the_first_clock_of_a_live_page_is_a_heading() -> None:
    entry = ["16.51 GMT", "Gates open at last", TEXT[1], "15.20 GMT", TEXT[2], "14.02 GMT", TEXT[0]]
    lines = [TITLE, "Anna Brightwell", "Tue 9 Dec 2025 17.22 GMT", "17.22 GMT", "What we know so far", TEXT[0], *entry]
    assert kinds(lines, "What we know so far", "Gates open at last") == ["HEADING", "HEADING"]


def test_one_clock_below_the_headline_is_a_byline() -> None:
    assert kinds([TITLE, "17.22 GMT", *TEXT], "17.22 GMT") == ["BYLINE"]


@pytest.mark.parametrize("wall", ["To continue reading", "هذا المقال حصري للمشتركين"])
def test_below_a_wall_nothing_is_of_the_article(wall: str) -> None:
    lines = [TITLE, *TEXT, wall, "We ask for money as honest work has its price and its reward."]
    if not wall[0].isascii():
        lines = [HEADLINE, *STORY, wall, "نحن نعمل من أجل صحافة حرة لها كلفة وثمن."]
    assert body(lines) == lines[1:4]


def test_a_wall_above_most_of_the_article_ends_nothing() -> None:
    long = f"{TEXT[0][:-1]}, and {TEXT[2][0].lower()}{TEXT[2][1:]}"
    lines = [TITLE, *TEXT, "To continue reading", long, TEXT[1], long, long]
    assert body(lines) == [*TEXT, long, TEXT[1], long, long]


def test_lines_below_the_numbers_of_a_gallery_are_captions_though_they_end_in_stops() -> None:
    pictures = ["مزارعة تقطف الورد قبل شروق الشمس.", "أكياس الورد في الميناء.", "زجاجات ماء الورد في متجر صغير بالسوق"]
    numbered = [line for at, picture in enumerate(pictures, 1) for line in (f"{at}/3", picture)]
    lines = [HEADLINE, "26/05/2023", *numbered, *STORY]
    assert kinds(lines, *pictures) == ["CAPTION"] * 3
    assert body(lines) == list(STORY)


def test_paragraphs_of_a_picture_story_stay() -> None:
    numbered = ["1/3", STORY[0], STORY[1], "2/3", STORY[2], "3/3", *OTHER]
    assert body([HEADLINE, *numbered]) == [*STORY, *OTHER]


def test_a_caption_ends_in_its_photographer_and_his_paper() -> None:
    line = "Halden County Courthouse, where the payments were approved. (Dale Finch, The Halden Tribune)"
    assert kinds([TITLE, "By Ana Cole", line, *TEXT], line) == ["CAPTION"]


@pytest.mark.parametrize(
    ("byline", "note"),
    [
        ("By HANK MOELLER", "Moeller reported from Madison. AP writer Sue Lindh in Minneapolis contributed."),
        ("By Pru Ellison", "Pru Ellison has written Ask the Gardener since 2009."),
        ("Rima Khoury | ريما خوري", "Rima Khoury is a Lebanese novelist. Her latest book is out now."),
    ],
)
def test_a_note_below_the_article_tells_of_its_author(byline: str, note: str) -> None:
    assert kinds([TITLE, byline, *TEXT, note], note) == ["BYLINE"]


def test_a_last_sentence_about_somebody_else_stays() -> None:
    note = "Ida Quill is a docker from Port Alder, like her father."
    assert body([TITLE, "By Pru Ellison", *TEXT, note]) == [*TEXT, note]


def test_initials_open_a_name_and_no_item() -> None:
    assert kinds([TITLE, "J. R. Calloway, Senior Inspector", *TEXT], "J. R. Calloway, Senior Inspector") == ["BYLINE"]


def test_a_box_of_facts_is_none_of_the_article() -> None:
    facts = ["Ships in 1960: 512", "Ships in 1990: 204", "Ships today: 31"]
    assert kinds([TITLE, *TEXT[:2], *facts, TEXT[2]], *facts) == ["BOILERPLATE"] * 3


def test_keywords_below_the_headline_are_none_of_it() -> None:
    line = "طرق ، الأشغال ، الدائري الخامس ، مرور"
    assert kinds([HEADLINE, line, "كتب حمد العنزي", *STORY], line) == ["BOILERPLATE"]


def test_who_signs_a_question_ends_it() -> None:
    line = "My tomatoes crack. Am I overwatering? — Dot in Peoria"
    assert [span.of(line) for span in sentence_spans(line, "en")] == [
        "My tomatoes crack.",
        "Am I overwatering? — Dot in Peoria",
    ]
    answer = "Am I overwatering? - No, Dot in Peoria is not."
    assert len(sentence_spans(answer, "en")) == 2


@pytest.mark.parametrize("last", ["ثم أتذكر.", "ثم نضحك.", "ثم يعود."])
def test_then_and_a_bare_verb_behind_a_pause_is_no_sentence(last: str) -> None:
    line = f"أمد يدي كل صباح إلى جيبي... {last}"
    assert len(sentence_spans(line, "ar")) == 1


WRAPPED = (
    "The conversion cost a fifth of that, of which about\none third was met by the county. The new lamp,\n"
    "which was made by Pintsch of Berlin, has a range\nof eighteen miles and is watched from the mainland."
)
ARABIC_WRAPPED = (
    "وتهاجر هذه الطيور كل صيف إلى المرتفعات البعيدة،\nعلى بعد ثلاثة آلاف كيلومتر، عبر السعودية واليمن\n"
    "وإريتريا، ثم تعود في شباط إلى الجرف نفسه. وتقول\nالدراسة إن نصف الصغار لا تعود أبدا إلى البادية."
)


MORE = (
    "The last keeper, who had come to the rock in 1981,\nhanded the keys to the board in March. His father\n"
    "and his grandfather had kept the lamp before him,\nand none of them had ever missed a night."
)
ARABIC_MORE = (
    "ويموت كثير من الطيور صعقا بأسلاك الكهرباء، فيما\nيسقط بعضها برصاص الصيادين. وقد ركب الفريق في\n"
    "ذلك العام أجهزة تتبع على ثلاثة طيور منها أنثى\nقطعت ثلاثة آلاف كيلومتر في اثنين وعشرين يوما."
)


@pytest.mark.parametrize(("first", "second"), [(MORE, WRAPPED), (ARABIC_MORE, ARABIC_WRAPPED)])
def test_blank_lines_below_every_line_part_nothing(first: str, second: str) -> None:
    text = f"{TITLE}\nBy Ana Cole\n{first}\n{second}"
    assert sentences(text.replace("\n", "\n\n")) == sentences(text)
    assert len(sentences(text)) == 4


@pytest.mark.parametrize(("first", "second"), [(MORE, WRAPPED), (ARABIC_MORE, ARABIC_WRAPPED)])
def test_blank_lines_inside_one_of_the_broken_paragraphs_part_nothing(first: str, second: str) -> None:
    text = f"{TITLE}\n\n{first}\n\n"
    assert sentences(text + second.replace("\n", "\n\n")) == sentences(text + second)
    assert len(sentences(text + second)) == 4


def test_a_headline_as_long_as_a_line_is_not_joined_over_a_blank_line() -> None:
    headline = "Keepers hand over the keys of the lighthouse today"
    assert kinds([headline, "", WRAPPED, "", MORE], headline) == ["TITLE"]


def test_lettered_items_and_claims_of_rights_begin_lines_of_their_own() -> None:
    items = ["It is recommended without any further delay that:", "(a) the slipway be repaired before winter;"]
    text = "\n".join(
        [TITLE, WRAPPED, *items, "(b) the cottages be let, not sold.", "© Board of Lights. Printed in Leith."]
    )
    assert sentences(text)[-2:] == [items[1], "(b) the cottages be let, not sold."]


PLAIN = [paragraph[:-1] for paragraph in TEXT]
TAXIS = "Taxi firms in Birmingham have reported three times the usual number of bookings for Wednesday morning"
LINKS = ["Read more from Music:", "Choir of 4,000 sings in abandoned quarry", "Share"]


@pytest.mark.parametrize(
    "lines",
    [
        [*PLAIN, "Make a contribution today", "Contribute", "15.20 GMT", "This is from PA Media:", TAXIS],
        [PLAIN[0], *LINKS, PLAIN[1], PLAIN[2], "1:14", TAXIS],
    ],
)
def test_a_last_paragraph_stays_where_no_paragraph_has_a_stop(lines: list[str]) -> None:
    foot = ["Explore more on these topics", "Rail strikes", "UK news live"]
    assert [line for line in body([TITLE, "By Ana Cole", *lines, *foot]) if line in (*PLAIN, TAXIS)] == [*PLAIN, TAXIS]


def test_a_talk_needs_no_stops() -> None:
    turns = [
        "Q: Can I plant garlic in August?",
        "A: You can, but garlic wants roots before winter and not leaves, so wait for October",
        "Q: My neighbor says coffee grounds keep slugs away from the beds",
        "A: Sadly they do not, as slugs crossed a ring of grounds in forty seconds in a trial",
    ]
    assert body([TITLE, "By Pru Ellison", *turns, "Recommended for you", "Eight mistakes everyone makes"]) == turns


def test_another_article_is_found_without_final_stops() -> None:
    head = ["غسيل شبكات المياه في ست قرى من منتصف الليل", "دمياط: منى عبد الفتاح", "14 أكتوبر 2025 - 12:05 م"]
    story, other = ([line[:-1] for line in lines] for lines in (STORY, OTHER))
    assert body([HEADLINE, *story, "اترك تعليقا", "الخبر التالي", *head, *other]) == [*story, *other]


def test_the_number_of_a_page_is_the_same_behind_a_mark_of_direction() -> None:
    head = "Annual Report of the Inspector of Lighthouses 2011"
    lines = [head, "17", "The Automation of Skerrow Light", MORE, f"\u200e{head}", "\u200f18", WRAPPED]
    assert [kind for kind, text in read(lines) if head in text] == ["BOILERPLATE", "BOILERPLATE"]
    assert kinds(lines, "\u200f18") == ["BOILERPLATE"]


def test_the_last_entry_of_a_live_page_stays_behind_buttons() -> None:
    post = ["Share", "Copy link", "Save", "Print", "Email", "Back to top"]
    last = "Good evening from a very full chamber. The public session begins now."
    entries = ["9.44pm", "Harbour plan passes", TEXT[0], "8.51pm", "'Shame on you'", TEXT[2], *post, "7.30pm", last]
    foot = ["Sign up for the Minute", "Enter your email", "Subscribe", "More on this topic"]
    assert body([TITLE, "Last updated 9.48pm", *entries, *foot])[-1] == last


def test_items_behind_a_dash_may_begin_with_a_number() -> None:
    items = ["- 300g dried borlotti beans, soaked overnight", "- 2 onions, 1 carrot, 1 stick of celery"]
    assert body([TITLE, "By Marta Kell", *TEXT[:2], "You will need", *items, TEXT[2]]) == [*TEXT[:2], *items, TEXT[2]]


def test_captions_of_a_gallery_below_all_text_stay_captions() -> None:
    pictures = [
        "Mr. Yang splits bamboo with a knife.",
        "Ink drying on a kite. It takes eleven coats.",
        "Apprentices test a kite",
    ]
    numbered = [line for at, picture in enumerate(pictures, 1) for line in (f"{at} / 3", picture)]
    lines = [TITLE, "Photographs by Ines Rahm", "3 October 2024", TEXT[0], *numbered, "Replay", "Share gallery"]
    assert kinds(lines, *pictures) == ["CAPTION"] * 3
