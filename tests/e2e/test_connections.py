"""Whoever opens connections, calls or streams without end takes neither the server's files nor its memory."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from khulasa.v1 import translation_pb2, translation_pb2_grpc
from raw_http2 import RawConnection
from server_process import ServerProcess

LIGHT = str(Path(__file__).parent / "server_without_models.py")
TRANSLATE = "/khulasa.v1.TranslationService/Translate"
WATCH = "/grpc.health.v1.Health/Watch"

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="files are counted in /proc")


def with_files(soft: int, hard: int) -> list[str]:
    """The server in a process that may have so many files."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))"
    return [sys.executable, "-c", f"{limit}; import runpy; runpy.run_path({LIGHT!r}, run_name='__main__')"]


def files_of(server: ServerProcess) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def test_the_server_asks_for_all_the_files_that_it_may_have() -> None:
    with ServerProcess(with_files(200, 400)) as server:
        server.wait_until("SERVING")
        limits = Path(f"/proc/{server.process.pid}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max open files"))
        assert line.split()[3:5] == ["400", "400"]


def test_connections_leave_the_server_files_for_its_own_work() -> None:
    with ServerProcess(with_files(200, 200)) as server, ExitStack() as connections:
        server.wait_until("SERVING")
        for _ in range(300):
            connections.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=100))
        # Those that were there are served.
        assert server.health() == "SERVING"
        assert files_of(server) < 160
        connections.close()
        # The server learns of each end by itself; then there is room again.
        end = time.monotonic() + 100
        while files_of(server) > 50 and time.monotonic() < end:
            time.sleep(0.05)
        with RawConnection(server.port) as connection:
            stream = connection.open("/grpc.health.v1.Health/Check")
            connection.message(stream, b"")
            assert connection.status(stream) == "0"


def test_answers_that_are_never_fetched_are_bounded_and_others_are_served() -> None:
    request = translation_pb2.TranslateRequest(texts=["A small text."]).SerializeToString()
    with (
        ServerProcess([sys.executable, LIGHT], max_calls=8) as server,
        ExitStack() as connections,
    ):
        server.wait_until("SERVING")

        def call(source: str, window: int) -> str:
            connection = connections.enter_context(RawConnection(server.port, window=window, source=source))
            stream = connection.open(TRANSLATE)
            connection.message(stream, request)
            return connection.status_or_headers(stream)

        # Headers come, the answer does not fit into a window of nothing.
        assert [call("127.0.0.2", 0) for _ in range(32)] == ["headers"] * 32
        assert call("127.0.0.2", 0) == "8"
        assert call("127.0.0.3", 65_535) in ("headers", "0")
        connections.close()
        end = time.monotonic() + 100
        while (again := call("127.0.0.2", 65_535)) == "8" and time.monotonic() < end:
            time.sleep(0.05)
        assert again == "headers"


def test_an_answer_that_is_never_fetched_counts_no_longer_than_its_calls_deadline() -> None:
    request = translation_pb2.TranslateRequest(texts=["A small text."]).SerializeToString()
    with (
        ServerProcess([sys.executable, LIGHT], max_calls=8) as server,
        ExitStack() as connections,
    ):
        server.wait_until("SERVING")

        def call(*metadata: tuple[str, str]) -> str:
            connection = connections.enter_context(RawConnection(server.port, window=0, source="127.0.0.2"))
            stream = connection.open(TRANSLATE, metadata)
            connection.message(stream, request)
            return connection.status_or_headers(stream)

        # Those without a deadline stay as long as their connections; the others make room while they are open.
        assert [call() for _ in range(31)] == ["headers"] * 31
        assert call(("grpc-timeout", "8S")) == "headers"
        assert call() == "8"
        end = time.monotonic() + 100
        while (again := call()) == "8" and time.monotonic() < end:
            time.sleep(0.2)
        assert again == "headers"
        assert call() == "8"


def test_callers_who_hold_calls_or_fetch_nothing_keep_out_nobody_else() -> None:
    request = translation_pb2.TranslateRequest(texts=["A small text."]).SerializeToString()
    with ServerProcess([sys.executable, LIGHT], max_calls=8) as server, ExitStack() as connections:
        server.wait_until("SERVING")

        def call(source: str, *, window: int = 65_535, method: str = TRANSLATE, whole: bool = True) -> str:
            connection = connections.enter_context(RawConnection(server.port, window=window, source=source))
            stream = connection.open(method)
            if not whole:
                return ""
            connection.message(stream, request if method == TRANSLATE else b"")
            return connection.status_or_headers(stream)

        # Answers that are never fetched, of many callers: some room is always left.
        for number in range(2, 22):
            for _ in range(32):
                if call(f"127.0.0.{number}", window=0) == "8":
                    break
        assert call("127.0.0.100") == "headers"
        # Calls that never say anything, of two callers and of both kinds: all places, until another wants one.
        for method in (TRANSLATE, "/khulasa.v1.SummaryService/SummarizeStream"):
            for number in (51, 52):
                for _ in range(8):
                    call(f"127.0.0.{number}", method=method, whole=False)
            time.sleep(0.5)
            for number in range(101, 104):
                assert call(f"127.0.0.{number}") == "headers"
        # Watches of many addresses leave room for probes.
        for number in range(2, 18):
            connection = connections.enter_context(RawConnection(server.port, source=f"127.0.1.{number}"))
            other = connections.enter_context(RawConnection(server.port, source=f"127.0.1.{number}"))
            for stream, of in [(one.open(WATCH), one) for one in (connection, other) for _ in range(256)]:
                of.message(stream, b"")
        time.sleep(2)
        assert server.health() == "SERVING"


def test_health_watches_of_one_address_are_bounded_and_others_may_watch() -> None:
    with ServerProcess([sys.executable, LIGHT]) as server, ExitStack() as connections:
        server.wait_until("SERVING")

        def watch(source: str, count: int) -> list[str]:
            connection = connections.enter_context(RawConnection(server.port, source=source))
            streams = [connection.open(WATCH) for _ in range(count)]
            for stream in streams:
                connection.message(stream, b"")
            return [connection.status_or_headers(stream) for stream in streams]

        # Streams that open at once have no order among them: how many are kept is what is promised.
        seen = Counter(one for _ in range(3) for one in watch("127.0.0.2", 200))
        assert seen == {"headers": 512, "8": 88}
        assert watch("127.0.0.3", 1) == ["headers"]
        assert server.health() == "SERVING"


def test_calls_opened_and_reset_leave_room_for_those_of_others() -> None:
    request = translation_pb2.TranslateRequest(texts=["A small text."])
    with ServerProcess([sys.executable, LIGHT]) as server, ExitStack() as connections:
        server.wait_until("SERVING")
        # While nobody looks at them they heap up: of each connection as many as it may have calls and no more.
        server.process.send_signal(signal.SIGUSR1)
        flood = [connections.enter_context(RawConnection(server.port, source="127.0.0.2")) for _ in range(16)]
        for connection in flood:
            for _ in range(300):
                connection.reset(connection.open(TRANSLATE))
        stub = translation_pb2_grpc.TranslationServiceStub(server.channel)
        calls = [stub.Translate.future(request, timeout=100) for _ in range(30)]
        assert Counter(call.code().name for call in calls) == {"OK": 30}
