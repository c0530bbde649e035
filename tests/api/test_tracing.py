"""Spans: one for each call, joined to the caller's, in the log, at the collector; never in the way of a call."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
import structlog
from api_rig import ARABIC, Rig, refused, start_rig
from fake_core import FakeCore
from khulasa.client import AsyncClient
from khulasa.server import tracing as tracing_module
from khulasa.server.api.authentication import Authenticator, hash_of_token
from khulasa.server.config import LogFormat, LogLevel, Settings
from khulasa.server.main import serve
from khulasa.server.observability import Observability
from khulasa.server.observability_logs import configure_logs
from khulasa.server.tracing import Tracing, TracingSettingsError, otlp_exporter
from khulasa.v1 import summary_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from pydantic import ValidationError

ARTICLE = summary_pb2.SummarizeRequest(article=summary_pb2.Article(text=ARABIC), request_id="r-1")
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logs(LogFormat.JSON, LogLevel.INFO, stream)
    yield stream
    structlog.reset_defaults()


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


class Traced:
    """A server whose spans stay in memory."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracing = Tracing(self.exporter)
        self.rig: Rig

    def spans(self) -> list[ReadableSpan]:
        assert self.tracing._provider.force_flush()
        return list(self.exporter.get_finished_spans())


@pytest.fixture
async def traced(log: io.StringIO) -> AsyncIterator[Traced]:
    traced = Traced()
    traced.rig = await start_rig(
        FakeCore(),
        observer=Observability(tracing=traced.tracing),
        authenticator=Authenticator({"news": hash_of_token("kh")}),
    )
    yield traced
    await traced.rig.close()
    traced.tracing.close()


def metadata(*more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (("authorization", "Bearer kh"), *more)


async def test_a_call_is_one_span_below_the_callers(traced: Traced, log: io.StringIO) -> None:
    before = time.time_ns()
    await traced.rig.summary.Summarize(ARTICLE, metadata=metadata(("traceparent", TRACEPARENT), ("tracestate", "a=1")))
    (span,) = traced.spans()
    assert span.name == "khulasa.v1.SummaryService/Summarize"
    assert span.kind is SpanKind.SERVER
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == f"{span.parent.trace_id:032x}" == TRACE
    assert (f"{span.parent.span_id:016x}", span.parent.is_remote) == (PARENT, True)
    assert span.context.trace_state.get("a") == "1"
    assert before <= span.start_time + 1_000_000 <= span.end_time + 1_000_000 <= time.time_ns() + 1_000_000
    attributes = dict(span.attributes or {})
    times = [attributes.pop(f"khulasa.{stage}_ms") for stage in ("queue", "translate", "summarize")]
    assert all(isinstance(one, float | int) and one >= 0 for one in times)
    assert attributes == {
        "rpc.system": "grpc",
        "rpc.service": "khulasa.v1.SummaryService",
        "rpc.method": "Summarize",
        "rpc.grpc.status_code": 0,
        "khulasa.code": "OK",
        "khulasa.request_id": "r-1",
    }
    assert span.resource.attributes["service.name"] == "khulasa-server"
    (line,) = lines(log)
    assert (line["trace_id"], line["request_id"]) == (TRACE, "r-1")


async def test_a_call_without_a_trace_begins_one(traced: Traced, log: io.StringIO) -> None:
    await traced.rig.summary.Summarize(ARTICLE, metadata=metadata())
    (span,) = traced.spans()
    assert span.parent is None
    assert lines(log)[0]["trace_id"] == f"{span.context.trace_id:032x}"


@pytest.mark.parametrize(
    "given",
    [
        "nonsense",
        TRACEPARENT.upper(),
        TRACEPARENT + "-x",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{PARENT}-01",
        TRACEPARENT[:-1] + "g",
        "x" * 5000,
    ],
)
async def test_what_is_no_trace_is_left_aside(traced: Traced, log: io.StringIO, given: str) -> None:
    await traced.rig.summary.Summarize(ARTICLE, metadata=metadata(("traceparent", given)))
    (span,) = traced.spans()
    assert span.parent is None
    assert TRACE not in log.getvalue()


async def test_a_caller_that_does_not_record_is_followed(traced: Traced, log: io.StringIO) -> None:
    await traced.rig.summary.Summarize(ARTICLE, metadata=metadata(("traceparent", TRACEPARENT[:-1] + "0")))
    assert traced.spans() == []
    assert lines(log)[0]["trace_id"] == TRACE


async def test_an_error_is_in_the_span_without_its_message(traced: Traced) -> None:
    empty = summary_pb2.SummarizeRequest(article=summary_pb2.Article(text=""))
    await refused(traced.rig.summary.Summarize(empty, metadata=metadata()))
    await refused(traced.rig.summary.Summarize(ARTICLE))
    bad, closed = traced.spans()
    assert bad.attributes is not None
    assert closed.attributes is not None
    assert (bad.attributes["khulasa.code"], bad.attributes["khulasa.reason"]) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert closed.attributes["rpc.grpc.status_code"] == 16
    # The caller's fault: no error of the server.
    assert {bad.status.status_code, closed.status.status_code} == {StatusCode.UNSET}


async def test_a_servers_fault_is_an_error_and_quotes_nothing(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"cannot do {ARABIC}")

    monkeypatch.setattr(traced.rig.core, "summarize", fail)
    failure = await refused(traced.rig.summary.Summarize(ARTICLE, metadata=metadata()))
    assert failure.code is grpc.StatusCode.INTERNAL
    (span,) = traced.spans()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "INTERNAL")
    assert ARABIC[:10] not in json.dumps(json.loads(span.to_json()), ensure_ascii=False)
    assert not span.events


def request(number: int, text: str = ARABIC) -> summary_pb2.SummarizeStreamRequest:
    article = summary_pb2.Article(text=text, article_id=f"secret-{number}")
    return summary_pb2.SummarizeStreamRequest(
        request=summary_pb2.SummarizeRequest(article=article, request_id=f"r-{number}")
    )


async def test_a_stream_has_a_span_and_each_article_its_own_below_and_health_none(traced: Traced) -> None:
    requests = [request(1), request(2, text=""), request(3)]
    answers = [one async for one in traced.rig.summary.SummarizeStream(iter(requests), metadata=metadata())]
    assert len(answers) == 3
    check = traced.rig.channel.unary_unary("/grpc.health.v1.Health/Check")
    assert await check(b"") == b"\x08\x01"
    *articles, stream = traced.spans()
    assert stream.name.endswith("/SummarizeStream")
    assert stream.parent is None
    for span in articles:
        assert (span.name, span.kind) == ("khulasa.article", SpanKind.INTERNAL)
        assert span.parent is not None
        assert (span.parent.span_id, span.context.trace_id) == (stream.context.span_id, stream.context.trace_id)
        assert stream.start_time <= span.start_time <= span.end_time <= stream.end_time
        assert "secret" not in span.to_json()
    found = [dict(span.attributes or {}) for span in sorted(articles, key=lambda one: one.start_time)]
    assert [one["khulasa.request_id"] for one in found] == ["r-1", "r-2", "r-3"]
    assert [one["khulasa.code"] for one in found] == ["OK", "INVALID_ARGUMENT", "OK"]
    assert [one.get("khulasa.reason") for one in found] == [None, "INVALID_FIELD", None]
    assert all("rpc.grpc.status_code" not in one for one in found)


async def test_an_article_that_is_cut_off_has_its_span_ended(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()

    async def hang(*_: Any, **__: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(traced.rig.core, "summarize", hang)
    call = traced.rig.summary.SummarizeStream(iter([request(1)]), metadata=metadata())
    await asyncio.wait_for(begun.wait(), 30)
    call.cancel()
    spans: list[ReadableSpan] = []
    for _ in range(1_000):
        if len(spans := traced.spans()) == 2:
            break
        await asyncio.sleep(0.05)
    article = next(span for span in spans if span.name == "khulasa.article")
    assert dict(article.attributes or {})["khulasa.code"] == "CANCELLED"


async def test_spans_of_client_and_server_are_joined(traced: Traced) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    with provider.get_tracer("caller").start_as_current_span("evening edition") as callers:
        async with AsyncClient(traced.rig.address, token="kh") as client:
            await client.summarize(ARABIC)
    (span,) = traced.spans()
    assert span.parent is not None
    assert span.parent.span_id == callers.get_span_context().span_id
    assert span.context.trace_id == callers.get_span_context().trace_id


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.requests: list[trace_service_pb2.ExportTraceServiceRequest] = []

    def Export(self, request: Any, context: Any) -> Any:
        self.requests.append(request)
        return trace_service_pb2.ExportTraceServiceResponse()


async def test_a_collector_gets_the_spans_by_otlp(log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing_module, "_LAST_SPANS_S", 30)
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    tracing = Tracing(otlp_exporter(f"http://127.0.0.1:{port}"))
    rig = await start_rig(FakeCore(), observer=Observability(tracing=tracing))
    try:
        await rig.summary.Summarize(ARTICLE, metadata=(("traceparent", TRACEPARENT),))
        tracing.close()
        (request,) = collector.requests
        (span,) = request.resource_spans[0].scope_spans[0].spans
        assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
        assert ARABIC.encode() not in request.SerializeToString()
    finally:
        await rig.close()
        server.stop(0).wait()


async def test_a_collector_that_is_away_is_in_nobodys_way(log: io.StringIO) -> None:
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        tracing = Tracing(otlp_exporter(f"http://127.0.0.1:{taken.getsockname()[1]}"))
        rig = await start_rig(FakeCore(), observer=Observability(tracing=tracing))
        started = time.monotonic()
        for _ in range(20):
            await rig.summary.Summarize(ARTICLE)
        assert time.monotonic() - started < 30
        await rig.close()
        started = time.monotonic()
        tracing.close()
        assert time.monotonic() - started < 30
    said = [line for line in lines(log) if line["event"] == "tracing"]
    assert said
    assert {line["level"] for line in said} == {"warning"}


def test_what_the_library_says_again_and_again_is_said_once_a_minute(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(tracing_module.time, "monotonic", lambda: now[0])
    handler = tracing_module._ToStructlog(logging.WARNING)
    for moment in (0, 1, 59, 61, 62):
        now[0] = 1_000.0 + moment
        for line, name in ((7, "away"), (9, "dropped")):
            handler.emit(logging.LogRecord("x", logging.WARNING, "exporter.py", line, "%s at %s", (name, moment), None))
    said = [line["message"] for line in lines(log)]
    assert said == ["away at 0", "dropped at 0", "away at 61", "dropped at 61"]


class Hanging:
    """A collector that takes connections and answers nothing: only an end of the exporter ends a sending."""

    def __init__(self) -> None:
        self.sending, self.ended = threading.Event(), threading.Event()

    def export(self, _spans: object) -> object:
        self.sending.set()
        self.ended.wait(60)
        return SpanExportResult.FAILURE

    def shutdown(self) -> None:
        self.ended.set()


def test_a_collector_that_hangs_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenTelemetry's own bound is none: it sent all that waited, 5 s for each 512 spans, past the time to stop."""
    monkeypatch.setattr(tracing_module, "_LAST_SPANS_S", 0.1)
    exporter = Hanging()
    tracing = Tracing(exporter)
    tracing._tracer.start_span("one").end()
    closing = threading.Thread(target=tracing.close, daemon=True)
    closing.start()
    assert exporter.sending.wait(30)
    assert exporter.ended.wait(30)
    closing.join(30)
    assert not closing.is_alive()


async def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc.trace_exporter", None)
    with pytest.raises(TracingSettingsError, match=r"khulasa-server\[otel\]"):
        otlp_exporter("http://localhost:4317")
    said: list[str] = []

    async def load(*_: Any) -> Any:
        raise AssertionError("it must not come to that")

    assert await serve(Settings(port=0, otel_endpoint="http://localhost:4317"), load, said.append) == 1
    assert "khulasa-server[otel]" in said[0]


@pytest.mark.parametrize("endpoint", ["localhost:4317", "ftp://a", "http://a/path", "http://a b", "http://"])
def test_an_endpoint_has_its_scheme(endpoint: str) -> None:
    assert all(Settings(otel_endpoint=good) for good in ("https://collector:4317", "http://[::1]:4317", ""))
    with pytest.raises(ValidationError):
        Settings(otel_endpoint=endpoint)


async def test_the_callers_trace_is_in_the_log_without_any_tracing(log: io.StringIO) -> None:
    rig = await start_rig(FakeCore(), observer=Observability())
    await rig.summary.Summarize(ARTICLE, metadata=(("traceparent", TRACEPARENT),))
    await rig.summary.Summarize(ARTICLE)
    await rig.close()
    assert [line.get("trace_id") for line in lines(log)] == [TRACE, None]
