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
from typing import Any, TypeVar

from khulasa.server.api.call_tasks import end_call
from khulasa.server.api.waiting import Waiting
from khulasa.server.core.errors import OverloadedError

__all__ = ["Admission", "AdmissionLimits"]

_T = TypeVar("_T")

# Callers remembered; the one idle for longest is forgotten first. An address is not worth more memory than this.
_MAX_CALLERS = 10_000
# Dynamic thresholds (Choudhury and Hahne 1998): a caller may have so many times what is left to all. One alone gets to
# fifteen sixteenths of the server's calls; the more callers have much, the less each may have, and some is always left.
_CALLS_PER_FREE = 15
# Answers that were not fetched: four times as many as calls may be in flight, of which one caller alone gets a quarter.
# No fewer than these a quarter, for an answer that is fetched may count a moment longer, until the server hears of it.
_LEAST_UNFETCHED, _UNFETCHED_OF_ALL, _UNFETCHED_PER_FREE = 32, 4, 1 / 3
# So many calls more than there are places, as a share of those: one whose place was given away takes a moment to end.
_ENDING = 16


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """0 means no limit.

    Attributes:
        concurrent_calls: Calls in flight on the server; a caller has at most fifteen times what is left of them.
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
        unread_s: A call and an answer keep their places for this long, seconds, although their caller does not read
            and others need one.
    """

    def __init__(
        self, limits: AdmissionLimits, clock: Callable[[], float] = time.monotonic, *, unread_s: float = 60.0
    ) -> None:
        self._limits, self._clock, self._unread_s = limits, clock, unread_s
        self._in_flight = self._unfinished = 0
        self._callers: OrderedDict[str, _Caller] = OrderedDict()
        # Calls whose messages nobody reads, calls that wait for a message, and tasks whose answer was not fetched yet.
        self._unread: Waiting[asyncio.Timeout] = Waiting(lambda one: one.reschedule(0.0), clock)
        self._unheard: Waiting[asyncio.Timeout] = Waiting(lambda one: one.reschedule(0.0), clock)
        self._unfetched: Waiting[asyncio.Task[Any]] = Waiting(end_call, clock)
        self._answering: set[asyncio.Task[Any]] = set()

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
            if self._answering and (task := asyncio.current_task()) in self._answering:
                self._unfetched.add(caller, task)

    def until_fetched(self, caller: str) -> None:
        """The caller's call that this task answers counts for its memory until the task ends, with the answer sent."""
        task = asyncio.current_task()
        if task is None:
            return
        state = self._state(caller)
        state.unfinished += 1
        self._unfinished += 1
        self._answering.add(task)

        def end(task: asyncio.Task[Any]) -> None:
            state.unfinished -= 1
            self._unfinished -= 1
            self._answering.discard(task)
            self._unfetched.remove(caller, task)

        task.add_done_callback(end)

    async def until_read(self, caller: str, written: Awaitable[None]) -> None:
        """Waits until a message of a stream has found room on its way to the caller, however slowly that one reads.

        Raises:
            OverloadedError: other calls were refused for want of this one's place.
        """
        try:
            await _among(self._unread, caller, written)
        except TimeoutError:
            raise OverloadedError("others had no place while the answers of this call were not read", 0.5) from None

    async def until_heard(self, caller: str, message: Awaitable[_T]) -> _T:
        """Waits for a message of the caller, however long it is in coming.

        Raises:
            OverloadedError: a caller with fewer calls had no place, and got that of this one.
        """
        try:
            return await _among(self._unheard, caller, message)
        except TimeoutError:
            raise OverloadedError("others had no place while a message of this call was waited for", 0.5) from None

    def _check(self, caller: str, state: _Caller, calls: int) -> None:
        free = calls - self._in_flight
        if free <= 0:
            self._unread.end_old(self._unread_s)
            ending = max(1, calls // _ENDING)
            if free <= -ending or not self._unheard.end_of_most(self._calls_of, state.in_flight):
                raise OverloadedError("the server has as many calls in flight as it takes", 0.5)
        elif state.in_flight >= _CALLS_PER_FREE * free:
            self._unread.end_old(self._unread_s, caller)
            raise OverloadedError(
                f"this caller has {state.in_flight:,} of the server's {calls:,} calls in flight, others need the rest",
                0.5,
            )
        quarter, mine = max(calls, _LEAST_UNFETCHED), state.unfinished - state.in_flight
        free = _UNFETCHED_OF_ALL * quarter - (self._unfinished - self._in_flight)
        if free <= 0:
            if free <= -quarter // _ENDING or not self._unfetched.end_of_most(self._unfetched_of, mine):
                self._unfetched.end_old(self._unread_s)
                raise OverloadedError("too many answers were not fetched", 0.5)
        elif mine >= free * _UNFETCHED_PER_FREE:
            self._unfetched.end_old(self._unread_s, caller)
            raise OverloadedError("this caller does not fetch its answers", 0.5)

    def _calls_of(self, caller: str) -> int:
        return self._callers[caller].in_flight

    def _unfetched_of(self, caller: str) -> int:
        return self._callers[caller].unfinished - self._callers[caller].in_flight

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


async def _among(waiting: Waiting[asyncio.Timeout], caller: str, work: Awaitable[_T]) -> _T:
    """The result of `work`, which waits for its caller.

    Raises:
        TimeoutError: it was ended.
    """
    async with asyncio.timeout(None) as patience:
        waiting.add(caller, patience)
        try:
            return await work
        finally:
            waiting.remove(caller, patience)
