"""Starts and stops server processes: the real command, or the composition root over a core without models."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from types import TracebackType

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [str(Path(sys.executable).parent / "khulasa-server"), "serve"]
START_LIMIT_S = 150.0


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """A running server and a channel to it.

    Args:
        command: What to run; the port is added.
        log_to: Where the log goes instead of `log`, for example a device that is full.
        settings: Environment variables without their prefix, in small letters.
    """

    def __init__(self, command: list[str] | None = None, *, log_to: str = "", **settings: object) -> None:
        self.port, self.metrics_port = free_port(), settings.get("metrics_port")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KHULASA_")}
        environment |= {f"KHULASA_{name.upper()}": str(value) for name, value in settings.items()}
        with Path(log_to or os.devnull).open("w") as log:
            self.process = subprocess.Popen(
                [*(command or COMMAND), "--port", str(self.port)],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log if log_to else subprocess.PIPE,
                text=True,
            )
        self.started = time.monotonic()
        # Pipes are read as they fill, or a talkative server would stand still.
        self.lines: list[str] = []
        self.log: list[str] = []
        self._readers = [
            threading.Thread(target=_collect, args=(stream, into), daemon=True)
            for stream, into in ((self.process.stdout, self.lines), (self.process.stderr, self.log))
            if stream is not None
        ]
        for reader in self._readers:
            reader.start()
        # The first connection comes before the port is open: try again soon, or the time of loading is missed.
        backoff = [(f"grpc.{name}_reconnect_backoff_ms", 100) for name in ("initial", "min", "max")]
        self.channel = grpc.insecure_channel(self.address, options=backoff)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.channel.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join(timeout=5)

    def health(self, service: str = "") -> str:
        """Name of the status, or of the code when there is no answer."""
        try:
            request = health_pb2.HealthCheckRequest(service=service)
            answer = health_pb2_grpc.HealthStub(self.channel).Check(request, timeout=2)
        except grpc.RpcError as error:
            return error.code().name
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)

    def wait_until(self, status: str) -> list[str]:
        """Every status seen on the way to `status`, each once in a row."""
        seen: list[str] = []
        end = time.monotonic() + START_LIMIT_S
        while time.monotonic() < end:
            now = self.health()
            if not seen or seen[-1] != now:
                seen.append(now)
            if now == status:
                return seen
            if self.process.poll() is not None:
                raise AssertionError(f"the server stopped: {self.process.returncode}\n{self.written()}")
            time.sleep(0.02)
        raise AssertionError(f"never {status}: {seen}\n{self.written()}")

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout_s: float = 100) -> int:
        """Sends a signal and returns the exit status."""
        self.process.send_signal(number)
        return self.wait(timeout_s)

    def wait(self, timeout_s: float = 100) -> int:
        """The exit status."""
        status = self.process.wait(timeout_s)
        for reader in self._readers:
            reader.join(timeout=5)
        return status

    def written(self) -> str:
        """Everything that it wrote."""
        return "".join([*self.lines, *self.log])


def until(condition: object, limit_s: float = 60.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def metric(server: ServerProcess, name: str) -> float:
    """Sum over all labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))


def _collect(stream: object, into: list[str]) -> None:
    for line in stream:  # type: ignore[attr-defined]
        into.append(line)
