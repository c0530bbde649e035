"""Holds the loaded core and lends it to calls, so that a new one can take over without dropping any."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from khulasa.server.api.ports import ServingCore
from khulasa.server.core.errors import NotServingError

__all__ = ["CoreHolder", "LoadedCore"]


@dataclass(frozen=True, slots=True)
class LoadedCore:
    """Models in memory and how to let go of them.

    Attributes:
        serving: What calls use.
        close: Stops its workers and frees its models; called once, when nobody uses it any more.
    """

    serving: ServingCore
    close: Callable[[], Awaitable[None]]


class _Held:
    """A core with the number of calls that use it."""

    def __init__(self, loaded: LoadedCore) -> None:
        self.loaded, self.users = loaded, 0
        self.idle = asyncio.Event()
        self.idle.set()


class CoreHolder:
    """Implements `CoreSource`; one event loop, no locks."""

    def __init__(self) -> None:
        self._held: _Held | None = None

    @property
    def serving(self) -> ServingCore | None:
        """The core of this moment, None before the first."""
        return self._held.loaded.serving if self._held is not None else None

    @contextmanager
    def lend(self) -> Iterator[ServingCore]:
        """The core of this moment, kept alive meanwhile.

        Raises:
            NotServingError: nothing is loaded.
        """
        held = self._held
        if held is None:
            raise NotServingError("the server is loading its models")
        held.users += 1
        held.idle.clear()
        try:
            yield held.loaded.serving
        finally:
            held.users -= 1
            if not held.users:
                held.idle.set()

    async def replace(self, loaded: LoadedCore | None) -> None:
        """New calls get `loaded` at once; returns when the old core's last call has ended and it is closed."""
        old, self._held = self._held, None if loaded is None else _Held(loaded)
        if old is not None:
            await old.idle.wait()
            await old.loaded.close()
