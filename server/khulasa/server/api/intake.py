"""Messages on their way in: gRPC tells nothing of one before it is whole, so each may be as large as any may be.

What is read at a time is therefore counted in messages of the largest size. Whatever is not read yet waits in the
connection with 64 KiB at most. What trickles in gives its place to those who wait for one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from khulasa.server.core.errors import DeadlineError, OverloadedError

__all__ = ["Intake", "NoMessageError"]

# gRPC gives None for a message that never began, for one larger than it takes and for one that the caller broke off; of
# the last two the task is told within this time that it is cancelled.
_SETTLED_S = 0.05
_RETRY_S = 0.5


class NoMessageError(Exception):
    """The caller ended its side of a call with one request before it sent that."""


class _Reading:
    """A message that is read, or waits for its turn."""

    __slots__ = ("caller", "since", "state", "timeout")

    def __init__(self, caller: str) -> None:
        self.caller = caller
        self.since = 0.0
        # "", "waiting", "gone", "reading" or "cut".
        self.state = ""
        self.timeout: asyncio.Timeout | None = None


class Intake:
    """Lets so many messages be read at a time; of one event loop.

    One caller has three quarters of the places at most, so that others always find one. Those who wait get the next
    free place, the caller with the fewest first, and after a while the place of the message that takes longest.

    Args:
        places: Messages read at a time, at least 2.
        patience_s: A message may take this long, seconds, although others wait for its place.
        message_s: The one message of a call that has only one may take this long in any case, waiting included.
    """

    def __init__(self, places: int, *, patience_s: float = 5.0, message_s: float = 60.0) -> None:
        self._places, self._patience_s, self._message_s = places, patience_s, message_s
        self._places_per_caller = max(1, places * 3 // 4)
        # Oldest first.
        self._reading: dict[str, OrderedDict[_Reading, None]] = {}
        self._taken = 0
        self._waiting: dict[str, deque[tuple[_Reading, asyncio.Future[None]]]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def one(self, caller: str, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        """The message of a call that has only one.

        Raises:
            DeadlineError: it did not come in time.
            NoMessageError: there is none.
            OverloadedError: others waited for its place, or it for one.
        """
        message = await self._read(caller, context.read, self._message_s)
        if message is grpc.aio.EOF:
            await asyncio.sleep(_SETTLED_S)
            raise NoMessageError("the call ended without a whole message")
        return message

    async def next(self, caller: str, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        """The next message of a stream, `grpc.aio.EOF` after the last; it may be long in coming.

        Raises:
            OverloadedError: others waited for its place.
        """
        return await self._read(caller, context.read, None)

    async def _read(self, caller: str, read: Callable[[], Awaitable[Any]], limit_s: float | None) -> Any:
        reading = _Reading(caller)
        try:
            async with asyncio.timeout(limit_s) as reading.timeout:
                if self._is_free_for(caller) and caller not in self._waiting:
                    self._take(reading)
                else:
                    await self._wait(reading)
                return await read()
        except TimeoutError:
            if reading.state == "cut":
                raise OverloadedError("others waited while this message was slow in coming", _RETRY_S) from None
            if reading.state in ("waiting", "gone"):
                raise OverloadedError("as many messages are on their way as the server reads", _RETRY_S) from None
            raise DeadlineError(f"the message did not come within {limit_s:g} s") from None
        finally:
            self._leave(reading)

    def _is_free_for(self, caller: str) -> bool:
        return self._taken < self._places and len(self._reading.get(caller, ())) < self._places_per_caller

    def _take(self, reading: _Reading) -> None:
        reading.state, reading.since = "reading", asyncio.get_running_loop().time()
        self._reading.setdefault(reading.caller, OrderedDict())[reading] = None
        self._taken += 1

    async def _wait(self, reading: _Reading) -> None:
        """Returns when it is `reading`'s turn."""
        turn = asyncio.get_running_loop().create_future()
        entry = (reading, turn)
        reading.state = "waiting"
        self._waiting.setdefault(reading.caller, deque()).append(entry)
        self._relieve()
        try:
            await turn
        finally:
            if reading.state == "waiting":
                queue = self._waiting[reading.caller]
                queue.remove(entry)
                if not queue:
                    del self._waiting[reading.caller]

    def _leave(self, reading: _Reading) -> None:
        if reading.state in ("reading", "cut"):
            mine = self._reading[reading.caller]
            del mine[reading]
            if not mine:
                del self._reading[reading.caller]
            self._taken -= 1
        if self._waiting:
            self._grant()

    def _grant(self) -> None:
        """Gives free places to those who wait."""
        while self._taken < self._places:
            callers = [caller for caller in self._waiting if self._is_free_for(caller)]
            if not callers:
                break
            caller = min(callers, key=lambda one: len(self._reading.get(one, ())))
            queue = self._waiting[caller]
            reading, turn = queue.popleft()
            if not queue:
                del self._waiting[caller]
            if turn.done():
                # Given up, and not yet come to leave the queue.
                reading.state = "gone"
                continue
            self._take(reading)
            turn.set_result(None)
        self._relieve()

    def _relieve(self) -> None:
        """Cuts what others have waited for long enough, and comes back when the next is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        now, due = loop.time(), float("inf")
        for caller in self._waiting:
            slowest = self._slowest(caller)
            if slowest is None or slowest.state == "cut":
                continue
            cut_at = slowest.since + self._patience_s
            if cut_at > now:
                due = min(due, cut_at)
                continue
            slowest.state = "cut"
            # One that has just run out of its own time goes without this.
            if slowest.timeout is not None and not slowest.timeout.expired():
                slowest.timeout.reschedule(now)
        if due < float("inf"):
            self._timer = loop.call_at(due, self._relieve)

    def _slowest(self, caller: str) -> _Reading | None:
        """Whose place `caller` gets: its own oldest where it has all it may have, else that of who has most."""
        own = self._reading.get(caller, ())
        if len(own) < self._places_per_caller:
            own = max(self._reading.values(), key=len, default=())
        return next(iter(own), None)
