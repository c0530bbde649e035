"""The job on several machines: this process reads and writes, workers elsewhere make the rows.

A worker that is lost, with its machine or alone, is replaced, and its blocks are done again. Knows nothing of Ray.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from khulasa.server.archive.articles import JobPlan, row_of_a_lost_article
from khulasa.server.archive.assembly import PartAssembly
from khulasa.server.archive.blocks import Block, BlockSize, KeptPart, blocks_to_do
from khulasa.server.archive.errors import ArchiveError
from khulasa.server.archive.job import Progress
from khulasa.server.archive.node import BlockResult, NodeReport
from khulasa.server.archive.parquet import ensure_parquet
from khulasa.server.archive.reading import Line, PartPlan, Survey
from khulasa.server.archive.rows import is_failure
from khulasa.server.archive.writing import PartCounts, finished

__all__ = ["ClusterJob", "Events", "Worker", "WorkerLostError", "Workers"]

# Blocks of one worker at a time: with one it would be idle between two.
_BLOCKS_EACH = 2
# A block that lost so many workers is done article by article, each alone with its worker: that tells the culprit.
_SUSPECT_LOSSES = 2
# An article that lost so many, the last ones alone with it, is given up.
_LAST_LOSSES = 4
# Workers lost while they load, beyond one for each that there should be, before the job stops.
_SPARE_STARTS = 3
# Seconds without any news after which people are told what is waited for.
_NEWS_S = 30.0


class WorkerLostError(Exception):
    """A worker is gone, alone or with its machine; the message says what is known."""


class Worker(Protocol):
    """A process somewhere that holds the models. Both calls raise `WorkerLostError` when it is gone."""

    async def prepare(self) -> NodeReport:
        """Waits for a place, then loads; `ArchiveError` when it cannot."""
        ...

    async def summarize(self, lines: tuple[Line, ...]) -> BlockResult:
        """The rows of these lines."""
        ...

    def close(self) -> None:
        """Ends it, whatever it is at; nothing happens when it is gone."""
        ...


class Workers(Protocol):
    """Where workers come from."""

    def start(self) -> Worker:
        """A further one; `ArchiveError` when there can be none."""
        ...


class Events(Protocol):
    """Who is told of what."""

    def say(self, line: str) -> None:
        """A line for people."""
        ...

    def fault(self, line: int, description: dict[str, Any]) -> None:
        """A fault that is not the article's."""
        ...


@dataclass(eq=False, slots=True)
class _Member:
    """A worker, and what it is at."""

    worker: Worker
    name: str = "a worker"
    ready: bool = False
    blocks: int = 0
    alone: bool = False


class ClusterJob:
    """Summarises the articles of one file into one folder, on `count` workers.

    Args:
        out: The folder; touched only after `accept` let the first worker in.
        plan: How to go about it.
        workers: Where workers come from.
        count: How many there should be, >= 1.
        accept: Is given the report of each worker that is ready; raises `ArchiveError` against one that would make
            other rows. Claims the folder at the first.
    """

    def __init__(
        self,
        out: Path,
        plan: JobPlan,
        workers: Workers,
        count: int,
        accept: Callable[[NodeReport], None],
        progress: Progress,
        events: Events,
    ) -> None:
        self._out, self._plan, self._workers, self._count = out, plan, workers, count
        self._accept, self._progress, self._events = accept, progress, events
        self._size = BlockSize(articles=max(BlockSize().articles, plan.concurrency))
        self._members: list[_Member] = []
        # A block at work, or None while the worker loads.
        self._tasks: dict[asyncio.Task[Any], tuple[_Member, Block | None]] = {}
        self._again: deque[Block] = deque()
        self._suspects: deque[Block] = deque()
        self._assembly = PartAssembly(out)
        self._articles = self._failed = self._lost_starts = 0
        self._accepted = self._read = False

    async def run(self, file: BinaryIO, found: Survey) -> PartCounts:
        """Makes every part that is not there; the counts are those of all parts.

        Cancelled, it leaves complete parts and nothing else, and no worker.

        Raises:
            ArchiveError: the input changes meanwhile, or workers cannot be had, or do not agree.
            OSError: the input cannot be read, or a part not be written.
        """
        source = blocks_to_do(self._out, file, found, self._plan.max_line_bytes, self._size)
        try:
            for _ in range(self._count):
                self._start()
            while True:
                if self._accepted:
                    await self._hand_out(source)
                    if self._all_done():
                        return PartCounts(self._articles, self._failed)
                done, _ = await asyncio.wait(self._tasks, timeout=_NEWS_S, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    member, block = self._tasks.pop(task)
                    if block is None:
                        self._loaded(member, task)
                    else:
                        await self._finished(member, block, task, lambda: found.check_unchanged(file))
                if not done:
                    self._tell()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for member in self._members:
                member.worker.close()
            self._assembly.abandon()

    def _all_done(self) -> bool:
        at_work = any(block is not None for _, block in self._tasks.values())
        return self._read and not (self._again or self._suspects or at_work)

    def _start(self) -> None:
        member = _Member(self._workers.start())
        self._members.append(member)
        self._tasks[asyncio.ensure_future(member.worker.prepare())] = (member, None)

    def _loaded(self, member: _Member, task: asyncio.Task[NodeReport]) -> None:
        try:
            report = task.result()
        except WorkerLostError as error:
            self._lost_starts += 1
            if self._lost_starts > self._count + _SPARE_STARTS:
                raise ArchiveError(f"workers are lost as soon as they start: {error}") from error
            self._replace(member, error)
            return
        self._accept(report)
        self._lost_starts, self._accepted = 0, True
        member.name, member.ready = report.node, True

    async def _hand_out(self, source: Iterator[Block | KeptPart]) -> None:
        """Gives every worker as much as it may have, one block each before a second one."""
        for _ in range(_BLOCKS_EACH):
            for member in self._members:
                if not member.ready or (block := await self._block_for(member, source)) is None:
                    continue
                member.blocks += 1
                self._tasks[asyncio.ensure_future(member.worker.summarize(block.lines))] = (member, block)

    async def _block_for(self, member: _Member, source: Iterator[Block | KeptPart]) -> Block | None:
        if self._suspects and not member.blocks:
            member.alone = True
            return self._suspects.popleft()
        # Nobody takes more while a suspect waits for a worker of its own.
        if self._suspects or member.alone or member.blocks == _BLOCKS_EACH:
            return None
        if self._again:
            return self._again.popleft()
        while (item := await asyncio.to_thread(next, source, None)) is not None:
            if isinstance(item, Block):
                return item
            await self._part_done(item.part, item.counts)
            self._progress.skipped(item.counts)
        self._read = True
        return None

    async def _finished(
        self, member: _Member, block: Block, task: asyncio.Task[BlockResult], check_input: Callable[[], None]
    ) -> None:
        member.blocks -= 1
        member.alone = False
        try:
            result = task.result()
        except WorkerLostError as error:
            if member in self._members:
                self._replace(member, error)
            lost = self._after_a_loss(block.lost_once_more(), error)
            if lost is None:
                return
            result = lost
        for line, description in result.faults:
            self._events.fault(line, description)
        writer = self._assembly.add(block, result.rows)
        for row in result.rows:
            self._progress.advance(failed=is_failure(row))
        if writer is not None:
            try:
                check_input()
            except ArchiveError:
                writer.abandon()
                raise
            await self._part_done(writer.part, await finished(writer))

    def _replace(self, member: _Member, error: WorkerLostError) -> None:
        """Takes a lost worker's name off the list and asks for another."""
        self._members.remove(member)
        member.worker.close()
        self._events.say(f"{member.name} was lost, its articles are done again ({error})")
        self._start()

    def _after_a_loss(self, block: Block, error: WorkerLostError) -> BlockResult | None:
        """Puts the block where it is done again; what is given up gets its error row instead."""
        if block.losses < _SUSPECT_LOSSES:
            self._again.append(block)
            return None
        if len(block.lines) > 1 or block.losses < _LAST_LOSSES:
            self._suspects.extend(block.single())
            return None
        (line,) = block.lines
        self._events.say(f"line {line.number} lost {block.losses} workers, it gets an error row")
        description = {"error": type(error).__name__, "message": [str(error)]}
        return BlockResult([row_of_a_lost_article(line, self._plan, error)], [(line.number, description)])

    async def _part_done(self, part: PartPlan, counts: PartCounts) -> None:
        if self._plan.parquet:
            await asyncio.to_thread(ensure_parquet, self._out, part)
        self._articles += counts.articles
        self._failed += counts.failed

    def _tell(self) -> None:
        loading = sum(not member.ready for member in self._members)
        if loading:
            self._events.say(f"waiting for {loading} of {self._count} workers: for a free place, or while models load")
