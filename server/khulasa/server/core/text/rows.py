"""Rows of a table, told by the tabs between their cells, which the view shows as spaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from khulasa.server.core.text.looks import Line, Look

__all__ = ["with_rows"]

# So many words are in a row at most; longer lines are paragraphs that somebody typed with tabs.
_LONGEST_ROW = 30


def with_rows(lines: Sequence[Line], sources: Sequence[str]) -> list[Line]:
    """The lines, two and more of like cells together read as furniture.

    Args:
        lines: What the paragraphs look like.
        sources: The paragraphs as the caller sent them, without white space around them.
    """
    cells = [
        source.count("\t") if line.words <= _LONGEST_ROW and not line.stopped else 0
        for line, source in zip(lines, sources, strict=True)
    ]
    return [
        replace(line, look=Look.FURNITURE, told=True)
        if count and count in (*cells[at - 1 : at], *cells[at + 1 : at + 2])
        else line
        for at, (line, count) in enumerate(zip(lines, cells, strict=True))
    ]
