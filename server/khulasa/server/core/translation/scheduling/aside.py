"""Threads for work beside the decoder, most urgent first: reading, selecting, tokenising, encoding, judging.

A plain pool serves first come, first served: an archive's articles in it would keep an interactive request waiting, and
two hundred requests of one caller those of all others. Fairness is that of the decoder's queue (`scheduling/queue.py`),
by processor time in place of tokens.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextvars import ContextVar
from functools import partial
from typing import Any, ParamSpec, TypeVar

from khulasa.server.core.translation.types import Priority, RequestContext

__all__ = ["AsideExecutor", "work_caller", "work_for", "work_priority"]

_P = ParamSpec("_P")
_T = TypeVar("_T")
# Of a waiting call what it does, and since when it waits.
_Line = OrderedDict["Future[Any]", tuple[Callable[[], Any], float]]
_Task = tuple[int, str, "Future[Any]", Callable[[], Any]]

# What a call is taken to need while it runs, seconds: so that two threads do not both turn to one caller.
_GUESSED_S = 0.001
# Callers whose time is remembered before those who owe nothing are forgotten.
_MOST_CALLERS = 1_000

work_priority: ContextVar[Priority] = ContextVar("khulasa_work_priority", default=Priority.INTERACTIVE)
"""Set by whoever answers a request, in the request's own task; what the task hands to an executor is done by it."""

work_caller: ContextVar[str] = ContextVar("khulasa_work_caller", default="")
"""Whom it is done for, set in the same way."""


def work_for(context: RequestContext) -> None:
    """What this task hands to an executor from now on is done for the request."""
    work_priority.set(context.priority)
    work_caller.set(context.caller)


class AsideExecutor(Executor):
    """A pool of threads: the urgent first, of those the caller served least, of its calls the oldest.

    Priority and caller are `work_priority` and `work_caller` at the time of `submit`. A caller that was away starts
    level with the one that is served then. A call that is cancelled before it begins leaves at once, with all it holds.

    Args:
        workers: Threads, >= 1. One of them at least is kept free of bulk work when there are several.
        clock: Processor time of the thread that asks, seconds.
        patience_s: Bulk work that has waited this long comes before the urgent, one call in as long: whoever always
            has urgent work would keep it from being done at all.
    """

    def __init__(self, workers: int, clock: Callable[[], float] = time.thread_time, *, patience_s: float = 0.5) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}")
        self._clock, self._patience_s = clock, patience_s
        # Of each caller, by urgency: 0 interactive, 1 bulk. Nobody without a waiting call is in it.
        self._waiting: tuple[dict[str, _Line], dict[str, _Line]] = ({}, {})
        self._served: dict[str, float] = {}
        self._level = 0.0
        self._condition = threading.Condition()
        self._closed = False
        self._bulk_running, self._most_bulk = 0, max(1, workers - 1)
        self._bulk_begun = float("-inf")
        self._threads = [
            threading.Thread(target=self._live, name=f"khulasa-aside_{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Queues a call.

        Raises:
            RuntimeError: the pool is shut down.
        """
        future: Future[_T] = Future()
        urgency, caller = int(work_priority.get() is Priority.BULK), work_caller.get()
        with self._condition:
            if self._closed:
                raise RuntimeError("the pool is shut down")
            line = self._waiting[urgency].get(caller)
            if line is None:
                line = self._waiting[urgency][caller] = OrderedDict()
                self._served[caller] = max(self._served.get(caller, 0.0), self._level)
            line[future] = (lambda: fn(*args, **kwargs)), time.monotonic()
            self._condition.notify()
        future.add_done_callback(partial(self._done, urgency, caller))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more calls; ends the threads when those queued are done."""
        with self._condition:
            self._closed = True
            if cancel_futures:
                for future in [one for waiting in self._waiting for line in waiting.values() for one in line]:
                    future.cancel()
            self._condition.notify_all()
        if wait:
            for thread in self._threads:
                thread.join()

    def _live(self) -> None:
        while (task := self._next()) is not None:
            urgency, caller, future, work = task
            began = self._clock()
            try:
                if future.set_running_or_notify_cancel():
                    _carry_out(future, work)
            finally:
                with self._condition:
                    self._served[caller] = self._served.get(caller, self._level) + self._clock() - began - _GUESSED_S
                    self._bulk_running -= urgency
                    if urgency:
                        self._condition.notify()
            # Neither the result nor what it was made of is to live until the next task.
            del task, future, work

    def _done(self, urgency: int, caller: str, future: Future[Any]) -> None:
        """Drops a call that was cancelled while it waited: its caller may send and give up without end."""
        if future.cancelled():
            with self._condition:
                line = self._waiting[urgency].get(caller)
                if line is not None and line.pop(future, None) is not None and not line:
                    del self._waiting[urgency][caller]

    def _next(self) -> _Task | None:
        """Waits for a call; None when the pool is shut down and nothing is left."""
        with self._condition:
            while True:
                urgent, bulk = self._waiting
                may_be_bulk = bool(bulk) and self._bulk_running < self._most_bulk
                if may_be_bulk and (not urgent or self._is_bulk_due()):
                    self._bulk_running += 1
                    self._bulk_begun = time.monotonic()
                    return self._taken(1)
                if urgent:
                    return self._taken(0)
                if self._closed and not bulk:
                    self._condition.notify_all()
                    return None
                self._condition.wait()

    def _is_bulk_due(self) -> bool:
        before = time.monotonic() - self._patience_s
        return self._bulk_begun <= before and any(
            since <= before for line in self._waiting[1].values() for _, since in [next(iter(line.values()))]
        )

    def _taken(self, urgency: int) -> _Task:
        """The oldest call of the caller served least; of several the one who has waited longest."""
        waiting = self._waiting[urgency]
        caller = min(waiting, key=self._served.__getitem__)
        line = waiting[caller]
        future, (work, _) = line.popitem(last=False)
        if not line:
            del waiting[caller]
        self._level = max(self._level, self._served[caller])
        self._served[caller] += _GUESSED_S
        if len(self._served) > _MOST_CALLERS:
            owing = {name: served for name, served in self._served.items() if served > self._level}
            self._served = owing | {name: self._served[name] for waiting in self._waiting for name in waiting}
        return urgency, caller, future, work


def _carry_out(future: Future[Any], work: Callable[[], Any]) -> None:
    try:
        result = work()
    except BaseException as error:  # handed to whoever waits, as every executor does
        future.set_exception(error)
    else:
        future.set_result(result)
