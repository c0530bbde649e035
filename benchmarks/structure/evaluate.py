"""What the reader of articles is worth: sentences, parts, titles, the same article in other dress, time.

    python benchmarks/structure/evaluate.py DEV.jsonl|PAGES.txt [--errors] [--plot docs/confusion-of-parts.svg]

Sentence ends are compared over all articles, as ends of text without white space. Two figures are given for each
splitter: on the BODY parts of the gold data (the splitter alone, each line apart), and ours from raw text to sentences,
where a wrong part costs sentences too. pysbd is measured where it is installed. Labels are compared by character.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.normalize import view
from khulasa.server.core.text.sentences import sentence_spans
from khulasa.server.core.text.types import Document

sys.path.insert(0, str(Path(__file__).parent))
from pages import marked_pages
from scoring import KINDS, Labels, Rate, ends_of, labels_of
from variants import VARIANTS

Row = dict[str, Any]
Splitter = Callable[[str], Sequence[str]]
MEGABYTE = 1_000_000


def splitters() -> dict[str, Splitter]:
    """Name and function of each splitter that is installed: a line to its sentences."""
    import sentencex

    found: dict[str, Splitter] = {
        "ours": lambda line: [span.of(line) for span in sentence_spans(line, "ar")],
        "sentencex": lambda line: list(sentencex.segment("ar", line)),
    }
    if importlib.util.find_spec("pysbd"):
        import pysbd

        segmenter = pysbd.Segmenter(language="ar", clean=False)
        found["pysbd"] = lambda line: list(segmenter.segment(line))
    return found


def ends_on_gold_parts(row: Row, split: Splitter, *, by_line: bool) -> set[int]:
    """Sentence ends of a splitter that is given the body, whole paragraphs or line by line."""
    spans = []
    for part in row["parts"]:
        if part["kind"] != "BODY":
            continue
        whole = row["text"][part["start"] : part["end"]]
        at = part["start"]
        for line in whole.splitlines(keepends=True) if by_line else [whole]:
            place = 0
            for sentence in split(line):
                stripped = sentence.strip()
                if not stripped:
                    continue
                found = line.find(stripped, place)
                place = (found if found >= 0 else place) + len(stripped)
                spans.append((at, at + place))
            at += len(line)
    return ends_of(row["text"], spans)


def gold_ends(row: Row) -> set[int]:
    """Sentence ends of the gold data."""
    return ends_of(row["text"], [(s["start"], s["end"]) for s in row["sentences"]])


def found_parts(document: Document) -> list[Row]:
    """Our parts in the shape of the gold data."""
    return [{"kind": p.kind.name, "start": p.span.start, "end": p.span.end} for p in document.parts]


def title_is_right(row: Row, document: Document) -> bool:
    """Whether exactly the gold title was found."""
    gold = next(part for part in row["parts"] if part["kind"] == "TITLE")
    if document.title is None:
        return False
    return document.title.of(row["text"]).strip("\ufeff ") == row["text"][gold["start"] : gold["end"]].strip(
        "\ufeff \r\n"
    )


def outline(document: Document) -> list[tuple[str, str]]:
    """Kinds and words of parts, then of sentences, without what a variant changes."""

    def bare(text: str) -> str:
        seen = view(unicodedata.normalize("NFKC", text)).text
        return "".join(char for char in seen if char.isalnum())

    parts = [(part.kind.name, bare(part.span.of(document.text))) for part in document.parts]
    return parts + [("sentence", bare(sentence.span.of(document.text))) for sentence in document.sentences]


def print_sentences(rows: Sequence[Row], documents: Sequence[Document]) -> None:
    """The table of splitters."""
    print("| splitter | precision | recall | F1 |\n|---|---|---|---|")
    whole = Rate()
    for row, document in zip(rows, documents, strict=True):
        whole.add(ends_of(row["text"], [s.span for s in document.sentences]), gold_ends(row))
    print(f"| ours, from raw text | {whole.precision:.4f} | {whole.recall:.4f} | {whole.f1:.4f} |")
    for name, split in splitters().items():
        for by_line in (False, True):
            rate = Rate()
            for row in rows:
                rate.add(ends_on_gold_parts(row, split, by_line=by_line), gold_ends(row))
            how = "gold body, line by line" if by_line else "gold body, by paragraph"
            print(f"| {name}, {how} | {rate.precision:.4f} | {rate.recall:.4f} | {rate.f1:.4f} |")


def print_parts(labels: Labels) -> None:
    """The table of parts and the confusion matrix."""
    print("\n| part | precision | recall | F1 |\n|---|---|---|---|")
    for kind in KINDS:
        rate = labels.rate(kind)
        print(f"| {kind} | {rate.precision:.4f} | {rate.recall:.4f} | {rate.f1:.4f} |")
    print(f"\nmacro-F1 {labels.macro_f1:.4f}; characters, gold in rows:\n")
    print("| | " + " | ".join(KINDS) + " |\n|" + "---|" * (len(KINDS) + 1))
    for gold in KINDS:
        print(f"| {gold} | " + " | ".join(str(labels.pairs[gold, kind]) for kind in KINDS) + " |")


def print_variants(rows: Sequence[Row], documents: Sequence[Document]) -> None:
    """The table of variants."""
    print("\n| variant | articles with the same parts and sentences |\n|---|---|")
    for name, change in VARIANTS.items():
        same = sum(
            outline(parse_document(change(r["text"]), "ar")) == outline(d) for r, d in zip(rows, documents, strict=True)
        )
        print(f"| {name} | {same} of {len(rows)} |")


def print_speed(rows: Sequence[Row]) -> None:
    """Processor seconds for a megabyte of several kinds; the best of three."""
    news = "\n".join(row["text"] for row in rows)
    prose = " ".join(news.replace(".", " ").split())
    cases = {
        "news": news * (MEGABYTE // len(news) + 1),
        "dots": "." * MEGABYTE,
        "one line without a stop, 400 kB": (prose * 40)[:400_000],
        "line ends": "\n" * MEGABYTE,
        "quotes never closed": 'قال «ثم "رد. ' * (MEGABYTE // 13),
        "brackets never closed": "نص (كلام. " * (MEGABYTE // 10),
        "pauses": "كلام.. " * (MEGABYTE // 7),
        "short lines, no two alike": "\n".join(f"نص {n}" for n in range(MEGABYTE // 9)),
    }
    print("\n| 1 MB of | processor seconds |\n|---|---|")
    for name, text in cases.items():
        spent = []
        for _ in range(3):
            began = time.process_time()
            parse_document(text[:MEGABYTE], "ar")
            spent.append(time.process_time() - began)
        print(f"| {name} | {min(spent):.2f} |")


def print_errors(rows: Sequence[Row], documents: Sequence[Document]) -> None:
    """Every wrong end and part."""
    for row, document in zip(rows, documents, strict=True):
        text = row["text"]
        for part in document.parts:
            gold = next(p["kind"] for p in row["parts"] if p["start"] <= part.span.start < p["end"])
            if gold != part.kind.name:
                print(f"{row['id']}: {gold} read as {part.kind.name}: {part.span.of(text)[:80]!r}")
        dense = "".join(text.split())
        gold_set, found = gold_ends(row), ends_of(text, [s.span for s in document.sentences])
        for at in sorted(gold_set ^ found):
            word = "missed" if at in gold_set else "wrong"
            print(f"{row['id']}: {word} end: {dense[max(0, at - 30) : at]!r} | {dense[at : at + 30]!r}")


def drawn(labels: Labels) -> str:
    """The confusion matrix as SVG: shares of each gold label."""
    cell, left, top = 84, 110, 50
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + cell * 6 + 10} {top + 40 * 6 + 20}" '
        'font-family="sans-serif" font-size="12">',
        "<title>Labels by character: gold in rows, found in columns, as shares of each row</title>",
        f'<rect width="{left + cell * 6 + 10}" height="{top + 260}" fill="white"/>',
    ]
    for column, kind in enumerate(KINDS):
        out.append(f'<text x="{left + column * cell + cell / 2}" y="38" text-anchor="middle">{kind.lower()}</text>')
        out.append(f'<text x="{left - 8}" y="{top + column * 40 + 25}" text-anchor="end">{kind.lower()}</text>')
    for row, gold in enumerate(KINDS):
        total = max(1, sum(labels.pairs[gold, kind] for kind in KINDS))
        for column, kind in enumerate(KINDS):
            share = labels.pairs[gold, kind] / total
            x, y = left + column * cell, top + row * 40
            fill = f"rgb({round(255 - 244 * share)},{round(255 - 145 * share)},{round(255 - 102 * share)})"
            out.append(f'<rect x="{x}" y="{y}" width="{cell}" height="40" fill="{fill}" stroke="#ccc"/>')
            ink = "white" if share > 0.5 else "black"
            label = f"{100 * share:.1f} %" if share else "0"
            out.append(f'<text x="{x + cell / 2}" y="{y + 25}" text-anchor="middle" fill="{ink}">{label}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def rows_of(path: Path) -> list[Row]:
    """The marked pages of a .txt, or the rows of a .jsonl."""
    if path.suffix == ".txt":
        return marked_pages(path)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path, help="gold data, or marked pages as pages.py reads them")
    parser.add_argument("--errors", action="store_true", help="list what is wrong")
    parser.add_argument("--figures-only", action="store_true", help="neither variants nor times")
    parser.add_argument("--plot", type=Path, help="write the confusion matrix as SVG")
    arguments = parser.parse_args()
    rows = rows_of(arguments.set)
    documents = [parse_document(row["text"], "ar") for row in rows]
    labels = Labels()
    for row, document in zip(rows, documents, strict=True):
        labels.add(labels_of(row["text"], row["parts"]), labels_of(row["text"], found_parts(document)))
    print_sentences(rows, documents)
    print_parts(labels)
    has_title = [any(part["kind"] == "TITLE" for part in row["parts"]) for row in rows]
    right = sum(title_is_right(r, d) for r, d, has in zip(rows, documents, has_title, strict=True) if has)
    invented = sum(d.title is not None for d, has in zip(documents, has_title, strict=True) if not has)
    print(f"\ntitles: {right} of {sum(has_title)} found; {invented} found where there is none")
    if not arguments.figures_only:
        print_variants(rows, documents)
        print_speed(rows)
    if arguments.errors:
        print_errors(rows, documents)
    if arguments.plot:
        arguments.plot.write_text(drawn(labels), encoding="utf-8")


if __name__ == "__main__":
    main()
