"""The threads beside the decoder: the urgent first, one thread never taken by bulk work, callers in turn."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future

import pytest
from khulasa.server.core.translation.scheduling.aside import AsideExecutor, work_caller, work_for, work_priority
from khulasa.server.core.translation.types import Priority, RequestContext


@pytest.fixture
def pool() -> Iterator[AsideExecutor]:
    executor = AsideExecutor(2, patience_s=60)
    yield executor
    executor.shutdown()


def submitted(pool: AsideExecutor, priority: Priority, work: Callable[[], object]) -> Future[object]:
    context = contextvars.copy_context()
    context.run(work_priority.set, priority)
    return context.run(pool.submit, work)


def test_bulk_work_leaves_a_thread_free_and_waits_behind_the_urgent(pool: AsideExecutor) -> None:
    gate, done = threading.Event(), list[str]()
    bulk = [submitted(pool, Priority.BULK, lambda: (gate.wait(30), done.append("bulk"))) for _ in range(4)]
    # All four want to run; one does, so that this one finds a thread.
    assert submitted(pool, Priority.INTERACTIVE, lambda: "at once").result(timeout=30) == "at once"
    holder = submitted(pool, Priority.INTERACTIVE, lambda: gate.wait(30))
    urgent = [submitted(pool, Priority.INTERACTIVE, lambda: done.append("urgent")) for _ in range(3)]
    assert not done
    gate.set()
    for future in (*bulk, holder, *urgent):
        future.result(timeout=30)
    assert done.count("bulk") == 4
    # When the second bulk call begins no urgent one is left; the last may be at work in the other thread.
    second = [at for at, one in enumerate(done) if one == "bulk"][1]
    assert done[:second].count("urgent") >= 2


def test_one_thread_serves_bulk_work_too() -> None:
    executor = AsideExecutor(1)
    assert submitted(executor, Priority.BULK, lambda: 1).result(timeout=30) == 1
    executor.shutdown()


def test_what_a_call_raises_reaches_whoever_waits(pool: AsideExecutor) -> None:
    def fails() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        pool.submit(fails).result(timeout=30)
    assert pool.submit(lambda: 2).result(timeout=30) == 2


def test_the_end_finishes_what_is_queued_or_drops_it() -> None:
    executor = AsideExecutor(1)
    gate = threading.Event()
    first, second = executor.submit(gate.wait, 30), executor.submit(lambda: 2)
    gate.set()
    executor.shutdown()
    assert (first.result(), second.result()) == (True, 2)
    with pytest.raises(RuntimeError, match="shut down"):
        executor.submit(lambda: 3)
    gate.clear()
    executor = AsideExecutor(1)
    running = executor.submit(gate.wait, 30)
    while not running.running():
        pass
    dropped = executor.submit(lambda: 2)
    executor.shutdown(wait=False, cancel_futures=True)
    gate.set()
    with pytest.raises(CancelledError):
        dropped.result(timeout=30)


def test_callers_take_turns_by_the_time_that_their_calls_took() -> None:
    now, gate, order = 0.0, threading.Event(), list[str]()

    def work(name: str, seconds: float) -> None:
        nonlocal now
        now += seconds
        order.append(name)

    executor = AsideExecutor(1, clock=lambda: now, patience_s=60)

    def submit(caller: str, name: str, seconds: float, priority: Priority = Priority.INTERACTIVE) -> None:
        context = contextvars.copy_context()
        context.run(work_caller.set, caller)
        context.run(work_priority.set, priority)
        context.run(executor.submit, work, name, seconds)

    executor.submit(gate.wait, 30)
    submit("many", "bulk", 9, Priority.BULK)
    for number in range(6):
        submit("many", f"many {number}", 2)
    submit("long", "long 0", 7)
    submit("long", "long 1", 7)
    submit("one", "one", 1)
    gate.set()
    executor.shutdown()
    assert order[:3] == ["many 0", "long 0", "one"]
    # By time, not by number: seven seconds of the one are more than three calls of two of the other.
    assert order[3:] == ["many 1", "many 2", "many 3", "long 1", "many 4", "many 5", "bulk"]


def test_who_was_away_starts_level_and_who_is_ahead_stays_so() -> None:
    now, began, gate, order = 0.0, threading.Event(), threading.Event(), list[str]()
    executor = AsideExecutor(1, clock=lambda: now)

    def submit(caller: str, seconds: float, then: Callable[[], object] = lambda: None) -> Future[None]:
        def work() -> None:
            nonlocal now
            now += seconds
            order.append(caller)
            then()

        context = contextvars.copy_context()
        context.run(work_caller.set, caller)
        return context.run(executor.submit, work)

    for caller, seconds in (*[("old", 2.0)] * 5, ("ahead", 4.0)):
        submit(caller, seconds).result(timeout=30)
    order.clear()
    submit("old", 2, lambda: (began.set(), gate.wait(30)))
    assert began.wait(30)
    # "old" has had 12 s when it is done, "ahead" 12 as well, 8 of them for being level; others who come start at 10.
    for caller in ("ahead", "old", "new", "new", "new"):
        submit(caller, 1.5)
    gate.set()
    executor.shutdown()
    assert order == ["old", "new", "new", "ahead", "old", "new"]


async def test_a_task_hands_on_its_own_priority() -> None:
    pool, gate = AsideExecutor(1, patience_s=60), threading.Event()
    seen: list[str] = []

    async def request(name: str, priority: Priority) -> None:
        work_for(RequestContext("1", name, priority))
        assert work_caller.get() == name
        await asyncio.sleep(0)
        await asyncio.get_running_loop().run_in_executor(pool, seen.append, name)

    blocker = pool.submit(gate.wait, 30)
    tasks = [asyncio.create_task(request(f"bulk {n}", Priority.BULK)) for n in range(3)]
    tasks.append(asyncio.create_task(request("urgent", Priority.INTERACTIVE)))
    await asyncio.sleep(0.1)
    gate.set()
    await asyncio.gather(*tasks)
    pool.shutdown()
    assert blocker.result() is True
    assert seen == ["urgent", "bulk 0", "bulk 1", "bulk 2"]
    assert work_priority.get() is Priority.INTERACTIVE


def test_a_call_given_up_before_it_begins_leaves_with_all_it_holds() -> None:
    class Article:
        pass

    executor, gate = AsideExecutor(1), threading.Event()
    running = executor.submit(gate.wait, 30)
    while not running.running():
        pass
    article = Article()
    held, waiting = weakref.ref(article), executor.submit(lambda _: None, article)
    after = executor.submit(lambda: "after")
    del article
    assert waiting.cancel()
    gc.collect()
    assert held() is None
    gate.set()
    assert after.result(timeout=30) == "after"
    executor.shutdown()


def test_whoever_always_has_urgent_work_does_not_keep_bulk_work_of_others_from_being_done() -> None:
    executor, ended = AsideExecutor(1, patience_s=0.05), threading.Event()

    def urgent() -> None:
        if not ended.wait(0.005):
            executor.submit(urgent)

    for _ in range(3):
        executor.submit(urgent)
    try:
        assert [submitted(executor, Priority.BULK, lambda: 1).result(timeout=30) for _ in range(2)] == [1, 1]
    finally:
        ended.set()
        executor.shutdown()
