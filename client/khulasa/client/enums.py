"""Enums of the answers."""

from __future__ import annotations

from enum import IntEnum
from typing import Self

__all__ = ["ModelKind", "OpenEnum", "PartKind", "QualityFlag", "TranslationOrigin"]


class OpenEnum(IntEnum):
    """An enum that keeps values which a newer server knows and this client does not, as `UNKNOWN_<number>`."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        # setdefault is atomic: two threads that meet one new value get one member.
        return cls._value2member_map_.setdefault(value, member)  # type: ignore[return-value]

    def __str__(self) -> str:
        return self.name


class QualityFlag(OpenEnum):
    """What a reader should know about a translation before quoting it."""

    UNSPECIFIED = 0
    UNTRANSLATED = 1
    EMPTY = 2
    TRUNCATED = 3
    REPETITION = 4
    NUMBER_MISMATCH = 5
    LENGTH_RATIO = 6
    LOW_SIMILARITY = 7
    GLOSSARY_MISSED = 8
    UNSUPPORTED = 9
    NEGATION_MISMATCH = 10
    NAME_MISMATCH = 11


class PartKind(OpenEnum):
    """What a piece of an article is."""

    UNSPECIFIED = 0
    TITLE = 1
    HEADING = 2
    BODY = 3
    CAPTION = 4
    BYLINE = 5
    BOILERPLATE = 6


class TranslationOrigin(OpenEnum):
    """Where a translation came from."""

    UNSPECIFIED = 0
    MODEL = 1
    MEMORY = 2


class ModelKind(OpenEnum):
    """What a model does."""

    UNSPECIFIED = 0
    TRANSLATION = 1
    SUMMARIZATION = 2
    EMBEDDING = 3
