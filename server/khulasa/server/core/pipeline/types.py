"""What the pipeline takes and gives. Offsets are code points of `ArticleInput.text`, half open."""

from __future__ import annotations

from dataclasses import dataclass, field

from khulasa.server.core.summary.types import SummaryBounds
from khulasa.server.core.text.types import Part, Span
from khulasa.server.core.translation.types import (
    DecodingOptions,
    Glossary,
    ModelReference,
    Origin,
    QualityFlag,
    TextFormat,
    WordLink,
)

__all__ = [
    "AlignedKeyTerm",
    "AlignedSentence",
    "AlignedText",
    "ArticleInput",
    "ArticleStatistics",
    "BilingualSummary",
    "SummaryResult",
    "SummarySettings",
]


@dataclass(frozen=True, slots=True)
class ArticleInput:
    """An article as the caller sent it; `language` is empty when it is to be detected."""

    text: str
    article_id: str = ""
    title: str = ""
    language: str = ""
    format: TextFormat = TextFormat.PLAIN_TEXT
    url: str = ""


@dataclass(frozen=True, slots=True)
class SummarySettings:
    """What the summary is to be.

    Attributes:
        target_language: Empty: the other language of the only pair served.
        bounds: Its length.
        focus: What the reader wants to know; empty for a general summary.
        full_translation: Translate every sentence of the body as well.
        max_key_terms: 0 for none.
        decoding: How to decode.
        glossary: Required translations.
    """

    target_language: str = ""
    bounds: SummaryBounds = field(default_factory=SummaryBounds)
    focus: str = ""
    full_translation: bool = False
    max_key_terms: int = 0
    decoding: DecodingOptions = field(default_factory=DecodingOptions)
    glossary: Glossary = field(default_factory=Glossary)


@dataclass(frozen=True, slots=True)
class AlignedText:
    """A text and its translation."""

    source_text: str = ""
    target_text: str = ""
    flags: tuple[QualityFlag, ...] = ()


@dataclass(frozen=True, slots=True)
class AlignedSentence:
    """A sentence of the article, unchanged, and its one counterpart."""

    source_text: str
    target_text: str
    source_span: Span
    paragraph_index: int
    sentence_index: int
    salience: float
    score: float
    similarity: float
    flags: tuple[QualityFlag, ...] = ()
    word_links: tuple[WordLink, ...] = ()
    origin: Origin = Origin.MODEL
    evidence_spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class AlignedKeyTerm:
    """A term of the article and its counterpart.

    Attributes:
        source_text: The caller's text at the first of its places; of HTML, with what markup stands inside it.
        target_text: Plain text; empty when no translated sentence holds it.
        salience: How much it says about the article, [0, 1].
        source_spans: All its places in the caller's text, in order.
    """

    source_text: str
    target_text: str
    salience: float
    source_spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class ArticleStatistics:
    """Counts of the article."""

    chars: int
    words: int
    sentences: int
    paragraphs: int
    summary_words: int


@dataclass(frozen=True, slots=True)
class BilingualSummary:
    """The summary of one article, sentences in document order."""

    article_id: str
    title: AlignedText
    sentences: tuple[AlignedSentence, ...]
    key_terms: tuple[AlignedKeyTerm, ...]
    full_translation: tuple[AlignedSentence, ...]
    parts: tuple[Part, ...]
    statistics: ArticleStatistics


@dataclass(frozen=True, slots=True)
class SummaryResult:
    """A summary and how it was made.

    Attributes:
        detected_language: Empty when the caller gave the language.
    """

    summary: BilingualSummary
    detected_language: str
    translation_model: ModelReference
    summary_model: ModelReference
