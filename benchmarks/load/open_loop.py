"""Arrivals that wait for nobody, below and far above what the server can do.

.venv/bin/python -m benchmarks.load.open_loop [--quick]
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

from benchmarks.alone import alone
from benchmarks.load.calls import Outcomes, closed_loop, open_loop
from benchmarks.load.stubs import Stubs, translate_message
from benchmarks.plot import Line
from benchmarks.process import Server
from benchmarks.report import Goal, Plot, Section, Table, number

__all__ = ["measure"]

_SHARES = (0.5, 0.7, 0.9, 1.5, 4.0)
_CLIENTS = 48


# What fails after this share of its deadline or later was not refused but late.
_LATE = 0.9


@dataclass(frozen=True, slots=True)
class _Stretch:
    """One stretch of load, and the processor time that the server took for it."""

    calls: Outcomes
    server_s: float

    def processors(self) -> tuple[str, str]:
        """Cores that the client and the server used."""
        return f"{self.calls.client_s / self.calls.wall_s:.2f}", f"{self.server_s / self.calls.wall_s:.2f}"


async def _stretch(server: Server, load: Awaitable[Outcomes]) -> _Stretch:
    before = server.usage().cpu_s
    calls = await load
    return _Stretch(calls, server.usage().cpu_s - before)


async def _run(quick: bool) -> tuple[Outcomes, _Stretch, dict[float, _Stretch], float]:
    seconds, most = (8, 400) if quick else (30, 2_000)
    with Server(cache_bytes=0, mend=False) as server:
        async with Stubs(server.address) as stubs:
            messages: dict[int, bytes] = {}

            async def unhurried(which: int) -> None:
                await stubs.translate(messages[which])

            def made(start: int, count: int) -> range:
                numbers = range(start, start + count)
                messages.update((number, translate_message(number)) for number in numbers)
                return numbers

            await closed_loop(unhurried, made(0, 20), 4)
            idle = await closed_loop(unhurried, made(1_000, 15 if quick else 60), 1)
            # Nobody waits longer for a sentence than some tens of its own time.
            limit_s = 30 * idle.ms(0.5) / 1000

            async def send(which: int) -> None:
                await stubs.translate(messages[which], limit_s)

            full = await _stretch(server, closed_loop(unhurried, made(10_000, 120 if quick else 600), _CLIENTS))
            found = {}
            for index, share in enumerate(_SHARES):
                rate = share * full.calls.rate
                numbers = made(100_000 * (index + 1), min(most, round(rate * seconds)))
                found[share] = await _stretch(server, open_loop(send, numbers, rate, seed=index))
                await asyncio.sleep(1)
    return idle, full, found, limit_s


def measure(quick: bool) -> Section:
    """Capacity by closed loop, then Poisson arrivals at shares of it."""
    idle, full, stretches, limit_s = asyncio.run(_run(quick))
    found = {share: one.calls for share, one in stretches.items()}
    capacity = full.calls.rate
    peak = max(capacity, *(one.rate for one in found.values()))
    base_ms = idle.ms(0.5)
    rows = []
    for share, one in found.items():
        refused = sum(one.codes.values())
        asked = one.answered + refused
        codes = ", ".join(f"{name} {count / asked:.0%}" for name, count in sorted(one.codes.items())) or "none"
        late = sum(took > _LATE * limit_s for took in one.refusals_s)
        quick_ms = sorted(one.refusals_s)[len(one.refusals_s) // 2] * 1000 if one.refusals_s else None
        rows.append(
            (
                f"{share:.0%}",
                f"{one.rate / capacity:.2f}",
                *(number(one.ms(q) / base_ms) for q in (0.5, 0.95, 0.99)),
                codes,
                f"{late / asked:.1%}",
                "" if quick_ms is None else f"{number(quick_ms)} ms",
                *stretches[share].processors(),
            )
        )
    return Section(
        name="open_loop",
        title="Load below and above capacity",
        scale="",
        method=f"""\
One news sentence a request, all different, cache off, nothing decoded twice. Capacity: {_CLIENTS} clients that ask
again at once. Then Poisson arrivals at shares of it, each with a deadline of {number(1000 * limit_s / base_ms)} times
the idle p50; latency counts from the moment at which a request was due. Goodput: good answers a second over all the
time to the last one, as a share of capacity. Latencies are multiples of the idle p50 (one client). `late`: of all calls
those refused that took nine tenths of their deadline; they may have been decoded for nothing. The last columns: cores
that client and server used; the client, one process that sends messages made before and does not read the answers, runs
on the server's own cores, so that goodput is lower by what it takes. At capacity: {" and ".join(full.processors())}.
""",
        goals=[
            Goal("goodput at 400% of capacity, share of the peak", found[4.0].rate / peak, 0.9, at_least=True),
            Goal("p99 at 70% of capacity, times idle p50", found[0.7].ms(0.99) / base_ms, 3.0, at_least=False),
        ],
        tables=[
            Table(
                (
                    *("arrivals", "goodput", "p50", "p95", "p99", "refused", "late", "time of a refusal, p50"),
                    *("client, cores", "server, cores"),
                ),
                rows,
            )
        ],
        notes="""\
Capacity is that of full batches. One sentence decoded alone costs more than a share of a batch, so at 70% of capacity
requests already share batches, and the longest sentence of a batch is what all of it waits for; sentences of 60 words
alone take more than twice the p50. What a simulation says of other orders, and of the best that can be had:
[scheduling.md](scheduling.md#the-slowest-of-a-hundred).
""",
        plots=[
            Plot(
                "goodput",
                "Goodput by arrivals, both as multiples of capacity",
                "arrivals",
                "goodput",
                [Line("goodput", [[0.0, 0.0], *[[share, one.rate / capacity] for share, one in found.items()]])],
            )
        ],
    )


if __name__ == "__main__":
    alone(measure)
