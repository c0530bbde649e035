"""Calls at a time, and quotas that fill up again."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from khulasa.server.api.admission import _MAX_CALLERS, Admission, AdmissionLimits
from khulasa.server.api.call_tasks import follow_calls
from khulasa.server.core.errors import OverloadedError


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_calls_at_a_time_are_bounded_for_all_and_for_each() -> None:
    admission = Admission(AdmissionLimits(concurrent_calls=3, concurrent_calls_per_caller=2))
    with admission.call("a"), admission.call("a"):
        with pytest.raises(OverloadedError) as own, admission.call("a"):
            pass
        assert own.value.quota
        with admission.call("b"):
            with pytest.raises(OverloadedError) as whole, admission.call("c"):
                pass
            assert not whole.value.quota
    with admission.call("a"):
        pass


def test_one_caller_leaves_a_sixteenth_to_the_others() -> None:
    admission = Admission(AdmissionLimits(concurrent_calls=32))
    with contextlib.ExitStack() as calls:
        for _ in range(30):
            calls.enter_context(admission.call("greedy"))
        with pytest.raises(OverloadedError) as error, admission.call("greedy"):
            pass
        assert not error.value.quota
        for _ in range(2):
            calls.enter_context(admission.call("other"))
        with pytest.raises(OverloadedError), admission.call("other"):
            pass


async def test_answers_that_nobody_fetches_are_bounded_for_each_caller_and_for_all() -> None:
    admission, fetched = Admission(AdmissionLimits(concurrent_calls=2)), asyncio.Event()

    async def answered(caller: str) -> None:
        with admission.call(caller):
            admission.until_fetched(caller)
        await fetched.wait()

    async with asyncio.TaskGroup() as tasks:

        async def fill(caller: str, count: int) -> None:
            for _ in range(count):
                with admission.call(caller):
                    pass
                tasks.create_task(answered(caller))
                await asyncio.sleep(0)

        def refused(*callers: str) -> None:
            for caller in callers:
                with pytest.raises(OverloadedError), admission.call(caller):
                    pass

        await fill("a", 32)
        refused("a")
        # One alone has a quarter; the more there are, the less each may have of what is left, and some always is.
        for caller, count in (("b", 24), ("c", 18), *((f"d{number}", 1) for number in range(51))):
            await fill(caller, count)
        refused("b", "c", "d0")
        for number in range(3):
            await fill(f"e{number}", 1)
        refused("a")
        fetched.set()
    for caller in ("a", "d0", "t"):
        with admission.call(caller):
            pass


async def test_one_who_does_not_fetch_answers_is_refused_and_nobody_else() -> None:
    admission, fetched = Admission(AdmissionLimits(concurrent_calls=2)), asyncio.Event()

    async def answered() -> None:
        with admission.call("slow"):
            admission.until_fetched("slow")
        await fetched.wait()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(32):
            tasks.create_task(answered())
            await asyncio.sleep(0)
        with pytest.raises(OverloadedError, match="does not fetch"), admission.call("slow"):
            pass
        with admission.call("other"):
            pass
        fetched.set()


def test_a_call_that_fails_gives_its_place_back() -> None:
    admission = Admission(AdmissionLimits(concurrent_calls=1))
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), admission.call("a"):
            raise ZeroDivisionError
    with admission.call("a"), pytest.raises(OverloadedError), admission.call("b"):
        pass


def test_requests_a_minute_come_back_with_time() -> None:
    clock = Clock()
    admission = Admission(AdmissionLimits(requests_per_minute=6), clock)
    for _ in range(6):
        admission.charge("a", 1)
    with pytest.raises(OverloadedError) as error:
        admission.charge("a", 1)
    assert error.value.quota
    assert error.value.retry_after_s == pytest.approx(10)
    clock.now += 9.9
    with pytest.raises(OverloadedError):
        admission.charge("a", 1)
    clock.now += 0.2
    admission.charge("a", 1)
    clock.now += 3600  # a bucket holds one minute's worth, not an hour's
    for _ in range(6):
        admission.charge("a", 1)
    with pytest.raises(OverloadedError):
        admission.charge("a", 1)


def test_characters_a_minute_and_the_time_they_need() -> None:
    clock = Clock()
    admission = Admission(AdmissionLimits(chars_per_minute=600), clock)
    admission.charge("a", 500)
    with pytest.raises(OverloadedError) as error:
        admission.charge("a", 200)
    assert error.value.retry_after_s == pytest.approx(10)
    clock.now += error.value.retry_after_s + 0.001
    admission.charge("a", 200)


def test_more_than_a_minutes_worth_passes_when_the_bucket_is_full_and_is_paid_off() -> None:
    clock = Clock()
    admission = Admission(AdmissionLimits(chars_per_minute=600), clock)
    admission.charge("a", 1800)
    clock.now += 119
    with pytest.raises(OverloadedError):
        admission.charge("a", 1)
    clock.now += 62
    admission.charge("a", 600)


def test_a_refused_request_costs_nothing() -> None:
    clock = Clock()
    admission = Admission(AdmissionLimits(requests_per_minute=60, chars_per_minute=10), clock)
    admission.charge("a", 10)
    for _ in range(1000):
        with pytest.raises(OverloadedError):
            admission.charge("a", 10)
    clock.now += 60
    admission.charge("a", 10)


def test_no_limit_means_no_limit() -> None:
    admission = Admission(AdmissionLimits(0, 0, 0, 0))
    for _ in range(10_000):
        admission.charge("a", 10**9)


def test_callers_remembered_are_bounded_and_those_at_work_are_kept() -> None:
    admission = Admission(AdmissionLimits(requests_per_minute=1, concurrent_calls_per_caller=1))
    with admission.call("busy"):
        for number in range(_MAX_CALLERS + 100):
            admission.charge(str(number), 1)
        assert len(admission._callers) <= _MAX_CALLERS + 1
        with pytest.raises(OverloadedError), admission.call("busy"):
            pass


def test_the_caller_idle_for_longest_is_forgotten_first() -> None:
    """One who goes on calling must not get a new quota because many others came by."""
    admission = Admission(AdmissionLimits(requests_per_minute=1), Clock())
    admission.charge("first", 1)
    for number in range(_MAX_CALLERS - 1):
        admission.charge(str(number), 1)
    with pytest.raises(OverloadedError):
        admission.charge("first", 1)
    admission.charge("one more", 1)
    with pytest.raises(OverloadedError):
        admission.charge("first", 1)
    admission.charge("0", 1)


async def test_a_call_that_is_not_read_keeps_its_place_until_another_lacks_one_for_long() -> None:
    clock = Clock()
    admission, room = Admission(AdmissionLimits(concurrent_calls=32), clock, unread_s=60), asyncio.Event()
    ended: list[str] = []

    async def unread(caller: str, name: str) -> None:
        with admission.call(caller):
            try:
                await admission.until_read(caller, room.wait())  # type: ignore[arg-type]
            except OverloadedError:
                ended.append(name)

    async def ended_by(caller: str) -> list[str]:
        """The calls that end when one more of the caller is refused."""
        with pytest.raises(OverloadedError), admission.call(caller):
            pass
        await asyncio.sleep(0.01)
        now = ended.copy()
        ended.clear()
        return now

    async with asyncio.TaskGroup() as tasks:
        for caller, number in (("slow", 0), ("slow", 1), *(("greedy", number) for number in range(29)), ("last", 0)):
            tasks.create_task(unread(caller, f"{caller} {number}"))
            await asyncio.sleep(0)
            clock.now += 1
        clock.now += 27
        assert await ended_by("other") == []
        clock.now += 2
        assert await ended_by("other") == ["slow 0"]
        # Whoever has all that it may have gets a place of its own back, not that of another.
        assert await ended_by("greedy") == []
        clock.now += 60
        assert await ended_by("greedy") == ["greedy 0"]
        with admission.call("greedy"), admission.call("other"):
            assert await ended_by("another") == ["slow 1"]
        room.set()


async def test_who_has_no_place_gets_that_of_a_message_that_is_waited_for_of_one_with_more() -> None:
    admission, arrived, ended = Admission(AdmissionLimits(concurrent_calls=32)), asyncio.Event(), list[str]()

    async def waiting(caller: str, name: str) -> None:
        with admission.call(caller):
            try:
                await admission.until_heard(caller, arrived.wait())
            except OverloadedError:
                ended.append(name)

    async with asyncio.TaskGroup() as tasks:
        for caller, count in (("some", 9), ("most", 22)):
            for number in range(count):
                tasks.create_task(waiting(caller, f"{caller} {number}"))
                await asyncio.sleep(0)
        with contextlib.ExitStack() as calls:
            for number in range(5):
                calls.enter_context(admission.call(f"new {number}"))
                await asyncio.sleep(0.01)
                assert ended == [f"most {one}" for one in range(number)]
            # The one with most has to wait for a place of its own. Those whose places were taken need a moment to end.
            for caller, refused in (("most", True), ("new 5", False), ("new 6", False), ("new 7", True)):
                with pytest.raises(OverloadedError) if refused else contextlib.nullcontext():
                    calls.enter_context(admission.call(caller))
        arrived.set()
    with admission.call("most"), admission.call("some"):
        pass


def test_at_work_no_call_gives_its_place() -> None:
    admission = Admission(AdmissionLimits(concurrent_calls=2))
    with admission.call("a"), admission.call("a"), pytest.raises(OverloadedError), admission.call("b"):
        pass


async def test_an_answer_that_is_not_fetched_keeps_its_place_until_another_lacks_one_for_long() -> None:
    """Its call is ended, and no other with it."""
    clock, dropped = Clock(), list[str]()
    admission = Admission(AdmissionLimits(concurrent_calls=32), clock, unread_s=60)

    async def answered(caller: str, name: str) -> None:
        with admission.call(caller):
            admission.until_fetched(caller)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            dropped.append(name)
            raise

    async def begun(caller: str, name: str) -> asyncio.Task[None]:
        """As gRPC does it: the task is made by another, which has no end before the call."""
        made: list[asyncio.Task[None]] = []

        async def _handle_exceptions() -> None:
            await answered(caller, name)

        async def hold() -> None:
            made.append(asyncio.create_task(_handle_exceptions()))
            await asyncio.Event().wait()

        holding.append(asyncio.create_task(hold()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return made[0]

    async def dropped_by(caller: str) -> list[str]:
        with pytest.raises(OverloadedError), admission.call(caller):
            pass
        await asyncio.sleep(0.01)
        now = dropped.copy()
        dropped.clear()
        return now

    holding: list[asyncio.Task[None]] = []
    follow_calls(asyncio.get_running_loop())
    tasks = [await begun("other", "other")]
    for number in range(32):
        clock.now += 1
        tasks.append(await begun("slow", f"slow {number}"))
    clock.now += 27
    assert await dropped_by("slow") == []
    clock.now += 2
    assert await dropped_by("slow") == ["slow 0"]
    assert [task.cancelled() for task in holding] == [False, True, *[False] * 31]
    with admission.call("slow"):
        pass
    for task in (*tasks, *holding):
        task.cancel()
    await asyncio.gather(*tasks, *holding, return_exceptions=True)
    asyncio.get_running_loop().set_task_factory(None)
