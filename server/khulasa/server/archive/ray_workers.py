"""Workers as actors of a Ray cluster. The only module that knows Ray, which is the extra `ray` and loaded on demand."""

from __future__ import annotations

import importlib
import logging
import os
import socket
from contextlib import suppress
from typing import Any

from khulasa.server.archive.cluster import WorkerLostError
from khulasa.server.archive.errors import ArchiveError
from khulasa.server.archive.node import BlockResult, NodeOrder, NodeReport, NodeWork
from khulasa.server.archive.reading import Line

__all__ = ["RayCluster", "RayWorker", "check_address", "places_for", "require_ray", "worker_cpus"]

# A worker gains little from more: its models are small.
_MOST_CPUS = 4
# Seconds for the first answer of the cluster's address.
_KNOCK_S = 10.0


def check_address(address: str) -> None:
    """Refuses what is no node of a cluster: `ray://` (Ray Client), `http://` (Ray Jobs), a port that is no number.

    A Ray Client's workers end when its connection is away for half a minute, and all rows would go through one process
    of the head: a job that runs for days is to be part of the cluster.

    Raises:
        ArchiveError: the message says what to give instead.
    """
    scheme, separator, _ = address.partition("://")
    if separator:
        raise ArchiveError(
            f"--ray {address}: {scheme}:// addresses are not taken, for the command has to run on a machine of the"
            " cluster: run it there with --ray auto, or in Kubernetes as in deploy/ray (docs/archives.md)"
        )
    host, colon, port = address.rpartition(":")
    if address != "auto" and not (host and colon and port.isdecimal() and 0 < int(port) < 2**16):
        raise ArchiveError(f"--ray {address}: give auto, or HOST:PORT of the cluster's head (6379 where nobody chose)")


def require_ray() -> None:
    """Raises `ArchiveError` when Ray is not installed."""
    _ray()


def _ray() -> Any:
    # A job on somebody's archive reports to nobody.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise ArchiveError("--ray needs Ray, the extra `ray`: pip install 'khulasa-server[ray]'") from error


def worker_cpus(nodes: list[dict[str, float]], wanted: int) -> int:
    """Cores of one worker: as wanted, or else as many as the smallest node has, at most four.

    Args:
        nodes: Resources of each node, as Ray names them.
        wanted: 0 when nothing was said.
    """
    sizes = [int(node.get("CPU", 0)) for node in nodes if node.get("CPU", 0) >= 1]
    return wanted or min([_MOST_CPUS, *sizes])


def places_for(nodes: list[dict[str, float]], cpus: int, gpus: int) -> int:
    """How many workers the nodes hold together."""
    return sum(
        min(int(node.get("CPU", 0) // cpus), *([int(node.get("GPU", 0) // gpus)] if gpus else []), 10**9)
        for node in nodes
    )


class RayCluster:
    """A connection to a cluster, and the workers of one job in it. They end with this process, however it ends.

    Args:
        address: `HOST:PORT`, or `auto` for the cluster that this machine belongs to.

    Raises:
        ArchiveError: Ray is not installed, the address is of another kind, or there is no cluster.
    """

    def __init__(self, address: str) -> None:
        check_address(address)
        self._ray = _ray()
        try:
            _knock(address)
            self._ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        except (OSError, RuntimeError, ValueError, self._ray.exceptions.RayError) as error:
            raise ArchiveError(f"cannot join the Ray cluster at {address}: {error}") from error

    def nodes(self) -> list[dict[str, float]]:
        """Resources of each node that is there."""
        return [node["Resources"] for node in self._ray.nodes() if node["Alive"]]

    def employ(self, order: NodeOrder, cpus: int, gpus: int) -> None:
        """Says what workers are to do and what each of them needs."""
        self._actor = self._ray.remote(NodeWork).options(
            # Lost ones are replaced by the job, which knows what they were at.
            num_cpus=cpus, num_gpus=gpus, max_restarts=0, max_task_retries=0, scheduling_strategy="SPREAD",
        )  # fmt: skip
        self._order = order

    def start(self) -> RayWorker:
        """A further worker; it may have to wait for a place."""
        try:
            return RayWorker(self._ray, self._actor.remote(self._order))
        except (RuntimeError, self._ray.exceptions.RayError) as error:  # the former when the cluster itself is gone
            raise ArchiveError(f"the Ray cluster gives no worker: {error}") from error

    def close(self) -> None:
        """Leaves the cluster."""
        self._ray.shutdown()


class RayWorker:
    """One actor."""

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray, self._actor = ray, actor

    async def prepare(self) -> NodeReport:
        """What it loaded; see `Worker`."""
        report: NodeReport = await self._answer(self._actor.prepare)
        return report

    async def summarize(self, lines: tuple[Line, ...]) -> BlockResult:
        """The rows of these lines; see `Worker`."""
        result: BlockResult = await self._answer(self._actor.summarize, lines)
        return result

    async def _answer(self, method: Any, *arguments: Any) -> Any:
        errors = self._ray.exceptions
        try:
            return await method.remote(*arguments)
        except errors.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, ArchiveError):
                raise ArchiveError(str(cause)) from None
            # Its message may quote a text.
            raise ArchiveError(f"a worker failed with {type(cause).__name__}; Ray's logs say where") from error
        except errors.RayError as error:
            raise WorkerLostError(_first_line(error)) from error

    def close(self) -> None:
        """Ends the actor."""
        # What cannot be ended is gone, or ends with our connection.
        with suppress(RuntimeError, ValueError, self._ray.exceptions.RayError):
            self._ray.kill(self._actor)


def _knock(address: str) -> None:
    """Raises `OSError` when nobody listens there: Ray would try for many minutes, and nothing could stop it."""
    host, colon, port = address.rpartition(":")
    if colon:
        socket.create_connection((host.strip("[]"), int(port)), _KNOCK_S).close()


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return f"{type(error).__name__}: {lines[0]}"[:300]
