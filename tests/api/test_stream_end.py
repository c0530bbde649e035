"""The last segment of a stream is marked, and no segment waits for the one after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from khulasa.server.api.translation_servicer import with_last


async def numbers(count: int, gate: asyncio.Event | None = None, *, end_turns: int = 0) -> AsyncIterator[int]:
    for number in range(count):
        if gate is not None and number:
            await gate.wait()
        yield number
    for _ in range(end_turns):
        await asyncio.sleep(0)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
@pytest.mark.parametrize("end_turns", [0, 3])
async def test_only_the_last_is_marked(count: int, end_turns: int) -> None:
    got = [one async for one in with_last(numbers(count, end_turns=end_turns))]
    assert got == [(number, number == count - 1) for number in range(count)]


async def test_an_item_does_not_wait_for_the_next() -> None:
    gate = asyncio.Event()
    items = with_last(numbers(2, gate))
    assert await asyncio.wait_for(anext(items), 5) == (0, False)
    gate.set()
    assert await anext(items) == (1, True)
    await items.aclose()


@pytest.mark.parametrize("pause_s", [0, 0.01])
async def test_what_fails_fails_after_what_was_done(pause_s: float) -> None:
    async def failing() -> AsyncIterator[int]:
        yield 1
        if pause_s:
            await asyncio.sleep(pause_s)
        raise ZeroDivisionError

    items = with_last(failing())
    assert await anext(items) == (1, False)
    with pytest.raises(ZeroDivisionError):
        await anext(items)


async def test_who_stops_early_stops_the_work() -> None:
    stopped = asyncio.Event()

    async def working() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.sleep(60)
        finally:
            stopped.set()

    items = with_last(working())
    await anext(items)
    await items.aclose()
    assert stopped.is_set()
