"""gRPC's server for asyncio, which no name of a method can end.

grpcio 1.84 and later read the name of a method that was not registered as UTF-8, in the very loop that takes calls in.
One that is none, sent by anybody, ends that loop, and with it the listening and every call that is on its way. So every
method is registered (`add_service`), and calls of all other names are answered here, where nobody reads the name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import grpc
import structlog

__all__ = ["new_server"]

# What is needed of them is not public. `tests/e2e/test_unreadable_calls.py` fails where it has changed.
_cygrpc: Any = import_module("grpc._cython.cygrpc")
_aio_server: Any = import_module("grpc.aio._server")


def new_server(
    options: Sequence[tuple[str, Any]], interceptors: Sequence[grpc.aio.ServerInterceptor] = ()
) -> grpc.aio.Server:
    """As `grpc.aio.server`; needs a running event loop."""
    # Before 1.84 each call has its name read in a task of its own.
    if hasattr(_cygrpc.AioServer, "_make_request_call_future"):
        try:
            return _Server(options, interceptors)
        except (AttributeError, TypeError) as error:
            log = structlog.get_logger("khulasa.server")
            log.warning("this version of gRPC is not known: the name of a method may end the server", error=str(error))
    return grpc.aio.server(interceptors=tuple(interceptors), options=options)


class _Server(_aio_server.Server):  # type: ignore[misc] # of a module that is not public
    def __init__(self, options: Sequence[tuple[str, Any]], interceptors: Sequence[Any]) -> None:
        self._loop = _cygrpc.get_working_loop()
        arguments = _aio_server._augment_channel_arguments(tuple(options), None)
        self._server = _Calls(self._loop, None, (), tuple(interceptors), arguments, None)


class _Calls(_cygrpc.AioServer):  # type: ignore[misc] # as above
    """Takes calls in: those of methods as gRPC does, those of other names by itself."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._answering: set[asyncio.Task[None]] = set()
        self._no_methods = _cygrpc._MethodResolver([], {})

    def _make_request_call_future(self, method: bytes | None) -> Any:
        """The next call of `method`; with None something that never comes but as an error, which ends the server."""
        if method is not None:
            return super()._make_request_call_future(method)
        return asyncio.get_running_loop().create_task(self._answer_others())

    async def _answer_others(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            state = await self._request_call()
            try:
                # UNIMPLEMENTED, for there is no method; no interceptor is asked.
                answer = _cygrpc._handle_rpc("", self._no_methods, (), state, loop, False)
                task = loop.create_task(_cygrpc._schedule_rpc_coro(answer, state, loop, ""))
            except (AttributeError, TypeError):
                # Another version: the call is reset as soon as nothing holds it any more.
                del state
                continue
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
