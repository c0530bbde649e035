"""Many requests, one server: memory, file descriptors and threads must not grow.

.venv/bin/python -m benchmarks.load.soak [--quick] [--requests 50000]
"""

from __future__ import annotations

import argparse
import asyncio
import random

from khulasa.v1 import translation_pb2

from benchmarks.alone import run
from benchmarks.load.calls import closed_loop
from benchmarks.load.stubs import Stubs
from benchmarks.plot import Line
from benchmarks.process import Server, Usage
from benchmarks.report import Goal, Plot, Section, Table, number
from benchmarks.texts.articles import sentence

__all__ = ["measure", "soak"]

_CLIENTS = 8
_REQUESTS = 50_000
# The vocabulary's and the allocator's pools fill up in these.
_WARM_UP = 0.2


def _short(which: int) -> str:
    """A few words: the point is the number of requests."""
    words = sentence(which).split()
    return " ".join([*words[:4], str(which)])


async def _run(requests: int) -> list[tuple[int, Usage]]:
    found: list[tuple[int, Usage]] = []
    draw = random.Random(3)
    # A small cache is full soon, so that what grows after is a leak.
    with Server(mend=False, cache_bytes=1 << 20, beam_size=1) as server:
        async with Stubs(server.address) as stubs:

            async def send(which: int) -> None:
                request = translation_pb2.TranslateRequest(
                    texts=[_short(which)], source_language_code="ar", target_language_code="en"
                )
                call = stubs.translations.Translate(request, timeout=300)
                if draw.random() < 0.02:
                    # Some callers give up.
                    await asyncio.sleep(draw.random() * 0.02)
                    call.cancel()
                    return
                await call

            step = requests // 20
            for at in range(0, step * 20, step):
                outcomes = await closed_loop(send, range(at, at + step), _CLIENTS)
                if outcomes.codes:
                    raise AssertionError(f"not all were answered: {outcomes.codes}")
                await asyncio.sleep(0.3)
                found.append((at + step, server.usage()))
    return found


def soak(requests: int) -> Section:
    """Usage at twenty moments."""
    found = asyncio.run(_run(requests))
    warm = next(usage for done, usage in found if done >= _WARM_UP * requests)
    last = found[-1][1]
    return Section(
        name="soak",
        title="Many requests on end",
        scale="",
        method=f"""\
{requests:,} requests of {_CLIENTS} clients, short and all different, greedy search, 2 in 100 cancelled; the server's
memory, file descriptors and threads, after {_WARM_UP:.0%} of them and at the end.
""",
        goals=[
            Goal(
                "memory growth after warm-up",
                100 * (last.memory_mib / warm.memory_mib - 1),
                2.0,
                at_least=False,
                unit=" %",
            ),
            Goal("more file descriptors than after warm-up", float(last.files - warm.files), 0.0, at_least=False),
            Goal("more threads than after warm-up", float(last.threads - warm.threads), 0.0, at_least=False),
        ],
        tables=[
            Table(
                ("requests", "resident memory, MiB", "file descriptors", "threads"),
                [
                    (number(done), f"{usage.memory_mib:.1f}", str(usage.files), str(usage.threads))
                    for done, usage in found[3::4]
                ],
            )
        ],
        plots=[
            Plot(
                "soak",
                "Resident memory by requests answered",
                "requests",
                "MiB",
                [Line("memory", [[float(done), usage.memory_mib] for done, usage in found])],
            )
        ],
    )


def measure(quick: bool) -> Section:
    """The whole, or a twenty-fifth of it."""
    return soak(_REQUESTS // 25 if quick else _REQUESTS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--requests", type=int)
    args = parser.parse_args()
    run(lambda quick: soak(args.requests) if args.requests else measure(quick), quick=args.quick)
