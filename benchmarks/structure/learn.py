"""Learns what `core/text/learned.py` knows, from marked pages, and tells what it is worth on pages left out.

    python benchmarks/structure/learn.py [--folds 4] [--write]

The rules know the words of the pages they were made from, and those of a new page less well. So each page is also read
by rules that have forgotten a share of their lists.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from chain import Example, states_of, trained
from evaluate import Row, found_parts, gold_ends, title_is_right
from khulasa.server.core.text import learned, line_features, overlap, rules
from khulasa.server.core.text.context import in_context, without_boxes
from khulasa.server.core.text.document import in_view, parse_document
from khulasa.server.core.text.lines import look_at_all
from khulasa.server.core.text.normalize import view
from khulasa.server.core.text.paragraphs import paragraphs_of
from khulasa.server.core.text.parts import kinds_by_rules
from pages import marked_pages
from scoring import Labels, Rate, ends_of, labels_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGES = tuple(HERE / f"pages-dev{number}.txt" for number in ("", "-2", "-3", "-4", "-5"))
ARTICLES = ROOT / "tests" / "core" / "text" / "articles"
WEIGHTS = ROOT / "server" / "khulasa" / "server" / "core" / "text" / "rules" / "lines.json"
# Shares of the lists that are forgotten, one reading each.
_SHARES = (0.0, 0.3, 0.4, 0.5)
# Lists that hold what pages were seen to have; grammar, months and the like are not forgotten.
_LISTS = ("furniture", "related", "talk", "imperative", "end_openers", "block", "byline", "source", "caption", "credit")
_LISTS += ("scene", "names", "label", "media", "author", "agencies", "places", "date_openers")
# Features that so many pages have are weighed; so many of them are kept, those that move the most scores.
_PAGES, _KEPT = 3, 300
_RIDGE, _EPOCHS = 6.0, 10


class Sample(NamedTuple):
    """A page as it was read once: features and kinds of its lines."""

    page: str
    features: list[list[str]]
    kinds: list[str]


@contextmanager
def forgotten(share: float, seed: int) -> Iterator[None]:
    """Rules whose lists have lost a share of their entries, drawn at random."""
    draw = random.Random(seed)
    kept = {name: getattr(rules, name) for name in ("_words", "_phrases", "_listed")}

    def thinned(name: str, *arguments: Any) -> frozenset[str]:
        found: frozenset[str] = kept[name](*arguments)
        if not str(arguments[-1]).startswith(_LISTS):
            return found
        return frozenset(entry for entry in sorted(found) if draw.random() >= share)

    for name in kept:
        setattr(rules, name, lambda *arguments, name=name: thinned(name, *arguments))
    _clear_caches()
    try:
        yield
    finally:
        for name, function in kept.items():
            setattr(rules, name, function)
        _clear_caches()


def _clear_caches() -> None:
    for module in (rules, overlap, line_features):
        for name, function in vars(module).items():
            # The files stay as they are.
            if hasattr(function, "cache_clear") and name != "_raw":
                function.cache_clear()


def read_page(row: Row) -> Sample:
    """A page as the rules read it; the kind of a line is that of most of its characters."""
    paragraphs = paragraphs_of(row["text"])
    whole = view(row["text"])
    lines = in_context(without_boxes(look_at_all([span.of(whole.text) for span in in_view(paragraphs, whole)])))
    kinds = []
    for span in (paragraph.span for paragraph in paragraphs):
        held: Counter[str] = Counter()
        for part in row["parts"]:
            held[part["kind"]] += max(0, min(part["end"], span.end) - max(part["start"], span.start))
        kinds.append(held.most_common(1)[0][0])
    return Sample(row["id"], line_features.features_of(lines, kinds_by_rules(lines)), kinds)


def samples_of(rows: Sequence[Row], shares: Sequence[float]) -> list[Sample]:
    """Each page as read by rules that have forgotten each of these shares of their lists."""
    out = []
    for seed, share in enumerate(shares, 1):
        with forgotten(share, seed):
            out += [read_page(row) for row in rows]
    return out


def learn(samples: Sequence[Sample]) -> dict[str, Any]:
    """The weights of a chain as `lines.json` has them."""
    pages_with: dict[str, set[str]] = {}
    for sample in samples:
        for names in sample.features:
            for name in names:
                pages_with.setdefault(name, set()).add(sample.page)
    names = sorted(name for name, pages in pages_with.items() if len(pages) >= _PAGES)
    weights, moves, starts = _fitted(samples, names)
    worth = {name: np.abs(weights[at]).max() * len(pages_with[name]) ** 0.5 for at, name in enumerate(names)}
    names = sorted(sorted(names, key=lambda name: -worth[name])[:_KEPT])
    weights, moves, starts = _fitted(samples, names)
    features = {name: learned.packed(row) for name, row in zip(names, weights, strict=True)}
    return {"features": features, "moves": [learned.packed(row) for row in moves], "starts": learned.packed(starts)}


def _fitted(samples: Sequence[Sample], names: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    row = {name: at for at, name in enumerate(names)}
    readings = Counter(sample.page for sample in samples)
    examples = []
    for sample in samples:
        lines = [np.array(sorted({row[name] for name in line if name in row}), dtype=int) for line in sample.features]
        examples.append(Example(lines, states_of(sample.kinds), 1 / readings[sample.page]))
    return trained(examples, len(names), ridge=_RIDGE, epochs=_EPOCHS)


class Figures:
    """What is counted over pages."""

    def __init__(self) -> None:
        """Starts at nothing."""
        self.labels, self.ends, self.titles, self.titled = Labels(), Rate(), 0, 0

    def add(self, row: Row) -> None:
        """Counts a page as it is read now."""
        found = parse_document(row["text"], "ar")
        self.labels.add(labels_of(row["text"], row["parts"]), labels_of(row["text"], found_parts(found)))
        self.ends.add(ends_of(row["text"], [(s.span.start, s.span.end) for s in found.sentences]), gold_ends(row))
        if any(part["kind"] == "TITLE" for part in row["parts"]):
            self.titled += 1
            self.titles += title_is_right(row, found)

    def __str__(self) -> str:
        """Cells of a table."""
        scraps, body = self.labels.rate("BOILERPLATE"), self.labels.rate("BODY")
        figures = (self.ends.f1, body.recall, scraps.recall, scraps.precision, self.labels.macro_f1)
        return " | ".join([*(f"{figure:.4f}" for figure in figures), f"{self.titles} of {self.titled}"])


@contextmanager
def model_of(weights: dict[str, Any] | None) -> Iterator[None]:
    """Pages are read with these weights, or by the rules alone."""
    kept = learned.chain, learned.features_of
    if weights is None:
        learned.features_of = lambda *_: []
    else:
        model = learned.Chain(**weights)
        learned.chain = lambda: model
    try:
        yield
    finally:
        learned.chain, learned.features_of = kept


def print_left_out(rows: Sequence[Row], samples: Sequence[Sample], extra: Sequence[Sample], folds: int) -> None:
    """What pages that were not learned from get, by the set they are of, beside what the rules give them."""
    draw = random.Random(7)
    fold: dict[str, int] = {}
    for name in sorted({row["set"] for row in rows}):
        of_set = sorted(row["id"] for row in rows if row["set"] == name)
        draw.shuffle(of_set)
        fold |= {page: at % folds for at, page in enumerate(of_set)}
    figures: dict[tuple[str, str], Figures] = {}
    for held in range(folds):
        weights = learn([*(sample for sample in samples if fold[sample.page] != held), *extra])
        for share, (who, used) in product((0.0, 0.4), (("rules", None), ("learned", weights))):
            with forgotten(share, 999), model_of(used):
                for row in rows:
                    if fold[row["id"]] == held:
                        name = f"{row['set']}, {share:.0%} of lists forgotten"
                        figures.setdefault((name, who), Figures()).add(row)
    print("| pages left out | sentences F1 | body found | boilerplate recall | precision | macro-F1 | titles |")
    print("|---|---|---|---|---|---|---|")
    for (name, who), found in sorted(figures.items()):
        print(f"| {name}, {who} | {found} |")


def main() -> None:
    """Tell what pages left out get, then learn from all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=4, help="groups of pages left out in turn, 0 for none")
    parser.add_argument("--write", action="store_true", help=f"write {WEIGHTS.name}")
    arguments = parser.parse_args()
    rows = [row | {"set": path.stem, "id": f"{path.stem} {row['id']}"} for path in PAGES for row in marked_pages(path)]
    articles = [row for path in sorted(ARTICLES.glob("*.txt")) for row in marked_pages(path)]
    samples, extra = samples_of(rows, _SHARES), samples_of(articles, _SHARES[::2])
    if arguments.folds:
        print_left_out(rows, samples, extra, arguments.folds)
    if arguments.write:
        written = json.dumps(learn([*samples, *extra]), ensure_ascii=False, indent=0)
        WEIGHTS.write_text(written + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
