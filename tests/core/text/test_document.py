"""Parts and sentences of whole articles: marked ones, the same in other dress, and any text at all."""

from __future__ import annotations

import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.normalize import view
from khulasa.server.core.text.types import Document, PartKind
from marked_articles import NAMES, marked, parts_of, sentences_of
from variants import VARIANTS

SEED = Path(__file__).parents[3] / "seeds" / "nato-guarantees.ar.txt"


@pytest.mark.parametrize("name", NAMES)
def test_parts_and_sentences_of_a_marked_article(name: str) -> None:
    article = marked(name)
    document = parse_document(article.text, article.language)
    assert parts_of(document) == article.parts
    assert sentences_of(document) == article.sentences
    title = next((text for kind, text in article.parts if kind == "TITLE"), None)
    assert title == ("".join(document.title.of(article.text).split()) if document.title else None)


def outline(document: Document) -> list[tuple[str, str]]:
    """Parts and sentences by their letters and digits, as a variant leaves them."""

    def bare(text: str) -> str:
        return "".join(char for char in view(unicodedata.normalize("NFKC", text)).text if char.isalnum())

    parts = [(part.kind.name, bare(part.span.of(document.text))) for part in document.parts]
    return parts + [("sentence", bare(sentence.span.of(document.text))) for sentence in document.sentences]


@pytest.mark.parametrize("variant", VARIANTS)
def test_other_dress_same_structure(variant: str) -> None:
    for name in NAMES:
        article = marked(name)
        expected = outline(parse_document(article.text, article.language))
        changed = VARIANTS[variant](article.text)
        assert outline(parse_document(changed, article.language)) == expected, name


def check_invariants(text: str, document: Document) -> None:
    """What holds for every document."""
    assert document.text == text
    assert "".join(part.span.of(text) for part in document.parts) == text
    assert all(part.span.start < part.span.end for part in document.parts)
    body = [part.span for part in document.parts if part.kind is PartKind.BODY]
    end = 0
    for number, sentence in enumerate(document.sentences):
        span = sentence.span
        assert end <= span.start < span.end
        assert any(part.start <= span.start and span.end <= part.end for part in body)
        assert span.of(text) == span.of(text).strip()
        assert sentence.sentence_index == number
        assert 0 <= sentence.paragraph_index < document.paragraph_count
        end = span.end
    # Sentences hold all of the body but white space.
    covered = "".join("".join(sentence.span.of(text).split()) for sentence in document.sentences)
    assert covered == "".join("".join(span.of(text).split()) for span in body)
    if document.title:
        assert document.title.of(text) == document.title.of(text).strip()


WORDS = (
    'قال الوزير إن د. محمد 3.5 .. ... ؟ ! . « » " ( ) - – ـ : ، (رويترز) القاهرة شارك منذ ساعتين 12:30 '
    "Yesterday U.S. Mr. said The end. (...) www.a.b/c?d=e • 1- 2. \u200f \u202b \ufeff \xa0 ﻻ ﷺ \x00 \x1c \ud800 😀"
)


@given(
    st.lists(
        st.tuples(st.sampled_from(WORDS.split(" ")), st.sampled_from([" ", " ", "", "\n", "\r\n", "\r", "\n\n", "  "])),
        max_size=60,
    )
)
@settings(max_examples=150, deadline=None)
def test_any_mixture_tiles(pieces: list[tuple[str, str]]) -> None:
    text = "".join(word + gap for word, gap in pieces)
    check_invariants(text, parse_document(text, "ar"))


@given(st.text(st.characters(exclude_categories=[]), max_size=80), st.sampled_from(["ar", "en"]), st.text(max_size=10))
@settings(max_examples=100, deadline=None)
def test_any_text_tiles(text: str, language: str, title: str) -> None:
    check_invariants(text, parse_document(text, language, title=title))


# What pages draw lines and frames with, and signs that leave nothing where they stood.
ORNAMENTS = [
    "★",
    "— ",
    "ـ",
    "ـ ",
    "\u200f ",
    "\u00a0",
    "👍",
    "\u0651",
    ")",
    "«",
    "|",
    "·",
    "%",
    "،",
    "By ",
    "'s ",
    "a-",
    "I\n",
]
WRAPPED = """The council approves the plan

The council of the town approved the plan
for new roads on Monday after a debate and
the mayor said that the plan would help the
schools of the town, which wait for a road.
Opponents of the plan said that they would
appeal against it in a court next week."""


@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.sampled_from(ORNAMENTS), st.sampled_from([1, 2, 3, 60, 205]), st.booleans()),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=200, deadline=None)
def test_an_article_with_ornaments_anywhere_tiles(drawn: list[tuple[int, str, int, bool]]) -> None:
    """Two of them were INTERNAL: a headline behind 199 signs, and a line of tatweel among wrapped ones."""
    lines = WRAPPED.split("\n")
    for at, ornament, times, alone in drawn:
        lines[at] = f"{ornament * times}\n{lines[at]}" if alone else f"{ornament * times} {lines[at]}"
    text = "\n".join(lines)
    check_invariants(text, parse_document(text, "en"))


@pytest.mark.parametrize("ornament", ["*" * 199, "ـ ـ\n", "★★ ★★\n", "ـ\u00a0ـ\n"])
def test_an_ornament_before_any_line_tiles(ornament: str) -> None:
    for at in range(8):
        lines = WRAPPED.split("\n")
        lines[at] = f"{ornament} {lines[at]}"
        text = "\n".join(lines)
        check_invariants(text, parse_document(text, "en"))


def test_empty_and_blank_texts() -> None:
    assert parse_document("", "ar").parts == ()
    blank = parse_document(" \n\t\r\n", "ar")
    assert [part.kind for part in blank.parts] == [PartKind.BOILERPLATE]
    assert (blank.sentences, blank.title, blank.paragraph_count) == ((), None, 0)


@pytest.mark.parametrize("text", ["عنوان قصير", "One line without a stop", "جملة واحدة تنتهي بنقطة."])
def test_a_single_line_is_read(text: str) -> None:
    document = parse_document(text, "ar")
    assert sentences_of(document) == ["".join(text.split())]
    assert document.title is None


@pytest.mark.parametrize("last", ["." * 600, "—" * 500 + " end of the page"])
def test_a_last_line_that_begins_with_hundreds_of_signs_is_read(last: str) -> None:
    lead = "The minister said on Monday that the plan was ready."
    document = parse_document(f"{lead}\n\n{last}", "en")
    assert document.sentences[0].span.of(document.text) == lead
    assert document.parts[-1].span.end == len(document.text)


def test_lines_without_stops_are_read() -> None:
    document = parse_document("عنوان الخبر\nسطر أول بلا نقطة\nسطر ثان بلا نقطة", "ar")
    assert len(document.sentences) == 2


@pytest.mark.parametrize("repeated", ["كييف تطالب بدعم عسكري", "كييف  تُطالب بدعم عسكري.", "«كييف تطالب بدعم عسكري»"])
def test_a_title_given_apart_is_found_where_the_text_repeats_it(repeated: str) -> None:
    text = f"الرئيسية\n{repeated}\nقال الرئيس اليوم إن بلاده تطالب بدعم عسكري جديد من حلفائها."
    document = parse_document(text, "ar", title="كييف تطالب بدعم عسكري")
    assert document.title is not None
    assert document.title.of(text) == repeated
    assert len(document.sentences) == 1


def test_a_title_given_apart_and_not_repeated() -> None:
    text = "قال الرئيس اليوم إن بلاده تطالب بدعم عسكري جديد من حلفائها."
    document = parse_document(text, "ar", title="كييف تطالب بدعم عسكري")
    assert document.title is None
    assert len(document.sentences) == 1


def test_the_seed_article() -> None:
    text = SEED.read_text(encoding="utf-8")
    document = parse_document(text, "ar")
    kinds = [part.kind for part in document.parts if part.kind is not PartKind.BODY]
    headings = [PartKind.HEADING] * 5
    assert kinds == [PartKind.TITLE, *headings, PartKind.BOILERPLATE]
    assert document.parts[-1].span.of(text).strip() == "Yesterday"
    assert document.title is not None
    assert document.title.of(text).startswith("الناتو يبحث")
    assert [s.section_index for s in document.sentences][-1] == 5
    assert len(document.sentences) == 20
    assert not any(s.span.of(text).startswith(("كييف تطالب", "وساطة", "Yesterday")) for s in document.sentences)
    check_invariants(text, document)


def test_sections_count_headings() -> None:
    article = marked("ar-guide-headings")
    document = parse_document(article.text, "ar")
    assert sorted({sentence.section_index for sentence in document.sentences}) == [1, 2, 3, 4]


def seconds(text: str) -> float:
    """Processor seconds of a reading."""
    began = time.process_time()
    parse_document(text, "ar")
    return time.process_time() - began


def grows_with_its_length(short: str, long: str) -> bool:
    """Whether eight times the text takes less than 24 times as long; quadratic work would take 64 times.

    The quickest of three readings counts, and the first that is quick enough is enough.
    """
    most = 24 * max(min(seconds(short) for _ in range(3)), 0.002)
    return any(seconds(long) < most for _ in range(3))


@pytest.mark.parametrize(
    "unit",
    [
        ".",
        ". ",
        "\n",
        "كلام.",
        "كلام.. ",
        'قال «ثم "رد. ',
        "(نص. ",
        "كلام (...) ",
        "a.",
        "؟!",
        "- ",
        "(رويترز)\n",
        "نص\n",
        "شارك\n",
        "اقرأ أيضا\n",
        "12:30\n",
        "\u064e",
        "ـ ",
        "ﻻ",
        "[",
        "http://a.b/c.d?e=f/",
        "عنوان قصير\nفقرة من النص تنتهي بنقطة واضحة.\n",
        "فقرة من النص تنتهي بنقطة واضحة.\n(رويترز)\n(رويترز)\n",
        "We support our journalism, you can subscribe now.\n",
        "Ab cd ef gh ij kl.\nShort one\nOther one\nThird one\nFourth\n",
        "skip past promotion\n",
        "Comments\nA comment of some words.\n",
        "AAAA' ",
        "0:00/",
        "a. b/ ",
        "(A: b",
        "a-\n",
        "فقرة من النص تنتهي بنقطة واضحة.\nwith a picture of it from there\nShare\nShare\nShare\n",
        "2 May 2019\nBy John Smith\n",
        "Summary\nOne two three four\n",
        "One two three four five\tsix\n",
        "The council met and agreed on it.FacebookXWhatsAppCopy link\n",
        "AB: What is it?\nMost popular\nCD: A small one.\n",
        "الصويرة- على بعد\n",
    ],
)
def test_work_grows_with_the_length(unit: str) -> None:
    short, long = (unit * (size // len(unit)) for size in (5_000, 40_000))
    assert grows_with_its_length(short, long)


@pytest.mark.parametrize("line", ["كلمة قصيرة", "a few words", "John Smith", "in Paris", "- item", "قال:"])
def test_any_number_of_short_lines_stands_between_paragraphs(line: str) -> None:
    paragraph = "وقال الوزير في مؤتمر صحفي إن الحكومة ستعمل على حل هذه المشكلة خلال الأيام القادمة."
    text = "\n\n".join([paragraph, *[line] * 3_000, paragraph])
    document = parse_document(text, "ar")
    assert [s.span.of(text) for s in document.sentences if s.span.of(text) != line] == [paragraph] * 2


def test_lines_no_two_alike_grow_with_their_number() -> None:
    short, long = ("\n".join(f"سطر رقم {n} هنا" for n in range(count)) for count in (500, 4_000))
    assert grows_with_its_length(short, long)


def test_boxes_of_one_link_grow_with_their_number() -> None:
    paragraph = "The council said on Monday that the harbour wall will be repaired before winter comes to the town.\n"
    box = "Related articles\nThe minister said that the council will meet again soon for it\n" + paragraph
    short, long = (box * count for count in (600, 4_800))
    assert grows_with_its_length(short, long)
