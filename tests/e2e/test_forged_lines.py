"""gRPC has a log of its own, on the same standard error: what strangers send into it writes no line of the server's."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
from certificates import Authority, needs_openssl
from server_process import ServerProcess, until

FORGED = b'\n{"event": "forged"}\n'
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
GOAWAY = bytes((0, 0, 8 + len(FORGED), 7, 0)) + bytes(4) + bytes(7) + b"\x0b" + FORGED
PING = bytes((0, 0, 8, 6, 0)) + bytes(4) + bytes(8)

pytestmark = needs_openssl


def test_what_grpc_would_quote_writes_no_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GRPC_VERBOSITY", raising=False)
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    Authority(tmp_path / "authority").issue(certificate, key)
    with ServerProcess(threads=1, tls_certificate=certificate, tls_key=key) as server:
        until(lambda: any("is ready" in line for line in server.lines))
        # The name that a hello asks for; a certificate comes, so it was looked at.
        hello = ["openssl", "s_client", "-connect", server.address, "-alpn", "h2", "-servername", f"a{FORGED.decode()}"]
        said = subprocess.run(hello, input=b"Q\n", capture_output=True, timeout=60, check=True)
        assert b"BEGIN CERTIFICATE" in said.stdout
        # The text of a GOAWAY; the PING behind it is answered, so it was read.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        with (
            socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain,
            context.wrap_socket(plain) as connection,
        ):
            connection.sendall(PREFACE + GOAWAY + PING)
            answer = b""
            while PING[:4] + b"\x01" not in answer and (more := connection.recv(65_536)):
                answer += more
        assert PING[:4] + b"\x01" in answer
        assert server.stop() == 0
        assert "forged" not in server.written()
        for line in server.log:
            json.loads(line)
