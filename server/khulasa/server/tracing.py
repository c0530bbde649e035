"""OpenTelemetry spans of calls and of articles in streams, sent by OTLP. Nothing is loaded without the extra `otel`."""

from __future__ import annotations

import logging
import threading
import time
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import grpc
import structlog
from khulasa.server.api.calls import Call

__all__ = ["Tracing", "TracingSettingsError", "otlp_exporter"]

_EXPORT_TIMEOUT_S = 5.0
# For what waits at the end, and once more for a sending that was broken off to return.
_LAST_SPANS_S = 3.0
# After a message of the library's, for those from the same place.
_SILENT_S = 60.0
# Those that OpenTelemetry's conventions call errors of a server; the others are the caller's affair.
_SERVER_ERRORS = {
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}


class TracingSettingsError(Exception):
    """Tracing is asked for and the extra `otel` is not installed."""


def otlp_exporter(endpoint: str) -> Any:
    """What sends spans by OTLP over gRPC.

    Args:
        endpoint: `http://HOST:PORT`, in plain text, or `https://HOST:PORT`.

    Raises:
        TracingSettingsError: the extra is missing.
    """
    module = _library("opentelemetry.exporter.otlp.proto.grpc.trace_exporter")
    return module.OTLPSpanExporter(
        endpoint=endpoint, insecure=endpoint.startswith("http://"), timeout=_EXPORT_TIMEOUT_S
    )


class Tracing:
    """Opens and closes the span of a call. Nothing of a text is in one, nor the caller's name.

    Args:
        exporter: A `SpanExporter`; spans go to it in the background, what it cannot take is dropped.

    Raises:
        TracingSettingsError: the extra is missing.
    """

    def __init__(self, exporter: Any) -> None:
        self._trace = _library("opentelemetry.trace")
        sdk, export = _library("opentelemetry.sdk.trace"), _library("opentelemetry.sdk.trace.export")
        resource = _library("opentelemetry.sdk.resources").Resource.create(
            {"service.name": "khulasa-server", "service.version": _version()}
        )
        self._propagator = _library("opentelemetry.trace.propagation.tracecontext").TraceContextTextMapPropagator()
        self._provider = sdk.TracerProvider(resource=resource, shutdown_on_exit=False)
        self._exporter = exporter
        self._provider.add_span_processor(export.BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("khulasa.server")
        _log_through_structlog()

    def start(self, call: Call) -> None:
        """Opens the span of a call that has just arrived, below the caller's span if it named one."""
        parent = self._propagator.extract({"traceparent": call.traceparent, "tracestate": call.tracestate})
        service, _, method = call.method.lstrip("/").partition("/")
        call.span = self._tracer.start_span(
            f"{service}/{method}",
            context=parent,
            kind=self._trace.SpanKind.SERVER,
            attributes={
                "rpc.system": "grpc",
                "rpc.service": service,
                "rpc.method": method,
                "khulasa.request_id": call.request_id,
            },
            start_time=time.time_ns() - round(call.elapsed_ms() * 1e6),
        )
        context = call.span.get_span_context()
        call.trace_id = self._trace.format_trace_id(context.trace_id)

    def finish(self, call: Call, code: grpc.StatusCode, reason: str) -> None:
        """Closes it.

        Args:
            reason: Of the error, empty for none.
        """
        if call.span is not None:
            call.span.set_attribute("rpc.grpc.status_code", code.value[0])
            self._close(call, code, reason)

    def start_article(self, call: Call) -> None:
        """Opens the span of an article below that of its stream, which `call` brings and then has no more.

        Args:
            call: The stream's, as a copy for this article.
        """
        if call.span is not None:
            call.span = self._tracer.start_span(
                "khulasa.article",
                context=self._trace.set_span_in_context(call.span),
                attributes={"khulasa.request_id": call.request_id},
            )

    def finish_article(self, call: Call, code: grpc.StatusCode, reason: str) -> None:
        """Closes it; arguments as in `finish`."""
        if call.span is not None:
            self._close(call, code, reason)

    def _close(self, call: Call, code: grpc.StatusCode, reason: str) -> None:
        span, timings = call.span, call.timings
        span.set_attributes(
            {
                "khulasa.code": code.name,
                "khulasa.queue_ms": timings.queue_ms,
                "khulasa.translate_ms": timings.translate_ms,
                "khulasa.summarize_ms": timings.summarize_ms,
            }
        )
        if reason:
            span.set_attribute("khulasa.reason", reason)
        if code in _SERVER_ERRORS:
            span.set_status(self._trace.StatusCode.ERROR, reason)
        span.end()

    def close(self) -> None:
        """Sends what is left, for a few seconds at most, and ends."""
        # OpenTelemetry itself sends all that waits, however long that takes.
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(_LAST_SPANS_S)
        if ending.is_alive():
            # Breaks off what is being sent; the rest is dropped.
            self._exporter.shutdown()
            ending.join(_LAST_SPANS_S)


class _ToStructlog(logging.Handler):
    """The library's own messages, such as of a collector that is away, as lines like all others."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self._said: dict[tuple[str, int], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        # A collector that is away for a day would be 20,000 lines, among which others are not seen.
        place, now = (record.pathname, record.lineno), time.monotonic()
        if now < self._said.get(place, -_SILENT_S) + _SILENT_S:
            return
        self._said[place] = now
        structlog.get_logger("khulasa.server").warning("tracing", message=record.getMessage())


def _log_through_structlog() -> None:
    logger = logging.getLogger("opentelemetry")
    logger.propagate = False
    others = [handler for handler in logger.handlers if not isinstance(handler, _ToStructlog)]
    logger.handlers = [*others, _ToStructlog(logging.WARNING)]


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise TracingSettingsError(
            "otel_endpoint is set, and the extra `otel` is not installed: pip install 'khulasa-server[otel]'"
        ) from error


def _version() -> str:
    try:
        return version("khulasa-server")
    except PackageNotFoundError:
        return "unknown"
