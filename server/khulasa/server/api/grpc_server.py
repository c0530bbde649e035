"""gRPC's server for asyncio, which no name of a method can end.

grpcio 1.84 and later read the name of a method that was not registered as UTF-8, in the very loop that takes calls in.
One that is none, sent by anybody, ends that loop, and with it the listening and every call that is on its way. So every
method is registered (`add_service`), and calls of all other names are answered here, where nobody reads the name.

What is needed of gRPC is not public. A version that lacks it serves as gRPC does, with a warning in the log; where a
name ends such a server, `main` ends the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

import grpc
import structlog

__all__ = ["new_server"]

# Before, each call has its name read in a task of its own.
_READS_NAMES = (1, 84)


def new_server(
    options: Sequence[tuple[str, Any]], interceptors: Sequence[grpc.aio.ServerInterceptor] = ()
) -> grpc.aio.Server:
    """As `grpc.aio.server`; needs a running event loop."""
    major, minor, *_ = grpc.__version__.split(".")
    if (int(major), int(minor)) >= _READS_NAMES:
        try:
            return _reading_no_names(options, interceptors)
        except (AttributeError, ImportError, TypeError) as error:
            _tell_once("the name of a method may end the server", str(error))
    return grpc.aio.server(interceptors=tuple(interceptors), options=options)


def _reading_no_names(options: Sequence[tuple[str, Any]], interceptors: Sequence[Any]) -> grpc.aio.Server:
    """Raises AttributeError, ImportError or TypeError where gRPC is built otherwise."""
    cygrpc: Any = import_module("grpc._cython.cygrpc")
    aio_server: Any = import_module("grpc.aio._server")
    for name in ("_make_request_call_future", "_request_call"):
        # Asked for now: a server that lacks one would end at its start.
        getattr(cygrpc.AioServer, name)

    class Calls(cygrpc.AioServer):  # type: ignore[misc] # of a module that is not public
        """Takes calls in: those of methods as gRPC does, those of other names by itself."""

        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._answering: set[asyncio.Task[None]] = set()

        def _make_request_call_future(self, method: bytes | None) -> Any:
            """The next call of `method`; with None something that never comes but as an error: the server's end."""
            if method is not None:
                return super()._make_request_call_future(method)
            return asyncio.get_running_loop().create_task(self._answer_others())

        async def _answer_others(self) -> None:
            while True:
                self._answer(await self._request_call())

        def _answer(self, state: Any) -> None:
            loop = asyncio.get_running_loop()
            try:
                schedule, no_methods = cygrpc._schedule_rpc_coro, cygrpc._MethodResolver([], {})
                # UNIMPLEMENTED, for there is no method; no interceptor is asked.
                answer = cygrpc._handle_rpc("", no_methods, (), state, loop, False)
                task = loop.create_task(schedule(answer, state, loop, ""))
            except (AttributeError, TypeError) as error:
                # From here on nothing holds the call any more, and gRPC resets it.
                _tell_once("calls of unknown methods are reset", str(error))
                return
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    class Server(aio_server.Server):  # type: ignore[misc] # as above
        def __init__(self) -> None:
            self._loop = cygrpc.get_working_loop()
            arguments = aio_server._augment_channel_arguments(tuple(options), None)
            self._server = Calls(self._loop, None, (), tuple(interceptors), arguments, None)

    return Server()


@lru_cache(maxsize=8)
def _tell_once(consequence: str, error: str) -> None:
    log = structlog.get_logger("khulasa.server")
    log.warning(f"this version of gRPC is not known: {consequence}", error=error)
