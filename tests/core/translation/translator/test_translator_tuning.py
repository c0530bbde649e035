"""Tuning with a decoder whose speed is known, on a clock that it moves itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from khulasa.server.core.errors import EngineError
from khulasa.server.core.translation.engine import DecodedHypothesis, DecodedSegment, EngineOptions, SegmentTokens
from khulasa.server.core.translation.tuning import Measurement, TunedSettings, compare, tune


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class PricedRunner:
    """Takes a fixed time for a batch and a time for each token."""

    def __init__(self, clock: Clock, token_s: float) -> None:
        self.clock, self.token_s, self.closed = clock, token_s, False

    def run(
        self,
        batch: Sequence[SegmentTokens],
        options: EngineOptions,
        cancelled: Callable[[int], bool] | None = None,
    ) -> list[DecodedSegment]:
        assert not self.closed
        self.clock.now += 0.05 + self.token_s * sum(len(one.source) for one in batch)
        return [DecodedSegment((DecodedHypothesis(one.source, -1.0),)) for one in batch]

    def close(self) -> None:
        self.closed = True


SAMPLES = [SegmentTokens(("x",) * 10)] * 60


def test_the_fastest_that_keeps_batches_short_wins_and_every_engine_is_closed() -> None:
    clock, runners, told = Clock(), list[PricedRunner](), list[Measurement]()

    def load(compute_type: str, inter: int, intra: int) -> PricedRunner:
        if compute_type == "unknown":
            raise EngineError("not on this machine")
        runners.append(PricedRunner(clock, 0.001 if compute_type == "int8" else 0.002))
        return runners[-1]

    best, measured = tune(
        load,
        SAMPLES,
        cores=1,
        compute_types=("float32", "int8", "unknown"),
        batch_tokens=(100, 300, 600),
        longest_batch_s=0.4,
        clock=clock,
        report=told.append,
    )
    # 600 tokens in one batch would be faster still, but take 0.65 s.
    assert (best.compute_type, best.inter_threads, best.intra_threads, best.batch_tokens) == ("int8", 1, 1, 300)
    assert len(measured) == len(told) == 6
    assert all(runner.closed for runner in runners)


def test_with_only_long_batches_the_shortest_wins() -> None:
    clock = Clock()
    best, _ = tune(
        lambda *_: PricedRunner(clock, 1.0), SAMPLES, cores=1, batch_tokens=(100, 300), clock=clock, rounds=1
    )
    assert best.batch_tokens == 100


def test_threads_never_exceed_the_cores() -> None:
    clock, asked = Clock(), list[tuple[int, int]]()

    def load(_compute_type: str, inter: int, intra: int) -> PricedRunner:
        asked.append((inter, intra))
        return PricedRunner(clock, 0.001)

    tune(load, SAMPLES, cores=6, batch_tokens=(100,), clock=clock, rounds=1)
    assert asked == [(1, 6), (2, 3), (4, 1)]


def test_no_sample_and_no_engine_are_said() -> None:
    def load(*_: object) -> PricedRunner:
        raise EngineError("no")

    with pytest.raises(ValueError, match="samples"):
        tune(load, [], cores=1)
    with pytest.raises(EngineError):
        tune(load, SAMPLES, cores=1)


def test_variants_are_compared_on_the_same_engine() -> None:
    clock, runners = Clock(), list[PricedRunner]()

    def load(_compute_type: str, _inter: int, _intra: int) -> PricedRunner:
        runners.append(PricedRunner(clock, 0.001))
        return runners[-1]

    settings = TunedSettings("int8", 1, 1, 300, 4)
    variants = [EngineOptions(beam_size=1), EngineOptions(beam_size=4)]
    rows = list(compare(load, SAMPLES, settings, variants, rounds=1, clock=clock))
    assert [score for _, score in rows] == [-1.0, -1.0]
    # Two batches of 300 tokens at 0.05 s and 0.001 s a token.
    assert [round(speed) for speed, _ in rows] == [round(600 / 0.7)] * 2
    assert len(runners) == 1
    assert runners[0].closed
