"""Threads for work beside the decoder, most urgent first: reading, selecting, tokenising, encoding, judging.

A plain pool serves first come, first served: an archive's articles in it would keep an interactive request waiting.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from khulasa.server.core.translation.types import Priority

__all__ = ["AsideExecutor", "work_priority"]

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Task = tuple[int, int, "Future[Any]", Callable[[], Any]]

work_priority: ContextVar[Priority] = ContextVar("khulasa_work_priority", default=Priority.INTERACTIVE)
"""Set by whoever answers a request, in the request's own task; what the task hands to an executor is done by it."""


class AsideExecutor(Executor):
    """A pool of threads whose queue is sorted by `work_priority` at the time of `submit`, then by age.

    Args:
        workers: Threads, >= 1. One of them at least is kept free of bulk work when there are several.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, got {workers}")
        self._order = itertools.count()
        self._tasks: list[_Task] = []
        self._condition = threading.Condition()
        self._closed = False
        self._bulk_running, self._most_bulk = 0, max(1, workers - 1)
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
        urgency = int(work_priority.get() is Priority.BULK)
        with self._condition:
            if self._closed:
                raise RuntimeError("the pool is shut down")
            heapq.heappush(self._tasks, (urgency, next(self._order), future, lambda: fn(*args, **kwargs)))
            self._condition.notify()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more calls; ends the threads when those queued are done."""
        with self._condition:
            self._closed = True
            if cancel_futures:
                for _, _, future, _ in self._tasks:
                    future.cancel()
                self._tasks.clear()
            self._condition.notify_all()
        if wait:
            for thread in self._threads:
                thread.join()

    def _live(self) -> None:
        while (task := self._next()) is not None:
            urgency, _, future, work = task
            try:
                if future.set_running_or_notify_cancel():
                    _carry_out(future, work)
            finally:
                with self._condition:
                    self._bulk_running -= urgency
                    if urgency:
                        self._condition.notify()
            # Neither the result nor what it was made of is to live until the next task.
            del task, future, work

    def _next(self) -> _Task | None:
        """Waits for a call; None when the pool is shut down and nothing is left."""
        with self._condition:
            while True:
                if self._tasks and (self._tasks[0][0] == 0 or self._bulk_running < self._most_bulk):
                    task = heapq.heappop(self._tasks)
                    self._bulk_running += task[0]
                    return task
                if self._closed and not self._tasks:
                    self._condition.notify_all()
                    return None
                self._condition.wait()


def _carry_out(future: Future[Any], work: Callable[[], Any]) -> None:
    try:
        result = work()
    except BaseException as error:  # handed to whoever waits, as every executor does
        future.set_exception(error)
    else:
        future.set_result(result)
