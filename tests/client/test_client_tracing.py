"""A current OpenTelemetry span goes along with every call, and nothing is asked of those who have none."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from khulasa.client import AsyncClient, Client
from khulasa.client.testing import FakeKhulasa
from khulasa.client.tracing import trace_metadata
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState, use_span

TEXT = "أعلن المجلس قراره اليوم."


@pytest.fixture
def parent() -> Iterator[str]:
    """The traceparent of the span that is current in the test."""
    with TracerProvider(shutdown_on_exit=False).get_tracer("test").start_as_current_span("work") as span:
        context = span.get_span_context()
        yield f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def parents(server: FakeKhulasa) -> list[str | None]:
    return [one.metadata.get("traceparent") for one in server.requests]


def test_a_span_is_named_to_the_server(server: FakeKhulasa, client: Client, parent: str) -> None:
    client.summarize(TEXT)
    list(client.translate_stream([TEXT]))
    assert parents(server) == [parent, parent]


def test_a_span_goes_along_into_an_archives_threads(server: FakeKhulasa, client: Client, parent: str) -> None:
    assert len(list(client.summarize_many([TEXT] * 5, concurrency=3))) == 5
    assert parents(server) == [parent] * 5


async def test_a_span_is_named_by_the_asynchronous_client(
    server: FakeKhulasa, async_client: AsyncClient, parent: str
) -> None:
    # A fixture's context is not that of a coroutine everywhere, so the span is made current here.
    with use_span(NonRecordingSpan(_context(parent))):
        await async_client.summarize(TEXT)
        assert len([one async for one in async_client.summarize_many([TEXT] * 3)]) == 3
    assert parents(server) == [parent] * 4


def _context(parent: str) -> SpanContext:
    _, trace, span, flags = parent.split("-")
    return SpanContext(int(trace, 16), int(span, 16), is_remote=False, trace_flags=TraceFlags(int(flags, 16)))


def test_without_a_span_nothing_is_sent(server: FakeKhulasa, client: Client) -> None:
    client.summarize(TEXT)
    assert parents(server) == [None]


def test_the_state_of_a_trace_goes_along() -> None:
    context = SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(0), trace_state=TraceState([("a", "1")]))
    with use_span(NonRecordingSpan(context)):
        assert trace_metadata() == (("traceparent", f"00-{1:032x}-{2:016x}-00"), ("tracestate", "a=1"))


def test_the_library_is_not_needed(monkeypatch: pytest.MonkeyPatch, parent: str) -> None:
    assert trace_metadata()
    monkeypatch.delitem(sys.modules, "opentelemetry.trace")
    assert trace_metadata() == ()
    assert "opentelemetry.trace" not in sys.modules
