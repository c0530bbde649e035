"""Fences around the standard services, health and reflection, which are open where the API is not yet or never asked.

Their messages hold a name, but gRPC would let each be as large as those of the API, and anybody may open streams
without end. Both are bounded here apart from the API's calls, so that neither keeps the other out.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError
from khulasa.server.api.admission import Admission, AdmissionLimits
from khulasa.server.api.authentication import AuthenticationError, caller_of_peer
from khulasa.server.api.intake import Intake, NoMessageError
from khulasa.server.api.metadata import is_too_large, refusing
from khulasa.server.api.status import DETAILS_KEY, status_of
from khulasa.server.core.errors import CoreError, FieldViolation, InvalidInputError

__all__ = ["StandardFence", "StandardInterceptor"]

_Context = grpc.aio.ServicerContext[Any, Any]
_Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

_CODES = {code.value[0]: code for code in grpc.StatusCode}
# A Watch lasts as long as its client, and a client has one for each of its connections.
_LIMITS = AdmissionLimits(concurrent_calls=4_096, concurrent_calls_per_caller=512)
_PLACES, _PATIENCE_S, _MESSAGE_S = 4, 0.5, 10.0


class StandardInterceptor(grpc.aio.ServerInterceptor):
    """One fence around all that a server without the API has."""

    def __init__(self) -> None:
        self._fence = StandardFence()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[_Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler | None:
        """The method's handler within the fence; None for a method that does not exist."""
        if is_too_large(handler_call_details.invocation_metadata):
            return refusing()
        handler = await continuation(handler_call_details)
        return None if handler is None else self._fence.around(handler)


class StandardFence:
    """Bounds the calls of one standard service; callers are told apart by certificate or address.

    Args:
        check: Raises `AuthenticationError` for a call that may not be; None where every call may.
    """

    def __init__(self, check: Callable[[_Context], object] | None = None) -> None:
        self._check = check
        # What ends at once finds a place however many streams are open.
        self._admissions = {streams: Admission(_LIMITS) for streams in (False, True)}
        self._intake = Intake(_PLACES, patience_s=_PATIENCE_S, message_s=_MESSAGE_S)

    def around(self, handler: _Handler) -> _Handler:
        """The handler within the fence."""
        reader, writer = _never_raising(handler.request_deserializer), handler.response_serializer
        inner: Any = handler.unary_unary or handler.unary_stream or handler.stream_stream

        if not handler.request_streaming:
            admission = self._admissions[bool(handler.response_streaming)]

            async def answer_one(_: Any, context: _Context) -> Any:
                async def work(caller: str) -> Any:
                    request = await admission.until_heard(caller, self._intake.one(caller, context))
                    return await inner(_readable(request), context)

                return await self._within(context, admission, work)

            if handler.response_streaming:
                return grpc.stream_stream_rpc_method_handler(answer_one, reader, writer)
            return grpc.stream_unary_rpc_method_handler(answer_one, reader, writer)

        if not inspect.isasyncgenfunction(inner):
            raise TypeError("the standard services with streams of requests are asynchronous generators")
        streams = self._admissions[True]

        async def answer_many(_: Any, context: _Context) -> None:
            async def work(caller: str) -> None:
                async def requests() -> AsyncIterator[Any]:
                    while (
                        request := await streams.until_heard(caller, self._intake.next(caller, context))
                    ) is not grpc.aio.EOF:
                        yield _readable(request)

                async for response in inner(requests(), context):
                    await context.write(response)

            await self._within(context, streams, work)

        return grpc.stream_stream_rpc_method_handler(answer_many, reader, writer)

    async def _within(self, context: _Context, admission: Admission, work: Callable[[str], Awaitable[Any]]) -> Any:
        try:
            if self._check is not None:
                self._check(context)
            auth_context = {key: list(values) for key, values in context.auth_context().items()}
            caller = caller_of_peer(context.peer(), auth_context)
            with admission.call(caller):
                admission.until_fetched(caller)
                return await work(caller)
        except (AuthenticationError, NoMessageError, CoreError) as error:
            status = status_of(error, "")
        return await context.abort(_CODES[status.code], status.message, ((DETAILS_KEY, status.SerializeToString()),))


def _never_raising(read: Callable[[bytes], Any] | None) -> Callable[[bytes], Any]:
    """For what does not parse gRPC would answer UNKNOWN, as for a fault of the server."""

    def reader(data: bytes) -> Any:
        try:
            return data if read is None else read(data)
        except DecodeError as error:
            return error

    return reader


def _readable(request: Any) -> Any:
    if isinstance(request, DecodeError):
        raise InvalidInputError([FieldViolation("request", "is no message of its type in the protobuf wire format")])
    return request
