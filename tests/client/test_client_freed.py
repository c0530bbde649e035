"""A call that failed or was cancelled keeps nothing alive: neither its client nor a request of many megabytes."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from khulasa.client import NO_RETRIES, Article, AsyncClient, Client, KhulasaError, Outcome
from khulasa.client.testing import FakeKhulasa


@pytest.fixture(autouse=True)
def _without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def fail(client: Client, *, stream: bool) -> None:
    if stream:
        list(client.translate_stream(["one."]))
    else:
        client.translate(["one."])


async def fail_async(client: AsyncClient, *, stream: bool) -> None:
    if stream:
        async for _ in client.translate_stream(["one."]):
            pass
    else:
        await client.translate(["one."])


@pytest.mark.parametrize("stream", [False, True])
def test_a_failed_call(server: FakeKhulasa, stream: bool) -> None:
    server.fail_next("INTERNAL")
    client = Client(server.target, retry=NO_RETRIES)
    kept: weakref.ref[Any] = weakref.ref(client)
    with pytest.raises(KhulasaError):
        fail(client, stream=stream)
    client.close()
    del client
    assert kept() is None


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("late", [False, True])
def test_an_asynchronous_call_that_failed_or_came_too_late(server: FakeKhulasa, stream: bool, late: bool) -> None:
    """The channel went with the collector: in any thread, and long after its event loop was closed."""

    async def run() -> weakref.ref[Any]:
        client = AsyncClient(server.target, retry=NO_RETRIES)
        if late:
            server.delay_next(5.0)
        else:
            server.fail_next("INTERNAL")
        with pytest.raises(TimeoutError if late else KhulasaError):
            async with asyncio.timeout(0.3 if late else 30.0):
                await fail_async(client, stream=stream)
        await client.close()
        return weakref.ref(client)

    assert asyncio.run(run())() is None


class Text(str):
    """A text that can be watched."""


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_outcome_does_not_keep_its_article(server: FakeKhulasa, asynchronous: bool) -> None:
    """Of an archive that failed as a whole, a list of its outcomes held every article."""
    texts: list[weakref.ref[Text]] = []

    def articles() -> Iterator[Article]:
        for _ in range(6):
            text = Text("The council announced its decision.")
            texts.append(weakref.ref(text))
            yield Article(text)

    async def outcomes() -> list[Outcome]:
        async with AsyncClient(server.target, retry=NO_RETRIES) as client:
            return [one async for one in client.summarize_many(articles(), concurrency=2)]

    server.fail_next("INTERNAL", times=4)
    if asynchronous:
        kept = asyncio.run(outcomes())
    else:
        with Client(server.target, retry=NO_RETRIES) as client:
            kept = list(client.summarize_many(articles(), concurrency=2))
    assert sum(one.error is not None for one in kept) == 4
    assert [text() for text in texts] == [None] * 6
