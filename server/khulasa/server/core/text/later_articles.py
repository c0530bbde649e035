"""Further articles in the same text, as newsletters and pages that scroll on have them: their headlines and bylines."""

from __future__ import annotations

from collections.abc import Sequence

from khulasa.server.core.text.furniture import is_clock
from khulasa.server.core.text.looks import Line, Look
from khulasa.server.core.text.types import PartKind

__all__ = ["later_article", "later_heads"]

# Headlines have so many words, paragraphs at least so many; so many lines between them tell who wrote and when.
_LEAST_WORDS, _MOST_WORDS, _PARAGRAPH, _ORIGINS = 5, 16, 12, 3
# So many paragraphs tell another article from the first words of one that is only named.
_LEAST_PARAGRAPHS = 2


def later_heads(lines: Sequence[Line], kinds: Sequence[PartKind]) -> list[tuple[int, PartKind]]:
    """Places and kinds of headlines of further articles, which are headings, and of the bylines below them.

    They stand below furniture and above a paragraph of the body, and some article goes before.

    Args:
        lines: What the paragraphs look like.
        kinds: What they were read as; both lines were taken for furniture.
    """
    out: list[tuple[int, PartKind]] = []
    told = False
    for at, line in enumerate(lines[:-2]):
        told = told or (kinds[at] is PartKind.BODY and line.words >= _PARAGRAPH)
        short = line.look is Look.SHORT and _LEAST_WORDS <= line.words <= _MOST_WORDS
        if not (told and short and kinds[at] is kinds[at - 1] is PartKind.BOILERPLATE):
            continue
        end = at + 1
        while end < min(at + 1 + _ORIGINS, len(lines)) and _tells_origin(lines, end):
            end += 1
        if at + 1 < end < len(lines) and kinds[end] is PartKind.BODY and lines[end].words >= _PARAGRAPH:
            out += [(at, PartKind.HEADING), *((below, PartKind.BYLINE) for below in range(at + 1, end))]
    return out


def later_article(lines: Sequence[Line], begin: int) -> int | None:
    """Place of the first headline from `begin` on below which an article begins: who wrote, the day, two paragraphs."""
    for at in range(begin, len(lines) - _LEAST_PARAGRAPHS):
        line = lines[at]
        if line.look is not Look.SHORT or not _LEAST_WORDS <= line.words <= _MOST_WORDS:
            continue
        end = at + 1
        while end < min(at + 1 + _ORIGINS, len(lines)) and _tells_origin(lines, end):
            end += 1
        dated = Look.DATE in [origin.look for origin in lines[at + 1 : end]]
        told = lines[end : end + _LEAST_PARAGRAPHS]
        if end - at > _LEAST_PARAGRAPHS and dated and len(told) == _LEAST_PARAGRAPHS and all(map(_is_told, told)):
            return at
    return None


def _is_told(line: Line) -> bool:
    return line.look is Look.BODY and line.words >= _PARAGRAPH


def _tells_origin(lines: Sequence[Line], at: int) -> bool:
    """Whether a line tells who wrote or the day, or is a few words above the day: a place and a name.

    A clock alone is the length of a video, whose source stands below it.
    """
    line = lines[at]
    dated = at + 1 < len(lines) and lines[at + 1].look is Look.DATE
    few = line.look is Look.SHORT and line.words < _LEAST_WORDS and dated
    return few or (line.look in (Look.BYLINE, Look.NAME, Look.DATE) and not is_clock(line.seen))
