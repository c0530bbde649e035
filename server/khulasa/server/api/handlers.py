"""Binds a servicer to its service through the service's descriptor, with request readers that never raise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from khulasa.server.api.messages import UnreadableRequest, reader_of
from khulasa.server.core.errors import InvalidInputError

__all__ = ["add_service"]


def add_service(server: grpc.aio.Server, service: ServiceDescriptor, servicer: object) -> None:
    """Serves every method of `service` by the method of `servicer` with the same name.

    Raises:
        AttributeError: the servicer lacks a method.
    """
    handlers = {method.name: _handler(method, getattr(servicer, method.name)) for method in service.methods}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, handlers),))
    # Before grpcio 1.84 this does nothing; from then on see `grpc_server`.
    server.add_registered_method_handlers(service.full_name, handlers)


def _handler(method: MethodDescriptor, behaviour: Callable[..., Awaitable[Any]]) -> grpc.RpcMethodHandler[Any, Any]:
    reader = reader_of(message_factory.GetMessageClass(method.input_type))
    writer = message_factory.GetMessageClass(method.output_type).SerializeToString
    if method.client_streaming:
        # The servicer deals with unreadable requests: one of them must not end the stream.
        return grpc.stream_stream_rpc_method_handler(behaviour, reader, writer)

    async def readable(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        if isinstance(request, UnreadableRequest):
            raise InvalidInputError(request.violations)
        return await behaviour(request, context)

    make = grpc.unary_stream_rpc_method_handler if method.server_streaming else grpc.unary_unary_rpc_method_handler
    return make(readable, reader, writer)
