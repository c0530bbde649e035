"""Where the article ends and the foot of the page begins.

A paragraph of the foot may end in a stop as those of the article do. It is told by what it talks of, by a head above it
under which no article goes on, and by standing alone behind furniture. In doubt a line stays in the body: a scrap in a
summary can be seen, a sentence that is missing cannot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import regex
from khulasa.server.core.text.arabic_verbs import starts_with_verb
from khulasa.server.core.text.later_articles import later_article
from khulasa.server.core.text.looks import FURNITURE_LOOKS, TURNS_TO, Line, Look, lacks_stops
from khulasa.server.core.text.overlap import article_words, topic_words
from khulasa.server.core.text.rules import part_rules, plain, talk_rules
from khulasa.server.core.text.site_talk import ABOUT_SITE, about_author, addresses, opens_block
from khulasa.server.core.text.turns import is_live_clock

__all__ = ["cut_foot", "is_starred_name"]

# Lines of the foot that are read as the body again when so many words end in a stop.
_LONG_PARAGRAPH = 25
# Where paragraphs have no stops at their ends, those of so many words are text.
_PARAGRAPH = 12
# An article has at least so many words before a head can end it.
_LEAST_ARTICLE = 30
# A slogan behind furniture has at most so many words.
# Paragraphs behind more than so many lines are far from the others; those of the foot have at most this share of the
# article's words, and share less than so much of their own with it.
_GAP, _STRANGERS, _SHARED = 3, 0.6, 0.2
_LEAST_TOPIC, _LINKS, _BUTTONS = 3, 4, 2
_BUTTON_LOOKS = (Look.FURNITURE, Look.OPENS, Look.CLOSES)
# A talk has so many questions.
_LEAST_QUESTIONS = 2
# A field of a table: what, and how much.
_FIELD = regex.compile(r"\p{L}[^:\d]{1,30}: ?[^\d:]{0,12}\d")
# Clocks of a live page: so many among so many lines.
_LIVE, _LEAST_CLOCKS = 60, 3
# Groups of paragraphs that a foot may have.
_MOST_GROUPS = 12
# The last paragraphs are not asked for the words of the article; so many may be of the foot without telling so.
_TAIL, _MOST_UNKNOWN = 5, 3
_PAST, _SHORT_WORD = 5, 3
_SLOGAN_WORDS, _LEAST_SCRAPS, _NAME_WORDS = 12, 2, 4
# A last line of so few words without a stop is none of an article of so many paragraphs, most of which have one.
_STRAY_WORDS, _LEAST_STOPPED, _MOSTLY = 6, 3, 0.8


def cut_foot(lines: Sequence[Line], body: list[bool], authors: Sequence[str]) -> None:
    """Takes the foot of the page out of the body.

    Args:
        lines: What the paragraphs look like.
        body: Which of them are taken for the body; changed in place.
        authors: Names in the bylines.
    """
    taken = body.copy()
    _cut_after_end(lines, body, authors)
    if not any(body):
        body[:] = taken
    _cut_talk(lines, body, authors)
    _cut_strangers(lines, body)
    _cut_after_links(lines, body)


def _cut_talk(lines: Sequence[Line], body: list[bool], authors: Sequence[str]) -> None:
    """Takes lines about the site and the author from the end, and a few short ones that stand below such lines."""
    running = [at for at in range(len(lines)) if body[at]]
    article = article_words([lines[at].seen for at in running[: max(2, len(running) - _TAIL)]])
    unknown: list[int] = []
    for at in running[:0:-1]:
        if _is_foot(lines, body, at, authors, article):
            for below in (at, *unknown):
                body[below] = False
            unknown = []
        elif len(unknown) < _MOST_UNKNOWN and lines[at].words < _LONG_PARAGRAPH and not _belongs(lines[at], article):
            unknown.append(at)
        else:
            return


def _cut_after_end(lines: Sequence[Line], body: list[bool], authors: Sequence[str]) -> None:
    """Cuts at the first head of comments, tags and the like, unless more of an article follows than went before.

    The author's name alone in a line below the article is the head of a box about the author. Another article below it
    stays.
    """
    first = body.index(True) if any(body) else 0
    told = Counter(line.seen for line in lines[first:])
    running = [line for line, is_body in zip(lines, body, strict=True) if is_body]
    talks = [at for at, line in enumerate(lines) if line.told and body[at]]
    before, after, rest = 0, sum(map(_article_words, running)), sum(line.words for line in running)
    done = 0
    for at, line in enumerate(lines):
        if at < done:
            continue
        # A name that comes again and again is that of somebody who speaks.
        named = line.look in (Look.SHORT, Look.NAME) and line.seen in authors and told[line.seen] == 1
        # A box tells less than the article; below the byline stands all of it.
        # A row of signs that comes again parts sections.
        ends = (line.look is Look.END and (line.words > 0 or told[line.seen] == 1)) or (named and before > rest)
        talks_on = bool(talks) and talks[0] < at < talks[-1]
        if ends and before >= _LEAST_ARTICLE and before > after and not talks_on:
            later = later_article(lines, at + 1)
            end = len(lines) if later is None else later
            body[at:end] = [False] * (end - at)
            if later is None:
                return
            done = end
        if body[at]:
            # A headline or subtitle above buttons is no article yet.
            before += line.words if line.stopped or line.clause or line.words >= _LONG_PARAGRAPH else 0
            after -= _article_words(line)
            rest -= line.words


def _article_words(line: Line) -> int:
    """Words of a line if it can be no comment and no talk of the site."""
    return line.words if line.words >= _LONG_PARAGRAPH and line.talk < ABOUT_SITE else 0


def _is_foot(
    lines: Sequence[Line], body: Sequence[bool], at: int, authors: Sequence[str], article: frozenset[str]
) -> bool:
    """Whether the last line of the body is the site's."""
    line = lines[at]
    if line.told:
        return False
    if line.talk >= ABOUT_SITE:
        return True
    words = plain(line.seen[:400]).split()
    if about_author(line.seen[:400], words, part_rules(), authors):
        return True
    if is_starred_name(lines, at) or _is_stray(lines, body, at):
        return True
    # A motto: it opens with what the site is (`newspaper`), reports nothing and shares no word with the article.
    if (
        words
        and words[0] in part_rules().media_words
        and line.words <= _SLOGAN_WORDS
        and talk_rules().reported.isdisjoint(words)
        and topic_words(line.seen).isdisjoint(article)
    ):
        return True
    # In the middle of an appeal: lines above and below are the site's.
    beside = lines[at - 1 : at + 2 : 2]
    if len(beside) > 1 and all(other.talk >= ABOUT_SITE for other in beside) and addresses(words):
        return True
    above = next((i for i in range(at - 1, -1, -1) if body[i]), -1)
    between = lines[above + 1 : at]
    # A poll or an appeal; a column may end in a question too, but right behind its text.
    if line.look is Look.QUESTION and _foot_lines([*between, line]) > 2:
        return True
    if not any(other.look in FURNITURE_LOOKS or other.look is Look.SOURCE for other in between):
        return False
    if line.talk > 1 and line.words < _LONG_PARAGRAPH and addresses(words):
        return True
    # Advertisements and links stand inside articles too, so more than those must be above.
    sure = any(other.look in (Look.END, Look.SOURCE) or other.talk >= ABOUT_SITE for other in between)
    if not sure or len(between) < _LEAST_SCRAPS or any(mark in line.seen for mark in '"«:'):
        return False
    if any(other.look in (Look.END, Look.SOURCE) for other in between) and not _belongs(line, article):
        return True
    # A slogan has no verb where one stands in sentences; a message speaks to the reader.
    if line.words <= _SLOGAN_WORDS and not line.clause and not _tells(words):
        return True
    return line.words < _LONG_PARAGRAPH and addresses(words)


def _is_stray(lines: Sequence[Line], body: Sequence[bool], at: int) -> bool:
    """Whether the last line is a few words without a stop, apart from an article whose paragraphs have stops."""
    line = lines[at]
    others = [lines[i] for i in range(at) if body[i]]
    apart = not body[at - 1] and line.words <= _STRAY_WORDS and not line.stopped and line.seen[-1].isalpha()
    stopped = sum(other.stopped for other in others)
    return apart and len(others) >= _LEAST_STOPPED and stopped >= _MOSTLY * len(others)


def _cut_strangers(lines: Sequence[Line], body: list[bool]) -> None:
    """Takes out of the body the last paragraphs that stand far from the others and speak of something else.

    Far means behind several lines that belong to no article. A paragraph that reports or quotes stays, and so does one
    that shares words with the article or is too short to tell.
    """
    for _ in range(_MOST_GROUPS):
        group = _last_group(lines, body)
        before = [at for at in range(group[0]) if body[at]] if group else []
        if not before:
            return
        # The answer to one more question of a talk.
        if lines[group[0] - 1].look is Look.QUESTION and _asked(lines, before) >= _LEAST_QUESTIONS:
            return
        # The last entry of a live page.
        above = [is_live_clock(line) for line in lines[max(group[0] - _LIVE, 0) : group[0]]]
        if above[-1] and sum(above) >= _LEAST_CLOCKS:
            return
        found = [lines[at] for at in group]
        if sum(line.words for line in found) > _STRANGERS * sum(lines[at].words for at in before):
            return
        article = article_words([lines[at].seen for at in before])
        if any(_belongs(line, article) for line in found):
            return
        for at in group:
            body[at] = False


def _asked(lines: Sequence[Line], body: Sequence[int]) -> int:
    """Number of questions right above a paragraph."""
    return sum(lines[at - 1].look is Look.QUESTION for at in body if at)


def _last_group(lines: Sequence[Line], body: Sequence[bool]) -> list[int]:
    """The last paragraphs of the body, back to where lines of a foot part them from the others."""
    group: list[int] = []
    for at in range(len(body) - 1, -1, -1):
        if not body[at]:
            continue
        if group and group[-1] - at > _GAP and _foot_lines(lines[at + 1 : group[-1]]) >= _GAP:
            break
        group.append(at)
    return group[::-1]


def _foot_lines(between: Sequence[Line]) -> int:
    """How many lines between two paragraphs belong to no article.

    A few buttons, advertisements and links below their head stand inside articles, and so do boxes that readers are
    told to skip, and a heading before the next paragraph.
    """
    count = links = 0
    opened: int | None = None
    buttons = _BUTTONS
    for line in between[:-1] if between[-1].look is Look.SHORT else between:
        if line.look in _BUTTON_LOOKS and opens_block(plain(line.seen).split(), line.stopped):
            opened = count
        if line.look is Look.CLOSES and opened is not None:
            count = opened
        elif line.look is Look.RELATED:
            links = _LINKS
        elif links and line.look in (Look.SHORT, Look.QUESTION, Look.LIST, Look.NAME):
            links -= 1
        elif line.look in _BUTTON_LOOKS and line.talk < ABOUT_SITE and buttons:
            buttons -= 1
        elif line.look not in (Look.NOTHING, Look.CAPTION, Look.CREDIT) and not (
            line.look is Look.SHORT and _FIELD.match(line.seen)
        ):
            count += 1
    return count


def _belongs(line: Line, article: frozenset[str]) -> bool:
    """Whether a line reports, quotes, tells what happened, or speaks of what the article speaks of."""
    if line.told:
        return True
    words = plain(line.seen[:400]).split()
    reports = any(word in talk_rules().reported or word.removeprefix("و") in talk_rules().reported for word in words)
    quotes = any(mark in line.seen for mark in '"«')
    if reports or quotes or _tells(words):
        return True
    own = topic_words(line.seen)
    short = len(own) < _LEAST_TOPIC and not addresses(words)
    return short or len(own & article) >= _SHARED * max(1, len(own))


def _tells(words: list[str]) -> bool:
    """Whether a line tells what happened: a verb before its subject in Arabic, the past tense in English, a day."""
    if addresses(words):
        return False
    rules = part_rules()
    past = any((len(word) >= _PAST and word.endswith("ed")) or word in ("was", "were", "had") for word in words)
    dated = not rules.weekdays.isdisjoint(words)
    return past or dated or starts_with_verb(words) or _goes_on(words)


def _goes_on(words: Sequence[str]) -> bool:
    """Whether a line opens with a word that ties it to the one before."""
    joined = len(words[0]) > _SHORT_WORD and words[0][0] == "و" if words else False
    return joined or (bool(words) and words[0] in part_rules().connectives)


def is_starred_name(lines: Sequence[Line], at: int) -> bool:
    """Whether a line is a star and a few words without a stop, and no item of a list: the author's name."""
    line = lines[at]
    if line.look is not Look.LIST or line.seen[0] != "*" or line.words > _NAME_WORDS or line.stopped:
        return False
    beside = [lines[i].look for i in (at - 1, at + 1) if 0 <= i < len(lines)]
    return Look.LIST not in beside and beside[:1] != [Look.RELATED]


def _cut_after_links(lines: Sequence[Line], body: list[bool]) -> None:
    """Takes out of the body what stands after links to other articles, unless the article plainly goes on."""
    # Where paragraphs have no stops at their ends, length tells.
    stopless = lacks_stops(line for line, is_body in zip(lines, body, strict=True) if is_body)
    least = _PARAGRAPH if stopless else _LONG_PARAGRAPH
    plainly = [at for at, line in enumerate(lines) if body[at] and (line.words >= least or _is_plainly_text(line))]
    if not any(body):
        return
    floor = max(plainly[-1] if plainly else 0, body.index(True))
    for at in range(floor + 1, len(lines)):
        if lines[at].look is Look.RELATED:
            body[at:] = [False] * (len(lines) - at)
            return


def _is_plainly_text(line: Line) -> bool:
    """Whether a line can be no headline: long, stopped, or opening with `and` or a pronoun."""
    goes_on = line.clause and (line.seen[0] == "و" or line.seen[0].isascii() or TURNS_TO.match(line.seen) is not None)
    return line.words >= _LONG_PARAGRAPH or line.stopped or goes_on
