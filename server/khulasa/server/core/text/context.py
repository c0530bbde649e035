"""What lines are because of those beside them: boxes to skip, contents of the page, who speaks, verses, lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import regex
from khulasa.server.core.text.asides import asides
from khulasa.server.core.text.furniture import is_clock, is_player, place_in_gallery
from khulasa.server.core.text.head import author_named
from khulasa.server.core.text.key_points import key_points
from khulasa.server.core.text.looks import HEADING_LIKE, Line, Look
from khulasa.server.core.text.rules import part_rules, plain
from khulasa.server.core.text.site_talk import ABOUT_SITE
from khulasa.server.core.text.stopless import unstopped
from khulasa.server.core.text.turns import entries, posts, speakers, turns

__all__ = ["in_context", "unmarked_items", "without_boxes"]

# A box inside an article has at most so many lines, none of which is a long paragraph.
_LONGEST_BOX, _LONG_IN_BOX = 14, 30
# The contents of a page stand among its first lines; numbers and bullets of their entries.
_CONTENTS = 60
_ENTRY = regex.compile(r"^(?:\(?\d{1,2} ?[-.):]?|[•▪●◦*·-]) ?|[ .]\d{1,2}$| ?\[[^\[\]]{2,20}\]$")
_LONGEST_ENTRY = 16
# So many short lines together are verses or a list; links to other articles are longer, tags are shorter.
_LEAST_ITEMS, _FEWEST_WORDS, _MOST_WORDS, _LABEL = 4, 2.5, 6.5, 2
# Fewer than that below a colon: lines of verse, which are of like length.
_FEW, _LONGEST_VERSE, _UNEVEN = 3, 9, 0.4
# A row of a table.
_LONGEST_ROW, _LEAST_CELLS, _SHORT_ROW = 10, 2, 4
_CELL = regex.compile(r"(?<![^\s|(+-])[+-]?\d[\d.,:/]*+%?(?![^\s|)])")
# Lines of a signature, and words of one.
_SIGNATURE, _LONG_NAME = 3, 8
# Pictures of a gallery at least.
_LEAST_PICTURES = 3
# Behind the last stop of a caption: its photographer, its agency. Asked where so many of the long paragraphs end in a
# stop; such a paragraph has so many words.
_CREDITED_TAIL = regex.compile(r"[.!?][\"']? ((?:\p{Lu}[\p{L}.'/-]{0,20}|/|for|via|and)(?: |$)){1,7}+$")
_PARAGRAPH, _MOSTLY, _MOST_CAPTIONS = 12, 0.8, 20
# Where nearly all of so many paragraphs have stops, a line of so few words without one is a heading; not if it quotes.
_LEAST_LONG, _NEARLY_ALL, _LONGEST_HEADING = 4, 0.95, 8
_SPEAKS = regex.compile(r"[\"«:…]|\.\.|^و")
# An item of a list of things and how much of them, such as a recipe has.
_QUANTITY = regex.compile(r"[\d½¼¾⅓⅔][\d½¼¾⅓⅔/.,-]{0,6}+ ?\p{L}")
_LEAST_QUANTITIES = 3
# Fields above a mail, among so many lines.
_FIELD = regex.compile(
    r"(?i)\*{0,2}(?:(?P<subject>subject|الموضوع)|(?P<origin>from|date|sent|من|المرسل|التاريخ|تاريخ الارسال)"
    r"|to|cc|bcc|reply-to|الي|نسخه)\*{0,2} ?:\*{0,2} ?(?=\S)"
)
_MAIL_HEAD = 10
_HANDLE, _LONGEST_NAME = regex.compile(r"@[\w.]{2,30}"), 5
# A day or a group above what belongs to it.
_LONGEST_LABEL = 3


def without_boxes(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines, those of boxes that readers are told to skip read as furniture."""
    out = list(lines)
    opened: int | None = None
    for at, line in enumerate(lines):
        if line.look is Look.OPENS:
            opened = at
        elif opened is not None and (
            at - opened > _LONGEST_BOX or (line.words > _LONG_IN_BOX and line.talk < ABOUT_SITE)
        ):
            opened = None
        elif line.look is Look.CLOSES and opened is not None:
            for inner in range(opened, at):
                out[inner] = replace(lines[inner], look=Look.FURNITURE)
            opened = None
    return out


def in_context(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines, those read as furniture that their neighbours make so.

    That are clocks of a player beside another, lines that talk a little of the site beside one that surely does, rows
    of tables, `asides`, and the contents of the page: lines above the text that are repeated in it as headings. Turns
    of a talk are its text, lines between the numbers of a gallery are captions, and so are those that end in a credit.
    """
    out = list(lines)
    for at, line in enumerate(lines):
        talks = line.talk > 1 and line.look in (Look.BODY, Look.SHORT, Look.QUESTION) and line.words <= _LONG_IN_BOX
        if not talks and line.look is not Look.DATE:
            continue
        beside = [lines[i] for i in (at - 1, at + 1) if 0 <= i < len(lines)]
        clock = line.look is Look.DATE and is_clock(line.seen) and any(is_player(other.seen) for other in beside)
        sure = sum(other.look is Look.FURNITURE and other.talk >= ABOUT_SITE for other in beside)
        if clock or (talks and sure > line.stopped):
            out[at] = replace(line, look=Look.FURNITURE)
    for at in (*_contents(lines), *_rows(lines), *asides(lines)):
        out[at] = replace(lines[at], look=Look.FURNITURE)
    for at, look in (*_mail_head(lines), *_posted_by(lines)):
        out[at] = replace(lines[at], look=look)
    for at in _wrapped(out):
        out[at] = replace(lines[at], look=Look.BODY)
    for at, look in key_points(out):
        out[at] = replace(lines[at], look=look, told=True)
    for at in (*turns(lines), *entries(lines), *posts(lines)):
        out[at] = replace(lines[at], look=Look.BODY, told=True)
    for at in speakers(lines):
        out[at] = replace(lines[at], look=Look.SHORT, told=True)
        if lines[at + 1].look in HEADING_LIKE:
            out[at + 1] = replace(lines[at + 1], look=Look.BODY, told=True)
    for at in unstopped(out):
        out[at] = replace(lines[at], look=Look.BODY)
    for at in (*_signed(lines), *_named_again(lines)):
        out[at] = replace(lines[at], look=Look.BYLINE)
    for at in _set_apart(out):
        out[at] = replace(lines[at], look=Look.SHORT)
    for at in _of_gallery(lines):
        out[at] = replace(lines[at], look=Look.CAPTION, told=True)
    for at in _credited(lines):
        out[at] = replace(lines[at], look=Look.CAPTION)
    return out


def _mail_head(lines: Sequence[Line]) -> list[tuple[int, Look]]:
    """What the fields above a mail are: who wrote and when, the subject as its headline, the others furniture."""
    out: list[tuple[int, Look]] = []
    for at, line in enumerate(lines[:_MAIL_HEAD]):
        found = _FIELD.match(line.seen)
        if found is None and out:
            break
        if found is not None:
            subject, origin = found["subject"] is not None, found["origin"] is not None
            out.append((at, Look.SHORT if subject else Look.BYLINE if origin else Look.FURNITURE))
    looks = [look for _, look in out]
    return out if Look.SHORT in looks and Look.BYLINE in looks else []


def _posted_by(lines: Sequence[Line]) -> list[tuple[int, Look]]:
    """Who wrote a post that stands first: a name above its handle."""
    for at, (line, below) in enumerate(pairwise(lines[:_MAIL_HEAD])):
        if _HANDLE.fullmatch(below.seen) and line.words <= _LONGEST_NAME and not line.stopped:
            return [(at, Look.BYLINE), (at + 1, Look.BYLINE)]
    return []


def _signed(lines: Sequence[Line]) -> list[int]:
    """Places of the short lines below `Yours faithfully`: who wrote a letter, and where from."""
    out: list[int] = []
    for at, line in enumerate(lines):
        if line.look is not Look.BYLINE or plain(line.seen) not in part_rules().letter_closings:
            continue
        for below in range(at + 1, min(at + 1 + _SIGNATURE, len(lines))):
            heads = below + 1 < len(lines) and lines[below + 1].look is Look.BODY
            if lines[below].look not in (Look.SHORT, Look.NAME) or lines[below].words > _LONG_NAME or heads:
                break
            out.append(below)
    return out


def _of_gallery(lines: Sequence[Line]) -> list[int]:
    """Places of lines without a stop that stand each beside its number in a gallery: `2 of 8`."""
    found = [(at, place_in_gallery(line.seen)) for at, line in enumerate(lines)]
    numbered = [(at, place) for at, place in found if place]
    totals = Counter(total for _, (_, total) in numbered)
    if not totals or max(totals.values()) < _LEAST_PICTURES:
        return []
    total = max(totals, key=lambda key: totals[key])
    places = [at for at, (_, of) in numbered if of == total]
    between = [at for before, after in pairwise(places) for at in range(before + 1, after)]
    # Where one line stands below each number, it is the caption though it ends in a stop.
    if len(places) == total and all(below - above == 2 for above, below in pairwise(places)):
        alone = [at + 1 for at in places if at + 1 < len(lines)]
        if all(lines[at].words <= _LONG_IN_BOX for at in alone) and lines[places[0] - 1].look is not Look.SHORT:
            return alone
    # Where the numbers stand below their pictures, the first picture is above the first number.
    first = places[0] - 1
    below = first >= 0 and len(between) < 2 * len(places) and lines[first].look is Look.SHORT
    return [at for at in ([first] if below else []) + between if lines[at].look is Look.SHORT]


def _credited(lines: Sequence[Line]) -> list[int]:
    """Places of lines that end in the names of a photographer, where the other paragraphs end in stops."""
    found = [
        at
        for at, line in enumerate(lines)
        if line.look is Look.BODY
        and not line.stopped
        and line.words <= _LONG_IN_BOX
        and _CREDITED_TAIL.search(line.seen[-90:])
    ]
    others = [line for at, line in enumerate(lines) if line.words >= _PARAGRAPH and at not in found[:_MOST_CAPTIONS]]
    stopped = sum(line.stopped for line in others if line.look is Look.BODY)
    return found if found and stopped >= _MOSTLY * sum(line.look is Look.BODY for line in others) else []


def _named_again(lines: Sequence[Line]) -> list[int]:
    """Places of the first lines that are nothing but the name that a byline below them has (`Written by ...`).

    The name alone below the byline heads a box about the author.
    """
    told = {name: at for at, line in enumerate(lines) if line.look is Look.BYLINE for name in author_named(line)}
    places: dict[str, int] = {}
    for at, line in enumerate(lines):
        if line.look in (Look.SHORT, Look.NAME) and at < told.get(line.seen, 0):
            places.setdefault(line.seen, at)
    return list(places.values())


def _set_apart(lines: Sequence[Line]) -> list[int]:
    """Places of short lines that could be sentences but have no stop, between paragraphs that all end in one."""
    long = [line for line in lines if line.look is Look.BODY and line.words >= _PARAGRAPH]
    if len(long) < _LEAST_LONG or sum(line.stopped for line in long) < _NEARLY_ALL * len(long):
        return []
    return [
        at
        for at, (above, line, below) in enumerate(zip(lines, lines[1:], lines[2:], strict=False), 1)
        if line.look is Look.BODY
        and not line.stopped
        and line.words <= _LONGEST_HEADING
        and line.seen[-1].isalnum()
        and not _SPEAKS.search(line.seen)
        and plain(line.seen).split()[0] not in part_rules().connectives
        and above.look is Look.BODY
        and above.stopped
        and below.look is Look.BODY
        and below.stopped
        and below.words >= max(_PARAGRAPH, 2 * line.words)
    ]


def _rows(lines: Sequence[Line]) -> list[int]:
    """Places of rows of a table: short lines with a name and numbers in them, two and more together."""
    held = [_is_row(line) for line in lines]
    return [
        at for at, row in enumerate(held) if row and (held[at - 1 : at] == [True] or held[at + 1 : at + 2] == [True])
    ]


def _is_row(line: Line) -> bool:
    """Whether a line may be a row: it ends in a number, and has two of them or, if very short, this one alone."""
    if line.look not in (Look.SHORT, Look.LIST, Look.FURNITURE) or line.stopped or line.words > _LONGEST_ROW:
        return False
    if not line.seen or line.seen[-1] not in "0123456789%":
        return False
    cells = _CELL.findall(line.seen)
    priced = line.look is Look.SHORT and line.words <= _SHORT_ROW and cells and "." in cells[-1]
    return len(cells) >= _LEAST_CELLS or bool(priced)


def _wrapped(lines: Sequence[Line]) -> list[int]:
    """Places of English lines that go on with the sentence of the line before: small first letter, no stop before."""
    out: list[int] = []
    for at in range(1, len(lines)):
        line, before = lines[at], lines[at - 1]
        goes_on = before.look is Look.BODY or at - 1 in out[-1:]
        if goes_on and line.look is Look.SHORT and not before.stopped and "a" <= line.seen[:1] <= "z":
            out.append(at)
    return out


def _contents(lines: Sequence[Line]) -> list[int]:
    """Places of lines that list the headings of the page: two and more together, each found again below."""
    last: dict[str, int] = {}
    for at, line in enumerate(lines):
        if line.words <= _LONGEST_ENTRY and line.look in (*HEADING_LIKE, Look.LIST):
            last[_ENTRY.sub("", line.seen)] = at
    found: list[int] = []
    for at, line in enumerate(lines[:_CONTENTS]):
        again = last.get(_ENTRY.sub("", line.seen), at)
        if line.words <= _LONGEST_ENTRY and again > at + 1 and _is_heading_below(lines, again):
            found.append(at)
    return [at for at in found if at - 1 in found or at + 1 in found]


def _is_heading_below(lines: Sequence[Line], at: int) -> bool:
    return at + 1 < len(lines) and lines[at + 1].look is Look.BODY


def _may_be_item(line: Line, *, is_body: bool) -> bool:
    """Whether a line may be a verse or an item; in English those are headings and labels more often."""
    if line.told or (line.seen[:1].isascii() and not line.seen[:1].isdigit()):
        return False
    return line.look is Look.SHORT or (is_body and not line.stopped and line.words <= _MOST_WORDS)


def unmarked_items(lines: Sequence[Line], body: Sequence[bool]) -> list[int]:
    """Places of short lines that are verses or items of a list without marks.

    They stand together right below a paragraph, and the text goes on below them; a very short line at either end of
    them is a heading.
    """
    out = [*_quantities(lines, body), *_below_labels(lines, body), *_led_to(lines, body)]
    at = 1
    while at < len(lines):
        end = at
        while end < len(lines) and _may_be_item(lines[end], is_body=body[end]):
            end += 1
        if end > at and body[end - 1]:
            end -= 1
        run = list(range(at, end))
        above = lines[at - 1]
        if len(run) >= _LEAST_ITEMS and body[at - 1] and end < len(lines) and body[end] and above.words > _LABEL:
            while run and lines[run[0]].words <= _LABEL:
                run.pop(0)
            while run and lines[run[-1]].words <= _LABEL:
                run.pop()
            words = sum(lines[i].words for i in run)
            # Fields of a book or a film have a label each.
            labelled = sum(":" in lines[i].seen for i in run)
            if 2 * labelled < len(run) and _FEWEST_WORDS * len(run) <= words <= _MOST_WORDS * len(run):
                # Beside items with a mark one without heads the next.
                out += [i for i in run if Look.LIST not in (lines[i - 1].look, lines[i + 1].look) or body[i]]
        at = max(end, at) + 1
    return out


def _led_to(lines: Sequence[Line], body: Sequence[bool]) -> list[int]:
    """Places of two or three lines of like length below a colon, above more of the text: a verse, a short list."""
    out: list[int] = []
    for at, line in enumerate(lines[:-2]):
        if not (body[at] and line.seen.endswith(":")):
            continue
        end = at + 1
        while end < len(lines) and end - at <= _FEW and _may_be_verse(lines[end], like=lines[at + 1]):
            end += 1
        if end - at > 2 and end < len(lines) and body[end]:
            out += range(at + 1, end)
    return out


def _may_be_verse(line: Line, *, like: Line) -> bool:
    if (
        line.told
        or line.look not in (Look.SHORT, Look.BODY)
        or line.stopped
        or not _FEWEST_WORDS <= line.words <= _LONGEST_VERSE
    ):
        return False
    return abs(len(line.seen) - len(like.seen)) <= _UNEVEN * len(like.seen)


def _below_labels(lines: Sequence[Line], body: Sequence[bool]) -> list[int]:
    """Places of short lines below labels with a colon (`Thursday:`), two labels and more inside the text.

    Between the first label and the next paragraph there is nothing else: fixtures, programmes, who is in which group.
    """
    last = max((at for at, is_body in enumerate(body) if is_body), default=-1)
    out: list[int] = []
    at = 1
    while at < len(lines):
        end = at
        while end < len(lines) and (lines[end].look in (Look.LEAD, Look.SHORT, Look.NAME) or _is_short(lines[end])):
            end += 1
        labels = [i for i in range(at, end) if lines[i].look is Look.LEAD and lines[i].words <= _LONGEST_LABEL]
        apart = all(after - label > 1 for label, after in pairwise([*labels, end]))
        told = end <= last and lines[at - 1].look is Look.BODY
        if len(labels) > 1 and labels[0] == at and apart and told:
            out += [i for i in range(at, end) if i not in labels]
        at = max(end, at) + 1
    return out


def _is_short(line: Line) -> bool:
    """Whether a line is of the text, and no paragraph."""
    return line.look is Look.BODY and line.words < _PARAGRAPH


def _quantities(lines: Sequence[Line], body: Sequence[bool]) -> list[int]:
    """Places of short lines that begin with a number, three and more together, above the end of the text."""
    last = max((at for at, is_body in enumerate(body) if is_body), default=-1)
    out: list[int] = []
    run: list[int] = []
    for at, line in enumerate(lines[: last + 1]):
        if line.look is Look.SHORT and line.words > 1 and _QUANTITY.match(line.seen):
            run.append(at)
            continue
        out += run if len(run) >= _LEAST_QUANTITIES else []
        run = []
    return out
