"""Messages are read a few at a time, in turn between callers, and what trickles in gives way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import grpc
import pytest
from khulasa.server.api.intake import Intake, NoMessageError
from khulasa.server.core.errors import DeadlineError, OverloadedError

NEVER_S = 3_600.0


class Upload:
    """A context whose message comes when the test says so."""

    def __init__(self) -> None:
        self.asked, self.message = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def read(self) -> Any:
        self.asked.set()
        return await self.message

    def next_of(self, intake: Intake, caller: str) -> asyncio.Task[Any]:
        return asyncio.create_task(intake.next(caller, cast("Any", self)))

    def one_of(self, intake: Intake, caller: str) -> asyncio.Task[Any]:
        return asyncio.create_task(intake.one(caller, cast("Any", self)))


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def started() -> AsyncIterator[list[asyncio.Task[Any]]]:
    tasks: list[asyncio.Task[Any]] = []
    yield tasks
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_caller_leaves_a_place_to_others(started: list[asyncio.Task[Any]]) -> None:
    intake = Intake(4, patience_s=NEVER_S, message_s=NEVER_S)
    greedy, other = [Upload() for _ in range(5)], Upload()
    started += [upload.one_of(intake, "greedy") for upload in greedy]
    started.append(other.next_of(intake, "other"))
    await turns()
    assert [upload.asked.is_set() for upload in greedy] == [True] * 3 + [False] * 2
    assert other.asked.is_set()
    greedy[1].message.set_result("read")
    await turns()
    assert started[1].result() == "read"
    assert [upload.asked.is_set() for upload in greedy] == [True] * 4 + [False]


async def test_a_free_place_goes_to_the_caller_with_the_fewest(started: list[asyncio.Task[Any]]) -> None:
    intake = Intake(4, patience_s=NEVER_S, message_s=NEVER_S)
    first, second = [Upload() for _ in range(3)], Upload()
    started += [upload.next_of(intake, "first") for upload in first]
    started.append(second.next_of(intake, "second"))
    late_first, late_third = Upload(), Upload()
    started += [late_first.next_of(intake, "first"), late_third.next_of(intake, "third")]
    await turns()
    assert not late_third.asked.is_set()
    first[0].message.set_result("read")
    await turns()
    assert late_third.asked.is_set()
    assert not late_first.asked.is_set()


async def test_the_slowest_gives_its_place_to_those_who_wait(started: list[asyncio.Task[Any]]) -> None:
    intake = Intake(4, patience_s=0.0, message_s=NEVER_S)
    greedy = [Upload() for _ in range(3)]
    started += [upload.next_of(intake, "greedy") for upload in greedy]
    await asyncio.sleep(0.05)
    # Nobody waits: they may take all the time they like.
    assert not any(task.done() for task in started)
    late = Upload()
    started.append(late.next_of(intake, "greedy"))
    with pytest.raises(OverloadedError) as error:
        await started[0]
    assert error.value.retry_after_s > 0
    await late.asked.wait()
    assert [task.done() for task in started] == [True, False, False, False]
    late.message.set_result("read")
    assert await started[-1] == "read"


async def test_a_message_that_does_not_come_is_given_up(started: list[asyncio.Task[Any]]) -> None:
    intake = Intake(2, patience_s=NEVER_S, message_s=0.01)
    started.append(Upload().one_of(intake, "a"))
    with pytest.raises(DeadlineError):
        await started[0]
    # One place of two is the caller's; whoever never got it is told that it was the server.
    started.append(Upload().next_of(intake, "a"))
    started.append(Upload().one_of(intake, "a"))
    with pytest.raises(OverloadedError):
        await started[-1]


async def test_a_call_without_a_message_is_told_so() -> None:
    nothing = Upload()
    nothing.message.set_result(grpc.aio.EOF)
    with pytest.raises(NoMessageError):
        await nothing.one_of(Intake(2), "a")


async def test_who_gives_up_leaves_the_place_free(started: list[asyncio.Task[Any]]) -> None:
    intake = Intake(2, patience_s=NEVER_S, message_s=NEVER_S)
    for _ in range(3):
        reading, waiting = Upload(), Upload()
        tasks = [reading.one_of(intake, "a"), waiting.one_of(intake, "a")]
        await turns()
        assert [reading.asked.is_set(), waiting.asked.is_set()] == [True, False]
        for task in reversed(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    last = Upload()
    started.append(last.one_of(intake, "a"))
    last.message.set_result("read")
    assert await started[0] == "read"


async def test_who_gives_up_while_another_leaves_is_no_fault(started: list[asyncio.Task[Any]]) -> None:
    intake = Intake(2, patience_s=NEVER_S, message_s=NEVER_S)
    reading, waiting = Upload(), Upload()
    started += [reading.one_of(intake, "a"), waiting.one_of(intake, "a")]
    await turns()
    # In one turn, as when a connection breaks: the place comes free before the other has left the queue.
    for task in started:
        task.cancel()
    assert [type(one) for one in await asyncio.gather(*started, return_exceptions=True)] == [asyncio.CancelledError] * 2
    last = Upload()
    started.append(last.one_of(intake, "a"))
    last.message.set_result("read")
    assert await started[-1] == "read"
