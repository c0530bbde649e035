"""The marked pages of the structure benchmark: well formed, read as the docs say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from khulasa.server.core.text.document import parse_document

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "structure"


def module(name: str) -> ModuleType:
    """A module of the benchmark under a name of its own: another benchmark has a `scoring` too."""
    spec = importlib.util.spec_from_file_location(f"structure_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


pages, scoring = module("pages"), module("scoring")
HALVES = (
    "pages-dev",
    "pages-dev-2",
    "pages-dev-3",
    "pages-dev-4",
    "pages-dev-5",
    "pages-dev-6",
    "pages-dev-7",
    "pages-dev-8",
    "pages-dev-9",
    "pages-dev-10",
    "pages-dev-11",
    "pages-dev-12",
    "pages-held-out",
)


@pytest.mark.parametrize("half", HALVES)
def test_parts_tile_and_sentences_cover_the_body(half: str) -> None:
    rows = pages.marked_pages(FOLDER / f"{half}.txt")
    assert len({row["id"] for row in rows}) == len(rows) >= 12
    for row in rows:
        text = row["text"]
        assert "".join(text[part["start"] : part["end"]] for part in row["parts"]) == text
        body = "".join(text[p["start"] : p["end"]] for p in row["parts"] if p["kind"] == "BODY")
        sentences = [text[s["start"] : s["end"]] for s in row["sentences"]]
        assert "".join("".join(sentences).split()) == "".join(body.split())
        assert all(sentence == sentence.strip() for sentence in sentences)


def read(rows: list[dict[str, Any]]) -> tuple[Any, Any]:
    """Labels and sentence ends of all pages."""
    labels, ends = scoring.Labels(), scoring.Rate()
    for row in rows:
        document = parse_document(row["text"], "ar")
        parts = [{"kind": p.kind.name, "start": p.span.start, "end": p.span.end} for p in document.parts]
        labels.add(scoring.labels_of(row["text"], row["parts"]), scoring.labels_of(row["text"], parts))
        gold = [(s["start"], s["end"]) for s in row["sentences"]]
        found = [(s.span.start, s.span.end) for s in document.sentences]
        ends.add(scoring.ends_of(row["text"], found), scoring.ends_of(row["text"], gold))
    return labels, ends


# Below what docs/quality-structure.md tells, so that a rule may be traded for a better one, not for nothing. What was
# held out before is development now, under the bounds it had at least.
@pytest.mark.parametrize(
    ("half", "sentences", "recall", "precision", "kept"),
    [
        ("pages-dev", 0.985, 0.965, 0.98, 0.995),
        ("pages-dev-2", 0.92, 0.90, 0.97, 0.975),
        ("pages-dev-3", 0.95, 0.94, 0.955, 0.995),
        ("pages-dev-4", 0.94, 0.89, 0.91, 0.98),
        ("pages-dev-5", 0.95, 0.89, 0.94, 0.995),
        ("pages-dev-6", 0.99, 0.98, 0.97, 0.995),
        ("pages-dev-7", 0.955, 0.95, 0.965, 0.995),
        ("pages-dev-8", 0.975, 0.965, 0.935, 0.99),
        ("pages-dev-9", 0.98, 0.98, 0.98, 0.995),
        ("pages-dev-10", 0.975, 0.98, 0.92, 0.995),
        ("pages-dev-11", 0.98, 0.965, 0.93, 0.995),
        ("pages-dev-12", 0.96, 0.91, 0.97, 0.99),
        ("pages-held-out", 0.895, 0.76, 0.945, 0.98),
    ],
)
def test_pages_are_read(half: str, sentences: float, recall: float, precision: float, kept: float) -> None:
    labels, ends = read(pages.marked_pages(FOLDER / f"{half}.txt"))
    assert ends.f1 >= sentences
    assert labels.rate("BOILERPLATE").recall >= recall
    assert labels.rate("BOILERPLATE").precision >= precision
    # Text of articles is lost last.
    assert labels.rate("BODY").recall >= kept


def test_a_page_of_one_article_is_read_as_the_tests_mark_it() -> None:
    (row,) = pages.marked_pages(FOLDER.parents[1] / "tests" / "core" / "text" / "articles" / "ar-wrapped.txt")
    assert row["id"] == "ar-wrapped"
    assert "".join(row["text"][part["start"] : part["end"]] for part in row["parts"]) == row["text"]
    assert "⏎" not in row["text"]
    assert any("\n" in row["text"][part["start"] : part["end"]].strip() for part in row["parts"])
