"""An archive job on workers that live in this process, over a pipeline without models. They can be lost at will."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from archive_rig import LINE_BYTES, Count, FakePipeline, Rig
from khulasa.server.api.limits import RequestLimits
from khulasa.server.archive.articles import JobPlan, RowMaker
from khulasa.server.archive.cluster import ClusterJob, WorkerLostError
from khulasa.server.archive.node import BlockResult, NodeReport
from khulasa.server.archive.reading import Line, survey
from khulasa.server.archive.writing import PartCounts
from khulasa.v1 import summary_pb2

IDENTITY = {"models": [{"revision": "a"}], "server": "0.1.0"}
REPORT = NodeReport("n", IDENTITY, {"numpy": "2.0"}, "x86_64 avx2", ("ar",), ())
Asked = Callable[["FakeWorker", Sequence[Line]], Any]


class FakeWorker:
    """One worker; `lose` ends it in the middle of whatever it is at."""

    def __init__(self, cluster: ClusterRig, name: str) -> None:
        self.cluster, self.name = cluster, name
        self.closed = False
        self.asked: list[list[int]] = []
        self.at_work = 0
        self._gone = asyncio.Event()
        self._faults: list[tuple[int, dict[str, Any]]] = []

    def lose(self) -> None:
        self._gone.set()

    async def prepare(self) -> NodeReport:
        if self.cluster.starts_lost > 0:
            self.cluster.starts_lost -= 1
            raise WorkerLostError("no such module")
        report = self.cluster.report
        self._rows = RowMaker(self.cluster.plan(), self.cluster.pipeline, self._fault)
        return replace(report, node=self.name)

    def _fault(self, line: int, error: Exception) -> None:
        self._faults.append((line, {"error": type(error).__name__}))

    async def summarize(self, lines: tuple[Line, ...]) -> BlockResult:
        self.asked.append([line.number for line in lines])
        self.at_work += 1
        self.cluster.most_at_work = max(self.cluster.most_at_work, sum(one.at_work for one in self.cluster.started))
        try:
            if self.cluster.on_block is not None:
                self.cluster.on_block(self, lines)
            rows = asyncio.gather(*map(self._rows.row, lines))
            gone = asyncio.ensure_future(self._gone.wait())
            await asyncio.wait([rows, gone], return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                rows.cancel()
                raise WorkerLostError("the machine is gone")
            gone.cancel()
            return BlockResult(self.cluster.falsify(await rows), self._faults)
        finally:
            self.at_work -= 1

    def close(self) -> None:
        self.closed = True


@dataclass
class ClusterRig:
    """One input, one folder and the workers of one job.

    Attributes:
        on_block: Told of every block as a worker begins with it.
        starts_lost: So many of the next workers are lost while they load.
    """

    rig: Rig
    count: int = 2
    on_block: Asked | None = None
    starts_lost: int = 0
    report: NodeReport = REPORT
    falsify: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = lambda rows: rows
    pipeline: FakePipeline = field(default_factory=FakePipeline)
    started: list[FakeWorker] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    faults: list[int] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    most_at_work: int = 0

    def start(self) -> FakeWorker:
        self.started.append(FakeWorker(self, f"worker {len(self.started)}"))
        return self.started[-1]

    def say(self, line: str) -> None:
        self.said.append(line)

    def fault(self, line: int, description: dict[str, Any]) -> None:
        self.faults.append(line)

    def asked(self) -> list[int]:
        """Lines handed to workers, those of lost ones too."""
        return sorted(number for worker in self.started for block in worker.asked for number in block)

    def plan(self) -> JobPlan:
        limits = RequestLimits(max_article_chars=1_000)
        return JobPlan(
            summary_pb2.SummaryOptions(),
            limits,
            concurrency=self.rig.concurrency,
            max_line_bytes=LINE_BYTES,
            parquet=self.rig.parquet,
        )

    def run(self) -> PartCounts:
        return asyncio.run(self.job())

    async def job(self) -> PartCounts:
        self.rig.out.mkdir(exist_ok=True)
        self.rig.progress = Count()
        self.started, self.accepted = [], []

        def accept(report: NodeReport) -> None:
            self.accepted.append(report.node)

        with self.rig.source.open("rb") as file:
            found = survey(file, LINE_BYTES, self.rig.part_articles)
            job = ClusterJob(self.rig.out, self.plan(), self, self.count, accept, self.rig.progress, self)
            return await job.run(file, found)
