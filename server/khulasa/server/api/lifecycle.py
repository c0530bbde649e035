"""Where the server stands, and how many calls are in flight. One event loop, no locks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum

from khulasa.server.core.errors import NotServingError

__all__ = ["Lifecycle", "Stage"]


class Stage(Enum):
    """Where the server stands."""

    LOADING = "loading"
    SERVING = "serving"
    DRAINING = "draining"


class Lifecycle:
    """The stage of the server; stages only go forward."""

    def __init__(self) -> None:
        self._stage = Stage.LOADING
        self._in_flight = 0
        self._listeners: list[Callable[[Stage], None]] = []
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = asyncio.Event()
        self._last_arrival = 0.0

    @property
    def stage(self) -> Stage:
        """Where the server stands."""
        return self._stage

    @property
    def in_flight(self) -> int:
        """Calls accepted and not yet answered, health and reflection not counted."""
        return self._in_flight

    def on_change(self, listener: Callable[[Stage], None]) -> None:
        """Call `listener` with each new stage."""
        self._listeners.append(listener)

    def serving(self) -> None:
        """Models are loaded; of no effect while draining."""
        if self._stage is Stage.LOADING:
            self._enter(Stage.SERVING)

    def drain(self) -> None:
        """No new call from now on."""
        if self._stage is not Stage.DRAINING:
            self._enter(Stage.DRAINING)
            self._draining.set()

    def check(self) -> None:
        """A call came in.

        Raises:
            NotServingError: loading or draining.
        """
        self._last_arrival = time.monotonic()
        if self._stage is Stage.LOADING:
            raise NotServingError("the server is loading its models")
        if self._stage is Stage.DRAINING:
            raise NotServingError("the server is shutting down")

    @contextmanager
    def call(self) -> Iterator[None]:
        """Counts one call whose request is here.

        Raises:
            NotServingError: loading or draining.
        """
        self.check()
        self._in_flight += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()

    async def wait_draining(self) -> None:
        """Returns when draining begins."""
        await self._draining.wait()

    async def wait_idle(self, timeout_s: float) -> bool:
        """True when every call in flight ended within `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def wait_quiet(self, quiet_s: float, timeout_s: float) -> None:
        """Returns when no call has come for `quiet_s`, or after `timeout_s`."""
        end = time.monotonic() + timeout_s
        began = time.monotonic()
        while (now := time.monotonic()) < end:
            left_s = max(self._last_arrival, began) + quiet_s - now
            if left_s <= 0:
                return
            await asyncio.sleep(min(left_s, end - now))

    def _enter(self, stage: Stage) -> None:
        self._stage = stage
        for listener in self._listeners:
            listener(stage)
