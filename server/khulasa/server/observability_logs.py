"""Structured logs: one line for each call, with its request id; never a text of a caller."""

from __future__ import annotations

import io
import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import structlog
from khulasa.server.config import LogFormat, LogLevel

__all__ = ["LastingStream", "configure_logs", "failure"]


def configure_logs(format: LogFormat, level: LogLevel, stream: TextIO | None = None) -> None:
    """Sets up structlog for this process; lines go to standard error unless `stream` is given."""
    out = stream or sys.stderr
    file = LastingStream(out)
    last: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if format is LogFormat.CONSOLE:
        last = structlog.dev.ConsoleRenderer(colors=out.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _one_line,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.name)),
        logger_factory=structlog.WriteLoggerFactory(file),  # type: ignore[arg-type]  # it is written to and flushed
        cache_logger_on_first_use=False,
    )


class LastingStream:
    """A stream that swallows what cannot be written: a full disk under the log must not fail a single call.

    Standard streams are written to without a buffer, which would fail once more at the end of the process.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._raw: io.FileIO | None = None
        if stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                self._raw = io.FileIO(stream.fileno(), "w", closefd=False)

    def write(self, text: str) -> None:
        """Writes it, if that can be done."""
        with suppress(OSError, ValueError):
            if self._raw is not None:
                self._raw.write(text.encode("utf-8", "backslashreplace"))
            else:
                self._stream.write(text)

    def flush(self) -> None:
        """Flushes, if that can be done."""
        if self._raw is None:
            with suppress(OSError, ValueError):
                self._stream.flush()


def failure(error: BaseException, *, with_messages: bool) -> dict[str, Any]:
    """What the log says of an unexpected error: where it came from and of what type.

    The message may quote a caller's text, so it stays out unless `with_messages`.
    """
    chain = list(_chain(error))
    fields: dict[str, Any] = {
        "error": " <- ".join(type(one).__name__ for one in chain),
        "traceback": ["".join(traceback.format_tb(one.__traceback__)).strip() for one in chain],
    }
    if with_messages:
        fields["message"] = [str(one) for one in chain]
    return fields


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _one_line(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """No value may forge a further line: line ends and other control characters are shown escaped."""
    for key, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[key] = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in value)
    return event
