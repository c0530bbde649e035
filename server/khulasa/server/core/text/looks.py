"""What a line can look like, and a line with its look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

import regex
from khulasa.server.core.text.types import with_quick_members

__all__ = ["FURNITURE_LOOKS", "HEADING_LIKE", "ORIGIN_LOOKS", "TURNS_TO", "Line", "Look", "lacks_stops"]

# Paragraphs of so many words tell whether a text has stops at their ends; so many of them, so few with one.
_PARAGRAPH, _LEAST_LONG, _RARELY = 12, 2, 0.3
# These stay where full stops are lost.
_KEPT = frozenset("\"'»”’)]!?؟…:")
# `For her part, the minister`: no headline begins so.
TURNS_TO = regex.compile(
    r"و?(?:من (?:جانب|جهت|ناحيت)(?:ه|ها|هم|هما)|بدور(?:ه|ها|هم)|الي ذلك|من جهه اخري|علي صعيد (?:اخر|متصل)"
    r"|في (?:المقابل|غضون ذلك|سياق متصل|هذا السياق|السياق (?:ذاته|نفسه)))[،,] "
)


@with_quick_members
class Look(Enum):
    """What a line looks like.

    NOTHING: no letter or digit. FURNITURE: of the site. RELATED: the head of links to other articles, or of the foot of
    a page. END: the head of what only stands after an article, as comments do. OPENS, CLOSES: the first and last line
    of a box that readers are told to skip. DATE, BYLINE, NAME (of a person, nothing else), SOURCE (`Source: ...`),
    CREDIT (an agency between brackets), CAPTION: as they say. LIST: begins with a bullet or number. DASH: begins with a
    dash. QUESTION: short, ends in a question mark. LEAD: short, ends in a colon. SHORT: short without a stop. BODY:
    running text.
    """

    NOTHING = auto()
    FURNITURE = auto()
    RELATED = auto()
    END = auto()
    OPENS = auto()
    CLOSES = auto()
    DATE = auto()
    BYLINE = auto()
    NAME = auto()
    SOURCE = auto()
    CREDIT = auto()
    CAPTION = auto()
    LIST = auto()
    DASH = auto()
    QUESTION = auto()
    LEAD = auto()
    SHORT = auto()
    BODY = auto()


FURNITURE_LOOKS = (Look.FURNITURE, Look.NOTHING, Look.RELATED, Look.END, Look.OPENS, Look.CLOSES)
# Short lines that may name what follows.
HEADING_LIKE = (Look.SHORT, Look.QUESTION, Look.LEAD, Look.DASH)
ORIGIN_LOOKS = (Look.DATE, Look.BYLINE, Look.NAME, Look.SOURCE)


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph and what it looks like.

    Attributes:
        seen: Through `view`.
        words: Number of words.
        look: What it looks like.
        stopped: Whether it ends with a full stop or an exclamation mark, quotes and brackets aside.
        clause: Whether it opens as a sentence does or has a verb where one stands in sentences.
        talk: How much it talks of the page it stands on, see `site_talk`.
        told: Whether those beside it tell for sure what it is: a turn of a talk, who speaks, an entry of a live page.
    """

    seen: str
    words: int
    look: Look
    stopped: bool
    clause: bool
    talk: int = 0
    told: bool = False


def lacks_stops(lines: Iterable[Line]) -> bool:
    """Whether paragraphs have no full stops at their ends; what ends in another mark says nothing."""
    bare = [
        line.stopped
        for line in lines
        if line.words >= _PARAGRAPH and line.seen[-1] not in _KEPT and not line.seen.endswith("..")
    ]
    return len(bare) - sum(bare) >= _LEAST_LONG and sum(bare) <= _RARELY * len(bare)
