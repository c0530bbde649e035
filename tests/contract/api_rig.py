"""The server under test and the stubs that drive it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from fake_core import FakeCore
from google.rpc import error_details_pb2, status_pb2
from khulasa.server.api.calls import Call
from khulasa.server.api.lifecycle import Lifecycle
from khulasa.server.api.server import ApiServer, RunningApi
from khulasa.server.core.translation.types import QualityFlag, StageTimings
from khulasa.v1 import model_pb2_grpc, summary_pb2_grpc, translation_pb2_grpc

ARABIC = "أعلن المجلس قراره اليوم.\nوقال المتحدث إن القرار نهائي."


@dataclass
class Recorder:
    """A CallObserver that keeps what it is told."""

    calls: list[tuple[Call, grpc.StatusCode, BaseException | None]] = field(default_factory=list)
    answers: list[tuple[str, list[QualityFlag], str]] = field(default_factory=list)
    failed_articles: list[tuple[str, grpc.StatusCode]] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    ended: list[tuple[str, str]] = field(default_factory=list)
    arrivals: list[Call] = field(default_factory=list)
    running: int = 0

    def arrived(self, call: Call) -> None:
        self.arrivals.append(call)

    @contextmanager
    def in_flight(self, method: str) -> Iterator[None]:
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1

    def finished(self, call: Call, code: grpc.StatusCode, error: BaseException | None) -> None:
        self.calls.append((call, code, error))

    def answered(self, method: str, timings: StageTimings, flags: Iterable[QualityFlag], model: str) -> None:
        self.answers.append((method, list(flags), model))

    def article_began(self, call: Call) -> None:
        self.begun.append(call.request_id)

    def article_ended(self, call: Call, code: grpc.StatusCode, error: Exception | None) -> None:
        self.ended.append((call.request_id, code.name))

    def article_failed(self, call: Call, code: grpc.StatusCode, error: Exception) -> None:
        self.failed_articles.append((call.request_id, code))


@dataclass
class Rig:
    """A running server and a channel to it."""

    core: FakeCore
    running: RunningApi
    lifecycle: Lifecycle
    observer: Any
    channel: grpc.aio.Channel

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.running.ports[0]}"

    @property
    def summary(self) -> Any:
        return summary_pb2_grpc.SummaryServiceStub(self.channel)

    @property
    def translation(self) -> Any:
        return translation_pb2_grpc.TranslationServiceStub(self.channel)

    @property
    def models(self) -> Any:
        return model_pb2_grpc.ModelServiceStub(self.channel)

    async def close(self) -> None:
        await self.channel.close()
        await self.running.drain(0)


async def start_rig(
    core: FakeCore, *, serving: bool = True, channel_options: list[tuple[str, Any]] | None = None, **settings: Any
) -> Rig:
    """A server with `settings` as for ApiServer."""
    lifecycle, observer = Lifecycle(), settings.pop("observer", None) or Recorder()
    server = ApiServer(core=core, observer=observer, lifecycle=lifecycle, **settings)
    running = await server.start(["127.0.0.1:0"])
    if serving:
        lifecycle.serving()
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{running.ports[0]}", options=channel_options)
    return Rig(core, running, lifecycle, observer, channel)


@dataclass
class Failure:
    """An error as a caller sees it."""

    code: grpc.StatusCode
    message: str
    fields: dict[str, str]
    reason: str
    domain: str
    metadata: dict[str, str]
    retry_after_s: float | None
    request_id: str


def failure_of(error: grpc.aio.AioRpcError) -> Failure:
    """The error with its details unpacked."""
    trailers = dict(error.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
    failure = unpack(status)
    assert status.code == error.code().value[0]
    assert failure.request_id == trailers.get("x-request-id")
    return failure


def unpack(status: status_pb2.Status) -> Failure:
    """A google.rpc.Status with its details unpacked."""
    info, bad, retry, request = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.BadRequest(),
        error_details_pb2.RetryInfo(),
        error_details_pb2.RequestInfo(),
    )
    has_retry = False
    for detail in status.details:
        for message in (info, bad, request):
            detail.Unpack(message)
        has_retry = detail.Unpack(retry) or has_retry
    code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
    return Failure(
        code,
        status.message,
        {violation.field: violation.description for violation in bad.field_violations},
        info.reason,
        info.domain,
        dict(info.metadata),
        retry.retry_delay.ToTimedelta().total_seconds() if has_retry else None,
        request.request_id,
    )


async def refused(call: Any) -> Failure:
    """Why a call failed; fails when it did not."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return failure_of(error)
    raise AssertionError("the call was answered")
