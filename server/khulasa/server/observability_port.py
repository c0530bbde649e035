"""The listener of the metrics: HTTP that holds few connections and none for long, whatever comes to its port."""

from __future__ import annotations

import io
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import structlog
from khulasa.server.observability_logs import failure
from prometheus_client import CollectorRegistry, make_wsgi_app

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["serve_metrics"]

# More than any number of scrapers; each is one of the files that the process keeps for itself.
_CONNECTIONS = 16
# For a request to come in, and once more for its answer to be taken.
_SILENT_S = 10.0
# A thread whose connection was ended notices at once.
_ENDING_S = 1.0


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """One thread a connection; when all are taken the oldest gives way, so that whoever trickles keeps nobody out."""

    daemon_threads = True
    # Not the library's 5, which a few connections that are reset at once fill: scrapers then wait for seconds.
    request_queue_size = 128

    def __init__(self, family: int, address: Any) -> None:
        self.address_family = family
        self._open: dict[socket.socket, None] = {}
        self._fewer = threading.Condition()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Binds, and asks nobody for the name of this machine, which may take as long as a resolver likes."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._fewer:
            if len(self._open) >= _CONNECTIONS:
                with suppress(OSError):
                    next(iter(self._open)).shutdown(socket.SHUT_RDWR)
                self._fewer.wait_for(lambda: len(self._open) < _CONNECTIONS, _ENDING_S)
            full = len(self._open) >= _CONNECTIONS
            if not full:
                self._open[request] = None
        if full:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        super().close_request(request)
        with self._fewer:
            self._open.pop(request, None)
            self._fewer.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: a caller was silent or went away."""


class _Handler(WSGIRequestHandler):
    timeout = _SILENT_S

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what it would quote is the caller's."""

    def get_stderr(self) -> Any:
        """Where the library would write a traceback of an answer that was not taken."""
        return io.StringIO()


def serve_metrics(registry: CollectorRegistry, host: str, port: int) -> tuple[Callable[[], None], int]:
    """Serves them over HTTP in threads; returns what stops it, and the port.

    Raises:
        OSError: nothing can listen there.
    """
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    server = _Server(family, address)
    server.set_app(_told(make_wsgi_app(registry)))
    thread = threading.Thread(target=server.serve_forever, name="khulasa-metrics", daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop, server.server_port


def _told(app: WSGIApplication) -> WSGIApplication:
    """`app` with one line in the log in place of a traceback; an `Accept` that nobody understands raises, for one."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except Exception as error:
            log = structlog.get_logger("khulasa.server")
            log.error("metrics were not shown", **failure(error, with_messages=False))
        start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
        return [b"the log says why\n"]

    return answer
