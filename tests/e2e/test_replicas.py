"""Three servers behind one client: one is killed and one is drained under load, and no request is lost."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from khulasa.client import AsyncClient, Client, Outcome
from server_process import ServerProcess, free_port

FAKE = [sys.executable, str(Path(__file__).parent / "server_without_models.py")]
TEXT = "أعلن المجلس قراره اليوم. وقال المتحدث إن القرار نهائي."
ARTICLES = 600
# Each call works this long, so that the kill and the drain meet calls in flight.
WORK_S = 0.05
CONCURRENCY = 12

Servers = list[ServerProcess]


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """Three that serve; their log says which calls each of them answered."""
    monkeypatch.setenv("FAKE_WORK_S", str(WORK_S))
    monkeypatch.setenv("FAKE_LOAD_S", "0")
    monkeypatch.setenv("FAKE_FAIL", "")
    with ExitStack() as stack:
        started = [stack.enter_context(ServerProcess(FAKE)) for _ in range(3)]
        for server in started:
            server.wait_until("SERVING")
        yield started


def target(servers: Servers) -> str:
    return "ipv4:" + ",".join(server.address for server in servers)


def texts() -> list[str]:
    return [f"{TEXT} {number}" for number in range(ARTICLES)]


def answered(server: ServerProcess) -> list[str]:
    """Request ids of the calls that a server answered well."""
    lines = [json.loads(line) for line in list(server.log) if line.startswith("{")]
    return [line["request_id"] for line in lines if line.get("event") == "call" and line["code"] == "OK"]


class Trouble:
    """At its first outcomes kills one server, then drains another, while the rest are on their way."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self.outcomes: list[Outcome] = []
        self.drained = threading.Event()

    def take(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if len(self.outcomes) == ARTICLES // 4:
            self._servers[0].process.send_signal(signal.SIGKILL)
        if len(self.outcomes) == ARTICLES // 2:
            self._servers[1].process.send_signal(signal.SIGTERM)
            self.drained.set()

    def check(self) -> None:
        """Every article has its summary, once and in order; the three did the work as they should."""
        assert [outcome.error for outcome in self.outcomes if outcome.error] == []
        assert [outcome.summary.sentences[0].source_text for outcome in self.outcomes if outcome.summary] == texts()
        killed, drained, left = self._servers
        assert killed.wait() == -signal.SIGKILL
        assert drained.wait() == 0, "every call that it had taken in was answered"
        assert left.process.poll() is None
        shares = [len(answered(server)) for server in self._servers]
        # Equal shares while there were three, then halves, then all of it: 50, 125 and 425 of 600, roughly.
        assert min(shares) > 20
        assert shares[0] < shares[1] < shares[2]
        # What the killed server had in work was done again elsewhere; nothing else was done twice.
        assert ARTICLES - CONCURRENCY <= sum(shares) <= ARTICLES + CONCURRENCY


def test_a_killed_and_a_drained_server_cost_no_request(servers: Servers) -> None:
    trouble = Trouble(servers)
    with Client(target(servers)) as client:
        for outcome in client.summarize_many(texts(), concurrency=CONCURRENCY):
            trouble.take(outcome)
    trouble.check()


async def test_the_same_with_the_asynchronous_client(servers: Servers) -> None:
    trouble = Trouble(servers)
    async with AsyncClient(target(servers)) as client:
        async for outcome in client.summarize_many(texts(), concurrency=CONCURRENCY):
            trouble.take(outcome)
    trouble.check()


def test_a_server_that_still_loads_gets_no_calls_and_then_its_share(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FAKE_WORK_S", "0")
    monkeypatch.setenv("FAKE_FAIL", "")
    with ExitStack() as stack:
        monkeypatch.setenv("FAKE_LOAD_S", "0")
        ready = stack.enter_context(ServerProcess(FAKE))
        ready.wait_until("SERVING")
        monkeypatch.setenv("FAKE_LOAD_FILE", str(tmp_path / "loaded"))
        late = stack.enter_context(ServerProcess(FAKE))
        late.wait_until("NOT_SERVING")
        client = stack.enter_context(Client(target([ready, late])))
        client.wait_until_ready(60)
        for _ in range(50):
            client.summarize(TEXT)
        # Not even refusals: the client knows by the health service that this one does not serve.
        assert not [line for line in late.log if '"call"' in line]
        (tmp_path / "loaded").touch()
        late.wait_until("SERVING")
        end = time.monotonic() + 60
        while not answered(late):
            client.summarize(TEXT)
            assert time.monotonic() < end, "the late server never got a call"


def test_no_server_at_all_is_said_in_time() -> None:
    with Client("ipv4:" + ",".join(f"127.0.0.1:{free_port()}" for _ in range(3))) as client:
        began = time.monotonic()
        outcomes = list(client.summarize_many(texts()[:3], timeout=5))
        assert [type(outcome.error).__name__ for outcome in outcomes] == ["UnavailableError"] * 3
        assert time.monotonic() - began < 60
