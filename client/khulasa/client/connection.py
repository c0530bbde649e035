"""How to reach a server: target, TLS, token, limits. Values and decisions; the channel itself is made elsewhere."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any

import grpc
from khulasa.client.deadlines import timeout_value
from khulasa.client.retry import RetryPolicy
from khulasa.client.tracing import trace_metadata

__all__ = ["ConnectionSettings", "TlsOptions", "is_loopback", "unpicklable"]

# The server's own default; answers with a full translation are larger than their requests.
MAX_REQUEST_BYTES = 32 * 2**20
MAX_RESPONSE_BYTES = 256 * 2**20
_MS = 1000
_PEM_BEGIN = "-----BEGIN "
_LAST_PORT = 65_535
# gRPC has them in an int.
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """Certificates in PEM, as paths or as bytes.

    Attributes:
        ca: Whom to trust; None for the certificates that gRPC carries.
        cert: The client's own certificate, for mutual TLS; with `key`.
        key: Its private key.
        server_name: The name that the server's certificate must carry, where it is not the target's.
    """

    ca: str | Path | bytes | None = None
    cert: str | Path | bytes | None = None
    key: str | Path | bytes | None = field(default=None, repr=False)
    server_name: str = ""

    def __post_init__(self) -> None:
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key come together")
        for name in ("ca", "cert", "key"):
            given = getattr(self, name)
            # As a path that does not exist it would stand in the error: a private key, in every log.
            if isinstance(given, str) and _PEM_BEGIN in given:
                raise ValueError(f"{name} is a path; give PEM itself as bytes")

    def credentials(self) -> grpc.ChannelCredentials:
        """The credentials of a channel.

        Raises:
            OSError: a file cannot be read.
            ValueError: there is no PEM in it.
        """
        return grpc.ssl_channel_credentials(
            _pem("ca", self.ca), _pem("key", self.key, "PRIVATE KEY"), _pem("cert", self.cert)
        )


def _pem(name: str, source: str | Path | bytes | None, kind: str = "CERTIFICATE") -> bytes | None:
    """What gRPC is given: of anything else it would say with each call that the server is not there."""
    if source is None:
        return None
    pem = source if isinstance(source, bytes) else Path(source).read_bytes()
    if not any(_PEM_BEGIN.encode() in line and f"{kind}-----".encode() in line for line in pem.splitlines()):
        where = "" if isinstance(source, bytes) else f" in {source}"
        raise ValueError(f"{name}: there is no {kind.lower()} in PEM{where}")
    return pem


def is_loopback(target: str) -> bool:
    """Whether a gRPC target stays on this machine: localhost, 127.0.0.0/8, ::1, a Unix socket."""
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    address = target.rsplit("/", 1)[-1] if target.startswith("dns:") else target
    address = address.removeprefix("dns:")
    for scheme in ("ipv4:", "ipv6:"):
        address = address.removeprefix(scheme)
    if "," in address:
        return all(is_loopback(one) for one in address.split(","))
    if address.startswith("["):
        host = address[1:].partition("]")[0]
    else:
        host = address if address.count(":") > 1 else address.partition(":")[0]
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_one_word(text: str) -> bool:
    return text.isprintable() and not any(map(str.isspace, text))


def unpicklable(client: object) -> str:
    """What to say of a client that is sent to another process, or copied."""
    return f"a {type(client).__name__} holds a connection and cannot be pickled or copied: make one in each process"


def _check_port(target: str) -> None:
    """gRPC takes a port of five digits for what is left of it in sixteen bits, and connects to another server.

    Raises:
        ValueError: an address has a port that no server can have.
    """
    scheme, colon, rest = target.partition(":")
    if scheme in ("unix", "unix-abstract", "vsock", "xds"):
        return
    addresses = rest if colon and scheme in ("dns", "ipv4", "ipv6") else target
    for address in addresses.rsplit("/", 1)[-1].split(","):
        host, colon, port = address.rpartition(":")
        # Of an IPv6 address without brackets the last part is no port.
        if not colon or "]" in port or (":" in host and "]" not in host):
            continue
        if not host:
            raise ValueError(f"target {target!r} names no host")
        if port.isdecimal() and not 1 <= int(port) <= _LAST_PORT:
            raise ValueError(f"target {target!r}: the port must be 1 to {_LAST_PORT}, is {port}")


_TYPES: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("target", (str,), "str"),
    ("tls", (bool, TlsOptions), "bool or TlsOptions"),
    ("token", (str, NoneType), "str"),
    ("retry", (RetryPolicy,), "RetryPolicy"),
    ("max_request_bytes", (int,), "int"),
    ("max_response_bytes", (int,), "int"),
    ("user_agent", (str,), "str"),
    ("allow_insecure_token", (bool,), "bool"),
    ("health_checks", (bool, NoneType), "bool"),
)


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Everything that the constructors of both clients take.

    Raises:
        TypeError: a setting of another type: found only where it is used, it would do something else until then.
        ValueError: settings that contradict each other, or a token that would travel in the clear.
    """

    target: str
    tls: bool | TlsOptions = False
    token: str | None = field(default=None, repr=False)
    timeout: float | None = None
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    max_request_bytes: int = MAX_REQUEST_BYTES
    max_response_bytes: int = MAX_RESPONSE_BYTES
    user_agent: str = ""
    channel_options: tuple[tuple[str, Any], ...] = ()
    allow_insecure_token: bool = False
    health_checks: bool | None = None

    def __post_init__(self) -> None:
        for name, kinds, said in _TYPES:
            value = getattr(self, name)
            if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
                raise TypeError(f"{name} must be {said}, is {type(value).__name__}")
        if not all(
            isinstance(one, tuple | list) and len(one) == 2 and isinstance(one[0], str) for one in self.channel_options
        ):
            raise TypeError("channel_options must be pairs of a name and a value")
        if not all(1 <= size <= _LARGEST for size in (self.max_request_bytes, self.max_response_bytes)):
            raise ValueError(f"max_request_bytes and max_response_bytes must be 1 to {_LARGEST:,}")
        # With the line end of the file that it was read from it would be a host that is not found, and tried again.
        if not self.target or (not self.target.startswith("unix") and not _is_one_word(self.target)):
            raise ValueError(f"target must be a host and port, for example localhost:50051, is {self.target!r}")
        if "://" in self.target and not self.target.startswith("dns:"):
            raise ValueError(f"target {self.target!r} is a URL; write host:port, and turn TLS on where it is wanted")
        _check_port(self.target)
        if self.timeout is not None:
            timeout_value(self.timeout)
        if not all(" " <= letter <= "~" for letter in self.user_agent):
            raise ValueError("user_agent must be printable ASCII")
        if self.token is not None:
            if not self.token or not all("!" <= letter <= "~" for letter in self.token):
                raise ValueError("token must be printable ASCII without spaces")
            if not self.tls and not self.allow_insecure_token and not is_loopback(self.target):
                raise ValueError(
                    "a token sent without TLS can be read on the way: pass tls=True, or allow_insecure_token=True "
                    "where something else protects the connection"
                )

    def metadata(self, request_id: str = "") -> tuple[tuple[str, str], ...]:
        """Metadata of one call, with the caller's trace if there is one."""
        bearer = (("authorization", f"Bearer {self.token}"),) if self.token else ()
        named = (("x-request-id", request_id),) if request_id else ()
        return bearer + named + trace_metadata()

    def credentials(self) -> grpc.ChannelCredentials | None:
        """None for a channel without TLS.

        Raises:
            OSError: a certificate file cannot be read.
            ValueError: there is no certificate, or no key, in it.
        """
        if self.tls is False:
            return None
        return (TlsOptions() if self.tls is True else self.tls).credentials()

    @property
    def several_servers(self) -> bool:
        """Whether the target is a list of servers, or was said to stand for several."""
        return "," in self.target or bool(self.health_checks)

    def options(self) -> list[tuple[str, Any]]:
        """Channel options; each of the caller's own takes the place of the client's of that name."""
        service_config: dict[str, Any] = {"loadBalancingConfig": [{"round_robin": {}}]}
        several = "," in self.target
        # On by itself only where the addresses are surely servers: a proxy passes the question on to one server behind
        # it, and while that one drains, all would seem to.
        if several if self.health_checks is None else self.health_checks:
            service_config["healthCheckConfig"] = {"serviceName": ""}
        made: list[tuple[str, Any]] = [
            ("grpc.max_send_message_length", self.max_request_bytes),
            ("grpc.max_receive_message_length", self.max_response_bytes),
            # Several addresses behind one name share the calls; the default would send all of them to the first.
            ("grpc.service_config", json.dumps(service_config)),
            # Retries are decided in `calls`, which knows the deadline and RetryInfo.
            ("grpc.enable_retries", 0),
            # A server that stands still, or a connection that a middlebox forgot, is noticed while a call waits on it,
            # within 50 s: before the deadline, so that another server can be asked. Khulasa's allow a ping each 10 s.
            ("grpc.keepalive_time_ms", 20 * _MS),
            ("grpc.http2.ping_timeout_ms", 30 * _MS),
            # This is TCP's: how long what was sent may stay without acknowledgement.
            ("grpc.keepalive_timeout_ms", 20 * _MS),
            # These pings would stand behind a long answer on a slow line, and end it when they are late.
            ("grpc.http2.bdp_probe", 0),
            # Which without them would begin with 64 KiB: one more way there and back for a longer answer. At 30 kB/s as
            # much as this takes 17 s, which a ping waits for.
            ("grpc.http2.lookahead_bytes", 2**19),
            ("grpc.initial_reconnect_backoff_ms", 200),
            ("grpc.max_reconnect_backoff_ms", 5 * _MS),
        ]
        if several or is_loopback(self.target):
            # A proxy of the environment (http_proxy) is another machine: it would dial its own localhost and read the
            # token on the way; and a list of addresses gRPC would name to it as one host.
            made.append(("grpc.enable_http_proxy", 0))
        if self.user_agent:
            made.append(("grpc.primary_user_agent", self.user_agent))
        if isinstance(self.tls, TlsOptions) and self.tls.server_name:
            made.append(("grpc.ssl_target_name_override", self.tls.server_name))
        # Of two with one name gRPC takes the first, or both.
        own = {name for name, _ in self.channel_options}
        return [one for one in made if one[0] not in own] + list(self.channel_options)
