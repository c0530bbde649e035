"""Which part of the article each paragraph is: what it looks like, and where it stands.

An article is a head (headline, who, where, when, pictures), a body with headings, and a foot. The body reaches from the
first to the last paragraph that looks like running text. The same line means different things in each: a date is a
byline in the head and a scrap in the foot, a short line without a stop names a section where one follows, and is a link
where none does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import regex
from khulasa.server.core.text.context import in_context, unmarked_items, without_boxes
from khulasa.server.core.text.foot import cut_foot, is_starred_name
from khulasa.server.core.text.head import authors_of, cut_head, is_capitalised, kind_in_head
from khulasa.server.core.text.headline import headline_of
from khulasa.server.core.text.later_articles import later_heads
from khulasa.server.core.text.learned import revised
from khulasa.server.core.text.looks import HEADING_LIKE, ORIGIN_LOOKS, Line, Look, lacks_stops
from khulasa.server.core.text.overlap import article_words, is_label
from khulasa.server.core.text.rules import part_rules, plain
from khulasa.server.core.text.site_talk import ABOUT_SITE, about_author
from khulasa.server.core.text.types import PartKind

__all__ = ["kinds_by_rules", "kinds_of"]

# Headlines of other articles have at least so many words; a shorter line before the body goes on names a section.
_LINK_WORDS, _LONGEST_LINK = 5, 16
# Paragraphs of so many words tell whether an article has stops at their ends.
_PARAGRAPH, _MOSTLY = 12, 0.8
# Text follows a heading within so many lines, pictures between.
_FOLLOWING = 8
# Captions without a mark have at least so many words; subtitles are at most so many paragraphs.
_CAPTION_WORDS, _SUBTITLES = 8, 2
# An answer has so many times the words of the question above it, or where another has so.
_ANSWER, _SHORT_ANSWER = 2, 1
# `Why?` is a sentence where no other line names a section: those of a talk come several together.
_IN_PASSING = 1
# Who took a picture, behind its caption.
_BRACKETED, _LONGEST_CREDIT = regex.compile(r"\([^()\d]{3,40}\)$"), 44
# Lines from the name below a letter to the next letter.
_SIGNATURE = 4
# Buttons of a gallery of links stand among so many lines below its head.
_CONTROLS = 6
# A line of verse has more words.
_LABEL = 2
# What names a section wherever it stands: a heading of Markdown, one word without a stop.
_MARKED = regex.compile(r"#{1,6} ")
_FIRST_ITEM = regex.compile(r"\(?1 ?[-.)–]")
_ONE_WORD = regex.compile(r"[\p{Latin}\p{Arabic}][\p{Latin}\p{Arabic}'-]*+:?")
# A word of so many letters, taken up in the beginning of the paragraph below, tells a heading.
_TELLING, _BEGINNING = 5, 200
# A heading behind a star has at most so many words.
_STARRED = 5


def kinds_of(lines: Sequence[Line], title: str = "") -> list[PartKind]:
    """The kind of each paragraph.

    Args:
        lines: What the paragraphs look like, in order.
        title: The headline, folded, if it came apart from the text.
    """
    lines = in_context(without_boxes(lines))
    kinds = revised(lines, kinds_by_rules(lines, title), titled=bool(title))
    for at, kind in later_heads(lines, kinds):
        kinds[at] = kind
    return kinds


def kinds_by_rules(lines: Sequence[Line], title: str = "") -> list[PartKind]:
    """The kind of each paragraph as the rules alone see it; lines are read in their context already."""
    kinds: list[PartKind | None] = [None] * len(lines)
    headline = headline_of(lines, title)
    body = _body(lines, headline)
    cut_head(lines, body, headline)
    if not any(body):
        body = _make_do(lines, headline)
    _add_verses(lines, body, headline)
    _add_last_words(lines, body)
    first = body.index(True) if any(body) else len(lines)
    after_headline = range((headline or 0) + 1, first)
    origin = next((at for at in after_headline if lines[at].look in (*ORIGIN_LOOKS, Look.CREDIT)), first)
    last = len(lines) - 1 - body[::-1].index(True) if any(body) else -1
    end = next((at for at in range(last + 1, len(lines)) if lines[at].look is Look.END), len(lines))
    authors = authors_of(lines, headline)
    above = list(accumulate(body, initial=0))
    article = article_words([line.seen for line, is_body in zip(lines, body, strict=True) if is_body])
    if headline is not None:
        kinds[headline] = PartKind.TITLE
    for at, line in enumerate(lines):
        if kinds[at] is not None:
            continue
        if body[at]:
            kinds[at] = PartKind.BODY
        elif line.look in HEADING_LIKE and (
            last < 0 or _MARKED.match(line.seen) or (line.told and line.look is Look.SHORT)
        ):
            kinds[at] = PartKind.HEADING
        elif (
            at < last and line.look in HEADING_LIKE and is_label(line.seen, article) and not _announces(lines, body, at)
        ):
            kinds[at] = PartKind.BOILERPLATE
        elif at < first:
            kinds[at] = kind_in_head(lines, at, headline, first, origin)
        elif at > last:
            kinds[at] = _in_foot(lines, at, authors, after_end=at > end)
        else:
            kinds[at] = _in_body(lines, body, at, authors, paragraphs=above[at])
    _mark_links(lines, kinds, last)
    return [kind or PartKind.BOILERPLATE for kind in kinds]


def _body(lines: Sequence[Line], headline: int | None) -> list[bool]:
    """Which paragraphs are running text, list items and dialogue; the foot of a page is cut off."""
    body = [line.look is Look.BODY and at != headline for at, line in enumerate(lines)]
    start = 0 if headline is None else headline + 1
    for at in range(start, len(lines)):
        line = lines[at]
        if line.look is Look.LIST and not _is_numbered_heading(lines, at):
            body[at] = True
        elif line.look is Look.DASH:
            # One line with a dash among paragraphs is a heading; several together, or after a colon, are a list.
            beside = [lines[i] for i in (at - 1, at + 1) if start <= i < len(lines)]
            body[at] = any(other.look in (Look.DASH, Look.LIST) or _leads(other, lines[at]) for other in beside[:2])
            asked = at > start and lines[at - 1].look is Look.QUESTION and line.clause
            if asked or (at > start and lines[at - 1].seen.endswith(":")):
                body[at] = True
    questions = [at for at in range(start, len(lines)) if lines[at].look is Look.QUESTION]
    # Where one question surely heads its answer the others do, whose answers are shorter.
    others = _SHORT_ANSWER if any(_asks_of_section(lines, at, start) for at in questions) else _ANSWER
    heads = _section_heads(lines, start)
    for at in questions:
        body[at] = not _asks_of_section(lines, at, start, others) or (
            lines[at].words <= _IN_PASSING and heads in ([], [at])
        )
    for at in unmarked_items(lines, body):
        body[at] = True
    cut_foot(lines, body, authors_of(lines, headline))
    return body


def _leads(line: Line, item: Line) -> bool:
    return line.seen.startswith("-") and item.seen.startswith("-")


def _is_numbered_heading(lines: Sequence[Line], at: int) -> bool:
    """Whether `1. Something` names a section: no stop, and running text without a number follows and goes before."""
    line = lines[at]
    lettered = line.seen[:1].isalpha() and line.words <= _STARRED and not line.stopped
    if lettered and at + 1 < len(lines) and lines[at + 1].look is Look.LIST and _FIRST_ITEM.match(lines[at + 1].seen):
        return True
    starred = line.seen[:1] in "*■•" and line.words <= _STARRED
    if not (line.seen[:1].isalnum() or starred) or line.stopped or line.words > 12 or at + 1 >= len(lines):
        return False
    following = lines[at + 1]
    above = lines[at - 1] if at else line
    # Items behind bullets are another list.
    same = above.look is Look.LIST and above.seen[:1].isalnum() == line.seen[:1].isalnum()
    before_is_list = at > 0 and (same or above.seen.endswith(":"))
    return following.look is Look.BODY and following.words >= 2 * line.words and not before_is_list


def _section_heads(lines: Sequence[Line], start: int) -> list[int]:
    """Places of lines between two paragraphs that may name what follows."""
    inner = range(start + 1, len(lines) - 1)
    return [
        at
        for at in inner
        if lines[at].look in HEADING_LIKE and lines[at - 1].look is Look.BODY and lines[at + 1].look is Look.BODY
    ]


def _asks_of_section(lines: Sequence[Line], at: int, start: int, longer: int = _ANSWER) -> bool:
    """Whether a short question names a section: longer text follows it, and it goes on with nothing before it."""
    if at + 1 >= len(lines) or at < start:
        return False
    following = lines[at + 1]
    return (
        following.look is Look.BODY
        and following.words >= longer * lines[at].words
        and (not lines[at].clause or longer < _ANSWER)
    )


def _add_last_words(lines: Sequence[Line], body: list[bool]) -> None:
    """Takes one short line after the body to it where paragraphs end without stops anyway."""
    if not lacks_stops(line for line, is_body in zip(lines, body, strict=True) if is_body):
        return
    after = len(lines) - body[::-1].index(True)
    alone = after + 1 >= len(lines) or lines[after + 1].look is not Look.SHORT
    if after < len(lines) and alone and lines[after].look is Look.SHORT and lines[after].words > _LINK_WORDS:
        body[after] = lines[after].seen[0] not in "(["


def _add_verses(lines: Sequence[Line], body: list[bool], headline: int | None) -> None:
    """Takes the short lines beside the body to it where it is but short lines without stops, as verses are."""
    if any(is_body and (line.stopped or line.words >= _PARAGRAPH) for line, is_body in zip(lines, body, strict=True)):
        return
    above = range((headline or 0) + 1, len(lines))
    for run in (above, above[::-1]):
        for at in run[1:]:
            before = at - run.step
            if (
                body[before]
                and lines[at].look is Look.SHORT
                and lines[at].words > _LABEL
                and not _names_section(lines[at])
            ):
                body[at] = True


def _make_do(lines: Sequence[Line], headline: int | None) -> list[bool]:
    """The body of a text without a paragraph that looks like one: its lines that look like nothing else."""
    return [at != headline and line.look in HEADING_LIKE and not _names_section(line) for at, line in enumerate(lines)]


def _names_section(line: Line) -> bool:
    """Whether a line is a heading wherever it stands; a text of such lines alone has no sentence."""
    return _MARKED.match(line.seen) is not None or _ONE_WORD.fullmatch(line.seen) is not None


def _before_text(lines: Sequence[Line], body: Sequence[bool], at: int) -> bool:
    """Whether running text follows a line, pictures and one more heading aside."""
    left = 1
    for after in range(at + 1, min(at + _FOLLOWING, len(lines))):
        if body[after]:
            return True
        if lines[after].look in (Look.SHORT, Look.QUESTION, Look.LEAD, Look.DASH) and left:
            left -= 1
        elif lines[after].look not in (Look.CAPTION, Look.CREDIT, Look.NOTHING) and not lines[after].told:
            return False
    return False


def _in_body(
    lines: Sequence[Line], body: Sequence[bool], at: int, authors: Sequence[str], *, paragraphs: int
) -> PartKind:
    """What a line is that stands inside the text, below so many of its paragraphs."""
    line = lines[at]
    if line.look in (Look.SHORT, Look.NAME) and not _before_text(lines, body, at):
        if body[at - 1] and line.words >= _LINK_WORDS and _BRACKETED.search(line.seen[-_LONGEST_CREDIT:]):
            return PartKind.CAPTION  # above the next clock of a live page
        return PartKind.BYLINE if _signs(lines, body, at) else PartKind.BOILERPLATE
    if line.look is Look.SHORT and _is_bare_caption(lines, body, at):
        return PartKind.CAPTION
    if line.look is Look.DATE and paragraphs <= _SUBTITLES and _dates_byline(lines, at):
        return PartKind.BYLINE
    if line.look in HEADING_LIKE or line.look is Look.LIST:
        return PartKind.HEADING
    if line.look in (Look.CREDIT, Look.CAPTION) or _credits_picture(lines, body, at):
        return PartKind.CAPTION
    clocked = line.look is Look.NAME and lines[at - 1].look is Look.DATE and lines[at + 1].look is Look.SHORT
    if (
        clocked
        or line.look in (Look.BYLINE, Look.SOURCE)
        or (
            line.look is Look.BODY
            and about_author(line.seen[:400], plain(line.seen[:400]).split(), part_rules(), authors)
        )
    ):
        return PartKind.BYLINE
    return PartKind.HEADING if line.look is Look.NAME else PartKind.BOILERPLATE


def _announces(lines: Sequence[Line], body: Sequence[bool], at: int) -> bool:
    """Whether the paragraph below a line takes up a word of it, as those below headings do."""
    if not body[at + 1]:
        return False
    words = {word for word in plain(lines[at].seen).split() if len(word) >= _TELLING}
    return not words.isdisjoint(plain(lines[at + 1].seen[:_BEGINNING]).split())


def _credits_picture(lines: Sequence[Line], body: Sequence[bool], at: int) -> bool:
    """Whether a line is the name of an agency right behind a paragraph: there it is that of a picture."""
    return lines[at].look is Look.BYLINE and body[at - 1] and plain(lines[at].seen) in part_rules().agencies


def _signs(lines: Sequence[Line], body: Sequence[bool], at: int) -> bool:
    """Whether a line is the name below a letter that another follows, or where its writer lives."""
    # Below the name are few lines; a long list of short ones is none of them.
    for place in range(at, max(at - _SIGNATURE, 0), -1):
        line, above = lines[place], lines[place - 1]
        if is_capitalised(line.seen) or line.look is Look.NAME:
            return body[place - 1] and above.stopped and _letter_follows(lines, body, place)
        if above.look not in (Look.SHORT, Look.NAME) or body[place - 1]:
            return False
        if line.words > _LINK_WORDS or not line.seen[-1].isalnum():
            return False
    return False


def _letter_follows(lines: Sequence[Line], body: Sequence[bool], at: int) -> bool:
    """Whether nothing but short lines stand between a line and the next paragraph: a place, a heading."""
    for below in range(at + 1, min(at + _SIGNATURE, len(lines))):
        if body[below]:
            return below > at + 1
        if lines[below].look not in HEADING_LIKE:
            return False
    return False


def _is_bare_caption(lines: Sequence[Line], body: Sequence[bool], at: int) -> bool:
    """Whether a short line between paragraphs tells of a picture though nothing marks it as a caption.

    It is longer than headings are, or stands above one: two headings do not follow each other.
    """
    line = lines[at]
    above = next(
        (before for before in (lines[i] for i in range(at - 1, -1, -1)) if before.look is not Look.FURNITURE), line
    )
    if above.look is Look.DATE:
        return False  # a live page: when, buttons, what happened
    latin = line.seen[0].isascii() and not line.seen[-1].isdigit()
    if line.words >= (_CAPTION_WORDS if latin else _CAPTION_WORDS + 1):
        return True
    scene = not part_rules().scene_words.isdisjoint(plain(line.seen).split()[1:])
    below = lines[at + 1] if at + 1 < len(lines) else None
    above_heading = below is not None and below.look in HEADING_LIKE and not body[at + 1] and below.words < line.words
    return line.words >= _LINK_WORDS and (scene or above_heading)


def _dates_byline(lines: Sequence[Line], at: int) -> bool:
    """Whether a date stands beside a byline."""
    beside = [i for run in (range(at - 1, -1, -1), range(at + 1, len(lines))) for i in _near(lines, run)]
    return Look.BYLINE in [lines[i].look for i in beside]


def _near(lines: Sequence[Line], run: range) -> list[int]:
    """Places of the first two lines on one side that are no buttons."""
    return [i for i in run[:_CONTROLS] if lines[i].look not in (Look.FURNITURE, Look.NOTHING)][:2]


def _in_foot(lines: Sequence[Line], at: int, authors: Sequence[str], *, after_end: bool) -> PartKind:
    line = lines[at]
    if line.look is Look.CREDIT and (line.seen.startswith("©") or (line.words == 1 and line.seen[0] not in "([")):
        credits_agency = plain(line.seen) in part_rules().agencies
        return PartKind.BYLINE if credits_agency and not after_end else PartKind.BOILERPLATE
    if line.look is Look.SOURCE or (line.look in (Look.BYLINE, Look.NAME, Look.CREDIT) and not after_end):
        return PartKind.BYLINE
    if after_end or line.look not in (Look.SHORT, Look.LIST, Look.BODY) or line.talk >= ABOUT_SITE:
        return PartKind.CAPTION if line.look is Look.CAPTION else PartKind.BOILERPLATE
    words = plain(line.seen[:400]).split()
    if about_author(line.seen[:400], words, part_rules(), authors) or is_starred_name(lines, at):
        return PartKind.BYLINE
    # A reporter from somewhere.
    job = bool(words) and words[0] in part_rules().byline_jobs and not line.stopped and len(words) <= _STARRED
    return PartKind.BYLINE if job else PartKind.BOILERPLATE


def _mark_links(lines: Sequence[Line], kinds: list[PartKind | None], last: int) -> None:
    """Makes furniture of the headlines that follow a head of links inside the body."""
    heads = [at for at, line in enumerate(lines[: last + 1]) if line.look is Look.RELATED]
    long = [line for line in lines if line.look is Look.BODY and line.words >= _PARAGRAPH] if heads else []
    unstopped = Counter(line.seen for line in long if not line.stopped)
    stopped = len(long) - unstopped.total()
    for at in heads:
        end = at + 1
        while end <= last and (
            _may_be_link(lines[end]) or (end < at + _CONTROLS and lines[end].look is Look.FURNITURE)
        ):
            end += 1
        if end == at + 1 <= last and _may_be_told_link(lines, end):
            # It alone has no stop among the paragraphs of the article.
            end += stopped >= _MOSTLY * (len(long) - unstopped[lines[end].seen])
        if end - at > 2 and lines[end - 1].words < _LINK_WORDS and lines[end - 1].seen[0] not in "*•·":
            end -= 1
        for i in range(at + 1, end):
            kinds[i] = PartKind.BOILERPLATE


def _may_be_told_link(lines: Sequence[Line], at: int) -> bool:
    """Whether a line right below a head of links may be one though it opens as sentences do: the text goes on below."""
    line = lines[at]
    if line.look is not Look.BODY or line.stopped or not _LINK_WORDS <= line.words <= _LONGEST_LINK:
        return False
    return at + 1 < len(lines) and lines[at + 1].look is Look.BODY and lines[at + 1].words >= _PARAGRAPH


def _may_be_link(line: Line) -> bool:
    """Whether a line can be the headline of another article."""
    if line.look in (Look.SHORT, Look.QUESTION, Look.DASH, Look.NAME):
        return True
    return line.look is Look.LIST and not line.stopped and _LINK_WORDS - 1 <= line.words <= _LONGEST_LINK
