"""Servers that send a byte now and then: each stage of an answer ends in an error that says so, none goes on and on."""

from __future__ import annotations

import gzip
import hashlib
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from hub_server import Fault, HubServer
from huggingface_hub import constants
from khulasa.server.models import download as download_module
from khulasa.server.models import hub as hub_module
from khulasa.server.models.download import Expected, download
from khulasa.server.models.errors import DownloadError
from khulasa.server.models.hub import repository
from khulasa.server.models.pace import Pace
from khulasa.server.models.transport import Retries

sys.path.append(str(Path(__file__).parents[1] / "contract"))
from certificates import Authority, needs_openssl

FEW = Retries(most=1, first_s=0.01, longest_s=1)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OPEN = b"HTTP/1.1 200 OK\r\nX-Filler: "
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /next\r\n"


def short() -> Pace:
    return Pace(head_s=0.5, window_s=0.2, least_bytes_s=500)


class Script:
    """What a server sends to each connection: all of `at_once`, then `slowly` byte by byte, or over and over.

    A HEAD gets headers without an end.
    """

    def __init__(
        self, at_once: bytes, slowly: bytes = b"", *, over: bytes = b"", context: ssl.SSLContext | None = None
    ):
        self.at_once, self.slowly, self.over, self.context = at_once, slowly, over, context
        self.connections = 0
        self.done = threading.Event()

    def serve(self, listener: socket.socket) -> None:
        while not self.done.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        try:
            with self.context.wrap_socket(connection, server_side=True) if self.context else connection as opened:
                head = opened.recv(4096).startswith(b"HEAD")
                opened.sendall(OPEN if head else self.at_once)
                for byte in self.slowly:
                    opened.sendall(bytes([byte]))
                    if self.done.wait(0.02):
                        return
                while self.over and not self.done.is_set():
                    opened.sendall(self.over)
        except OSError:
            pass


@contextmanager
def serving(script: Script) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=script.serve, args=(listener,), daemon=True).start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            script.done.set()
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "script",
    [
        Script(b"HTTP/1.1 200", b" " * 10_000),
        Script(OPEN, b"x" * 10_000),
        Script(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000),
        Script(b"", over=b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        Script(MOVED + b"X-Filler: ", b"x" * 10_000),
        Script(HEAD, b"x" * 10_000),
        Script(HEAD + b"x" * 100_000, b"x" * 10_000),
        Script(CHUNKED + b"3", b" " * 10_000),
        Script(CHUNKED, b"1\r\nx\r\n" * 2_000),
    ],
    ids=["status", "headers", "100 slowly", "100 over and over", "redirect", "body", "later", "chunk size", "chunks"],
)
def test_an_answer_that_trickles_is_an_error_that_says_so(tmp_path: Path, script: Script) -> None:
    with (
        serving(script) as port,
        pytest.raises(DownloadError, match=r"(no more than|[\d,]+) bytes in \d+ s.*2 times in a row"),
    ):
        download(f"http://127.0.0.1:{port}/weights.bin", tmp_path / "w", Expected(), retries=FEW, pace=short)
    assert script.connections == 2
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    ("script", "match"),
    [
        (Script(CHUNKED + b"1\r\nx\r\n0\r\n", over=b"X-Filler: x\r\n" * 1_000), "1 bytes of the file in"),
        (Script(CHUNKED, over=b"1;" + b"x" * 60_000 + b"\r\nx\r\n"), "bytes of the file in"),
        (Script(CHUNKED, over=b"1;" + b"x" * 100 + b"\r\nx\r\n"), "bytes of the file in"),
        (Script(CHUNKED, over=b"x" * 65_536), "the connection broke"),
        (Script(b"HTTP/1.1 200 OK\r\n", over=b"X-Filler: x\r\n" * 1_000), "got more than 100 headers"),
        (Script(b"HTTP/1.1 503 Busy\r\n\r\n", over=b"x" * 65_536), "answers 503 Busy"),
    ],
    ids=["trailers", "long extensions", "short extensions", "size of a chunk", "headers", "error's body"],
)
def test_what_stands_around_a_body_may_not_go_on_and_on_however_fast_it_comes(
    tmp_path: Path, script: Script, match: str
) -> None:
    with serving(script) as port, pytest.raises(DownloadError, match=match):
        download(f"http://127.0.0.1:{port}/weights.bin", tmp_path / "w", Expected(), retries=FEW)
    assert script.connections == 2


def test_a_body_in_chunks_of_one_byte_comes(tmp_path: Path) -> None:
    # With next to no allowance the five bytes around each byte are borne all the same.
    script = Script(CHUNKED + b"1\r\nx\r\n" * 10_000 + b"0\r\nX-Sum: 1\r\n\r\n")
    with serving(script) as port:
        pace = partial(Pace, frame_bytes=8_192)
        download(f"http://127.0.0.1:{port}/w", tmp_path / "w", Expected(), retries=FEW, pace=pace)
    assert (tmp_path / "w").read_bytes() == b"x" * 10_000


def test_a_redirect_with_a_body_that_never_ends_is_followed(tmp_path: Path) -> None:
    """The library would read it all, and keep it, before it goes on."""
    script = Script(MOVED + b"\r\n", over=b"x" * 65_536)
    with serving(script) as port, pytest.raises(DownloadError, match="in circles"):
        download(f"http://127.0.0.1:{port}/weights.bin", tmp_path / "w", Expected(), retries=FEW)


def test_what_came_before_it_trickled_is_gone_on_with(tmp_path: Path, hub: HubServer) -> None:
    hub.files["w"] = bytes(range(256)) * 4_000
    # Fifty bytes a second after the first half, which comes at once.
    hub.faults["w"] = [Fault(rate=50)]
    (tmp_path / "w.part").write_bytes(hub.files["w"][:600_000])
    (tmp_path / "w.part.json").write_text(f'{{"url": "{hub.url}/files/w", "etag": "", "bytes": 1024000}}')
    sha256 = hashlib.sha256(hub.files["w"]).hexdigest()
    patient = Retries(most=6, first_s=0.01, longest_s=1)
    url, expected = f"{hub.url}/files/w", Expected(sha256=sha256)
    assert download(url, tmp_path / "w", expected, retries=patient, pace=partial(Pace, window_s=1)) == sha256
    first, second, *_ = [int(seen.headers["range"][6:-1]) for seen in hub.bodies("w")]
    assert first == 600_000
    assert 600_000 < second < 610_000


def test_a_body_that_is_slow_but_comes_is_waited_for(tmp_path: Path, hub: HubServer) -> None:
    hub.files["w"] = bytes(5_000)
    hub.faults["w"] = [Fault(rate=2_500)]
    pace = partial(Pace, window_s=0.5, least_bytes_s=50)
    download(f"{hub.url}/files/w", tmp_path / "w", Expected(), retries=FEW, pace=pace)
    assert len(hub.bodies("w")) == 1


def test_the_answer_of_a_proxy_that_trickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(OPEN, b"x" * 10_000)
    for name in ("no_proxy", "NO_PROXY", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(script) as port:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        with pytest.raises(DownloadError, match=r"[\d,]+ bytes in \d+ s and no end of its headers, 2 times"):
            download("https://hub.example/weights.bin", tmp_path / "w", Expected(), retries=FEW, pace=short)


def test_a_handshake_has_one_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "_TIMEOUT_S", 0.5)
    # The head of a TLS record, and then its bytes one by one.
    script = Script(b"\x16\x03\x03\x3f\xff", b"\x00" * 10_000)
    with serving(script) as port, pytest.raises(DownloadError, match="handshake operation timed out, 2 times"):
        download(f"https://127.0.0.1:{port}/w", tmp_path / "w", Expected(), retries=FEW, pace=short)


def relay(source: socket.socket, target: socket.socket) -> None:
    try:
        while block := source.recv(65_536):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Tunnel(Script):
    """A proxy that leads where CONNECT asks to."""

    def _answer(self, connection: socket.socket) -> None:
        with connection, socket.create_connection(("127.0.0.1", self.port(connection.recv(4096)))) as other:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=relay, args=(other, connection), daemon=True)
            back.start()
            relay(connection, other)
            back.join()

    @staticmethod
    def port(request: bytes) -> int:
        return int(request.split()[1].rpartition(b":")[2])


@needs_openssl
def test_a_file_comes_by_tls_through_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytes(range(256)) * 4_000
    script = Script(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
    trusted(script, tmp_path, monkeypatch)
    for name in ("no_proxy", "NO_PROXY", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    tunnel = Tunnel(b"")
    with serving(script) as port, serving(tunnel) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy}")
        found = download(f"https://localhost:{port}/w", tmp_path / "w", Expected(), retries=FEW)
    assert found == hashlib.sha256(content).hexdigest()
    assert tunnel.connections == script.connections == 1


def trusted(script: Script, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the server speak TLS, and its certificate trusted."""
    authority = Authority(folder / "authority")
    certificate, key = folder / "server.pem", folder / "server.key"
    authority.issue(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    script.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    script.context.load_cert_chain(certificate, key)


@needs_openssl
@pytest.mark.parametrize("script", [Script(OPEN, b"x" * 10_000), Script(HEAD, b"x" * 10_000)])
def test_behind_tls_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: Script) -> None:
    trusted(script, tmp_path, monkeypatch)
    with serving(script) as port, pytest.raises(DownloadError, match=r"bytes in \d+ s.*2 times in a row"):
        download(f"https://localhost:{port}/w", tmp_path / "w", Expected(), retries=FEW, pace=short)


def hub_at(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{port}")
    template = f"http://127.0.0.1:{port}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.mark.parametrize("stage", ["repository", "file"])
def test_what_the_hub_says_of_itself_has_its_time_too(monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    body = b'{"id": "newsroom/small", "sha": "%s", "siblings": [{"rfilename": "model.bin"}]}' % (b"0" * 40)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    script = Script(head, body + b" " * 10_000) if stage == "repository" else Script(head + body, b"x" * 10_000)
    monkeypatch.setattr(hub_module, "_ANSWER_S", 0.5)
    with serving(script) as port:
        hub_at(port, monkeypatch)
        with pytest.raises(DownloadError, match=r"^newsroom/small: the hub gives no whole answer in \d+ s, 2 times"):
            repository("newsroom/small", retries=FEW)


LISTED = b'{"id": "newsroom/small", "sha": "%s", "siblings": [' % (b"0" * 40)
MANY = LISTED + b",".join(b'{"rfilename": "%d"}' % number for number in range(2_000)) + b"]}"


@pytest.mark.parametrize(
    ("script", "match"),
    [
        (Script(b"HTTP/1.1 200 OK\r\n\r\n" + LISTED, over=b'{"rfilename": "a"},' * 3_000), "more than [0-9,]+ bytes"),
        (Script(b"HTTP/1.1 418 Teapot\r\n\r\n", over=b"x" * 65_536), "more than [0-9,]+ bytes"),
        (Script(b"HTTP/1.1 503 Busy\r\n\r\n", over=b"x" * 65_536), "more than [0-9,]+ bytes"),
        (Script(MOVED + b"\r\n", over=b"x" * 65_536), "more than [0-9,]+ bytes"),
        (
            Script(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(100 << 20)), b" "),
            "Content-Encoding: gzip, which was not asked for",
        ),
        (Script(b"HTTP/1.1 200 OK\r\n", over=b"X-Filler: x\r\n" * 1_000), "cannot be reached.* 2 times"),
        (Script(b"HTTP/1.1 200 OK\r\n\r\n" + MANY), "2,000 files, more than"),
    ],
    ids=["answer", "error", "error that passes", "redirect", "packed", "headers", "files"],
)
def test_what_the_hub_says_of_itself_has_an_end(monkeypatch: pytest.MonkeyPatch, script: Script, match: str) -> None:
    with serving(script) as port:
        hub_at(port, monkeypatch)
        with pytest.raises(DownloadError, match=f"^newsroom/small.*{match}"):
            repository("newsroom/small", retries=FEW)
