"""What must not knock the server over, each with a real server process. SIGTERM under load is in the files beside."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import grpc
import pytest
from khulasa.client import NO_RETRIES, Client, UnavailableError
from khulasa.v1 import summary_pb2, summary_pb2_grpc, translation_pb2, translation_pb2_grpc
from server_process import ServerProcess, free_port, metric, until

FAKE = [sys.executable, str(Path(__file__).parent / "server_without_models.py")]
FAULTY = [sys.executable, str(Path(__file__).parent / "server_with_faults.py")]
ARTICLE = summary_pb2.SummarizeRequest(article=summary_pb2.Article(text="أعلن المجلس قراره اليوم."))
SENTENCE = "أعلن المجلس قراره اليوم في العاصمة."
TIMEOUT_S = 40.0


@pytest.fixture(scope="module")
def light() -> Iterator[ServerProcess]:
    """No models: for faults of the transport."""
    with ServerProcess(FAKE, metrics_port=free_port(), max_message_bytes=1 << 20) as process:
        process.wait_until("SERVING")
        yield process
        assert process.stop() == 0
        assert not [line for line in process.log if '"level": "error"' in line], process.written()


@pytest.fixture(scope="module")
def faulty() -> Iterator[ServerProcess]:
    """The bundled model and a decoder with faults, on a clock that jumps."""
    os.environ["FAULT_CLOCK"] = "1"
    # In float32, for in int8 a batch-mate moves its neighbours' last bits: here translations must not change at all.
    settings = {"queue_tokens": 4000, "cache_bytes": 0, "mend": False, "compute_type": "float32"}
    with ServerProcess(FAULTY, metrics_port=free_port(), **settings) as process:
        del os.environ["FAULT_CLOCK"]
        process.wait_until("SERVING")
        yield process
        assert process.stop() == 0


def is_served(server: ServerProcess) -> bool:
    """One call on a connection of its own."""
    with grpc.insecure_channel(server.address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        stub = summary_pb2_grpc.SummaryServiceStub(channel)
        return bool(stub.Summarize(ARTICLE, timeout=30, wait_for_ready=True).summary.sentences)


def open_files(server: ServerProcess) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def translate(texts: list[str], **options: object) -> translation_pb2.TranslateRequest:
    return translation_pb2.TranslateRequest(
        texts=texts, source_language_code="ar", target_language_code="en", options=options
    )


# --- the process ------------------------------------------------------------------------------------------------------


def test_a_killed_server_loses_nothing_that_is_asked_again_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_WORK_S", "0.02")
    with ExitStack() as stack:
        first, second = (stack.enter_context(ServerProcess(FAKE)) for _ in range(2))
        for server in (first, second):
            server.wait_until("SERVING")
        clients = [
            stack.enter_context(Client(server.address, retry=NO_RETRIES, timeout=30)) for server in (first, second)
        ]
        answers: dict[int, list[str]] = {}
        unavailable = []

        def ask(number: int) -> None:
            text = f"أعلن المجلس القرار رقم {number} اليوم."
            try:
                summary = clients[0].summarize(text)
            except UnavailableError as error:
                unavailable.append(error)
                summary = clients[1].summarize(text)
            answers.setdefault(number, []).append(summary.sentences[0].source_text)

        with ThreadPoolExecutor(8) as pool:
            asked = pool.map(ask, range(200))
            until(lambda: len(answers) > 20)
            first.process.kill()
            list(asked)
        assert unavailable, "the first server was killed under load"
        assert answers == {number: [f"أعلن المجلس القرار رقم {number} اليوم."] for number in range(200)}


def test_a_full_disk_under_the_log_stops_nobody() -> None:
    with ServerProcess(FAKE, log_to="/dev/full") as server:
        server.wait_until("SERVING")
        assert all(is_served(server) for _ in range(5))
        with pytest.raises(grpc.RpcError) as error:
            summary_pb2_grpc.SummaryServiceStub(server.channel).Summarize(summary_pb2.SummarizeRequest(), timeout=30)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert server.stop() == 0


# --- the transport ----------------------------------------------------------------------------------------------------


def test_two_hundred_connections_that_say_nothing(light: ServerProcess) -> None:
    before = open_files(light)
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(socket.create_connection(("127.0.0.1", light.port)))
        until(lambda: open_files(light) >= before + 200)
        assert is_served(light)
    until(lambda: open_files(light) <= before + 2)


def test_headers_that_come_a_byte_at_a_time(light: ServerProcess) -> None:
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
    # A HEADERS frame of 16,000 bytes that never come to an end, on stream 1, END_HEADERS not set.
    headers = (16_000).to_bytes(3, "big") + b"\x01\x00" + (1).to_bytes(4, "big")
    before = open_files(light)
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", light.port))) for _ in range(50)]
        for connection in slow:
            connection.sendall(preface + headers)
        for _ in range(10):
            for connection in slow:
                connection.sendall(b"\x40")
            assert is_served(light)
    until(lambda: open_files(light) <= before + 2)


def test_what_is_no_http_at_all(light: ServerProcess) -> None:
    for noise in (
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
        os.urandom(4096),
    ):
        with socket.create_connection(("127.0.0.1", light.port), timeout=5) as connection:
            connection.sendall(noise)
            with suppress(ConnectionError, TimeoutError):
                while connection.recv(4096):
                    pass
        assert is_served(light)


def test_messages_that_are_too_large(light: ServerProcess) -> None:
    call = light.channel.unary_unary("/khulasa.v1.SummaryService/Summarize")
    big = summary_pb2.SummarizeRequest(article={"text": "كلمة " * 300_000}).SerializeToString()
    assert len(big) > 1 << 20
    assert len(gzip.compress(big)) < 1 << 16
    for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
        with pytest.raises(grpc.RpcError) as error:
            call(big, timeout=30, compression=compression)
        assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    with pytest.raises(grpc.RpcError) as error:
        call(ARTICLE.SerializeToString(), timeout=30, metadata=(("x-padding", "x" * 100_000),))
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert is_served(light)


def test_a_caller_that_never_reads_is_not_read_either(light: ServerProcess) -> None:
    sent = 0
    stop = threading.Event()
    text = "كلمة " * 20_000

    def articles() -> Iterator[summary_pb2.SummarizeStreamRequest]:
        nonlocal sent
        while not stop.is_set() and sent < 2_000:
            sent += 1
            yield summary_pb2.SummarizeStreamRequest(request={"article": {"article_id": str(sent), "text": text}})

    memory = Path(f"/proc/{light.process.pid}/statm")
    before = int(memory.read_text().split()[1])
    with grpc.insecure_channel(light.address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        call = summary_pb2_grpc.SummaryServiceStub(channel).SummarizeStream(articles(), timeout=30)
        last = -1
        while sent != last:
            last = sent
            time.sleep(0.7)
        assert 0 < sent < 400, "the server goes on reading what it cannot answer"
        # Two hundred kilobytes an article, and as much for its answer.
        assert (int(memory.read_text().split()[1]) - before) * os.sysconf("SC_PAGE_SIZE") < 64 << 20
        assert is_served(light)
        stop.set()
        call.cancel()
    assert is_served(light)


# --- the decoder ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "code"), [("TROUBLE", grpc.StatusCode.INTERNAL), ("DEATH", grpc.StatusCode.INTERNAL)])
def test_a_decoder_that_fails_harms_only_the_culprit(faulty: ServerProcess, word: str, code: grpc.StatusCode) -> None:
    stub = translation_pb2_grpc.TranslationServiceStub(faulty.channel)
    texts = [f"وحضر {number} من الأعضاء." for number in range(3)]
    want = stub.Translate(translate(texts), timeout=TIMEOUT_S)
    # Long work first, so that the others wait beside each other and share a batch.
    blockers = [stub.Translate.future(translate([f"{SENTENCE} {n} {m}" for m in range(8)])) for n in range(2)]
    neighbours = stub.Translate.future(translate(texts), timeout=TIMEOUT_S)
    culprit = stub.Translate.future(translate([f"وحضر {word} من الأعضاء."]), timeout=TIMEOUT_S)
    assert culprit.exception().code() is code
    assert [one.text for one in neighbours.result().translations] == [one.text for one in want.translations]
    for one in blockers:
        assert len(one.result().translations) == 8
    again = stub.Translate(translate(texts), timeout=TIMEOUT_S)
    # Texts: beside others a similarity differs in its last bits.
    assert [one.text for one in again.translations] == [one.text for one in want.translations]


def test_a_thousand_callers_that_give_up_leave_no_work_behind(faulty: ServerProcess) -> None:
    stub = translation_pb2_grpc.TranslationServiceStub(faulty.channel)
    for number in range(1000):
        call = stub.Translate.future(translate([f"{SENTENCE} {number} {n}" for n in range(3)]))
        if number % 3 == 0:
            time.sleep(0.001)
        call.cancel()
    until(lambda: metric(faulty, "khulasa_requests_in_flight") == 0)
    until(lambda: metric(faulty, "khulasa_queue_segments") == 0)
    assert metric(faulty, "khulasa_held_tokens") == 0
    # What ran when its caller went may finish its batch.
    until(lambda: metric(faulty, "khulasa_running_segments") == 0)
    assert stub.Translate(translate([SENTENCE]), timeout=TIMEOUT_S).translations[0].text


def test_overload_is_refused_at_once_and_says_when_to_come_back(faulty: ServerProcess) -> None:
    from google.rpc import error_details_pb2, status_pb2

    stub = translation_pb2_grpc.TranslationServiceStub(faulty.channel)
    bulk = stub.Translate.future(translate([f"{SENTENCE} {number} " * 4 for number in range(200)], priority=2))
    until(lambda: metric(faulty, "khulasa_held_tokens") > 3000)
    waits, took = [], []
    for number in range(20):
        began = time.perf_counter()
        with pytest.raises(grpc.RpcError) as error:
            stub.Translate(translate([f"{SENTENCE} {n} " * 4 for n in range(20 + number)]), timeout=TIMEOUT_S)
        took.append(time.perf_counter() - began)
        assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        trailers = dict(error.value.trailing_metadata())
        retry = error_details_pb2.RetryInfo()
        details = status_pb2.Status.FromString(trailers["grpc-status-details-bin"]).details
        assert any(detail.Unpack(retry) for detail in details)
        waits.append(retry.retry_delay.ToTimedelta().total_seconds())
        assert faulty.health() == "SERVING"
    assert all(0 < wait <= 120 for wait in waits)
    # Nobody was kept until there was room: what takes it is not done. On busy cores some take longer.
    assert min(took) < 0.02
    assert not bulk.done()
    assert metric(faulty, "khulasa_held_tokens") > 0
    bulk.cancel()
    until(lambda: metric(faulty, "khulasa_held_tokens") == 0)


def test_a_deterministic_request_has_the_same_bytes_under_load(faulty: ServerProcess) -> None:
    stub = translation_pb2_grpc.TranslationServiceStub(faulty.channel)
    texts = [SENTENCE, "وقال المتحدث إن القرار نهائي ولا رجعة فيه.", "وصل الوزير إلى القاهرة."]

    def ask() -> bytes:
        answer = stub.Translate(translate(texts, deterministic=True), timeout=TIMEOUT_S)
        answer.ClearField("timings")
        return bytes(answer.SerializeToString(deterministic=True))

    alone = ask()
    noise = [stub.Translate.future(translate([f"{text} {number}" for text in texts])) for number in range(12)]
    assert [ask() for _ in range(3)] == [alone] * 3
    for one in noise:
        assert len(one.result().translations) == 3


def test_sigterm_under_load_fails_no_call_in_flight() -> None:
    with ServerProcess(FAULTY, drain_grace_s=60, mend=False, metrics_port=free_port()) as server:
        server.wait_until("SERVING")
        stub = translation_pb2_grpc.TranslationServiceStub(server.channel)
        calls = [stub.Translate.future(translate([f"{SENTENCE} {n}"]), timeout=TIMEOUT_S) for n in range(24)]
        calls[0].result()
        # One that comes later than the signal is refused, as it should be.
        until(lambda: metric(server, "khulasa_requests_in_flight") + metric(server, "khulasa_requests_total") >= 24)
        server.process.send_signal(signal.SIGTERM)
        assert server.wait(TIMEOUT_S) == 0
        assert [len(call.result().translations) for call in calls] == [1] * 24
