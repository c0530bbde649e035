"""Nobody can make the server hold messages without end.

Whoever has no token is refused before anything of the message is read; of the others a few messages are read at a time.
"""

from __future__ import annotations

import hashlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from khulasa.v1 import summary_pb2, summary_pb2_grpc, translation_pb2, translation_pb2_grpc
from raw_http2 import RawConnection
from server_process import ServerProcess

LIGHT = [sys.executable, str(Path(__file__).parent / "server_without_models.py")]
TOKEN = "kh_known"
# Just below what one message may have.
LARGE_BYTES, CALLS = 30 * 2**20, 8

# At this size four messages are read at a time, three of one caller, and as many of streams.
MAX_BYTES, PLACES = 256 * 2**20, 4
UNFINISHED_BYTES, UNFINISHED = 10 * 2**20, 12
TRANSLATE = "/khulasa.v1.TranslationService/Translate"

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    known = hashlib.sha256(TOKEN.encode()).hexdigest()
    with ServerProcess(LIGHT, tokens=f"newsroom:{known}", max_request_chars=2 * LARGE_BYTES) as process:
        process.wait_until("SERVING")
        yield process


def peak_bytes(server: ServerProcess) -> int:
    """The most memory that the server ever held."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def test_messages_of_strangers_are_not_read(server: ServerProcess) -> None:
    summary = summary_pb2_grpc.SummaryServiceStub(server.channel)
    translation = translation_pb2_grpc.TranslationServiceStub(server.channel)
    text = "a" * LARGE_BYTES
    article = summary_pb2.SummarizeRequest(article={"text": text})
    texts = translation_pb2.TranslateStreamRequest(request={"texts": [text]})
    before = peak_bytes(server)
    for metadata in ((), (("authorization", "Bearer kh_guessed"),)):
        # What is refused late lies in the windows of its connection until then: they must be small.
        server.process.send_signal(signal.SIGUSR1)
        calls = [summary.Summarize.future(article, metadata=metadata, timeout=100) for _ in range(CALLS)]
        streams = [translation.TranslateStream(texts, metadata=metadata, timeout=100) for _ in range(CALLS)]
        assert {call.code() for call in (*calls, *streams)} == {grpc.StatusCode.UNAUTHENTICATED}
    assert peak_bytes(server) - before < LARGE_BYTES
    assert summary.Summarize(
        summary_pb2.SummarizeRequest(article={"text": "نص قصير هنا."}),
        metadata=(("authorization", f"Bearer {TOKEN}"),),
        timeout=100,
    ).summary.sentences


@pytest.mark.parametrize(
    "method",
    [
        "/khulasa.v1.SummaryService/Summarize",
        "/khulasa.v1.SummaryService/SummarizeStream",
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ],
)
def test_few_messages_are_read_at_a_time_and_others_are_served(method: str) -> None:
    small = translation_pb2.TranslateRequest(texts=["A small text."]).SerializeToString()
    with ServerProcess(LIGHT, max_message_bytes=MAX_BYTES) as server:
        server.wait_until("SERVING")
        before = peak_bytes(server)
        with RawConnection(server.port) as greedy, RawConnection(server.port, source="127.0.0.2") as other:
            sent = greedy.pour([greedy.open(method) for _ in range(UNFINISHED)], UNFINISHED_BYTES)
            # What is not read lies in the windows; what gave its place to the next is no longer held.
            assert peak_bytes(server) - before < (PLACES + 1) * UNFINISHED_BYTES
            assert sent >= UNFINISHED_BYTES - 1
            for asked, message in ((TRANSLATE, small), ("/grpc.health.v1.Health/Check", b"")):
                stream = other.open(asked)
                other.message(stream, message)
                assert other.status(stream) == "0"
