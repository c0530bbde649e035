"""The scheduler with a decoder that does as it is told."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from khulasa.server.core.errors import DeadlineError, EngineError, NotServingError
from khulasa.server.core.translation.engine import DecodedHypothesis, DecodedSegment, EngineOptions, SegmentTokens
from khulasa.server.core.translation.scheduling.scheduler import BatchPolicy, Completed, Scheduler
from khulasa.server.core.translation.types import Priority, RequestContext

GREEDY, BEAM = EngineOptions(beam_size=1), EngineOptions(beam_size=4)


class ToldDecoder:
    """Echoes its input; holds batches at a gate; fails on the word `poison`, dies on `death`."""

    def __init__(self) -> None:
        self.batches: list[list[SegmentTokens]] = []
        self.options: list[EngineOptions] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.probe: Callable[[int], bool] | None = None
        self.deaths = 0

    def run(
        self,
        batch: Sequence[SegmentTokens],
        options: EngineOptions,
        cancelled: Callable[[int], bool] | None = None,
    ) -> list[DecodedSegment]:
        self.batches.append(list(batch))
        self.options.append(options)
        self.probe = cancelled
        self.entered.release()
        assert self.gate.wait(20)
        for work in batch:
            if "poison" in work.source:
                raise RuntimeError("bad segment")
            if "death" in work.source and self.deaths < 9:
                self.deaths += 1
                raise SystemExit
        return [DecodedSegment((DecodedHypothesis(work.source, -0.5),)) for work in batch]

    @property
    def order(self) -> list[str]:
        return [work.source[0] for batch in self.batches for work in batch]


def work(name: str, tokens: int = 4) -> SegmentTokens:
    return SegmentTokens((name, *["x"] * (tokens - 1)))


def asked_by(caller: str = "a", priority: Priority = Priority.INTERACTIVE) -> RequestContext:
    return RequestContext(caller=caller, priority=priority)


class Rig:
    """A scheduler whose only worker is held inside a first batch, so that a queue builds up behind it."""

    def __init__(self, scheduler: Scheduler, decoder: ToldDecoder) -> None:
        self.scheduler, self.decoder = scheduler, decoder

    async def hold(self) -> None:
        self.decoder.gate.clear()
        self.submit(["blocker"], caller="blocker")
        assert await asyncio.to_thread(self.decoder.entered.acquire, timeout=20)

    def submit(
        self,
        names: Sequence[str],
        *,
        caller: str = "a",
        priority: Priority = Priority.INTERACTIVE,
        options: EngineOptions = BEAM,
        tokens: int = 4,
        deadline: float | None = None,
    ) -> list[asyncio.Future[Completed]]:
        context = RequestContext(caller=caller, priority=priority, deadline=deadline)
        return self.scheduler.submit(self.decoder, options, [work(name, tokens) for name in names], context)

    async def release(self, *groups: Sequence[asyncio.Future[Completed]]) -> list[Completed | BaseException]:
        self.decoder.gate.set()
        futures = [future for group in groups for future in group]
        return await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 20)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    decoder = ToldDecoder()
    scheduler = Scheduler(policy=BatchPolicy(batch_tokens=40, patience_s=30.0))
    scheduler.start()
    yield Rig(scheduler, decoder)
    decoder.gate.set()
    await asyncio.wait_for(scheduler.close(drain=False), 20)


async def test_results_come_back_in_the_order_of_submission(rig: Rig) -> None:
    works = [work(f"w{n}", 1 + (n * 7) % 13) for n in range(60)]
    futures = rig.scheduler.submit(rig.decoder, BEAM, works, asked_by())
    done = await asyncio.wait_for(asyncio.gather(*futures), 20)
    assert [one.result.hypotheses[0].tokens for one in done] == [one.source for one in works]
    for batch in rig.decoder.batches:
        lengths = [len(one.source) for one in batch]
        assert lengths == sorted(lengths)
        assert len(batch) == 1 or (sum(lengths) <= 40 and len(batch) * max(lengths) <= 50)


async def test_one_sentence_waits_for_one_batch_of_another_callers_ten_thousand(rig: Rig) -> None:
    await rig.hold()
    rig.submit([f"bulk{n}" for n in range(10_000)], caller="archive")
    (single,) = rig.submit(["single"], caller="reader")
    before = len(rig.decoder.batches)
    rig.decoder.gate.set()
    await asyncio.wait_for(single, 20)
    names = [[one.source[0] for one in batch] for batch in rig.decoder.batches[before : before + 2]]
    assert any("single" in batch for batch in names)


async def test_callers_with_equal_load_are_served_equally(rig: Rig) -> None:
    await rig.hold()
    groups = [rig.submit([f"{caller}{n}" for n in range(40)], caller=caller) for caller in "abc"]
    await rig.release(*groups)
    order = rig.decoder.order[1:]
    for served in range(30, len(order), 30):
        counts = [sum(name[0] == caller for name in order[:served]) for caller in "abc"]
        assert max(counts) - min(counts) <= 10


async def test_interactive_before_bulk_and_never_in_one_batch(rig: Rig) -> None:
    await rig.hold()
    bulk = rig.submit([f"bulk{n}" for n in range(20)], caller="archive", priority=Priority.BULK)
    quick = rig.submit([f"quick{n}" for n in range(20)], caller="reader")
    await rig.release(bulk, quick)
    order = rig.decoder.order[1:]
    assert order[:20] == sorted(order[:20], key=lambda name: not name.startswith("quick"))
    assert all(name.startswith("bulk") for name in order[20:])


async def test_bulk_ages() -> None:
    now = [0.0]
    decoder = ToldDecoder()
    scheduler = Scheduler(policy=BatchPolicy(batch_tokens=8, patience_s=1.0), clock=lambda: now[0])
    scheduler.start()
    rig = Rig(scheduler, decoder)
    await rig.hold()
    bulk = rig.submit(["bulk0", "bulk1", "bulk2"], caller="archive", priority=Priority.BULK, tokens=8)
    quick = rig.submit([f"quick{n}" for n in range(6)], caller="reader", tokens=8)
    now[0] = 2.0
    await rig.release(bulk, quick)
    order = decoder.order[1:]
    # Due once, and not again before the next second, which never comes on this clock.
    assert order[0] == "bulk0"
    assert all(name.startswith("quick") for name in order[1:7])
    await scheduler.close()


async def test_different_options_share_no_batch(rig: Rig) -> None:
    await rig.hold()
    groups = [rig.submit([f"{n}{options.beam_size}"], options=options) for n in range(12) for options in (GREEDY, BEAM)]
    await rig.release(*groups)
    for batch, options in zip(rig.decoder.batches[1:], rig.decoder.options[1:], strict=True):
        assert {one.source[0][-1] for one in batch} == {str(options.beam_size)}


async def test_segments_of_different_models_share_no_batch(rig: Rig) -> None:
    await rig.hold()
    other = ToldDecoder()
    both = [
        rig.scheduler.submit(decoder, BEAM, [work(f"{name}{n}")], asked_by())
        for n in range(12)
        for name, decoder in (("here", rig.decoder), ("there", other))
    ]
    await rig.release(*both)
    assert sorted(rig.decoder.order[1:]) == sorted(f"here{n}" for n in range(12))
    assert sorted(other.order) == sorted(f"there{n}" for n in range(12))


async def test_deterministic_segments_are_alone(rig: Rig) -> None:
    await rig.hold()
    alone = EngineOptions(beam_size=4, deterministic=True)
    await rig.release(rig.submit([f"d{n}" for n in range(8)], options=alone), rig.submit([f"e{n}" for n in range(8)]))
    for batch in rig.decoder.batches[1:]:
        assert len(batch) == 1 or not any(one.source[0].startswith("d") for one in batch)
    assert len(rig.decoder.order) == 17


async def test_a_segment_in_flight_is_decoded_once(rig: Rig) -> None:
    await rig.hold()
    first, second = rig.submit(["same"], caller="a"), rig.submit(["same"], caller="b")
    other = rig.submit(["same"], options=GREEDY)
    await rig.release(first, second, other)
    assert rig.decoder.order.count("same") == 2
    assert first[0].result().result is second[0].result().result
    assert rig.scheduler.stats().shared_segments == 1
    (again,) = rig.submit(["same"])
    (done,) = await rig.release([again])
    assert isinstance(done, Completed)
    assert rig.decoder.order.count("same") == 3


async def test_who_joins_a_segment_that_is_decoded_has_waited_since_then_only() -> None:
    now, decoder = 0.0, ToldDecoder()
    scheduler = Scheduler(clock=lambda: now)
    scheduler.start()
    rig = Rig(scheduler, decoder)
    decoder.gate.clear()
    first = rig.submit(["same"], caller="a")
    assert await asyncio.to_thread(decoder.entered.acquire, timeout=20)
    now = 3.0
    second = rig.submit(["same"], caller="b")
    now = 4.0
    done = await rig.release(first, second)
    await scheduler.close()
    clocks = [(one.queued_at, one.started_at, one.finished_at) for one in done if isinstance(one, Completed)]
    assert clocks == [(0.0, 0.0, 4.0), (3.0, 3.0, 4.0)]


async def test_giving_up_a_shared_segment_leaves_it_to_the_other(rig: Rig) -> None:
    await rig.hold()
    first, second = rig.submit(["same"], caller="a"), rig.submit(["same"], caller="b")
    first[0].cancel()
    await asyncio.sleep(0)
    await rig.release(second)
    assert second[0].result().result.hypotheses[0].tokens[0] == "same"


async def test_an_interactive_caller_pulls_a_shared_bulk_segment_forward(rig: Rig) -> None:
    await rig.hold()
    bulk = rig.submit([f"bulk{n}" for n in range(40)], caller="archive", priority=Priority.BULK)
    (wanted,) = rig.submit(["bulk39"], caller="reader")
    await rig.release(bulk, [wanted])
    assert rig.decoder.order[1] == "bulk39"
    assert sorted(rig.decoder.order[1:]) == sorted(f"bulk{n}" for n in range(40))


async def test_a_thousand_cancellations_leave_nothing_behind(rig: Rig) -> None:
    await rig.hold()
    context = asked_by("a")
    with rig.scheduler.reserve(["some text"] * 1000, context) as reservation:
        works = [work(f"w{n}", 5) for n in range(1000)]
        futures = rig.scheduler.submit(rig.decoder, BEAM, works, context, reservation)
        reserved = rig.scheduler.stats().held_tokens
        for future in futures:
            future.cancel()
        await asyncio.sleep(0)
        stats = rig.scheduler.stats()
        assert (stats.queued_segments, stats.queued_tokens, stats.cancelled_segments) == (0, 0, 1000)
        assert 0 == stats.held_tokens < reserved
    assert rig.scheduler.stats().held_tokens == 0
    (after,) = rig.submit(["after"])
    await rig.release([after])
    assert rig.decoder.order == ["blocker", "after"]


async def test_the_decoder_is_told_that_a_running_segment_is_no_longer_wanted(rig: Rig) -> None:
    rig.decoder.gate.clear()
    (future,) = rig.submit(["running"])
    assert await asyncio.to_thread(rig.decoder.entered.acquire, timeout=20)
    assert rig.decoder.probe is not None
    assert not rig.decoder.probe(0)
    future.cancel()
    await asyncio.sleep(0)
    assert rig.decoder.probe(0)
    # A new caller must not join a decoding that may have been stopped in the middle.
    again = rig.submit(["running"])
    await rig.release(again)
    assert rig.decoder.order == ["running", "running"]


async def test_only_the_poisoned_segment_fails(rig: Rig) -> None:
    await rig.hold()
    futures = rig.submit(["one", "poison", "two", "three"])
    results = await rig.release(futures)
    assert isinstance(results[1], EngineError)
    names = [one.result.hypotheses[0].tokens[0] for one in results if isinstance(one, Completed)]
    assert names == ["one", "two", "three"]
    assert rig.scheduler.stats().failed_segments == 1


async def test_a_decoder_that_leaves_segments_out_fails_them_all_and_shifts_none(rig: Rig) -> None:
    class Leaving(ToldDecoder):
        def run(self, *arguments: Any) -> list[DecodedSegment]:
            return super().run(*arguments)[1:]

    futures = rig.scheduler.submit(Leaving(), BEAM, [work("one"), work("two")], asked_by())
    done = await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 20)
    assert [type(one) for one in done] == [EngineError, EngineError]


async def test_a_dead_worker_is_replaced_and_only_the_culprit_fails(rig: Rig) -> None:
    await rig.hold()
    futures = rig.submit(["one", "death", "two"])
    results = await rig.release(futures)
    assert isinstance(results[1], EngineError)
    assert isinstance(results[0], Completed)
    assert isinstance(results[2], Completed)
    (after,) = rig.submit(["after"])
    assert (await asyncio.wait_for(after, 20)).result.hypotheses[0].tokens[0] == "after"
    stats = rig.scheduler.stats()
    assert stats.worker_restarts == 2
    assert stats.running_segments == 0


async def test_close_waits_for_a_worker_that_is_being_replaced(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    start, join, replacing = threading.Thread.start, threading.Thread.join, threading.Event()

    def slow_start(thread: threading.Thread) -> None:
        replacing.set()
        time.sleep(0.2)
        start(thread)

    def another_has_ended(thread: threading.Thread) -> None:
        """In its place: just then this one dies."""
        monkeypatch.setattr(threading.Thread, "join", join)
        monkeypatch.setattr(threading.Thread, "start", slow_start)
        rig.decoder.gate.set()
        assert replacing.wait(20)

    rig.decoder.gate.clear()
    culprit = rig.submit(["death"])
    assert await asyncio.to_thread(rig.decoder.entered.acquire, timeout=20)
    monkeypatch.setattr(threading.Thread, "join", another_has_ended)
    await asyncio.wait_for(rig.scheduler.close(), 20)
    assert isinstance((await rig.release(culprit))[0], EngineError)


async def test_expired_segments_are_dropped_before_they_cost_anything(rig: Rig) -> None:
    await rig.hold()
    late = rig.submit(["late"], deadline=time.monotonic() - 1)
    good = rig.submit(["good"])
    results = await rig.release(late, good)
    assert isinstance(results[0], DeadlineError)
    assert "late" not in rig.decoder.order
    assert "good" in rig.decoder.order


async def test_small_queues_are_divided_among_idle_workers() -> None:
    decoder = ToldDecoder()
    scheduler = Scheduler(workers=2, policy=BatchPolicy(batch_tokens=1000, split_tokens=8))
    scheduler.start()
    # Both must be waiting before the work comes.
    while scheduler._idle < 2:  # noqa: ASYNC110 - threads set it, no event tells
        await asyncio.sleep(0.001)
    decoder.gate.clear()
    futures = scheduler.submit(decoder, BEAM, [work(f"w{n}", 10) for n in range(8)], asked_by())
    for _ in range(2):
        assert await asyncio.to_thread(decoder.entered.acquire, timeout=20)
    assert [len(batch) for batch in decoder.batches] == [4, 4]
    decoder.gate.set()
    await asyncio.wait_for(asyncio.gather(*futures), 20)
    await scheduler.close()


async def test_close_finishes_what_is_queued(rig: Rig) -> None:
    await rig.hold()
    futures = rig.submit([f"w{n}" for n in range(50)])
    closing = asyncio.create_task(rig.scheduler.close())
    await asyncio.sleep(0)
    with pytest.raises(NotServingError):
        rig.submit(["too late"])
    results = await rig.release(futures)
    assert all(isinstance(one, Completed) for one in results)
    await asyncio.wait_for(closing, 20)


async def test_who_asks_for_what_another_has_in_a_long_queue_does_not_wait_for_that_queue(rig: Rig) -> None:
    await rig.hold()
    archive = rig.submit([f"w{n}" for n in range(500)], caller="archive")
    (shared,) = rig.submit(["w499"], caller="reader")
    await rig.release(archive, [shared])
    assert rig.scheduler.stats().shared_segments == 1
    assert rig.decoder.order.index("w499") < 20


async def test_giving_up_what_was_asked_for_ten_thousand_times_holds_nobody_up(rig: Rig) -> None:
    await rig.hold()
    futures = rig.submit(["same"] * 20_000)
    began = time.thread_time()
    for future in reversed(futures):
        future.cancel()
    await asyncio.sleep(0)
    assert rig.scheduler.stats().cancelled_segments == 20_000
    assert time.thread_time() - began < 1.5
