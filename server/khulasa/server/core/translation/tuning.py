"""Finds what runs fastest on this machine: compute type, threads, batch tokens; and what options cost."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from khulasa.server.core.errors import EngineError
from khulasa.server.core.translation.engine import EngineOptions, SegmentTokens
from khulasa.server.core.translation.scheduling.queue import fits_batch
from khulasa.server.core.translation.scheduling.scheduler import Runner

__all__ = ["Measurement", "TunableRunner", "TunedSettings", "compare", "tune"]


class TunableRunner(Runner, Protocol):
    """A runner that can be closed; `Engine` is the real one."""

    def close(self) -> None:
        """Frees it."""
        ...


@dataclass(frozen=True, slots=True)
class TunedSettings:
    """The fastest settings found; `beam_size` is kept as given, since fewer beams cost quality."""

    compute_type: str
    inter_threads: int
    intra_threads: int
    batch_tokens: int
    beam_size: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one combination reached.

    Attributes:
        tokens_per_s: Source tokens in a second, median over the rounds.
        batch_s: The longest batch, which an interactive request may have to wait for; median over the rounds.
    """

    settings: TunedSettings
    tokens_per_s: float
    batch_s: float


def tune(
    load: Callable[[str, int, int], TunableRunner],
    samples: Sequence[SegmentTokens],
    *,
    cores: int,
    compute_types: Sequence[str] = ("default",),
    batch_tokens: Sequence[int] = (256, 512, 1024, 2048),
    options: EngineOptions | None = None,
    rounds: int = 3,
    longest_batch_s: float = 0.5,
    clock: Callable[[], float] = time.perf_counter,
    report: Callable[[Measurement], None] = lambda _: None,
) -> tuple[TunedSettings, tuple[Measurement, ...]]:
    """Measures on `samples` and returns the best settings and everything measured.

    The best is the fastest of those whose longest batch stays within `longest_batch_s`, since a batch is what another
    request may have to wait for; with none within it, the one with the shortest longest batch.

    Args:
        load: Gives an engine for a compute type, inter and intra threads.
        samples: Tokenised segments, at least one; some hundred sentences of the usual kind.
        cores: Threads to be used altogether.
        rounds: Each engine's batch sizes are measured in turn this often, so that noise hits all alike.
        report: Told each measurement.

    Raises:
        ValueError: no sample.
        EngineError: no compute type can be run here.
    """
    if not samples:
        raise ValueError("tune needs samples")
    chosen = options or EngineOptions()
    measured: list[Measurement] = []
    for compute_type in compute_types:
        for inter, intra in _divisions(cores):
            try:
                runner = load(compute_type, inter, intra)
            except EngineError:
                # Not every machine knows every type.
                continue
            plans = [TunedSettings(compute_type, inter, intra, tokens, chosen.beam_size) for tokens in batch_tokens]
            try:
                for one in _measured(runner, samples, [(plan, chosen) for plan in plans], rounds, clock):
                    measured.append(one)
                    report(one)
            finally:
                runner.close()
    if not measured:
        raise EngineError("none of the compute types can be run here: " + ", ".join(compute_types))
    quick = [one for one in measured if one.batch_s <= longest_batch_s]
    best = max(quick, key=lambda one: one.tokens_per_s) if quick else min(measured, key=lambda one: one.batch_s)
    return best.settings, tuple(measured)


def compare(
    load: Callable[[str, int, int], TunableRunner],
    samples: Sequence[SegmentTokens],
    settings: TunedSettings,
    variants: Sequence[EngineOptions],
    *,
    rounds: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[tuple[float, float]]:
    """What options cost and bring: source tokens a second and mean score over `samples`, for each of `variants`.

    Raises:
        EngineError: the settings cannot be run here.
    """
    runner = load(settings.compute_type, settings.inter_threads, settings.intra_threads)
    try:
        measured = _measured(runner, samples, [(settings, options) for options in variants], rounds, clock)
        for options, one in zip(variants, measured, strict=True):
            found = [
                segment.hypotheses[0].score
                for batch in _batches(samples, settings.batch_tokens)
                for segment in runner.run(batch, options)
            ]
            yield one.tokens_per_s, statistics.fmean(found)
    finally:
        runner.close()


def _divisions(cores: int) -> Iterator[tuple[int, int]]:
    """Ways to share the cores out to batches: inter x intra, never more than there are."""
    inter = 1
    while inter <= cores:
        yield inter, cores // inter
        inter *= 2


def _measured(
    runner: Runner,
    samples: Sequence[SegmentTokens],
    plans: Sequence[tuple[TunedSettings, EngineOptions]],
    rounds: int,
    clock: Callable[[], float],
) -> list[Measurement]:
    runner.run(samples[:1], plans[0][1])
    speeds: list[list[float]] = [[] for _ in plans]
    longest: list[list[float]] = [[] for _ in plans]
    tokens = sum(len(one.source) for one in samples)
    for _ in range(rounds):
        for index, (plan, options) in enumerate(plans):
            seconds, slowest = _run(runner, samples, plan, options, clock)
            speeds[index].append(tokens / max(seconds, 1e-9))
            longest[index].append(slowest)
    return [
        Measurement(plan, statistics.median(speed), statistics.median(slowest))
        for (plan, _), speed, slowest in zip(plans, speeds, longest, strict=True)
    ]


def _run(
    runner: Runner,
    samples: Sequence[SegmentTokens],
    plan: TunedSettings,
    options: EngineOptions,
    clock: Callable[[], float],
) -> tuple[float, float]:
    """Seconds for all samples and for the slowest batch."""

    def timed(batch: Sequence[SegmentTokens]) -> float:
        began = clock()
        runner.run(batch, options)
        return clock() - began

    began = clock()
    with ThreadPoolExecutor(plan.inter_threads) as workers:
        slowest = max(workers.map(timed, list(_batches(samples, plan.batch_tokens))))
    return clock() - began, slowest


def _batches(samples: Sequence[SegmentTokens], batch_tokens: int) -> Iterator[list[SegmentTokens]]:
    """Batches by length as the scheduler forms them."""
    batch: list[SegmentTokens] = []
    tokens = 0
    for one in sorted(samples, key=lambda sample: len(sample.source)):
        longest = len(one.source)
        if batch and not fits_batch(batch_tokens, len(batch) + 1, tokens + longest, longest):
            yield batch
            batch, tokens = [], 0
        batch.append(one)
        tokens += longest
    if batch:
        yield batch
