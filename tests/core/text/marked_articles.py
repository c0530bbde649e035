"""Articles of our own, written as careless scrapers deliver them, with their parts and sentences marked.

One line a part: its kind, a bar, its text. `+` before the kind: in one line with the part before. An empty line is one
bar. In the text `⟂` ends a sentence of the body (a part ends one anyway) and `⏎` is a hard line wrap.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from khulasa.server.core.text.types import Document

FOLDER = Path(__file__).parent / "articles"
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))


@dataclass(frozen=True)
class MarkedArticle:
    """An article and what is to be found in it.

    Attributes:
        language: `ar` or `en`.
        text: Without marks.
        parts: Kind and text of each part, neighbours of one kind joined, white space aside.
        sentences: Texts, white space aside.
    """

    language: str
    text: str
    parts: list[tuple[str, str]]
    sentences: list[str]


def dense(text: str) -> str:
    """Without white space."""
    return "".join(text.split())


def joined(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Neighbouring parts of one kind as one."""
    out: list[tuple[str, str]] = []
    for kind, text in parts:
        if out and out[-1][0] == kind:
            out[-1] = (kind, out[-1][1] + text)
        else:
            out.append((kind, text))
    return out


def marked(name: str) -> MarkedArticle:
    """Reads one of the folder."""
    text, parts, sentences = "", [], []
    for number, line in enumerate((FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()):
        head, _, body = line.partition("|")
        if number and not head.startswith("+"):
            text += "\n"
        if not head:
            continue
        pieces = body.replace("⏎", "\n").split("⟂")
        kind = head.lstrip("+")
        text += "".join(pieces)
        parts.append((kind, dense("".join(pieces))))
        if kind == "BODY":
            sentences += [dense(piece) for piece in pieces]
    return MarkedArticle(name[:2], text, joined(parts), sentences)


def parts_of(document: Document) -> list[tuple[str, str]]:
    """Kind and text of each part, white space aside, neighbours of one kind joined."""
    return joined([(part.kind.name, dense(part.span.of(document.text))) for part in document.parts])


def sentences_of(document: Document) -> list[str]:
    """Texts of the sentences, white space aside."""
    return [dense(sentence.span.of(document.text)) for sentence in document.sentences]
