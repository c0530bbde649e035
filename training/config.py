"""The settings of a run, read from one TOML file. Sections: `[data]`, `[model]`, `[train]`, `[decode]`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path


@dataclass(frozen=True)
class DataConfig:
    """`[data]`: what is read and how it is cut.

    Attributes:
        vocabulary: Pieces kept of e5's 250,002, specials included.
        max_pieces: Longest side of a pair, in pieces.
        enlarge: Factor on the shares of the sets that are thinned; 1 suits an hour on two cores, 20 takes all pairs.
        seed: Of the thinning of large sets.
    """

    vocabulary: int = 24_000
    max_pieces: int = 80
    enlarge: float = 1.0
    seed: int = 1


@dataclass(frozen=True)
class ModelConfig:
    """`[model]`: the shape, in numbers of e5's layers.

    Attributes:
        encoder_layers: e5 layers that make the encoder, frozen.
        decoder_layers: e5 layers that the decoder layers start from.
        alignment_layer: Decoder layer (from 0) whose head 0 is guided by word alignments.
        adapted_layers: This many of the last encoder layers learn low-rank corrections of their matrices
            (https://arxiv.org/abs/2106.09685), which conversion adds up; the states before them are cached.
        adapter_rank: Rank of the corrections.
    """

    encoder_layers: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)
    decoder_layers: tuple[int, ...] = (1, 6, 11)
    alignment_layer: int = 1
    adapted_layers: int = 0
    adapter_rank: int = 16


@dataclass(frozen=True)
class TrainConfig:
    """`[train]`: one run; a later run goes on from the committed state.

    Attributes:
        minutes: Length of the run by the clock; the learning rate falls linearly to a twentieth at its end.
        batch_tokens: Padded target pieces in a batch.
        learning_rate: Peak rate.
        warmup_steps: Linear rise at the start of the run.
        into_english: Share of batches that translate into English.
        candidates: Random pieces in a batch's output vocabulary, besides those of its own targets and sources and the
            `frequent` ones; 0 for all.
        frequent: Always in the output vocabulary: this many most frequent pieces of the target language.
        full_softmax_after: Share of the run after which the whole vocabulary is used.
        alignment_weight: Weight of the guided alignment loss.
        align_until: Share of the run in which pairs met for the first time are aligned, which costs a second encoding.
        label_smoothing: 0 to 1.
        dropout: 0 to 1.
        ema: Decay of the averaged weights, for each step.
        save_minutes: Between checkpoints.
        device: `cpu` or `cuda`.
        dtype: Of the arithmetic, `bfloat16` or `float32`, or `auto`: bfloat16 on a GPU and on a CPU that has
            instructions for it, else float32, which is eight times faster there.
        threads: CPU threads of a process.
        workers: Processes that update the same weights without locks (Hogwild, https://arxiv.org/abs/1106.5730);
            1 on a GPU. On busy cores two processes of one thread lose less than two threads that wait for each other.
    """

    minutes: float = 60.0
    batch_tokens: int = 1500
    learning_rate: float = 1.2e-3
    warmup_steps: int = 60
    into_english: float = 0.7
    candidates: int = 1500
    frequent: int = 2500
    full_softmax_after: float = 0.9
    alignment_weight: float = 0.1
    align_until: float = 1.0
    label_smoothing: float = 0.1
    dropout: float = 0.0
    ema: float = 0.995
    save_minutes: float = 5.0
    device: str = "cpu"
    dtype: str = "bfloat16"
    threads: int = 2
    workers: int = 1
    seed: int = 1


@dataclass(frozen=True)
class Config:
    """Everything a run needs besides the corpora."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)


def read(path: Path) -> Config:
    """Read a configuration.

    Raises:
        TypeError: A key is not known.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    model = {key: tuple(v) if isinstance(v, list) else v for key, v in raw.get("model", {}).items()}
    return Config(DataConfig(**raw.get("data", {})), ModelConfig(**model), TrainConfig(**raw.get("train", {})))


def arithmetic(train: TrainConfig, cpu: str) -> str:
    """`float32` or `bfloat16`, as configured or, with `auto`, as the hardware has it.

    Args:
        train: The settings.
        cpu: What Linux says of the processor (`/proc/cpuinfo`), empty if it is not known.
    """
    if train.dtype != "auto":
        return train.dtype
    fast = train.device != "cpu" or not {"avx512_bf16", "amx_bf16"}.isdisjoint(cpu.split())
    return "bfloat16" if fast else "float32"


def with_minutes(config: Config, minutes: float) -> Config:
    """The same run with another length."""
    return replace(config, train=replace(config.train, minutes=minutes))


def with_device(config: Config, device: str) -> Config:
    """The same run elsewhere, in the arithmetic that is fast there."""
    return replace(config, train=replace(config.train, device=device, dtype="auto"))
