"""When a failed call is tried again. Decisions only: nothing here waits or sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from khulasa.client.errors import KhulasaError, OverloadedError, UnavailableError

__all__ = ["NO_RETRIES", "RetryPolicy"]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter, inside the caller's deadline.

    Tried again are calls that found no server (UNAVAILABLE) and calls that a busy server sent away with a time to come
    back (RESOURCE_EXHAUSTED with RetryInfo). Every RPC of Khulasa only reads, so a second try changes nothing.

    Attributes:
        max_attempts: Tries in all, 1 or more.
        initial_backoff: Seconds; the pause before try n + 1 is drawn from [0, initial_backoff * multiplier ** (n - 1)].
        max_backoff: Seconds that the range never exceeds. RetryInfo comes on top; another server is asked without.
        multiplier: Growth of the range, 1 or more.
    """

    max_attempts: int = 5
    initial_backoff: float = 0.2
    max_backoff: float = 10.0
    multiplier: float = 2.0

    def __post_init__(self) -> None:
        if isinstance(self.max_attempts, bool) or not isinstance(self.max_attempts, int):
            raise TypeError(f"max_attempts must be int, is {type(self.max_attempts).__name__}")
        for name in ("initial_backoff", "max_backoff", "multiplier"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"{name} must be a number, is {type(value).__name__}")
            # So written, NaN is refused as well. A range without a bound is one, with an infinite end it is none.
            if not (0 <= value < float("inf") or (value == float("inf") and name == "max_backoff")):
                raise ValueError(f"{name} must be a finite number of 0 or more, is {value}")
        if self.max_attempts < 1 or self.multiplier < 1:
            raise ValueError("max_attempts and multiplier must be 1 or more")

    def pause_s(self, error: KhulasaError, attempts: int, uniform: Callable[[float, float], float]) -> float | None:
        """Seconds to wait before another try, None for no other.

        Args:
            error: What the last try ended in.
            attempts: Tries made so far, 1 or more.
            uniform: Draws from a range, as `random.uniform`.
        """
        if attempts >= self.max_attempts:
            return None
        asked = error.facts.retry_after
        if not (isinstance(error, UnavailableError) or (isinstance(error, OverloadedError) and asked is not None)):
            return None
        # In logarithms would be safe too; the bound keeps 2.0 ** 2000 from overflowing.
        growth = self.multiplier ** min(attempts - 1, 64)
        # Never earlier than the server asks; spread after it, lest all callers come back at once.
        return (asked or 0.0) + uniform(0.0, min(self.max_backoff, self.initial_backoff * growth))


NO_RETRIES = RetryPolicy(max_attempts=1)
