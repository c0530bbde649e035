"""Ends calls whose answers nobody fetches, for which asyncio's gRPC server has no method.

It answers each call in a task (A) made by another (B), which waits for the end of the call and holds it until then. Are
both cancelled, nothing holds it any more, and gRPC resets its stream: the caller sees CANCELLED, and what was on its
way to it is freed. Cancelled alone, A would end and the call stay. gRPC holds the latest call until the next comes, and
the very first of a server for good.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Coroutine, Generator
from typing import Any

__all__ = ["end_call", "follow_calls"]

# The coroutine of A.
_ANSWERING = "_handle_exceptions"

_makers: weakref.WeakKeyDictionary[asyncio.Task[Any], weakref.ref[asyncio.Task[Any]]] = weakref.WeakKeyDictionary()


def follow_calls(loop: asyncio.AbstractEventLoop) -> None:
    """Remembers from now on which task of `loop` made the one that answers a call."""
    loop.set_task_factory(_made)


def end_call(answering: asyncio.Task[Any]) -> bool:
    """Ends the call that the task answers; False, with nothing done, where it is not known how."""
    maker = _makers.get(answering)
    waiting = None if maker is None else maker()
    if waiting is None:
        return False
    waiting.cancel()
    answering.cancel()
    return True


def _made(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any], /, **options: Any
) -> asyncio.Task[Any]:
    task = asyncio.Task(coroutine, loop=loop, **options)
    if getattr(coroutine, "__name__", "") == _ANSWERING and (maker := asyncio.current_task(loop)) is not None:
        _makers[task] = weakref.ref(maker)
    return task
