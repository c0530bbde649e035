"""Whose turn it is at the encoder: interactive before bulk, first come first served, and no turn is ever lost."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest
from khulasa.server.core.errors import DeadlineError
from khulasa.server.core.pipeline.encoding import EncodingQueue
from khulasa.server.core.translation.types import Priority, RequestContext

BULK, INTERACTIVE = RequestContext(priority=Priority.BULK), RequestContext()


class _Gate:
    """Encodes when it is let; keeps what it was given, and whether as one that is alone."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.alone: list[bool] = []
        self.open = threading.Event()
        self.at_work = self.most = 0

    def encode(self, texts: Sequence[str], *, alone: bool = False) -> npt.NDArray[np.float32]:
        self.calls.append(" ".join(texts))
        self.alone.append(alone)
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        assert self.open.wait(20)
        self.at_work -= 1
        if "fault" in texts:
            raise ValueError("the encoder fell over")
        return np.ones((len(texts), 2), dtype=np.float32)


class _Rig:
    def __init__(self, executor: ThreadPoolExecutor) -> None:
        self.encoder = _Gate()
        self.queue = EncodingQueue(self.encoder, executor, width=1)

    def ask(self, text: str, context: RequestContext = INTERACTIVE) -> asyncio.Task[npt.NDArray[np.float32]]:
        return asyncio.create_task(self.queue.encode([text], context))

    async def ask_first(self, text: str = "first") -> asyncio.Task[npt.NDArray[np.float32]]:
        """What is at the encoder, which the others wait for."""
        task = self.ask(text)
        while not self.encoder.calls:  # noqa: ASYNC110 - a thread fills it, no event tells
            await asyncio.sleep(0.001)
        return task


@pytest.fixture
async def rig() -> AsyncIterator[_Rig]:
    # More threads than turns: it is the queue that bounds them.
    with ThreadPoolExecutor(4) as executor:
        made = _Rig(executor)
        yield made
        made.encoder.open.set()


async def test_interactive_requests_go_before_bulk_ones_each_in_the_order_they_came(rig: _Rig) -> None:
    tasks = [await rig.ask_first()]
    for text, context in (("b1", BULK), ("b2", BULK), ("i1", INTERACTIVE), ("b3", BULK), ("i2", INTERACTIVE)):
        tasks.append(rig.ask(text, context))
        await asyncio.sleep(0)
    rig.encoder.open.set()
    assert [len(rows) for rows in await asyncio.gather(*tasks)] == [1] * 6
    assert rig.encoder.calls == ["first", "i1", "i2", "b1", "b2", "b3"]
    assert rig.encoder.most == 1


async def test_bulk_has_its_turn_however_many_interactive_requests_come(rig: _Rig) -> None:
    tasks = [await rig.ask_first(), rig.ask("b1", BULK), rig.ask("b2", BULK), *(rig.ask(f"i{n}") for n in range(100))]
    for _ in range(3):
        await asyncio.sleep(0)
    rig.encoder.open.set()
    await asyncio.gather(*tasks)
    assert [at for at, text in enumerate(rig.encoder.calls) if text.startswith("b")] == [17, 34]
    others = [text for text in rig.encoder.calls if text.startswith("i")]
    assert others == [f"i{n}" for n in range(100)]


async def test_a_caller_that_gives_up_while_waiting_costs_nobody_a_turn(rig: _Rig) -> None:
    first = await rig.ask_first()
    given_up, after = rig.ask("given up"), rig.ask("after")
    await asyncio.sleep(0)
    given_up.cancel()
    rig.encoder.open.set()
    await asyncio.gather(first, after)
    with pytest.raises(asyncio.CancelledError):
        await given_up
    await rig.ask("later")
    assert rig.encoder.calls == ["first", "after", "later"]


class _ByHand(Executor):
    """Work is over when the test says so, in the thread of the event loop."""

    def __init__(self) -> None:
        self.handed_in: list[Future[object]] = []

    def submit(self, fn: object, /, *_arguments: object, **_options: object) -> Future[object]:  # type: ignore[override]
        self.handed_in.append(Future())
        return self.handed_in[-1]


@pytest.mark.parametrize("steps", range(6))
async def test_a_caller_that_gives_up_as_its_turn_comes_hands_it_on(steps: int) -> None:
    executor, row = _ByHand(), np.ones((1, 2), dtype=np.float32)
    queue = EncodingQueue(_Gate(), executor, width=1)
    first, given_up, after = (asyncio.create_task(queue.encode([text], INTERACTIVE)) for text in ("a", "b", "c"))
    for _ in range(4):
        await asyncio.sleep(0)
    assert len(executor.handed_in) == 1
    executor.handed_in[0].set_result(row)
    # The turn goes from one to the next in some steps of the event loop; here it is given up between any two of them.
    for _ in range(steps):
        await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.wait([given_up])
    async with asyncio.timeout(20):
        while not after.done():
            for work in executor.handed_in:
                if not work.done():
                    work.set_result(row)
            await asyncio.sleep(0)
    assert len(await first) == len(await after) == 1


async def test_a_caller_that_gives_up_at_the_encoder_keeps_its_turn_until_the_work_is_over(rig: _Rig) -> None:
    first = await rig.ask_first()
    after = rig.ask("after")
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await asyncio.sleep(0.05)
    assert rig.encoder.calls == ["first"]  # its thread is still at work
    rig.encoder.open.set()
    await after
    assert rig.encoder.most == 1


async def test_a_fault_of_the_encoder_ends_its_own_call_alone(rig: _Rig) -> None:
    fault = await rig.ask_first("fault")
    after = rig.ask("after")
    rig.encoder.open.set()
    with pytest.raises(ValueError, match="fell over"):
        await fault
    await asyncio.wait_for(after, 20)
    await asyncio.wait_for(rig.ask("later"), 20)


async def test_who_comes_too_late_at_the_encoder_is_told_so_and_the_turn_goes_on(rig: _Rig) -> None:
    first = await rig.ask_first()
    late = rig.ask("late", RequestContext(deadline=time.monotonic() - 1))
    after = rig.ask("after")
    rig.encoder.open.set()
    with pytest.raises(DeadlineError):
        await late
    await asyncio.wait_for(asyncio.gather(first, after), 20)
    assert rig.encoder.calls == ["first", "after"]


async def test_a_deterministic_request_is_encoded_as_one_that_is_alone(rig: _Rig) -> None:
    rig.encoder.open.set()
    await rig.queue.encode(["one"], INTERACTIVE, alone=True)
    await rig.queue.encode(["two"], INTERACTIVE)
    assert rig.encoder.alone == [True, False]
    assert (await rig.queue.encode([], INTERACTIVE)).shape == (0, 0)


async def test_what_is_given_up_before_a_thread_takes_it_is_not_encoded() -> None:
    encoder = _Gate()
    # As in the server: turns for all, and the threads are what is waited for.
    with ThreadPoolExecutor(1) as executor:
        queue = EncodingQueue(encoder, executor, width=1_000)
        tasks = [asyncio.create_task(queue.encode([name], INTERACTIVE)) for name in ("first", "given up", "last")]
        while not encoder.calls:  # noqa: ASYNC110 - a thread fills it, no event tells
            await asyncio.sleep(0.001)
        tasks[0].cancel()
        tasks[1].cancel()
        await asyncio.sleep(0)
        encoder.open.set()
        assert len(await asyncio.wait_for(tasks[2], 20)) == 1
    assert encoder.calls == ["first", "last"]
