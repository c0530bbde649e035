"""Whoever has no token cannot make the server hold a message: the call is refused before anything of it is read."""

from __future__ import annotations

import hashlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from khulasa.v1 import summary_pb2, summary_pb2_grpc, translation_pb2, translation_pb2_grpc
from server_process import ServerProcess

LIGHT = [sys.executable, str(Path(__file__).parent / "server_without_models.py")]
TOKEN = "kh_known"
# Just below what one message may have.
LARGE_BYTES, CALLS = 30 * 2**20, 8

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
