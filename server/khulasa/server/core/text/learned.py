"""What a small learned model makes of the kinds that the rules found.

A linear chain over the lines of a page: each line is in a state, its kind and where it stands (above the headline,
between headline and body, inside the body, below it), so that a page has one headline and one body whatever its single
lines look like. The rules stay unless the model is all but sure that they are wrong, most of all where they found a
sentence. Weights are in `rules/lines.json`, written by `benchmarks/structure/learn.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources

import numpy as np
import regex
from khulasa.server.core.text.line_features import features_of
from khulasa.server.core.text.looks import Line, Look, lacks_stops
from khulasa.server.core.text.site_talk import addresses_both
from khulasa.server.core.text.types import PartKind

__all__ = ["KINDS", "STATES", "ZONES", "Chain", "allowed", "chain", "packed", "revised"]

KINDS = tuple(kind.name for kind in PartKind)
ZONES = ("-", "pre", "head", "mid", "foot")
STATES = (
    ("TITLE", "-"),
    ("BODY", "-"),
    *((kind, "pre") for kind in ("CAPTION", "BYLINE", "BOILERPLATE")),
    *((kind, "head") for kind in ("HEADING", "CAPTION", "BYLINE", "BOILERPLATE")),
    *((kind, "mid") for kind in ("HEADING", "CAPTION", "BYLINE", "BOILERPLATE")),
    *((kind, "foot") for kind in ("CAPTION", "BYLINE", "BOILERPLATE")),
)
_FOLLOW = {
    "": ("pre", "TITLE", "head", "BODY"),
    "pre": ("pre", "TITLE"),
    "TITLE": ("head", "BODY"),
    "head": ("head", "BODY"),
    "BODY": ("BODY", "mid", "foot"),
    "mid": ("mid", "BODY", "foot"),
    "foot": ("foot",),
}
_ASKS = regex.compile(r"[?؟…:][\"'»)\]]*+$")
_TITLE, _BODY = KINDS.index("TITLE"), KINDS.index("BODY")
# Longer pages are no articles: the rules alone read them, in less time.
_LONGEST_PAGE = 1_000
# What the rules found stays while the model gives it so much; what ends as sentences do and long paragraphs stay
# always, and so do credits, which lists know.
_DOUBT, _DOUBT_OF_BODY, _LONG_PARAGRAPH = 0.1, 0.02, 30
# Of a text without stops at the ends of paragraphs shorter lines than a sentence has words are read as they are.
_SENTENCE = 6
# A line becomes the headline, or body, if the model gives that so much.
_SURE, _SURE_OF_BODY, _DOUBT_OF_TITLE = 0.6, 0.95, 0.3
# Weights are written as one character each, in steps.
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_STEP = 0.03


def _place(state: tuple[str, str]) -> str:
    return state[0] if state[1] == "-" else state[1]


def allowed() -> np.ndarray:
    """Which states may begin a page (first row) and which may follow each state (the others)."""
    return np.array([[_place(state) in _FOLLOW[before] for state in STATES] for before in ("", *map(_place, STATES))])


def packed(weights: Sequence[float]) -> str:
    """Weights as they are written, one character each."""
    middle = len(_DIGITS) // 2
    return "".join(_DIGITS[min(max(round(weight / _STEP) + middle, 0), len(_DIGITS) - 1)] for weight in weights)


def _unpacked(written: str) -> list[float]:
    return [(_DIGITS.index(digit) - len(_DIGITS) // 2) * _STEP for digit in written]


class Chain:
    """Weights of the chain and what it makes of a page."""

    def __init__(self, features: Mapping[str, str], moves: Sequence[str], starts: str) -> None:
        """Keeps the weights, all of them `packed`.

        Args:
            features: By name: of the kinds, then of the zones.
            moves: Of each state after each other.
            starts: Of each state at the beginning of a page.
        """
        self._row = {name: row for row, name in enumerate(features)}
        by_part = np.array([_unpacked(written) for written in features.values()])
        kind_of = [KINDS.index(kind) for kind, _ in STATES]
        zone_of = [len(KINDS) + ZONES.index(zone) for _, zone in STATES]
        self._weights = by_part[:, kind_of] + by_part[:, zone_of]
        may = allowed()
        self._moves = np.where(may[1:], np.exp([_unpacked(written) for written in moves]), 0)
        self._starts = np.where(may[0], np.exp(_unpacked(starts)), 0)
        self._kind_of = np.array([[name == kind for name in KINDS] for kind, _ in STATES], dtype=float)

    def shares(self, features: Sequence[Sequence[str]]) -> np.ndarray:
        """How likely each line is of each of `KINDS`, forward and backward over the page."""
        row = self._row
        scores = np.stack([self._weights[[row[name] for name in names if name in row]].sum(0) for names in features])
        lift = np.exp(np.maximum(scores - scores.max(1, keepdims=True), -60))
        ahead = np.empty_like(lift)
        now = self._starts
        for at, line in enumerate(lift):
            now = (now @ self._moves if at else now) * line
            now = now / now.sum()
            ahead[at] = now
        back = np.ones(len(STATES))
        for at in range(len(lift) - 1, -1, -1):
            onto = lift[at] * back
            ahead[at] *= back
            back = self._moves @ onto
            back /= back.sum()
        shares: np.ndarray = (ahead / ahead.sum(1, keepdims=True)) @ self._kind_of
        return shares


@cache
def chain() -> Chain:
    """The model beside the rules."""
    file = resources.files("khulasa.server.core.text").joinpath("rules").joinpath("lines.json")
    return Chain(**json.loads(file.read_text(encoding="utf-8")))


def revised(lines: Sequence[Line], kinds: list[PartKind], *, titled: bool = False) -> list[PartKind]:
    """The kinds that the rules found, changed where the model is sure that they are wrong.

    Args:
        lines: What the paragraphs look like.
        kinds: What the rules take them for.
        titled: Whether the headline came apart from the text; the rules know its place then.
    """
    lines = _as_if_stopped(lines, kinds)
    features = features_of(lines, kinds) if len(lines) <= _LONGEST_PAGE else []
    if not features:
        return kinds
    shares = chain().shares(features)
    found = [KINDS.index(kind.name) for kind in kinds]
    title, moved = _headline(shares, found, lines, titled=titled)
    out = [_TITLE if at == title else _kind(shares[at], found[at], lines[at]) for at in range(len(found))]
    if moved and title is not None:
        # A heading above the headline was one below another.
        heading, furniture = KINDS.index("HEADING"), KINDS.index("BOILERPLATE")
        out[:title] = [furniture if kind == heading else kind for kind in out[:title]]
    return [PartKind[KINDS[kind]] for kind in out] if _BODY in out else kinds


def _as_if_stopped(lines: Sequence[Line], kinds: Sequence[PartKind]) -> Sequence[Line]:
    """The lines; of a text whose paragraphs have no stops at their ends those of the body as if they had them.

    The model was learned from texts that mostly have them, and without stops takes paragraphs for something else.
    """
    if not lacks_stops(line for line, kind in zip(lines, kinds, strict=True) if kind is PartKind.BODY):
        return lines
    return [
        replace(line, stopped=True)
        if kind is PartKind.BODY and line.words >= _SENTENCE and line.talk == 0 and line.seen[-1] not in ":،,"
        else line
        for line, kind in zip(lines, kinds, strict=True)
    ]


def _headline(
    shares: np.ndarray, found: Sequence[int], lines: Sequence[Line], *, titled: bool
) -> tuple[int | None, bool]:
    """Place of the headline, and whether the rules found another or none."""
    by_rules = found.index(_TITLE) if _TITLE in found else None
    best = int(shares[:, _TITLE].argmax())
    sure = shares[best, _TITLE] >= _SURE and not _is_kept(shares[best], found[best], lines[best])
    # A sentence is no better a headline than the one that the rules found.
    doubted = by_rules is None or (shares[by_rules, _TITLE] < _DOUBT_OF_TITLE and not lines[best].stopped)
    doubted = doubted and lines[best].look is not Look.CAPTION
    moved = not titled and best != by_rules and sure and doubted
    return (best, True) if moved else (by_rules, False)


def _is_kept(share: np.ndarray, found: int, line: Line) -> bool:
    """Whether a line of the body stays one whatever else speaks for."""
    if found != _BODY or share[_BODY] >= _DOUBT_OF_BODY or line.words >= _LONG_PARAGRAPH or line.told:
        return found == _BODY
    told = line.stopped or _ASKS.search(line.seen[-8:])
    # A site that speaks of itself to its reader is no article, if the model says so too.
    return bool(told) and not addresses_both(line.seen)


def _kind(share: np.ndarray, found: int, line: Line) -> int:
    """The kind of a line that is not the headline."""
    best = int(np.delete(share, _TITLE).argmax())
    best += best >= _TITLE
    if found == _TITLE or best == found:
        return best
    if line.look is Look.CREDIT or line.told:
        return found
    if found == _BODY:
        return found if _is_kept(share, found, line) else best
    if best == _BODY:
        return best if share[_BODY] >= _SURE_OF_BODY else found
    return best if share[found] < _DOUBT else found
