"""Blocks of a thousand cases, each made from one seed, by several workers with a server each.

    python tests/fuzz/fuzz_run.py --seeds 0:100 --workers 2 --done .build/fuzz-done

A run that was stopped goes on where it was: seeds in the file of `--done` are left out. What fails is told with its
seed, and the run goes on; `--seeds 17:18 --shrink` looks for the smallest request that fails so.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[1] / "e2e"))

from fuzz_cases import KINDS, Kind
from hypothesis import HealthCheck, Phase, given, seed, settings
from server_process import ServerProcess

__all__ = ["BLOCK_CASES", "HOW", "Run", "running_server", "tried"]

COMMAND = [sys.executable, str(Path(__file__).parent / "server_quick_decoder.py")]
START_LIMIT_S = 600.0
BLOCK_CASES = sum(kind.share for kind in KINDS.values())
HOW = settings(
    deadline=None,
    database=None,
    print_blob=False,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def running_server() -> Iterator[ServerProcess]:
    """A server on a port of its own, which stops cleanly and has nothing to say."""
    with ServerProcess(COMMAND, log_level="error", log_texts=True) as process:
        # Longer than other tests wait: the long run shares its machine with whatever else there is to do.
        until = time.monotonic() + START_LIMIT_S
        while process.health() != "SERVING":
            assert process.process.poll() is None, process.written()[-5000:]
            assert time.monotonic() < until, "the server never served"
            time.sleep(0.1)
        yield process
        assert process.stop(timeout_s=120) == 0
        assert not process.log, process.written()[-5000:]


def tried(kind: Kind, how: settings, server: ServerProcess, number: int | None = None) -> int:
    """Cases of one kind sent to a server; how many.

    Args:
        number: The seed; None where `how` fixes the cases.

    Raises:
        BaseException: what the smallest case that fails raises.
    """
    count = 0

    @how
    @given(kind.strategy)
    def case(value: Any) -> None:
        nonlocal count
        count += 1
        kind.check(server, value)

    if number is not None:
        case = seed(number)(case)
    case()
    return count


class Run:
    """Blocks of cases, shared among workers.

    Args:
        seeds: One block for each.
        done: A file of seeds that are done, read and added to; None for none.
        say: Is told of progress, a line at a time.
        shrink: Look for the smallest case that fails, which takes minutes.
    """

    def __init__(self, seeds: range, done: Path | None, say: Callable[[str], None], *, shrink: bool = False) -> None:
        before = {int(line) for line in done.read_text().split()} if done is not None and done.exists() else set()
        if done is not None:
            done.parent.mkdir(parents=True, exist_ok=True)
        self._left = [number for number in reversed(seeds) if number not in before]
        self._todo, self._finished = len(self._left), 0
        self._done, self._say = done, say
        self._how = settings(HOW, phases=[Phase.generate, Phase.shrink]) if shrink else HOW
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self.cases = 0
        self.failures: list[str] = []

    def carry_out(self, workers: int) -> None:
        """All blocks; afterwards `failures` has those that failed."""
        with ThreadPoolExecutor(workers) as pool:
            for one in [pool.submit(self._work) for _ in range(workers)]:
                one.result()

    def _next(self) -> int | None:
        with self._lock:
            return self._left.pop() if self._left else None

    def _work(self) -> None:
        waiting = self._next()
        while waiting is not None:
            # A server that failed is not the next block's.
            try:
                with running_server() as server:
                    while waiting is not None and self._block(waiting, server):
                        waiting = self._next()
            except Exception:
                self._failed(f"server of seed {waiting}")
            waiting = self._next() if waiting is not None else None

    def _block(self, number: int, server: ServerProcess) -> bool:
        """The cases of one seed; whether the server may go on."""
        sound = True
        for name, kind in KINDS.items():
            try:
                count = tried(kind, settings(self._how, max_examples=kind.share), server, number)
            except Exception:
                sound = False
                self._failed(f"seed {number}, {name}")
                if server.process.poll() is not None:
                    break
            else:
                with self._lock:
                    self.cases += count
        with self._lock:
            self._finished += 1
            if sound and self._done is not None:
                with self._done.open("a") as file:
                    file.write(f"{number}\n")
            minutes = (time.monotonic() - self._began) / 60
            self._say(
                f"seed {number}: {self._finished} of {self._todo} blocks, {self.cases:,} cases, "
                f"{len(self.failures)} failures, {minutes:.1f} min"
            )
        return sound

    def _failed(self, where: str) -> None:
        with self._lock:
            self.failures.append(f"{where}\n{traceback.format_exc()[-6000:]}")
            self._say(f"FAILED {self.failures[-1]}")


def _seeds(text: str) -> range:
    first, _, after = text.partition(":")
    return range(int(first), int(after))


def main() -> int:
    """Run the blocks that the command line names; 1 where any failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=_seeds, default=range(100), metavar="FIRST:AFTER", help="default 0:100")
    parser.add_argument("--workers", type=int, default=1, help="servers at a time (default 1)")
    parser.add_argument("--done", type=Path, help="file of seeds that are done")
    parser.add_argument("--shrink", action="store_true", help="look for the smallest case that fails")
    given = parser.parse_args()
    run = Run(given.seeds, given.done, lambda line: print(line, flush=True), shrink=given.shrink)
    run.carry_out(given.workers)
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
