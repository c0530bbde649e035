"""The logic of a call without any input or output: `Client` and `AsyncClient` only carry out its steps.

`attempts` and `readiness` are generators. They yield an `Attempt` (send the request, hand back the answer or the error)
or a `Pause` (wait that long, hand back None) and return the result. Deadlines, retries and their order live here, once.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import grpc
from google.protobuf.message import Message
from khulasa.client.deadlines import timeout_value
from khulasa.client.errors import (
    CallCancelledError,
    DeadlineError,
    ErrorFacts,
    KhulasaError,
    MessageTooLargeError,
    NotServingError,
    OverloadedError,
    ServerError,
    UnavailableError,
    Violation,
)
from khulasa.client.retry import RetryPolicy
from khulasa.client.status import error_of_rpc

__all__ = [
    "HEALTH_CHECK",
    "Attempt",
    "Call",
    "Method",
    "Pacing",
    "Pause",
    "attempts",
    "check_size",
    "closed_error",
    "ended",
    "late_error",
    "legible",
    "readiness",
]

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC.

    Attributes:
        path: `/package.Service/Method`.
        serialize: Request to bytes.
        deserialize: Bytes to answer.
        streams: The answer is a stream.
    """

    path: str
    serialize: Callable[[Any], bytes]
    deserialize: Callable[[bytes], Any]
    streams: bool = False


# The health protos are not among our dependencies, and two bytes of them are all that is needed.
HEALTH_CHECK = Method("/grpc.health.v1.Health/Check", bytes, bytes)
_SERVING = b"\x08\x01"
# From this end: the server says the same of a request, and then the limit is its own.
_ANSWER_TOO_LARGE = re.compile(r"CLIENT: Received message larger than max \((\d+) vs\. (\d+)\)")
# What a look without waiting may take.
_ONE_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Call(Generic[R]):
    """A request ready to be sent.

    Attributes:
        method: The RPC.
        request: What is sent, the same in every try.
        read: Answer to result.
        timeout_s: Seconds for all tries and pauses together; infinity for no deadline.
        request_id: The same in every try, so that the server's log shows them as one.
    """

    method: Method
    request: Any
    read: Callable[[Any], R]
    timeout_s: float
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Pacing:
    """Time and chance, for tests to replace.

    Attributes:
        clock: Monotonic seconds.
        uniform: Draws from a range.
    """

    clock: Callable[[], float] = time.monotonic
    uniform: Callable[[float, float], float] = field(default=random.uniform)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Send the request; `timeout_s` is what is left, None for no deadline."""

    timeout_s: float | None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait."""

    seconds: float


def check_size(request: Message, limit_bytes: int, request_id: str) -> None:
    """Refuse what the channel would refuse, under a name of its own.

    Sent all the same it would come back as RESOURCE_EXHAUSTED, as overload does, and waiting never makes it smaller.

    Raises:
        MessageTooLargeError: the request has more than `limit_bytes`.
    """
    size = request.ByteSize()
    if size > limit_bytes:
        said = f"the request has {size:,} bytes, the limit is {limit_bytes:,}; send fewer or shorter texts at a time"
        raise MessageTooLargeError(said, ErrorFacts(request_id=request_id, violations=(Violation("", said),)))


def closed_error(call: Call[Any]) -> CallCancelledError:
    """What a call ends in when its client is closed."""
    return CallCancelledError("the client is closed", ErrorFacts(request_id=call.request_id))


def late_error(call: Call[Any], facts: ErrorFacts | None = None) -> DeadlineError:
    """What a call ends in when its time is over."""
    # The default is of 60.034 s and the like.
    seconds = round(call.timeout_s) if call.timeout_s >= 10 else f"{call.timeout_s:g}"
    return DeadlineError(f"no answer within {seconds} s", facts or ErrorFacts(request_id=call.request_id))


def ended(error: grpc.RpcError, call: Call[Any], *, closed: bool) -> KhulasaError:
    """What a failed try ended in. gRPC has words of its own for a deadline, a closed channel and too large an answer.

    Args:
        error: As gRPC raised it.
        call: The call.
        closed: Whether its client is.
    """
    made = error_of_rpc(error, call.request_id)
    if made.reason:
        return made
    if closed and isinstance(made, CallCancelledError):
        told: KhulasaError = closed_error(call)
    elif isinstance(made, DeadlineError) and "deadline exceeded" in made.message.lower():
        told = late_error(call, made.facts)
    elif isinstance(made, MessageTooLargeError) and (sizes := _ANSWER_TOO_LARGE.search(made.message)):
        size, limit = map(int, sizes.groups())
        said = f"the answer has {size:,} bytes, max_response_bytes is {limit:,}; raise it, or ask for less at a time"
        told = MessageTooLargeError(said, made.facts)
    else:
        return made
    told.__cause__ = made.__cause__
    return told


def legible(answer: Any, call: Call[Any]) -> Any:
    """The answer; for bytes that are no message `grpc.aio` gives None, and no error.

    Raises:
        ServerError: there is none.
    """
    if answer is None:
        raise ServerError("the answer cannot be read", ErrorFacts(request_id=call.request_id))
    return answer


def attempts(
    call: Call[R], policy: RetryPolicy, pacing: Pacing, several_servers: bool = False
) -> Generator[Attempt | Pause, Any, R]:
    """The steps of a call; see the module's docstring.

    Args:
        call: The call.
        policy: When it is tried again.
        pacing: Time and chance.
        several_servers: The channel takes them in turn. When one is busy another is asked after the backoff alone, for
            half of the tries: among calls at the same time the turn may bring the busy one again.

    Raises:
        KhulasaError: the last try's error, or DeadlineError when no time is left for a first.
    """
    deadline = pacing.clock() + call.timeout_s
    tried = 0
    elsewhere = policy.max_attempts // 2 if several_servers else 0
    while True:
        left = deadline - pacing.clock()
        if left <= 0:
            raise DeadlineError(
                "the deadline passed before the request was sent", ErrorFacts(request_id=call.request_id)
            )
        answer = yield Attempt(None if left == float("inf") else left)
        tried += 1
        if not isinstance(answer, KhulasaError):
            return call.read(answer)
        pause = policy.pause_s(answer, tried, pacing.uniform)
        if elsewhere and pause is not None and isinstance(answer, OverloadedError):
            # Another server is not bound by this one's RetryInfo.
            elsewhere -= 1
            pause -= answer.retry_after or 0.0
        # A pause that outlasts the deadline helps nobody: the caller learns now what is wrong, and that it is overload.
        if pause is None or pacing.clock() + pause >= deadline:
            try:
                raise answer
            finally:
                del answer  # whose traceback leads back here
        yield Pause(pause)


def readiness(timeout_s: float, pacing: Pacing) -> Generator[Attempt | Pause, Any, None]:
    """The steps of waiting until the health service says SERVING.

    Raises:
        KhulasaError: the server answers that it has no health service, or refuses the caller.
        UnavailableError: it did not serve in time; NotServingError when it answered at least.
    """
    timeout_s = timeout_value(timeout_s, zero=True)
    deadline = pacing.clock() + timeout_s
    pause_s = 0.05
    last: KhulasaError = UnavailableError("no server answered in time")
    left = timeout_s or _ONE_LOOK_S
    while True:
        answer = yield Attempt(min(left, 5.0))
        if answer == _SERVING:
            return
        if not isinstance(answer, KhulasaError):
            last = NotServingError(f"the server answers but did not serve within {timeout_s:g} s")
        elif isinstance(answer, UnavailableError):
            last = answer
        elif not isinstance(answer, DeadlineError):
            raise answer
        yield Pause(min(pause_s, max(0.0, deadline - pacing.clock())))
        pause_s = min(1.0, pause_s * 2)
        left = deadline - pacing.clock()
        if left <= 0:
            raise last
