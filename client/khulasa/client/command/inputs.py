"""Files and standard input, exactly as they are: offsets count in what is sent."""

from __future__ import annotations

import codecs
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from khulasa.client.command.arguments import ArgumentError
from khulasa.client.connection import MAX_REQUEST_BYTES
from khulasa.client.requests import Glossary, GlossaryTerm

__all__ = ["Source", "UnreadableError", "read_glossary", "read_text", "shown", "sources_of"]

STDIN = "-"
# UTF-32 first: its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_SAMPLE_BYTES = 10_000
# Arabic letters of one are letters of the other, or accented ones: the more frequent encoding first.
_OF_ONE_BYTE = ("WINDOWS-1256", "ISO-8859-6")
# A glossary is Arabic by half.
_LEAST_SHARE_OF_ARABIC = 0.2
# Accented letters, which would be Arabic ones, stand alone.
_ARABIC_WORD = re.compile("[\u0620-\u06ff]{3,}")
_HTML = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_LAYOUT = "\t\n\v\f\r"
# A text may have stray control characters; one in ten is none.
_CONTROLS_OF_NO_TEXT = 10


class UnreadableError(Exception):
    """A file that is missing, not UTF-8 or not of the format that was named."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a text comes from.

    Attributes:
        name: Shown to people, and the article's id.
        path: None for standard input.
    """

    name: str
    path: Path | None


def sources_of(files: list[str]) -> list[Source]:
    """One for each argument; standard input when there is none."""
    return [
        Source("standard input", None) if name == STDIN else Source(shown(name), Path(name))
        for name in (files or [STDIN])
    ]


def shown(name: str) -> str:
    """A file name as Unicode text; Python keeps bytes of it that are not UTF-8 as surrogates, which nobody can send."""
    return os.fsencode(name).decode("utf-8", "replace")


def read_text(source: Source, *, html: bool = False) -> str:
    """The text, line ends untouched. A byte order mark at the start is not part of it: offsets count after it.

    Args:
        source: Where it comes from.
        html: It may be HTML.

    Raises:
        UnreadableError: it cannot be read, is larger than a request may be, is not UTF-8, no text, or HTML unawares.
    """
    if source.path is None and sys.stdin is None:
        raise UnreadableError("is closed")
    try:
        if source.path is None:
            raw = sys.stdin.buffer.read(MAX_REQUEST_BYTES + 1)
        else:
            with source.path.open("rb") as file:
                raw = file.read(MAX_REQUEST_BYTES + 1)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from error
    if len(raw) > MAX_REQUEST_BYTES:
        raise UnreadableError(
            f"has more than {MAX_REQUEST_BYTES:,} bytes, which no request may have; send it in parts."
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = _damage_hint(error) or _encoding_hint(raw)
        # The decoder counts behind a byte order mark.
        place = error.start + len(raw) - len(error.object)
        raise UnreadableError(f"is not UTF-8: byte {place} is 0x{raw[place]:02x}.{hint}") from error
    # Arabic in UTF-16 without a mark is valid UTF-8: each letter a sign and a control character.
    if sum(letter < " " and letter not in _LAYOUT for letter in text) * _CONTROLS_OF_NO_TEXT > len(text):
        raise UnreadableError("is no text: it is full of control characters. Is it UTF-16? Then convert it with iconv.")
    if not html and _HTML.match(text.lstrip()):
        # Its tags would be words of the article, and be translated.
        raise UnreadableError("is HTML: add --input-format html.")
    return text


def _damage_hint(error: UnicodeDecodeError) -> str:
    """What to say of a file that is UTF-8 up to its fault: converted from something else it would be spoiled."""
    if error.object[: error.start].isascii():
        return ""
    cut = error.reason == "unexpected end of data"
    return " Up to there it is UTF-8: it " + ("ends in the middle of a character." if cut else "is damaged there.")


def _encoding_hint(raw: bytes) -> str:
    """What bytes that are not UTF-8 may be, and how to convert them; empty where nothing is likely."""
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return f" It looks like {name}; convert it with iconv -f {name} -t UTF-8."
    name = max(_OF_ONE_BYTE, key=lambda one: _share_of_arabic(raw[:_SAMPLE_BYTES], one))
    if _share_of_arabic(raw[:_SAMPLE_BYTES], name) > _LEAST_SHARE_OF_ARABIC:
        return f" It looks like Arabic in {name}; convert it with iconv -f {name} -t UTF-8."
    return ""


def _share_of_arabic(raw: bytes, encoding: str) -> float:
    """How many of the letters are of Arabic words, [0, 1], if the bytes are read so; 0 where they cannot be."""
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    return sum(map(len, _ARABIC_WORD.findall(text))) / max(1, sum(map(str.isalpha, text)))


def read_glossary(path: Path) -> Glossary:
    """A glossary from a file of SOURCE<tab>TARGET lines; blank lines and lines that start with # are left out.

    Raises:
        ArgumentError: the file cannot be read, or a line is no pair.
    """
    try:
        text = read_text(Source(shown(str(path)), path))
    except UnreadableError as error:
        raise ArgumentError(f"the glossary {path} {error}") from error
    terms = []
    # Not `splitlines`, for which a vertical tab or a line separator inside a term ends it.
    for number, line in enumerate(re.split("\r\n|\r|\n", text), 1):
        if not line.strip() or line.startswith("#"):
            continue
        source, tab, target = line.partition("\t")
        # A third column, of remarks, would be a part of every translation.
        if not tab or "\t" in target.strip():
            raise ArgumentError(f"{path}, line {number}: expected SOURCE<tab>TARGET")
        terms.append(GlossaryTerm(source.strip(), target.strip()))
    return Glossary(tuple(terms))
