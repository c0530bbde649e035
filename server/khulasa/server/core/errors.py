"""Errors of the core. The api room maps each class to one canonical status.

CoreError
|- InvalidInputError            a field of the caller's input is wrong
|  |- NothingToSummarizeError   an article without a sentence of running text
|  `- GlossaryConflictError     two terms contradict each other
|- UnsupportedLanguageError     no model for the language or pair, or the target must be named
|- ModelNotFoundError           no model of that name
|- OverloadedError              the queue is full; says when to try again
|- DeadlineError                the deadline passed or cannot be met
|- WorkCancelledError           the caller gave up
|- NotServingError              loading or draining
`- EngineError                  the decoder failed; the server's fault
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "CoreError",
    "DeadlineError",
    "EngineError",
    "FieldViolation",
    "GlossaryConflictError",
    "InvalidInputError",
    "ModelNotFoundError",
    "NotServingError",
    "NothingToSummarizeError",
    "OverloadedError",
    "UnsupportedLanguageError",
    "WorkCancelledError",
]


class CoreError(Exception):
    """Root of what the core raises on purpose."""


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One fault of one field.

    Attributes:
        field: Path as in the proto, for example `article.text` or `texts[3]`.
        description: What is wrong and what would be right, for people.
    """

    field: str
    description: str


class InvalidInputError(CoreError):
    """The caller's input is wrong; `violations` has one entry for each fault, at least one."""

    def __init__(self, violations: Sequence[FieldViolation]) -> None:
        self.violations = tuple(violations)
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in self.violations))

    @classmethod
    def of(cls, field: str, description: str) -> InvalidInputError:
        """An error with one violation."""
        return cls([FieldViolation(field, description)])


class NothingToSummarizeError(InvalidInputError):
    """The article holds no sentence of running text."""


class GlossaryConflictError(InvalidInputError):
    """Two terms of the glossary have one source and different targets."""


class UnsupportedLanguageError(CoreError):
    """No model serves the language or pair, or several pairs start from it and the caller named no target.

    Attributes:
        source: Source language, empty when it could not be told.
        target: Target language, empty when the caller named none.
        available: The pairs that are served.
    """

    def __init__(self, source: str, target: str, available: Sequence[tuple[str, str]]) -> None:
        self.source, self.target, self.available = source, target, tuple(available)
        wanted = (
            f"{source or 'an undetermined language'} -> {target}" if target else source or "an undetermined language"
        )
        served = ", ".join(f"{s} -> {t}" for s, t in self.available) or "none"
        several = not target and source in {s for s, _ in self.available}
        what = f"{source} goes into several languages: name the target" if several else f"no model translates {wanted}"
        if not source:
            what += ", and the text does not tell which it is: name the source language"
        super().__init__(f"{what}; served: {served}")


class ModelNotFoundError(CoreError):
    """No model of that name is loaded."""


class OverloadedError(CoreError):
    """The server cannot take more work now.

    Attributes:
        retry_after_s: Seconds after which the queue should have room, > 0.
        quota: True when this caller's own quota is used up rather than the whole server.
    """

    def __init__(self, message: str, retry_after_s: float, *, quota: bool = False) -> None:
        self.retry_after_s, self.quota = retry_after_s, quota
        super().__init__(message)


class DeadlineError(CoreError):
    """The deadline passed, or the queue says that it cannot be met."""


class WorkCancelledError(CoreError):
    """The caller gave up before the work was done."""


class NotServingError(CoreError):
    """The server is loading its models or draining."""


class EngineError(CoreError):
    """The decoder failed on input that it should have taken."""
