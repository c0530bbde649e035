"""Which part of the article each paragraph is: what it looks like, and where it stands.

An article is a head (headline, who, where, when, pictures), a body with headings, and a foot. The body reaches from the
first to the last paragraph that looks like running text. The same line means different things in each: a date is a
byline in the head and a scrap in the foot, a short line without a stop names a section where one follows, and is a link
where none does.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex
from khulasa.server.core.text.lines import Line, Look
from khulasa.server.core.text.origins import may_be_name
from khulasa.server.core.text.rules import part_rules, plain
from khulasa.server.core.text.types import PartKind

__all__ = ["kinds_of"]

_FURNITURE = (Look.FURNITURE, Look.RELATED, Look.NOTHING)
_ORIGINS = (Look.DATE, Look.BYLINE, Look.NAME, Look.SOURCE)
_HEADING_LIKE = (Look.SHORT, Look.QUESTION, Look.LEAD, Look.DASH)
_LONGEST_TITLE = 30
_INNER_STOP = regex.compile(r"[.؟?!][\"»)]*+ (?=\S+ \S+ \S)")
# A headline given apart is the line that shares so many of its words.
_SAME_TITLE = 0.8
# Headlines of other articles have at least so many words; a shorter line before the body goes on names a section.
_LINK_WORDS, _LONGEST_LINK = 5, 16
# Lines of the foot that are read as the body again when so many words end in a stop.
_LONG_PARAGRAPH = 25
# `writer and researcher from ...`: words of a line about the author.
_ABOUT_AUTHOR = 6
# Paragraphs of so many words tell whether an article has stops at their ends; not where so few have.
_PARAGRAPH, _RARELY = 12, 0.3


def kinds_of(lines: Sequence[Line], title: str = "") -> list[PartKind]:
    """The kind of each paragraph.

    Args:
        lines: What the paragraphs look like, in order.
        title: The headline, folded, if it came apart from the text.
    """
    kinds: list[PartKind | None] = [None] * len(lines)
    headline = _title(lines, title)
    body = _body(lines, headline)
    if not any(body):
        body = _make_do(lines, headline)
    _add_last_words(lines, body)
    first = body.index(True) if any(body) else len(lines)
    origin = next((at for at in range((headline or 0) + 1, first) if lines[at].look in (*_ORIGINS, Look.CREDIT)), first)
    last = len(lines) - 1 - body[::-1].index(True) if any(body) else -1
    if headline is not None:
        kinds[headline] = PartKind.TITLE
    for at, line in enumerate(lines):
        if kinds[at] is not None:
            continue
        if body[at]:
            kinds[at] = PartKind.BODY
        elif at < first:
            kinds[at] = _in_head(
                line,
                at,
                headline,
                near_text=at > origin or at + 1 == first,
                before_origin=at + 1 < first and lines[at + 1].look in (Look.DATE, Look.BYLINE),
            )
        elif at > last:
            kinds[at] = _in_foot(line)
        else:
            kinds[at] = _in_body(line)
    _mark_links(lines, kinds, last)
    return [kind or PartKind.BOILERPLATE for kind in kinds]


def _title(lines: Sequence[Line], title: str) -> int | None:
    """The paragraph that is the headline."""
    wanted = set(plain(title).split())
    if wanted:
        for at, line in enumerate(lines[:12]):
            found = set(plain(line.seen[:400]).split())
            if found and len(wanted & found) >= _SAME_TITLE * max(len(wanted), len(found)):
                return at
    candidates = [
        at
        for at, line in enumerate(lines[:12])
        if line.look not in (*_FURNITURE, Look.DATE) or (at == 0 and _opens_like_furniture(lines))
    ]
    if not candidates or len(lines) < 2:
        return None
    at = candidates[0]
    line = lines[at]
    # A bare credit or byline above the headline is skipped, if a headline follows.
    while line.look in (Look.BYLINE, Look.SOURCE, Look.CREDIT, Look.CAPTION, Look.NAME) and at + 1 < min(
        12, len(lines)
    ):
        if line.look in (Look.CAPTION, Look.NAME) and at == candidates[0] and lines[at + 1].look is not Look.SHORT:
            break
        at += 1
        line = lines[at]
    if line.look is Look.BODY and line.words <= 3 and not line.clause:
        return None
    if wanted and line.look is not Look.SHORT:
        return None
    return at if _is_headline(line) and at + 1 < len(lines) else None


def _opens_like_furniture(lines: Sequence[Line]) -> bool:
    """Whether the first line is a headline all the same: `Watch: ...` of some length, and the text right after it."""
    if lines[0].look is not Look.FURNITURE or lines[0].words < _LINK_WORDS:
        return False
    after = next((line.look for line in lines[1:6] if line.look not in (*_FURNITURE, *_ORIGINS, Look.CREDIT)), None)
    return after in (Look.BODY, Look.CAPTION)


def _is_headline(line: Line) -> bool:
    if line.words > _LONGEST_TITLE or line.look in (Look.NOTHING, Look.RELATED, Look.LIST, Look.CREDIT):
        return False
    if line.look in (Look.DATE, Look.BYLINE, Look.SOURCE):
        return False
    if line.stopped:
        return (
            line.seen.endswith(("!", '!"', "!»"))
            and line.words <= 14
            and not _INNER_STOP.search(line.seen.replace("..", ""))
        )
    if line.words > 16 and _INNER_STOP.search(line.seen.replace("..", "")):
        return False
    return line.words <= 22 or not line.clause


def _body(lines: Sequence[Line], headline: int | None) -> list[bool]:
    """Which paragraphs are running text, list items and dialogue; the foot of a page is cut off."""
    body = [line.look is Look.BODY and at != headline for at, line in enumerate(lines)]
    _cut_foot(lines, body)
    start = 0 if headline is None else headline + 1
    for at in range(start, len(lines)):
        line = lines[at]
        if line.look is Look.LIST and not _is_numbered_heading(lines, at):
            body[at] = True
        elif line.look is Look.DASH:
            # One line with a dash among paragraphs is a heading; several together, or after a colon, are a list.
            beside = [lines[i] for i in (at - 1, at + 1) if start <= i < len(lines)]
            body[at] = any(other.look in (Look.DASH, Look.LIST) or _leads(other, lines[at]) for other in beside[:2])
            if at > start and lines[at - 1].seen.endswith(":"):
                body[at] = True
        elif line.look is Look.QUESTION:
            body[at] = not _asks_of_section(lines, at, start)
    return body


def _leads(line: Line, item: Line) -> bool:
    return line.seen.startswith("-") and item.seen.startswith("-")


def _is_numbered_heading(lines: Sequence[Line], at: int) -> bool:
    """Whether `1. Something` names a section: no stop, and running text without a number follows and goes before."""
    line = lines[at]
    if not line.seen[:1].isalnum() or line.stopped or line.words > 12 or at + 1 >= len(lines):
        return False
    following = lines[at + 1]
    before_is_list = at > 0 and (lines[at - 1].look is Look.LIST or lines[at - 1].seen.endswith(":"))
    return following.look is Look.BODY and following.words >= 2 * line.words and not before_is_list


def _asks_of_section(lines: Sequence[Line], at: int, start: int) -> bool:
    """Whether a short question names a section: longer text follows it, and it goes on with nothing before it."""
    if at + 1 >= len(lines) or at < start:
        return False
    following = lines[at + 1]
    return following.look is Look.BODY and following.words >= 2 * lines[at].words and not lines[at].clause


def _cut_foot(lines: Sequence[Line], body: list[bool]) -> None:
    """Takes out of the body what stands after links to other articles, unless the article plainly goes on."""
    plainly = [at for at, line in enumerate(lines) if body[at] and _is_plainly_text(line)]
    if not any(body):
        return
    floor = max(plainly[-1] if plainly else 0, body.index(True))
    for at in range(floor + 1, len(lines)):
        if lines[at].look is Look.RELATED:
            body[at:] = [False] * (len(lines) - at)
            return


def _is_plainly_text(line: Line) -> bool:
    """Whether a line can be no headline: long, stopped, or opening with `and` or a pronoun."""
    goes_on = line.clause and (line.seen[0] == "و" or line.seen[0].isascii())
    return line.words >= _LONG_PARAGRAPH or line.stopped or goes_on


def _add_last_words(lines: Sequence[Line], body: list[bool]) -> None:
    """Takes one short line after the body to it where paragraphs end without stops anyway."""
    long = [line for line, is_body in zip(lines, body, strict=True) if is_body and line.words >= _PARAGRAPH]
    if len(long) < 2 or sum(line.stopped for line in long) > _RARELY * len(long):
        return
    after = len(lines) - body[::-1].index(True)
    alone = after + 1 >= len(lines) or lines[after + 1].look is not Look.SHORT
    if after < len(lines) and alone and lines[after].look is Look.SHORT and lines[after].words > _LINK_WORDS:
        body[after] = True


def _make_do(lines: Sequence[Line], headline: int | None) -> list[bool]:
    """The body of a text without a paragraph that looks like one: its lines that look like nothing else."""
    return [at != headline and line.look in _HEADING_LIKE for at, line in enumerate(lines)]


def _in_head(line: Line, at: int, headline: int | None, *, near_text: bool, before_origin: bool) -> PartKind:
    """Kind of a line before the body.

    Args:
        line: The line.
        at: Its place.
        headline: Place of the headline.
        near_text: It stands where pictures do: after the byline or right before the body.
        before_origin: A date or byline follows it.
    """
    if line.look in _FURNITURE:
        return PartKind.BOILERPLATE
    if line.look in _ORIGINS:
        return PartKind.BYLINE
    if line.look in (Look.CREDIT, Look.CAPTION):
        return PartKind.CAPTION
    if headline is not None and at < headline:
        return PartKind.BOILERPLATE
    words = plain(line.seen[:200]).split()
    if line.look is Look.SHORT and len(words) <= 4 and (before_origin or may_be_name(words, part_rules())):
        return PartKind.BYLINE
    scene = any(word in part_rules().scene_words for word in words[1:])
    if scene and line.look in (Look.SHORT, Look.BODY) and near_text:
        return PartKind.CAPTION
    return PartKind.HEADING


def _in_body(line: Line) -> PartKind:
    if line.look in _HEADING_LIKE or line.look is Look.LIST:
        return PartKind.HEADING
    if line.look in (Look.CREDIT, Look.CAPTION):
        return PartKind.CAPTION
    if line.look in (Look.BYLINE, Look.SOURCE):
        return PartKind.BYLINE
    return PartKind.HEADING if line.look is Look.NAME else PartKind.BOILERPLATE


def _in_foot(line: Line) -> PartKind:
    if line.look in (Look.BYLINE, Look.SOURCE, Look.NAME, Look.CREDIT):
        return PartKind.BYLINE
    words = plain(line.seen[:120]).split()
    if line.look is Look.SHORT and len(words) <= _ABOUT_AUTHOR and words[0] in part_rules().byline_jobs:
        return PartKind.BYLINE
    return PartKind.CAPTION if line.look is Look.CAPTION else PartKind.BOILERPLATE


def _mark_links(lines: Sequence[Line], kinds: list[PartKind | None], last: int) -> None:
    """Makes furniture of the headlines that follow a head of links inside the body."""
    for at, line in enumerate(lines[: last + 1]):
        if line.look is not Look.RELATED:
            continue
        end = at + 1
        while end <= last and _may_be_link(lines[end]):
            end += 1
        if end - at > 2 and lines[end - 1].words < _LINK_WORDS:
            end -= 1
        for i in range(at + 1, end):
            kinds[i] = PartKind.BOILERPLATE


def _may_be_link(line: Line) -> bool:
    """Whether a line can be the headline of another article."""
    if line.look in (Look.SHORT, Look.QUESTION, Look.DASH, Look.NAME):
        return True
    return line.look is Look.LIST and not line.stopped and _LINK_WORDS - 1 <= line.words <= _LONGEST_LINK
