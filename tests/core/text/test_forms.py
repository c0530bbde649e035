"""The forms that articles come in: talks, live pages, tables, recipes, laws, posts, verses, capitals, no stops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.types import PartKind
from marked_articles import dense, joined, parts_of, sentences_of
from pages import marked_pages

PAGES = {page["id"]: page for page in marked_pages(Path(__file__).parent / "forms.txt")}


@pytest.mark.parametrize("name", PAGES)
def test_parts_and_sentences(name: str) -> None:
    page: dict[str, Any] = PAGES[name]
    text = page["text"]
    document = parse_document(text, name[:2])
    assert parts_of(document) == joined([(p["kind"], dense(text[p["start"] : p["end"]])) for p in page["parts"]])
    assert sentences_of(document) == [dense(text[s["start"] : s["end"]]) for s in page["sentences"]]


@pytest.mark.parametrize("name", ["en-caps", "ar-three", "en-minute-by-minute"])
def test_twenty_thousand_characters_in_one_line(name: str) -> None:
    page = PAGES[name]
    sentences = [page["text"][s["start"] : s["end"]] for s in page["sentences"]]
    sentences *= 20_000 // len(" ".join(sentences)) + 1
    document = parse_document(" ".join(sentences), name[:2])
    assert {part.kind for part in document.parts} == {PartKind.BODY}
    assert sentences_of(document) == [dense(sentence) for sentence in sentences]
