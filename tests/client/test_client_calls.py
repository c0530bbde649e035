"""Deadlines, retries and readiness, decided without a wait or a socket."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import grpc
import pytest
from khulasa.client.calls import HEALTH_CHECK, Attempt, Call, Pacing, Pause, attempts, ended, readiness
from khulasa.client.errors import (
    AuthenticationError,
    DeadlineError,
    ErrorFacts,
    InvalidRequestError,
    KhulasaError,
    MessageTooLargeError,
    NotServingError,
    OverloadedError,
    ServerError,
    UnavailableError,
)
from khulasa.client.retry import NO_RETRIES, RetryPolicy

POLICY = RetryPolicy(max_attempts=4, initial_backoff=1.0, max_backoff=3.0)
BUSY = OverloadedError("busy", ErrorFacts(retry_after=5.0))


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 100.0
        self.ranges: list[tuple[float, float]] = []

    def __call__(self) -> float:
        return self.now

    def uniform(self, low: float, high: float) -> float:
        self.ranges.append((low, high))
        return high

    @property
    def pacing(self) -> Pacing:
        return Pacing(self, self.uniform)


def play(
    steps: Generator[Attempt | Pause, Any, Any], clock: Clock, answers: list[Any], seconds_each: float = 0.0
) -> tuple[Any, list[Attempt | Pause]]:
    """Carry out steps with prepared answers: the result or error, and the steps."""
    left, taken = list(answers), []
    answer = None
    try:
        while True:
            step = steps.send(answer)
            taken.append(step)
            if isinstance(step, Pause):
                clock.now += step.seconds
                answer = None
            else:
                clock.now += seconds_each
                answer = left.pop(0)
    except StopIteration as done:
        return done.value, taken
    except KhulasaError as error:
        return error, taken


def call(timeout_s: float = 60.0) -> Call[str]:
    return Call(HEALTH_CHECK, b"", lambda answer: f"read {answer}", timeout_s, "r-1")


def test_an_answer_is_read_and_nothing_waits() -> None:
    clock = Clock()
    assert play(attempts(call(), POLICY, clock.pacing), clock, ["it"]) == ("read it", [Attempt(60.0)])


def test_unavailable_is_tried_again_with_growing_full_jitter() -> None:
    clock = Clock()
    gone = UnavailableError("gone")
    result, steps = play(attempts(call(), POLICY, clock.pacing), clock, [gone, gone, gone, gone])
    assert result is gone
    assert [step.seconds for step in steps if isinstance(step, Pause)] == [1.0, 2.0, 3.0]
    assert clock.ranges == [(0.0, 1.0), (0.0, 2.0), (0.0, 3.0)]


def test_retry_info_is_the_least_pause() -> None:
    clock = Clock()
    result, steps = play(attempts(call(), POLICY, clock.pacing), clock, [BUSY, "it"])
    assert result == "read it"
    assert steps == [Attempt(60.0), Pause(6.0), Attempt(54.0)]


@pytest.mark.parametrize(("several", "without_wait"), [(False, 0), (True, 2)])
def test_other_servers_are_asked_first_and_then_the_wait_is_kept(several: bool, without_wait: int) -> None:
    clock = Clock()
    result, steps = play(attempts(call(), POLICY, clock.pacing, several), clock, [BUSY] * 4)
    assert result is BUSY
    pauses = [step.seconds for step in steps if isinstance(step, Pause)]
    assert pauses == [backoff + 5.0 * (nth >= without_wait) for nth, backoff in enumerate([1.0, 2.0, 3.0])]


def test_another_server_is_asked_where_the_wait_would_be_beyond_the_deadline() -> None:
    clock = Clock()
    result, steps = play(attempts(call(5.5), POLICY, clock.pacing, True), clock, [BUSY, "it"])
    assert (result, steps) == ("read it", [Attempt(5.5), Pause(1.0), Attempt(4.5)])


def test_no_retries_are_none_with_several_servers_too() -> None:
    clock = Clock()
    assert play(attempts(call(), NO_RETRIES, clock.pacing, True), clock, [BUSY]) == (BUSY, [Attempt(60.0)])


def test_all_tries_share_one_deadline() -> None:
    clock = Clock()
    gone = UnavailableError("gone")
    _, steps = play(attempts(call(10.0), POLICY, clock.pacing), clock, [gone, gone, "it"], seconds_each=2.0)
    assert [step.timeout_s for step in steps if isinstance(step, Attempt)] == [10.0, 7.0, 3.0]


def test_a_pause_beyond_the_deadline_is_not_begun() -> None:
    clock = Clock()
    result, steps = play(attempts(call(5.5), POLICY, clock.pacing), clock, [BUSY])
    assert result is BUSY, "the caller learns that the server is busy, not that time is up"
    assert steps == [Attempt(5.5)]


def test_no_deadline_is_no_timeout() -> None:
    clock = Clock()
    _, steps = play(attempts(call(math.inf), POLICY, clock.pacing), clock, [BUSY, "it"])
    assert [step.timeout_s for step in steps if isinstance(step, Attempt)] == [None, None]


@pytest.mark.parametrize(
    "error",
    [
        OverloadedError("busy, no word of when"),
        InvalidRequestError("bad"),
        MessageTooLargeError("large", ErrorFacts(retry_after=1.0)),
        ServerError("broken"),
        DeadlineError("late"),
        AuthenticationError("who"),
    ],
)
def test_the_rest_is_never_tried_again(error: KhulasaError) -> None:
    clock = Clock()
    assert play(attempts(call(), POLICY, clock.pacing), clock, [error]) == (error, [Attempt(60.0)])


def test_no_retries() -> None:
    clock = Clock()
    assert play(attempts(call(), NO_RETRIES, clock.pacing), clock, [BUSY]) == (BUSY, [Attempt(60.0)])


def test_the_least_policy() -> None:
    policy = RetryPolicy(max_attempts=2, initial_backoff=0, max_backoff=0, multiplier=1)
    assert policy.pause_s(BUSY, 1, lambda _, high: high) == 5.0, "what the server asks for is waited for all the same"
    assert policy.pause_s(BUSY, 2, lambda _, high: high) is None


@pytest.mark.parametrize(
    "wrong",
    [{"max_attempts": 0}, {"initial_backoff": -1}, {"max_backoff": -1}, {"multiplier": 0.5}, {"multiplier": math.nan}],
)
def test_impossible_policies(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        RetryPolicy(**wrong)  # type: ignore[arg-type]


def test_a_thousand_tries_do_not_overflow() -> None:
    policy = RetryPolicy(max_attempts=5000, multiplier=10)
    assert policy.pause_s(UnavailableError("x"), 4000, lambda _, high: high) == policy.max_backoff


def test_readiness_asks_until_serving() -> None:
    clock = Clock()
    answers = [UnavailableError("starting"), DeadlineError("slow"), *[b"\x08\x02"] * 5, b"\x08\x01"]
    result, steps = play(readiness(30.0, clock.pacing), clock, answers)
    assert result is None
    assert [step.seconds for step in steps if isinstance(step, Pause)] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert [step.timeout_s for step in steps if isinstance(step, Attempt)] == [5.0] * 8, "one that hangs is left alone"


def test_readiness_says_what_it_met() -> None:
    clock = Clock()
    result, _ = play(readiness(3.0, clock.pacing), clock, [b"\x08\x02"] * 99)
    assert isinstance(result, NotServingError)
    clock = Clock()
    result, _ = play(readiness(3.0, clock.pacing), clock, [UnavailableError("nobody")] * 99)
    assert type(result) is UnavailableError
    clock = Clock()
    result, steps = play(readiness(3.0, clock.pacing), clock, [AuthenticationError("who")])
    assert isinstance(result, AuthenticationError)
    assert len(steps) == 1


def test_readiness_in_no_time_is_one_look() -> None:
    clock = Clock()
    result, steps = play(readiness(0, clock.pacing), clock, [b"\x08\x01"])
    assert result is None
    assert steps == [Attempt(1.0)]
    for answer, error in ((b"\x08\x02", NotServingError), (UnavailableError("nobody"), UnavailableError)):
        result, steps = play(readiness(0, clock.pacing), clock, [answer], seconds_each=0.01)
        assert type(result) is error
        assert sum(isinstance(step, Attempt) for step in steps) == 1


@pytest.mark.parametrize(
    ("timeout_s", "said"), [(1.25, "1.25 s"), (60.034, "60 s"), (1200.0, "1200 s"), (86_400.0, "86400 s")]
)
def test_a_deadline_is_said_in_seconds(timeout_s: float, said: str) -> None:
    call = Call(HEALTH_CHECK, b"", bytes, timeout_s, "r-1")
    error = ended(Late(), call, closed=False)
    assert str(error) == f"no answer within {said} [request r-1]"
    assert isinstance(error, DeadlineError)
    assert isinstance(error.__cause__, Late)


class Late(grpc.RpcError):
    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.DEADLINE_EXCEEDED

    def details(self) -> str:
        return "Stream removed (Deadline Exceeded)"
