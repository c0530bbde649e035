"""Marked pages of our own, made into rows of the shape of the gold data.

    python benchmarks/structure/pages.py PAGES.txt > PAGES.jsonl

One source line is one label; the head of `pages-dev.txt` says how they are written. A source without `###` is one page:
those of `tests/core/text/articles`, where labels have their whole names and `⏎` is a hard line wrap.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

__all__ = ["marked_pages"]

_KINDS = {"T": "TITLE", "H": "HEADING", "B": "BODY", "C": "CAPTION", "Y": "BYLINE", "X": "BOILERPLATE"}


def marked_pages(source: Path) -> list[dict[str, Any]]:
    """Rows of one source: id, kind, text, parts that tile the text, sentences.

    Raises:
        ValueError: A line has no known mark.
    """
    rows: list[dict[str, Any]] = []
    for line in source.read_text(encoding="utf-8").splitlines():
        if line.startswith("### ") or not (rows or line.startswith("#")):
            name = line[4:] if line.startswith("### ") else source.stem
            rows.append({"id": name, "kind": "page", "text": "", "parts": [], "sentences": []})
        if not line.startswith(("# ", "### ")):
            _add(rows[-1], line)
    for row in rows:
        bounds = [part["start"] for part in row["parts"][1:]] + [len(row["text"])]
        for part, end in zip(row["parts"], bounds, strict=True):
            part["end"] = end
    return rows


def _add(row: dict[str, Any], line: str) -> None:
    mark, bar, marked = line.partition("|")
    if row["parts"] and not mark.startswith("+"):
        row["text"] += "\n"
    if line in ("", "|"):
        return
    kind = _KINDS.get(mark.removeprefix("+"), mark.removeprefix("+"))
    if not bar or kind not in _KINDS.values():
        raise ValueError(f"no mark: {line!r}")
    marked = marked.replace("⏎", "\n")
    # White space before a part belongs to the one before it.
    row["text"] += marked[: len(marked) - len(marked.lstrip())]
    row["parts"].append({"kind": kind, "start": len(row["text"])})
    for piece in marked.lstrip().split("⟂"):
        start = len(row["text"]) + len(piece) - len(piece.lstrip())
        row["text"] += piece
        if kind == "BODY":
            row["sentences"].append({"start": start, "end": len(row["text"].rstrip())})


if __name__ == "__main__":
    for page in marked_pages(Path(sys.argv[1])):
        print(json.dumps(page, ensure_ascii=False))
