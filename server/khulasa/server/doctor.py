"""`khulasa-server doctor`: looks at what a start needs and says what is wrong, before a start does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from khulasa.server.config import ENV_PREFIX, Settings, load_settings
from khulasa.server.listening import doubles, listeners_of
from khulasa.server.processor import available_threads
from khulasa.server.settings_errors import SettingsError, unknown_name
from khulasa.server.tls import CertificateError, certificate_files

__all__ = ["Finding", "examine", "oversights"]

# Variables of the client's command and of the settings file's place: known, and no settings.
_OTHER_VARIABLES = {"KHULASA_CONFIG", "KHULASA_SERVER", "KHULASA_TOKEN", "KHULASA_TLS"}
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
    except SettingsError as error:
        return [Finding(False, fault.subject or "settings", fault.message) for fault in error.faults]
    return [
        Finding(True, "settings", "every value is in range"),
        *oversights(settings),
        *_device(settings),
        *_ports(settings),
        *_certificates(settings),
        *_access(settings),
        *_tracing(settings),
        *_memory(settings),
        *_models(settings),
    ]


def oversights(settings: Settings) -> Iterator[Finding]:
    """What a start goes on with, though it is hardly meant so."""
    known = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.startswith(ENV_PREFIX) and name not in known | _OTHER_VARIABLES:
            yield Finding(False, f"environment {name}", unknown_name(name, known))
    cores = available_threads()
    if settings.thread_count > cores:
        yield Finding(False, "threads", f"{settings.threads} on {cores} cores is slower than {cores}; set 0")
    else:
        yield Finding(True, "threads", f"{settings.thread_count} of {cores} cores")


def _device(settings: Settings) -> Iterator[Finding]:
    if settings.device == "cpu":
        return
    from khulasa.server.core.translation.engine import usable_gpus

    gpus = usable_gpus()
    if settings.device == "cuda" and not gpus:
        yield Finding(False, "device", "cuda, and no GPU can be used here: no driver, or none is lent; set cpu or auto")
    else:
        yield Finding(True, "device", f"{settings.device}, {gpus} GPUs can be used{'' if gpus else ': the CPU it is'}")


def _ports(settings: Settings) -> Iterator[Finding]:
    listeners = listeners_of(settings)
    for listener in listeners:
        setting, problem = listener.problem()
        yield Finding(not problem, setting or listener.setting, problem or f"{listener.address} is free")
    for first, second in doubles(listeners):
        yield Finding(False, "ports", f"{first.setting} and {second.setting} are both {first.port}")


def _certificates(settings: Settings) -> Iterator[Finding]:
    files = certificate_files(settings)
    if files is None:
        return
    try:
        found = files.check()
    except CertificateError as error:
        yield Finding(False, "TLS", str(error))
        return
    if found.names_no_host:
        fault = f"tls_certificate: {files.certificate} names no host (subjectAltName)"
        yield Finding(False, "TLS", f"{fault}: many clients refuse it, whatever its common name is")
        return
    good = found.expires - datetime.now(UTC) > _EXPIRES_SOON
    until = f"the certificate is good until {found.expires:%Y-%m-%d}"
    yield Finding(good, "TLS", until + ("" if good else ": renew it"))


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
    from khulasa.server.core.translation.memory.store import TranslationMemory, TranslationMemoryError

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
