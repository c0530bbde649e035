"""A real server process for a benchmark: started, watched through /proc, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

__all__ = ["ROOT", "Server", "Usage", "free_port"]

ROOT = Path(__file__).resolve().parents[1]
_COMMAND = [str(Path(sys.executable).parent / "khulasa-server"), "serve"]
_START_LIMIT_S = 90.0


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process holds at one moment.

    Attributes:
        memory_mib: Resident.
        most_mib: The most that it was since its start, or since `Server.forget_most`.
        files: Open file descriptors.
        cpu_s: User and system time since its start.
    """

    memory_mib: float
    most_mib: float
    files: int
    threads: int
    cpu_s: float


class Server:
    """A server on a free port of the loopback interface, bundled models, logs thrown away.

    Args:
        settings: Settings by their names, as in the settings file.
    """

    def __init__(self, **settings: object) -> None:
        self.port = free_port()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KHULASA_")}
        # An installed server has its bytecode; where a shell forbids writing any, each start would compile it.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        environment |= {f"KHULASA_{name.upper()}": str(value) for name, value in settings.items()}
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [*_COMMAND, "--port", str(self.port)], env=environment, stdout=self._output, stderr=self._output, cwd=ROOT
        )
        try:
            self._wait_until_serving()
        except BaseException:
            self.close()
            raise
        self.start_s = time.perf_counter() - began

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops it as an operator would, then by force."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._output.close()

    def usage(self) -> Usage:
        """What it holds now."""
        return usage_of(self.process.pid)

    def forget_most(self) -> None:
        """Counts the most memory from now on; what a start takes for a moment is no part of what it serves with."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def _wait_until_serving(self) -> None:
        backoff = [(f"grpc.{name}_reconnect_backoff_ms", 50) for name in ("initial", "min", "max")]
        with grpc.insecure_channel(self.address, options=backoff) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            end = time.monotonic() + _START_LIMIT_S
            while time.monotonic() < end:
                if self.process.poll() is not None:
                    self._output.seek(0)
                    raise RuntimeError(f"the server stopped: {self._output.read().decode()[-2000:]}")
                try:
                    answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=2)
                except grpc.RpcError:
                    answer = None
                if answer is not None and answer.status == health_pb2.HealthCheckResponse.SERVING:
                    return
                time.sleep(0.01)
        raise RuntimeError("the server did not serve in time")


def usage_of(pid: int) -> Usage:
    """What a process of this machine holds now."""
    folder = Path(f"/proc/{pid}")
    fields = dict(
        line.split(":", 1)
        for line in (folder / "status").read_text().splitlines()
        if line.startswith(("VmRSS", "VmHWM", "Thr"))
    )
    ticks = (folder / "stat").read_text().rpartition(")")[2].split()
    return Usage(
        memory_mib=int(fields["VmRSS"].split()[0]) / 1024,
        most_mib=int(fields["VmHWM"].split()[0]) / 1024,
        files=len(list((folder / "fd").iterdir())),
        threads=int(fields["Threads"]),
        cpu_s=(int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK"),
    )
