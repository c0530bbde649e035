# ruff: noqa: N802 - gRPC fixes names and arguments of these methods
"""The standard health service, bound to the server's life: the same answer overall and for each service."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from khulasa.server.api.lifecycle import Lifecycle, Stage

__all__ = ["HealthServicer"]

_Response = health_pb2.HealthCheckResponse
_Context = grpc.aio.ServicerContext[Any, Any]


class HealthServicer(health_pb2_grpc.HealthServicer):  # type: ignore[misc] # the package has no types
    """Answers at any load: nothing here waits for anything but a change.

    Args:
        lifecycle: Whose stage is told.
        services: Full names known besides the empty one.
    """

    def __init__(self, lifecycle: Lifecycle, services: Sequence[str]) -> None:
        self._lifecycle = lifecycle
        self._services = frozenset(("", *services))
        self._changed = asyncio.Event()
        self._closed = False
        lifecycle.on_change(lambda _: self._notify())

    async def Check(self, request: Any, context: _Context) -> Any:
        """The status of a service; NOT_FOUND for an unknown one."""
        if request.service not in self._services:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no service of that name")
        return _Response(status=self._status())

    async def Watch(self, request: Any, context: _Context) -> None:
        """The status now and whenever it changes; SERVICE_UNKNOWN for an unknown service."""
        last = None
        while True:
            changed = self._changed
            status = self._status() if request.service in self._services else _Response.SERVICE_UNKNOWN
            if status != last:
                await context.write(_Response(status=status))
                last = status
            elif self._closed:
                return
            else:
                await changed.wait()

    def close(self) -> None:
        """Ends every Watch, so that stopping the server does not wait for them."""
        self._closed = True
        self._notify()

    def _status(self) -> Any:
        serving = self._lifecycle.stage is Stage.SERVING
        return _Response.SERVING if serving else _Response.NOT_SERVING

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
