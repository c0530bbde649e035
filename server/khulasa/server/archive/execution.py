"""Runs a job to its end, in this process or on a cluster: the folder is claimed, the rows made, the result written."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import structlog
from khulasa.server.archive.agreement import Agreement
from khulasa.server.archive.articles import JobPlan
from khulasa.server.archive.cluster import ClusterJob
from khulasa.server.archive.errors import ArchiveError
from khulasa.server.archive.identity import identity_of, library_versions, settings_identity
from khulasa.server.archive.job import ArchiveJob, Progress
from khulasa.server.archive.manifest import Identity, claim, write_result
from khulasa.server.archive.node import NodeOrder, NodeReport, settings_to_send
from khulasa.server.archive.progress import BarProgress, LineProgress
from khulasa.server.archive.ray_workers import RayCluster, places_for, worker_cpus
from khulasa.server.archive.reading import Survey, survey
from khulasa.server.archive.writing import PartCounts
from khulasa.server.config import Settings
from khulasa.server.observability_logs import LastingStream, configure_logs, failure

if TYPE_CHECKING:
    from khulasa.server.core_holder import LoadedCore

__all__ = ["Cluster", "Job", "run_job"]


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done.

    Attributes:
        file: The input.
        out: The folder, held for this process alone.
        plan: How to go about it.
        part_articles: Articles of one part, >= 1.
        settings: Of the models and of the log.
        force: Throw away the parts of another job.
    """

    file: BinaryIO
    out: Path
    plan: JobPlan
    part_articles: int
    settings: Settings
    force: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where else.

    Attributes:
        address: Of a Ray cluster.
        workers: How many; 0 for as many as there is room for.
        worker_cpus: Cores of each; 0 to choose.
    """

    address: str
    workers: int = 0
    worker_cpus: int = 0


async def run_job(job: Job, cluster: Cluster | None = None) -> int:
    """Exit status: 0, 1 with error rows, or 128 and the number of the signal that stopped it.

    Raises:
        ArchiveError: it cannot be done, or not go on.
        CoreError, PackageError, TranslationMemoryError: the models cannot be loaded.
        OSError: something cannot be read or written.
    """
    stopped: list[signal.Signals] = []
    task = asyncio.ensure_future(_on_cluster(job, cluster) if cluster is not None else _here(job))

    def stop(number: signal.Signals) -> None:
        stopped.append(number)
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not stopped:
            raise
        _say("stopped: the parts that are complete stay, the same command goes on from there")
        return 128 + stopped[0]


async def _here(job: Job) -> int:
    from khulasa.server.observability import Observability
    from khulasa.server.previews import preview_lines
    from khulasa.server.runtime import load_core

    settings, plan, log = job.settings, job.plan, _Log(job.settings)

    def on_fault(line: int, error: Exception) -> None:
        log.fault(line, failure(error, with_messages=settings.log_texts))

    found = await _surveyed(job)
    loaded: LoadedCore = await load_core(settings, Observability(log_texts=settings.log_texts))
    try:
        serving = loaded.serving
        _check_target(plan, {pair.target for pair in serving.translator.pairs})
        for line in preview_lines(serving.models):
            _say(line)
        made_by = await asyncio.to_thread(settings_identity, plan, job.part_articles, settings, serving.models)
        identity = identity_of(found, made_by)
        claim(job.out, identity, force=job.force)
        with _shown(found) as progress:
            counts = await ArchiveJob(job.out, plan, serving.summarizer, progress, on_fault).run(job.file, found)
    finally:
        await loaded.close()
    return _ended(job, identity, found, counts)


async def _on_cluster(job: Job, wanted: Cluster) -> int:
    log, settings = _Log(job.settings), job.settings
    found = await _surveyed(job)
    # In a thread, because it waits; and there Ray leaves the handlers of signals alone.
    cluster = await asyncio.to_thread(RayCluster, wanted.address)
    try:
        cpus, gpus = worker_cpus(cluster.nodes(), wanted.worker_cpus), int(settings.device == "cuda")
        count = wanted.workers or max(1, places_for(cluster.nodes(), cpus, gpus))
        cluster.employ(NodeOrder(settings_to_send(settings, cpus), job.plan, job.part_articles), cpus, gpus)
        _say(f"workers: {count}, cores of each: {cpus}")
        agreement, claimed = Agreement(await asyncio.to_thread(library_versions), _say), list[Identity]()

        def accept(report: NodeReport) -> None:
            if (made_by := agreement.check(report)) is None:
                return
            _check_target(job.plan, report.targets)
            claimed.append(identity_of(found, made_by))
            claim(job.out, claimed[0], force=job.force)

        with _shown(found) as progress:
            counts = await ClusterJob(job.out, job.plan, cluster, count, accept, progress, log).run(job.file, found)
    finally:
        await asyncio.to_thread(cluster.close)
    return _ended(job, claimed[0], found, counts)


class _Log:
    """Lines for people and lines of the log."""

    def __init__(self, settings: Settings) -> None:
        configure_logs(settings.log_format, settings.log_level)
        self._log = structlog.get_logger("khulasa.server")

    def say(self, line: str) -> None:
        """A line for people."""
        _say(line)

    def fault(self, line: int, description: dict[str, Any]) -> None:
        """A fault that is not the article's."""
        self._log.error("article", line=line, **description)


async def _surveyed(job: Job) -> Survey:
    try:
        return await asyncio.to_thread(survey, job.file, job.plan.max_line_bytes, job.part_articles)
    except asyncio.CancelledError:
        # Else the process waits for the thread, which reads to the end.
        job.file.close()
        raise


@contextmanager
def _shown(found: Survey) -> Iterator[Progress]:
    with BarProgress(found.articles) if sys.stderr.isatty() else LineProgress(found.articles, _say) as progress:
        yield progress


def _check_target(plan: JobPlan, targets: Collection[str]) -> None:
    target = plan.options.target_language_code
    if target and target not in targets:
        raise ArchiveError(f"no model translates into {target}; served: {', '.join(sorted(targets))}")


def _ended(job: Job, identity: Identity, found: Survey, counts: PartCounts) -> int:
    write_result(job.out, identity, len(found.parts), counts)
    failed = f", {counts.failed:,} failed: their rows say why" if counts.failed else ""
    LastingStream(sys.stdout).write(f"{job.out}: {counts.articles:,} articles in {len(found.parts):,} parts{failed}\n")
    return 1 if counts.failed else 0


def _say(line: str) -> None:
    """A line for people; standard output has the result alone."""
    # A log that is full must not end hours of work.
    LastingStream(sys.stderr).write(line + "\n")
