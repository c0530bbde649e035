"""What is known of the call that a task is answering, and who is told when it ends."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

import grpc
from khulasa.server.core.translation.types import Priority, QualityFlag, RequestContext, StageTimings

__all__ = ["Call", "CallObserver", "current_call", "new_request_id", "set_current_call"]


def new_request_id() -> str:
    """A name for a request whose caller gave none."""
    return uuid.uuid4().hex


@dataclass(slots=True)
class Call:
    """One call.

    Attributes:
        method: Full name, for example `/khulasa.v1.SummaryService/Summarize`.
        request_id: The caller's, or made here.
        caller: Whom quotas and fairness count it for.
        deadline: `time.monotonic()` seconds, None for none.
        started: `time.perf_counter()` seconds at its arrival.
        timings: Filled in by the stages.
        traceparent: The caller's, in the W3C form, or empty.
        tracestate: What came with it.
        trace_id: 32 hex digits: of the caller's trace, or of one begun here; empty for none.
        span: Of this call, where calls are traced.
        charged: Its request was taken off the caller's quota.
    """

    method: str
    request_id: str
    caller: str = ""
    deadline: float | None = None
    started: float = field(default_factory=time.perf_counter)
    timings: StageTimings = field(default_factory=StageTimings)
    traceparent: str = ""
    tracestate: str = ""
    trace_id: str = ""
    span: Any = None
    charged: bool = False

    def context(self, priority: Priority) -> RequestContext:
        """The call as the core sees it; stages are timed into `timings`."""
        return RequestContext(self.request_id, self.caller, priority, self.deadline, self.timings)

    def elapsed_ms(self) -> float:
        """Milliseconds since its arrival."""
        return (time.perf_counter() - self.started) * 1000


class CallObserver(Protocol):
    """Logs and measures calls; never sees a text."""

    def arrived(self, call: Call) -> None:
        """A call came in; nothing is known yet of whether it may."""
        ...

    def in_flight(self, method: str) -> AbstractContextManager[None]:
        """Around an accepted call."""
        ...

    def finished(self, call: Call, code: grpc.StatusCode, error: BaseException | None) -> None:
        """A call ended, accepted or not."""
        ...

    def answered(self, method: str, timings: StageTimings, flags: Iterable[QualityFlag], model: str) -> None:
        """One request or one article of a stream was answered well."""
        ...

    def article_began(self, call: Call) -> None:
        """An article of a stream is taken up; `call` is the stream's, under the article's own request id."""
        ...

    def article_ended(self, call: Call, code: grpc.StatusCode, error: Exception | None) -> None:
        """It has its summary or its error entry, or the stream ended before (CANCELLED)."""
        ...

    def article_failed(self, call: Call, code: grpc.StatusCode, error: Exception) -> None:
        """One article of a stream got an error entry."""
        ...


_CURRENT: ContextVar[Call] = ContextVar("khulasa_call")


def set_current_call(call: Call) -> None:
    """This task answers `call` from now on."""
    _CURRENT.set(call)


def current_call() -> Call:
    """The call that this task answers."""
    return _CURRENT.get()
