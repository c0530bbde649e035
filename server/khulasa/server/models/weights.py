"""What model.bin tells of its architecture without its weights being read.

The layout is that of `ctranslate2.specs.ModelSpec.save`; files before version 6 carry as flags what config.json says
today.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import WEIGHTS

__all__ = ["Weights", "read_weights"]

_VERSION_WITH_TYPES = 4
_VERSION_WITH_CONFIG = 6
_FLAGS = ("with_source_bos", "with_source_eos", "with_target_bos", "user_decoder_start_tokens")
_TOKENS = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
_SMALL_BYTES = 256


@dataclass(frozen=True, slots=True)
class Weights:
    """What model.bin tells without its weights.

    Attributes:
        version: Of the file's layout.
        name: Of the kind of model, as `TransformerSpec`.
        shapes: Of each variable.
        small: Bytes of variables of at most 256 bytes.
    """

    version: int
    name: str
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    small: dict[str, bytes] = field(default_factory=dict)

    @property
    def is_marian(self) -> bool:
        """Only Marian's decoder starts from an embedding of zeros."""
        return any(self.small.get("decoder/start_from_zero_embedding", b"\0"))

    @property
    def is_t5(self) -> bool:
        """Only T5 and its kin have relative positions with a bias."""
        return any(name.endswith("self_attention/relative_attention_bias") for name in self.shapes)

    @property
    def positions(self) -> int | None:
        """Positions that the encoder knows; None where they are computed."""
        return self._rows("encoder/position_encodings/encodings")

    @property
    def target_positions(self) -> int | None:
        """Positions that the decoder knows; None where they are computed."""
        return self._rows("decoder/position_encodings/encodings")

    @property
    def tokens(self) -> tuple[int | None, int | None]:
        """Tokens that there are vectors for, of the source and of the target side; None where it does not tell."""
        source = self._rows("encoder/embeddings_0/weight") or self._rows("encoder/embeddings/weight")
        return source, self._rows("decoder/embeddings/weight")

    def _rows(self, name: str) -> int | None:
        shape = self.shapes.get(name)
        return shape[0] if shape else None

    def config(self) -> dict[str, Any] | None:
        """config.json as the flags of an old file say it; None for files that have one beside them."""
        if self.version >= _VERSION_WITH_CONFIG:
            return None
        flags = {name: self.small.get(name) for name in _FLAGS}
        tokens = {
            name: (self.small[name].decode("utf-8", "replace").rstrip("\0") if name in self.small else default)
            for name, default in _TOKENS.items()
        }
        start: str | None = tokens["bos_token"]
        if any(flags["user_decoder_start_tokens"] or b""):
            start = None
        elif flags["with_target_bos"] is not None and not any(flags["with_target_bos"]):
            start = tokens["eos_token"]
        return {
            "add_source_bos": any(flags["with_source_bos"] or b""),
            "add_source_eos": any(flags["with_source_eos"] or b""),
            **tokens,
            "decoder_start_token": start,
        }


def read_weights(folder: Path) -> Weights:
    """What the model.bin in `folder` tells.

    Raises:
        PackageError: it is no CTranslate2 model, or cut off.
    """
    path = folder / WEIGHTS
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            (version,) = _read(file, "<I")
            if not 2 <= version <= 100:
                raise ValueError("no CTranslate2 model")
            weights = Weights(version, _read_text(file))
            _, count = _read(file, "<II")
            for _ in range(count):
                _read_variable(file, weights, size)
            if version >= 3:
                (aliases,) = _read(file, "<I")
                for _ in range(aliases):
                    alias, target = _read_text(file), _read_text(file)
                    if target in weights.shapes:
                        weights.shapes[alias] = weights.shapes[target]
    except (OSError, ValueError, struct.error) as error:
        raise PackageError(f"{path.name}: no CTranslate2 model, or cut off: {error}") from error
    if not any(name.startswith("decoder/") for name in weights.shapes) or not any(
        name.startswith("encoder/") for name in weights.shapes
    ):
        raise PackageError(f"{path.name}: a {weights.name}, which neither translates nor summarizes")
    return weights


def _read_variable(file: IO[bytes], weights: Weights, size: int) -> None:
    name = _read_text(file)
    (rank,) = _read(file, "<B")
    shape = _read(file, f"<{rank}I")
    kind, amount = _read(file, "<BI")
    # Old files hold the size of an item and their number, newer ones the type and the bytes.
    amount = amount if weights.version >= _VERSION_WITH_TYPES else amount * kind
    weights.shapes[name] = shape
    if amount <= _SMALL_BYTES:
        weights.small[name] = file.read(amount)
    else:
        file.seek(amount, os.SEEK_CUR)
    if file.tell() > size:
        raise ValueError(f"{name} reaches beyond the end of the file")


def _read(file: IO[bytes], layout: str) -> tuple[Any, ...]:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _read_text(file: IO[bytes]) -> str:
    (length,) = _read(file, "<H")
    data = file.read(length)
    if len(data) != length:
        raise ValueError("a name is cut off")
    return data.rstrip(b"\0").decode("utf-8")
