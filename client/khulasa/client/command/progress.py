"""A progress bar on standard error, for several articles and a terminal only."""

from __future__ import annotations

from typing import TextIO

__all__ = ["ProgressBar"]

_WIDTH = 30


class ProgressBar:
    """`[#########.....] 3/10`.

    Args:
        total: Articles in all.
        stream: Standard error.
    """

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._stream = stream
        self._done = 0
        self._failed = 0
        self._shown = total > 1 and stream.isatty()

    def advance(self, *, failed: bool = False) -> None:
        """One article more."""
        self._done += 1
        self._failed += failed
        self.draw()

    def draw(self) -> None:
        """Show the bar below whatever stands there."""
        if self._shown:
            full = _WIDTH * self._done // self._total
            failed = f", {self._failed} failed" if self._failed else ""
            self._stream.write(f"\r\x1b[K[{'#' * full}{'.' * (_WIDTH - full)}] {self._done}/{self._total}{failed}")
            self._stream.flush()

    def clear(self) -> None:
        """Make room for other output."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
