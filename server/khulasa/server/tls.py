"""TLS and mutual TLS with certificates that are read anew when their files change."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import grpc
import structlog

__all__ = ["CertificateFiles", "server_credentials"]


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files; `client_ca` set means that every client needs a certificate signed by it."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def read(self) -> grpc.ServerCertificateConfiguration:
        """What is in the files now.

        Raises:
            OSError: a file cannot be read.
        """
        roots = self.client_ca.read_bytes() if self.client_ca is not None else None
        return grpc.ssl_server_certificate_configuration(
            [(self.key.read_bytes(), self.certificate.read_bytes())], root_certificates=roots
        )

    def stamp(self) -> tuple[tuple[int, int, int], ...]:
        """Changes when a file does; a renamed or relinked file counts."""
        files = [file for file in (self.certificate, self.key, self.client_ca) if file is not None]
        stats = [file.stat() for file in files]
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)


class _Fetcher:
    """Asked by gRPC at each new connection, from any thread. Unreadable new files leave the old certificate in use."""

    def __init__(self, files: CertificateFiles) -> None:
        self._files, self._lock = files, threading.Lock()
        self._stamp = files.stamp()
        self.first = files.read()

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        """The new configuration, None for no change."""
        with self._lock:
            try:
                stamp = self._files.stamp()
                if stamp == self._stamp:
                    return None
                fresh = self._files.read()
            except OSError as error:
                structlog.get_logger("khulasa.server").error("certificates unreadable", error=type(error).__name__)
                return None
            self._stamp = stamp
        structlog.get_logger("khulasa.server").info("certificates reloaded")
        return fresh


def server_credentials(files: CertificateFiles) -> grpc.ServerCredentials:
    """Credentials that follow the files.

    Raises:
        OSError: a file cannot be read.
    """
    fetcher = _Fetcher(files)
    return grpc.dynamic_ssl_server_credentials(
        # The types forget that None means: no change.
        fetcher.first,
        fetcher,  # type: ignore[arg-type]
        require_client_authentication=files.client_ca is not None,
    )
