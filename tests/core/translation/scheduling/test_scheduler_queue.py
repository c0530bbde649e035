"""Which work the queue puts into one batch."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence

import pytest
from khulasa.server.core.translation.scheduling.queue import BatchPolicy, FairQueue, Job, JobState
from khulasa.server.core.translation.types import Priority


def queue_of(*jobs: tuple[str, Priority, int], policy: BatchPolicy | None = None) -> FairQueue[str, None]:
    queue: FairQueue[str, None] = FairQueue(policy or BatchPolicy(batch_tokens=400))
    for number, (caller, priority, tokens) in enumerate(jobs):
        queue.add(Job(f"{caller}{number}", "key", tokens, caller, priority, False, 0.0))
    return queue


def test_a_small_interactive_queue_is_divided_among_busy_workers_too() -> None:
    queue = queue_of(*[("a", Priority.INTERACTIVE, 50)] * 4)
    assert [len(queue.take(0.0, 1, workers)) for workers in (2, 1)] == [2, 2]
    # Bulk work is not: the other worker is busy, and a fuller batch is cheaper.
    assert len(queue_of(*[("a", Priority.BULK, 50)] * 4).take(0.0, 1, 2)) == 4


def test_bulk_batches_are_short_while_interactive_work_comes_in() -> None:
    jobs = [("a", Priority.BULK, 24)] * 40
    queue = queue_of(("b", Priority.INTERACTIVE, 24), *jobs)
    assert [job.caller for job in queue.take(0.0)] == ["b"]
    assert len(queue.take(1.0)) == 4
    assert len(queue.take(2.5)) == 16


def queued(lengths: Sequence[int], priority: Priority = Priority.INTERACTIVE, **policy: int) -> FairQueue[str, None]:
    """A queue of one caller's jobs of these lengths, none older than the one before it."""
    queue: FairQueue[str, None] = FairQueue(BatchPolicy(**policy))
    for number, tokens in enumerate(lengths):
        queue.add(Job(str(number), "key", tokens, "a", priority, False, float(number // 2)))
    return queue


def names(batch: Sequence[Job[str, None]]) -> list[str]:
    return sorted((job.work for job in batch), key=int)


LENGTHS = (40, 60, 10, 41, 39, 42, 12)


def test_interactive_batches_hold_the_oldest_that_fit() -> None:
    # 110 tokens, with padding 180, a quarter more than 144; 12 more tokens would fit, but not their padding.
    queue = queued(LENGTHS, batch_tokens=144, split_tokens=144)
    assert names(queue.take(9.0)) == ["0", "1", "2"]
    assert names(queue.take(9.0)) == ["3", "4", "5", "6"]


def test_what_does_not_fit_is_passed_over_for_younger_work_that_does() -> None:
    queue = queued((40, 90, 30, 20), batch_tokens=100, split_tokens=100)
    assert names(queue.take(9.0)) == ["0", "2", "3"]
    assert names(queue.take(9.0)) == ["1"]


def test_bulk_batches_hold_what_is_nearest_in_length() -> None:
    queue = queued(LENGTHS, Priority.BULK, batch_tokens=130, split_tokens=130)
    assert names(queue.take(9.0)) == ["0", "3", "4"]
    assert names(queue.take(9.0)) == ["1", "5"]


def test_a_long_interactive_queue_is_taken_by_length() -> None:
    by_age, by_length = (queued([40, 10] * pairs, batch_tokens=160, split_tokens=160) for pairs in (6, 200))
    assert names(by_age.take(500.0)) == ["0", "1", "2", "3", "4"]
    assert names(by_length.take(500.0)) == ["0", "2", "4", "6"]


def test_a_long_interactive_queue_is_not_passed_by_what_has_just_come() -> None:
    # 100 short ones came in the first 51 s, then 100 as long as the first: those after 1 s, a third of 3 s, wait.
    lengths = [40, *[10] * 101, *[40] * 100]
    assert names(queued(lengths, batch_tokens=160, split_tokens=160).take(3.0)) == ["0", "1", "2", "3", "4"]
    # After 300 s those of the first 100 s are old enough; bulk work has no such bound.
    assert names(queued(lengths, batch_tokens=160, split_tokens=160).take(300.0)) == ["0", "102", "103", "104"]
    bulk = queued(lengths, Priority.BULK, batch_tokens=160, split_tokens=160)
    assert names(bulk.take(3.0)) == ["0", "102", "103", "104"]


def test_what_is_left_of_a_long_queues_batch_is_filled_by_age() -> None:
    # What is nearest to the leader in length is too long to share its batch.
    queue = queued([100, 90, *[10] * 100], batch_tokens=160, split_tokens=160)
    assert names(queue.take(60.0)) == ["0", "2"]


def test_padding_is_bounded() -> None:
    # With 90 beside them, ten of 8 would be padded to 990: 125 is the most.
    queue = queued([90, *[8] * 10], batch_tokens=100, split_tokens=100)
    assert names(queue.take(9.0)) == ["0"]
    assert len(queue.take(9.0)) == 10


def test_callers_are_served_by_tokens_not_by_segments() -> None:
    jobs = [("long", Priority.INTERACTIVE, 30), *[("short", Priority.INTERACTIVE, 10)] * 3] * 20
    queue = queue_of(*jobs, policy=BatchPolicy(batch_tokens=10, split_tokens=10))
    taken = [job for _ in range(40) for job in queue.take(0.0)]
    tokens = {name: sum(job.tokens for job in taken if job.caller == name) for name in ("long", "short")}
    # One segment each, the one that is taken at the end, is the most that they may be apart.
    assert abs(tokens["long"] - tokens["short"]) <= 30


def test_a_caller_saves_up_no_credit_while_it_asks_for_nothing() -> None:
    """One who comes back does not keep the others waiting until it has had as much as they had meanwhile."""
    policy = BatchPolicy(batch_tokens=40, split_tokens=40)
    queue = queue_of(("b", Priority.INTERACTIVE, 40), policy=policy)
    queue.take(0.0)
    for number in range(30):
        queue.add(Job(f"a{number}", "key", 40, "a", Priority.INTERACTIVE, False, 0.0))
    assert [job.caller for _ in range(20) for job in queue.take(0.0)] == ["a"] * 20
    for number in range(9):
        queue.add(Job(f"again{number}", "key", 40, "b", Priority.INTERACTIVE, False, 0.0))
    callers = [job.caller for _ in range(8) for job in queue.take(0.0)]
    assert callers.count("a") in (3, 4, 5)


class Segment:
    pass


@pytest.mark.parametrize("alone", [True, False], ids=["deterministic", "cancelled behind one that waits"])
def test_a_caller_whose_work_never_ends_does_not_hold_what_is_done(*, alone: bool) -> None:
    queue: FairQueue[Segment, None] = FairQueue(BatchPolicy())
    segments: list[weakref.ref[Segment]] = []

    def add() -> Job[Segment, None]:
        job: Job[Segment, None] = Job(Segment(), "key", 10, "a", Priority.BULK, alone, float(len(segments)))
        segments.append(weakref.ref(job.work))
        queue.add(job)
        return job

    waiting = add()
    for _ in range(1_000):
        after = add()
        if alone:
            assert queue.take(9_000.0) == [waiting]
            waiting = after
        else:
            queue.remove(after, JobState.DONE)
        del after
    gc.collect()
    assert sum(one() is not None for one in segments) < 100
    assert len(queue) == 1
    assert queue.take(9_000.0) == [waiting]


def test_what_two_ask_for_comes_in_the_turn_of_the_first_of_them() -> None:
    many = [("many", Priority.INTERACTIVE, 40)] * 20
    queue = queue_of(*many, policy=BatchPolicy(batch_tokens=40, split_tokens=40))
    last = list(queue.jobs())[-1]
    queue.join(last, "one", Priority.BULK)
    assert queue.callers() == 2
    assert len(list(queue.jobs())) == len(queue) == 20
    assert last in [job for _ in range(2) for job in queue.take(0.0)]
    assert (queue.callers(), len(queue), queue.tokens) == (1, 18, 720)
    # Whoever lines up behind others changes nothing for those who asked before.
    first = next(iter(queue.jobs()))
    for number in range(5):
        queue.add(Job(f"other{number}", "key", 40, "other", Priority.INTERACTIVE, False, 0.0))
    queue.join(first, "other", Priority.INTERACTIVE)
    assert first in [job for _ in range(2) for job in queue.take(0.0)]


def test_bulk_work_that_becomes_urgent_leaves_the_bulk() -> None:
    queue = queue_of(*[("a", Priority.BULK, 40)] * 3, policy=BatchPolicy(batch_tokens=40, split_tokens=40))
    bulk = list(queue.jobs())
    queue.join(bulk[1], "b", Priority.INTERACTIVE)
    assert [queue.tokens_of(priority) for priority in Priority] == [40, 80]
    assert [job.work for _ in range(4) for job in queue.take(0.0)] == ["a1", "a0", "a2"]
    assert (queue.callers(), len(queue), queue.tokens) == (0, 0, 0)
    # What runs or is done is joined by nobody.
    queue.join(bulk[0], "c", Priority.INTERACTIVE)
    assert queue.callers() == 0
