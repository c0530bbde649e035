"""The job: articles in, parts out, in the order of the input. One bad article never stops the rest.

Memory is bounded whatever the archive's size: beside the part that is being written no more than twice `concurrency`
articles are held, at work or waiting for an earlier one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from khulasa.server.api.convert_summary import summarize_request
from khulasa.server.api.limits import RequestLimits
from khulasa.server.api.ports import Summarizer
from khulasa.server.api.status import is_servers_fault
from khulasa.server.archive.parquet import ensure_parquet
from khulasa.server.archive.reading import (
    Line,
    PartPlan,
    Survey,
    article_id_of,
    article_of,
    decode_line,
    read_lines,
)
from khulasa.server.archive.rows import error_row, is_failure, summary_row
from khulasa.server.archive.writing import PartCounts, PartWriter, read_part
from khulasa.server.core.errors import OverloadedError
from khulasa.server.core.translation.types import Priority, RequestContext
from khulasa.v1 import summary_pb2

__all__ = ["ArchiveJob", "JobPlan", "Progress"]

# Longest pause before a full queue is asked again, seconds.
_MAX_PAUSE_S = 5.0


class Progress(Protocol):
    """Is told how far the job is."""

    def skipped(self, counts: PartCounts) -> None:
        """A part of an earlier run stays."""
        ...

    def advance(self, *, failed: bool) -> None:
        """An article is done."""
        ...


@dataclass(frozen=True, slots=True)
class JobPlan:
    """How to go about it.

    Attributes:
        options: For every article.
        limits: What an article may hold.
        concurrency: Articles at work at a time, >= 1.
        max_line_bytes: Longest line that is read.
        ignore_other_fields: Take lines with fields that articles do not have.
        parquet: Write a table beside each part.
    """

    options: summary_pb2.SummaryOptions
    limits: RequestLimits
    concurrency: int = 8
    max_line_bytes: int = 32 * 2**20
    ignore_other_fields: bool = False
    parquet: bool = False


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
        self._out, self._plan, self._summarizer = out, plan, summarizer
        self._progress, self._on_fault = progress, on_fault
        self._turns = asyncio.Semaphore(plan.concurrency)
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
                        # No longer ours to abandon: the thread brings it to its end even if we are cancelled meanwhile.
                        whole, writer = writer, None
                        counts = await asyncio.to_thread(whole.finish)
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
                    window.append((part, asyncio.create_task(self._row(line))))
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
            file.seek(part.offset)
            lines = read_lines(file, self._plan.max_line_bytes, number=part.first_line)
            for _ in range(part.articles):
                yield part, next(lines)

    async def _row(self, line: Line) -> dict[str, Any]:
        """The summary or the error of one article."""
        plan, article_id = self._plan, ""
        async with self._turns:
            try:
                fields = decode_line(line, plan.max_line_bytes)
                article_id = article_id_of(fields)
                article = article_of(fields, ignore_other_fields=plan.ignore_other_fields)
                request = summary_pb2.SummarizeRequest(article=article, options=plan.options)
                wanted = summarize_request(request, plan.limits, Priority.BULK)
                while True:
                    context = RequestContext(f"line-{line.number}", "archive", wanted.priority)
                    try:
                        result = await self._summarizer.summarize(wanted.article, wanted.settings, context)
                        break
                    except OverloadedError as error:
                        await asyncio.sleep(min(error.retry_after_s, _MAX_PAUSE_S))
                return summary_row(line.number, wanted.article, result)
            except Exception as error:
                if is_servers_fault(error):
                    self._on_fault(line.number, error)
                return error_row(line.number, article_id, error)
