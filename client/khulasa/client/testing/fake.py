"""The fake server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from khulasa.client.testing import answers, refusals
from khulasa.client.testing.faults import Fault, FaultQueue, abort, status_of
from khulasa.client.testing.health import FakeHealth
from khulasa.v1 import (
    model_pb2,
    model_pb2_grpc,
    summary_pb2,
    summary_pb2_grpc,
    translation_pb2,
    translation_pb2_grpc,
)

__all__ = ["FakeKhulasa", "RecordedRequest"]

_STOP_GRACE_S = 0.2
_METHODS = tuple(
    method.name
    for file in (summary_pb2, translation_pb2, model_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
)


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request that arrived.

    Attributes:
        method: `Summarize`, `Translate`, ...
        request: Its fields by their proto names, without those that have their default.
        metadata: As sent, keys in lower case.
        timeout_s: Seconds left to the caller's deadline on arrival, None for none.
    """

    method: str
    request: dict[str, Any]
    metadata: dict[str, str | bytes]
    timeout_s: float | None


class FakeKhulasa:
    """A server on a free loopback port, running from `with` to the end of its block.

    Args:
        translate: (source text, target language) to translation; the default puts `[en] ` before the source.
        preview: Say of the translation model that it is a preview.
        serving: What the health service says; change `serving` while it runs.
        workers: Calls answered at a time.

    Attributes:
        requests: What arrived so far, in order; `clear_requests()` forgets it.
        serving: Whether the health service says SERVING.
    """

    def __init__(
        self,
        *,
        translate: Callable[[str, str], str] = answers.bracketed,
        preview: bool = False,
        serving: bool = True,
        workers: int = 16,
    ) -> None:
        self._health = FakeHealth(serving)
        self._translate = translate
        self._preview = preview
        self._workers = workers
        self._faults = FaultQueue()
        self._lock = threading.Lock()
        self._requests: list[RecordedRequest] = []
        self._server: grpc.Server | None = None
        self._port = 0

    @property
    def target(self) -> str:
        """`127.0.0.1:PORT`, for `Client(...)`.

        Raises:
            RuntimeError: the server is not running.
        """
        if self._server is None:
            raise RuntimeError("the fake server is not running; use it in a `with` block")
        return f"127.0.0.1:{self._port}"

    @property
    def serving(self) -> bool:
        """Whether the health service says SERVING; who watches it is told of a change."""
        return self._health.serving

    @serving.setter
    def serving(self, serving: bool) -> None:
        self._health.serving = serving

    @property
    def requests(self) -> list[RecordedRequest]:
        """What arrived so far, in order, health checks not counted."""
        with self._lock:
            return list(self._requests)

    def clear_requests(self) -> None:
        """Forget what arrived."""
        with self._lock:
            self._requests.clear()

    def fail_next(
        self,
        code: str | grpc.StatusCode,
        *,
        reason: str = "",
        message: str = "as asked by the test",
        retry_after: float | None = None,
        violations: Sequence[tuple[str, str]] = (),
        metadata: dict[str, str] | None = None,
        method: str = "",
        article_id: str = "",
        times: int = 1,
    ) -> None:
        """Fail the next calls that fit.

        Args:
            code: Status code or its name, for example `UNAVAILABLE`.
            reason: `ErrorInfo.reason`, for example `OVERLOADED`; empty for a bare status.
            message: For people.
            retry_after: Seconds for RetryInfo.
            violations: (field path, description) pairs.
            metadata: `ErrorInfo.metadata`, for example `{"available_pairs": "ar-en"}`.
            method: This method only, for example `Translate`.
            article_id: This article only.
            times: How many calls.

        Raises:
            TypeError, ValueError: no call can fail so; a test would wait for it in vain.
        """
        status = grpc.StatusCode.__members__.get(code) if isinstance(code, str) else code
        if status is None or status is grpc.StatusCode.OK:
            raise ValueError(f"no call fails with {code!r}; write for example UNAVAILABLE")
        if method not in ("", *_METHODS):
            raise ValueError(f"there is no method {method!r}; write one of {', '.join(_METHODS)}")
        fault = Fault(status, message, reason, retry_after, tuple(violations), metadata or {}, method, article_id)
        try:
            status_of(fault, "")
        except (TypeError, ValueError) as error:
            raise TypeError(f"no call fails so, see the arguments: {error}") from error
        if times < 1:
            raise ValueError(f"no call fails {times} times; write 1 or more")
        self._faults.add(fault, times)

    def delay_next(self, seconds: float, *, times: int = 1) -> None:
        """Hold the next calls back, so that deadlines and cancellation can be tested."""
        self._faults.delay(seconds, times)

    def __enter__(self) -> Self:
        if self._server is not None:
            raise RuntimeError("the fake server runs already; make another one")
        server = grpc.server(ThreadPoolExecutor(self._workers), options=[("grpc.so_reuseport", 0)])
        summary_pb2_grpc.add_SummaryServiceServicer_to_server(_Summaries(self), server)
        translation_pb2_grpc.add_TranslationServiceServicer_to_server(_Translations(self), server)
        model_pb2_grpc.add_ModelServiceServicer_to_server(_Models(self), server)
        server.add_generic_rpc_handlers((self._health.handlers(),))
        self._port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self._server = server
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        server, self._server = self._server, None
        if server is not None:
            self._health.close()
            server.stop(_STOP_GRACE_S).wait()

    def _arrived(self, method: str, request: Message, context: grpc.ServicerContext, article_id: str = "") -> None:
        """Record a request; hold it back or fail it if the test says so."""
        fields = MessageToDict(request, preserving_proto_field_name=True)
        left = context.time_remaining()
        # A call without a deadline has centuries left.
        timeout_s = None if left is None or left > 1e9 else left
        metadata: dict[str, str | bytes] = {item[0]: item[1] for item in context.invocation_metadata()}
        with self._lock:
            self._requests.append(RecordedRequest(method, fields, metadata, timeout_s))
        self._faults.wait(context)
        fault = self._faults.take(method, article_id)
        if fault is not None:
            abort(context, fault, getattr(request, "request_id", ""))

    def _summarized(self, request: summary_pb2.SummarizeRequest) -> summary_pb2.SummarizeResponse | Fault:
        article, options = request.article, request.options
        faults = refusals.summarize_faults(request)
        if faults:
            return refusals.invalid(faults)
        target = refusals.target_language(article.language_code, options.target_language_code, article.text)
        if isinstance(target, Fault):
            return target
        answer = answers.summarized(request, target, self._translate)
        if answer.summary.sentences:
            return answer
        if answer.summary.statistics.sentences:
            return refusals.invalid([answers.no_room(request)])
        return refusals.invalid([("article.text", "holds no sentence of running text")], "NOTHING_TO_SUMMARIZE")


class _Summaries(summary_pb2_grpc.SummaryServiceServicer):
    def __init__(self, fake: FakeKhulasa) -> None:
        self._fake = fake

    def Summarize(self, request: summary_pb2.SummarizeRequest, context: Any) -> summary_pb2.SummarizeResponse:  # noqa: N802
        self._fake._arrived("Summarize", request, context, request.article.article_id)
        answer = self._fake._summarized(request)
        return abort(context, answer, request.request_id) if isinstance(answer, Fault) else answer

    def SummarizeStream(  # noqa: N802
        self, request_iterator: Any, context: Any
    ) -> Iterator[summary_pb2.SummarizeStreamResponse]:
        for message in request_iterator:
            request = message.request
            self._fake._arrived("SummarizeStream", request, context, request.article.article_id)
            answer = self._fake._summarized(request)
            made = summary_pb2.SummarizeStreamResponse(article_id=request.article.article_id)
            if isinstance(answer, Fault):
                made.error.CopyFrom(status_of(answer, request.request_id))
            else:
                made.response.CopyFrom(answer)
            yield made


class _Translations(translation_pb2_grpc.TranslationServiceServicer):
    def __init__(self, fake: FakeKhulasa) -> None:
        self._fake = fake

    def _target(self, request: Any, texts: Sequence[str], faults: Sequence[tuple[str, str]], context: Any) -> str:
        target = (
            refusals.invalid(faults)
            if faults
            else refusals.target_language(request.source_language_code, request.target_language_code, " ".join(texts))
        )
        return abort(context, target, request.request_id) if isinstance(target, Fault) else target

    def _target_of(self, request: translation_pb2.TranslateRequest, context: Any) -> str:
        return self._target(request, request.texts, refusals.translate_faults(request), context)

    def Translate(self, request: translation_pb2.TranslateRequest, context: Any) -> translation_pb2.TranslateResponse:  # noqa: N802
        self._fake._arrived("Translate", request, context)
        return answers.translated(request, self._target_of(request, context), self._fake._translate)

    def TranslateStream(  # noqa: N802
        self, request: translation_pb2.TranslateStreamRequest, context: Any
    ) -> Iterator[translation_pb2.TranslateStreamResponse]:
        self._fake._arrived("TranslateStream", request.request, context)
        target = self._target_of(request.request, context)
        yield from answers.streamed(request.request, target, self._fake._translate)

    def Assess(self, request: translation_pb2.AssessRequest, context: Any) -> translation_pb2.AssessResponse:  # noqa: N802
        self._fake._arrived("Assess", request, context)
        sources = [pair.source_text for pair in request.pairs]
        self._target(request, sources, refusals.assess_faults(request), context)
        return answers.assessed(request)


class _Models(model_pb2_grpc.ModelServiceServicer):
    def __init__(self, fake: FakeKhulasa) -> None:
        self._fake = fake

    def ListModels(self, request: model_pb2.ListModelsRequest, context: Any) -> model_pb2.ListModelsResponse:  # noqa: N802
        self._fake._arrived("ListModels", request, context)
        return answers.list_models(self._fake._preview)

    def GetModel(self, request: model_pb2.GetModelRequest, context: Any) -> model_pb2.GetModelResponse:  # noqa: N802
        self._fake._arrived("GetModel", request, context)
        models = answers.models(self._fake._preview)
        for model in models:
            if model.name == request.name:
                return model_pb2.GetModelResponse(model=model)
        known = ", ".join(model.name for model in models)
        said = f"no model of that name; loaded are: {known}"
        fault = Fault(grpc.StatusCode.NOT_FOUND, said, "MODEL_NOT_FOUND")
        return abort(context, fault, "")
