"""The head of a page: what stands between the headline and the running text, and where that begins."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import regex
from khulasa.server.core.text.furniture import is_clock
from khulasa.server.core.text.headline import GREETS, is_result
from khulasa.server.core.text.looks import FURNITURE_LOOKS, ORIGIN_LOOKS, Line, Look
from khulasa.server.core.text.origins import known_names, may_be_name, starts_with_any
from khulasa.server.core.text.overlap import topic_words
from khulasa.server.core.text.rules import part_rules, plain
from khulasa.server.core.text.run_in import dateline_end
from khulasa.server.core.text.site_talk import ABOUT_SITE, about_author
from khulasa.server.core.text.turns import is_live_clock
from khulasa.server.core.text.types import PartKind

__all__ = ["author_named", "authors_of", "cut_head", "is_capitalised", "kind_in_head"]

# Capitalised words, as names of people and papers are written.
_NAMES = regex.compile(r"(?:The )?\p{Lu}[\p{L}.'-]*+(?: \p{Lu}[\p{L}.'-]*+){1,3}")
_BY = regex.compile(r"(?i)^(?:words |story |reported |posted |written )?by ")
# Papers set the first words of an article in capitals: `THE last shop ...`, `A LORRY driver ...`.
_SMALL_CAPITALS = regex.compile(r"(?:THE|(?:THE|AN?|\p{Lu}{3,}) \p{Lu}{3,}) \p{Ll}{2}")
_JOINED_NAMES = regex.compile(r",? and |, | & ")
_AFTER_NAME = regex.compile(r" [-|/] |[،,:(]")
_BRACKETED = regex.compile(r"[(\[][^()\[\]]{3,60}[)\]]")
_PIECES = regex.compile(r" [-|] | ?/ ?")
_LONGEST_CREDIT = 62
_NAME_WORDS, _CAPTION_WORDS, _SUBTITLE_WORDS, _AFTER_AGENCY = 4, 30, 30, 2
# A sentence above the headline with fewer words greets the reader.
_GREETING = 10
# Words of a line that says whose reporter wrote, and from where.
_REPORTER = 6
# Paragraphs of so many words tell whether an article has stops at their ends.
_PARAGRAPH, _MOSTLY = 12, 0.8
_WHO = (Look.BYLINE, Look.NAME, Look.DATE)
# The author's name opens a sentence about the author among so many lines.
_HEAD_LINES = 12
# Two more clocks of a live page stand among so many lines below the first.
_LIVE, _MORE_CLOCKS = 60, 2


def cut_head(lines: Sequence[Line], body: list[bool], headline: int | None) -> None:
    """Takes out of the body what stands before it and ends in a stop all the same.

    That is talk of the site above the headline, a sentence about the author, and one line before a dateline, with which
    an article begins: a caption.

    Args:
        lines: What the paragraphs look like.
        body: Which of them are taken for the body; changed in place.
        headline: Place of the headline.
    """
    start = 0 if headline is None else headline + 1
    for at in range(start):
        greets = (lines[at].words < _GREETING or GREETS.match(lines[at].seen)) and (
            headline is None or topic_words(lines[at].seen).isdisjoint(topic_words(lines[headline].seen))
        )
        if body[at] and (lines[at].talk >= ABOUT_SITE or greets):
            body[at] = False
    names = authors_of(lines, headline)
    running = [at for at in range(len(lines)) if body[at]]
    for at in running[:2]:
        seen = lines[at].seen[:400]
        if names and about_author(seen, plain(seen).split(), part_rules(), names):
            body[at] = False
    told = [at for at in range(start, min(start + _HEAD_LINES, len(lines))) if lines[at].look in _WHO]
    before = [at for at in running if told and at < told[0] and not lines[at].told]
    # A subtitle in several lines: no stop, and who wrote and more of the article come after it.
    rest = sum(lines[at].words for at in running if told and at > told[0])
    subtitles = bool(before) and all(_may_be_subtitle(lines[at]) for at in before)
    if subtitles and rest > sum(lines[at].words for at in before):
        for at in before:
            body[at] = False
    running = [at for at in running if body[at]]
    _cut_caption(lines, body, running, told)
    running = [at for at in running if body[at]]
    if len(running) > 2 and lines[running[0]].words <= _CAPTION_WORDS:
        first, second = (lines[at].seen for at in running[:2])
        if dateline_end(second) and not dateline_end(first):
            body[running[0]] = False


def _cut_caption(lines: Sequence[Line], body: list[bool], running: Sequence[int], told: Sequence[int]) -> None:
    """Takes a line without a stop out of the body that stands between byline and text, where paragraphs have stops."""
    paragraphs = [lines[at] for at in running[1:] if lines[at].words >= _PARAGRAPH]
    stopped = sum(line.stopped for line in paragraphs)
    if not told or not paragraphs or stopped < _MOSTLY * len(paragraphs):
        return
    first = running[0]
    seen = lines[first].seen
    if lines[first].told or _SMALL_CAPITALS.match(seen):
        return
    if told[0] < first and _may_be_subtitle(lines[first]) and seen[-1].isalnum() and ".." not in seen:
        body[first] = False


def _may_be_subtitle(line: Line) -> bool:
    short = not line.stopped and line.words <= _SUBTITLE_WORDS
    return short and line.seen[-1] != "?" and line.look is not Look.LIST


def authors_of(lines: Sequence[Line], headline: int | None) -> list[str]:
    """Names in the bylines of the head, as the view shows them."""
    start = 0 if headline is None else headline + 1
    out: list[str] = []
    for at, line in enumerate(lines[start : start + _HEAD_LINES], start):
        beside = lines[max(start, at - 1) : at + 2]
        named = author_named(line)
        # A short line is a name only beside what else tells where the article comes from, or if a note tells who it is.
        told = line.look is not Look.SHORT or any(other.look in _WHO for other in beside)
        if told or any(below.seen.startswith(f"{name} is ") for name in named for below in lines[-_HEAD_LINES:]):
            out += named
    return out


def author_named(line: Line) -> list[str]:
    """Names in a byline, none in other lines."""
    if line.look not in (Look.BYLINE, Look.NAME, Look.SHORT):
        return []
    # In two scripts: `Rima Khoury | ريما خوري`.
    seen = line.seen.partition(" | ")[0]
    name = _BY.sub("", seen)
    found = _NAMES.match(name)
    if found is None:
        # Arabic has no capitals: what follows the opener, up to a mark.
        words = plain(line.seen).split()
        opener = starts_with_any(words, part_rules().byline_openers)
        rest = line.seen.split(None, opener)[opener:] if opener and line.look is Look.BYLINE else []
        name = _AFTER_NAME.split(rest[0].lstrip(" :/-"))[0].strip() if rest else line.seen
        return [name] if (rest or line.look is Look.NAME) and 1 < name.count(" ") + 1 <= _NAME_WORDS else []
    if line.look is Look.SHORT and found.end() < len(seen):
        return []
    return [found[0]]


def is_capitalised(seen: str) -> bool:
    """Whether a line is two to four words with capitals, as names are."""
    return _NAMES.fullmatch(seen) is not None


def kind_in_head(lines: Sequence[Line], at: int, headline: int | None, first: int, origin: int) -> PartKind:
    """Kind of a line before the body.

    Args:
        lines: What the paragraphs look like.
        at: Place of the line.
        headline: Place of the headline.
        first: Where the body begins.
        origin: The first line that tells who, where or when, or `first`.
    """
    line = lines[at]
    if line.look in FURNITURE_LOOKS:
        dated = at + 1 < first and lines[at + 1].look is Look.DATE
        opens = plain(line.seen) in (*part_rules().date_openers, "نشر", "النشر")
        return PartKind.BYLINE if dated and opens else PartKind.BOILERPLATE
    if line.look in ORIGIN_LOOKS:
        return PartKind.BYLINE
    if line.look in (Look.CREDIT, Look.CAPTION):
        return PartKind.CAPTION
    if (headline is not None and at < headline) or line.talk >= ABOUT_SITE or is_result(line):
        return PartKind.BOILERPLATE
    words = plain(line.seen[:200]).split()
    if line.look is Look.LEAD and (
        starts_with_any(words, part_rules().byline_openers) == len(words)
        or (part_rules().media_words.issuperset(words[:1]) and 0 < len(words) <= _NAME_WORDS)
    ):
        return PartKind.BYLINE
    if line.look is Look.SHORT and (_BRACKETED.fullmatch(line.seen) or _credits_source(lines[:first], line)):
        return PartKind.CAPTION
    before_origin = at + 1 < first and lines[at + 1].look in (Look.DATE, Look.BYLINE)
    after_origin = at > 0 and lines[at - 1].look in ORIGIN_LOOKS
    if line.look is Look.SHORT and at + 1 == first < len(lines) and _heads_section(lines, at):
        return PartKind.HEADING
    if line.look in (Look.SHORT, Look.LEAD) and _tells_who(
        line, words, before_origin, after_origin, first_told=at <= origin
    ):
        return PartKind.BYLINE
    # Pictures stand after the byline or right before the body.
    scene = any(word in part_rules().scene_words for word in words[1:])
    if scene and line.look in (Look.SHORT, Look.BODY) and (at > origin or at + 1 == first):
        return PartKind.CAPTION
    if line.look is Look.BODY and (line.stopped or at > origin):
        return PartKind.HEADING if headline is not None and at == headline + 1 else PartKind.CAPTION
    if line.look is Look.SHORT and at > 0 and (is_clock(lines[at - 1].seen) or _opens_entry(lines, at - 1)):
        return PartKind.HEADING  # a live page: when, and what happened
    # A subtitle has a verb, or a comma before its clause.
    told = not part_rules().english_verbs.isdisjoint(words) or (line.seen[0].isascii() and ", " in line.seen)
    least = _NAME_WORDS - (at + 1 == first and lines[at - 1].look in ORIGIN_LOOKS)
    if line.look is Look.SHORT and at > origin and line.words >= least and line.seen[-1].isalnum() and not told:
        return PartKind.CAPTION
    label = line.look is Look.SHORT and line.words < _NAME_WORDS and at + 1 < first
    return PartKind.BOILERPLATE if label else PartKind.HEADING


def _opens_entry(lines: Sequence[Line], at: int) -> bool:
    """Whether a line is the first clock of a live page: alone, and two more below it."""
    if not is_live_clock(lines[at]):
        return False
    return sum(is_live_clock(line) for line in lines[at + 1 : at + 1 + _LIVE]) >= _MORE_CLOCKS


def _heads_section(lines: Sequence[Line], at: int) -> bool:
    """Whether a line in Latin letters above Arabic text names the first section: a film, a book; others do below."""
    if not lines[at].seen.isascii() or lines[at + 1].seen.isascii():
        return False
    return any(
        line.look is Look.SHORT and above.look is below.look is Look.BODY
        for above, line, below in zip(lines[at + 1 :], lines[at + 2 :], lines[at + 3 :], strict=False)
    )


def _credits_source(head: Sequence[Line], line: Line) -> bool:
    """Whether a line ends in brackets with a name in them that a byline of the head has as well, as pictures do."""
    found = _BRACKETED.search(line.seen, max(0, len(line.seen) - _LONGEST_CREDIT))
    if found is None or found.end() < len(line.seen) or found.start() == 0:
        return False
    name = f" {plain(found[0])} "
    return any(name in f" {plain(other.seen)} " for other in head if other.look in ORIGIN_LOOKS)


@cache
def _sure_agencies() -> frozenset[str]:
    return part_rules().agencies - part_rules().agencies_weak


def _tells_who(line: Line, words: list[str], before_origin: bool, after_origin: bool, *, first_told: bool) -> bool:
    """Whether a short line of the head names an author, agency or place that no list knows."""
    rules = part_rules()
    if not words:
        return False  # signs alone, as far as was looked
    agency = starts_with_any(words, _sure_agencies())
    if agency and len(words) - agency <= _AFTER_AGENCY and "/" not in line.seen:
        return True
    if words[0] in rules.byline_jobs and (after_origin or (first_told and len(words) <= _REPORTER and not line.clause)):
        return True
    if len(words) <= _NAME_WORDS and (before_origin or may_be_name(words, rules)):
        return True
    if not (first_told or before_origin or after_origin):
        return False
    # As one agency has it: `من أحمد جابر`.
    if words[0] == "من" and 1 < len(words) - 1 <= _NAME_WORDS and known_names(words[1:3], rules):
        return True
    if all(_NAMES.fullmatch(name) for name in _JOINED_NAMES.split(line.seen)):
        return True
    pieces = [plain(piece).split() for piece in _PIECES.split(line.seen)]
    return len(pieces) == 2 and all(0 < len(piece) <= _NAME_WORDS - 1 for piece in pieces) and "#" not in words
