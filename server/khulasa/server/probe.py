"""Asks a server for its health, as a container's health check does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from khulasa.server.config import Settings

__all__ = ["Probe", "ProbeError", "ProbeTls"]

# Who listens on every interface is asked on this machine.
_ON_THIS_MACHINE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - nothing listens there
_OTHERWISE = "; or set health_port, which speaks no TLS"


class ProbeError(Exception):
    """There is no way to ask like that; the message names the option."""


@dataclass(frozen=True, slots=True)
class ProbeTls:
    """Files (PEM) and name to ask over TLS with; without `ca` it is plain text.

    Attributes:
        ca: Certificates to trust.
        cert: Own certificate, for mutual TLS.
        key: Its key.
        server_name: What the server's certificate is to name, where that is not the host.
    """

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    server_name: str = ""

    def check(self) -> None:
        """Looks whether they fit together.

        Raises:
            ProbeError: they do not.
        """
        if (self.cert is None) != (self.key is None):
            raise ProbeError("--cert and --key come together")
        if self.ca is None and (self.cert or self.server_name):
            raise ProbeError("--cert, --key and --server-name need --ca")

    def credentials(self) -> grpc.ChannelCredentials | None:
        """What is in the files, None for plain text.

        Raises:
            ProbeError: one cannot be read.
        """
        if self.ca is None:
            return None
        ca, key, cert = (_content(f"--{name}", getattr(self, name)) for name in ("ca", "key", "cert"))
        return grpc.ssl_channel_credentials(ca, key, cert)


@dataclass(frozen=True, slots=True)
class Probe:
    """One server to ask."""

    host: str
    port: int
    tls: ProbeTls

    @classmethod
    def by_settings(cls, settings: Settings, host: str | None, tls: ProbeTls) -> Probe:
        """The server that has these settings: its listener for probes, or that of the API.

        Raises:
            ProbeError: the API speaks TLS, and what it takes to ask so is not given.
        """
        host = host or _ON_THIS_MACHINE.get(settings.host, settings.host)
        if settings.health_port and tls.ca is None:
            return cls(host, settings.health_port, tls)
        if settings.tls_certificate is not None and tls.ca is None:
            raise ProbeError(f"the settings have tls_certificate: give --ca{_OTHERWISE}")
        if settings.tls_client_ca is not None and tls.cert is None:
            raise ProbeError(f"the settings have tls_client_ca: give --cert and --key{_OTHERWISE}")
        return cls(host, settings.port, tls)

    def status(self, service: str, timeout_s: float) -> tuple[str, str]:
        """Name of the serving status, or of the gRPC code when there was no answer and then why.

        Raises:
            ProbeError: a file cannot be read.
        """
        # What the environment says of proxies is for the way out of the machine.
        options: list[tuple[str, str | int]] = [("grpc.enable_http_proxy", 0)]
        if self.tls.server_name:
            options.append(("grpc.ssl_target_name_override", self.tls.server_name))
        host = f"[{self.host}]" if ":" in self.host and not self.host.startswith("[") else self.host
        address, credentials = f"{host}:{self.port}", self.tls.credentials()
        if credentials is None:
            channel = grpc.insecure_channel(address, options)
        else:
            channel = grpc.secure_channel(address, credentials, options)
        with channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(
                    health_pb2.HealthCheckRequest(service=service), timeout=timeout_s
                )
            except grpc.RpcError as error:
                if not isinstance(error, grpc.Call):
                    return "UNKNOWN", str(error)
                return error.code().name, f"{address}: {error.details()}"
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)), ""


def _content(option: str, file: Path | None) -> bytes | None:
    try:
        return file.read_bytes() if file is not None else None
    except OSError as error:
        raise ProbeError(f"{option} {file}: {error.strerror or error}") from error
