"""The fake's health service: two bytes say whether it serves, and whoever watches is told of each change."""

from __future__ import annotations

import threading
from collections.abc import Callable

import grpc

__all__ = ["FakeHealth"]

_SERVING, _NOT_SERVING = b"\x08\x01", b"\x08\x02"


class FakeHealth:
    """`grpc.health.v1.Health`, Check and Watch, the same for every service.

    Args:
        serving: What it says at first.
    """

    def __init__(self, serving: bool) -> None:
        self._serving = serving
        self._lock = threading.Lock()
        self._watchers: set[Callable[[bytes | None], None]] = set()

    @property
    def serving(self) -> bool:
        """Whether it says SERVING; a change is told to who watches."""
        return self._serving

    @serving.setter
    def serving(self, serving: bool) -> None:
        # Under the lock, so that nobody hears of two changes in the other order.
        with self._lock:
            changed, self._serving = serving != self._serving, serving
            for tell in tuple(self._watchers) if changed else ():
                tell(self._said)

    def handlers(self) -> grpc.GenericRpcHandler:
        """What a server is given."""

        def watch(_: bytes, context: grpc.ServicerContext, tell: Callable[[bytes | None], None]) -> None:
            with self._lock:
                self._watchers.add(tell)
                tell(self._said)
            # Without the lock: it is gRPC's own thread, and a change that is being told waits for that one.
            if not context.add_callback(lambda: self._watchers.discard(tell)):
                self._watchers.discard(tell)

        # As in gRPC's own health service: who watches does not hold a thread that calls need.
        watch.experimental_non_blocking = True  # type: ignore[attr-defined]
        check: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(lambda _, __: self._said)
        methods = {"Check": check, "Watch": grpc.unary_stream_rpc_method_handler(watch)}
        return grpc.method_handlers_generic_handler("grpc.health.v1.Health", methods)

    def close(self) -> None:
        """End every Watch, which the end of the server would wait for."""
        with self._lock:
            for tell in tuple(self._watchers):
                tell(None)

    @property
    def _said(self) -> bytes:
        return _SERVING if self._serving else _NOT_SERVING
