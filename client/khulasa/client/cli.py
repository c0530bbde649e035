"""Entry point of the `khulasa` command; see `khulasa.client.command`."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from khulasa.client.command.arguments import ArgumentError, parse
from khulasa.client.command.exits import INTERRUPTED, USAGE
from khulasa.client.command.run import run

__all__ = ["main"]


def _speak_utf8() -> None:
    """Arabic on any terminal or pipe, whatever the locale says; what cannot be written is escaped, never an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Without the program's name; None for those of the process.

    Returns:
        The exit code, see `khulasa.client.command.exits`.
    """
    _speak_utf8()
    try:
        return run(parse(arguments, os.environ), sys.stdout, sys.stderr)
    except ArgumentError as error:
        sys.stderr.write(f"khulasa: {error}\n")
        return USAGE
    except KeyboardInterrupt:
        sys.stderr.write("\nkhulasa: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has gone. Python would complain again when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
