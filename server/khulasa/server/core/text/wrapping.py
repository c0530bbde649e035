"""Which lines were broken at a width, as mail, terminals and columns of papers have them, and go on in the next."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import regex

__all__ = ["broken_lines"]

# A text may have been broken at a width within these bounds.
_NARROWEST, _WIDEST = 24, 130
# Not even with a sign on each letter and a mark beside each word is a line of that width so long.
_FAR_TOO_WIDE = 4 * _WIDEST
# So many lines are asked for the width.
_MOST_ASKED = 4_000
# It was if of the lines that show that they go on so many could not have taken the next word as well, and so many of
# all but those of a menu, which are much shorter. Where hardly any shows it, all of the text must fit one width, which
# is none of verses.
_LEAST_LINES, _LEAST_SURE, _LEAST_SHARE, _MENU = 3, 0.6, 0.4, 0.5
_NARROWEST_UNSURE, _LEAST_UNSURE = 50, 0.7
# Verses are broken where clauses end, prose anywhere: of its lines at most so many end in a comma.
_MOST_COMMAS = 0.4
# Editors break at a count of characters, printers at a length: then there is room, as a share of the width.
_SLACKS, _EXACT = (0.0, 0.12), 0.9
# What changes neither what a line says nor how wide it was meant: vowel signs, tatweel, invisible marks, emoji around.
_UNSEEN = regex.compile(
    r"^[\p{So}\p{Sk}\p{M}\p{Cf}\s]++|(?<![\p{So}\p{Sk}\p{M}\p{Cf}\s])[\p{So}\p{Sk}\p{M}\p{Cf}\s]++$|[\p{M}\p{Cf}\u0640]"
)
_FORMS = regex.compile(r"[\uFB50-\uFDFB\uFE70-\uFEFC]++")
_STOP = regex.compile(r"[.!?؟…:؛][\"'»”’)\]]*+$")
_MARKED = regex.compile(r"(?:[-–—•▪●◦*·]|\(?\d{1,2}[-.)])\s")
# Where a line goes on in the next: in the middle of a word, behind a word that waits for another, inside a clause.
_CUT_WORD = regex.compile(r"\p{L}[-\u2010]$")
_WAITS = regex.compile(
    r"\sو?(?:في|من|على|إلى|الى|عن|أن|إن|ان|التي|الذي|الذين|مع|بعد|قبل|بين|خلال|هذا|هذه|كل|غير|لا|لم|لن|قد|أو|ثم|حتى"
    r"|كان|كانت|the|a|an|of|to|in|and)$"
)
_CLAUSE_INSIDE = regex.compile(r"[.!?؟،,][\"'»”’)]*+\s++\S")


@dataclass(frozen=True, slots=True)
class _Pair:
    """A line and the one below it.

    Attributes:
        length: Of the line.
        word: Length of the first word below it.
        below: Length of the line below it.
        stopped: Whether the line ends as sentences do.
        goes_on: Whether the line shows that it goes on below.
        cut: Whether it ends in the middle of a word.
        comma: Whether it ends in a comma.
    """

    length: int
    word: int
    below: int
    stopped: bool
    goes_on: bool
    cut: bool
    comma: bool


@dataclass(frozen=True, slots=True)
class _Broken:
    """How a text was broken.

    Attributes:
        width: Of its lines.
        slack: How much longer or shorter one may be, as a share of the width.
    """

    width: int
    slack: float

    def may_end(self, pair: _Pair) -> bool:
        """Whether a line may have been broken before the word below it."""
        return self.fits(pair.length) and pair.length + pair.word >= (1 - self.slack) * self.width

    def fits(self, length: int) -> bool:
        """Whether a line may have been broken, or be the last of some that were."""
        return length <= (1 + self.slack) * self.width


def broken_lines(lines: Sequence[str], parted: Sequence[bool]) -> list[bool]:
    """Of each line, whether it was broken and goes on in the next; linear.

    Args:
        lines: Of the text, without the blank ones.
        parted: Of each, whether something parts it from the next.
    """
    seen = [_seen(line) for line in lines[: _MOST_ASKED + 1]]
    pairs = _pairs(seen, parted)
    broken = _broken([pair for pair in pairs if pair is not None], seen)
    if broken is None:
        return [False] * len(lines)
    if len(lines) > len(seen):
        seen += [_seen(line) for line in lines[len(seen) :]]
        pairs = _pairs(seen, parted)
    joined = [pair is not None and broken.fits(pair.below) and (pair.cut or broken.may_end(pair)) for pair in pairs] + [
        False
    ]
    # Behind a stop a short line without one is a heading.
    return [
        goes_on and not (pair is not None and pair.stopped and not joined[at + 1] and not _STOP.search(seen[at + 1]))
        for at, (goes_on, pair) in enumerate(zip(joined, [*pairs, None], strict=True))
    ]


def _seen(line: str) -> str:
    if len(line) > _FAR_TOO_WIDE:
        return line
    # Forms of letters, as old files have them: one sign for لا is two letters of the width.
    return _UNSEEN.sub("", _FORMS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), line)).strip()


def _pairs(seen: Sequence[str], parted: Sequence[bool]) -> list[_Pair | None]:
    return [
        None if apart or _MARKED.match(below) else _pair(line, below)
        for line, below, apart in zip(seen, seen[1:], parted, strict=False)
    ]


def _pair(line: str, below: str) -> _Pair | None:
    """A line and the one below it, None if the first is too long to have been broken."""
    if len(line) > (1 + _SLACKS[-1]) * _WIDEST or not line or not below:
        return None
    small = "a" <= below[0] <= "z"
    cut = small and _CUT_WORD.search(line, len(line) - 2) is not None
    # A capital below says nothing either way, so a clause inside the line does not: headlines have commas too.
    inside = not below[0].isupper() and _CLAUSE_INSIDE.search(line)
    goes_on = small or bool(inside or _WAITS.search(line, max(0, len(line) - 12)))
    word = len(below[:_WIDEST].split(None, 1)[0])
    stopped = _STOP.search(line, max(0, len(line) - 8)) is not None
    return _Pair(len(line), word, len(below), stopped, goes_on, cut, line[-1] in ",،")


def _broken(pairs: Sequence[_Pair], seen: Sequence[str]) -> _Broken | None:
    """How the text was broken at a width, None if it was not."""
    open_ended = [pair for pair in pairs if not pair.stopped]
    sure = [pair for pair in open_ended if pair.goes_on]
    lengths = [len(line) for line in seen]
    if len(sure) >= _LEAST_LINES:
        exact, loose = (_of_most(sure, open_ended, slack) for slack in _SLACKS)
        share = sum(map(exact.may_end, sure)) / max(1, sum(map(loose.may_end, sure)))
        found = exact if share >= _EXACT else loose
        if _explains(found, open_ended, lengths):
            return found
    longest = _Broken(max(lengths, default=0), _SLACKS[-1])
    full = sum(map(longest.may_end, open_ended))
    enough = full >= _LEAST_LINES and full >= _LEAST_UNSURE * len(open_ended)
    return longest if enough and _NARROWEST_UNSURE <= longest.width <= _WIDEST else None


def _explains(found: _Broken, open_ended: Sequence[_Pair], lengths: Sequence[int]) -> bool:
    """Whether a width tells where most lines without a stop end."""
    # A short line may be of a menu.
    asked = [pair for pair in open_ended if pair.length >= _MENU * found.width]
    full = [pair for pair in asked if found.may_end(pair)]
    # Most of the text stands in lines of that width.
    longer = sum(length for length in lengths if not found.fits(length))
    return (
        sum(pair.goes_on for pair in full) >= max(_LEAST_LINES, _LEAST_SURE * sum(pair.goes_on for pair in asked))
        and len(full) >= _LEAST_SHARE * len(asked)
        and sum(pair.comma for pair in full) <= _MOST_COMMAS * len(full)
        and 2 * longer <= sum(lengths)
    )


def _of_most(sure: Sequence[_Pair], others: Sequence[_Pair], slack: float) -> _Broken:
    """The least width at which the most of the first lines may have been broken, and of the others."""
    votes = list(zip(_votes(sure, slack), _votes(others, slack), strict=True))
    return _Broken(max(range(len(votes)), key=votes.__getitem__), slack)


def _votes(pairs: Sequence[_Pair], slack: float) -> list[int]:
    """Of each width, how many lines may have been broken at it."""
    more = [0] * (_WIDEST + 2)
    for pair in pairs:
        first, last = max(pair.length, _NARROWEST), min(int((pair.length + pair.word) / (1 - slack)), _WIDEST)
        if first <= last:
            more[first] += 1
            more[last + 1] -= 1
    return list(accumulate(more))
