"""Frames of HTTP/2 by hand: what no gRPC client would send, such as half a message or a window of nothing."""

from __future__ import annotations

import socket
import struct
from collections import deque
from collections.abc import Iterator
from types import TracebackType

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
CANCEL = 8
_HEADER_TABLE_SIZE, _INITIAL_WINDOW_SIZE = 1, 4
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_FRAME_BYTES = 16_384
# A server that gives no room for this long gives none for now.
_NO_ROOM_S = 1.0


class RawConnection:
    """One connection to a plain-text gRPC server.

    Args:
        window: Bytes of each answer that the server may send unasked.
        source: Our address; all of 127.0.0.0/8 are ours.
    """

    def __init__(self, port: int, *, window: int = 65_535, timeout_s: float = 100.0, source: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s, source_address=(source, 0))
        self._read = b""
        self._next_stream = 1
        # Frames of calls that were not asked about yet.
        self._others: list[tuple[int, int, int, bytes]] = []
        # What the server lets us send: of all (0) and of each stream.
        self._windows = {0: 65_535}
        # Without a table every header comes written out.
        settings = struct.pack(">HIHI", _HEADER_TABLE_SIZE, 0, _INITIAL_WINDOW_SIZE, window)
        self._socket.sendall(_PREFACE + _frame(SETTINGS, 0, 0, settings))

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def open(self, method: str, metadata: tuple[tuple[str, str], ...] = ()) -> int:
        """Opens a call and returns the number of its stream."""
        stream = self._next_stream
        self._next_stream += 2
        names = ((":method", "POST"), (":scheme", "http"), (":path", method), (":authority", "localhost"))
        fields = (*names, ("content-type", "application/grpc"), ("te", "trailers"), *metadata)
        self._windows[stream] = 65_535
        block = b"".join(b"\x00" + _string(name) + _string(value) for name, value in fields)
        self.send(_frame(HEADERS, END_HEADERS, stream, block))
        return stream

    def send(self, data: bytes) -> None:
        """Any bytes; fails when the server has closed the connection."""
        self._socket.sendall(data)

    def data(self, stream: int, data: bytes, *, last: bool = False) -> None:
        """Bytes of a call, without regard to windows."""
        for start in range(0, max(1, len(data)), _FRAME_BYTES):
            end = start + _FRAME_BYTES
            flags = END_STREAM if last and end >= len(data) else 0
            self.send(_frame(DATA, flags, stream, data[start:end]))

    def message(self, stream: int, message: bytes, *, last: bool = True) -> None:
        """One whole message, of a few KiB at most."""
        self.data(stream, message_start(len(message)) + message, last=last)

    def pour(self, streams: list[int], length: int) -> int:
        """Begins a message of `length` bytes on each stream and sends what the server takes, all but the last byte.

        Returns:
            Bytes sent on all of them, when there is nothing left or the server has given no room for a while.
        """
        left = dict.fromkeys(streams, length - 1)
        for stream in streams:
            self.data(stream, message_start(length))
            self._windows[0] -= 5
            self._windows[stream] -= 5
        while any(left.values()):
            moved = False
            for stream, rest in left.items():
                size = min(rest, _FRAME_BYTES, self._windows[0], self._windows[stream])
                if size > 0:
                    self.send(_frame(DATA, 0, stream, bytes(size)))
                    self._windows[0] -= size
                    self._windows[stream] -= size
                    left[stream] -= size
                    moved = True
            for kind, _, stream, _ in self.listen(0.0 if moved else _NO_ROOM_S):
                moved = moved or kind == WINDOW_UPDATE
                if kind == RST_STREAM:
                    left[stream] = 0
            if not moved:
                break
        return (length - 1) * len(streams) - sum(left.values())

    def reset(self, stream: int) -> None:
        """Cancels a call."""
        self.send(_frame(RST_STREAM, 0, stream, struct.pack(">I", CANCEL)))

    def ping(self) -> None:
        """Asks for a sign of life."""
        self.send(_frame(PING, 0, 0, bytes(8)))

    def frames(self) -> Iterator[tuple[int, int, int, bytes]]:
        """Kind, flags, stream and payload of whatever comes, until the server closes; answers settings and pings."""
        while True:
            while len(self._read) < 9 or len(self._read) < 9 + int.from_bytes(self._read[:3], "big"):
                more = self._socket.recv(65_536)
                if not more:
                    return
                self._read += more
            length, kind, flags = int.from_bytes(self._read[:3], "big"), self._read[3], self._read[4]
            stream = int.from_bytes(self._read[5:9], "big") & 0x7FFFFFFF
            payload, self._read = self._read[9 : 9 + length], self._read[9 + length :]
            if kind in (SETTINGS, PING) and not flags & ACK:
                self.send(_frame(kind, ACK, 0, payload if kind == PING else b""))
            if kind == WINDOW_UPDATE:
                self._windows[stream] = self._windows.get(stream, 65_535) + int.from_bytes(payload, "big")
            yield kind, flags, stream, payload

    def status(self, stream: int) -> str:
        """The number of the status with which the server ends a call, read out of its last block of headers."""
        while (seen := self.status_or_headers(stream)) == "headers":
            pass
        return seen

    def status_or_headers(self, stream: int) -> str:
        """The same, or `headers` for the headers with which an answer begins."""
        kept = deque(frame for frame in self._others if frame[2] == stream)
        self._others = [frame for frame in self._others if frame[2] != stream]
        fresh = self.frames()
        while (frame := kept.popleft() if kept else next(fresh, None)) is not None:
            kind, flags, of, payload = frame
            if of != stream:
                self._others.append(frame)
                continue
            seen = _end_of(kind, flags, payload)
            if seen:
                self._others.extend(kept)
                return seen
        return "closed"

    def listen(self, seconds: float) -> list[tuple[int, int, int, bytes]]:
        """What is here, or the first that comes in that time."""
        seen = []
        frames = self.frames()
        before = self._socket.gettimeout()
        try:
            self._socket.settimeout(max(seconds, 0.001))
            seen.append(next(frames))
            self._socket.settimeout(0.001)
            seen.extend(frames)
        except (TimeoutError, StopIteration):
            pass
        finally:
            self._socket.settimeout(before)
        return seen


def _end_of(kind: int, flags: int, payload: bytes) -> str:
    """`headers`, the number of a status, `reset`, or nothing for other frames."""
    if kind == HEADERS and flags & END_STREAM:
        _, _, after = payload.partition(b"grpc-status")
        return after[1 : 1 + after[0]].decode() if after else "?"
    return {HEADERS: "headers", RST_STREAM: "reset"}.get(kind, "")


def message_start(length: int) -> bytes:
    """The five bytes before a message of `length` bytes."""
    return b"\x00" + struct.pack(">I", length)


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def _string(text: str) -> bytes:
    # A byte above 127 that is no part of UTF-8 is written as Python does for names of files.
    data = text.encode("utf-8", "surrogateescape")
    # A length above 126 goes on in groups of seven bits (RFC 7541, 5.1).
    if len(data) < 127:
        return bytes((len(data),)) + data
    rest, groups = len(data) - 127, [127]
    while rest >= 128:
        groups.append(rest % 128 + 128)
        rest //= 128
    return bytes((*groups, rest)) + data
