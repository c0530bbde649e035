"""Boxes set into an article or below it, told by how their lines follow each other: forms, posts, readers' comments."""

from __future__ import annotations

from collections.abc import Sequence

import regex
from khulasa.server.core.text.looks import Line, Look
from khulasa.server.core.text.rules import plain, talk_rules

__all__ = ["boxes"]

# Paragraphs of so many words are the article's; one at least stands above posts and comments.
_PARAGRAPH = 12
# A form has so many lines from what it offers to its field, none longer than that; a few words name what is offered.
_FORM, _LONG_IN_FORM, _LONGEST_HEAD, _LONGEST_FIELD = 4, 20, 9, 6
# Who posted: a name above a handle, or one line; the post in so many lines; when, a clock and a day.
_HANDLE = regex.compile(r"(?:\p{L}[^()@]{1,40}[ (])?@\w{2,30}\)?(?: ?[·-] ?.{1,20})?")
_POSTED_AT = regex.compile(r"\d{1,2}:\d{2} ?(?:[AaPp][Mm]|ص|م)? ?[·-] ?\S.{3,30}")
_LONGEST_NAME, _LONGEST_POST, _MOST_WORDS = 5, 5, 80
# A comment: who, how long ago, what in so many lines, and buttons to answer it.
_AGO = regex.compile(r"(?i)(?:منذ|قبل) .{1,20}|.{1,20} ago|\d{1,3} ?(?:h|hr|hrs|m|min|mins|d|w)|just now")
_FACT, _LEAST_FACTS = regex.compile(r"\p{L}[^:]{2,50}: ?[^\s:]{0,3}\d[\d.,/%]*+"), 3
_LONGEST_NICKNAME, _COMMENT, _LONGEST_BUTTONS = 4, 3, 6


def boxes(lines: Sequence[Line]) -> list[int]:
    """Places of the lines of forms to subscribe, posts of networks and comments; linear in the text."""
    return [*_forms(lines), *_posts(lines), *_comments(lines), *_facts(lines)]


def _facts(lines: Sequence[Line]) -> list[int]:
    """Three lines and more together that are a label and a number: `Languages on air today: 1`."""
    out: list[int] = []
    run: list[int] = []
    for at, line in enumerate(lines):
        if line.look is Look.SHORT and _FACT.fullmatch(line.seen):
            run.append(at)
            continue
        out += run if len(run) >= _LEAST_FACTS else []
        run = []
    return out + (run if len(run) >= _LEAST_FACTS else [])


def _forms(lines: Sequence[Line]) -> list[int]:
    """From what is offered (`Get the weekly newsletter`) down to the field for an address."""
    rules = talk_rules()
    out: list[int] = []
    for at, line in enumerate(lines):
        if line.stopped or line.words > _LONGEST_FIELD or plain(line.seen) not in rules.form_fields:
            continue
        for begin in range(at - 1, max(at - _FORM, 0) - 1, -1):
            offer = lines[begin]
            if offer.words > _LONG_IN_FORM or offer.told:
                break
            if offer.words <= _LONGEST_HEAD and not rules.form_heads.isdisjoint(plain(offer.seen).split()):
                out += range(begin, at + 1)
                break
    return out


def _posts(lines: Sequence[Line]) -> list[int]:
    """Below a paragraph: who posted, what, and when by the clock and the day."""
    out: list[int] = []
    told = False
    for at, line in enumerate(lines):
        told = told or _is_paragraph(line)
        if not told or "@" not in line.seen[:60] or line.words > 2 * _LONGEST_NAME or not _HANDLE.fullmatch(line.seen):
            continue
        words = 0
        for end in range(at + 1, min(at + 2 + _LONGEST_POST, len(lines))):
            if _POSTED_AT.fullmatch(lines[end].seen):
                named = line.seen[0] == "@" and lines[at - 1].words <= _LONGEST_NAME and not lines[at - 1].stopped
                out += range(at - named, end + 1)
                break
            words += lines[end].words
            if words > _MOST_WORDS:
                break
    return out


def _comments(lines: Sequence[Line]) -> list[int]:
    """Below a paragraph: a few words, how long ago, and what was said; buttons to answer stand below the first."""
    out: list[int] = []
    told = False
    for at in range(1, len(lines) - 1):
        who, when = lines[at - 1], lines[at]
        told = told or _is_paragraph(who)
        if not told or when.look is not Look.DATE or not 0 < who.words <= _LONGEST_NICKNAME:
            continue
        if not _AGO.fullmatch(when.seen) or lines[at + 1].words > _MOST_WORDS:
            continue
        below = range(at + 2, min(at + 2 + _COMMENT, len(lines)))
        end = next((place for place in below if _answers(lines[place])), None)
        if end is not None:
            out += range(at - 1, end + 1)
        elif out:
            out += range(at - 1, at + 2)
    return out


def _answers(line: Line) -> bool:
    """Whether a line is buttons below a comment."""
    return line.words <= _LONGEST_BUTTONS and not talk_rules().answer_buttons.isdisjoint(plain(line.seen).split())


def _is_paragraph(line: Line) -> bool:
    return line.look is Look.BODY and line.words >= _PARAGRAPH
