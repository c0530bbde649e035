"""Which paragraph is the headline."""

from __future__ import annotations

from collections.abc import Sequence

import regex
from khulasa.server.core.text.arabic_verbs import is_arabic_verb
from khulasa.server.core.text.furniture import is_issue
from khulasa.server.core.text.looks import FURNITURE_LOOKS, ORIGIN_LOOKS, Line, Look
from khulasa.server.core.text.overlap import topic_words
from khulasa.server.core.text.rules import part_rules, plain
from khulasa.server.core.text.run_in import dateline_end
from khulasa.server.core.text.site_talk import ABOUT_SITE, addresses_both

__all__ = ["GREETS", "headline_of", "is_result"]

_LONGEST_TITLE = 30
_INNER_STOP = regex.compile(r"[.؟?!][\"»)]*+ (?=\S+ \S+ \S)")
# A headline given apart is the line that shares so many of its words.
_SAME_TITLE = 0.8
# Headlines stand among so many lines that are no furniture.
_HEAD = 12
# Headlines of other articles have at least so many words.
_LINK_WORDS = 5
# A label above the headline (a section, a series) has few words, a headline more.
_LABEL_WORDS, _LEAST_TITLE, _MOST_TITLE = 2, 4, 18
# A headline shares at least so many words, and this part of its own, with the first paragraphs of some length.
_SHARED_WORDS, _SHARED, _OPENING, _PARAGRAPH = 2, 0.3, 4, 10
# So many lines stand between a long headline and the byline.
_SUBTITLES = 3
# Names of papers have at most so many words, loud headlines too.
_LONGEST_MASTHEAD, _LONGEST_LOUD = 8, 14
# A strip of weather or scores has so many numbers among so few words.
_LONGEST_STRIP, _STRIP_NUMBERS = 6, 2
_FOUNDED = regex.compile(r"(?i)\bsince \d{4}|\best\.? |\bestablished|\bfounded|تاسست|تاسس |منذ (?:عام )?\d{4}")
# The newest line of a live strip: `Breaking | ...`.
_TICKER = regex.compile(r"(\p{L}[\p{L} ]{1,20}) ?\| ?(?=\S)")
# A match: `Wells 2-1 Barton City`.
_RESULT = regex.compile(
    r"\A(?:\p{L}[\p{L}.'-]*+ ){1,4}(?:\d{1,3} ?[-:] ?\d{1,3}|[PA]-[PA])(?: \p{L}[\p{L}.'-]*+){1,4}(?: \([^()]{1,30}\))?"
)
_PRICE = regex.compile(
    r"\A(?:[\p{L}/()\"'.-]++ ?:? ?){1,4}[+-]?\d[\d.,]*+ ?(?:[°%]\p{L}?|\p{Sc})?(?: ?[(]?[+-]?\d[\d.,]*+ ?%?[)]?)?"
)
# A newsletter greets its readers above its first headline.
GREETS = regex.compile(
    r"(?i)(?:good (?:morning|afternoon|evening)|hello|hi|welcome|dear \p{L}{1,20}|صباح الخير|مساء الخير|اهلا|مرحبا)\b"
)
_LEADING = ("؛", ";", "،", ",", "/")
_ASIDE, _LABELS = regex.compile(r"\([^()]{8,120}\)"), regex.compile(r"\S+(?: \S+){0,2} \| \S+(?: \S+){0,2}")
# What follows the name of a thing that an article of reference tells of.
_DEFINES = regex.compile(r"(?: \([^()]{2,80}\))?,? (?:هو|هي|is|was|are|were) (?:an? |the |one )?\p{L}")
# Menus of so many lines may stand above it.
_LONGEST_MENU = 80


def headline_of(lines: Sequence[Line], title: str) -> int | None:
    """Place of the headline, None if there is none.

    Args:
        lines: What the paragraphs look like.
        title: The headline, folded, if it came apart from the text.
    """
    wanted = set(plain(title).split())
    head = _head(lines)
    if wanted:
        for at in head:
            found = set(plain(lines[at].seen[:400]).split())
            if found and len(wanted & found) >= _SAME_TITLE * max(len(wanted), len(found)):
                return at
    candidates = [
        at
        for at in head
        if (lines[at].look not in (*FURNITURE_LOOKS, Look.DATE) and lines[at].talk < ABOUT_SITE)
        or (at == 0 and _opens_like_furniture(lines))
    ]
    if not candidates or len(lines) < 2:
        return None
    defined = _defined(lines, candidates)
    if defined is not None and not wanted:
        return defined
    candidates = _without_labels(lines, _without_strangers(lines, _without_kickers(lines, candidates)))
    if _is_strip(lines[candidates[0]]):  # it stood below labels
        candidates = _without_strangers(lines, candidates)
    at = candidates[0]
    line = lines[at]
    # A bare credit or byline above the headline is skipped, if a headline follows.
    while (
        line.look in (Look.BYLINE, Look.SOURCE, Look.CREDIT, Look.CAPTION, Look.NAME)
        or (at > candidates[0] and _ASIDE.fullmatch(line.seen))
    ) and at + 1 < min(head[-1] + 1, len(lines)):
        if line.look in (Look.CAPTION, Look.NAME) and at == candidates[0] and lines[at + 1].look is not Look.SHORT:
            break
        at += 1
        line = lines[at]
    loud = _exclaims(line) and any(_is_paragraph(below) for below in lines[at + 1 : at + 2])
    if line.look is Look.BODY and line.words <= 3 and not line.clause and not loud:
        return None
    if wanted and line.look is not Look.SHORT:
        return None
    return at if (_is_headline(line) or _trails_off(lines, at)) and at + 1 < len(lines) else None


def _head(lines: Sequence[Line]) -> list[int]:
    """Places where a headline may stand: the first lines, those of menus and banners not counted."""
    out: list[int] = []
    counted = 0
    for at, line in enumerate(lines[:_LONGEST_MENU]):
        out.append(at)
        counted += line.look not in FURNITURE_LOOKS and (line.look is not Look.SHORT or line.words > _LABEL_WORDS)
        if counted == _HEAD:
            break
    return out


def _defined(lines: Sequence[Line], candidates: Sequence[int]) -> int | None:
    """Place of the line that the first paragraph says what it is, as that of an article of reference does."""
    first = next((line.seen for line in lines if _is_paragraph(line) and line.stopped), "")
    for at in candidates:
        line = lines[at]
        if line.look in (Look.SHORT, Look.NAME) and line.words > 1 and first.startswith(line.seen):
            return at if _DEFINES.match(first, len(line.seen)) else None
    return None


def _without_kickers(lines: Sequence[Line], candidates: list[int]) -> list[int]:
    """The candidates without those above a longer line that are no headlines.

    A mark at their end leads on to it, brackets stand around all of them, or they are a section and its part with a bar
    between (`League | Round 9`).
    """
    left = [
        at
        for at, below in zip(candidates, [*candidates[1:], -1], strict=True)
        if not (
            below == at + 1
            and lines[below].words >= _LEAST_TITLE
            and not lines[below].stopped
            and (
                (lines[at].look is Look.SHORT and lines[at].seen.endswith(_LEADING))
                or _ASIDE.fullmatch(lines[at].seen)
                or (_LABELS.fullmatch(lines[at].seen) and lines[below].words > lines[at].words)
            )
        )
    ]
    return left or candidates


def _without_strangers(lines: Sequence[Line], candidates: list[int]) -> list[int]:
    """The candidates from the first on that speaks of what the article does, if the very first does not."""
    article = _opening_words(lines)
    first = lines[candidates[0]]
    if first.look in ORIGIN_LOOKS:
        return candidates
    # The name of a paper may share a word with the article, in which the paper names itself.
    named = _is_masthead(first)
    known = len(topic_words(first.seen) & article)
    strip = _is_strip(first)
    stranger = not known and not _stands_above_origin(lines, candidates[0])
    if (known > named and not strip and not _names_media(first)) or (
        first.words > _LEAST_TITLE and not named and not stranger
    ):
        return _below_menu(lines, candidates, article, known)
    label = not known and first.words <= _LABEL_WORDS
    below_origin, result = False, is_result(first)
    for index, at in enumerate(candidates[1:], 1):
        line = lines[at]
        above = _stands_above_origin(lines, at) or (named and _stands_above_text(lines, at))
        text = _is_paragraph(line) and (line.stopped or not above)
        if text or line.look is Look.LIST or (not named and not label and line.look in ORIGIN_LOOKS):
            break
        # Offices and numbers of statements may stand between; else it is the subtitle that is found.
        below_origin = below_origin or ((not named or result) and line.look in ORIGIN_LOOKS)
        if below_origin and not _stands_above_origin(lines, at):
            continue
        if named and not strip and line.look in (Look.BYLINE, Look.SOURCE) and not _is_masthead(line):
            break
        words = topic_words(line.seen)
        shared = len(words & article)
        speaks = shared >= _SHARED_WORDS and shared >= _SHARED * len(words) and not _is_masthead(line)
        speaks = speaks or (strip and (_stands_above_origin(lines, at) or _stands_above_dateline(lines, at)))
        if speaks and _LEAST_TITLE <= line.words <= _MOST_TITLE and (not line.stopped or _exclaims(line)):
            return candidates[index:]
    return _below_masthead(lines, candidates) if named and not strip else candidates


def _below_masthead(lines: Sequence[Line], candidates: list[int]) -> list[int]:
    """The candidates from one on that stands below the name of the paper and above who wrote or when."""
    if _stands_above_origin(lines, candidates[0]):
        return candidates
    for index, at in enumerate(candidates[1:], 1):
        line = lines[at]
        if _is_paragraph(line) and line.stopped:
            break
        below = [other.look for other in lines[at + 1 : at + 2 + _SUBTITLES]]
        told = min((below.index(look) for look in ORIGIN_LOOKS if look in below), default=_SUBTITLES)
        short = line.look in (Look.SHORT, Look.BODY) and _LABEL_WORDS < line.words <= _MOST_TITLE and not line.stopped
        if short and told < _SUBTITLES and not _is_masthead(line):
            return candidates[index:]
    return candidates


def _is_masthead(line: Line) -> bool:
    """Whether a line may be the name of the paper, its motto, or a strip of prices and temperatures."""
    words = plain(line.seen[:200]).split()
    if len(words) > _LONGEST_MASTHEAD:
        return False
    media = part_rules().media_words
    return (
        _is_strip(line)
        or not media.isdisjoint(words)
        or not media.isdisjoint(word.removeprefix("ال") for word in words)
        or bool(_FOUNDED.search(line.seen))
        or bool(_PRICE.fullmatch(line.seen))
    )


def _names_media(line: Line) -> bool:
    """Whether a line is the name of a paper or agency and no news of it: what it is, and a few words without a verb."""
    words = plain(line.seen[:200]).split()
    opens = len(words) <= _LEAST_TITLE and not part_rules().media_words.isdisjoint(words[:1]) and ":" not in line.seen
    return opens and not line.clause and not any(is_arabic_verb(word) for word in words[1:])


def _is_strip(line: Line) -> bool:
    """Whether a line is the newest of a live strip, the result of a match, or a name and numbers."""
    ticker = _TICKER.match(line.seen)
    if ticker is not None and plain(ticker[1]) in part_rules().furniture_lines:
        return True
    words = plain(line.seen[:200]).split()
    numbers = words.count("#")
    few = numbers >= _STRIP_NUMBERS and len(words) <= min(_LONGEST_STRIP, 2 * numbers) and words[0] != "#"
    fields = line.seen.split(" | ")
    priced = len(fields) > 1 and all(_PRICE.fullmatch(field.strip()) for field in fields)
    return few or priced or is_result(line)


def is_result(line: Line) -> bool:
    """Whether a line is two names and what they scored; it may be the headline of a report."""
    return line.words <= _LONGEST_MASTHEAD and _RESULT.fullmatch(line.seen) is not None


def _below_menu(lines: Sequence[Line], candidates: list[int], article: frozenset[str], known: int) -> list[int]:
    """The candidates from one below a menu on, if it speaks no less of the article than the short line above it."""
    if lines[candidates[0]].words > _LEAST_TITLE:
        return candidates
    for index, at in enumerate(candidates[1:], 1):
        line = lines[at]
        if line.look is not Look.SHORT:
            break
        menu = any(lines[i].look is Look.FURNITURE for i in range(candidates[0] + 1, at))
        more = line.words > _LEAST_TITLE and len(topic_words(line.seen) & article) >= known
        if menu and more and _stands_above_origin(lines, at):
            return candidates[index:]
    return candidates


def _exclaims(line: Line) -> bool:
    """Whether a line ends as loud headlines do, and is no longer than they are."""
    return (
        line.seen.endswith(("!", '!"', "!»"))
        and line.words <= _LONGEST_LOUD
        and not _INNER_STOP.search(line.seen.replace("..", ""))
    )


def _trails_off(lines: Sequence[Line], at: int) -> bool:
    """Whether a line ends in a pause, as headlines of columns do, and who wrote or when follows."""
    line = lines[at]
    pause = line.seen.endswith("..") and line.words <= _LONGEST_LOUD and not _INNER_STOP.search(line.seen)
    return pause and any(below.look in ORIGIN_LOOKS for below in lines[at + 1 : at + 2])


def _opening_words(lines: Sequence[Line]) -> frozenset[str]:
    """Topic words of the first paragraphs."""
    opening = [line for line in lines if _is_paragraph(line)][:_OPENING]
    return frozenset[str]().union(*(topic_words(line.seen) for line in opening))


def _is_paragraph(line: Line) -> bool:
    about_site = line.talk >= ABOUT_SITE or (line.talk > 1 and addresses_both(line.seen))
    return line.look is Look.BODY and line.words >= _PARAGRAPH and not about_site and not GREETS.match(line.seen)


def _without_labels(lines: Sequence[Line], candidates: list[int]) -> list[int]:
    """The candidates from the headline on: labels of one or two words above a longer line are none.

    `Short title / byline / longer line` keeps its title: there the longer line is a caption or subtitle.
    """
    for index, at in enumerate(candidates):
        line = lines[at]
        if line.look is Look.BODY or line.words > _LABEL_WORDS:
            break
        if line.look in ORIGIN_LOOKS and line.look is not Look.NAME:
            continue
        for later in candidates[index + 1 :]:
            other = lines[later]
            before_origin = _stands_above_origin(lines, later)
            if _exclaims(other) and before_origin and other.words >= _LEAST_TITLE:
                break
            text = other.look is Look.BODY and not before_origin and not _stands_above_dateline(lines, later)
            if other.look in ORIGIN_LOOKS or other.stopped or text:
                return candidates[index:]
            if _LEAST_TITLE <= other.words <= _MOST_TITLE:
                break
        else:
            return candidates[index:]
    return candidates[index:] if candidates else candidates


def _stands_above_origin(lines: Sequence[Line], at: int) -> bool:
    """Whether who wrote or when follows a line, a subtitle and labels between."""
    line = lines[at]
    for below in lines[at + 1 : at + (_SUBTITLES if line.look is Look.BODY and not line.stopped else 1) + 1]:
        if below.look in ORIGIN_LOOKS:
            return True
        if below.stopped:
            return False
    return False


def _stands_above_text(lines: Sequence[Line], at: int) -> bool:
    """Whether a line without a stop or mark at its end has a paragraph with one below it."""
    below = lines[at + 1 : at + 2]
    return lines[at].seen[-1:].isalnum() and any(_is_paragraph(line) and line.stopped for line in below)


def _stands_above_dateline(lines: Sequence[Line], at: int) -> bool:
    """Whether the line below begins with a place and a day or an agency, with which the text begins."""
    return at + 1 < len(lines) and _is_paragraph(lines[at + 1]) and dateline_end(lines[at + 1].seen) > 0


def _opens_like_furniture(lines: Sequence[Line]) -> bool:
    """Whether the first line is a headline all the same: `Watch: ...` of some length, and the text right after it."""
    if lines[0].look is not Look.FURNITURE or lines[0].words < _LINK_WORDS:
        return False
    if is_issue(lines[0].seen, plain(lines[0].seen).split(), part_rules()):
        return False
    skipped = (*FURNITURE_LOOKS, *ORIGIN_LOOKS, Look.CREDIT)
    after = next((line.look for line in lines[1:6] if line.look not in skipped), None)
    return after in (Look.BODY, Look.CAPTION) and not topic_words(lines[0].seen).isdisjoint(_opening_words(lines))


def _is_headline(line: Line) -> bool:
    if line.words > _LONGEST_TITLE or line.look in (*FURNITURE_LOOKS[1:], Look.LIST, Look.CREDIT):
        return False
    if line.look in (Look.DATE, Look.BYLINE, Look.SOURCE):
        return False
    if line.stopped:
        return _exclaims(line)
    if line.words > 16 and _INNER_STOP.search(line.seen.replace("..", "")):
        return False
    return line.words <= 22 or not line.clause
