"""The job: articles in, parts out, in the order of the input. One bad article never stops the rest.

Memory is bounded whatever the archive's size: beside the part that is being written no more than twice `concurrency`
articles are held, at work or waiting for an earlier one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from khulasa.server.api.ports import Summarizer
from khulasa.server.archive.articles import JobPlan, RowMaker
from khulasa.server.archive.parquet import ensure_parquet
from khulasa.server.archive.reading import Line, PartPlan, Survey, lines_of
from khulasa.server.archive.rows import is_failure
from khulasa.server.archive.writing import PartCounts, PartWriter, finished, read_part

__all__ = ["ArchiveJob", "Progress"]


class Progress(Protocol):
    """Is told how far the job is."""

    def skipped(self, counts: PartCounts) -> None:
        """A part of an earlier run stays."""
        ...

    def advance(self, *, failed: bool) -> None:
        """An article is done."""
        ...


class ArchiveJob:
    """Summarises the articles of one file into one folder.

    Args:
        out: The folder, claimed for this job.
        plan: How to go about it.
        summarizer: Makes the summaries.
        progress: Is told of each article.
        on_fault: Is told of faults that are not the article's, with the line's number.
    """

    def __init__(
        self,
        out: Path,
        plan: JobPlan,
        summarizer: Summarizer,
        progress: Progress,
        on_fault: Callable[[int, Exception], None],
    ) -> None:
        self._out, self._plan, self._progress = out, plan, progress
        self._rows_of = RowMaker(plan, summarizer, on_fault)
        self._articles = self._failed = 0

    async def run(self, file: BinaryIO, found: Survey) -> PartCounts:
        """Makes every part that is not there; the counts are those of all parts.

        Cancelled, it leaves complete parts and nothing else.

        Raises:
            ArchiveError: the input changes meanwhile.
            OSError: the input cannot be read, or a part not be written.
        """
        writer: PartWriter | None = None
        try:
            async with contextlib.aclosing(self._rows(file, found)) as rows:
                async for part, row in rows:
                    if writer is None:
                        writer = PartWriter(self._out, part)
                    writer.write(row)
                    self._progress.advance(failed=is_failure(row))
                    if writer.full:
                        found.check_unchanged(file)
                        # No longer ours to abandon.
                        whole, writer = writer, None
                        counts = await finished(whole)
                        await self._part_done(part, counts)
        finally:
            if writer is not None:
                writer.abandon()
        return PartCounts(self._articles, self._failed)

    async def _part_done(self, part: PartPlan, counts: PartCounts) -> None:
        if self._plan.parquet:
            await asyncio.to_thread(ensure_parquet, self._out, part)
        self._articles += counts.articles
        self._failed += counts.failed

    async def _rows(self, file: BinaryIO, found: Survey) -> AsyncGenerator[tuple[PartPlan, dict[str, Any]]]:
        """Rows of the parts that are to be made, in the order of the input."""
        window: deque[tuple[PartPlan, asyncio.Task[dict[str, Any]]]] = deque()
        try:
            async with contextlib.aclosing(self._lines(file, found)) as lines:
                async for part, line in lines:
                    if len(window) == 2 * self._plan.concurrency:
                        yield window[0][0], await window[0][1]
                        window.popleft()
                    window.append((part, asyncio.create_task(self._rows_of.row(line))))
            while window:
                yield window[0][0], await window[0][1]
                window.popleft()
        finally:
            left = [task for _, task in window]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _lines(self, file: BinaryIO, found: Survey) -> AsyncGenerator[tuple[PartPlan, Line]]:
        """Lines of the parts that are to be made."""
        for part in found.parts:
            counts = await asyncio.to_thread(read_part, self._out, part)
            if counts is not None:
                await self._part_done(part, counts)
                self._progress.skipped(counts)
                continue
            for line in lines_of(file, part, self._plan.max_line_bytes):
                yield part, line
