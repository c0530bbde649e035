"""TLS and mutual TLS with certificates that are read anew when their files change."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import structlog
from khulasa.server.config import Settings

__all__ = [
    "Certificate",
    "CertificateError",
    "CertificateFiles",
    "FollowedCertificates",
    "certificate_files",
    "server_credentials",
]

# Files that were refused may become good as they are: not valid yet, say, or not readable yet.
_LOOK_AGAIN_S = 1.0


class CertificateError(Exception):
    """No client could be answered with these files; the message names the setting and its file."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was found in a certificate.

    Attributes:
        expires: When it does, or the authority's between it and those that clients know, if that is in the file.
        names_no_host: No host or address in subjectAltName: many clients refuse a server with it.
    """

    expires: datetime
    names_no_host: bool


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

    def check(self) -> Certificate:
        """The server's certificate; the files are PEM, belong together and hold now.

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
                first = ", of whose certificates the server's own must be the first"
                raise CertificateError(
                    f"tls_key: {self.key} is not the key of {self.certificate}{first * (_count(self.certificate) > 1)}"
                ) from error
            raise CertificateError(f"tls_key: {self.key} holds no PEM key") from error
        except _EncryptedKeyError as error:
            raise CertificateError(f"tls_key: {self.key} asks for a password; give it without one") from error
        authorities = server.get_ca_certs()
        if authorities and all(map(_has_expired, authorities)):
            raise CertificateError(f"tls_client_ca: {self.client_ca}: every certificate in it has expired")
        try:
            return _shown(server, trusting)
        except ssl.SSLCertVerificationError as error:
            above = [_name(one) for one in trusting.get_ca_certs() if _has_expired(one)]
            also = f"; of the authorities in the file: {', '.join(above)}" if above else ""
            raise CertificateError(f"tls_certificate: {self.certificate}: {error.verify_message}{also}") from error
        except ssl.SSLError as error:
            raise CertificateError(f"tls_certificate: {self.certificate}: {error.reason or error}") from error

    def stamp(self) -> tuple[tuple[int, int, int], ...]:
        """Changes when a file does; a renamed or relinked file counts."""
        files = [file for file in (self.certificate, self.key, self.client_ca) if file is not None]
        stats = [file.stat() for file in files]
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)


class _EncryptedKeyError(Exception):
    pass


def _count(certificate: Path) -> int:
    return certificate.read_bytes().count(b"-----BEGIN CERTIFICATE-----")


def _expiry(certificate: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def _name(certificate: Mapping[str, Any]) -> str:
    return ", ".join(value for part in certificate["subject"] for _, value in part)


def _has_expired(certificate: Mapping[str, Any]) -> bool:
    return _expiry(certificate) <= datetime.now(UTC)


def _no_password() -> str:
    # Asked for on the terminal otherwise, where nobody sits.
    raise _EncryptedKeyError


def _readable(setting: str, file: Path) -> None:
    try:
        file.read_bytes()
    except OSError as error:
        raise CertificateError(f"{setting}: {file}: {error.strerror or error}") from error


def _shown(server: ssl.SSLContext, client: ssl.SSLContext) -> Certificate:
    """The certificate that the server shows, from a handshake in memory.

    Raises:
        ssl.SSLError: the two cannot agree, or the certificate, or the one that signed it, is not valid now.
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
    expires = _expiry(peer)
    # Of those above it clients may know others: old roots signed anew stand in good files after they have expired.
    if signers := [one for one in client.get_ca_certs() if one["subject"] == peer["issuer"]]:
        expires = min(expires, max(map(_expiry, signers)))
    kinds = {name[0] for name in peer.get("subjectAltName", ())}
    return Certificate(expires, names_no_host=kinds.isdisjoint(("DNS", "IP Address")))


class FollowedCertificates:
    """The certificates in use. New ones take over when they are good; until then the old ones go on.

    gRPC asks at each new connection, whoever scrapes the metrics does as well, from any thread.

    Args:
        clock: Unix time in seconds.

    Raises:
        CertificateError: the files are of no use; at the start only.
    """

    def __init__(self, files: CertificateFiles, clock: Callable[[], float] = time.time) -> None:
        self._files, self._clock, self._lock = files, clock, threading.Lock()
        self._expired = False
        self._log = structlog.get_logger("khulasa.server")
        self._in_use, self.first, self._stamp = _good(files)
        self._next: grpc.ServerCertificateConfiguration | None = None
        self._refused, self._refused_stamp, self._refused_at = "", self._stamp, 0.0

    @property
    def asks_clients(self) -> bool:
        """Whether clients need certificates."""
        return self._files.client_ca is not None

    def expires(self) -> float:
        """When the certificate in use does, Unix time in seconds."""
        with self._lock:
            self._look()
            return self._in_use.expires.timestamp()

    def refused(self) -> str:
        """Why what is in the files now is not used; empty when it is."""
        with self._lock:
            self._look()
            return self._refused

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        """The new configuration, once; None for no change."""
        with self._lock:
            self._look()
            fresh, self._next = self._next, None
            return fresh

    def _look(self) -> None:
        self._follow()
        # Nobody replaces what has run out, callers only say that they cannot connect: here it is said once.
        expired = self._clock() >= self._in_use.expires.timestamp()
        if expired and not self._expired:
            self._log.error(
                "certificate in use has expired, callers refuse it", expires=self._in_use.expires.isoformat()
            )
        self._expired = expired

    def _follow(self) -> None:
        try:
            stamp = self._files.stamp()
        except OSError:
            stamp = ()
        if stamp == self._stamp:
            self._refused = ""
            return
        now = time.monotonic()
        if self._refused and stamp == self._refused_stamp and now < self._refused_at + _LOOK_AGAIN_S:
            return
        try:
            found, fresh, stamp = _good(self._files, self._in_use)
        except CertificateError as error:
            if str(error) != self._refused:
                self._log.error("certificates refused, the old ones go on", error=str(error))
            self._refused, self._refused_stamp, self._refused_at = str(error), stamp, now
            return
        self._in_use, self._next, self._stamp, self._refused = found, fresh, stamp, ""
        self._log.info("certificates reloaded", expires=found.expires.isoformat())


def _good(
    files: CertificateFiles, before: Certificate | None = None
) -> tuple[Certificate, grpc.ServerCertificateConfiguration, tuple[tuple[int, int, int], ...]]:
    """What is in the files, for gRPC, and their stamp.

    Args:
        before: The certificate in use.

    Raises:
        CertificateError: it is of no use, or files were being written.
    """
    try:
        stamp = files.stamp()
        found, fresh = files.check(), files.read()
        if files.stamp() != stamp:
            raise CertificateError(f"tls_certificate: {files.certificate} or a file beside it is being written")
    except OSError as error:
        # Names the setting whose file it is.
        files.check()
        raise CertificateError(f"tls_certificate: {error}") from error
    # Where the server started with such a one, its clients take it.
    if found.names_no_host and before is not None and not before.names_no_host:
        raise CertificateError(f"tls_certificate: {files.certificate} names no host (subjectAltName)")
    return found, fresh, stamp


def certificate_files(settings: Settings) -> CertificateFiles | None:
    """The files that the settings name, None for plain text."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return CertificateFiles(settings.tls_certificate, settings.tls_key, settings.tls_client_ca)


def server_credentials(followed: FollowedCertificates) -> grpc.ServerCredentials:
    """Credentials that follow the files."""
    return grpc.dynamic_ssl_server_credentials(
        # The types forget that None means: no change.
        followed.first,
        followed,  # type: ignore[arg-type]
        require_client_authentication=followed.asks_clients,
    )
