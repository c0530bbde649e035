"""Connections that give up on a server that trickles.

The usual time limit holds for one read: a byte a second keeps it for ever, in a body as in headers, in the answer of a
proxy or between redirects. Here the start of an answer must be whole in a while, and its body come at some least rate.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar, cast

__all__ = ["Pace", "TrickleError", "paced_handlers", "within"]

_T = TypeVar("_T")

_READ_S = 30.0
# Bytes that may come for each byte of the body.
_MOST_FRAME = 16


class TrickleError(TimeoutError):
    """The server sends something now and then, and never comes to an end."""


class Pace:
    """What one answer has to keep to, with all redirects on the way to it.

    Args:
        head_s: Seconds until the headers of the last redirect's target are here; connecting counts.
        head_bytes: Bytes until then.
        window_s: Seconds of waiting for bytes of the body, over which their rate is measured. Time in which they are
            written to a slow disk is none of it.
        least_bytes_s: Bytes a second that the body must bring, on average over each window.
        frame_bytes: Bytes around the body that are borne, however small it is: sizes and extensions of chunks,
            trailers.
    """

    def __init__(
        self,
        *,
        head_s: float = 120.0,
        head_bytes: int = 1 << 20,
        window_s: float = 60.0,
        least_bytes_s: int = 500,
        frame_bytes: int = 1 << 20,
    ) -> None:
        self._head_s, self._head_bytes = head_s, head_bytes
        self._window_s, self._least_bytes_s = window_s, least_bytes_s
        self._frame_bytes = frame_bytes
        self._ends = time.monotonic() + head_s
        self._in_body = False
        self._bytes, self._waited_s = 0, 0.0
        self._all_bytes, self._body_bytes = 0, 0

    def body_begins(self) -> None:
        """The headers are here: from now on the rate counts."""
        self._in_body = True
        self._all_bytes, self._body_bytes = 0, 0
        self._next_window()

    def gave(self, count: int) -> None:
        """Counts bytes of the body itself, as they are handed on."""
        self._body_bytes += count

    def _next_window(self) -> None:
        self._bytes, self._waited_s = 0, 0.0

    def patience_s(self) -> float:
        """Seconds that the next read may take.

        Raises:
            TrickleError: the answer has had its time.
        """
        if self._in_body:
            # Chunks of one byte each have five around it; the library bears any number of them, and of trailers.
            if self._all_bytes > self._frame_bytes + _MOST_FRAME * self._body_bytes:
                raise TrickleError(f"{self._body_bytes:,} bytes of the file in {self._all_bytes:,} that came")
            if self._waited_s < self._window_s:
                return min(_READ_S, self._window_s)
            if self._bytes < self._least_bytes_s * self._waited_s:
                raise TrickleError(f"no more than {self._bytes:,} bytes in {self._waited_s:,.0f} s")
            self._next_window()
            return min(_READ_S, self._window_s)
        left = self._ends - time.monotonic()
        if left <= 0 or self._bytes > self._head_bytes:
            raise TrickleError(f"{self._bytes:,} bytes in {self._head_s - left:,.0f} s and no end of its headers")
        return min(_READ_S, left)

    def took(self, count: int, seconds: float) -> None:
        """Counts a read."""
        self._bytes += count
        self._all_bytes += count
        self._waited_s += seconds


class _Paced:
    """Mixed into a socket: what reads an answer reads by `recv_into`."""

    pace: Pace

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.pace.patience_s())  # type: ignore[attr-defined]
        start = time.monotonic()
        try:
            count: int = super().recv_into(*args, **kwargs)  # type: ignore[misc]
        except TimeoutError:
            # The last of the time that the whole answer had, perhaps: that is then said.
            self.pace.patience_s()
            raise
        self.pace.took(count, time.monotonic() - start)
        return count


class _PlainSocket(_Paced, socket.socket):
    pass


class _TlsSocket(_Paced, ssl.SSLSocket):
    pass


class _PlainConnection(http.client.HTTPConnection):
    def __init__(self, *args: Any, pace: Pace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pace = pace
        # Before the answer of a proxy is read, which `connect` does.
        self._create_connection = self._connected

    def _connected(self, *args: Any) -> socket.socket:
        plain = socket.create_connection(*args)
        family, kind, protocol, timeout_s = plain.family, plain.type, plain.proto, plain.gettimeout()
        paced = _PlainSocket(family, kind, protocol, fileno=plain.detach())
        paced.pace = self._pace
        # That of the socket's object, which a handshake behind it takes over.
        paced.settimeout(timeout_s)
        return paced


class _TlsConnection(_PlainConnection, http.client.HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        # A handshake has one time limit as a whole.
        tls: Any = self.sock
        tls.pace = self._pace


class _Plain(urllib.request.HTTPHandler):
    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self._pace = pace

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(cast("Any", _PlainConnection), req, pace=self._pace)


class _Tls(urllib.request.HTTPSHandler):
    def __init__(self, pace: Pace) -> None:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        context.sslsocket_class = _TlsSocket
        super().__init__(context=context)
        self._pace, self._tls = pace, context

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(cast("Any", _TlsConnection), req, context=self._tls, pace=self._pace)


def paced_handlers(pace: Pace) -> tuple[urllib.request.BaseHandler, ...]:
    """Handlers for `urllib.request.build_opener` whose connections keep to `pace`."""
    return _Plain(pace), _Tls(pace)


def within(seconds: float, call: Callable[[], _T]) -> _T:
    """What `call` gives, or raises, provided that it does so in time: for libraries whose connections are their own.

    One that does not is left to itself, and ends with the process.

    Raises:
        TrickleError: it took longer.
    """
    given: list[_T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            given.append(call())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TrickleError(f"no whole answer in {seconds:,.0f} s")
    if raised:
        raise raised[0]
    return given[0]
