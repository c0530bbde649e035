"""How far the job is: a bar on a terminal, a line now and then elsewhere. Both go to standard error."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from khulasa.server.archive.writing import PartCounts

__all__ = ["BarProgress", "LineProgress"]

# Seconds between two lines.
_EVERY_S = 30.0


class LineProgress:
    """Lines for a log.

    Args:
        total: Articles of the archive.
        say: Writes a line.
    """

    def __init__(self, total: int, say: Callable[[str], None]) -> None:
        self._total, self._say = total, say
        self._done = self._failed = 0
        self._last = time.monotonic()

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to take away."""

    def skipped(self, counts: PartCounts) -> None:
        """A part of an earlier run stays."""
        self._done += counts.articles
        self._failed += counts.failed

    def advance(self, *, failed: bool) -> None:
        """An article is done."""
        self._done += 1
        self._failed += failed
        if time.monotonic() - self._last >= _EVERY_S:
            self._last = time.monotonic()
            self._say(f"{self._done:,} of {self._total:,} articles, {self._failed:,} failed")


class BarProgress:
    """A bar with the rate of this run and the time left.

    Args:
        total: Articles of the archive.
    """

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._failed = 0
        self._bar = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("articles, {task.fields[failed]} failed"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("articles", total=total, failed=0)

    def __enter__(self) -> BarProgress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def skipped(self, counts: PartCounts) -> None:
        """A part of an earlier run stays."""
        self._move(counts.articles, counts.failed)

    def advance(self, *, failed: bool) -> None:
        """An article is done."""
        self._move(1, int(failed))

    def _move(self, articles: int, failed: int) -> None:
        self._failed += failed
        self._bar.update(self._task, advance=articles, failed=self._failed)
