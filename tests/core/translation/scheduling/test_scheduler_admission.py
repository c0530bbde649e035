"""What may enter the queue, and what a request is told that may not."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import pytest
from khulasa.server.core.errors import DeadlineError, OverloadedError
from khulasa.server.core.translation.scheduling.scheduler import QueueLimits, Scheduler
from khulasa.server.core.translation.types import RequestContext


def asked_by(caller: str = "a", *, deadline: float | None = None) -> RequestContext:
    return RequestContext(caller=caller, deadline=deadline)


def test_overload_says_when_there_will_be_room() -> None:
    scheduler = Scheduler(limits=QueueLimits(tokens=1000, tokens_per_char=1.0))
    for _ in range(5):
        scheduler._throughput.record(100, 1.0)
    first = scheduler.reserve(["x" * 900], asked_by("a"))
    with pytest.raises(OverloadedError) as caught:
        scheduler.reserve(["x" * 300], asked_by("b"))
    assert caught.value.retry_after_s == pytest.approx(2.0, rel=0.05)
    assert not caught.value.quota
    first.finished(500)
    scheduler.reserve(["x" * 300], asked_by("b")).close()
    assert scheduler.stats().rejections == {"tokens": 1}


def test_bytes_texts_and_one_callers_share_are_bounded() -> None:
    by_text = Scheduler(limits=QueueLimits(texts=10))
    by_text.reserve(["x"] * 8, asked_by())
    with pytest.raises(OverloadedError):
        by_text.reserve(["x"] * 3, asked_by("b"))
    by_bytes = Scheduler(limits=QueueLimits(bytes=10_000))
    by_bytes.reserve(["x" * 6000], asked_by())
    with pytest.raises(OverloadedError):
        by_bytes.reserve(["x" * 6000], asked_by("b"))
    by_caller = Scheduler(limits=QueueLimits(caller_tokens=100, tokens_per_char=1.0))
    by_caller.reserve(["x" * 80], asked_by("greedy"))
    with pytest.raises(OverloadedError) as caught:
        by_caller.reserve(["x" * 80], asked_by("greedy"))
    assert caught.value.quota
    by_caller.reserve(["x" * 80], asked_by("modest"))


def test_room_is_taken_for_the_tokens_that_texts_are_found_to_hold() -> None:
    scheduler = Scheduler(limits=QueueLimits(tokens=1600, tokens_per_char=0.5))
    dense = scheduler.reserve(["x" * 1000], asked_by("dense"))
    scheduler.reserve(["x" * 1000], asked_by("b")).close()
    for _ in range(2):
        dense.tokenised(400, 800)
    assert scheduler.stats().held_tokens == 1700
    with pytest.raises(OverloadedError):
        scheduler.reserve(["x" * 1000], asked_by("b"))
    for _ in range(4):
        dense.finished(400)
    # What was not found yet counts as it was guessed.
    assert scheduler.stats().held_tokens == 100
    dense.tokenised(200, 10)
    assert scheduler.stats().held_tokens == 10
    dense.close()
    assert scheduler.stats().held_tokens == 0


def test_one_callers_dense_texts_do_not_make_those_of_others_count_more() -> None:
    scheduler = Scheduler(limits=QueueLimits(tokens_per_char=0.5))
    for _ in range(50):
        with scheduler.reserve(["x" * 1000], asked_by("dense")) as reservation:
            reservation.tokenised(1000, 2000)
    for caller, low, high in (("dense", 1900, 2000), ("b", 500, 500)):
        with scheduler.reserve(["x" * 1000], asked_by(caller)):
            assert low <= scheduler.stats().held_tokens <= high


def test_a_request_larger_than_the_queue_enters_and_leaves_room_to_others() -> None:
    scheduler = Scheduler(limits=QueueLimits(tokens=160, tokens_per_char=1.0))
    with scheduler.reserve(["x" * 5000], asked_by()):
        with pytest.raises(OverloadedError):
            scheduler.reserve(["x"], asked_by())
        with pytest.raises(OverloadedError):
            scheduler.reserve(["x" * 11], asked_by("b"))
        scheduler.reserve(["x" * 6], asked_by("b")).close()
        with scheduler.reserve(["x" * 10], asked_by("b")), pytest.raises(OverloadedError):
            scheduler.reserve(["x"], asked_by("c"))
    # A little of others keeps nothing out.
    with scheduler.reserve(["x" * 10], asked_by("b")), scheduler.reserve(["x" * 5000], asked_by()):
        pass
    with scheduler.reserve(["x" * 11], asked_by("b")), pytest.raises(OverloadedError):
        scheduler.reserve(["x" * 5000], asked_by())
    assert scheduler.admission.held == (0, 0, 0)


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (QueueLimits(tokens=160, tokens_per_char=1.0), "x" * 10),
        (QueueLimits(bytes=16 * sys.getsizeof("x")), "x"),
        (QueueLimits(texts=16), "x"),
    ],
)
def test_one_caller_leaves_a_sixteenth_of_the_queue_to_others(limits: QueueLimits, text: str) -> None:
    scheduler = Scheduler(limits=limits)
    for _ in range(15):
        scheduler.reserve([text], asked_by("greedy"))
    with pytest.raises(OverloadedError) as caught:
        scheduler.reserve([text], asked_by("greedy"))
    assert not caught.value.quota
    scheduler.reserve([text], asked_by("modest"))
    with pytest.raises(OverloadedError):
        scheduler.reserve([text], asked_by("another"))


def test_work_that_cannot_meet_its_deadline_is_refused() -> None:
    scheduler = Scheduler(limits=QueueLimits(tokens_per_char=1.0))
    with pytest.raises(DeadlineError):
        scheduler.reserve(["x"], asked_by(deadline=time.monotonic() - 0.1))
    for _ in range(5):
        scheduler._throughput.record(100, 1.0)
    # 12 s would do if nothing came after decoding: the words have both figures of decoding alone.
    with pytest.raises(DeadlineError, match=r"about 10\.0 s, the deadline leaves 8\.[34] s for it"):
        scheduler.reserve(["x" * 1000], asked_by(deadline=time.monotonic() + 12))
    scheduler.reserve(["x" * 1000], asked_by("b", deadline=time.monotonic() + 20)).close()
    # A long queue of another caller costs a short text no more than its own fair share.
    scheduler.reserve(["x" * 100_000], asked_by("archive"))
    scheduler.reserve(["x" * 100], asked_by("reader", deadline=time.monotonic() + 5))


def test_what_cannot_be_in_time_whatever_it_holds_is_known_before_it_is_read() -> None:
    scheduler = Scheduler(limits=QueueLimits(tokens_per_char=1.0))
    check = scheduler.admission.check_deadline
    check("flood", 0.1)  # Nothing is known of the speed yet.
    for _ in range(5):
        scheduler._throughput.record(100, 1.0)
    scheduler.reserve(["x" * 1000], asked_by("flood"))
    with pytest.raises(DeadlineError, match=r"about 10\.0 s, the deadline leaves 9\.8 s"):
        check("flood", 14.0)
    check("flood", 14.5)
    # Of another caller's queue its fair share waits for one token.
    check("reader", 0.05)
    with pytest.raises(DeadlineError, match="has passed"):
        check("reader", 0.0)
    assert scheduler.stats().rejections == {"deadline": 2}


@pytest.mark.parametrize(
    "limits",
    [QueueLimits(tokens=1_999), QueueLimits(caller_tokens=1_999), QueueLimits(texts=1), QueueLimits(bytes=2_000)],
)
def test_where_room_is_short_a_request_is_read_to_be_told_so(limits: QueueLimits) -> None:
    scheduler = Scheduler(limits=replace(limits, tokens_per_char=1.0))
    for _ in range(5):
        scheduler._throughput.record(100, 1.0)
    scheduler.reserve(["x" * 1000], asked_by("flood"))
    scheduler.admission.check_deadline("flood", 1.0)
    with pytest.raises(OverloadedError):
        scheduler.reserve(["x" * 1000], asked_by("flood", deadline=time.monotonic() + 1))


def test_texts_without_a_word_wait_for_no_decoder() -> None:
    scheduler = Scheduler(limits=QueueLimits(tokens=1_000, tokens_per_char=1.0))
    for _ in range(5):
        scheduler._throughput.record(100, 1.0)
    cells = ["1,234.50", "٪٤٥", "—"] * 300
    scheduler.reserve(["x" * 900], asked_by("a"))
    scheduler.reserve(cells, asked_by("a", deadline=time.monotonic() + 0.5), words_only=True)
    assert scheduler.stats().held_tokens == 900
    scheduler.reserve([*cells, "y" * 50], asked_by("b"), words_only=True)
    assert scheduler.stats().held_tokens == 950
    with pytest.raises(DeadlineError):
        scheduler.reserve(cells, asked_by(deadline=time.monotonic() - 0.1), words_only=True)
    # Assessment decodes them all the same.
    with pytest.raises(OverloadedError):
        scheduler.reserve(cells, asked_by("b"))


def test_room_is_taken_for_what_a_decoder_may_see_and_the_memory_of_all() -> None:
    scheduler = Scheduler(limits=QueueLimits(tokens=1_000, bytes=20_000, tokens_per_char=1.0))
    for _ in range(5):
        scheduler._throughput.record(100, 1.0)
    page, soon = "y" * 9_000, time.monotonic() + 2
    with pytest.raises(DeadlineError):
        scheduler.reserve([page], asked_by(deadline=soon), words_only=True)
    held = scheduler.reserve([page, page], asked_by(deadline=soon), words_only=True, seen=["x" * 50, "12"])
    assert (held.tokens, held.bytes, held.texts) == (50, 2 * sys.getsizeof(page), 2)


def test_an_estimate_holds_room_until_what_is_needed_is_known() -> None:
    scheduler = Scheduler(limits=QueueLimits(tokens=1_000, tokens_per_char=1.0))
    first, second, third = asked_by("a"), asked_by("b"), asked_by("c")
    first.estimate = scheduler.reserve(["x" * 5_000], first, words_only=True, seen=["x" * 500])
    second.estimate = scheduler.reserve(["x" * 400], second)
    with pytest.raises(OverloadedError):
        scheduler.reserve(["x" * 200], third)
    assert scheduler.admission.held[::2] == (900, 2)
    # What it was for takes its place, even if there is room for one of them alone.
    with scheduler.reserve(["x" * 550], first):
        assert scheduler.admission.held[::2] == (950, 2)
    first.estimate.close()
    # Or another has its room, and more than a quarter is missing.
    with scheduler.reserve(["x" * 500], third), pytest.raises(OverloadedError):
        scheduler.reserve(["x" * 800], second)
    assert scheduler.admission.held == (0, 0, 0)


@pytest.mark.parametrize(
    "limits",
    [QueueLimits(tokens=1_000), QueueLimits(texts=10), QueueLimits(bytes=1_000), QueueLimits(caller_tokens=1_000)],
)
def test_what_was_let_in_by_its_estimate_may_fill_the_room_by_a_quarter_more(limits: QueueLimits) -> None:
    scheduler = Scheduler(limits=replace(limits, tokens_per_char=1.0))
    quota = bool(limits.caller_tokens)
    let_in = asked_by("a")

    def texts(tenths: int) -> list[str]:
        # A hundred tokens, or as many bytes with the string's own.
        return ["x" * (100 - "".__sizeof__() if limits.bytes == 1_000 else 100)] * tenths

    let_in.estimate = scheduler.reserve(texts(3), let_in, words_only=True)
    scheduler.reserve(texts(6), asked_by("a" if quota else "b"))
    for _ in range(2):
        # As often as it asks, and nobody else does.
        with scheduler.reserve(texts(6), let_in, words_only=True), pytest.raises(OverloadedError):
            scheduler.reserve(texts(3), asked_by("a" if quota else "c"), words_only=True)
        with pytest.raises(OverloadedError):
            scheduler.reserve(texts(7), let_in, words_only=True)
    # Of what had no estimate, as HTML has none, nothing was let in by it.
    page = asked_by("a" if quota else "d")
    page.estimate = scheduler.reserve(["12"], page, words_only=True, seen=[""])
    with pytest.raises(OverloadedError):
        scheduler.reserve(texts(6), page, words_only=True)
