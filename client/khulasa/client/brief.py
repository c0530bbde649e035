"""How values that hold texts of any length show themselves in a debugger, a log or a failed test."""

from __future__ import annotations

from dataclasses import fields
from reprlib import Repr
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["brief_repr", "shown"]

_BRIEF = Repr()
_BRIEF.maxstring = 100
_BRIEF.maxtuple = 4
_BRIEF.maxother = 200


def shown(value: object) -> str:
    """`repr`, the middle of long texts and the end of long tuples left out."""
    return _BRIEF.repr(value)


def brief_repr(value: DataclassInstance) -> str:
    """`Name(field=value, ...)` as a dataclass has it, each value as `shown`."""
    values = ", ".join(f"{one.name}={shown(getattr(value, one.name))}" for one in fields(value))
    return f"{type(value).__name__}({values})"
