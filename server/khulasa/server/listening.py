"""The addresses that a start listens on, looked at before anything listens: each refusal names its setting."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass

from khulasa.server.config import Settings

__all__ = ["Listener", "ListeningError", "check_listeners", "doubles", "listeners_of"]


class ListeningError(Exception):
    """Nothing can listen there; the message names the setting."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One address, and the setting that names its port."""

    setting: str
    host: str
    port: int

    @property
    def address(self) -> str:
        """As people write it."""
        return f"{self.host}:{self.port}"

    def problem(self) -> str:
        """Why nothing can listen there, empty when it can."""
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                self.host.strip("[]"), self.port, type=socket.SOCK_STREAM
            )[0]
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError as error:
            return f"cannot listen on {self.address}: {error.strerror or error}"
        except UnicodeError:
            # Python's own encoding of a name that no resolver would take.
            return f"cannot listen on {self.address}: not a host name"
        return ""


def listeners_of(settings: Settings) -> list[Listener]:
    """Every address that a start with these settings listens on, the API's first."""
    wanted = [Listener("port", settings.host, settings.port)]
    if settings.health_port:
        wanted.append(Listener("health_port", settings.host, settings.health_port))
    if settings.metrics_port:
        wanted.append(Listener("metrics_port", settings.metrics_host, settings.metrics_port))
    return wanted


def doubles(listeners: list[Listener]) -> Iterator[tuple[Listener, Listener]]:
    """Pairs that want one address; 0 is a free port of its own for each."""
    seen: dict[tuple[str, int], Listener] = {}
    for one in listeners:
        first = seen.setdefault((one.host, one.port), one)
        if first is not one and one.port:
            yield first, one


def check_listeners(settings: Settings) -> None:
    """Looks at each address in turn.

    Raises:
        ListeningError: one is taken, not of this machine, no address, or wanted twice.
    """
    listeners = listeners_of(settings)
    for first, second in doubles(listeners):
        raise ListeningError(f"{first.setting} and {second.setting} are both {first.port}: each needs its own")
    for listener in listeners:
        if problem := listener.problem():
            raise ListeningError(f"{listener.setting}: {problem}")
