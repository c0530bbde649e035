"""What a learned model asks about each paragraph: how it looks, where it stands, what it shares with the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

import regex
from khulasa.server.core.text.arabic_verbs import starts_with_verb
from khulasa.server.core.text.looks import FURNITURE_LOOKS, ORIGIN_LOOKS, Line, Look
from khulasa.server.core.text.origins import known_names
from khulasa.server.core.text.overlap import topic_words
from khulasa.server.core.text.rules import arabic_clauses, part_rules, plain, sentence_rules, talk_rules
from khulasa.server.core.text.site_talk import addresses_both
from khulasa.server.core.text.types import PartKind

__all__ = ["features_of"]

# Paragraphs of so many words, with a stop, are surely running text or talk of the site.
_TEXT = 14
_BEGINNING, _LONG = 400, 30
# Who wrote or when is told so soon below a headline.
_SOON, _AGAIN = 3, 3
# Lines on each side that are near.
_NEAR = 4
_OPENING = 4
_DIGITS = regex.compile(r"\d")
_MARKS = (":", "(", '"', "|", ", ", "،")
_CAPITAL = regex.compile(r"(?<!\p{L})\p{Lu}[\p{L}'.-]*")
_LATIN_WORD = regex.compile(r"(?<!\p{L})\p{Latin}[\p{L}'.-]*")
# Where a line stands, by whether long paragraphs stand above and below it.
_WHERE = {(True, True): "in", (False, True): "above", (True, False): "below", (False, False): "-"}
_SIZES = (1, 2, 3, 4, 5, 7, 9, 12, 16, 22, 30, 45)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A line and what is asked of it more than once."""

    line: Line
    words: list[str]
    topics: frozenset[str]
    is_text: bool


def _size(count: int) -> int:
    return next((index for index, most in enumerate(_SIZES) if count <= most), len(_SIZES))


def _share(part: float, whole: float) -> int:
    """A share in quarters, rounded up: 0 for none, 4 for all."""
    return 0 if not whole else min(4, -int(-4 * part // whole))


def _near(distance: int | None) -> str:
    if distance is None:
        return "-"
    return str(distance) if distance < 3 else "3" if distance < 6 else "6"


def features_of(lines: Sequence[Line], kinds: Sequence[PartKind]) -> list[list[str]]:
    """Names of what holds for each line; linear in the length of the text.

    Args:
        lines: What the paragraphs look like.
        kinds: What the rules take them for.
    """
    seen = [_seen(line) for line in lines]
    own = [_own(item) for item in seen]
    placed = _placed(seen, kinds)
    shared = _shared(seen, kinds)
    out: list[list[str]] = []
    for at, item in enumerate(seen):
        names = [*own[at], *placed[at], *shared[at]]
        for side, other in (("p", at - 1), ("n", at + 1), ("pp", at - 2), ("nn", at + 2)):
            if 0 <= other < len(seen):
                names.append(f"{side}look={seen[other].line.look.name}")
                names.append(f"{side}rule={kinds[other].name}")
                if len(side) == 1:
                    names.append(f"{side}size={_size(seen[other].line.words) // 2}")
                    names.append(f"{side}stop={seen[other].line.stopped}")
                    names.append(f"look={item.line.look.name} {side}look={seen[other].line.look.name}")
            else:
                names.append(f"{side}edge")
        out.append(names)
    return out


def _seen(line: Line) -> _Seen:
    words = plain(line.seen[:_BEGINNING]).split()
    is_text = line.words >= _TEXT and line.stopped and line.talk < 3 and line.look in (Look.BODY, Look.LIST)
    return _Seen(line, words, topic_words(line.seen), is_text)


def _own(item: _Seen) -> list[str]:
    """How a line looks, whatever stands around it."""
    line, words, seen = item.line, item.words, item.line.seen
    parts, talk = part_rules(), talk_rules()
    out = ["bias", f"look={line.look.name}", f"size={_size(line.words)}", f"talk={min(line.talk, 4)}"]
    out.append(f"stop={line.stopped}")
    out.append(f"look={line.look.name} size={_size(line.words) // 3}")
    if line.clause:
        out.append("clause")
        out.append(f"clause size={_size(line.words) // 3}")
    last, first, head = seen[-1:], seen[:1], seen[:_BEGINNING]
    out.append(f"commas={_share(3 * (seen.count(',') + seen.count('،')), line.words)}")
    if line.words > 1 and seen.isupper():
        out.append("upper")
    if line.stopped and line.words < _LONG and addresses_both(seen):
        out.append("to the reader")
    out += ["ends )"] if last == ")" else ["ends 0"] if last.isdigit() else []
    out += ["starts -"] if first == "-" else ["starts 0"] if first.isdigit() else []
    out += [f"holds {mark}" for mark in _MARKS if mark in head]
    out.append(f"digits={_share(2 * len(_DIGITS.findall(head)), len(head))}")
    frame = sum(word in _frames() for word in words)
    out.append(f"frame={_share(2 * frame, len(words))}")
    latin = len(_LATIN_WORD.findall(head))
    if latin:
        out.append(f"capitals={_share(len(_CAPITAL.findall(head)), latin)}")
    if words:
        out += _of_lists(words, _site_words(), "furniture")
        out += _of_lists(words, _addressing(), "reader")
        out += _of_lists(words, talk.weak, "publishing")
        out += _of_lists(words, talk.reported, "reported")
        out += _of_lists(words, _jobs(), "job")
        out += _of_lists(words, _days(), "dated")
        out.append(f"names={min(2, known_names(words[:4], parts))}")
        if words[0] in talk.imperatives:
            out.append("tells")
        if starts_with_verb(words):
            out.append("verb")
        if words[0][0] == "و" and len(words[0]) > 3:
            out.append("and")
        if "#" in words:
            out.append("number")
    return out


def _of_lists(words: Sequence[str], listed: frozenset[str], name: str) -> list[str]:
    """How many of the words a list has."""
    count = sum(word in listed for word in words)
    return [name, f"{name}={_share(count, len(words))}"] if count else []


@cache
def _frames() -> frozenset[str]:
    clauses, sentences = arabic_clauses(), sentence_rules()
    arabic = clauses.dependent | clauses.subordinators | clauses.pronouns | sentences.short_words
    return arabic | sentences.english_dependent | sentences.starters


@cache
def _site_words() -> frozenset[str]:
    parts = part_rules()
    return parts.furniture_words | parts.furniture_weak | parts.label_words


@cache
def _addressing() -> frozenset[str]:
    return talk_rules().reader | talk_rules().own


@cache
def _jobs() -> frozenset[str]:
    return part_rules().byline_jobs | part_rules().author_jobs


@cache
def _days() -> frozenset[str]:
    return part_rules().months | part_rules().weekdays


def _placed(seen: Sequence[_Seen], kinds: Sequence[PartKind]) -> list[list[str]]:
    """Where each line stands: from the edges, from the long paragraphs, from the body that the rules found."""
    body = [at for at, kind in enumerate(kinds) if kind is PartKind.BODY]
    title = next((at for at, kind in enumerate(kinds) if kind is PartKind.TITLE), None)
    first, last = (body[0], body[-1]) if body else (len(seen), -1)
    before_text = _distances(seen)
    times = Counter(item.line.seen for item in seen)
    scraps, texts = _sums(item.line.look in FURNITURE_LOOKS for item in seen), _sums(item.is_text for item in seen)
    out: list[list[str]] = []
    for at, (item, kind) in enumerate(zip(seen, kinds, strict=True)):
        zone = "pre" if title is not None and at < title else "head" if at < first else "mid" if at <= last else "foot"
        behind, ahead = before_text[at]
        where = (
            "text" if item.is_text else "in" if behind and ahead else "above" if ahead else "below" if behind else "-"
        )
        names = [
            f"rule={kind.name} {zone}",
            f"rule={kind.name} {zone} size={_size(item.line.words) // 3}",
            f"rule={kind.name} look={item.line.look.name}",
            f"zone={zone}",
            f"where={where}",
            f"where={where} look={item.line.look.name}",
            f"where={where} size={_size(item.line.words) // 2}",
            f"behind={_near(behind)}",
            f"ahead={_near(ahead)}",
            f"from start={_near(at)}",
            f"from end={_near(len(seen) - 1 - at)}",
        ]
        low, high = max(0, at - _NEAR), min(len(seen), at + 1 + _NEAR)
        names.append(f"scraps near={(scraps[high] - scraps[low] - (item.line.look in FURNITURE_LOOKS)) // 2}")
        names.append(f"text near={min(4, texts[high] - texts[low] - item.is_text)}")
        if item.line.words >= _AGAIN and times[item.line.seen] > 1:
            names.append("again")
        if zone != "foot" and _told_below(seen, at):
            names += ["told below", f"told below size={_size(item.line.words) // 3}"]
        if title is not None:
            names.append(f"from title={_near(abs(at - title))}{'-' if at < title else '+'}")
        if at > last >= 0:
            names.append(f"below body={_near(at - last)}")
        out.append(names)
    return out


def _sums(held: Iterable[bool]) -> list[int]:
    """How many of the lines before each place hold something; one more entry than lines."""
    return [0, *accumulate(map(int, held))]


def _told_below(seen: Sequence[_Seen], at: int) -> bool:
    """Whether who wrote or when follows soon, no running text between."""
    for item in seen[at + 1 : at + 1 + _SOON]:
        if item.line.look in ORIGIN_LOOKS:
            return True
        if item.is_text:
            return False
    return False


def _distances(seen: Sequence[_Seen]) -> list[tuple[int | None, int | None]]:
    """Lines between each line and the nearest long paragraph above and below it."""
    above: list[int | None] = []
    last: int | None = None
    for at in range(len(seen)):
        above.append(None if last is None else at - last)
        last = at if seen[at].is_text else last
    below: list[int | None] = []
    following: int | None = None
    for at in range(len(seen) - 1, -1, -1):
        below.append(None if following is None else following - at)
        following = at if seen[at].is_text else following
    return list(zip(above, reversed(below), strict=True))


def _shared(seen: Sequence[_Seen], kinds: Sequence[PartKind]) -> list[list[str]]:
    """What each line shares with the long paragraphs, the opening ones, the headline and other lines."""
    holders = Counter(stem for item in seen if item.is_text for stem in item.topics)
    opening = frozenset[str]().union(*[item.topics for item in seen if item.is_text][:_OPENING])
    titles = [item.topics for item, kind in zip(seen, kinds, strict=True) if kind is PartKind.TITLE]
    title = titles[0] if titles else frozenset[str]()
    first_text = next((at for at, item in enumerate(seen) if item.is_text), len(seen))
    above = [
        (len(item.topics & opening), -at)
        for at, item in enumerate(seen[:first_text])
        if item.line.look not in ORIGIN_LOOKS and not item.line.stopped
    ]
    best = -max(above)[1] if above and max(above)[0] > 1 else -1
    out: list[list[str]] = []
    for at, item in enumerate(seen):
        known = sum(holders[stem] > item.is_text for stem in item.topics)
        names = [f"topics={_share(known, len(item.topics))}", f"known={min(known, 3)}"]
        names.append(f"known={min(known, 3)} size={_size(item.line.words) // 3}")
        common = len(item.topics & opening)
        if at < first_text:
            names.append(f"opening={min(common, 3)}")
            names.append(f"opening={_share(common, len(item.topics))}/4")
            names.append("best" if at == best else "worse" if best >= 0 else "no best")
        if title and kinds[at] is not PartKind.TITLE:
            names.append(f"title={min(3, len(item.topics & title))}")
        out.append(names)
    return out
