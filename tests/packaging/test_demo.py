"""`make demo` waits for a server that is alive, however busy the machine is."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest

DEMO = Path(__file__).resolve().parents[2] / "tools/demo.py"


class Server:
    """A process that ends when the clock says so."""

    def __init__(self, clock: SimpleNamespace, dies_at: float) -> None:
        self.clock, self.dies_at, self.returncode = clock, dies_at, 3

    def poll(self) -> int | None:
        return self.returncode if self.clock.now >= self.dies_at else None


def waited(monkeypatch: pytest.MonkeyPatch, *, ready_at: float, dies_at: float = float("inf")) -> float:
    """Waits on a clock on which each question to the server takes 5 s."""
    spec = importlib.util.spec_from_file_location("demo", DEMO)
    assert spec is not None
    assert spec.loader is not None
    demo: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    clock = SimpleNamespace(now=0.0)

    def asked(command: list[str], **_: object) -> SimpleNamespace:
        assert "healthcheck" in command
        clock.now += 5
        return SimpleNamespace(returncode=0 if clock.now >= ready_at else 1)

    monkeypatch.setattr(demo, "time", SimpleNamespace(monotonic=lambda: clock.now, sleep=lambda _: None))
    monkeypatch.setattr(subprocess, "run", asked)
    server = cast("subprocess.Popen[bytes]", Server(clock, dies_at))
    return float(demo.wait_until_serving(server, 1))


def test_a_server_that_takes_minutes_is_waited_for_and_the_wait_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was given up after one minute, which a busy machine takes."""
    assert waited(monkeypatch, ready_at=200) == 200
    assert "the server is alive and still starting, after 180 s" in capsys.readouterr().out


def test_one_that_stops_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="exit status 3"):
        waited(monkeypatch, ready_at=200, dies_at=20)


def test_one_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="did not serve within 600 s"):
        waited(monkeypatch, ready_at=float("inf"))
