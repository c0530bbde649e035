"""A server that stands still: its machine answers for it, so that nothing but a ping tells."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from khulasa.client import NO_RETRIES, AsyncClient, Client, UnavailableError
from khulasa.client.connection import ConnectionSettings
from khulasa.client.core import BASE_TIMEOUT_S
from khulasa.client.testing import FakeKhulasa

SERVER = """
import sys
from khulasa.client.testing import FakeKhulasa
with FakeKhulasa() as server:
    print(server.target, flush=True)
    sys.stdin.read()
"""
QUICK = [("grpc.keepalive_time_ms", 1_000), ("grpc.http2.ping_timeout_ms", 1_000)]


@pytest.fixture
def other() -> Iterator[tuple[str, int]]:
    """Target and process id of a server in a process of its own."""
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process.pid
    finally:
        process.kill()
        process.communicate()


def stop(process: int) -> None:
    """Returns when it stands still: until one of its threads has taken the signal in, the others may answer calls."""
    os.kill(process, signal.SIGSTOP)
    os.waitid(os.P_PID, process, os.WSTOPPED)


def test_it_is_noticed_before_the_deadline() -> None:
    options = dict(ConnectionSettings("localhost:1").options())
    noticed_ms = options["grpc.keepalive_time_ms"] + options["grpc.http2.ping_timeout_ms"]
    assert noticed_ms < BASE_TIMEOUT_S * 1000


async def test_a_call_to_it_ends(other: tuple[str, int]) -> None:
    target, process = other
    with Client(target, retry=NO_RETRIES, channel_options=QUICK) as client:
        async with AsyncClient(target, retry=NO_RETRIES, channel_options=QUICK) as async_client:
            assert client.models()
            assert await async_client.models()
            stop(process)
            with pytest.raises(UnavailableError, match="ping"):
                client.summarize("نص.", timeout=50)
            with pytest.raises(UnavailableError):
                await async_client.summarize("نص.", timeout=50)


def test_another_server_is_asked(other: tuple[str, int]) -> None:
    target, process = other
    with FakeKhulasa() as server:
        both = f"ipv4:{target},{server.target}"
        with Client(both, health_checks=False, channel_options=QUICK) as client:
            calls = 0
            while not 0 < len(server.requests) < calls:
                client.models()
                calls += 1
            stop(process)
            for _ in range(4):
                assert client.summarize("نص.", timeout=50).sentences
