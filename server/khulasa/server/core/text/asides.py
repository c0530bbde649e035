"""What stands aside from the article though it is written as the article is: notices in another script, sentences set
again in large letters, heads of printed pages, what a sponsor says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import regex
from khulasa.server.core.text.boxes import boxes
from khulasa.server.core.text.looks import ORIGIN_LOOKS, Line, Look
from khulasa.server.core.text.rules import plain, talk_rules

__all__ = ["asides"]

_LONGEST, _BYTES = 400, 1.4
# Paragraphs in another script than the article's have at most this share of its words; else the text has two languages.
_OTHER_SCRIPT = 0.6
# A sentence that is set again without quotation marks has so many words, one of its pieces so many.
_LEAST_AGAIN, _MOST_AGAIN, _LEAST_PIECE = 5, 40, 3
# So many lines are asked, on pages of so many paragraphs, whose first so many code points are compared.
_MOST_ASKED, _MOST_LINES, _LONG = 60, 1_000, 4_000
_PIECES = regex.compile(r"[.!?؟…]++")
_QUOTED = regex.compile(r"^[\"'«].*[\"'»][.!?؟]?")
_LONGEST_HEAD, _LONGEST_MESSAGE = 12, 30


def asides(lines: Sequence[Line]) -> set[int]:
    """Places of lines that are furniture for one of these reasons; linear in the text, none in what is no page."""
    if len(lines) > _MOST_LINES:
        return set()
    return {*_in_other_script(lines), *_set_again(lines), *_running_heads(lines), *_messages(lines), *boxes(lines)}


def _in_other_script(lines: Sequence[Line]) -> list[int]:
    """Paragraphs above and below the article in another script than its own: a consent, a legal notice."""
    arabic = {
        at: _is_arabic(line) for at, line in enumerate(lines) if line.look is Look.BODY and line.clause | line.stopped
    }
    words = Counter[bool]()
    for at, is_arabic in arabic.items():
        words[is_arabic] += lines[at].words if lines[at].talk <= 1 else 0
    script = words[True] > words[False]
    own = [at for at, is_arabic in arabic.items() if is_arabic == script and lines[at].talk <= 1]
    if not own or words[not script] > _OTHER_SCRIPT * words[script]:
        return []
    return [at for at, is_arabic in arabic.items() if is_arabic != script and not own[0] < at < own[-1]]


def _is_arabic(line: Line) -> bool:
    """Whether most of a line is Arabic, whose letters take two bytes each; cheap, as it is asked of every paragraph."""
    seen = line.seen[:_LONGEST]
    return len(seen.encode("utf-8", "replace")) > _BYTES * len(seen)


def _set_again(lines: Sequence[Line]) -> list[int]:
    """Lines between paragraphs that say, in quotation marks or without a stop, what one of the paragraphs says.

    Without a stop it may as well name a section, if what it says comes below.
    """
    long = [at for at, line in enumerate(lines) if line.look is Look.BODY and line.words >= _LEAST_AGAIN]
    asked = (
        [
            at
            for at in range(long[0] + 1, long[-1])
            if lines[at].look in (Look.SHORT, Look.BODY, Look.QUESTION)
            and lines[at].words <= _MOST_AGAIN
            and (_QUOTED.fullmatch(lines[at].seen) or (lines[at].words >= _LEAST_AGAIN and not lines[at].stopped))
        ]
        if long
        else []
    )
    if not 0 < len(asked) <= _MOST_ASKED:
        return []
    text = {at: f" {plain(lines[at].seen[:_LONG])} " for at in long}
    whole = "|".join(text.values())
    ends = dict(zip(text, accumulate(len(words) + 1 for words in text.values()), strict=True))
    found = []
    for at in asked:
        pieces = [words for piece in _PIECES.split(lines[at].seen) if (words := plain(piece))]
        own = text.get(at, "")
        end = (
            len(whole)
            if lines[at].stopped or len(pieces) > 1
            else max((ends[place] for place in long if place < at), default=0)
        )
        again = all(whole.count(f" {words} ", 0, end) > own.count(f" {words} ") for words in pieces)
        if again and any(len(words.split()) >= _LEAST_PIECE for words in pieces):
            found.append(at)
    return found


def _running_heads(lines: Sequence[Line]) -> list[int]:
    """The head that a printed page has on each of its leaves: a line that comes again, beside a number somewhere.

    Above who wrote or when, and beside no number, it is the headline, which the later pages repeat.
    """
    places: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        if not line.stopped and 1 < line.words <= _LONGEST_HEAD:
            places.setdefault(line.seen, []).append(at)
    numbers = {at for at, line in enumerate(lines) if line.seen.isdigit()}
    return [
        at
        for found in places.values()
        if len(found) > 1 and any(at - 1 in numbers or at + 1 in numbers for at in found)
        for at in found
        if at != found[0] or not (lines[at + 1].look in ORIGIN_LOOKS and at - 1 not in numbers)
    ]


def _messages(lines: Sequence[Line]) -> list[int]:
    """What a sponsor says below the line that announces it."""
    heads = talk_rules().sponsors
    return [
        at
        for at in range(1, len(lines))
        if lines[at].words <= _LONGEST_MESSAGE and not lines[at - 1].stopped and plain(lines[at - 1].seen) in heads
    ]
