"""The gRPC server: services, options, ports."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from khulasa.server.api.admission import Admission, AdmissionLimits
from khulasa.server.api.authentication import Authenticator
from khulasa.server.api.call_tasks import follow_calls
from khulasa.server.api.calls import CallObserver
from khulasa.server.api.grpc_server import new_server
from khulasa.server.api.handlers import add_service
from khulasa.server.api.health import HealthServicer
from khulasa.server.api.intake import Intake
from khulasa.server.api.interceptors import CallInterceptor
from khulasa.server.api.lifecycle import Lifecycle
from khulasa.server.api.limits import RequestLimits
from khulasa.server.api.metadata import METADATA_BYTES
from khulasa.server.api.model_servicer import ModelServicer
from khulasa.server.api.ports import CoreSource
from khulasa.server.api.reflection import enable_reflection
from khulasa.server.api.summary_servicer import SummaryServicer
from khulasa.server.api.translation_servicer import TranslationServicer
from khulasa.v1 import model_pb2, summary_pb2, translation_pb2

__all__ = ["ApiServer", "Transport"]

_SERVICES = (
    translation_pb2.DESCRIPTOR.services_by_name["TranslationService"],
    summary_pb2.DESCRIPTOR.services_by_name["SummaryService"],
    model_pb2.DESCRIPTOR.services_by_name["ModelService"],
)
# Calls in flight have been answered by then; this is for the last bytes on their way out.
_LAST_BYTES_S = 1.0
_QUIET_S, _QUIET_LIMIT_S = 0.2, 2.0
# Calls that came in and that nobody looked at yet. gRPC resets what is above; left alone, all from 3,000 on and from
# 1,000 on some by lot.
_PENDING_CALLS = 5_000
# Messages on their way in, each counted as the largest that may be; so many are read at a time in any case. Those of
# streams have room of their own: a stream that waits for its next article waits for as long as its caller likes, and no
# other call is to wait for that.
_INTAKE_BYTES, _STREAMS_BYTES, _LEAST_READ = 256 * 2**20, 2**30, 4


@dataclass(frozen=True, slots=True)
class Transport:
    """Limits of the connection.

    Attributes:
        max_message_bytes: Largest request, decompressed. Larger ones get RESOURCE_EXHAUSTED from gRPC itself.
        max_streams: Calls at a time on one connection, also those that its client reset and nobody looked at yet. Of a
            client that has more some are refused (UNAVAILABLE): gRPC puts an answered call away after its client does.
        keepalive_s: A silent connection is pinged after this long and closed when no answer comes for a minute.
        max_connection_idle_s: A connection without calls is closed after this long, 0 for never.
        max_connection_age_s: A connection is closed gracefully after this long so that balancers spread, 0 for never.
        max_connections: Connections at a time, further ones are closed at once; 0 for no limit.
        reflection: Whether the server describes its API.
    """

    max_message_bytes: int = 32 * 2**20
    max_streams: int = 256
    keepalive_s: float = 60.0
    max_connection_idle_s: float = 0.0
    max_connection_age_s: float = 0.0
    max_connections: int = 0
    reflection: bool = True

    def options(self) -> list[tuple[str, int]]:
        """As gRPC's channel arguments."""
        options = [
            ("grpc.max_receive_message_length", self.max_message_bytes),
            # A full translation with alignments may be several times its article.
            ("grpc.max_send_message_length", -1),
            ("grpc.max_concurrent_streams", self.max_streams),
            ("grpc.server.max_pending_requests", _PENDING_CALLS),
            ("grpc.server.max_pending_requests_hard_limit", _PENDING_CALLS),
            # gRPC would let each call send 16 MiB before anybody asked for them. So it is 64 KiB, and 1 MiB more once
            # the message is being read.
            ("grpc.http2.bdp_probe", 0),
            # Between two limits gRPC refuses some calls by lot, so they are one. `metadata.py` holds it where it fails.
            ("grpc.max_metadata_size", METADATA_BYTES),
            ("grpc.absolute_max_metadata_size", METADATA_BYTES),
            # Whoever connects and says nothing is let go after this, not after gRPC's two minutes.
            ("grpc.server_handshake_timeout_ms", 20_000),
            ("grpc.keepalive_time_ms", round(self.keepalive_s * 1000)),
            # gRPC closes a connection by this, and not by keepalive_timeout_ms. An answer to a ping may stand behind a
            # message on its way over a slow line.
            ("grpc.http2.ping_timeout_ms", 60_000),
            ("grpc.keepalive_permit_without_calls", 1),
            # Clients may ping as often as every 10 s, calls or none, without being cut off.
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            # Two servers on one port would each get some of the calls: refuse to start instead.
            ("grpc.so_reuseport", 0),
        ]
        if self.max_connection_idle_s:
            options.append(("grpc.max_connection_idle_ms", round(self.max_connection_idle_s * 1000)))
        if self.max_connection_age_s:
            options.append(("grpc.max_connection_age_ms", round(self.max_connection_age_s * 1000)))
        if self.max_connections:
            options.append(("grpc.max_allowed_incoming_connections", self.max_connections))
        return options


@dataclass(frozen=True, slots=True)
class ApiServer:
    """A server that is built and not started; needs a running event loop.

    Attributes:
        core: Lends what answers.
        observer: Logs and measures.
        credentials: For TLS, None for plain text.
        patience_s: A message may take this long to come in, seconds, while others wait for its place.
        message_s: The request of a call that has only one may take this long in any case.
        unread_s: What its caller does not read, a stream or an answer, keeps its place for so long while others are
            refused.
    """

    core: CoreSource
    observer: CallObserver
    lifecycle: Lifecycle
    limits: RequestLimits = field(default_factory=RequestLimits)
    admission_limits: AdmissionLimits = field(default_factory=AdmissionLimits)
    authenticator: Authenticator = field(default_factory=Authenticator)
    transport: Transport = field(default_factory=Transport)
    credentials: grpc.ServerCredentials | None = None
    stream_articles: int = 8
    patience_s: float = 5.0
    message_s: float = 60.0
    unread_s: float = 60.0

    async def start(self, addresses: Sequence[str]) -> RunningApi:
        """Listens at once; health says NOT_SERVING until `lifecycle.serving()`.

        Raises:
            OSError: an address cannot be bound.
        """
        follow_calls(asyncio.get_running_loop())
        admission = Admission(self.admission_limits, unread_s=self.unread_s)
        single, streamed = (
            Intake(
                max(_LEAST_READ, room // self.transport.max_message_bytes),
                patience_s=self.patience_s,
                message_s=self.message_s,
            )
            for room in (_INTAKE_BYTES, _STREAMS_BYTES)
        )
        interceptor = CallInterceptor(
            self.lifecycle, self.authenticator, admission, self.core, single, streamed, self.observer
        )
        server = new_server(self.transport.options(), (interceptor,))
        servicers: tuple[object, ...] = (
            TranslationServicer(self.core, self.limits, admission, self.observer),
            SummaryServicer(
                self.core,
                self.limits,
                admission,
                self.observer,
                self.lifecycle,
                stream_articles=self.stream_articles,
            ),
            ModelServicer(self.core, self.limits),
        )
        for descriptor, servicer in zip(_SERVICES, servicers, strict=True):
            add_service(server, descriptor, servicer)
        names = [descriptor.full_name for descriptor in _SERVICES]
        health = HealthServicer(self.lifecycle, names)
        health_pb2_grpc.add_HealthServicer_to_server(health, server)
        if self.transport.reflection:
            health_name = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
            enable_reflection((*names, health_name), server)
        ports = [self._bind(server, address) for address in addresses]
        await server.start()
        return RunningApi(server, health, self.lifecycle, tuple(ports))

    def _bind(self, server: grpc.aio.Server, address: str) -> int:
        try:
            if self.credentials is not None:
                port = server.add_secure_port(address, self.credentials)
            else:
                port = server.add_insecure_port(address)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}: {error}") from error
        if port == 0:
            raise OSError(f"cannot listen on {address}")
        return port


@dataclass(frozen=True, slots=True)
class RunningApi:
    """A server that listens.

    Attributes:
        ports: Port of each address, useful when port 0 was asked for.
    """

    server: grpc.aio.Server
    health: HealthServicer
    lifecycle: Lifecycle
    ports: tuple[int, ...]

    async def drain(self, grace_s: float) -> bool:
        """Refuses new calls, waits for those in flight, stops; True when every one of them was answered."""
        self.lifecycle.drain()
        answered = await self.lifecycle.wait_idle(grace_s)
        if answered:
            # A call that meets the closing port is reset by gRPC with CANCELLED, which nobody tries again. So callers
            # are given the time to be told UNAVAILABLE and to go elsewhere.
            await self.lifecycle.wait_quiet(_QUIET_S, min(_QUIET_LIMIT_S, grace_s))
        self.health.close()
        await self.server.stop(_LAST_BYTES_S if answered else 0)
        return answered
