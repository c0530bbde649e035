"""What one caller may take of the real server, and that nobody gets more by another road."""

from __future__ import annotations

import hashlib
import queue
import secrets
import time
import urllib.request
from collections.abc import Callable, Iterator

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from khulasa.v1 import summary_pb2, summary_pb2_grpc, translation_pb2, translation_pb2_grpc
from server_process import ServerProcess, free_port

pytestmark = pytest.mark.slow

TIMEOUT_S = 60.0
REQUESTS, CHARS = 20, 4_000  # a minute
REFILL_S = 60 / REQUESTS
SHORT = "The council met on Tuesday."
SENTENCE = "The council of Harbour Bay met on Tuesday and approved the budget. "
CALLERS = ("many", "other", "long", "stream", "hold")
TOKENS = {name: f"kh_{secrets.token_urlsafe(32)}" for name in CALLERS}
Metadata = tuple[tuple[str, str], ...]


def bearer(name: str) -> Metadata:
    return (("authorization", f"Bearer {TOKENS[name]}"),)


@pytest.fixture(scope="module")
def metrics_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(metrics_port: int) -> Iterator[ServerProcess]:
    hashes = ",".join(f"{name}:{hashlib.sha256(token.encode()).hexdigest()}" for name, token in TOKENS.items())
    with ServerProcess(
        threads=2,
        tokens=hashes,
        metrics_port=metrics_port,
        quota_requests_per_minute=REQUESTS,
        quota_chars_per_minute=CHARS,
        max_calls_per_caller=2,
    ) as process:
        process.wait_until("SERVING")
        yield process
        assert process.stop() == 0


@pytest.fixture(scope="module")
def summary(server: ServerProcess) -> summary_pb2_grpc.SummaryServiceStub:
    return summary_pb2_grpc.SummaryServiceStub(server.channel)


def article(text: str = SHORT, **fields: str) -> summary_pb2.SummarizeRequest:
    return summary_pb2.SummarizeRequest(article={"text": text, **fields})


def refusal(call: Callable[[], object]) -> tuple[str, float]:
    """Reason of a RESOURCE_EXHAUSTED, and seconds until another try is worth it."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return told_by(caught.value)


def told_by(error: grpc.RpcError) -> tuple[str, float]:
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED, error
    assert "Harbour" not in error.details()
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    trailers = dict(error.trailing_metadata())
    for detail in status_pb2.Status.FromString(trailers["grpc-status-details-bin"]).details:
        _ = detail.Unpack(info) or detail.Unpack(retry)
    return info.reason, retry.retry_delay.ToTimedelta().total_seconds()


def until_refused(call: Callable[[], object]) -> tuple[int, str, float]:
    """How often it was answered before it was refused, and the refusal."""
    for answered in range(10 * REQUESTS):
        try:
            call()
        except grpc.RpcError as error:
            return answered, *told_by(error)
    raise AssertionError("it is never refused")


def test_requests_are_counted_for_each_caller_whatever_road_they_take(
    server: ServerProcess, summary: summary_pb2_grpc.SummaryServiceStub
) -> None:
    begun = time.monotonic()
    answered, reason, wait_s = until_refused(
        lambda: summary.Summarize(article(), timeout=TIMEOUT_S, metadata=bearer("many"))
    )
    refilled = (time.monotonic() - begun) / REFILL_S
    assert REQUESTS <= answered <= REQUESTS + refilled + 1
    assert reason == "QUOTA_EXCEEDED"
    assert 0 < wait_s <= REFILL_S
    # Another connection, another service, other names and addresses: it is the token that counts.
    forged = (("x-forwarded-for", "192.0.2.1"), ("x-caller", "other"), ("x-request-id", "other"))
    with grpc.insecure_channel(server.address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        fresh = summary_pb2_grpc.SummaryServiceStub(channel)
        translation = translation_pb2_grpc.TranslationServiceStub(channel)
        words = translation_pb2.TranslateRequest(source_language_code="en", target_language_code="ar", texts=[SHORT])
        for call in (
            lambda: fresh.Summarize(article(), timeout=TIMEOUT_S, metadata=(*bearer("many"), *forged)),
            lambda: translation.Translate(words, timeout=TIMEOUT_S, metadata=bearer("many")),
        ):
            # A place may have come free meanwhile, not two.
            assert until_refused(call)[0] <= 1 + (time.monotonic() - begun) / REFILL_S - refilled
    # Others have theirs, and health is free.
    assert summary.Summarize(article(), timeout=TIMEOUT_S, metadata=bearer("other")).summary.sentences
    assert all(server.health() == "SERVING" for _ in range(2 * REQUESTS))
    # What RetryInfo says is true.
    _, _, wait_s = until_refused(lambda: summary.Summarize(article(), timeout=TIMEOUT_S, metadata=bearer("many")))
    time.sleep(wait_s)
    assert summary.Summarize(article(), timeout=TIMEOUT_S, metadata=bearer("many")).summary.sentences


def test_characters_are_counted_and_a_refusal_costs_nothing(summary: summary_pb2_grpc.SummaryServiceStub) -> None:
    long = SENTENCE * (CHARS * 3 // 4 // len(SENTENCE))
    begun = time.monotonic()
    assert summary.Summarize(article(long), timeout=TIMEOUT_S, metadata=bearer("long")).summary.sentences
    refilled = (time.monotonic() - begun) * CHARS / 60
    if refilled > CHARS / 4:
        pytest.skip("the machine is so busy that the quota is full again")
    for _ in range(3):
        reason, wait_s = refusal(lambda: summary.Summarize(article(long), timeout=TIMEOUT_S, metadata=bearer("long")))
        assert reason == "QUOTA_EXCEEDED"
        assert 0 < wait_s <= 60
    assert summary.Summarize(article(), timeout=TIMEOUT_S, metadata=bearer("long")).summary.sentences


def test_articles_of_a_stream_are_counted_one_by_one(summary: summary_pb2_grpc.SummaryServiceStub) -> None:
    sent = REQUESTS + 12
    requests = (summary_pb2.SummarizeStreamRequest(request=article(article_id=f"a{n}")) for n in range(sent))
    # Not near a moment at which a place comes free: the last entries must have time to arrive.
    deadline_s = 3.5 * REFILL_S
    answers = list(summary.SummarizeStream(requests, timeout=deadline_s, metadata=bearer("stream")))
    assert sorted(one.article_id for one in answers) == sorted(f"a{n}" for n in range(sent))
    good = [one for one in answers if one.HasField("response")]
    # The stream waits for its quota as long as there is time, and says of each article left that there was none.
    assert REQUESTS <= len(good) <= REQUESTS + deadline_s / REFILL_S + 1
    codes = {grpc_code(one.error.code) for one in answers if one.HasField("error")}
    assert codes == {"DEADLINE_EXCEEDED"}


def grpc_code(number: int) -> str:
    return next(code.name for code in grpc.StatusCode if code.value[0] == number)


def test_calls_at_a_time_are_counted_for_each_caller(
    summary: summary_pb2_grpc.SummaryServiceStub, metrics_port: int
) -> None:
    def held() -> tuple[queue.Queue[object], Iterator[object]]:
        """A stream that has answered one article and stays open."""
        sending: queue.Queue[object] = queue.Queue()
        sending.put(summary_pb2.SummarizeStreamRequest(request=article()))
        call = summary.SummarizeStream(iter(sending.get, None), timeout=TIMEOUT_S, metadata=bearer("hold"))
        next(call)
        return sending, call

    streams = [held(), held()]
    reason, _ = refusal(lambda: summary.Summarize(article(), timeout=TIMEOUT_S, metadata=bearer("hold")))
    assert reason == "QUOTA_EXCEEDED"
    assert summary.Summarize(article(), timeout=TIMEOUT_S, metadata=bearer("other")).summary.sentences
    for sending, call in streams:
        sending.put(None)
        assert list(call) == []
    assert summary.Summarize(article(), timeout=TIMEOUT_S, metadata=bearer("hold")).summary.sentences
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    counted = [line for line in lines if line.startswith("khulasa_rejections_total") and "QUOTA_EXCEEDED" in line]
    assert counted
    assert not any(f'"{name}"' in line for line in lines for name in CALLERS)
