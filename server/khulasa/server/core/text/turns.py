"""Talks and live pages: lines that those around them make running text, however short and without a stop."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import regex
from khulasa.server.core.text.looks import FURNITURE_LOOKS, HEADING_LIKE, ORIGIN_LOOKS, Line, Look

__all__ = ["entries", "is_live_clock", "posts", "speakers", "turns"]

# Who speaks, before a colon; maybe when, before the name, and how, behind it.
_SPEAKER = regex.compile(
    r"(?:[\[(]?\d{1,2}:\d{2}(?::\d{2})?[\])]? ?-? ?)?(?:\*\* ?)?"
    r"(\p{L}[\p{L}\p{M}.' ]{0,28}+) ?(?:\([^()]{2,20}\) ?)?: ?(?=[^\s/])"
)
_ASKS = regex.compile(r"[؟?]!?[\"'»)\]*]*+$")
_LEAST_SPEAKERS = 2
# Who speaks, alone in a line, has at most so many words. Of the lines below such names so many are speech by their
# form, of those below one of them so many, and so many names are followed by another one's.
_LONGEST_SPEAKER, _SPOKEN, _SURELY, _TAKE_TURNS = 4, 0.5, 0.7, 0.7
# A clock of a live page, maybe with its zone; so many at least, and so many words of an entry that has no stop.
_CLOCK = regex.compile(r"\[?\d{1,2}[:.]\d{2}(?::\d{2})?\]?(?: ?[\p{L}.]{1,4}){0,2}")
_LEAST_CLOCKS, _LEAST_WORDS, _PARAGRAPH = 3, 4, 12
# The number of a post in a row of them: `3/ People ask ...`, `5/5 Thanks ...`.
_POST = regex.compile(r"\(?(\d{1,2})/(?:\d{1,2}\)?)? (?=\D)")
_LEAST_POSTS = 3


def speakers(lines: Sequence[Line]) -> list[int]:
    """Places of lines that name who speaks in the next one: two names and more by turns, each of them several times.

    Most of what is said, and of what one of them says, are sentences or questions; short answers are theirs as well.
    """
    places: defaultdict[str, list[int]] = defaultdict(list)
    for at, line in enumerate(lines[:-1]):
        if line.look in (Look.SHORT, Look.NAME, Look.BYLINE) and line.words <= _LONGEST_SPEAKER and not line.stopped:
            places[line.seen].append(at)
    again = {at: name for name, found in places.items() if len(found) > 1 for at in found}
    order = sorted(again)
    changes = sum(again[before] != again[after] for before, after in pairwise(order))
    spoken = Counter(again[at] for at in order if _spoken(lines[at + 1]))
    surely = any(spoken[name] >= _SURELY * len(places[name]) for name in spoken)
    if not surely or spoken.total() < _SPOKEN * len(order) or changes < _TAKE_TURNS * (len(order) - 1):
        return []
    starts = set(order)
    # A name above another one is that of somebody who says nothing there.
    return sorted(at for at in starts if at + 1 not in starts and lines[at + 1].look not in FURNITURE_LOOKS)


def _spoken(line: Line) -> bool:
    return line.stopped or line.look in (Look.BODY, Look.QUESTION)


def turns(lines: Sequence[Line]) -> list[int]:
    """Places of lines that are turns of a talk: two speakers and more have their names before what they say."""
    labels = [match[1] if (match := _SPEAKER.match(line.seen)) else "" for line in lines]
    counts = Counter(labels)
    named = {label for label, count in counts.items() if label and count > 1}
    spoken = [at for at, label in enumerate(labels) if label in named]
    told = sum(
        lines[at].stopped or lines[at].words >= _PARAGRAPH or _ASKS.search(lines[at].seen) is not None for at in spoken
    )
    if len(named) < _LEAST_SPEAKERS or 2 * told < len(spoken):
        return []
    return [at for at in spoken if lines[at].look in (*HEADING_LIKE, *ORIGIN_LOOKS, Look.BODY)]


def entries(lines: Sequence[Line]) -> list[int]:
    """Places of lines that are all that a live page tells between two clocks, buttons aside.

    Most of what it tells there are paragraphs; programmes and fixtures have none.
    """
    clocks = [at for at, line in enumerate(lines) if line.look in (Look.DATE, Look.FURNITURE) and is_live_clock(line)]
    if len(clocks) < _LEAST_CLOCKS:
        return []
    # The last entry ends at the first button below it.
    end = next((at for at in range(clocks[-1] + 1, len(lines)) if not _tells(lines[at])), clocks[-1])
    ends = [*clocks[1:], end]
    between = [
        [at for at in range(above + 1, below) if _tells(lines[at])] for above, below in zip(clocks, ends, strict=True)
    ]
    told = sum(any(_is_paragraph(lines[at]) for at in places) for places in between)
    alone = [places[0] for places in between if len(places) == 1]
    found = [at for at in alone if lines[at].look in HEADING_LIKE and lines[at].words >= _LEAST_WORDS]
    return found if told >= len(found) else []


def posts(lines: Sequence[Line]) -> list[int]:
    """Places of the posts of a thread, which are numbered; some lines may stand between them."""
    found = [(at, int(match[1])) for at, line in enumerate(lines) if (match := _POST.match(line.seen))]
    numbers = [number for _, number in found]
    in_order = all(below == above + 1 for above, below in pairwise(numbers))
    return [at for at, _ in found] if len(found) >= _LEAST_POSTS and in_order else []


def _is_paragraph(line: Line) -> bool:
    return line.look is Look.BODY and (line.stopped or line.words >= _PARAGRAPH)


def is_live_clock(line: Line) -> bool:
    """Whether a line is a clock alone, maybe with its zone, as an entry of a live page has it."""
    return _CLOCK.fullmatch(line.seen) is not None


def _tells(line: Line) -> bool:
    return line.look not in FURNITURE_LOOKS
