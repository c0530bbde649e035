"""What the servicers need of the rest of the server. The composition root hands it in; tests hand in fakes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from khulasa.server.core.pipeline.types import ArticleInput, SummaryResult, SummarySettings
from khulasa.server.core.translation.types import (
    Assessment,
    DecodingOptions,
    Glossary,
    LanguagePair,
    ModelReference,
    RequestContext,
    StreamedSegment,
    TextFormat,
    TextTranslation,
)

__all__ = [
    "CoreSource",
    "LanguageDetector",
    "ModelDescription",
    "ModelKind",
    "QualityFigure",
    "ServingCore",
    "Summarizer",
    "TextTranslator",
]


class TextTranslator(Protocol):
    """The translation room as the servicers use it; every method may raise the errors of `core.errors`."""

    @property
    def pairs(self) -> tuple[LanguagePair, ...]:
        """Directions served, defaults first."""
        ...

    def resolve_pair(self, source: str, target: str) -> LanguagePair:
        """The pair meant; an empty target is that of the only pair from `source`."""
        ...

    def model_of(self, pair: LanguagePair) -> ModelReference:
        """The model that serves the pair."""
        ...

    def check_deadline(self, caller: str, remaining_s: float) -> None:
        """Raises `DeadlineError` where the queue is too long for any request of `caller` with `remaining_s` left."""
        ...

    def estimated(
        self, texts: Sequence[str], context: RequestContext, seen: Sequence[str] = ()
    ) -> AbstractContextManager[object]:
        """Holds room in the queue for texts of which the decoder is likely to see `seen`, until it is known."""
        ...

    async def translate_texts(
        self,
        texts: Sequence[str],
        pair: LanguagePair,
        options: DecodingOptions,
        glossary: Glossary,
        context: RequestContext,
        *,
        format: TextFormat = TextFormat.PLAIN_TEXT,
    ) -> list[TextTranslation]:
        """One translation for each text, same order."""
        ...

    def stream_texts(
        self,
        texts: Sequence[str],
        pair: LanguagePair,
        options: DecodingOptions,
        glossary: Glossary,
        context: RequestContext,
        *,
        format: TextFormat = TextFormat.PLAIN_TEXT,
    ) -> AsyncGenerator[StreamedSegment, None]:
        """The segments of all texts, in order, each as soon as it is done."""
        ...

    async def assess(
        self,
        pairs: Sequence[tuple[str, str]],
        pair: LanguagePair,
        glossary: Glossary,
        context: RequestContext,
        *,
        word_alignments: bool = False,
    ) -> list[Assessment]:
        """One assessment for each (source text, target text), same order."""
        ...


class Summarizer(Protocol):
    """The pipeline as the servicers use it."""

    async def summarize(
        self, article: ArticleInput, settings: SummarySettings, context: RequestContext
    ) -> SummaryResult:
        """The aligned bilingual summary of one article."""
        ...


class LanguageDetector(Protocol):
    """Tells the language of texts."""

    async def __call__(
        self, texts: Sequence[str], candidates: Sequence[str], *, format: TextFormat = TextFormat.PLAIN_TEXT
    ) -> str | None:
        """The language of `texts` taken together, empty when it cannot be told.

        None when there is nothing to translate: they are blank, or digits, signs and links.
        """
        ...


class ModelKind(Enum):
    """What a model does."""

    TRANSLATION = "translation"
    SUMMARIZATION = "summarization"
    EMBEDDING = "embedding"


@dataclass(frozen=True, slots=True)
class QualityFigure:
    """One measured figure of a model card."""

    dataset: str
    pair: LanguagePair
    metric: str
    value: float
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What ModelService says of a model.

    Attributes:
        revision: SHA-256 of the weights, 64 hex digits.
        digest: SHA-256 of all that decides the output, 64 hex digits; empty where the weights are all.
        max_input_tokens: Tokens of one segment, 0 where that has no meaning.
        vocabulary_map: SHA-256 of the vocabulary map in use, empty where every piece is scored.
    """

    name: str
    version: str
    revision: str
    kind: ModelKind
    pairs: tuple[LanguagePair, ...] = ()
    languages: tuple[str, ...] = ()
    licence: str = ""
    max_input_tokens: int = 0
    quality: tuple[QualityFigure, ...] = ()
    preview: bool = False
    description: str = ""
    digest: str = ""
    vocabulary_map: str = ""


@dataclass(frozen=True, slots=True)
class ServingCore:
    """One loaded set of models and what works with it."""

    translator: TextTranslator
    summarizer: Summarizer
    detect_language: LanguageDetector
    models: tuple[ModelDescription, ...]


class CoreSource(Protocol):
    """Lends the loaded core. While it is lent it is not unloaded, whatever is reloaded meanwhile."""

    def lend(self) -> AbstractContextManager[ServingCore]:
        """The core of this moment.

        Raises:
            NotServingError: nothing is loaded yet.
        """
        ...
