"""Around every call of the API: identity, admission, request id, errors as statuses, log and metrics.

A call is let in before anything of its message is read, and its one message, or each of its stream, is read in turn
with those of others: whatever callers send, no more of it is held than that. Health answers at any load, behind a fence
of its own; so does reflection, which needs a token where the API does.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

import grpc
from khulasa.server.api.admission import Admission
from khulasa.server.api.authentication import Authenticator, caller_of_peer
from khulasa.server.api.calls import Call, CallObserver, new_request_id, set_current_call
from khulasa.server.api.convert_options import is_request_id
from khulasa.server.api.intake import Intake
from khulasa.server.api.lifecycle import Lifecycle
from khulasa.server.api.metadata import is_too_large, refusing
from khulasa.server.api.ports import CoreSource
from khulasa.server.api.standard import StandardFence
from khulasa.server.api.status import DETAILS_KEY, REQUEST_ID_KEY, status_of
from khulasa.server.core.translation.scheduling.aside import work_caller

__all__ = ["CallInterceptor"]

_API_PREFIX = "/khulasa.v1."
# One request each, which waits for the decoder. Articles of a stream are asked again while it lasts.
_DECODED = frozenset(
    f"{_API_PREFIX}{name}"
    for name in (
        "TranslationService/Translate",
        "TranslationService/TranslateStream",
        "TranslationService/Assess",
        "SummaryService/Summarize",
    )
)
_HEALTH_PREFIX = "/grpc.health.v1."
# https://www.w3.org/TR/trace-context/: version, trace, parent, flags; a trace of zeros is none.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_MAX_TRACESTATE = 512
_CODES = {code.value[0]: code for code in grpc.StatusCode}

_Context = grpc.aio.ServicerContext[Any, Any]
_Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps the handlers of the API.

    Args:
        lifecycle: Says whether calls are taken.
        authenticator: Knows the tokens.
        admission: The fence of calls.
        core: Knows which deadlines cannot be met.
        single: Lets the requests of calls with one request in.
        streamed: Lets those of streams in.
        observer: Logs and measures.
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        authenticator: Authenticator,
        admission: Admission,
        core: CoreSource,
        single: Intake,
        streamed: Intake,
        observer: CallObserver,
    ) -> None:
        self._lifecycle, self._authenticator = lifecycle, authenticator
        self._admission, self._core, self._observer = admission, core, observer
        self._single, self._streamed = single, streamed
        self._health = StandardFence()
        self._reflection = StandardFence(lambda context: authenticator.name_of(_metadata(context)))

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[_Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler | None:
        """The method's handler, wrapped; None for a method that does not exist."""
        given = handler_call_details.invocation_metadata
        if is_too_large(given):
            return refusing()
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None:
            return handler
        if method.startswith(_HEALTH_PREFIX):
            return self._health.around(handler)
        if not method.startswith(_API_PREFIX):
            return self._reflection.around(handler)
        name: str | Exception
        try:
            name = self._authenticator.name_of(_pairs(given))
        except Exception as error:
            name = error
        if handler.response_streaming:
            return self._streaming(method, handler, name)
        return self._unary(method, handler, name)

    def _unary(self, method: str, handler: _Handler, name: str | Exception) -> _Handler:
        inner: Any = handler.unary_unary

        async def answer(_: Any, context: _Context) -> Any:
            async def work(call: Call, request: Any) -> Any:
                response = await inner(request, context)
                # Only now: a failure without headers stays one that a client's own retry policy may repeat.
                await context.send_initial_metadata(((REQUEST_ID_KEY, call.request_id),))
                return response

            return await self._accompany(method, context, work, name)

        # To gRPC it is a method with a stream of requests: else it would read the message before anybody is asked.
        return grpc.stream_unary_rpc_method_handler(answer, handler.request_deserializer, handler.response_serializer)

    def _streaming(self, method: str, handler: _Handler, name: str | Exception) -> _Handler:
        inner: Any = handler.stream_stream if handler.request_streaming else handler.unary_stream

        async def answer(_: Any, context: _Context) -> None:
            async def work(call: Call, request: Any) -> None:
                context.set_trailing_metadata(((REQUEST_ID_KEY, call.request_id),))
                await inner(request, _InTurn(context, self._streamed, self._admission, call.caller))

            await self._accompany(method, context, work, name, one_message=not handler.request_streaming)

        return grpc.stream_stream_rpc_method_handler(answer, handler.request_deserializer, handler.response_serializer)

    async def _accompany(
        self,
        method: str,
        context: _Context,
        work: Callable[[Call, Any], Awaitable[Any]],
        name: str | Exception,
        *,
        one_message: bool = True,
    ) -> Any:
        """Does `work` as one call of the token's `name`; whatever it raises, or `name` is, becomes a status."""
        call: Call | None = None
        request, caller = None, ""
        try:
            known = isinstance(name, str) and name
            # Whoever is refused is named in the log, too.
            caller = known or caller_of_peer(context.peer(), _auth_context(context))
            if isinstance(name, Exception):
                raise name
            self._lifecycle.check()
            with self._admission.call(caller):
                self._admission.until_fetched(caller)
                if method in _DECODED:
                    self._check_deadline(caller, self._seconds_left(context))
                if one_message:
                    request = await self._admission.until_heard(caller, self._single.one(caller, context))
                call = self._arrived(method, request, context, caller)
                with self._lifecycle.call(), self._observer.in_flight(method):
                    response = await work(call, request)
            self._observer.finished(call, grpc.StatusCode.OK, None)
        except asyncio.CancelledError as error:
            # One that was given up before its message was here is no call yet.
            if call is not None:
                late = call.deadline is not None and call.deadline <= time.monotonic()
                code = grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED
                self._observer.finished(call, code, error)
            raise
        except Exception as error:
            call = call or self._arrived(method, None, context, caller)
            if _caller_is_gone(error):
                self._observer.finished(call, grpc.StatusCode.CANCELLED, asyncio.CancelledError())
                raise
            status = status_of(error, call.request_id)
            self._observer.finished(call, _CODES[status.code], error)
        else:
            return response
        details = ((DETAILS_KEY, status.SerializeToString()), (REQUEST_ID_KEY, call.request_id))
        return await context.abort(_CODES[status.code], status.message, details)

    @staticmethod
    def _seconds_left(context: _Context) -> float | None:
        """By gRPC, which has the deadline as a time of the wall clock; None without one."""
        return context.time_remaining()

    def _check_deadline(self, caller: str, remaining_s: float | None) -> None:
        """Under overload most calls end here, at three quarters of what it costs to read their messages as well."""
        if remaining_s is not None:
            with self._core.lend() as core:
                core.translator.check_deadline(caller, remaining_s)

    def _arrived(self, method: str, request: Any, context: _Context, caller: str) -> Call:
        call = self._call(method, request, context)
        call.caller = caller
        set_current_call(call)
        # What is done before the core knows of the request, telling its language, is done for its caller too.
        work_caller.set(caller)
        self._observer.arrived(call)
        return call

    def _call(self, method: str, request: Any, context: _Context) -> Call:
        """The call with the caller's name for it: the request's own field first, then the metadata, else a new one."""
        inside = getattr(request, "request_id", "") or getattr(getattr(request, "request", None), "request_id", "")
        offered = [inside, *(str(v) for k, v in context.invocation_metadata() or () if k == REQUEST_ID_KEY)]
        request_id = next((name for name in offered if isinstance(name, str) and is_request_id(name)), "")
        remaining_s = self._seconds_left(context)
        deadline = None if remaining_s is None else time.monotonic() + remaining_s
        call = Call(method, request_id or new_request_id(), deadline=deadline)
        _read_trace(call, context)
        return call


class _InTurn:
    """The context of a stream in turn with other calls; raises `OverloadedError` when it gave way to them."""

    def __init__(self, context: _Context, intake: Intake, admission: Admission, caller: str) -> None:
        self._intake, self._admission, self._caller, self._context = intake, admission, caller, context
        self.send_initial_metadata = context.send_initial_metadata

    async def read(self) -> Any:
        """The next message, or `grpc.aio.EOF`."""
        return await self._admission.until_heard(self._caller, self._intake.next(self._caller, self._context))

    async def write(self, message: Any) -> None:
        """Sends a message as soon as the caller has room for it."""
        await self._admission.until_read(self._caller, self._context.write(message))


def _read_trace(call: Call, context: _Context) -> None:
    """The caller's trace, where it names one in the form of the standard."""
    given = _metadata(context)
    parents = [value for key, value in given if key == "traceparent"]
    match = _TRACEPARENT.fullmatch(parents[0]) if len(parents) == 1 and isinstance(parents[0], str) else None
    if match is None:
        return
    call.traceparent, call.trace_id = match[0], match[1]
    state = ",".join(value for key, value in given if key == "tracestate" and isinstance(value, str))
    call.tracestate = state if len(state) <= _MAX_TRACESTATE else ""


def _caller_is_gone(error: Exception) -> bool:
    """Whether gRPC raised because the call had ended while a message was on its way; its class is private."""
    return type(error).__name__ == "ExecuteBatchError"


def _metadata(context: _Context) -> list[tuple[str, str | bytes]]:
    return _pairs(context.invocation_metadata())


def _pairs(metadata: Iterable[tuple[Any, Any]] | None) -> list[tuple[str, str | bytes]]:
    return [(str(key), value) for key, value in metadata or ()]


def _auth_context(context: _Context) -> dict[str, list[bytes]]:
    return {key: list(values) for key, values in context.auth_context().items()}
