"""What a translator is built from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.scheduling.scheduler import Runner
from khulasa.server.core.translation.tokenizer import SegmentTokenizer
from khulasa.server.core.translation.types import LanguagePair, ModelReference, RequestContext

__all__ = ["DecodingDefaults", "LanguageRules", "LoadedPackage", "SentenceVectors", "identity"]


class SentenceVectors(Protocol):
    """Vectors for similarity; `EncodingQueue` of the pipeline is the real one."""

    async def encode(
        self, texts: Sequence[str], context: RequestContext, *, alone: bool = False
    ) -> npt.NDArray[np.float32]:
        """Shape (N, D), rows of unit length; `alone`: the same to the last bit whatever is encoded beside."""
        ...


class Normalized(Protocol):
    """A text as the model is to read it."""

    @property
    def text(self) -> str:
        """The text."""
        ...

    def source_span(self, start: int, end: int) -> Span:
        """Where a range of it comes from in the text as given."""
        ...


@dataclass(frozen=True, slots=True)
class _Same:
    text: str

    def source_span(self, start: int, end: int) -> Span:
        return Span(start, end)


def identity(text: str) -> Normalized:
    """The text as it is."""
    return _Same(text)


@dataclass(frozen=True, slots=True)
class LanguageRules:
    """The text room's part.

    Attributes:
        sentence_spans: Sentences of one line in a language, without surrounding white space.
        normalize: A segment as the model is to read it.
    """

    sentence_spans: Callable[[str, str], Sequence[Span]]
    normalize: Callable[[str], Normalized] = identity


@dataclass(frozen=True, slots=True)
class DecodingDefaults:
    """How a package is decoded where the caller says nothing; see `EngineOptions`."""

    beam_size: int = 4
    repetition_penalty: float = 1.0
    length_penalty: float = 1.0
    max_decoding_tokens: int = 512


@dataclass(frozen=True, slots=True)
class LoadedPackage:
    """One translation model in memory.

    Attributes:
        reference: Its name, version and revision.
        pairs: Directions it serves.
        runner: Its engine.
        tokenizer: Its tokenizer.
        max_input_tokens: Of one segment, special tokens included.
        defaults: How to decode.
        close: Frees the engine.
    """

    reference: ModelReference
    pairs: tuple[LanguagePair, ...]
    runner: Runner
    tokenizer: SegmentTokenizer
    max_input_tokens: int
    defaults: DecodingDefaults = DecodingDefaults()
    close: Callable[[], None] = lambda: None
