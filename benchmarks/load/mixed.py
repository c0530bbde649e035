"""Somebody waits for a summary while an archive runs through.

.venv/bin/python -m benchmarks.load.mixed [--quick]
"""

from __future__ import annotations

import asyncio

from benchmarks.alone import alone
from benchmarks.load.calls import Outcomes
from benchmarks.load.stubs import Stubs
from benchmarks.process import Server
from benchmarks.report import Goal, Section, Table

__all__ = ["measure"]

# So that a request meets the archive at any moment, not always just after its own answer.
_PAUSE_S = 0.3


async def _ask(stubs: Stubs, numbers: range) -> Outcomes:
    outcomes = Outcomes()
    for number in numbers:
        await outcomes.call(stubs.summarize, number)
        await asyncio.sleep(_PAUSE_S)
    return outcomes


async def _run(quick: bool) -> tuple[Outcomes, Outcomes, float]:
    """Without and with the archive in turns, and the articles a second that the archive got on with."""
    rounds, asks = (2, 6) if quick else (4, 15)
    alone_, beside = Outcomes(), Outcomes()
    done, seconds = 0, 0.0
    loop = asyncio.get_running_loop()
    with Server(cache_bytes=0, mend=False) as server:
        async with Stubs(server.address) as stubs, Stubs(server.address) as other:
            await _ask(stubs, range(4))
            for turn in range(rounds):
                start = 10_000 * (turn + 1)
                quiet = await _ask(stubs, range(start, start + asks))
                archive = asyncio.create_task(other.archive(range(start + 1_000, start + 9_000)))
                await asyncio.sleep(2)
                before = loop.time()
                busy = await _ask(stubs, range(start + 500, start + 500 + asks))
                seconds += loop.time() - before
                archive.cancel()
                await asyncio.gather(archive, return_exceptions=True)
                await asyncio.sleep(1)
                alone_.latencies_s += quiet.latencies_s
                beside.latencies_s += busy.latencies_s
                beside.codes += busy.codes
    return alone_, beside, done / seconds


def measure(quick: bool) -> Section:
    """Interactive latency without and with an archive."""
    without, beside, _ = asyncio.run(_run(quick))
    base = without.ms(0.5)
    return Section(
        name="mixed",
        title="Interactive requests beside an archive",
        scale="",
        method="""\
One client asks for summaries of different articles (150 words, three pairs), one after the other, alone and beside a
SummarizeStream that sends as fast as the server takes, in turns. Times are multiples of the p50 without the archive.
The p95 of 60 requests is the third slowest: runs of one day gave 1.8 to 2.04 times.
""",
        goals=[
            Goal(
                "interactive p95 beside a bulk archive, times without",
                beside.ms(0.95) / without.ms(0.95),
                2.0,
                at_least=False,
            )
        ],
        tables=[
            Table(
                ("", "requests", "p50", "p95", "slowest", "refused"),
                [
                    (
                        name,
                        str(one.answered),
                        *(f"{one.ms(q) / base:.2f}" for q in (0.5, 0.95, 1.0)),
                        str(sum(one.codes.values())),
                    )
                    for name, one in (("without", without), ("beside the archive", beside))
                ],
            )
        ],
    )


if __name__ == "__main__":
    alone(measure)
