"""A server on this machine that speaks the hub's protocol, with the faults that networks have.

Large files are redirected to another host name, as hubs do with their CDN; small ones are answered at once.
"""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

LARGE_BYTES = 10_000
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Fault:
    """What goes wrong with one answer.

    Attributes:
        status: Answered instead of the file.
        reason: Behind that status.
        headers: Of that answer, or beside the file's own.
        break_after: The connection is reset after so many bytes of the body.
        no_length: The body ends where the connection is closed.
        close_after: The connection is closed in order after so many bytes.
        content: Sent instead of the file's.
        no_ranges: Range is not understood.
        content_range: Said to be sent instead of what was asked for.
        etag: Sent instead of the right one.
        rate: Bytes a second.
        hold: Nothing of the body comes before it is set.
    """

    status: int = 0
    reason: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    break_after: int | None = None
    no_length: bool = False
    close_after: int | None = None
    content: bytes | None = None
    no_ranges: bool = False
    content_range: str = ""
    etag: str | None = None
    rate: int = 0
    hold: threading.Event | None = None


@dataclass(frozen=True)
class Seen:
    """A request that came in."""

    method: str
    path: str
    headers: dict[str, str]


class HubServer:
    """Repositories and plain files on a free port of 127.0.0.1."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.files: dict[str, bytes] = {}
        # By the last part of a path: one fault for each answer with a body; "HEAD NAME" for those without.
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.seen: list[Seen] = []
        self.commit = COMMIT
        # Older ones that are still known.
        self.also: set[str] = set()
        # Of every address of the hub's, as of one that lies behind another server.
        self.prefix = ""
        # Paths asked for that do not begin with it.
        self.outside: list[str] = []
        self._lock = threading.Lock()
        hub = self

        class Handler(_Handler):
            server_of_files = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> HubServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fault(self, name: str) -> Fault:
        with self._lock:
            waiting = self.faults[name]
            return waiting.pop(0) if waiting else Fault()

    def note(self, seen: Seen) -> None:
        with self._lock:
            self.seen.append(seen)

    def bodies(self, name: str) -> list[Seen]:
        """Requests for the bytes of a file, in order: GETs that were not merely redirected."""
        gets = [one for one in self.seen if one.method == "GET"]
        return [one for one in gets if one.path.endswith(f"/{name}") and not self.is_redirected(one.path)]

    def is_redirected(self, path: str) -> bool:
        """Whether a GET of `path` is sent on to the CDN."""
        parts = path.strip("/").split("/")
        if len(parts) < 5 or parts[2] != "resolve":
            return False
        content = self.repositories.get("/".join(parts[:2]), {}).get("/".join(parts[4:]), b"")
        return len(content) >= LARGE_BYTES


def until_read(connection: socket.socket) -> None:
    """Waits until the other side, a process of this machine, has read what was sent, and a moment more."""
    ends = {f"0100007F:{port:04X}" for _, port in (connection.getsockname(), connection.getpeername())}
    table, end = Path("/proc/net/tcp"), time.monotonic() + 30
    while table.exists() and time.monotonic() < end:
        rows = [line.split() for line in table.read_text("ascii").splitlines()]
        # What is on its way and what is not read yet, in bytes.
        if all(int(row[4].replace(":", ""), 16) == 0 for row in rows if ends == set(row[1:3])):
            break
        time.sleep(0.005)
    time.sleep(0.2)


def etag_of(content: bytes) -> str:
    """As hubs make it: SHA-256 of large files, git blob of small ones."""
    if len(content) >= LARGE_BYTES:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    server_of_files: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._route(body=False)

    def do_GET(self) -> None:
        self._route(body=True)

    def _route(self, *, body: bool) -> None:
        hub = self.server_of_files
        path = unquote(urlsplit(self.path).path)
        if not path.startswith((f"{hub.prefix}/", "/cdn/")):
            hub.outside.append(path)
        path = path.removeprefix(hub.prefix)
        hub.note(Seen(self.command, path, {key.lower(): value for key, value in self.headers.items()}))
        parts = path.strip("/").split("/")
        name = parts[-1]
        redirected = body and hub.is_redirected(path)
        fault = Fault() if redirected else hub.fault(name if body else f"HEAD {name}")
        if fault.status:
            self._plain(fault.status, b"no", fault.headers, body, fault.reason)
        elif parts[:2] == ["api", "models"]:
            self._info("/".join(parts[2:4]), parts[5:])
        elif len(parts) > 4 and parts[2] == "resolve":
            self._resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]), fault, body)
        elif parts[0] == "cdn":
            self._send(hub.repositories["/".join(parts[1:3])]["/".join(parts[3:])], fault, {}, body)
        elif parts[0] == "files" and name in hub.files:
            self._send(hub.files[name], fault, {}, body)
        else:
            self._plain(404, b"not here", {"X-Error-Code": "EntryNotFound"}, body)

    def _info(self, repository: str, revision: list[str]) -> None:
        hub = self.server_of_files
        if repository not in hub.repositories:
            self._plain(404, b"{}", {"X-Error-Code": "RepoNotFound"}, True)
        elif revision and not {*revision} <= {"main", hub.commit, *hub.also}:
            self._plain(404, b"{}", {"X-Error-Code": "RevisionNotFound"}, True)
        else:
            siblings = [{"rfilename": path} for path in sorted(hub.repositories[repository])]
            commit = revision[0] if revision and revision != ["main"] else hub.commit
            answer = {"id": repository, "modelId": repository, "sha": commit, "siblings": siblings, "tags": []}
            self._plain(200, json.dumps(answer).encode(), {"Content-Type": "application/json"}, True)

    def _resolve(self, repository: str, revision: str, path: str, fault: Fault, body: bool) -> None:
        hub = self.server_of_files
        content = hub.repositories.get(repository, {}).get(path)
        if content is None or revision not in {hub.commit, *hub.also}:
            code = "EntryNotFound" if content is None else "RevisionNotFound"
            self._plain(404, b"", {"X-Error-Code": code}, body)
            return
        headers = {"X-Repo-Commit": revision}
        if len(content) < LARGE_BYTES:
            self._send(content, fault, headers, body)
            return
        headers |= {"X-Linked-Etag": f'"{etag_of(content)}"', "X-Linked-Size": str(len(content))}
        # Another name for the same machine: credentials must not follow.
        headers["Location"] = f"http://localhost:{hub.port}/cdn/{repository}/{path}?Signature=secret"
        self._plain(302, b"", headers, body)

    def _send(self, content: bytes, fault: Fault, headers: dict[str, str], body: bool) -> None:
        content = fault.content if fault.content is not None else content
        etag = fault.etag if fault.etag is not None else f'"{etag_of(content)}"'
        asked = self.headers.get("Range", "")
        condition = self.headers.get("If-Range")
        start, status = 0, 200
        if asked and not fault.no_ranges and condition in (None, etag):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self._plain(416, b"", {"Content-Range": f"bytes */{len(content)}"}, body)
                return
            status = 206
            headers["Content-Range"] = fault.content_range or f"bytes {start}-{len(content) - 1}/{len(content)}"
        rest = content[start:]
        self.send_response(status)
        length = "" if fault.no_length else str(len(rest))
        own = {"ETag": etag, "Content-Length": length, "Accept-Ranges": "bytes", **fault.headers}
        if fault.no_length:
            own["Connection"] = "close"
        for key, value in {**headers, **own}.items():
            if value:
                self.send_header(key, value)
        self.end_headers()
        if body:
            self._body(rest[: fault.close_after], fault)

    def _body(self, rest: bytes, fault: Fault) -> None:
        cut = len(rest) if fault.break_after is None else fault.break_after
        step = max(1, fault.rate // 50) if fault.rate else 1 << 16
        if fault.hold is not None:
            fault.hold.wait(60)
        try:
            for at in range(0, cut, step):
                self.wfile.write(rest[at : min(at + step, cut)])
                if fault.rate:
                    self.wfile.flush()
                    time.sleep(1 / 50)
            self.wfile.flush()
        except OSError:
            self.close_connection = True
            return
        if cut < len(rest):
            # A reset, not an orderly end; it would throw away what the other side has not read yet.
            until_read(self.connection)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

    def _plain(
        self, status: int, content: bytes, headers: dict[str, str], body: bool, reason: str | None = None
    ) -> None:
        self.send_response(status, reason)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(content)
