"""The long run's bookkeeping: seeds are shared, failures told and not counted as done, and a stopped run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fuzz_run
import pytest
from fuzz_cases import Kind
from fuzz_run import Run
from hypothesis import strategies as st


class Servers:
    """Stands in for server processes."""

    def __init__(self) -> None:
        self.started = 0
        self.seen: list[int] = []

    @contextmanager
    def running(self) -> Iterator[Any]:
        self.started += 1
        yield SimpleNamespace(process=SimpleNamespace(poll=lambda: None))

    def check(self, server: Any, value: int) -> None:
        self.seen.append(value)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    made = Servers()
    monkeypatch.setattr(fuzz_run, "running_server", made.running)
    monkeypatch.setattr(fuzz_run, "KINDS", {"one": Kind(st.integers(0, 2**64), made.check, 5)})
    return made


def test_a_stopped_run_goes_on_with_the_seeds_that_are_left(tmp_path: Path, servers: Servers) -> None:
    done = tmp_path / "new" / "done"
    first = Run(range(3), done, lambda line: None)
    first.carry_out(2)
    assert sorted(done.read_text().split()) == ["0", "1", "2"]
    assert (first.cases, first.failures, servers.started) == (15, [], 2)
    said: list[str] = []
    second = Run(range(5), done, said.append)
    second.carry_out(1)
    assert second.cases == 10
    assert len(said) == 2
    assert said[-1].startswith("seed 4: 2 of 2 blocks, 10 cases, 0 failures")
    assert sorted(done.read_text().split()) == ["0", "1", "2", "3", "4"]


def test_a_seed_gives_the_same_cases_again(servers: Servers) -> None:
    Run(range(7, 8), None, lambda line: None).carry_out(1)
    before = list(servers.seen)
    servers.seen.clear()
    Run(range(7, 8), None, lambda line: None).carry_out(1)
    assert servers.seen == before
    Run(range(8, 9), None, lambda line: None).carry_out(1)
    assert servers.seen[len(before) :] != before


def test_a_failure_is_told_with_its_seed_and_stops_no_other(
    tmp_path: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(server: Any, value: int) -> None:
        assert servers.started != 1, "wrong answer"

    monkeypatch.setattr(fuzz_run, "KINDS", {"one": Kind(st.integers(), check, 5)})
    said: list[str] = []
    run = Run(range(3), tmp_path / "done", said.append)
    run.carry_out(1)
    (failure,) = run.failures
    assert failure.startswith("seed 0, one\n")
    assert "wrong answer" in failure
    assert any("FAILED seed 0, one" in line for line in said)
    assert (tmp_path / "done").read_text().split() == ["1", "2"]
    assert servers.started == 2, "the next block has a server of its own"
