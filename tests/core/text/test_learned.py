"""The learned model: its shares by hand, what it may not change, and what it is written as."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from khulasa.server.core.text import learned
from khulasa.server.core.text.learned import KINDS, STATES, ZONES, Chain, allowed, chain, packed, revised
from khulasa.server.core.text.line_features import features_of
from khulasa.server.core.text.lines import look_at_all
from khulasa.server.core.text.looks import Line
from khulasa.server.core.text.types import PartKind

BODY = "The ferry will sail again on Monday, the harbour master said, after nine days of repairs to its only engine."
SCRAP = "Weather and tides from the harbour"
PAGE = ["Ferry sails again after nine days", "By Mara Quill", BODY, "Share", SCRAP, "Tags: ferry"]
RULED = [
    PartKind.TITLE,
    PartKind.BYLINE,
    PartKind.BODY,
    PartKind.BOILERPLATE,
    PartKind.BODY,
    PartKind.BOILERPLATE,
]


class Fixed:
    """A model that gives every line the same shares, but for those given by place."""

    def __init__(self, shares: dict[int, dict[str, float]], others: dict[str, float]) -> None:
        self.given, self.others = shares, others

    def shares(self, features: list[list[str]]) -> np.ndarray:
        return np.array(
            [[self.given.get(at, self.others).get(kind, 0.0) for kind in KINDS] for at in range(len(features))]
        )


def lines_of(page: list[str]) -> list[Line]:
    return look_at_all(page)


def by_model(monkeypatch: pytest.MonkeyPatch, given: dict[int, dict[str, float]], *, titled: bool = False) -> list[str]:
    """Kinds of the page where a model gives some lines these shares and is at one with the rules on the others."""
    agreed = {at: {kind.name: 1.0} for at, kind in enumerate(RULED)}
    monkeypatch.setattr(learned, "chain", lambda: Fixed(agreed | given, {}))
    return [kind.name for kind in revised(lines_of(PAGE), list(RULED), titled=titled)]


def test_shares_are_those_of_all_ways_through_a_page() -> None:
    draw = np.random.default_rng(3)
    names = [f"f{number}" for number in range(4)]
    weights = {name: packed(draw.normal(scale=0.4, size=len(KINDS) + len(ZONES))) for name in names}
    moves, starts = (
        [packed(row) for row in draw.normal(scale=0.4, size=(len(STATES), len(STATES)))],
        packed(draw.normal(scale=0.4, size=16)),
    )
    page = [["f0"], ["f1", "f2", "unknown"], ["f3"]]
    may = allowed()

    def value(written: str, at: int) -> float:
        return (learned._DIGITS.index(written[at]) - 32) * learned._STEP

    total = np.zeros((len(page), len(KINDS)))
    for way in product(range(len(STATES)), repeat=len(page)):
        if not may[0][way[0]] or not all(may[1 + before][after] for before, after in pairwise(way)):
            continue
        score = value(starts, way[0]) + sum(value(moves[a], b) for a, b in pairwise(way))
        for line, state in zip(page, way, strict=True):
            kind, zone = STATES[state]
            for name in set(line) & set(names):
                score += value(weights[name], KINDS.index(kind))
                score += value(weights[name], len(KINDS) + ZONES.index(zone))
        for at, state in enumerate(way):
            total[at, KINDS.index(STATES[state][0])] += np.exp(score)
    expected = total / total.sum(1, keepdims=True)
    assert np.allclose(Chain(weights, moves, starts).shares(page), expected)


def test_the_weights_that_ship_are_whole() -> None:
    model = chain()
    assert model._weights.shape[1] == len(STATES)
    assert np.abs(model._weights).max() > 0
    # Features that nothing ever has would be dead weight.
    names = {name for line in features_of(lines_of(PAGE), RULED) for name in line}
    assert len(names & set(model._row)) > 60


def test_the_model_changes_what_it_is_sure_of(monkeypatch: pytest.MonkeyPatch) -> None:
    unchanged = [kind.name for kind in RULED]
    assert by_model(monkeypatch, {}) == unchanged
    sure = {5: {"BYLINE": 0.97, "BOILERPLATE": 0.03}}
    assert by_model(monkeypatch, sure) == [*unchanged[:5], "BYLINE"]
    assert by_model(monkeypatch, {5: {"BYLINE": 0.88, "BOILERPLATE": 0.12}}) == unchanged
    assert by_model(monkeypatch, {5: {"BODY": 0.97, "BOILERPLATE": 0.03}}) == [*unchanged[:5], "BODY"]
    assert by_model(monkeypatch, {5: {"BODY": 0.9, "BOILERPLATE": 0.1}}) == unchanged


def test_a_line_of_the_body_stays_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    assert by_model(monkeypatch, {4: {"BOILERPLATE": 0.97, "BODY": 0.03}})[4] == "BODY"
    gone = {"BOILERPLATE": 0.99, "BODY": 0.01}
    assert by_model(monkeypatch, {4: gone})[4] == "BOILERPLATE"
    # With a stop it stays whatever the model says.
    assert by_model(monkeypatch, {2: gone})[2] == "BODY"


def test_a_page_is_never_left_without_a_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "chain", lambda: Fixed({}, {"BOILERPLATE": 1.0}))
    kinds = [PartKind.HEADING, PartKind.BODY]
    assert revised(lines_of([SCRAP, SCRAP]), list(kinds)) == kinds


def test_long_paragraphs_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    long = f"{BODY} {BODY}".replace(".", "")
    page = [PAGE[0], BODY, long]
    monkeypatch.setattr(learned, "chain", lambda: Fixed({0: {"TITLE": 1.0}, 1: {"BODY": 1.0}}, {"BOILERPLATE": 1.0}))
    kinds = revised(lines_of(page), [PartKind.TITLE, PartKind.BODY, PartKind.BODY])
    assert kinds == [PartKind.TITLE, PartKind.BODY, PartKind.BODY]


def test_the_headline_moves_only_where_it_did_not_come_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {0: {"BOILERPLATE": 0.9, "TITLE": 0.1}, 1: {"TITLE": 0.9, "BYLINE": 0.1}}
    assert by_model(monkeypatch, given)[:2] == ["BOILERPLATE", "TITLE"]
    assert by_model(monkeypatch, given, titled=True)[:2] == ["TITLE", "BYLINE"]
    doubted = {0: {"BOILERPLATE": 0.7, "TITLE": 0.3}, 1: {"TITLE": 0.7, "BYLINE": 0.3}}
    assert by_model(monkeypatch, doubted)[:2] == ["TITLE", "BYLINE"]


def test_very_long_pages_are_read_by_the_rules_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "chain", lambda: Fixed({}, {"CAPTION": 1.0}))
    page = [PAGE[0], *["Share"] * 1_000, BODY]
    kinds = [PartKind.TITLE, *[PartKind.BOILERPLATE] * 1_000, PartKind.BODY]
    assert revised(lines_of(page), list(kinds)) == kinds
    assert revised(lines_of(page)[-500:], kinds[-500:]) != kinds[-500:]
