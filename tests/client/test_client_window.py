"""How much of an answer may be on its way at a time, as the client tells the server."""

from __future__ import annotations

import socket
import struct
import threading

import pytest
from khulasa.client import NO_RETRIES, Client, KhulasaError

# RFC 9113: what a client says first, the kinds of frames, and the settings among them.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, INITIAL_WINDOW_SIZE = 4, 4
# At 30 kB/s this much is there before the client's ping is late.
LONGEST_WAY = 30_000 * 30


def _read(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count and (more := connection.recv(count - len(found))):
        found += more
    return found


def test_an_answer_of_a_usual_length_comes_in_one_go_and_none_keeps_a_ping_from_its_turn() -> None:
    windows: list[int] = []

    def listen(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            assert _read(connection, len(PREFACE)) == PREFACE
            head = _read(connection, 9)
            assert head[3] == SETTINGS
            body = _read(connection, int.from_bytes(head[:3], "big"))
            windows.append(dict(struct.iter_unpack(">HI", body)).get(INITIAL_WINDOW_SIZE, 2**16 - 1))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen, args=(listener,))
        thread.start()
        with Client(f"127.0.0.1:{listener.getsockname()[1]}", retry=NO_RETRIES) as client, pytest.raises(KhulasaError):
            client.models(timeout=5)
        thread.join(60)
    (window,) = windows
    assert 2**18 < window < LONGEST_WAY
