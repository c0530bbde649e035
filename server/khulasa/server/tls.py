"""TLS and mutual TLS with certificates that are read anew when their files change."""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc
import structlog
from khulasa.server.config import Settings

__all__ = ["CertificateError", "CertificateFiles", "certificate_files", "server_credentials"]


class CertificateError(Exception):
    """No client could be answered with these files; the message names the setting and its file."""


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

    def check(self) -> datetime:
        """When the certificate expires; the files are PEM, belong together and hold now.

        Raises:
            CertificateError: they do not.
        """
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname = False
        trusting.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        for setting, file, load in (
            ("tls_certificate", self.certificate, trusting.load_verify_locations),
            ("tls_client_ca", self.client_ca, server.load_verify_locations),
        ):
            if file is not None:
                _readable(setting, file)
                try:
                    load(file)
                except ssl.SSLError as error:
                    raise CertificateError(f"{setting}: {file} holds no PEM certificate") from error
        _readable("tls_key", self.key)
        try:
            server.load_cert_chain(self.certificate, self.key, password=_no_password)
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise CertificateError(f"tls_key: {self.key} is not the key of {self.certificate}") from error
            raise CertificateError(f"tls_key: {self.key} holds no PEM key") from error
        except _EncryptedKeyError as error:
            raise CertificateError(f"tls_key: {self.key} asks for a password; give it without one") from error
        try:
            return _expiry(server, trusting)
        except ssl.SSLCertVerificationError as error:
            raise CertificateError(f"tls_certificate: {self.certificate}: {error.verify_message}") from error
        except ssl.SSLError as error:
            raise CertificateError(f"tls_certificate: {self.certificate}: {error.reason or error}") from error

    def stamp(self) -> tuple[tuple[int, int, int], ...]:
        """Changes when a file does; a renamed or relinked file counts."""
        files = [file for file in (self.certificate, self.key, self.client_ca) if file is not None]
        stats = [file.stat() for file in files]
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)


class _EncryptedKeyError(Exception):
    pass


def _no_password() -> str:
    # Asked for on the terminal otherwise, where nobody sits.
    raise _EncryptedKeyError


def _readable(setting: str, file: Path) -> None:
    try:
        file.read_bytes()
    except OSError as error:
        raise CertificateError(f"{setting}: {file}: {error.strerror or error}") from error


def _expiry(server: ssl.SSLContext, client: ssl.SSLContext) -> datetime:
    """When the server's certificate expires, from a handshake in memory.

    Raises:
        ssl.SSLError: the two cannot agree, or the certificate is not valid now.
    """
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(to_client, to_server), server.wrap_bio(to_server, to_client, server_side=True)]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    peer = ends[0].getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(peer["notAfter"])), UTC)


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


def certificate_files(settings: Settings) -> CertificateFiles | None:
    """The files that the settings name, None for plain text."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return CertificateFiles(settings.tls_certificate, settings.tls_key, settings.tls_client_ca)


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
