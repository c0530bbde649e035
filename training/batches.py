"""Batches of like length, and the output vocabulary of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

WINDOW = 4000


def weighted_pass(weights: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    """Pair numbers of one pass in random order; a weight of 2.5 gives two or three draws."""
    w = np.asarray(weights)
    times = np.floor(w + rng.random(len(w))).astype(int)
    return rng.permutation(np.repeat(np.arange(len(w)), times))


def batches(
    weights: Sequence[float], lengths: Sequence[tuple[int, int]], tokens: int, rng: np.random.Generator
) -> Iterator[list[int]]:
    """Endless batches of pair numbers.

    Args:
        weights: Draws of each pair in a pass.
        lengths: (source, target) pieces of each pair.
        tokens: Upper bound on pairs times the longest side.
        rng: Decides the order.
    """
    while True:
        order = weighted_pass(weights, rng)
        for start in range(0, len(order), WINDOW):
            window = sorted(order[start : start + WINDOW], key=lambda i: (lengths[i][1] // 3, lengths[i][0]))
            groups: list[list[int]] = [[]]
            longest = 0
            for i in window:
                longest = max(longest, *lengths[i])
                if groups[-1] and longest * (len(groups[-1]) + 1) > tokens:
                    groups.append([])
                    longest = max(lengths[i])
                groups[-1].append(int(i))
            for k in rng.permutation(len(groups)):
                if groups[k]:
                    yield groups[k]


class OutputVocabulary:
    """Candidate pieces for a sampled softmax: the batch's own, the frequent ones, and a random sample.

    The sample stands for all the rest: its logits are raised by -log(share sampled), so that the sum over the whole
    vocabulary is estimated without bias (https://arxiv.org/abs/1412.2007).
    """

    def __init__(self, counts: np.ndarray, frequent: int, sample: int) -> None:
        """Args:
        counts: Occurrences of each piece on the target side.
        frequent: How many of the most frequent are always in.
        sample: How many of the others are drawn for a batch.
        """
        order = np.argsort(-counts, kind="stable")
        self.always = order[:frequent]
        self.rest = order[frequent:]
        self.sample = min(sample, len(self.rest))
        self.size = len(counts)

    def draw(self, used: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Candidate ids, the correction of each one's logit, and the place of each piece (-1: not a candidate)."""
        place = np.full(self.size, -1, dtype=np.int64)
        certain = np.union1d(self.always, used)
        place[certain] = 0
        drawn = self.rest[rng.integers(0, len(self.rest), self.sample)]
        drawn = np.unique(drawn[place[drawn] < 0])
        ids = np.concatenate([certain, drawn])
        share = len(drawn) / max(1, self.size - len(certain))
        correction = np.zeros(len(ids), dtype=np.float32)
        if len(drawn):
            correction[len(certain) :] = -np.log(share)
        place[ids] = np.arange(len(ids))
        return ids, correction, place
