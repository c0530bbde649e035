"""Metrics and the log of calls. Labels are bounded: methods, codes, reasons, stages, flags, models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import grpc
import structlog
from khulasa.server.api.calls import Call
from khulasa.server.api.ports import ModelDescription
from khulasa.server.api.status import is_servers_fault, reason_of
from khulasa.server.core.translation.types import QualityFlag, StageTimings
from khulasa.server.observability_decoder import DecoderMetrics
from khulasa.server.observability_logs import failure
from khulasa.server.observability_port import serve_metrics
from khulasa.server.tracing import Tracing
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

__all__ = ["Observability"]

# Seconds: from a cached sentence to a long article's full translation.
_LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_STAGES = ("queue", "translate", "summarize")


class Observability:
    """Implements `CallObserver` with Prometheus metrics and structlog.

    Args:
        log_texts: Whether messages of unexpected errors, which may quote texts, go to the log.
        tracing: Makes spans of calls, None for none.

    Attributes:
        registry: Of this server alone.
        decoder: Is told of batches and of the scheduler in use.
    """

    def __init__(self, *, log_texts: bool = False, tracing: Tracing | None = None) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.decoder = DecoderMetrics(self.registry)
        self._log_texts, self._tracing = log_texts, tracing
        self._log = structlog.get_logger("khulasa.server")
        registry = self.registry
        self._requests = Counter("khulasa_requests", "Calls ended.", ["method", "code"], registry=registry)
        self._latency = Histogram(
            "khulasa_request_seconds",
            "Time from arrival to answer.",
            ["method"],
            buckets=_LATENCY_BUCKETS,
            registry=registry,
        )
        self._stages = Histogram(
            "khulasa_stage_seconds",
            "Time of one request or article in a stage.",
            ["method", "stage"],
            buckets=_LATENCY_BUCKETS,
            registry=registry,
        )
        self._in_flight = Gauge(
            "khulasa_requests_in_flight", "Calls accepted and not answered.", ["method"], registry=registry
        )
        self._rejections = Counter(
            "khulasa_rejections", "Requests and articles refused or failed.", ["method", "reason"], registry=registry
        )
        self._articles = Counter(
            "khulasa_answers", "Requests and articles of streams answered well.", ["method", "model"], registry=registry
        )
        self._flags = Counter(
            "khulasa_quality_flags", "Segments that carry a quality flag.", ["flag", "model"], registry=registry
        )
        self._models = Gauge(
            "khulasa_model_info", "Loaded models.", ["name", "version", "revision", "kind"], registry=registry
        )
        self._stage = Gauge("khulasa_serving", "1 while the server serves.", registry=registry)

    def arrived(self, call: Call) -> None:
        """Opens the call's span."""
        if self._tracing is not None:
            self._tracing.start(call)

    @contextmanager
    def in_flight(self, method: str) -> Iterator[None]:
        """Around an accepted call."""
        gauge = self._in_flight.labels(_short(method))
        with gauge.track_inprogress():
            yield

    def finished(self, call: Call, code: grpc.StatusCode, error: BaseException | None) -> None:
        """Counts a call and writes its line."""
        method, elapsed_ms = _short(call.method), call.elapsed_ms()
        self._requests.labels(method, code.name).inc()
        self._latency.labels(method).observe(elapsed_ms / 1000)
        reason = reason_of(error) if isinstance(error, Exception) else ""
        if self._tracing is not None:
            self._tracing.finish(call, code, reason)
        fields = {
            "method": method,
            "code": code.name,
            "request_id": call.request_id,
            "caller": call.caller,
            "duration_ms": round(elapsed_ms, 1),
            "queue_ms": round(call.timings.queue_ms, 1),
            "translate_ms": round(call.timings.translate_ms, 1),
            "summarize_ms": round(call.timings.summarize_ms, 1),
            **_trace(call),
        }
        if isinstance(error, Exception):
            fields["reason"] = reason
            self._rejections.labels(method, reason).inc()
            if is_servers_fault(error):
                self._log.error("call", **fields, **failure(error, with_messages=self._log_texts))
                return
        self._log.info("call", **fields)

    def answered(self, method: str, timings: StageTimings, flags: Iterable[QualityFlag], model: str) -> None:
        """Counts an answer, its stages and its flags."""
        name = _short(method)
        self._articles.labels(name, model).inc()
        for stage in _STAGES:
            self._stages.labels(name, stage).observe(getattr(timings, f"{stage}_ms") / 1000)
        for flag in flags:
            self._flags.labels(flag.value, model).inc()

    def article_began(self, call: Call) -> None:
        """Opens the article's span."""
        if self._tracing is not None:
            self._tracing.start_article(call)

    def article_ended(self, call: Call, code: grpc.StatusCode, error: Exception | None) -> None:
        """Closes it."""
        if self._tracing is not None:
            self._tracing.finish_article(call, code, reason_of(error) if error is not None else "")

    def article_failed(self, call: Call, code: grpc.StatusCode, error: Exception) -> None:
        """Counts an error entry of a stream and writes its line."""
        method, reason = _short(call.method), reason_of(error)
        self._rejections.labels(method, reason).inc()
        fields = {"method": method, "code": code.name, "request_id": call.request_id, **_trace(call), "reason": reason}
        if is_servers_fault(error):
            self._log.error("article", **fields, **failure(error, with_messages=self._log_texts))
        else:
            self._log.info("article", **fields)

    def memory_fault(self, error: Exception) -> None:
        """The translation memory could not be read; what it was asked for went to the model."""
        self._log.error("translation memory", error=str(error))

    def serving(self, models: Iterable[ModelDescription]) -> None:
        """These models are in use from now on."""
        self._models.clear()
        for model in models:
            self._models.labels(model.name, model.version, model.revision, model.kind.value).set(1)
        self._stage.set(1)

    def draining(self) -> None:
        """No new calls from now on."""
        self._stage.set(0)

    def watch_certificates(self, expires: Callable[[], float], refused: Callable[[], bool]) -> None:
        """Shows both whenever metrics are asked for.

        Args:
            expires: When the certificate in use does, Unix time in seconds.
            refused: Whether new files were refused and older certificates go on.
        """
        Gauge(
            "khulasa_certificate_expiry_timestamp_seconds",
            "When the certificate in use expires, Unix time.",
            registry=self.registry,
        ).set_function(expires)
        Gauge(
            "khulasa_certificate_refused",
            "1 while the files of certificates cannot be used and the old ones go on.",
            registry=self.registry,
        ).set_function(refused)

    def listen(self, host: str, port: int) -> tuple[Callable[[], None], int]:
        """Serves the metrics over HTTP; returns what stops it, and the port.

        Raises:
            OSError: the port is taken.
        """
        return serve_metrics(self.registry, host, port)


def _trace(call: Call) -> dict[str, str]:
    return {"trace_id": call.trace_id} if call.trace_id else {}


def _short(method: str) -> str:
    """`SummaryService/Summarize`."""
    return method.rpartition(".")[2]
