"""Any request, well-formed or not: an answer or a refusal that blames the caller, never UNKNOWN, INTERNAL or a crash.

A real server process with the real rooms and a decoder that copies. `-m long` runs 100,000 cases; see `fuzz_run`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz_cases import KINDS
from fuzz_run import BLOCK_CASES, HOW, Run, running_server, tried
from hypothesis import Phase, settings
from server_process import ServerProcess

CASES = 100_000


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with running_server() as process:
        yield process


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", KINDS)
def test_any_request_is_answered_or_refused(server: ServerProcess, name: str) -> None:
    kind = KINDS[name]
    tried(kind, settings(HOW, phases=tuple(Phase), max_examples=min(80, max(3, kind.share)), derandomize=True), server)


@pytest.mark.long
@pytest.mark.timeout(6 * 3600)
def test_a_hundred_thousand_requests_are_answered_or_refused(capsys: pytest.CaptureFixture[str]) -> None:
    def say(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)

    done = os.environ.get("KHULASA_FUZZ_DONE")
    run = Run(range(-(-CASES // BLOCK_CASES)), Path(done) if done else None, say)
    run.carry_out(int(os.environ.get("KHULASA_FUZZ_WORKERS", "1")))
    assert not run.failures, "\n\n".join(run.failures)
