"""The loop of SummarizeStream: bounded work in flight, back-pressure both ways, one bad article never stops the rest.

No more than `width` articles are read ahead of what the caller has taken, so the memory of a stream does not grow with
its length. An overloaded server is not an error here: the article waits, and with it the reading of further ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import grpc
from khulasa.server.api.calls import Call, CallObserver
from khulasa.server.api.convert_options import is_request_id
from khulasa.server.api.messages import UnreadableRequest
from khulasa.server.api.status import code_of, status_of
from khulasa.server.core.errors import DeadlineError, NotServingError, OverloadedError
from khulasa.server.core.translation.types import StageTimings
from khulasa.v1 import summary_pb2

__all__ = ["ArticleStream"]

_Request = summary_pb2.SummarizeStreamRequest | UnreadableRequest
_Response = summary_pb2.SummarizeStreamResponse
_Answer = Callable[[_Request, Call], Awaitable[summary_pb2.SummarizeResponse]]

# Longest pause before an overloaded server is asked again, seconds.
_MAX_PAUSE_S = 5.0


class ArticleStream:
    """Answers the articles of one stream.

    Articles with the same `article_id` (or without one) are answered in the order in which they were sent, one after
    the other, so that the caller can tell their results apart.

    Args:
        call: The stream's call.
        answer: Summarises one article.
        width: Articles in flight, >= 1.
        observer: Is told of error entries.
        draining: Returns when no further article may be read.
    """

    def __init__(
        self,
        call: Call,
        answer: _Answer,
        *,
        width: int,
        observer: CallObserver,
        draining: Callable[[], Awaitable[None]],
    ) -> None:
        self._call, self._answer, self._width = call, answer, width
        self._observer, self._draining = observer, draining
        self._last_of_id: dict[str, asyncio.Task[_Response]] = {}
        # Insertion order is the order of arrival.
        self._working: dict[asyncio.Task[_Response], str] = {}
        self._count = 0

    async def run(self, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        """Reads, answers and writes until the caller's last article is answered.

        Raises:
            NotServingError: the server drains; every article that was read has been answered.
            OverloadedError: the stream gave way to other calls while it waited for an article; the same holds.
        """
        drain = asyncio.ensure_future(self._draining())
        reading: asyncio.Future[Any] | None = None
        more = True
        gave_way: OverloadedError | None = None
        try:
            while True:
                if drain.done() and more:
                    more = False
                    if reading is not None and not reading.done():
                        reading.cancel()
                        reading = None
                if more and reading is None and len(self._working) < self._width:
                    reading = asyncio.ensure_future(context.read())
                if reading is None and not self._working:
                    break
                waiting: set[asyncio.Future[Any]] = set(self._working)
                if reading is not None:
                    waiting.add(reading)
                if more:
                    waiting.add(drain)
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if reading is not None and reading.done():
                    request: Any = grpc.aio.EOF
                    try:
                        request = reading.result()
                    except OverloadedError as error:
                        gave_way = error
                    reading = None
                    if request is grpc.aio.EOF:
                        more = False
                    else:
                        self._begin(request)
                for response in self._finished():
                    await context.write(response)
            if gave_way is not None:
                raise gave_way
            if drain.done():
                raise NotServingError("the server is shutting down: articles without an answer were not read")
        finally:
            await _cancel([drain, *self._working, *([reading] if reading is not None else [])])

    def _begin(self, request: _Request) -> None:
        article_id = (
            request.article_id if isinstance(request, UnreadableRequest) else request.request.article.article_id
        )
        before = self._last_of_id.get(article_id)
        self._count += 1
        task = asyncio.ensure_future(self._result(request, article_id, self._count, before))
        self._working[task] = article_id
        self._last_of_id[article_id] = task

    def _finished(self) -> list[_Response]:
        """Responses that are ready, in the order in which their articles came."""
        done = [task for task in self._working if task.done()]
        for task in done:
            article_id = self._working.pop(task)
            if self._last_of_id.get(article_id) is task:
                del self._last_of_id[article_id]
        return [task.result() for task in done]

    async def _result(
        self, request: _Request, article_id: str, number: int, before: asyncio.Task[_Response] | None
    ) -> _Response:
        """The summary or the error entry of one article."""
        if before is not None:
            await asyncio.wait([before])
        inner = request if isinstance(request, UnreadableRequest) else request.request
        request_id = inner.request_id if is_request_id(inner.request_id) else f"{self._call.request_id[:117]}/{number}"
        call = replace(self._call, request_id=request_id, started=time.perf_counter(), timings=StageTimings())
        code, fault = grpc.StatusCode.CANCELLED, None
        self._observer.article_began(call)
        try:
            response = await self._patiently(request, call)
            code = grpc.StatusCode.OK
            return _Response(article_id=article_id, response=response)
        except Exception as error:
            code, fault = code_of(error), error
            self._observer.article_failed(call, code, error)
            return _Response(article_id=article_id, error=status_of(error, request_id))
        finally:
            self._observer.article_ended(call, code, fault)

    async def _patiently(self, request: _Request, call: Call) -> summary_pb2.SummarizeResponse:
        """The answer, asked for again while the server is busy and the call's deadline allows."""
        while True:
            try:
                return await self._answer(request, call)
            except OverloadedError as error:
                pause_s = min(error.retry_after_s, _MAX_PAUSE_S)
                if call.deadline is not None and time.monotonic() + pause_s >= call.deadline:
                    raise DeadlineError("the server is too busy to answer before the deadline") from error
                await asyncio.sleep(pause_s)


async def _cancel(tasks: list[asyncio.Future[Any]]) -> None:
    """Stops tasks and waits until they have stopped."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
