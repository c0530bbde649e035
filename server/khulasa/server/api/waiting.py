"""What waits for its caller, and whose place another may get: messages to come, answers to be read or fetched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Waiting"]

_One = TypeVar("_One")


class Waiting(Generic[_One]):
    """Things of one kind that wait, of each caller the oldest first.

    Args:
        end: Ends one.
        clock: Seconds.
    """

    def __init__(self, end: Callable[[_One], object], clock: Callable[[], float]) -> None:
        self._end, self._clock = end, clock
        # Since when. Nobody without any is in it.
        self._of: dict[str, dict[_One, float]] = {}

    def add(self, caller: str, one: _One) -> None:
        """One begins to wait."""
        self._of.setdefault(caller, {})[one] = self._clock()

    def remove(self, caller: str, one: _One) -> None:
        """It waits no more; harmless when it did not."""
        if mine := self._of.get(caller):
            mine.pop(one, None)
            if not mine:
                del self._of[caller]

    def end_old(self, age_s: float, caller: str | None = None) -> None:
        """Ends the one, of this caller or of any, that has waited longest, if that is `age_s` or more."""
        callers = self._of if caller is None else {caller} & self._of.keys()
        oldest = [(since, name, one) for name in callers for one, since in [next(iter(self._of[name].items()))]]
        if oldest:
            since, name, one = min(oldest, key=lambda entry: entry[0])
            if self._clock() - since >= age_s:
                self._ended(name, one)

    def end_of_most(self, count: Callable[[str], int], fewer: int) -> bool:
        """Ends the oldest of the caller with most, if that has more than one more than `fewer`; whether it did."""
        caller = max(self._of, key=count, default=None)
        if caller is None or count(caller) <= fewer + 1:
            return False
        self._ended(caller, next(iter(self._of[caller])))
        return True

    def _ended(self, caller: str, one: _One) -> None:
        self.remove(caller, one)
        self._end(one)
