"""Bytes that are almost a message, or are one that no library would write."""

from __future__ import annotations

from random import Random
from typing import Any

from fuzz_texts import SURROGATE_SEAT
from hypothesis import strategies as st

__all__ = ["damaged", "strange"]

_SURROGATES = (b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd")


def damaged(messages: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Bytes of a message with some of them changed, left out or doubled."""

    def hurt(content: bytes, wounds: list[tuple[int, int, int]]) -> bytes:
        out = bytearray(content)
        for at, value, how in wounds:
            place = at % (len(out) + 1)
            if how == 0:
                out[place : place + 1] = bytes([value])
            elif how == 1:
                del out[place : place + value % 7]
            else:
                out[place:place] = out[place : place + value % 9]
        return bytes(out)

    wounds = st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 255), st.integers(0, 2)), min_size=1, max_size=5)
    return st.one_of(st.builds(hurt, messages.map(lambda one: one.SerializeToString()), wounds), st.binary(max_size=80))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _field(random: Random, number: int) -> bytes:
    """A field of any wire type, with any value, default values among them; groups are closed."""
    kind = random.choice((0, 1, 2, 3, 5))
    tag = _varint(number << 3 | kind)
    match kind:
        case 0:
            return tag + _varint(random.choice((0, 0, 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1)))
        case 1:
            return tag + random.randbytes(8)
        case 2:
            content = random.choice((b"", random.randbytes(random.randrange(40)), "نص".encode()))
            return tag + _varint(len(content)) + content
        case 3:
            inner = b"".join(_field(random, random.randrange(1, 20)) for _ in range(random.randrange(3)))
            return tag + inner + _varint(number << 3 | 4)
    return tag + random.choice((bytes(4), random.randbytes(4)))


def strange(messages: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Two messages in one, fields that nobody knows, fields of another type, defaults written out, lone surrogates."""

    def build(first: Any, second: Any, seed: int) -> bytes:
        random = Random(seed)
        pieces = [first.SerializeToString()]
        if random.random() < 0.5:
            pieces.append(second.SerializeToString())
        for _ in range(random.randrange(4)):
            pieces.append(_field(random, random.choice((random.randrange(1, 12), 99, 19_999, 2**29 - 1))))
        random.shuffle(pieces)
        content = b"".join(pieces)
        seat = SURROGATE_SEAT.encode()
        return content.replace(seat, random.choice(_SURROGATES)) if random.random() < 0.7 else content

    return st.builds(build, messages, messages, st.integers(0, 2**64 - 1))
