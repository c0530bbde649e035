"""A progress bar on standard error, for several articles and a terminal only."""

from __future__ import annotations

import os
import shutil
from typing import TextIO

__all__ = ["ProgressBar"]

_WIDTH = 30


def _columns(stream: TextIO) -> int:
    """Of the stream's own terminal: standard output, which Python asks, may be a file."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return shutil.get_terminal_size().columns


class ProgressBar:
    """`[#########.....] 3/10`.

    Args:
        total: Articles in all.
        stream: Standard error.
        escapes: Whether the terminal can clear a line; where it cannot, there is no bar.
    """

    def __init__(self, total: int, stream: TextIO, *, escapes: bool = True) -> None:
        self._total = total
        self._stream = stream
        self._done = 0
        self._failed = 0
        self._shown = escapes and total > 1 and stream.isatty()

    def advance(self, *, failed: bool = False) -> None:
        """One article more."""
        self._done += 1
        self._failed += failed
        self.draw()

    def draw(self) -> None:
        """Show the bar below whatever stands there."""
        if self._shown:
            failed = f", {self._failed} failed" if self._failed else ""
            count = f"{self._done}/{self._total}{failed}"
            # A line that wraps is not cleared by the next one: a narrow terminal would fill with them.
            width = max(0, min(_WIDTH, _columns(self._stream) - len(count) - len("[] ") - 1))
            full = width * self._done // self._total
            bar = f"[{'#' * full}{'.' * (width - full)}] " if width else ""
            self._stream.write(f"\r\x1b[K{bar}{count}")
            self._stream.flush()

    def clear(self) -> None:
        """Make room for other output."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
