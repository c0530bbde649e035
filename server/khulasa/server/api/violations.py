"""Collects every fault of a request, so that a caller corrects them all at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from khulasa.server.core.errors import FieldViolation, InvalidInputError

__all__ = ["Violations"]

_Value = TypeVar("_Value")

_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}", re.ASCII)
# Enough to repair a request; 1,024 texts could all be wrong.
_MAX_VIOLATIONS = 100


class Violations:
    """Faults found so far; `check` raises them together."""

    def __init__(self) -> None:
        self._found: list[FieldViolation] = []

    def add(self, field: str, description: str) -> None:
        """One fault, `field` as in the proto."""
        if len(self._found) < _MAX_VIOLATIONS:
            self._found.append(FieldViolation(field, description))

    def check(self, others: Callable[[], Iterable[FieldViolation]] = tuple) -> None:
        """Raises `InvalidInputError` when there is a fault.

        Args:
            others: Tells the faults that cost too much to look for in a request that has none of those found so far.
        """
        if self._found:
            raise InvalidInputError([*self._found, *others()][:_MAX_VIOLATIONS])

    def in_range(self, field: str, value: int, low: int, high: int) -> int:
        """`value`, which must lie in [low, high], or be 0, which is unset."""
        if not (low <= value <= high or value == 0):
            also = ", or 0 for the default" if low > 0 else ""
            self.add(field, f"must be between {low:,} and {high:,}{also}; got {value:,}")
        return value

    def at_most_chars(self, field: str, value: str, limit: int) -> str:
        """`value`, which must not be longer than `limit` code points."""
        if len(value) > limit:
            self.add(field, f"must have at most {limit:,} characters (code points); has {len(value):,}")
        return value

    def not_blank(self, field: str, value: str) -> str:
        """`value`, which must hold something other than white space."""
        if not value:
            self.add(field, "must not be empty")
        elif value.isspace():
            self.add(field, "must not be only white space")
        return value

    def language(self, field: str, value: str) -> str:
        """`value`, which must be a BCP-47 primary subtag or empty."""
        if value and not _LANGUAGE_CODE.fullmatch(value):
            self.add(field, "must be a BCP-47 primary language subtag of two or three small letters, such as ar or en")
        return value

    def known(self, field: str, value: int, table: Mapping[int, _Value], fallback: _Value) -> _Value:
        """The core's value for an enum number of the proto; `fallback` with a fault for an unknown one."""
        if value not in table:
            self.add(field, f"has no value with number {value}; known are {', '.join(map(str, sorted(table)))}")
            return fallback
        return table[value]
