"""What tests of this room share."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

# pytest's importlib mode leaves the folder out of sys.path; modules that tests share lie beside them.
sys.path.insert(0, str(Path(__file__).parent))


def _growth(work: Callable[[int], object], size: int, times: int) -> float:
    def cost(amount: int) -> float:
        began = time.process_time()
        work(amount)
        return time.process_time() - began

    work(size)  # lexicons and patterns are loaded once
    short = max(min(cost(size) for _ in range(3)), 0.002)
    found = float("inf")
    for _ in range(3):
        found = min(found, cost(size * times) / short)
        if found < times**1.5:
            break
    return found


@pytest.fixture
def growth() -> Callable[[Callable[[int], object], int, int], float]:
    """How many times the processor time of `work(size)` `work(size * times)` takes: `times` for linear work.

    Squared work would take `times` squared; a limit of `times` to the power of 1.5 leaves room for a busy machine. The
    least of three readings, and the first below that limit is enough.
    """
    return _growth
