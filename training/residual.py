"""What the int8 of a package leaves of the matrices that were learned: master minus int8, in fifteenths of a step.

The package holds seven bits of every number already. The residual is within half a step of int8 and is kept as one of
15 values, two to a byte: together about as exact as half precision, in a third of the bytes. A matrix joined again
gives the same int8 and the same scales.
"""

from __future__ import annotations

import struct

import numpy as np

PARTS = 15  # of a step; odd, so that no residual at all is one of them
# the decoder's matrices in CTranslate2: where, and which of those stacked there
MATRICES = {
    "sa.q": ("self_attention/linear_0", 0),
    "sa.k": ("self_attention/linear_0", 1),
    "sa.v": ("self_attention/linear_0", 2),
    "sa.o": ("self_attention/linear_1", 0),
    "ca.q": ("attention/linear_0", 0),
    "ca.k": ("attention/linear_1", 0),
    "ca.v": ("attention/linear_1", 1),
    "ca.o": ("attention/linear_2", 0),
    "f1": ("ffn/linear_0", 0),
    "f2": ("ffn/linear_1", 0),
}
Int8 = tuple[np.ndarray, np.ndarray]


def read_variables(model: bytes) -> dict[str, np.ndarray]:
    """The float32 and int8 variables of a `model.bin` (layout of version 6), by name."""
    place = 0

    def take(layout: str) -> tuple:
        nonlocal place
        found = struct.unpack_from(layout, model, place)
        place += struct.calcsize(layout)
        return found

    def text() -> str:
        (length,) = take("<H")
        return take(f"{length}s")[0].rstrip(b"\0").decode()

    take("<I")
    text()
    _, count = take("<II")
    variables = {}
    for _ in range(count):
        name, (rank,) = text(), take("<B")
        shape, (kind, size) = take(f"<{rank}I"), take("<BI")
        if kind in (0, 1):
            dtype = np.dtype("<f4") if kind == 0 else np.dtype("i1")
            variables[name] = np.frombuffer(model, dtype, size // dtype.itemsize, place).reshape(shape)
        place += size
    return variables


def decoder_matrices(model: bytes, width: int) -> dict[str, Int8]:
    """For each learned matrix of the network its int8 (outputs, inputs) and scale (outputs), by the network's names.

    Args:
        model: `model.bin` in int8.
        width: Rows of each of the matrices stacked for one input.
    """
    variables, found = read_variables(model), {}
    for number in range(sum(name.endswith("/attention/linear_0/weight_scale") for name in variables)):
        for part, (where, stacked) in MATRICES.items():
            path = f"decoder/layer_{number}/{where}/weight"
            rows = slice(None) if part.startswith("f") else slice(stacked * width, (stacked + 1) * width)
            found[f"dec.{number}.{part}.weight"] = variables[path][rows], variables[f"{path}_scale"][rows]
    return found


def split(master: np.ndarray, int8: Int8) -> np.ndarray:
    """What `int8` leaves of `master` (outputs, inputs), packed, an even number of bytes.

    Raises:
        ValueError: `int8` is not of this matrix.
    """
    steps, scale = int8
    if master.shape != steps.shape:
        raise ValueError("the package is not of this state: a matrix has another shape")
    left = master.astype(np.float32) * scale[:, None] - steps
    if np.abs(left).max() > 0.5 + 1e-4:
        raise ValueError("the package is not of this state: its int8 is more than half a step off")
    most = PARTS // 2
    parts = np.clip(np.rint(left * PARTS), -most, most).astype(np.int8).ravel() + most
    parts = np.pad(parts, (0, -len(parts) % 4)).astype(np.uint8)
    return parts[::2] << 4 | parts[1::2]


def join(packed: np.ndarray, int8: Int8) -> np.ndarray:
    """The matrix again, float32, of which `int8` comes out as it was, its scales to the last bit."""
    steps, scale = int8
    parts = np.stack([packed >> 4, packed & 15], axis=1).ravel()[: steps.size].astype(np.int8) - PARTS // 2
    # the largest of a row has no residual and becomes 127 / scale; in float32 127 / (127 / (127 / x)) is 127 / x for
    # every x, so the scales come out as they were
    return (steps + parts.reshape(steps.shape).astype(np.float32) / PARTS) / scale[:, None]
