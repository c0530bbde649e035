"""Lines that were broken at a width: columns of papers and mail, with lines around them, and verses, which stay."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.paragraphs import paragraphs_of
from khulasa.server.core.text.wrapping import broken_lines
from pages import marked_pages

ENGLISH = [
    "County commissioners will decide this month whether to close two branch libraries, a step that would save money "
    "but leave the north end of the county without one. The vote was put off twice.",
    "Library director Ines Holt called the plan short of sight. More than 60,000 visitors used the two branches last "
    "year, she said, a third of them children who come after school.",
    "The board sits again in June, when the new budget is due. Until then both branches stay open four days a week, "
    "and a petition to keep them was signed by nine thousand people, most of whom live in the north of the county.",
]
ARABIC = [
    "بدأت البلدية أمس هدم أحد عشر مبنى آيلا للسقوط في الحي القديم، بعد إخلاء سكانها إلى شقق مؤقتة في حي الروضة "
    "الشمالي. وقال مدير الإنقاذ العمراني إن اللجنة منحت الأسر مهلة شهرين.",
    "وأشار المدير إلى أن ستة من المباني مدرجة على قائمة التراث، وأن واجهاتها ستفكك حجرا حجرا ويعاد تركيبها في حديقة "
    "المتحف. وطالب سكان بتعويض يكفي لشراء بيوت في الحي نفسه.",
    "وتستمر الأعمال حتى نهاية الصيف على مراحل ثلاث، تبدأ من السوق وتنتهي عند السور، على أن تبقى الشوارع مفتوحة "
    "أمام المشاة طوال الوقت. وخصصت البلدية رقما لتلقي شكاوى السكان من الغبار والضجيج في ساعات الليل.",
]
# Longer and shorter than the columns, and without stops.
AROUND = [
    "THE COURIER",
    "Local and state",
    "Share this story with all of your friends on each and every network that you can think of today",
]


def sentences_of(text: str) -> list[str]:
    return [" ".join(sentence.span.of(text).split()) for sentence in parse_document(text, "ar").sentences]


@pytest.mark.parametrize("width", [28, 34, 41, 48, 60, 72])
@pytest.mark.parametrize("story", [ENGLISH, ARABIC], ids=["en", "ar"])
def test_columns_are_read_as_the_paragraphs_that_they_were(story: list[str], width: int) -> None:
    wrapped = "\n".join([*AROUND, *(textwrap.fill(paragraph, width) for paragraph in story), AROUND[0]])
    assert sentences_of(wrapped) == sentences_of("\n".join([*AROUND, *story, AROUND[0]]))


@pytest.mark.parametrize("width", [28, 41, 60, 72])
def test_one_sign_for_two_letters_is_as_wide_as_they_are(width: int) -> None:
    """Old files have a form of its own for lam and alef."""
    text = "\n".join(textwrap.fill(paragraph.replace("ال", "لا"), width) for paragraph in ARABIC)
    shaped = text.replace("لا", "\ufefb")
    assert len(paragraphs_of(shaped)) == len(paragraphs_of(text))


@pytest.mark.parametrize("width", [34, 48])
def test_lines_that_differ_a_little_in_length_are_joined(width: int) -> None:
    """A printer breaks at a length, so that lines have not as many letters each."""
    lines: list[str] = []
    words = " ".join(ENGLISH).split()
    while words:
        line = words.pop(0)
        while words and len(line) + 1 + len(words[0]) <= width - (0, 3, 1, 2)[len(lines) % 4]:
            line += " " + words.pop(0)
        lines.append(line)
    assert len(paragraphs_of("\n".join(lines))) <= 2


def test_a_word_cut_at_the_end_of_a_line_goes_on() -> None:
    text = "\n".join(
        [
            "The county will decide this month on",
            "whether to close two branches, a step",
            "that would leave the north end with-",
            "out one. The plan was called short-",
            "sighted by the director, who asked",
            "for another year.",
        ]
    )
    assert len(paragraphs_of(text)) == 1


def test_a_heading_below_a_full_line_stays_one() -> None:
    body = textwrap.wrap(ENGLISH[0], 48)
    full = "And so the board has put off its vote till June."
    assert len(full) == 48
    document = parse_document(
        "\n".join(["A vote on two libraries", *body, full, "What comes next", *textwrap.wrap(ENGLISH[1], 48)]), "en"
    )
    assert [part.kind.name for part in document.parts if "What comes" in part.span.of(document.text)] == ["HEADING"]


@pytest.mark.parametrize(
    "lines",
    [
        [
            "When the river came in by the door,",
            "we carried the lamp to the stair,",
            "and the dog and the clock to the floor",
            "where my grandmother slept in her chair.",
            "Not a word of it all did she hear,",
            "not the wind and the wave at the wall,",
            "till the water was up to her ear",
            "and the boat was brought into the hall.",
        ],
        [
            "Ferry votes to strike",
            "Mayor calls for new talks with union",
            "Council cuts bus line",
            "Storm closes two roads in the north",
            "Library to open",
            "Fire at mill, no one hurt",
            "Pilots win",
            "School bond passes by nine votes",
        ],
        [
            "يا غيم مر على الديار وسلم",
            "واقرأ على الغياب ما لم يكتم",
            "واحمل إلى الأهل البعيد تحيتي",
            "وانثر على الدرب القديم تبسمي",
            "قد كان لي فيهم صديق راحل",
            "من بعده لم أبتسم لمعلم",
            "والدار تسأل كل ليل عنهم",
            "والباب بعد رحيلهم لم يفهم",
        ],
    ],
    ids=["verses", "headlines", "ar-verses"],
)
def test_verses_and_headlines_stay_lines(lines: list[str]) -> None:
    assert len(paragraphs_of("\n".join(lines))) == len(lines)


def test_development_pages_have_no_lines_to_join_but_those_marked_so() -> None:
    sets = Path(__file__).parents[3] / "benchmarks" / "structure"
    pages = [page for path in sorted(sets.glob("pages-dev*.txt")) for page in marked_pages(path)]
    assert len(pages) > 100
    marked = {page["id"] for page in pages if any("\n" in _inside(page, part) for part in page["parts"])}
    joined = {page["id"] for page in pages if any("\n" in p.span.of(page["text"]) for p in paragraphs_of(page["text"]))}
    assert joined == marked


def _inside(page: dict[str, Any], part: dict[str, Any]) -> str:
    written: str = page["text"][part["start"] : part["end"]]
    return written.strip()


def unwrapped_of(text: str) -> list[str]:
    """Paragraphs of a text, marks of quoted mails and white space aside."""
    return [" ".join(p.span.of(text).replace("\n>", " ").lstrip("> ").split()) for p in paragraphs_of(text)]


@pytest.mark.parametrize("width", [40, 64, 76])
@pytest.mark.parametrize("story", [ENGLISH, ARABIC], ids=["en", "ar"])
@pytest.mark.parametrize(
    ("first", "others"), [("    ", ""), ("", "  "), ("> ", "> ")], ids=["indented", "hanging", "quoted"]
)
def test_margins_tell_paragraphs_and_the_words_are_the_same(
    story: list[str], width: int, first: str, others: str
) -> None:
    filled = [textwrap.fill(p, width, initial_indent=first, subsequent_indent=others) for p in story]
    assert unwrapped_of(("\n\n" if first == "> " else "\n").join(filled)) == story


def test_a_few_full_lines_are_enough() -> None:
    """A short report in a mail, its lines broken at 72, below a headline that was not."""
    text = "\n".join(["Branch libraries", *textwrap.wrap(ENGLISH[0], 72), *textwrap.wrap(ENGLISH[1], 72)])
    assert len(paragraphs_of(text)) == 3
    assert len(paragraphs_of("\n".join([ARABIC[0][:40], *textwrap.wrap(ARABIC[1], 72)]))) == 2


def test_paragraphs_without_stops_below_headings_stay_apart() -> None:
    headings = ["الشاشة", "البطارية والشحن", "الكاميرا", "السعر"]
    texts = [
        "الشاشة أول ما يلفت النظر. اختر حجما يناسب يدك، ولا تنخدع بالأرقام الكبيرة",
        "تدوم البطارية يوما كاملا، لكن الاستخدام الكثيف قد يستنزفها قبل المساء بكثير",
        "نعم، إذا كنت تحب التصوير. جرب الكاميرا في ضوء خافت قبل الشراء ولا تستعجل",
        "تتراوح الأسعار بين 300 و1200 دولار، وتباع الأجهزة القديمة بنصف ثمنها فقط",
    ]
    lines = [line for pair in zip(headings, texts, strict=True) for line in pair]
    assert len(paragraphs_of("\n".join(lines))) == len(lines)


def test_nothing_is_joined_where_something_parts_the_lines() -> None:
    lines = textwrap.wrap(ENGLISH[0], 40)
    assert not any(broken_lines(lines, [True] * len(lines)))
    assert broken_lines([], []) == []


@pytest.mark.parametrize("width", range(40, 80, 3))
@pytest.mark.parametrize("each", [3, 6])
def test_two_spaces_between_words_do_not_make_the_width_narrower(width: int, each: int) -> None:
    """Two spaces are seen as one: a full line seems to have had room for a short word below."""
    words = " ".join([*ARABIC, *ARABIC]).split()
    spaced = "".join(word + " " * (1 + (at % each == 0)) for at, word in enumerate(words)).strip()
    assert len(paragraphs_of("\n".join(textwrap.wrap(spaced, width)))) == 1
