"""Failures on demand, in the form that the real server gives them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from khulasa.client.status import DETAILS_KEY, DOMAIN

__all__ = ["Fault", "FaultQueue", "abort", "status_of"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure.

    Attributes:
        code: Status code.
        message: For people.
        reason: `ErrorInfo.reason`; empty for a failure without details, as proxies give it.
        retry_after: Seconds for RetryInfo, None for none.
        violations: (field path, description) pairs for BadRequest.
        metadata: `ErrorInfo.metadata`.
        method: Fail this method only, for example `Summarize`; empty for any.
        article_id: Fail this article only; empty for any.
    """

    code: grpc.StatusCode
    message: str = "as asked by the test"
    reason: str = ""
    retry_after: float | None = None
    violations: Sequence[tuple[str, str]] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    method: str = ""
    article_id: str = ""

    def fits(self, method: str, article_id: str) -> bool:
        """Whether it is for this call."""
        return self.method in ("", method) and self.article_id in ("", article_id)


def status_of(fault: Fault, request_id: str) -> Any:
    """The google.rpc.Status of a fault."""
    status = status_pb2.Status(code=fault.code.value[0], message=fault.message)
    if fault.reason:
        info = error_details_pb2.ErrorInfo(reason=fault.reason, domain=DOMAIN, metadata=fault.metadata)
        status.details.add().Pack(info)
        status.details.add().Pack(error_details_pb2.RequestInfo(request_id=request_id))
    if fault.violations:
        detail = error_details_pb2.BadRequest()
        for name, description in fault.violations:
            detail.field_violations.add(field=name, description=description)
        status.details.add().Pack(detail)
    if fault.retry_after is not None:
        delay = Duration()
        delay.FromNanoseconds(round(fault.retry_after * 1e9))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def abort(context: grpc.ServicerContext, fault: Fault, request_id: str) -> NoReturn:
    """End a call with a fault."""
    status = status_of(fault, request_id)
    if status.details:
        context.set_trailing_metadata(((DETAILS_KEY, status.SerializeToString()),))
    context.abort(fault.code, fault.message)
    raise AssertionError("abort raises")


class FaultQueue:
    """Failures and delays that the next calls meet, in order. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: deque[Fault] = deque()
        self._delays: deque[float] = deque()

    def add(self, fault: Fault, times: int) -> None:
        """Fail the next `times` calls that fit."""
        with self._lock:
            self._faults.extend([fault] * times)

    def delay(self, seconds: float, times: int) -> None:
        """Hold the next `times` calls back."""
        with self._lock:
            self._delays.extend([seconds] * times)

    def take(self, method: str, article_id: str) -> Fault | None:
        """The first fault for this call, which is then used up."""
        with self._lock:
            for fault in self._faults:
                if fault.fits(method, article_id):
                    self._faults.remove(fault)
                    return fault
            return None

    def wait(self, context: grpc.ServicerContext) -> None:
        """Hold a call back if one is to be held; a call that is cancelled meanwhile goes at once."""
        with self._lock:
            seconds = self._delays.popleft() if self._delays else 0.0
        until = time.monotonic() + seconds
        while context.is_active() and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.01))
