"""How much of the server one caller may take: calls at a time, requests and characters a minute.

A fence before the queue, not the queue: it bounds what is read, parsed and held. Health and reflection have fences of
their own (`standard.py`).
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from khulasa.server.core.errors import OverloadedError

__all__ = ["Admission", "AdmissionLimits"]

# Callers remembered; the one idle for longest is forgotten first. An address is not worth more memory than this.
_MAX_CALLERS = 10_000
# One caller leaves a sixteenth of the server's calls to the others, whatever it does in its own.
_FOR_OTHERS = 16
# Answers that were not fetched: of one caller as many as calls may be in flight, of all four times that, the last of
# the four for callers with a sixteenth at most: a few that fetch nothing must not keep out everybody else.
# No fewer than these, for an answer that is fetched may count a moment longer, until the server hears of it.
_LEAST_UNFETCHED, _UNFETCHED_OF_ALL = 32, 4


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """0 means no limit.

    Attributes:
        concurrent_calls: Calls in flight on the server; one caller has at most fifteen sixteenths of them.
        concurrent_calls_per_caller: Calls in flight of one caller.
        requests_per_minute: Requests of one caller; each article of a stream is one.
        chars_per_minute: Code points of text sent by one caller.
    """

    concurrent_calls: int = 256
    concurrent_calls_per_caller: int = 0
    requests_per_minute: int = 0
    chars_per_minute: int = 0


@dataclass(slots=True)
class _Caller:
    in_flight: int = 0
    requests: float = 0.0
    chars: float = 0.0
    refilled: float = field(default=0.0)
    unfinished: int = 0


class Admission:
    """Counts calls and fills each caller's two buckets, which hold one minute's worth.

    Args:
        unread_s: A call keeps its place for this long, seconds, although its caller does not read and others need one.
    """

    def __init__(
        self, limits: AdmissionLimits, clock: Callable[[], float] = time.monotonic, *, unread_s: float = 60.0
    ) -> None:
        self._limits, self._clock, self._unread_s = limits, clock, unread_s
        self._in_flight = self._unfinished = 0
        self._callers: OrderedDict[str, _Caller] = OrderedDict()
        # Calls that wait for their callers to read, since when and whose; oldest first.
        self._unread: dict[asyncio.Timeout, tuple[float, str]] = {}

    @contextmanager
    def call(self, caller: str) -> Iterator[None]:
        """One call in flight.

        Raises:
            OverloadedError: too many calls at a time, or too many answers that were not fetched.
        """
        limits, state = self._limits, self._state(caller)
        if limits.concurrent_calls:
            self._check(caller, state, limits.concurrent_calls)
        if limits.concurrent_calls_per_caller and state.in_flight >= limits.concurrent_calls_per_caller:
            allowed = limits.concurrent_calls_per_caller
            raise OverloadedError(f"this caller may have {allowed:,} calls in flight", 0.5, quota=True)
        self._in_flight += 1
        state.in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            state.in_flight -= 1

    def until_fetched(self, caller: str) -> None:
        """The caller's call that this task answers counts for its memory until the task ends, with the answer sent."""
        task = asyncio.current_task()
        if task is None:
            return
        state = self._state(caller)
        state.unfinished += 1
        self._unfinished += 1

        def end(_: object) -> None:
            state.unfinished -= 1
            self._unfinished -= 1

        task.add_done_callback(end)

    async def until_read(self, caller: str, written: Awaitable[None]) -> None:
        """Waits until a message of a stream has found room on its way to the caller, however slowly that one reads.

        Raises:
            OverloadedError: other calls were refused for want of this one's place.
        """
        try:
            async with asyncio.timeout(None) as patience:
                self._unread[patience] = (self._clock(), caller)
                try:
                    await written
                finally:
                    self._unread.pop(patience, None)
        except TimeoutError:
            raise OverloadedError("others had no place while the answers of this call were not read", 0.5) from None

    def _give_way(self, caller: str | None = None) -> None:
        """Ends the call, of this caller or of any, that has waited longest to be read, if that is long enough."""
        for patience, (since, whose) in self._unread.items():
            if self._clock() - since < self._unread_s:
                break
            if caller in (None, whose):
                del self._unread[patience]
                patience.reschedule(0.0)
                break

    def _check(self, caller: str, state: _Caller, calls: int) -> None:
        if self._in_flight >= calls:
            self._give_way()
            raise OverloadedError("the server has as many calls in flight as it takes", 0.5)
        if (kept := calls // _FOR_OTHERS) and state.in_flight >= calls - kept:
            self._give_way(caller)
            raise OverloadedError(
                f"one caller may have all but {kept:,} of the server's {calls:,} calls in flight", 0.5
            )
        unfetched = max(calls, _LEAST_UNFETCHED)
        mine = state.unfinished - state.in_flight
        if mine >= unfetched:
            raise OverloadedError("this caller does not fetch its answers", 0.5)
        has_many = mine >= unfetched // _FOR_OTHERS
        if self._unfinished - self._in_flight >= (_UNFETCHED_OF_ALL - has_many) * unfetched:
            raise OverloadedError("too many answers were not fetched", 0.5)

    def charge(self, caller: str, chars: int) -> None:
        """Takes one request of `chars` code points off the caller's quota; nothing is taken when it is refused.

        Raises:
            OverloadedError: the quota is used up; `retry_after_s` says when there will be enough.
        """
        limits = self._limits
        if not (limits.requests_per_minute or limits.chars_per_minute):
            return
        state = self._state(caller)
        # A request larger than a minute's worth passes when the bucket is full, and leaves a debt.
        need_chars = min(chars, limits.chars_per_minute)
        waits = []
        if limits.requests_per_minute and state.requests < 1:
            waits.append((1 - state.requests) * 60 / limits.requests_per_minute)
        if limits.chars_per_minute and state.chars < need_chars:
            waits.append((need_chars - state.chars) * 60 / limits.chars_per_minute)
        if waits:
            raise OverloadedError("this caller's quota is used up", max(0.01, *waits), quota=True)
        state.requests -= 1
        state.chars -= chars

    def _state(self, caller: str) -> _Caller:
        """The caller's counts, its buckets filled up to now."""
        now, limits = self._clock(), self._limits
        state = self._callers.get(caller)
        if state is None:
            state = _Caller(0, float(limits.requests_per_minute), float(limits.chars_per_minute), now)
            self._callers[caller] = state
            self._forget()
        self._callers.move_to_end(caller)
        minutes = (now - state.refilled) / 60
        state.requests = min(limits.requests_per_minute, state.requests + minutes * limits.requests_per_minute)
        state.chars = min(limits.chars_per_minute, state.chars + minutes * limits.chars_per_minute)
        state.refilled = now
        return state

    def _forget(self) -> None:
        excess = len(self._callers) - _MAX_CALLERS
        if excess > 0:
            idle = (name for name, state in self._callers.items() if not (state.in_flight or state.unfinished))
            for name in list(itertools.islice(idle, excess)):
                del self._callers[name]
