"""The row of one article: its summary, or what was wrong with it. One bad article never stops the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from khulasa.server.api.convert_summary import summarize_request
from khulasa.server.api.limits import RequestLimits
from khulasa.server.api.ports import Summarizer
from khulasa.server.api.status import is_servers_fault
from khulasa.server.archive.reading import Line, article_id_of, article_of, decode_line
from khulasa.server.archive.rows import error_row, summary_row
from khulasa.server.core.errors import InvalidInputError, OverloadedError
from khulasa.server.core.translation.types import Priority, RequestContext
from khulasa.v1 import summary_pb2

__all__ = ["JobPlan", "RowMaker", "row_of_a_lost_article"]

# Longest pause before a full queue is asked again, seconds.
_MAX_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True)
class JobPlan:
    """How to go about it.

    Attributes:
        options: For every article.
        limits: What an article may hold.
        concurrency: Articles at work at a time, >= 1; on several machines, in each worker.
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


class RowMaker:
    """Makes rows, `concurrency` of them at a time.

    Args:
        plan: How to go about it.
        summarizer: Makes the summaries.
        on_fault: Is told of faults that are not the article's, with the line's number.
    """

    def __init__(self, plan: JobPlan, summarizer: Summarizer, on_fault: Callable[[int, Exception], None]) -> None:
        self._plan, self._summarizer, self._on_fault = plan, summarizer, on_fault
        self._turns = asyncio.Semaphore(plan.concurrency)

    async def row(self, line: Line) -> dict[str, Any]:
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


def row_of_a_lost_article(line: Line, plan: JobPlan, error: Exception) -> dict[str, Any]:
    """The error row of an article that took its worker with it time and again; the next run tries it once more."""
    try:
        article_id = article_id_of(decode_line(line, plan.max_line_bytes))
    except InvalidInputError:
        article_id = ""
    return error_row(line.number, article_id, error)
