"""From a model package on disk to an engine with its tokenizer, and to what ModelService says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from khulasa.server.api.ports import ModelDescription, ModelKind, QualityFigure
from khulasa.server.config import Settings
from khulasa.server.core.translation.engine import Engine
from khulasa.server.core.translation.tokenizer import PairTokens, SegmentTokenizer, TokenizationSpec
from khulasa.server.core.translation.translator_parts import DecodingDefaults, LoadedPackage
from khulasa.server.core.translation.types import LanguagePair, ModelReference

__all__ = ["PackageFiles", "describe", "open_package"]

# What Marian, NLLB and the bundled models alike were trained with.
_DEFAULT_INPUT_TOKENS = 512


@dataclass(frozen=True, slots=True)
class PackageFiles:
    """A translation package as its manifest describes it.

    Attributes:
        folder: Of the CTranslate2 model.
        revision: SHA-256 of the weights, 64 hex digits.
        pairs: Directions served, each with its special tokens.
        source_tokenizer: sentencepiece model of the source side; the target side's may be the same file.
        engine_tokens: Tokens that config.json has added to each source.
        max_input_tokens: Of one segment, special tokens included.
        decoding: How to decode where the caller says nothing.
    """

    name: str
    version: str
    revision: str
    folder: Path
    pairs: Mapping[LanguagePair, PairTokens]
    source_tokenizer: Path
    target_tokenizer: Path
    engine_tokens: int = 0
    max_input_tokens: int = _DEFAULT_INPUT_TOKENS
    decoding: DecodingDefaults = field(default_factory=DecodingDefaults)
    licence: str = ""
    description: str = ""
    preview: bool = False
    quality: tuple[QualityFigure, ...] = ()


def open_package(files: PackageFiles, settings: Settings, workers: int, threads_each: int) -> LoadedPackage:
    """The package in memory.

    Args:
        workers: Batches decoded at a time.
        threads_each: Threads of one batch.

    Raises:
        EngineError: the model cannot be run here.
        OSError: a tokenizer cannot be read.
    """
    tokenizer = SegmentTokenizer(
        TokenizationSpec(
            source_model=files.source_tokenizer,
            target_model=files.target_tokenizer,
            pairs=files.pairs,
            engine_tokens=files.engine_tokens,
        )
    )
    engine = Engine.load(
        files.folder,
        max_input_tokens=files.max_input_tokens,
        engine_tokens=files.engine_tokens,
        device=settings.device,
        compute_type=settings.compute_type.value,
        inter_threads=workers,
        intra_threads=threads_each,
    )
    return LoadedPackage(
        reference=ModelReference(files.name, files.version, files.revision),
        pairs=tuple(files.pairs),
        runner=engine,
        tokenizer=tokenizer,
        max_input_tokens=files.max_input_tokens,
        # One number for all packages: it also bounds `num_hypotheses`, which is checked before a package is chosen.
        defaults=replace(files.decoding, beam_size=settings.beam_size),
        close=engine.close,
    )


def describe(files: PackageFiles) -> ModelDescription:
    """What ModelService says of it."""
    return ModelDescription(
        name=files.name,
        version=files.version,
        revision=files.revision,
        kind=ModelKind.TRANSLATION,
        pairs=tuple(files.pairs),
        licence=files.licence,
        max_input_tokens=files.max_input_tokens,
        quality=files.quality,
        preview=files.preview,
        description=files.description,
    )
