"""How long a call may take."""

from __future__ import annotations

from numbers import Real
from typing import Any

__all__ = ["LONGEST_S", "timeout_value"]

# gRPC's clocks overflow far beyond this and then say that the deadline has passed; from here on there is none.
LONGEST_S = 10 * 365 * 86_400.0


def timeout_value(timeout: object, name: str = "timeout", *, zero: bool = False) -> float:
    """Seconds that may pass.

    Args:
        timeout: What the caller gave.
        name: Of the argument.
        zero: 0 is meant as well.

    Raises:
        TypeError: it is no number.
        ValueError: it is not above 0, or not a number at all (NaN).
    """
    if isinstance(timeout, bool) or not isinstance(timeout, Real):
        raise TypeError(f"{name} must be a number of seconds, is {type(timeout).__name__}")
    seconds: Any = timeout
    if not (seconds >= 0 if zero else seconds > 0):
        least = "0 s or more" if zero else "above 0 s; None for the default, math.inf for none"
        raise ValueError(f"{name} must be {least}")
    # an int may be larger than any float
    return float(seconds) if seconds <= LONGEST_S else float("inf")
