"""Articles whose paragraphs have no stops; what forums, printed pages, statements and live pages put around them."""

from __future__ import annotations

import pytest
from khulasa.server.core.text.document import parse_document

HEADLINE = "عودة العمال إلى الميناء القديم"
STORY = (
    "فتح الميناء أبوابه عند السادسة من صباح الاثنين بعد تسعة أيام لم تدخله خلالها سفينة واحدة.",
    "ولم يشأ أحد على الرصيف أن يتحدث عن المحرك الذي باعته الشركة في الربيع الماضي.",
)
# Of like length, a comma in each and no stop, as many papers write.
PARAGRAPHS = (
    "منعت بلدية المرفأ، اليوم الثلاثاء، السباحة في ثلاثة شواطئ شمالي المدينة بعد رصد تسرب مياه من أنبوب متضرر",
    "وقال رئيس البلدية عادل زين إن فرق الصيانة بدأت العمل منذ الفجر، وإن نتائج فحوص المياه تصدر بعد 72 ساعة",
    "وطلبت البلدية من أصحاب المقاهي رفع الأعلام الحمراء إلى حين صدور النتائج، ووعدت بدفع ما يخسرونه من دخلهم",
)


def read(lines: list[str]) -> list[tuple[str, str]]:
    """Kind and text of each part."""
    text = "\n".join(lines)
    return [(part.kind.name, part.span.of(text).strip()) for part in parse_document(text, "ar").parts]


def kinds(lines: list[str], *wanted: str) -> list[str]:
    """Kinds of the lines wanted."""
    return [kind for kind, text in read(lines) if text in wanted]


def sentences(lines: list[str]) -> list[str]:
    """Texts of the sentences."""
    text = "\n".join(lines)
    return [sentence.span.of(text) for sentence in parse_document(text, "ar").sentences]


def test_paragraphs_without_stops_are_not_taken_for_broken_lines() -> None:
    assert sentences(["بلدية المرفأ تمنع السباحة", *PARAGRAPHS]) == list(PARAGRAPHS)


def test_who_edited_below_an_article_without_stops_makes_no_subtitles_of_it() -> None:
    lines = [HEADLINE, *(paragraph[:-1] for paragraph in STORY), "(إعداد نادر القطب - تحرير سلوى عمران)", "11-05-2024"]
    assert sentences(lines) == [paragraph[:-1] for paragraph in STORY]


def test_points_of_a_list_above_the_byline_stay_in_the_body() -> None:
    points = ["• إجلاء أكثر من خمسة آلاف شخص من القرى", "• تعليق الدراسة في المحافظتين حتى الثلاثاء"]
    assert sentences([HEADLINE, *points, "بقلم: سلوى عمران", *STORY, *STORY]) == [*points, *STORY, *STORY]


def test_an_answer_behind_a_dash_needs_no_stop_below_its_question() -> None:
    lines = [HEADLINE, STORY[0], "لماذا غبت كل هذا الوقت؟", "- لم أغب. كنت أكتب كل يوم ثم أمزق ما كتبت", STORY[1]]
    assert kinds(lines, lines[3]) == ["BODY"]


def test_a_quotation_at_the_end_of_a_paragraph_says_nothing_of_its_stops() -> None:
    quoted = '"Nobody on this pier has seen the new engine or the men who sold the old one," she said, "nobody."'
    english = [
        "The harbour opened at six on Monday, and for nine days not a single ship had come in",
        "People on the pier wanted to talk about the engine, which the company had sold in spring to a buyer in Ghent",
    ]
    last = "A second vote is due in the spring"
    foot = ["Download our app", "More Local News", "Lighthouse sold to a couple from Ghent"]
    assert sentences(["Harbour opens after strike", *english, quoted, last, *foot])[-1] == last


@pytest.mark.parametrize(
    "caption",
    [
        "Workers wait at the gate of the harbour. PHOTO | FILE",
        "Workers wait at the gate of a pier, March 3, 2024. REUTERS/Ines Vega/File Photo Purchase Licensing Rights",
    ],
)
def test_a_credit_behind_the_stop_of_a_caption_tells_it_without_other_stops(caption: str) -> None:
    lines = [
        "Harbour opens after strike",
        "By Ruth Ellery",
        caption,
        "The harbour opened at six on Monday, and for nine days not a single ship had come in",
        "People on the pier wanted to talk about the engine, which the company had sold in spring",
        "The council will vote on the pier in the summer, and nobody knows what its members want",
    ]
    assert kinds(lines, caption) == ["CAPTION"]


def test_a_line_between_marked_items_without_stops_heads_the_next() -> None:
    lists = [["• هندسة الموانئ (40 مقعدا)", "• علوم البحار (35 مقعدا)"], ["1) صورة عن الهوية", "2) شهادة المدرسة"]]
    lines = ["الجامعة تفتح باب التقديم", PARAGRAPHS[0], *lists[0], "ثانيا: شروط التقديم", *lists[1], PARAGRAPHS[1]]
    assert kinds(lines, "ثانيا: شروط التقديم") == ["HEADING"]


def test_who_speaks_in_turn_needs_no_stop_behind_a_box_of_links() -> None:
    last = "من جانبها، علقت وزارة التربية والتعليم الدراسة في المحافظة يوم الأحد"
    box = ["مواضيع ذات صلة", "بالصور.. أمطار غزيرة على المرفأ"]
    lines = ["بلدية المرفأ تمنع السباحة", *PARAGRAPHS, *box, last, "المصدر: وكالة الأنباء العمانية", "شارك"]
    assert kinds(lines, last) == ["BODY"]


def test_a_letter_above_the_first_item_of_a_numbered_list_heads_it() -> None:
    lines = [
        "البلدية تعلن ضوابطها",
        PARAGRAPHS[0],
        "أ- التسعيرة",
        "1. ستة آلاف للخط الليلي",
        "2. تعلق لوحة الأسعار.",
        PARAGRAPHS[1],
    ]
    assert kinds(lines, lines[2]) == ["HEADING"]


def test_sizes_of_letters_and_what_was_copied_are_furniture() -> None:
    scraps = ["حجم الخط: أ أ أ", "تم النسخ!"]
    lines = [HEADLINE, scraps[0], *STORY, scraps[1]]
    assert kinds(lines, *scraps) == ["BOILERPLATE", "BOILERPLATE"]


def test_a_company_with_a_title_before_it_is_a_heading() -> None:
    lines = [HEADLINE, STORY[0], "Dr. Pier & Co.", STORY[1]]
    assert kinds(lines, "Dr. Pier & Co.") == ["HEADING"]


@pytest.mark.parametrize(
    "line",
    [
        "Nobody is sure that the harbour will open again",
        "Children under 10 and people without work will continue to travel free",
        "ولكن أحدا لا يعرف متى يفتح الميناء",
        "وتحذو ثلاث بلدات أخرى في الوادي حذوها",
        "المقاهي ليست ملكا لأصحابها وحدهم في هذه المدينة",
        "الحكاية قديمة ولا علاقة لها بما يجري اليوم",
    ],
)
def test_a_short_sentence_between_paragraphs_without_stops_is_one(line: str) -> None:
    english = [
        "The harbour opened at six on Monday, and for nine days not a single ship had come in",
        "People on the pier wanted to talk about the engine, which the company had sold in spring",
    ]
    lines = [english[0], line, english[1]] if line[0].isascii() else [PARAGRAPHS[0], line, PARAGRAPHS[1]]
    assert line in sentences(["Harbour opens after strike", *lines, lines[0] + " again"])


@pytest.mark.parametrize(
    "line",
    [
        "تاريخ التسجيل: May 2008",
        "المشاركات: 2,114",
        "Join Date: March 2011",
        "عرض العضو",
        "أدوات الموضوع",
        "الأهالي – العدد 1142 – الخميس 6 آذار 2003    ص 5",
        "Bulletin of the Harbour Authority | Vol. 12, No. 3 | April 2009",
    ],
)
def test_fields_of_forums_and_heads_of_printed_pages_are_no_headlines(line: str) -> None:
    lines = [line, HEADLINE, "بقلم: سلوى عمران", *STORY]
    assert kinds(lines, line, HEADLINE) == ["BOILERPLATE", "TITLE"]


@pytest.mark.parametrize(
    "line",
    [
        "أ. د. سامية القاضي",
        "أ.م.د. علي حسن الربيعي",
        "أ.د/ سامية القاضي",
        "نشرت بتاريخ 4 نوفمبر، 2014 بواسطة سمير الدلو",
    ],
)
def test_who_wrote_is_told_by_titles_and_by_the_day(line: str) -> None:
    assert kinds([HEADLINE, line, *STORY], line) == ["BYLINE"]


def test_a_headline_may_begin_with_the_titles_of_a_professor() -> None:
    headline = "أ. د. سامية القاضي تفوز بجائزة الدولة التقديرية للعام الثاني"
    assert kinds([headline, "6 مايو 2024", *STORY], headline) == ["TITLE"]


def test_a_star_and_a_job_below_a_column_tell_of_its_writer() -> None:
    note = "* أستاذة علم الاجتماع في جامعة القاهرة"
    assert kinds([HEADLINE, "سامية القاضي", *STORY, note], note) == ["BYLINE"]


def test_the_headline_stands_below_a_label_and_the_result_of_the_match() -> None:
    headline = "الزمالك يقلب الطاولة ويقترب من القمة"
    lines = ["الدوري المصري", "الزمالك 2 - 1 سموحة", headline, "كتب: أحمد سامح", *STORY]
    assert kinds(lines, headline) == ["TITLE"]


def test_the_headline_of_a_statement_stands_above_its_dateline() -> None:
    headline = "«رمال للطاقة» توقع عقدا بقيمة 310 ملايين درهم لبناء محطة شمسية في الظفرة"
    lines = ["ركن المؤسسات", headline, f"أبوظبي، الإمارات، 7 مايو 2024: {STORY[0]}", STORY[1]]
    assert kinds(lines, headline, "ركن المؤسسات") == ["BOILERPLATE", "TITLE"]


def test_a_short_first_paragraph_in_small_capitals_is_no_caption() -> None:
    first = "THE last typewriter shop in the islands will close on Christmas Eve after 88 years"
    others = [
        "Its owner has mended some six thousand machines since he took over the shop from his father in 1961.",
        "The sale of what is left begins on Monday morning, and everything in the window must go by noon.",
    ]
    assert sentences(["Typewriter shop to close", "Written by Fiona Laird", first, *others])[0] == first


def test_what_a_radio_plays_is_no_text_and_who_speaks_no_dateline() -> None:
    talk = [
        "When the last shop in Ellis closed, the nearest lettuce was 38 miles away. So the town bought the building.",
        "(SOUNDBITE OF CASH REGISTER)",
        "DANA RUIZ, BYLINE: It's seven in the morning and Betty Kohl is stacking cans in the back room.",
        "RUIZ: The people here own it together, at fifty dollars a share, and nobody owns more than one.",
    ]
    lines = ["A Town Buys Its Own Grocery Store", "March 2, 2017", *talk]
    assert kinds(lines, talk[1]) == ["BOILERPLATE"]
    assert [kind for kind, text in read(lines)[-3:] if text not in talk[1]] == ["BODY", "BODY"]
    assert sentences(lines)[0].startswith("When the last shop")


def test_the_last_entry_of_a_live_page_is_text_up_to_the_first_button() -> None:
    entry = "اللجنة: 1.9 مليون ناخب أدلوا بأصواتهم"
    lines = [
        HEADLINE,
        "21:40",
        STORY[0],
        "مشاركة",
        "20:15",
        STORY[1],
        "مشاركة",
        "18:02",
        entry,
        "عرض المزيد",
        "انتهت التغطية",
    ]
    assert kinds(lines, entry) == ["BODY"]


def test_entries_of_a_live_page_need_no_stops() -> None:
    entry = "اللجنة: 1.9 مليون ناخب أدلوا بأصواتهم"
    told = [paragraph[:-1] for paragraph in STORY]
    lines = [HEADLINE, "21:40", told[0], "مشاركة", "20:15", entry, "مشاركة", "18:02", told[1], "عرض المزيد"]
    assert kinds(lines, entry) == ["BODY"]


def test_the_end_of_a_quotation_is_no_mark_between_links() -> None:
    last = "«ماذا أكتب؟ انتهى؟»، يسأل وهو يعدّ المفاتيح"
    assert sentences([HEADLINE, *STORY, f"{STORY[0]} {last}"])[-1] == "انتهى؟»، يسأل وهو يعدّ المفاتيح"


def test_heads_of_columns_stay_lines_of_their_own_whatever_spaces_part_them() -> None:
    head = "الأهالي – العدد 1142 – الخميس 6 آذار 2003\xa0\xa0\xa0\xa0ص 5"
    wrapped = [
        "عاد نحو ألف ومئتي عامل إلى معمل الغزل",
        "الآلي في الليرمون صباح أمس، بعد أن توقف",
        "العمل فيه أسبوعين بسبب نقص القطن وارتفاع",
    ]
    assert read([head, HEADLINE, *wrapped, "أجور النقل من الجزيرة."])[1] == ("TITLE", HEADLINE)


def test_rows_are_told_by_tabs_whatever_spaces_a_text_has() -> None:
    rows = ["المدة\tالرسوم\tالتجديد", "سنة\t180\t90"]
    text = "\n".join([HEADLINE, STORY[0], *rows, STORY[1]]).replace(" ", "\xa0")
    found = {part.span.of(text).strip(): part.kind.name for part in parse_document(text, "ar").parts}
    assert [found[row] for row in rows] == ["BOILERPLATE", "BOILERPLATE"]


def test_a_text_whose_spaces_are_tabs_has_no_rows() -> None:
    lines = [HEADLINE, *(" ".join(paragraph.split()[:13]) for paragraph in STORY)]
    text = "\n".join(lines)
    plain, tabbed = (parse_document(one, "ar").parts for one in (text, text.replace(" ", "\t")))
    assert [(part.kind, part.span) for part in tabbed] == [(part.kind, part.span) for part in plain]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["By Emil Stark"], ["HEADING", "BYLINE"]),
        (["Gothenburg - Emil Stark", "Tuesday, 18 November 2025"], ["HEADING", "BYLINE", "BYLINE"]),
        # A video: its length, where it is from.
        (["01:52", "- Source: CNN"], ["BOILERPLATE", "BOILERPLATE", "BYLINE"]),
    ],
)
def test_a_further_article_in_the_same_text_has_its_headline_and_byline(lines: list[str], wanted: list[str]) -> None:
    story = (
        "Dockers at the port have voted to strike for two days from Friday, after talks over night shifts broke down.",
        "A floating pool heated with waste water from a bakery could open beside the opera house in two years.",
    )
    headline = "City plans floating pool beside the opera"
    letter = [
        "Dockers vote for a strike",
        "By Rosa Lindqvist",
        story[0],
        "READ MORE",
        "Share this story",
        headline,
        *lines,
    ]
    assert kinds([*letter, story[1], story[1] + " Nobody knows."], headline, *lines) == wanted


def test_the_headline_of_a_newsletter_stands_below_its_greeting() -> None:
    story = (
        "Dockers at the port have voted by a large majority to strike for two days from Friday, after talks broke down."
    )
    greeting = "Good morning. Two stories from the waterfront today, and a correction."
    headline = "Dockers vote for a strike"
    lines = ["THE HARBOUR BRIEF", "Tuesday, 18 November 2025", greeting, headline, "By Rosa Lindqvist", story, story]
    assert kinds(lines, greeting, headline) == ["BOILERPLATE", "TITLE"]
    assert story in sentences(lines)


@pytest.mark.parametrize("mark", ["# ", "#\t", "## "])
def test_a_headline_is_without_the_mark_of_markdown(mark: str) -> None:
    text = "\n\n".join([mark + HEADLINE, "*بقلم: سلوى عمران*", *STORY])
    document = parse_document(text, "ar")
    assert document.title is not None
    assert document.title.of(text) == HEADLINE
    assert document.parts[0].span.of(text).strip() == mark + HEADLINE
    assert [part.kind.name for part in document.parts[:2]] == ["TITLE", "BYLINE"]


def test_a_headline_in_capitals_is_not_joined_with_broken_lines_below_it() -> None:
    lines = [
        "New Channel Opens to Deep-Draught Ships",
        "The deepened channel at Port Ansel was",
        "opened to ships of up to ten metres on",
        "the first of April, six weeks ahead of",
        "schedule, and the first vessel passed.",
    ]
    assert read(lines)[0] == ("TITLE", lines[0])
    assert sentences(lines) == ["\n".join(lines[1:])]
