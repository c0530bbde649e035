"""Files and standard input, exactly as they are: offsets count in what is sent."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from khulasa.client.command.arguments import ArgumentError
from khulasa.client.requests import Glossary, GlossaryTerm

__all__ = ["Source", "UnreadableError", "read_glossary", "read_text", "sources_of"]

STDIN = "-"


class UnreadableError(Exception):
    """A file that is missing or not UTF-8."""


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
        Source("standard input", None) if name == STDIN else Source(_shown(name), Path(name))
        for name in (files or [STDIN])
    ]


def _shown(name: str) -> str:
    """A file name as Unicode text; Python keeps bytes of it that are not UTF-8 as surrogates, which nobody can send."""
    return os.fsencode(name).decode("utf-8", "replace")


def read_text(source: Source) -> str:
    """The text, line ends untouched. A byte order mark at the start is not part of it: offsets count after it.

    Raises:
        UnreadableError: it cannot be read or is not UTF-8.
    """
    if source.path is None and sys.stdin is None:
        raise UnreadableError("is closed")
    try:
        raw = sys.stdin.buffer.read() if source.path is None else source.path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = " It looks like UTF-16; convert it with iconv." if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        raise UnreadableError(f"is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}.{hint}") from error


def read_glossary(path: Path) -> Glossary:
    """A glossary from a file of SOURCE<tab>TARGET lines; blank lines and lines that start with # are left out.

    Raises:
        ArgumentError: the file cannot be read, or a line has no tab.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"cannot read the glossary: {error}") from error
    terms = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        source, tab, target = line.partition("\t")
        if not tab:
            raise ArgumentError(f"{path}, line {number}: expected SOURCE<tab>TARGET")
        terms.append(GlossaryTerm(source.strip(), target.strip()))
    return Glossary(tuple(terms))
