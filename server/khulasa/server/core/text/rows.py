"""What the source of a line tells and its view does not: tabs between the cells of a table, emoji for bullets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import regex
from khulasa.server.core.text.looks import HEADING_LIKE, Line, Look

__all__ = ["with_items", "with_rows"]

# So many words are in a row at most; longer lines are paragraphs that somebody typed with tabs.
_LONGEST_ROW = 30
# A sign at the head of a line; so many words such an item has, and so much talk of the site at most.
_SIGN, _LEAST_ITEM, _MOST_TALK = regex.compile(r"(?<![\p{Cf}\p{M}])[\p{Cf}\p{M}]*+[\p{So}\p{Sk}]"), 3, 1


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


def with_items(lines: Sequence[Line], sources: Sequence[str]) -> list[Line]:
    """The lines, those behind emoji read as items of a list: two and more together below a paragraph.

    Args:
        lines: What the paragraphs look like.
        sources: The paragraphs as the caller sent them, without white space around them.
    """
    held = [
        not source[:1].isalpha()
        and _SIGN.match(source) is not None
        and line.look in (*HEADING_LIKE, Look.BODY)
        and line.words >= _LEAST_ITEM
        and line.talk <= _MOST_TALK
        for line, source in zip(lines, sources, strict=True)
    ]
    out = list(lines)
    below = False
    for at, line in enumerate(lines):
        if not held[at]:
            below = (line.look is Look.BODY and (line.stopped or line.clause)) or line.look is Look.LEAD
        elif below and any(held[max(at - 1, 0) : at] + held[at + 1 : at + 2]):
            out[at] = replace(line, look=Look.BODY, told=True)
    return out
