"""Writing a sentencepiece unigram model file.

The file is a protocol buffer (https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto):
field 1 pieces, 2 trainer specification, 3 normaliser. The few fields needed are written here by hand, because the
module that sentencepiece ships for it asks for one particular protobuf release.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator

import sentencepiece as spm

NORMAL, UNKNOWN, CONTROL = 1, 2, 3
UNIGRAM = 1


def varint(value: int) -> bytes:
    """A whole number, 7 bits a byte, lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    """A field that holds a whole number."""
    return varint(field << 3) + varint(value)


def block(field: int, content: bytes) -> bytes:
    """A field that holds bytes, a string or a message."""
    return varint(field << 3 | 2) + varint(len(content)) + content


def fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a message that has no others."""
    at = 0

    def read() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = read()
        if key & 7 != 2:
            raise ValueError(f"field {key >> 3} is not length-delimited")
        size = read()
        yield key >> 3, message[at : at + size]
        at += size


def nmt_nfkc() -> bytes:
    """The serialised `nmt_nfkc` normaliser (XLM-R's), taken from a throw-away model."""
    buffer = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(["a b c d e f g h i j k l m n o p q r s t u v w x y z"] * 20),
        model_writer=buffer,
        vocab_size=32,
        hard_vocab_limit=False,
        normalization_rule_name="nmt_nfkc",
        minloglevel=2,
    )
    return next(content for field, content in fields(buffer.getvalue()) if field == 3)


def unigram(pieces: Iterable[tuple[str, float, int]], *, bos: int, pad: int, eos: int, unk: int) -> bytes:
    """A model file.

    Args:
        pieces: Piece, log probability and kind (`NORMAL`, `UNKNOWN` or `CONTROL`) in the order of their ids.
        bos: Id of the piece that begins a sentence; the others likewise.
        pad: Padding.
        eos: End of sentence.
        unk: Unknown.
    """
    trainer = number(3, UNIGRAM) + number(40, unk) + number(41, bos) + number(42, eos) + number(43, pad)
    written = b"".join(
        block(1, block(1, piece.encode()) + varint(2 << 3 | 5) + struct.pack("<f", score) + number(3, kind))
        for piece, score, kind in pieces
    )
    return written + block(2, trainer) + block(3, nmt_nfkc())
