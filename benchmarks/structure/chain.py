"""A linear chain over the lines of pages: states, what may follow what, training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from khulasa.server.core.text.learned import KINDS, STATES, ZONES, allowed

__all__ = ["Example", "states_of", "trained"]

# Each state has the weights of its kind and of its zone.
_PARTS = np.array(
    [[kind == of for of, _ in STATES] for kind in KINDS] + [[zone == of for _, of in STATES] for zone in ZONES],
    dtype=np.float32,
)
# Pages of a step, of about one length, and how far it goes.
_BATCH, _RATE = 24, 0.05


class Example(NamedTuple):
    """A page: of each line its features (places in the list of all) and its state; what the page weighs."""

    features: Sequence[np.ndarray]
    states: Sequence[int]
    mass: float


def states_of(kinds: Sequence[str]) -> list[int]:
    """The state of each line of a page, by its kind and where it stands between headline and body."""
    title = next((at for at, kind in enumerate(kinds) if kind == "TITLE"), None)
    body = [at for at, kind in enumerate(kinds) if kind == "BODY"]
    first, last = (body[0], body[-1]) if body else (len(kinds), -1)
    out = []
    for at, kind in enumerate(kinds):
        if kind in ("TITLE", "BODY"):
            zone = "-"
        elif title is not None and at < title:
            zone = "pre"
        elif at < first:
            zone = "head"
        elif at <= last or kind == "HEADING":
            zone = "mid"
        else:
            zone = "foot"
        state = (kind, zone)
        # A subtitle above the headline is rare: it counts as furniture.
        out.append(STATES.index(state if state in STATES else ("BOILERPLATE", zone)))
    return out


def trained(
    pages: Sequence[Example], width: int, *, ridge: float, epochs: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights by features and kinds and zones, of transitions, of first states, learned with Adam.

    Args:
        pages: To learn from.
        width: Number of all features.
        ridge: Penalty of squares, for all pages together.
        epochs: Times that all pages are read.
    """
    size = len(STATES)
    may = allowed()
    parameters = [np.zeros(shape, dtype=np.float32) for shape in ((width, len(_PARTS)), (size, size), (size,))]
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    average = [np.zeros_like(p) for p in parameters]
    ordered = sorted(pages, key=lambda page: len(page.states))
    batches = [_packed(ordered[at : at + _BATCH], width) for at in range(0, len(pages), _BATCH)]
    draw = np.random.default_rng(5)
    turn = averaged = 0
    for epoch in range(epochs):
        for at in draw.permutation(len(batches)):
            turn += 1
            slopes = _slopes(batches[at], parameters, may)
            rate = _RATE * (1 - epoch / epochs)
            for parameter, slope, (mean, square) in zip(parameters, slopes, moments, strict=True):
                slope += ridge / len(batches) * parameter
                mean += 0.1 * (slope - mean)
                square += 0.01 * (slope**2 - square)
                parameter -= rate * (mean / (1 - 0.9**turn)) / (np.sqrt(square / (1 - 0.99**turn)) + 1e-5)
            if epoch >= epochs // 2:
                averaged += 1
                for total, parameter in zip(average, parameters, strict=True):
                    total += parameter
    weights, moves, starts = (total / max(1, averaged) for total in average)
    return weights, moves, starts


@dataclass(frozen=True)
class _Batch:
    """Pages packed for one step: rows of features, places of their lines, states, what each page weighs."""

    dense: np.ndarray
    place: np.ndarray
    gold: np.ndarray
    mass: np.ndarray


def _packed(pages: Sequence[Example], width: int) -> _Batch:
    longest = max(len(page.states) for page in pages)
    dense = np.zeros((sum(len(page.states) for page in pages), width), dtype=np.float32)
    place = np.full((longest, len(pages)), -1)
    gold = np.zeros((longest, len(pages)), dtype=int)
    row = 0
    for number, page in enumerate(pages):
        for at, (line, state) in enumerate(zip(page.features, page.states, strict=True)):
            dense[row, line] = 1
            place[at, number], gold[at, number] = row, state
            row += 1
    return _Batch(dense, place, gold, np.array([page.mass for page in pages], dtype=np.float32))


def _slopes(batch: _Batch, parameters: Sequence[np.ndarray], may: np.ndarray) -> list[np.ndarray]:
    """Slopes of the loss of a batch; forward and backward over its pages at once."""
    weights, moves, starts = parameters
    there, mass, gold = batch.place >= 0, batch.mass, batch.gold
    # In double precision: what is unlikely must not become so small that processors grow slow.
    emit = (batch.dense @ weights @ _PARTS)[batch.place].astype(np.float64)
    lift = np.exp(emit - emit.max(2, keepdims=True))
    step = np.where(may[1:], np.exp(moves.astype(np.float64)), 0)
    ahead = np.empty_like(lift)
    now = np.where(may[0], np.exp(starts), 0) * lift[0]
    for at in range(len(lift)):
        if at:
            now = np.where(there[at][:, None], (now @ step) * lift[at], now)
        now = now / now.sum(1, keepdims=True)
        ahead[at] = now
    back = np.ones_like(now)
    wrong = np.empty_like(lift)
    pairs = np.zeros_like(step)
    pages = np.arange(len(mass))
    for at in range(len(lift) - 1, -1, -1):
        share = ahead[at] * back
        share /= share.sum(1, keepdims=True)
        share[pages, gold[at]] -= 1
        wrong[at] = share * mass[:, None]
        if at:
            onto = lift[at] * back
            behind = onto @ step.T
            scale = (ahead[at - 1] * behind).sum(1)
            held = mass * there[at]
            pairs += step * ((ahead[at - 1] * (held / scale)[:, None]).T @ onto)
            np.add.at(pairs, (gold[at - 1], gold[at]), -held)
            back = np.where(there[at][:, None], behind / behind.sum(1, keepdims=True), back)
    rows = np.empty((len(batch.dense), len(STATES)), dtype=np.float32)
    rows[batch.place[there]] = wrong[there]
    slopes = [batch.dense.T @ (rows @ _PARTS.T), pairs * may[1:], wrong[0].sum(0) * may[0]]
    return [slope.astype(np.float32) for slope in slopes]
