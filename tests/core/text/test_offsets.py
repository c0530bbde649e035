"""Pages in every dress: parts tile the text, sentences lie in it in order, nothing is dropped, the structure is one."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.types import PartKind
from pages import marked_pages
from test_document import check_invariants, outline
from variants import VARIANTS

ROOT = Path(__file__).parents[3]
PAGES = [
    (page["id"], page["text"])
    for name in ("pages-dev-4.txt", "pages-dev-5.txt")
    for page in marked_pages(ROOT / "benchmarks" / "structure" / name)
]
# The forms that are told by the lines around them: mails, subtitles, talks, threads, live pages.
FORMS = [(page["id"], page["text"]) for page in marked_pages(Path(__file__).parent / "forms.txt")]
GOLD = ROOT.parent / "shared" / "eval" / "structure" / "dev.jsonl"
# A final stop is part of what tells a caption from a sentence.
SAME = [name for name in VARIANTS if name != "missing final stops"]


def check(name: str, text: str, variants: list[str]) -> None:
    """Reads a text in these variants and as it is."""
    language = name[:2] if name[:2] in ("ar", "en") else "ar"
    plain = parse_document(text, language)
    check_invariants(text, plain)
    expected = outline(plain)
    for variant in variants:
        changed = VARIANTS[variant](text)
        document = parse_document(changed, language)
        check_invariants(changed, document)
        assert outline(document) == expected, f"{name}, {variant}"


@pytest.mark.parametrize("turn", range(5))
def test_pages_in_every_dress(turn: int) -> None:
    # Each page in a few of the variants, each variant on a few of the pages.
    for at, (name, text) in enumerate(PAGES[turn::5]):
        check(name, text, SAME[(turn + at) % 4 :: 4])


@pytest.mark.parametrize("name", ["en-quoted-mail", "en-subtitles", "ar-named-answers", "ar-names-alone", "ar-entries"])
def test_forms_in_every_dress(name: str) -> None:
    check(name, dict(FORMS)[name], SAME)


@pytest.mark.skipif(not GOLD.exists(), reason="the gold data is not here")
def test_gold_articles_in_every_dress() -> None:
    rows: list[dict[str, Any]] = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    for at, row in enumerate(rows):
        check(row["id"], row["text"], SAME[at % 8 :: 8])


@pytest.mark.parametrize("gap", [" ", "", "  "])
def test_signs_behind_the_last_stop_are_no_sentence(gap: str) -> None:
    text = f"قال الوزير إن الخطة جاهزة.{gap}\U0001f600\nثم غادر القاعة مسرعا.{gap}\U0001f44d\U0001f3fd\u200d"
    document = parse_document(text, "ar")
    assert [sentence.span.of(text)[0] for sentence in document.sentences] == ["ق", "ث"]
    assert document.sentences[0].span.of(text).endswith("\U0001f600")


def test_lines_broken_at_a_width_are_joined_whatever_invisible_they_hold() -> None:
    sentence = "وصلت إلى الميناء صباح اليوم سفينة تحمل القمح بعد رحلة طويلة دامت تسعة أيام في بحر هائج "
    text = textwrap.fill(sentence * 4, 72) + "."
    assert len(parse_document(text, "ar").sentences) == 1
    marked = text.replace(" ", " \u200f\u200e", 40)
    document = parse_document(marked, "ar")
    assert len(document.sentences) == 1
    assert document.sentences[0].span.of(marked) == marked


def test_every_emoji_line_is_no_body() -> None:
    text = "الميناء يعود إلى العمل\n\U0001f6a2\U0001f6a2\nعاد الميناء إلى العمل صباح اليوم بعد إضراب دام تسعة أيام."
    document = parse_document(text, "ar")
    assert [part.kind for part in document.parts if "\U0001f6a2" in part.span.of(text)] == [PartKind.BOILERPLATE]


@pytest.mark.parametrize("unseen", ["\u200b", " \u200f \xad", "\ufeff\x00"])
def test_lines_of_invisible_marks_are_blank(unseen: str) -> None:
    for name, text in PAGES[:6]:
        lines = text.split("\n")
        blank, marked = "\n\n".join(lines), f"\n{unseen}\n".join(lines)
        plain, document = parse_document(blank, name[:2]), parse_document(f"{unseen}\n{marked}\n{unseen}", name[:2])
        check_invariants(document.text, document)
        assert [sentence.paragraph_index for sentence in document.sentences] == [
            sentence.paragraph_index for sentence in plain.sentences
        ]
        assert [sentence.span.of(document.text) for sentence in document.sentences] == [
            sentence.span.of(blank) for sentence in plain.sentences
        ]


def test_a_form_feed_begins_a_page_and_no_paragraph() -> None:
    sentence = "وصلت إلى الميناء صباح اليوم سفينة تحمل القمح بعد رحلة طويلة دامت تسعة أيام في بحر هائج "
    text = (textwrap.fill(sentence * 4, 72) + ".").replace("\n", "\n\f")
    document = parse_document(text, "ar")
    assert [sentence.span.of(text) for sentence in document.sentences] == [text]
