"""The ports of metrics and probes, which are to stay inside: whoever reaches them takes no files and forges no line."""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from raw_http2 import RawConnection
from server_process import ServerProcess, free_port

LIGHT = str(Path(__file__).parent / "server_without_models.py")
# In a process that may have 400 files: 25 of them for probes.
START = "import resource, runpy; resource.setrlimit(resource.RLIMIT_NOFILE, (400, 400))"
FAKE = [sys.executable, "-c", f"{START}; runpy.run_path({LIGHT!r}, run_name='__main__')"]


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    ports = {"metrics_port": free_port(), "health_port": free_port()}
    with ServerProcess(FAKE, **ports) as process:
        process.metrics_port, process.health_port = ports.values()
        process.wait_until("SERVING")
        yield process
        assert process.stop() == 0
        for line in process.log:
            assert line.startswith("{"), line
            json.loads(line)


def files_of(server: ServerProcess) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def scrape(server: ServerProcess) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=30) as answer:
        return str(answer.read().decode())


def is_alive(port: int) -> bool:
    with RawConnection(port) as connection:
        stream = connection.open("/grpc.health.v1.Health/Check")
        connection.message(stream, b"")
        return connection.status(stream) == "0"


def test_requests_that_never_end_take_no_files_and_keep_no_scraper_out(server: ServerProcess) -> None:
    before = files_of(server)
    with ExitStack() as connections:
        for _ in range(200):
            one = connections.enter_context(socket.create_connection(("127.0.0.1", server.metrics_port), timeout=30))
            with suppress(OSError):
                one.sendall(b"GET /met")
        assert "khulasa_serving 1.0" in scrape(server)
        assert files_of(server) - before < 40


def test_connections_to_the_probes_port_are_bounded(server: ServerProcess) -> None:
    before = files_of(server)
    with ExitStack() as connections:
        for _ in range(300):
            connections.enter_context(socket.create_connection(("127.0.0.1", server.health_port), timeout=30))
        assert is_alive(server.port)
        assert files_of(server) - before < 60
    end = time.monotonic() + 60
    while files_of(server) > before + 10 and time.monotonic() < end:
        time.sleep(0.05)
    assert is_alive(server.health_port)


def test_connections_that_are_reset_at_once_make_nobody_wait(server: ServerProcess) -> None:
    """They filled the queue; the kernel dropped who came next, who tried a second later: 23 s for all of these."""
    began = time.monotonic()
    for _ in range(200):
        one = socket.create_connection(("127.0.0.1", server.metrics_port), timeout=30)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()
    assert "khulasa_serving 1.0" in scrape(server)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text; version=\x1b[31m;x\r\n\r\n", b" 500 "),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b""),
        (b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 5_000 + b"\r\n", b""),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", b""),
    ],
)
def test_what_no_scraper_sends_is_answered_and_writes_no_traceback(
    server: ServerProcess, sent: bytes, status: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", server.metrics_port), timeout=30) as connection:
        # What is too long is cut off while it is being sent, and the answer may be lost with it.
        with suppress(OSError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with suppress(ConnectionError):
            while more := connection.recv(65_536):
                answer += more
    assert status in answer
    assert "khulasa_serving 1.0" in scrape(server)
