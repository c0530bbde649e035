"""summarize_many: order, bounds, and bad articles that stop nobody."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from khulasa.client import (
    Article,
    AsyncClient,
    Client,
    GlossaryTerm,
    InvalidArticleError,
    InvalidRequestError,
    ServerError,
)
from khulasa.client.archive import ArchivePlan
from khulasa.client.errors import KhulasaError
from khulasa.client.results import AlignedText, Summary
from khulasa.client.testing import FakeKhulasa

SUMMARY = Summary("x", AlignedText(), ())


def articles(count: int) -> list[Article]:
    return [Article(f"مقال رقم {index}. انتهى.", f"id-{index}") for index in range(count)]


class Slow:
    """Odd articles take longer."""

    def __call__(self, text: str, language: str) -> str:
        if any(text.startswith(f"مقال رقم {odd}") for odd in (1, 3, 5, 7)):
            threading.Event().wait(0.03)
        return text


def test_the_plan_bounds_what_is_read_and_held() -> None:
    plan = ArchivePlan(2, ordered=True)
    started = [plan.start(), plan.start()]
    assert not plan.may_start
    plan.finish(started[1], "b", SUMMARY)
    assert plan.next_ready() is None, "the first is still on its way"
    assert plan.may_start
    plan.finish(plan.start(), "c", SUMMARY)
    plan.finish(plan.start(), "d", SUMMARY)
    assert not plan.may_start, "one on its way and three held are twice the concurrency"
    plan.finish(started[0], "a", KhulasaError("bad"))
    outcomes = [outcome for outcome in iter(plan.next_ready, None) if outcome]
    assert [outcome.article_id for outcome in outcomes] == ["a", "b", "c", "d"]
    assert [outcome.error is None for outcome in outcomes] == [False, True, True, True]
    with pytest.raises(ValueError):
        ArchivePlan(0, ordered=True)


def test_unordered_is_as_they_end() -> None:
    plan = ArchivePlan(3, ordered=False)
    for _ in range(3):
        plan.start()
    plan.finish(2, "c", SUMMARY)
    plan.finish(0, "a", SUMMARY)
    assert [one.index for one in iter(plan.next_ready, None) if one] == [2, 0]


@pytest.mark.parametrize("ordered", [True, False])
async def test_every_article_has_one_outcome(ordered: bool) -> None:
    with FakeKhulasa(translate=Slow()) as server:
        with Client(server.target) as client:
            outcomes = list(client.summarize_many(articles(20), concurrency=4, ordered=ordered))
        async with AsyncClient(server.target) as client_:
            also = [one async for one in client_.summarize_many(articles(20), concurrency=4, ordered=ordered)]
        assert len(server.requests) == 40
        assert {one.request["options"]["translation"]["priority"] for one in server.requests} == {"PRIORITY_BULK"}
    for got in (outcomes, also):
        ids = [one.article_id for one in got]
        assert sorted(ids) == sorted(article.article_id for article in articles(20))
        assert all(one.summary is not None and one.summary.article_id == one.article_id for one in got)
        if ordered:
            assert [one.index for one in got] == list(range(20))


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_bad_article_stops_nobody(
    client: Client, async_client: AsyncClient, server: FakeKhulasa, asynchronous: bool
) -> None:
    server.fail_next("INTERNAL", reason="INTERNAL", article_id="broken")
    given = ["جيد.", "", 5, "x\ud800", Article("نص.", "broken"), Article("نص.", "fine")]
    if asynchronous:
        got = [one async for one in async_client.summarize_many(given)]  # type: ignore[arg-type]
    else:
        got = list(client.summarize_many(given))  # type: ignore[arg-type]
    kinds = [type(one.error) for one in got]
    assert kinds == [type(None), InvalidArticleError, InvalidArticleError, InvalidArticleError, ServerError, type(None)]
    assert [one.article_id for one in got] == ["article-1", "article-2", "article-3", "article-4", "broken", "fine"]
    assert all((one.summary is None) != (one.error is None) for one in got)
    with pytest.raises(ServerError):
        got[4].result()


def test_reading_ahead_is_bounded(client: Client) -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield "نص."

    many = client.summarize_many(endless(), concurrency=3)
    for _ in range(10):
        next(many)
    assert read <= 10 + 2 * 3
    many.close()


async def test_reading_ahead_is_bounded_asynchronously(async_client: AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[str]:
        nonlocal read
        while True:
            read += 1
            yield "نص."

    many = async_client.summarize_many(endless(), concurrency=3)
    for _ in range(10):
        await anext(many)
    assert read <= 10 + 2 * 3
    await many.aclose()


async def test_results_come_while_the_next_article_is_waited_for(async_client: AsyncClient) -> None:
    more = asyncio.Event()

    async def slow() -> AsyncIterator[str]:
        yield "أول."
        await more.wait()
        yield "ثان."

    many = async_client.summarize_many(slow())
    assert (await asyncio.wait_for(anext(many), 60)).index == 0
    more.set()
    assert (await anext(many)).index == 1
    with pytest.raises(StopAsyncIteration):
        await anext(many)


async def test_leaving_early_cancels_what_is_on_its_way(
    client: Client, async_client: AsyncClient, server: FakeKhulasa
) -> None:
    server.delay_next(0.0)
    server.delay_next(30.0, times=3)
    many = client.summarize_many(articles(4), concurrency=4, ordered=False)
    await asyncio.to_thread(next, many)
    await asyncio.wait_for(asyncio.to_thread(many.close), 25)
    server.delay_next(0.0)
    server.delay_next(30.0, times=3)
    also = async_client.summarize_many(articles(4), concurrency=4, ordered=False)
    await anext(also)
    await asyncio.wait_for(also.aclose(), 25)


def broken(count: int) -> Iterator[Article]:
    yield from articles(count)
    raise OSError("the disk is gone")


@pytest.mark.parametrize("ordered", [True, False])
async def test_an_iterable_that_fails_says_so_when_what_was_read_has_its_outcomes(
    client: Client, async_client: AsyncClient, server: FakeKhulasa, *, ordered: bool
) -> None:
    got: list[str] = []

    def all_of() -> None:
        got.extend(outcome.article_id for outcome in client.summarize_many(broken(5), concurrency=3, ordered=ordered))

    async def all_asynchronously() -> None:
        async for outcome in async_client.summarize_many(broken(5), concurrency=3, ordered=ordered):
            got.append(outcome.article_id)

    server.delay_next(0.2)
    with pytest.raises(OSError, match="disk"):
        all_of()
    assert sorted(got) == [f"id-{number}" for number in range(5)]
    got.clear()
    server.delay_next(0.2)
    with pytest.raises(OSError, match="disk"):
        await all_asynchronously()
    assert sorted(got) == [f"id-{number}" for number in range(5)]


def test_what_is_no_fault_of_the_iterable_is_raised_at_once(client: Client, server: FakeKhulasa) -> None:
    def interrupted() -> Iterator[Article]:
        yield from articles(2)
        raise KeyboardInterrupt

    server.delay_next(30.0, times=2)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        next(client.summarize_many(interrupted(), concurrency=3))
    assert time.monotonic() - began < 20


async def test_terms_that_can_be_read_once_are_for_every_article(
    client: Client, async_client: AsyncClient, server: FakeKhulasa
) -> None:
    """The first article used them up, and nobody said that the others went without."""
    for outcome in client.summarize_many(articles(3), glossary=(GlossaryTerm(term, "x") for term in "ab")):
        outcome.result()
    async for outcome in async_client.summarize_many(articles(3), glossary=(GlossaryTerm(term, "x") for term in "ab")):
        outcome.result()
    assert [len(one.request["glossary"]["terms"]) for one in server.requests] == [2] * 6


def test_one_request_id_for_many_is_refused(client: Client) -> None:
    with pytest.raises(ValueError, match="request_id"):
        client.summarize_many([], request_id="one")


def test_a_system_without_room_for_threads_says_so(
    client: Client, server: FakeKhulasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "khulasa-archive" and len(server.requests) >= 1:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start"):
        list(client.summarize_many(articles(3), concurrency=1))


def test_nothing_in_nothing_out(client: Client) -> None:
    assert list(client.summarize_many([])) == []


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"max_sentences": 0}, InvalidRequestError),
        ({"ratio": "half"}, InvalidRequestError),
        ({"focus": "x\ud800"}, InvalidRequestError),
        ({"glossary": [("a", "b")]}, InvalidRequestError),
        ({"options": 3}, InvalidRequestError),
        ({"timeout": "60"}, TypeError),
        ({"timeout": 0}, ValueError),
    ],
)
def test_an_option_that_no_article_can_have_is_told_once(
    kind: Any, wrong: dict[str, Any], error: type[Exception]
) -> None:
    def never() -> Iterator[str]:
        raise AssertionError("an article was read")
        yield

    with pytest.raises(error) as caught:
        kind("localhost:1").summarize_many(never(), **wrong)
    assert next(iter(wrong)) in str(caught.value)
