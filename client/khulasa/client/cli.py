"""The `khulasa` command, see `khulasa.client.command`; `khulasa.client_start` is its entry point."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from khulasa.client.command.arguments import ArgumentError, parse
from khulasa.client.command.exits import BAD_INPUT, INTERRUPTED, USAGE
from khulasa.client.command.run import run

__all__ = ["main"]


def _speak_utf8() -> None:
    """Arabic on any terminal or pipe, whatever the locale says; what cannot be written is escaped, never an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


class _Messages:
    """Standard error. Where nobody takes it any more, what is said is lost, and the run goes on: its exit code tells.

    Args:
        stream: Standard error.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> None:
        """Say it."""
        try:
            self._stream.write(text)
        except OSError:
            _drop(self._stream)

    def flush(self) -> None:
        """Say it now."""
        try:
            self._stream.flush()
        except OSError:
            _drop(self._stream)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Without the program's name; None for those of the process.

    Returns:
        The exit code, see `khulasa.client.command.exits`.
    """
    _speak_utf8()
    # Python has None for a stream that was closed before it started.
    err: Any = _Messages(sys.stderr or io.StringIO())
    if sys.stdout is None:
        err.write("khulasa: standard output is closed\n")
        return BAD_INPUT
    try:
        code = run(parse(arguments, os.environ), sys.stdout, err)
        # Here, so that a full disk is not found after the exit code has been given.
        sys.stdout.flush()
    except ArgumentError as error:
        err.write(f"khulasa: {error}\n")
        return USAGE
    except KeyboardInterrupt:
        err.write("\nkhulasa: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has gone.
        _drop(sys.stdout)
        return 0
    except OSError as error:
        err.write(f"khulasa: the output cannot be written: {error.strerror or error}\n")
        _drop(sys.stdout)
        return BAD_INPUT
    return code


def _drop(stream: TextIO) -> None:
    """Python would complain again when it flushes the stream at exit, and end with a code of its own."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
