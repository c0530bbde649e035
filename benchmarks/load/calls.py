"""Calls to a server under measurement, and what became of them. Only to the loopback interface, bounded in number."""

from __future__ import annotations

import asyncio
import math
import random
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import grpc

__all__ = ["Outcomes", "closed_loop", "open_loop", "percentile"]

Send = Callable[[int], Awaitable[None]]


@dataclass(slots=True)
class Outcomes:
    """Of one stretch of load.

    Attributes:
        latencies_s: Of the calls that were answered well.
        codes: How the others ended, by status code.
        refusals_s: How long those took.
        wall_s: From the first call to the last answer.
        client_s: Processor time that this process took meanwhile: the client's.
    """

    latencies_s: list[float] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    refusals_s: list[float] = field(default_factory=list)
    wall_s: float = 0.0
    client_s: float = 0.0

    @property
    def answered(self) -> int:
        """Calls answered well."""
        return len(self.latencies_s)

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return self.answered / self.wall_s if self.wall_s else 0.0

    def ms(self, share: float) -> float:
        """A percentile of the good answers, milliseconds; 0 without any."""
        return percentile(self.latencies_s, share) * 1000

    async def call(self, send: Send, number: int, due: float | None = None) -> None:
        """One call, whatever becomes of it; its time counts from `due` if that is given."""
        began = time.perf_counter() if due is None else due
        try:
            await send(number)
        except grpc.aio.AioRpcError as error:
            self.codes[error.code().name] += 1
            self.refusals_s.append(time.perf_counter() - began)
        else:
            self.latencies_s.append(time.perf_counter() - began)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed; 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]


async def closed_loop(send: Send, numbers: Sequence[int], clients: int) -> Outcomes:
    """Each client sends its next request when its last is answered, until `numbers` is used up."""
    outcomes, waiting = Outcomes(), iter(numbers)

    async def client() -> None:
        for number in waiting:
            await outcomes.call(send, number)

    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(client() for _ in range(clients)))
    outcomes.wall_s, outcomes.client_s = time.perf_counter() - began, time.process_time() - used
    return outcomes


async def open_loop(send: Send, numbers: Sequence[int], rate: float, seed: int = 1) -> Outcomes:
    """Poisson arrivals at `rate` a second that wait for nobody, one for each of `numbers`.

    Latency counts from the moment at which the request was due, so that a sender that falls behind hides nothing.
    """
    outcomes, draw = Outcomes(), random.Random(seed)
    tasks: list[asyncio.Task[None]] = []
    began = due = time.perf_counter()
    used = time.process_time()
    for number in numbers:
        due += draw.expovariate(rate)
        pause = due - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        tasks.append(asyncio.create_task(outcomes.call(send, number, due)))
    await asyncio.gather(*tasks)
    outcomes.wall_s, outcomes.client_s = time.perf_counter() - began, time.process_time() - used
    return outcomes


def spread(values: Sequence[float]) -> str:
    """Median and range, for tables."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
