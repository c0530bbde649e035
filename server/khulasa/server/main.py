"""Composition root: builds everything once, serves, drains."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health_pb2_grpc
from khulasa.server.api.admission import AdmissionLimits
from khulasa.server.api.authentication import Authenticator
from khulasa.server.api.grpc_server import new_server
from khulasa.server.api.lifecycle import Lifecycle
from khulasa.server.api.limits import RequestLimits
from khulasa.server.api.server import ApiServer, RunningApi, Transport
from khulasa.server.api.standard import StandardInterceptor
from khulasa.server.config import Settings
from khulasa.server.core.translation.freed_memory import give_back_regularly
from khulasa.server.core_holder import CoreHolder, LoadedCore
from khulasa.server.doctor import oversights
from khulasa.server.json_web_tokens import JwtSettingsError, verifier_of
from khulasa.server.listening import ListeningError, check_listeners
from khulasa.server.observability import Observability
from khulasa.server.previews import preview_lines
from khulasa.server.settings_errors import SettingsError
from khulasa.server.tls import CertificateError, FollowedCertificates, certificate_files, server_credentials
from khulasa.server.tracing import Tracing, TracingSettingsError, otlp_exporter

__all__ = ["Loader", "serve"]

# Of models, metrics, probes, logs and the process itself.
_OWN_FILES = 256
# So many do not run out before the memory does.
_MANY_FILES = 1_000_000
# One in so many connections may be to the port of probes, where there is one.
_SHARE_OF_PROBES = 8

# Threads cannot be interrupted: work that was given up, as on a long article, would keep the process for minutes.
_CLOSING_S = 5.0

# A server that an error ended tells it no sooner by itself than its last call has ended, and a Watch never does.
_LOOK_AT_SERVER_S = 5.0

# What SIGHUP takes from the settings as they are then, beside the tokens; all else takes a restart.
_REREAD = ("models", "summary_model", "model_dirs")

Loader = Callable[[Settings, Observability], Coroutine[Any, Any, LoadedCore]]


class _Process:
    """One server process, from the first listening port to the last answer."""

    def __init__(
        self,
        settings: Settings,
        load: Loader,
        announce: Callable[[str], None],
        reread: Callable[[], Settings],
        abandon: Callable[[int], object],
    ) -> None:
        self._settings, self._load, self._announce, self._reread = settings, load, announce, reread
        self._abandon = abandon
        self._log = structlog.get_logger("khulasa.server")
        self._lifecycle = Lifecycle()
        self._holder = CoreHolder()
        self._tracing = Tracing(otlp_exporter(settings.otel_endpoint)) if settings.otel_endpoint else None
        self._observability = Observability(log_texts=settings.log_texts, tracing=self._tracing)
        self._stop, self._reload = asyncio.Event(), asyncio.Event()
        self._impatient, self._models_wanted = asyncio.Event(), asyncio.Event()
        # Those of the last SIGHUP to load models with, None where they could not be read.
        self._reread_last: Settings | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._status = 1

    async def run(self) -> int:
        """Exit status: 0 when every accepted call was answered, 1 when it could not start or serve or had to cut."""
        settings = self._settings
        self._listen_to_signals()
        stop_metrics: Callable[[], None] | None = None
        api = probes = None
        try:
            try:
                check_listeners(settings)
                if settings.metrics_port:
                    stop_metrics, _ = self._observability.listen(
                        settings.metrics_host.strip("[]"), settings.metrics_port
                    )
                self._authenticator = Authenticator(settings.token_hashes, verifier_of(settings))
                server = _api(settings, self._holder, self._observability, self._lifecycle, self._authenticator)
                api = await server.start([f"{settings.host}:{settings.port}"])
                probes = await _probes(settings, api)
            except (OSError, CertificateError, JwtSettingsError, ListeningError) as error:
                self._announce(f"cannot start: {error}")
                return 1
            self._log.info("listening", host=settings.host, port=api.ports[0])
            if not await self._load_first(api.ports[0]):
                return 1
            beside = (self._reread_on_request(), self._reload_on_request(), give_back_regularly())
            running = [asyncio.create_task(one) for one in beside]
            alive = await self._until_stop(api.server, probes)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            # Calls that came in before the server's end are answered as before any other.
            status = await self._drain(api)
            self._status = status if alive else 1
            return self._status
        finally:
            if api is not None:
                await api.drain(0)
            if probes is not None:
                await probes.stop(0)
            closing = asyncio.gather(self._holder.replace(None), *self._leaving)
            await asyncio.wait({closing}, timeout=_CLOSING_S)
            if stop_metrics is not None:
                await asyncio.to_thread(stop_metrics)
            if self._tracing is not None:
                await asyncio.to_thread(self._tracing.close)
            if not closing.done():
                self._log.warning("ended in the middle of work that was given up")
                self._abandon(self._status)
            await closing

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()

        def stop() -> None:
            # A second signal means: now.
            (self._impatient if self._stop.is_set() else self._stop).set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)

    async def _until_stop(self, *servers: grpc.aio.Server | None) -> bool:
        """False when one of the servers has ended before: a process that takes no calls is to be started again."""
        stopping = asyncio.create_task(self._stop.wait())
        ends = [asyncio.create_task(_end_of(server)) for server in servers if server is not None]
        await asyncio.wait((stopping, *ends), return_when=asyncio.FIRST_COMPLETED)
        alive = self._stop.is_set()
        if not alive:
            self._log.error("gRPC's server has ended by itself, so the process ends")
        for task in (stopping, *ends):
            task.cancel()
        await asyncio.gather(stopping, *ends, return_exceptions=True)
        return alive

    async def _load_first(self, port: int) -> bool:
        """Loads the models; False when that failed."""
        loading = asyncio.create_task(self._load(self._settings, self._observability))
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not loading.done():
            # Loading cannot be interrupted; what it gives is let go at once.
            self._lifecycle.drain()
        try:
            loaded = await loading
        except Exception as error:
            self._log.error("models failed to load", error=type(error).__name__)
            self._announce(f"cannot load the models: {error}")
            return False
        finally:
            stopping.cancel()
        await self._holder.replace(loaded)
        if self._stop.is_set():
            return True
        self._observability.serving(loaded.serving.models)
        self._lifecycle.serving()
        names = ", ".join(f"{model.name} {model.version}" for model in loaded.serving.models)
        self._log.info("serving", models=names, port=port)
        self._announce(f"khulasa-server is ready on {self._settings.host}:{port} with {names}")
        for line in preview_lines(loaded.serving.models):
            self._announce(line)
        return True

    async def _reread_on_request(self) -> None:
        """On SIGHUP: the tokens at once, for one that is revoked must not work until models are loaded; then those."""
        while True:
            await self._reload.wait()
            self._reload.clear()
            self._reread_last = self._reread_settings()
            self._models_wanted.set()

    async def _reload_on_request(self) -> None:
        """The new models take over when they are loaded, the old ones go when their last call has ended."""
        while True:
            await self._models_wanted.wait()
            self._models_wanted.clear()
            settings = self._reread_last or self._settings
            try:
                loaded = await self._load(settings, self._observability)
            except Exception as error:
                self._log.error("reload failed, the old models go on", error=type(error).__name__, message=str(error))
                continue
            self._settings = settings
            self._observability.serving(loaded.serving.models)
            # A caller that does not fetch its answer may hold the old ones for as long as it likes: nobody waits.
            leaving = asyncio.create_task(self._holder.replace(loaded))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
            self._log.info("models reloaded", models=[model.name for model in loaded.serving.models])
            for line in preview_lines(loaded.serving.models):
                self._announce(line)

    def _reread_settings(self) -> Settings | None:
        """Takes the tokens of the settings as they are now; gives those to load models with, None if unreadable."""
        try:
            found = self._reread()
        except SettingsError as error:
            self._log.error("settings cannot be read, the old ones and the old tokens go on", message=str(error))
            return None
        hashes = found.token_hashes
        self._authenticator.replace_hashes(hashes)
        self._log.info("tokens read", tokens=sorted(hashes), required=self._authenticator.required)
        later = [
            name
            for name in type(found).model_fields
            if name not in (*_REREAD, "tokens") and getattr(found, name) != getattr(self._settings, name)
        ]
        if later:
            self._log.warning("settings that take a restart have changed", settings=later)
        return self._settings.model_copy(update={name: getattr(found, name) for name in _REREAD})

    async def _drain(self, api: RunningApi) -> int:
        self._log.info("draining", in_flight=self._lifecycle.in_flight, grace_s=self._settings.drain_grace_s)
        self._observability.draining()
        draining = asyncio.create_task(api.drain(self._settings.drain_grace_s))
        impatient = asyncio.create_task(self._impatient.wait())
        await asyncio.wait({draining, impatient}, return_when=asyncio.FIRST_COMPLETED)
        impatient.cancel()
        if not draining.done():
            draining.cancel()
            with suppress(asyncio.CancelledError):
                await draining
            answered = False
        else:
            answered = draining.result()
        self._log.info("stopped", every_call_answered=answered)
        return 0 if answered else 1


def _api(
    settings: Settings,
    holder: CoreHolder,
    observability: Observability,
    lifecycle: Lifecycle,
    authenticator: Authenticator,
) -> ApiServer:
    credentials: grpc.ServerCredentials | None = None
    if (files := certificate_files(settings)) is not None:
        followed = FollowedCertificates(files)
        observability.watch_certificates(followed.expires, lambda: bool(followed.refused()))
        credentials = server_credentials(followed)
    return ApiServer(
        core=holder,
        observer=observability,
        lifecycle=lifecycle,
        limits=RequestLimits(
            max_article_chars=settings.max_article_chars,
            max_texts=settings.max_texts,
            max_request_chars=settings.max_request_chars,
            default_beam_size=settings.beam_size,
        ),
        admission_limits=AdmissionLimits(
            concurrent_calls=settings.max_calls,
            concurrent_calls_per_caller=settings.max_calls_per_caller,
            requests_per_minute=settings.quota_requests_per_minute,
            chars_per_minute=settings.quota_chars_per_minute,
        ),
        authenticator=authenticator,
        transport=Transport(
            max_message_bytes=settings.max_message_bytes,
            keepalive_s=settings.keepalive_s,
            max_connection_idle_s=settings.max_connection_idle_s,
            max_connection_age_s=settings.max_connection_age_s,
            max_connections=_connections_to_take(settings)[0],
            reflection=settings.reflection,
        ),
        credentials=credentials,
        stream_articles=settings.stream_articles,
    )


def _connections_to_take(settings: Settings) -> tuple[int, int]:
    """For calls and for probes: as many as the process may have files, less those that it needs itself; 0 for no limit.

    Else whoever opens connections keeps the server from reading models, tokens and certificates. The process asks for
    as many files as it may ask for.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    if soft == resource.RLIM_INFINITY or soft > _MANY_FILES:
        return 0, 0
    together = max(2, soft - min(_OWN_FILES, soft // 2))
    probes = max(1, together // _SHARE_OF_PROBES) if settings.health_port else 0
    return together - probes, probes


async def _probes(settings: Settings, api: RunningApi) -> grpc.aio.Server | None:
    """A listener for probes that speak no TLS: the health service and nothing else."""
    if not settings.health_port:
        return None
    # A name of a service is short: whatever comes here, nothing is held.
    options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 4_096), ("grpc.http2.bdp_probe", 0)]
    options += [("grpc.server_handshake_timeout_ms", 20_000), ("grpc.max_connection_idle_ms", 60_000)]
    if connections := _connections_to_take(settings)[1]:
        options.append(("grpc.max_allowed_incoming_connections", connections))
    server = new_server(options, (StandardInterceptor(),))
    health_pb2_grpc.add_HealthServicer_to_server(api.health, server)
    try:
        server.add_insecure_port(f"{settings.host}:{settings.health_port}")
    except RuntimeError as error:
        raise OSError(f"cannot listen on {settings.host}:{settings.health_port}: {error}") from error
    await server.start()
    return server


async def _end_of(server: grpc.aio.Server) -> None:
    """Waits for it, or raises the error that ended it.

    Given up without a time, gRPC's own waiting would take the server's end for given up as well.
    """
    while await server.wait_for_termination(timeout=_LOOK_AT_SERVER_S):
        pass


def _end_now(status: int) -> None:
    """Ends the process whatever its threads do."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


async def serve(
    settings: Settings,
    load: Loader,
    announce: Callable[[str], None],
    reread: Callable[[], Settings] | None = None,
    abandon: Callable[[int], object] = _end_now,
) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit status.

    Args:
        load: Loads the models; called once at the start and once for each SIGHUP.
        announce: Prints one line for people.
        reread: The settings as they are now, called for each SIGHUP: their tokens and models are taken. None: those
            of the start.
        abandon: Ends the process with an exit status where a thread still works on what was given up.
    """
    for finding in oversights(settings):
        if not finding.good:
            announce(f"warning: {finding.subject}: {finding.description}")
    try:
        process = _Process(settings, load, announce, reread or (lambda: settings), abandon)
    except TracingSettingsError as error:
        announce(f"cannot start: {error}")
        return 1
    return await process.run()
