"""What goes into the scheduler and what it tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from khulasa.server.core.errors import EngineError
from khulasa.server.core.translation.engine import DecodedSegment, EngineOptions, SegmentTokens
from khulasa.server.core.translation.scheduling.admission import Reservation
from khulasa.server.core.translation.scheduling.queue import Job

__all__ = [
    "BatchReport",
    "Completed",
    "DecoderJob",
    "Outcome",
    "Runner",
    "SchedulerStats",
    "Unit",
    "Waiter",
    "engine_error",
    "settle",
    "since",
]


class Runner(Protocol):
    """What decodes; `Engine` is the real one."""

    def run(
        self,
        batch: Sequence[SegmentTokens],
        options: EngineOptions,
        cancelled: Callable[[int], bool] | None = None,
    ) -> list[DecodedSegment]:
        """N segments in, N results out, same order."""
        ...


@dataclass(frozen=True, slots=True)
class Completed:
    """A decoded segment and the clock readings of its way: queued, taken into a batch, decoded."""

    result: DecodedSegment
    queued_at: float
    started_at: float
    finished_at: float


@dataclass(frozen=True, slots=True)
class BatchReport:
    """One batch that ran.

    Attributes:
        fill: Share of padded tokens that were real, (0, 1].
        failed: The engine raised.
    """

    segments: int
    tokens: int
    fill: float
    seconds: float
    failed: bool


@dataclass(frozen=True, slots=True)
class SchedulerStats:
    """A snapshot for metrics; counts are since the start."""

    queued_segments: int
    queued_tokens: int
    queued_tokens_interactive: int
    queued_tokens_bulk: int
    running_segments: int
    held_tokens: int
    held_bytes: int
    held_texts: int
    batches: int
    segments: int
    tokens: int
    shared_segments: int
    cancelled_segments: int
    expired_segments: int
    failed_segments: int
    failed_batches: int
    worker_restarts: int
    fill: float
    tokens_per_s: float
    rejections: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unit:
    """What a job asks of whom."""

    runner: Runner
    options: EngineOptions
    tokens: SegmentTokens


class Waiter:
    """One future that waits for a job."""

    __slots__ = ("asked_at", "deadline", "future", "job", "loop", "reservation")

    def __init__(
        self,
        job: DecoderJob,
        loop: asyncio.AbstractEventLoop,
        asked_at: float,
        deadline: float | None,
        reservation: Reservation | None,
    ) -> None:
        self.job, self.loop, self.asked_at = job, loop, asked_at
        self.deadline, self.reservation = deadline, reservation
        self.future: asyncio.Future[Completed] = loop.create_future()


DecoderJob = Job[Unit, Waiter]


Outcome = Completed | Exception


def settle(outcomes: Sequence[tuple[asyncio.Future[Completed], Outcome]]) -> None:
    """Gives futures their outcomes, in their own loop; one that is done already keeps what it has."""
    for future, outcome in outcomes:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def since(outcome: Outcome, asked_at: float) -> Outcome:
    """An outcome for one who asked then, when another may have been waiting for it: that wait was not his."""
    if isinstance(outcome, Exception) or outcome.queued_at >= asked_at:
        return outcome
    started_at, finished_at = max(outcome.started_at, asked_at), max(outcome.finished_at, asked_at)
    return replace(outcome, queued_at=asked_at, started_at=started_at, finished_at=finished_at)


def engine_error(error: Exception) -> EngineError:
    """What the caller gets for whatever the decoder raised."""
    failure = EngineError(f"the decoder failed: {type(error).__name__}: {error}")
    failure.__cause__ = error
    return failure
