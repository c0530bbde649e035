"""Which lines were broken at a width, as mail, terminals and columns of papers have them, and go on in the next."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
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
# How much each line speaks for a width, as the logarithm of how many times likelier it is in a text broken there.
# FULL: a line without a stop that could not have taken the next word, by how wide the gap is that it had to hit. ROOM:
# one that could. LONG: a line that is wider. Menus and headings are much shorter than the width and say nothing.
# GOES_ON: a full line shows that it goes on; SILENT: it does not; ROOM_GOES_ON: one with room does. COMMA: verses are
# broken where clauses end, prose anywhere. HEADS: a short line without a stop is seldom the last of some that were
# broken. PRIOR: few texts were broken, and there are many widths to choose from.
_FULL, _ROOM, _LONG, _PRIOR = 0.85, -1.7, -1.3, -6.0
_GOES_ON, _SILENT, _ROOM_GOES_ON, _COMMA, _HEADS = 2.3, -0.4, -2.5, -1.5, -2.5
_MENU = 0.5
# So many full lines must show that they go on.
_LEAST_SURE = 2
# Where none shows it, so many lines must be full, and most of all lines, and these not as narrow as verses.
_NARROW, _LEAST_LINES, _LEAST_UNSURE = 50, 3, 0.7
_MOST_COMMAS = 0.4
# Editors break at a count of characters, printers at a length: then there is room, as a share of the width.
_SLACKS, _EXACT = (0.0, 0.12), 0.9
# The width found is a character too small where a line with two spaces, seen as one, seems to have had room.
_UNSURE = 1
# How much shorter a line may be that shows that it goes on, in a text that was broken; by one sign any without a stop.
_BY_HAND = 0.2
# Paragraphs are told by their first lines if so many of the others stand at one margin.
_MOSTLY, _DEEPEST = 0.8, 12
# Wider lines than print and mail have are paragraphs more often, and a comma inside one tells nothing; nor does it
# where no line of some length ends in a stop: then paragraphs do not. Hardly a paragraph is as short as some lines are.
_WIDE, _LEAST_STOPPED, _PARAGRAPH = 90, 24, 60
# Of so many lines the next stands below a blank one where these part nothing.
_DOUBLED = 0.95
# Where they do between others, so many lines must surely go on over them.
_LEAST_OVER_BLANKS = 4
# What changes neither what a line says nor how wide it was meant: vowel signs, tatweel, invisible marks, emoji around.
_UNSEEN = regex.compile(
    r"^[\p{So}\p{Sk}\p{M}\p{Cf}\s]++|(?<![\p{So}\p{Sk}\p{M}\p{Cf}\s])[\p{So}\p{Sk}\p{M}\p{Cf}\s]++$|[\p{M}\p{Cf}\u0640]"
)
# What is none of the letters, digits and marks that lines are mostly made of; nothing above is among those.
_ODD = re.compile(
    r"[^ !-\]_a-~\u060C\u061B\u061F\u0621-\u063F\u0641-\u064A\u0660-\u0669\u00AB\u00BB\u2013-\u201D\u2026]|  "
)
_FORMS = regex.compile(r"[\uFB50-\uFDFB\uFE70-\uFEFC]++")
_SPACES = regex.compile(r"\s{2,}+")
_STOP = regex.compile(r"[.!?؟…:؛][\"'»”’)\]]*+$")
_MARKED = regex.compile(r"(?:[-–—•▪●◦*·]|\(?\d{1,2}[-.)])\s")
# Behind another item or what leads to them a letter between brackets begins one: `(b) the cottages be let.`
_LETTERED, _LISTS = regex.compile(r"\([a-zأ-ي]\)\s"), regex.compile(r"[:;؛.][\"'»”’)\]]*+$")
# Where a line goes on in the next: in the middle of a word, behind a word that waits for another, inside a clause.
_CUT_WORD = regex.compile(r"\p{L}[-\u2010]$")
_WAITS = regex.compile(
    r"\sو?(?:في|من|على|إلى|الى|عن|أن|إن|ان|التي|الذي|الذين|مع|بعد|قبل|بين|خلال|هذا|هذه|كل|غير|لا|لم|لن|قد|أو|ثم|حتى"
    r"|كان|كانت|the|a|an|of|to|in|and)$"
)
# Words with which hardly a line begins but one that goes on.
_LEANS = regex.compile(
    r"و?(?:التي|الذي|الذين|اللذين|اللتين|أن|أنه|أنها|أنهم|أو|عليه|عليها|عليهم|منه|منها|منهم|فيه|فيها|به|بها|له|لها|لهم)\s"
)
# A headline in capitals: its longer words, so many at least.
_LONG_WORD, _CAPITALS = regex.compile(r"[A-Za-z]{4,}+"), 3
_CLAUSE_INSIDE = regex.compile(r"[.!?؟،,][\"'»”’)]*+\s++\S")


@dataclass(frozen=True, slots=True)
class _Pair:
    """A line and the one below it.

    Attributes:
        length: Of the line.
        word: Length of the first word below it, and of the white space before the line.
        below: Length of the line below it.
        stopped: Whether the line ends as sentences do.
        goes_on: Whether the line shows that it goes on below.
        surely: Whether it shows it by more than a clause that ended inside it.
        cut: Whether it ends in the middle of a word.
        comma: Whether it ends in a comma.
        heads: Whether a much shorter line without a stop stands below it, as a heading does.
    """

    length: int
    word: int
    below: int
    stopped: bool
    goes_on: bool
    surely: bool
    cut: bool
    comma: bool
    heads: bool


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

    def goes_on(self, pair: _Pair) -> bool:
        """Whether a line goes on below; one that shows it may be shorter, as if by hand."""
        longest = (1 + self.slack) * self.width + _UNSURE
        if pair.below > longest:
            return False
        least = (1 - _BY_HAND) * self.width if pair.goes_on else self.width - 1
        by_hand = not pair.stopped and pair.length + pair.word >= least
        full = pair.length + pair.word >= (1 - self.slack) * self.width
        return pair.cut or (pair.length <= longest and (full or by_hand))

    def fits(self, length: int) -> bool:
        """Whether a line may have been broken, or be the last of some that were."""
        return length <= (1 + self.slack) * self.width


def broken_lines(
    lines: Sequence[str], parted: Sequence[bool], indents: Sequence[int] = (), blanks: Sequence[bool] = ()
) -> list[bool]:
    """Of each line, whether it was broken and goes on in the next; linear.

    Args:
        lines: Of the text, without the blank ones.
        parted: Of each, whether something parts it from the next.
        indents: Of each, how much white space stands before it; none if not given.
        blanks: Of each, whether a blank line stands below it; none if not given.
    """
    seen = [_seen(line) for line in lines[: _MOST_ASKED + 1]]
    apart = [one or blank for one, blank in zip(parted, blanks or [False] * len(lines), strict=True)]
    # Where a blank line stands below each they part nothing.
    if sum(blanks) >= _DOUBLED * (len(lines) - 1):
        apart = list(parted)
    pairs = _pairs(seen, apart, indents)
    broken = _broken([pair for pair in pairs if pair is not None], [len(line) for line in seen])
    if broken is None and apart != list(parted):
        broken = _surely_broken(_pairs(seen, parted, indents), [len(line) for line in seen])
    if broken is None:
        return [False] * len(lines)
    if len(lines) > len(seen):
        seen += [_seen(line) for line in lines[len(seen) :]]
        pairs = _pairs(seen, apart, indents)
    if any(blanks) and len(lines) <= _MOST_ASKED:
        pairs = _over_blanks(pairs, _pairs(seen, parted, indents), broken)
    joined = [pair is not None and broken.goes_on(pair) for pair in pairs] + [False]
    if indents:
        _part_indented(joined, pairs, indents)
    # Behind a stop a short line without one is a heading.
    return [
        goes_on and not (pair is not None and pair.stopped and not joined[at + 1] and not _STOP.search(seen[at + 1]))
        for at, (goes_on, pair) in enumerate(zip(joined, [*pairs, None], strict=True))
    ]


def _surely_broken(pairs: Sequence[_Pair | None], lengths: Sequence[int]) -> _Broken | None:
    """How a text was broken whose broken lines have blank ones between them, None if too few show that they go on."""
    found = [pair for pair in pairs if pair is not None]
    broken = _broken(found, lengths)
    if broken is None:
        return None
    full = [pair for pair in found if not pair.stopped and broken.may_end(pair)]
    return broken if sum(pair.surely for pair in full) >= _LEAST_OVER_BLANKS else None


def _over_blanks(pairs: Sequence[_Pair | None], blank: Sequence[_Pair | None], broken: _Broken) -> list[_Pair | None]:
    """The pairs, with those that a blank line parts in the middle of a sentence: lines without a stop that go on.

    They show it surely, or are full and two of them follow each other: a headline may be as long as a line.
    """
    full = [
        over is not None and not pair and not over.stopped and broken.may_end(over) and broken.fits(over.below)
        for pair, over in zip(pairs, blank, strict=True)
    ]
    beside = [any(full[max(at - 1, 0) : at] + full[at + 1 : at + 2]) for at in range(len(full))]
    return [
        pair or (over if over is not None and not over.stopped and (over.surely or (is_full and other)) else None)
        for pair, over, is_full, other in zip(pairs, blank, full, beside, strict=True)
    ]


def _part_indented(joined: list[bool], pairs: Sequence[_Pair | None], indents: Sequence[int]) -> None:
    """Parts lines from those above where paragraphs are told by their first lines, which stand farther in or out.

    Where the margin is of most lines that surely go on, a line behind a stop that is not at it begins a paragraph.
    """
    inner = [
        indents[at + 1]
        for at, pair in enumerate(pairs)
        if joined[at] and pair is not None and pair.goes_on and not pair.stopped
    ]
    if not inner:
        return
    margin, count = Counter(inner).most_common(1)[0]
    if count < _MOSTLY * len(inner):
        return
    for at, pair in enumerate(pairs):
        if pair is not None and indents[at + 1] != margin and (pair.stopped or not pair.goes_on):
            joined[at] = False


def _seen(line: str) -> str:
    if len(line) > _FAR_TOO_WIDE:
        return line
    if _ODD.search(line) is None:
        return line.strip()
    # Forms of letters, as old files have them: one sign for لا is two letters of the width.
    return _SPACES.sub(
        " ", _UNSEEN.sub("", _FORMS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), line))
    ).strip()


def _pairs(seen: Sequence[str], parted: Sequence[bool], indents: Sequence[int]) -> list[_Pair | None]:
    margin = min(indents, default=0)
    stops = any(len(line) >= _LEAST_STOPPED and _STOP.search(line, len(line) - 8) for line in seen)
    return [
        None
        if apart or _begins_item(line, below) or _is_headline(above, line, below)
        else _pair(line, below, indent - margin, stops=stops)
        for above, line, below, apart, indent in zip(
            ["", *seen], seen, seen[1:], parted, indents or [0] * len(seen), strict=False
        )
    ]


def _begins_item(line: str, below: str) -> bool:
    """Whether a line is an item of a list, and so goes on with nothing above it."""
    if _MARKED.match(below) is not None:
        return True
    return _LETTERED.match(below) is not None and _LISTS.search(line, max(0, len(line) - 8)) is not None


def _is_headline(above: str, line: str, below: str) -> bool:
    """Whether an English line is written as headlines are and the one below it as a sentence begins."""
    if not line[:1].isupper() or not below[:1].isupper() or len(line) > _WIDEST:
        return False
    words = _LONG_WORD.findall(line)
    capitals = len(words) >= _CAPITALS and all(word[0].isupper() for word in words) and line[-1].isalnum()
    begins = not above or len(above) < len(line) or _STOP.search(above, max(0, len(above) - 8)) is not None
    return capitals and begins and any(word.islower() for word in _LONG_WORD.findall(below[:_WIDEST]))


def _pair(line: str, below: str, indent: int, *, stops: bool) -> _Pair | None:
    """A line and the one below it, None if the first is too long to have been broken; whether the text has stops."""
    if len(line) > (1 + _SLACKS[-1]) * _WIDEST or not line or not below:
        return None
    small = "a" <= below[0] <= "z"
    cut = small and _CUT_WORD.search(line, len(line) - 2) is not None
    # A capital below says nothing either way, so a clause inside the line does not: headlines have commas too.
    told = stops or len(line) < _PARAGRAPH
    inside = told and not below[0].isupper() and _CLAUSE_INSIDE.search(line)
    surely = small or bool(_WAITS.search(line, max(0, len(line) - 12)) or _LEANS.match(below))
    goes_on = surely or bool(inside)
    word = len(below[:_WIDEST].split(None, 1)[0])
    stopped = _STOP.search(line, max(0, len(line) - 8)) is not None
    open_below = _STOP.search(below, max(0, len(below) - 8)) is None
    heads = open_below and not small and len(below) < _MENU * len(line)
    return _Pair(
        len(line), word + min(indent, _DEEPEST), len(below), stopped, goes_on, surely, cut, line[-1] in ",،", heads
    )


def _broken(pairs: Sequence[_Pair], lengths: Sequence[int]) -> _Broken | None:
    """How the text was broken at a width, None if it was not."""
    open_ended = [pair for pair in pairs if not pair.stopped]
    for best in _likeliest(open_ended, lengths):
        full = [pair for pair in open_ended if best.may_end(pair)]
        sure = sum(pair.goes_on if best.width <= _WIDE else pair.surely for pair in full)
        if sure >= _LEAST_SURE and sum(pair.comma for pair in full) <= _MOST_COMMAS * len(full):
            return best
    longest = _Broken(max(lengths, default=0), _SLACKS[-1])
    full = [pair for pair in open_ended if longest.may_end(pair)]
    enough = len(full) >= _LEAST_LINES and len(full) >= _LEAST_UNSURE * len(open_ended)
    return longest if enough and _NARROW <= longest.width <= _WIDEST else None


def _likeliest(pairs: Sequence[_Pair], lengths: Sequence[int]) -> list[_Broken]:
    """The widths at which the lines were broken more likely than not, best first: as a rule one, at most two."""
    found: list[_Broken] = []
    for slack in _SLACKS:
        odds, width = max((odds, -width) for width, odds in enumerate(_odds(pairs, lengths, slack)))
        if odds > 0:
            found.append(_Broken(-width, slack))
    if len(found) == len(_SLACKS):
        sure = [sum(pair.goes_on and broken.may_end(pair) for pair in pairs) for broken in found]
        # Lines of a count of characters are all of them full.
        if sure[0] < _EXACT * sure[1]:
            found.reverse()
    return found


def _odds(pairs: Sequence[_Pair], lengths: Sequence[int], slack: float) -> list[float]:
    """Of each width, how much likelier lines like these are in a text that was broken there, as a logarithm."""
    more = [0.0] * (_WIDEST + 2)

    def add(first: float, last: float, odds: float) -> None:
        begin, end = max(math.ceil(first), _NARROWEST), min(int(last), _WIDEST)
        if begin <= end:
            more[begin] += odds
            more[end + 1] -= odds

    for length in lengths:
        add(0, math.ceil(length / (1 + slack)) - 1, _LONG)
    for pair in pairs:
        first, last = math.ceil(pair.length / (1 + slack)), int((pair.length + pair.word) / (1 - slack))
        gap = math.log(_FULL * pair.length / (last - first + 1))
        add(first, last, gap + (_GOES_ON if pair.goes_on else _SILENT) + _COMMA * pair.comma + _HEADS * pair.heads)
        add(last + 1, pair.length / _MENU, _ROOM_GOES_ON if pair.goes_on else _ROOM)
    return [_PRIOR + at if width >= _NARROWEST else -math.inf for width, at in enumerate(accumulate(more[:-1]))]
