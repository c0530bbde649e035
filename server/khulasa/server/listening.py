"""The addresses that a start listens on, looked at before anything listens: each refusal names its setting."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from khulasa.server.config import Settings

__all__ = ["Listener", "ListeningError", "check_listeners", "doubles", "listeners_of"]

_EVERY_INTERFACE = {"0.0.0.0", "::"}  # noqa: S104 - they are looked for, nothing listens there
# The address is none of this machine's, or of a family that it does not speak.
_OF_THE_HOST = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


class ListeningError(Exception):
    """Nothing can listen there; the message names the setting."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One address, and the settings that name its port and its host."""

    setting: str
    host: str
    port: int
    host_setting: str = "host"

    @property
    def address(self) -> str:
        """As people write it."""
        return f"{self.host}:{self.port}"

    def addresses(self) -> set[str]:
        """What the host stands for; empty where nothing is known of it."""
        try:
            return {str(found[4][0]) for found in socket.getaddrinfo(self.host.strip("[]"), self.port)}
        except (OSError, UnicodeError):
            return set()

    def problem(self) -> tuple[str, str]:
        """Why nothing can listen there: the setting at fault, and what is wrong. Both empty when nothing is."""
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                self.host.strip("[]"), self.port, type=socket.SOCK_STREAM
            )[0]
            # The resolver takes these, gRPC does not.
            if self.host == "*" and self.host_setting == "host":
                return self.host_setting, "* is no address: give 0.0.0.0 or [::] for every interface"
            if self.host.startswith("[") != self.host.endswith("]"):
                return self.host_setting, f"{self.host} has one bracket: an IPv6 address stands in two"
            # As gRPC reads it, the last group of `::1` would be the port.
            if family == socket.AF_INET6 and ":" in self.host.strip("[]") and not self.host.startswith("["):
                return self.host_setting, f"an IPv6 address stands in brackets: [{self.host}]"
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except socket.gaierror as error:
            return self.host_setting, f"cannot listen on {self.address}: {error.strerror or error}"
        except OSError as error:
            setting = self.host_setting if error.errno in _OF_THE_HOST else self.setting
            return setting, f"cannot listen on {self.address}: {error.strerror or error}"
        except UnicodeError:
            # Python's own encoding of a name that no resolver would take.
            return self.host_setting, f"cannot listen on {self.address}: not a host name"
        return "", ""


def listeners_of(settings: Settings) -> list[Listener]:
    """Every address that a start with these settings listens on, the API's first."""
    wanted = [Listener("port", settings.host, settings.port)]
    if settings.health_port:
        wanted.append(Listener("health_port", settings.host, settings.health_port))
    if settings.metrics_port:
        wanted.append(Listener("metrics_port", settings.metrics_host, settings.metrics_port, "metrics_host"))
    return wanted


def doubles(listeners: list[Listener]) -> Iterator[tuple[Listener, Listener]]:
    """Pairs that want one address, by whatever name; 0 is a free port of its own for each."""
    for first, second in combinations(listeners, 2):
        if first.port == second.port != 0:
            one, other = first.addresses(), second.addresses()
            if one & other or (one | other) & _EVERY_INTERFACE or first.host == second.host:
                yield first, second


def check_listeners(settings: Settings) -> None:
    """Looks at each address in turn.

    Raises:
        ListeningError: one is taken, not of this machine, no address, or wanted twice.
    """
    listeners = listeners_of(settings)
    for first, second in doubles(listeners):
        raise ListeningError(f"{first.setting} and {second.setting} are both {first.port}: each needs its own")
    for listener in listeners:
        setting, problem = listener.problem()
        if problem:
            raise ListeningError(f"{setting}: {problem}")
