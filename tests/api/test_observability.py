"""Metrics and logs: what is counted and written, and what never is."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
import urllib.request

import grpc
import pytest
import structlog
from khulasa.server.api.calls import Call
from khulasa.server.api.ports import ModelDescription, ModelKind
from khulasa.server.config import LogFormat, LogLevel
from khulasa.server.core.errors import EngineError, InvalidInputError, OverloadedError
from khulasa.server.core.translation.scheduling.scheduler import BatchReport, SchedulerStats
from khulasa.server.core.translation.types import QualityFlag, StageTimings
from khulasa.server.observability import Observability
from khulasa.server.observability_logs import configure_logs
from prometheus_client import generate_latest

METHOD = "/khulasa.v1.SummaryService/Summarize"
SECRET = "نص سري لا يكتب"


@pytest.fixture
def log() -> io.StringIO:
    stream = io.StringIO()
    configure_logs(LogFormat.JSON, LogLevel.INFO, stream)
    yield stream
    structlog.reset_defaults()


def metrics(observability: Observability) -> dict[str, float]:
    lines = generate_latest(observability.registry).decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_a_call_is_one_line_with_its_id_and_its_times(log: io.StringIO) -> None:
    call = Call(METHOD, "r-1", caller="news", timings=StageTimings(queue_ms=1.25))
    Observability().finished(call, grpc.StatusCode.OK, None)
    (line,) = log.getvalue().splitlines()
    fields = json.loads(line)
    assert fields["event"] == "call"
    assert (fields["method"], fields["code"], fields["request_id"]) == ("SummaryService/Summarize", "OK", "r-1")
    assert (fields["caller"], fields["queue_ms"], fields["level"]) == ("news", 1.2, "info")
    assert fields["duration_ms"] >= 0
    assert fields["timestamp"].endswith("Z")


@pytest.mark.parametrize("log_texts", [False, True])
def test_a_servers_fault_is_logged_with_its_place_and_without_texts(log: io.StringIO, log_texts: bool) -> None:
    observability = Observability(log_texts=log_texts)
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as cause:
            raise EngineError(f"failed on {SECRET}") from cause
    except EngineError as error:
        observability.finished(Call(METHOD, "r-2"), grpc.StatusCode.INTERNAL, error)
        observability.article_failed(Call(METHOD, "r-3"), grpc.StatusCode.INTERNAL, error)
    for line in log.getvalue().splitlines():
        fields = json.loads(line)
        assert fields["level"] == "error"
        assert fields["error"] == "EngineError <- ValueError"
        assert "test_observability.py" in fields["traceback"][0]
        assert (SECRET in line) is log_texts


def test_a_callers_fault_does_not_quote_the_caller(log: io.StringIO) -> None:
    observability = Observability()
    error = InvalidInputError.of("article.text", SECRET)
    observability.finished(Call(METHOD, "r"), grpc.StatusCode.INVALID_ARGUMENT, error)
    observability.article_failed(Call(METHOD, "r"), grpc.StatusCode.INVALID_ARGUMENT, error)
    assert SECRET not in log.getvalue()
    assert json.loads(log.getvalue().splitlines()[0])["reason"] == "INVALID_FIELD"


def test_no_value_can_forge_a_line(log: io.StringIO) -> None:
    configure_logs(LogFormat.CONSOLE, LogLevel.INFO, log)
    Observability().finished(Call(METHOD, "r", caller="a\n2026 [error] forged\x1b[31m"), grpc.StatusCode.OK, None)
    assert len(log.getvalue().splitlines()) == 1
    assert "\x1b[31m" not in log.getvalue()


def test_calls_stages_flags_and_rejections_are_counted(log: io.StringIO) -> None:
    observability = Observability()
    with observability.in_flight(METHOD):
        assert metrics(observability)['khulasa_requests_in_flight{method="SummaryService/Summarize"}'] == 1
    observability.finished(Call(METHOD, "r"), grpc.StatusCode.OK, None)
    observability.answered(METHOD, StageTimings(10, 200, 30), [QualityFlag.EMPTY, QualityFlag.EMPTY], "m")
    quota = OverloadedError("no", 1, quota=True)
    observability.finished(Call(METHOD, "r"), grpc.StatusCode.RESOURCE_EXHAUSTED, quota)
    observability.finished(Call(METHOD, "r"), grpc.StatusCode.CANCELLED, asyncio.CancelledError())
    got = metrics(observability)
    name = 'method="SummaryService/Summarize"'
    assert got[f'khulasa_requests_total{{code="OK",{name}}}'] == 1
    assert got[f'khulasa_requests_total{{code="CANCELLED",{name}}}'] == 1
    assert got[f'khulasa_rejections_total{{{name},reason="QUOTA_EXCEEDED"}}'] == 1
    assert got[f"khulasa_request_seconds_count{{{name}}}"] == 3
    assert got[f'khulasa_stage_seconds_sum{{{name},stage="translate"}}'] == pytest.approx(0.2)
    assert got['khulasa_quality_flags_total{flag="empty",model="m"}'] == 2
    assert got[f"khulasa_requests_in_flight{{{name}}}"] == 0


def test_labels_do_not_grow_with_callers_or_requests(log: io.StringIO) -> None:
    observability = Observability()
    observability.finished(Call(METHOD, "r"), grpc.StatusCode.OK, None)
    before = set(metrics(observability))
    for number in range(200):
        observability.finished(Call(METHOD, f"r-{number}", caller=f"10.0.0.{number}"), grpc.StatusCode.OK, None)
    assert set(metrics(observability)) == before


def test_only_models_in_use_are_told() -> None:
    observability = Observability()
    for revision in ("a" * 64, "b" * 64):
        observability.serving([ModelDescription("m", "1", revision, ModelKind.TRANSLATION)])
    got = metrics(observability)
    assert [key for key in got if key.startswith("khulasa_model_info")] == [
        f'khulasa_model_info{{kind="translation",name="m",revision="{"b" * 64}",version="1"}}'
    ]
    assert got["khulasa_serving"] == 1
    observability.draining()
    assert metrics(observability)["khulasa_serving"] == 0


def test_the_queue_and_the_decoder_are_shown_as_they_are_now() -> None:
    observability = Observability()
    assert not [key for key in metrics(observability) if "queue" in key]
    tokens = {"waiting": 7}

    def stats() -> SchedulerStats:
        fields = {field.name: 0 for field in dataclasses.fields(SchedulerStats)}
        return SchedulerStats(**fields | {"queued_tokens_bulk": tokens["waiting"], "rejections": {"tokens": 3}})

    observability.decoder.watch(stats, held_tokens_bound=5_000)
    observability.decoder.batch(BatchReport(segments=4, tokens=90, fill=0.9, seconds=0.2, failed=False))
    assert metrics(observability)['khulasa_queue_tokens{priority="bulk"}'] == 7
    tokens["waiting"] = 11
    got = metrics(observability)
    assert got['khulasa_queue_tokens{priority="bulk"}'] == 11
    assert got['khulasa_queue_refusals_total{bound="tokens"}'] == 3
    assert got["khulasa_held_tokens_bound"] == 5_000
    assert got["khulasa_batch_segments_sum"] == 4
    assert got["khulasa_batch_fill_sum"] == pytest.approx(0.9)


def test_metrics_are_served_on_their_own_port() -> None:
    observability = Observability()
    stop, port = observability.listen("127.0.0.1", 0)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            assert b"khulasa_serving 0.0" in answer.read()
    finally:
        stop()
