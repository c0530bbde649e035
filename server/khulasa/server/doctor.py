"""`khulasa-server doctor`: looks at what a start needs and says what is wrong, before a start does."""

from __future__ import annotations

import os
import socket
import ssl
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from khulasa.server.config import ENV_PREFIX, Settings, available_threads, load_settings
from pydantic import ValidationError

__all__ = ["Finding", "certificate_expiry", "examine"]

# Variables of the client's command and of the settings file's place: known, and no settings.
_OTHER_VARIABLES = {"KHULASA_CONFIG", "KHULASA_SERVER", "KHULASA_TOKEN", "KHULASA_CA", "KHULASA_TIMEOUT"}
_EXPIRES_SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found.

    Attributes:
        good: False stops a start or makes it fail later.
        subject: What was looked at.
        description: What was found and, if it is bad, what to do.
    """

    good: bool
    subject: str
    description: str

    def line(self) -> str:
        """For a terminal."""
        return f"{'ok   ' if self.good else 'WRONG'} {self.subject}: {self.description}"


def examine(config: Path | None = None) -> list[Finding]:
    """Everything that can be looked at without serving."""
    try:
        settings = load_settings(config)
    except ValidationError as error:
        return [
            Finding(False, f"setting {'.'.join(map(str, fault['loc'])) or 'combination'}", fault["msg"])
            for fault in error.errors(include_url=False, include_input=False)
        ]
    except (OSError, tomllib.TOMLDecodeError) as error:
        return [Finding(False, "settings file", str(error))]
    return [
        Finding(True, "settings", "every value is in range"),
        *_variables(),
        *_threads(settings),
        *_ports(settings),
        *_certificates(settings),
        *_access(settings),
        *_tracing(settings),
        *_memory(settings),
        *_models(settings),
    ]


def _variables() -> Iterator[Finding]:
    known = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields} | _OTHER_VARIABLES
    for name in sorted(os.environ):
        if name.startswith(ENV_PREFIX) and name not in known:
            yield Finding(False, f"environment {name}", "no setting has this name; see `khulasa-server config`")


def _threads(settings: Settings) -> Iterator[Finding]:
    cores = available_threads()
    if settings.thread_count > cores:
        yield Finding(False, "threads", f"{settings.threads} on {cores} cores is slower than {cores}; set 0")
    else:
        yield Finding(True, "threads", f"{settings.thread_count} of {cores} cores")


def _ports(settings: Settings) -> Iterator[Finding]:
    wanted = [("port", settings.host, settings.port)]
    if settings.health_port:
        wanted.append(("health_port", settings.host, settings.health_port))
    if settings.metrics_port:
        wanted.append(("metrics_port", settings.metrics_host, settings.metrics_port))
    for name, host, port in wanted:
        problem = _cannot_listen(host, port)
        if problem:
            yield Finding(False, name, f"cannot listen on {host}:{port}: {problem}")
        else:
            yield Finding(True, name, f"{host}:{port} is free")
    numbers = [port for _, _, port in wanted if port]
    if len(set(numbers)) != len(numbers):
        yield Finding(False, "ports", "two listeners have one port")


def _cannot_listen(host: str, port: int) -> str:
    """Why nothing can listen there, empty when it can."""
    bare = host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _certificates(settings: Settings) -> Iterator[Finding]:
    if settings.tls_certificate is None or settings.tls_key is None:
        return
    try:
        expiry = certificate_expiry(settings.tls_certificate, settings.tls_key)
        if settings.tls_client_ca is not None:
            ssl.create_default_context(cafile=str(settings.tls_client_ca))
    except (OSError, ssl.SSLError) as error:
        yield Finding(False, "TLS", f"{error.strerror or error}; is the key that of the certificate, both PEM?")
        return
    left = expiry - datetime.now(UTC)
    good = left > _EXPIRES_SOON
    yield Finding(good, "TLS", f"the certificate is good until {expiry:%Y-%m-%d}" + ("" if good else ": renew it"))


def certificate_expiry(certificate: Path, key: Path) -> datetime:
    """When the certificate expires, from a handshake with itself in memory.

    Raises:
        OSError: a file cannot be read.
        ssl.SSLError: no PEM, the key is another's, or the certificate is not valid now.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(certificate)
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


def _access(settings: Settings) -> Iterator[Finding]:
    open_to_all = settings.host not in ("127.0.0.1", "localhost", "::1", "[::1]")
    if settings.jwt_jwks_file is not None:
        yield _signed_tokens(settings)
    if settings.tokens:
        yield Finding(True, "tokens", ", ".join(settings.tokens))
    if settings.tokens or settings.jwt_jwks_file is not None:
        if open_to_all and settings.tls_certificate is None:
            yield Finding(False, "tokens", "they cross the network in the clear: set tls_certificate and tls_key")
    elif open_to_all and settings.tls_client_ca is None:
        yield Finding(True, "access", f"everybody who reaches {settings.host} may call; set tokens to close it")


def _signed_tokens(settings: Settings) -> Finding:
    from khulasa.server.json_web_tokens import JwtSettingsError, verifier_of

    try:
        verifier = verifier_of(settings)
    except JwtSettingsError as error:
        return Finding(False, "signed tokens", str(error))
    keys = verifier.key_ids if verifier is not None else ()
    return Finding(True, "signed tokens", f"{len(keys)} public keys of {settings.jwt_issuer}")


def _tracing(settings: Settings) -> Iterator[Finding]:
    if not settings.otel_endpoint:
        return
    from khulasa.server.tracing import TracingSettingsError, otlp_exporter

    try:
        otlp_exporter(settings.otel_endpoint).shutdown()
    except TracingSettingsError as error:
        yield Finding(False, "tracing", str(error))
    else:
        yield Finding(True, "tracing", f"spans go to {settings.otel_endpoint}, which was not asked")


def _memory(settings: Settings) -> Iterator[Finding]:
    if settings.memory_path is None:
        return
    from khulasa.server.core.translation.memory import TranslationMemory, TranslationMemoryError

    try:
        with TranslationMemory(settings.memory_path) as memory:
            stats = memory.stats()
    except TranslationMemoryError as error:
        yield Finding(False, "memory_path", str(error))
        return
    if stats.faults:
        yield Finding(False, "memory_path", f"damaged: {'; '.join(stats.faults[:3])}; restore a copy")
    else:
        yield Finding(True, "memory_path", f"{sum(stats.pairs.values()):,} approved pairs")


def _models(settings: Settings) -> Iterator[Finding]:
    from khulasa.server.runtime import examine_models

    for good, name, description in examine_models(settings):
        yield Finding(good, f"model {name}", description)
