"""What the service answers, as frozen values. No protobuf object reaches the caller.

Offsets are Unicode code points, half open, into the exact string that was sent: `text[span.start:span.end]`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from khulasa.client.brief import brief_repr, shown
from khulasa.client.enums import ModelKind, PartKind, QualityFlag, TranslationOrigin
from khulasa.client.errors import KhulasaError

__all__ = [
    "AlignedSentence",
    "AlignedText",
    "ArticleStatistics",
    "Assessment",
    "DocumentPart",
    "Hypothesis",
    "KeyTerm",
    "LanguagePair",
    "ModelInfo",
    "ModelKind",
    "ModelLimits",
    "Outcome",
    "PartKind",
    "QualityFlag",
    "QualityMeasurement",
    "SegmentTranslation",
    "Span",
    "StreamedSegment",
    "Summary",
    "Timings",
    "Translation",
    "TranslationOrigin",
    "WordAlignment",
]


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, KhulasaError):
        return value.details
    if isinstance(value, Result):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value


@dataclass(frozen=True, slots=True)
class Result:
    """Root of all results."""

    def __repr__(self) -> str:
        return brief_repr(self)

    def to_dict(self) -> dict[str, Any]:
        """The value as dicts, lists, strings, numbers, bools and None: `json.dumps` takes it. Enums are their names."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class Span(Result):
    """`[start, end)` in code points."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The text at this span."""
        return text[self.start : self.end]

    def __len__(self) -> int:
        return self.end - self.start

    def __bool__(self) -> bool:
        return True  # an empty span is still a place

    def __str__(self) -> str:
        return f"[{self.start}:{self.end}]"


@dataclass(frozen=True, slots=True)
class WordAlignment(Result):
    """A link between words of a pair; offsets count in the pair's own two texts."""

    source_span: Span
    target_span: Span


@dataclass(frozen=True, slots=True, repr=False)
class AlignedText(Result):
    """A text and its translation. False when there is none, as the title of an article without one."""

    source_text: str = ""
    target_text: str = ""
    flags: tuple[QualityFlag, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.source_text or self.target_text)


@dataclass(frozen=True, slots=True, repr=False)
class AlignedSentence(Result):
    """A sentence of the article and its counterpart.

    Attributes:
        source_text: The article's text at `source_span`, unchanged.
        target_text: Its translation.
        source_span: Place in the article.
        paragraph_index: Paragraph, counted from 0 over all parts.
        sentence_index: Sentence of the running text, counted from 0.
        salience: Share of the article's substance, [0, 1], comparable within one article only.
        score: Mean token log probability of the translation, <= 0.
        similarity: Cosine of the two texts in a multilingual encoder, [-1, 1].
        flags: What a reader should know before quoting.
        word_alignments: Word links, when asked for.
        origin: Where the translation came from.
        evidence_spans: Abstractive summaries only: the places in the article that support the sentence.
    """

    source_text: str
    target_text: str
    source_span: Span
    paragraph_index: int = 0
    sentence_index: int = 0
    salience: float = 0.0
    score: float = 0.0
    similarity: float = 0.0
    flags: tuple[QualityFlag, ...] = ()
    word_alignments: tuple[WordAlignment, ...] = ()
    origin: TranslationOrigin = TranslationOrigin.MODEL
    evidence_spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentPart(Result):
    """One piece of the article; all of them tile its text."""

    kind: PartKind
    span: Span


@dataclass(frozen=True, slots=True, repr=False)
class KeyTerm(Result):
    """A person, place, organisation or topic of the article.

    Attributes:
        source_text: As it stands in the article, at the first of `source_spans`.
        target_text: As it stands in the translation; empty when no translated sentence holds it.
        salience: How much it says about the article, [0, 1].
        source_spans: Every place in the article, in order, but for those before the first that stands there as
            `source_text` does and whose article a preposition has swallowed (للأمم المتحدة).
    """

    source_text: str
    target_text: str
    salience: float
    source_spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class ArticleStatistics(Result):
    """Counts: code points, words and sentences of the running text, paragraphs, words of the summary."""

    chars: int = 0
    words: int = 0
    sentences: int = 0
    paragraphs: int = 0
    summary_words: int = 0


@dataclass(frozen=True, slots=True)
class Timings(Result):
    """Milliseconds of wall-clock time on the server; parallel stages overlap, so they need not add up."""

    queue_ms: float = 0.0
    translate_ms: float = 0.0
    summarize_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class LanguagePair(Result):
    """A direction of translation."""

    source_language: str
    target_language: str

    def __str__(self) -> str:
        return f"{self.source_language}-{self.target_language}"


@dataclass(frozen=True, slots=True)
class ModelLimits(Result):
    """What one request to a model may hold; 0 where the model has no such limit."""

    max_input_tokens: int = 0
    max_article_chars: int = 0
    max_texts: int = 0


@dataclass(frozen=True, slots=True)
class QualityMeasurement(Result):
    """One measured figure from a model's card."""

    dataset: str
    language_pair: LanguagePair
    metric: str
    value: float
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ModelInfo(Result):
    """Which model answered. Answers carry name, version, revision, kind and `vocabulary_map_revision`; `models()` gives
    the rest.

    Attributes:
        revision: SHA-256 of the weights: two servers with one revision give the same translations, unless the
            vocabulary map or the settings of one were changed.
        preview: True for a model whose output is not fit to be quoted without reading the source.
        vocabulary_map_revision: SHA-256 of the vocabulary map that translations are limited to; empty where none is in
            use, or the server is older than this field.
    """

    name: str = ""
    version: str = ""
    revision: str = ""
    kind: ModelKind = ModelKind.UNSPECIFIED
    language_pairs: tuple[LanguagePair, ...] = ()
    language_codes: tuple[str, ...] = ()
    licence: str = ""
    limits: ModelLimits = ModelLimits()
    quality: tuple[QualityMeasurement, ...] = ()
    preview: bool = False
    description: str = ""
    vocabulary_map_revision: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip() + (f" ({self.revision[:12]})" if self.revision else "")


@dataclass(frozen=True, slots=True, repr=False)
class Summary(Result):
    """The aligned bilingual summary of one article.

    Attributes:
        article_id: As in the request.
        title: The headline and its translation; false when the article has none.
        sentences: The summary, in document order, each with its counterpart.
        key_terms: Most salient first, when asked for.
        full_translation: Every sentence of the running text, when asked for.
        parts: The article's parts, tiling its text.
        statistics: Counts.
        detected_language: Empty when the request gave the language.
        model: The model that translated.
        summary_model: The model that chose or wrote the sentences.
        timings: Where the server's time went.
        request_id: Under which the server's log has the request.
    """

    article_id: str
    title: AlignedText
    sentences: tuple[AlignedSentence, ...]
    key_terms: tuple[KeyTerm, ...] = ()
    full_translation: tuple[AlignedSentence, ...] = ()
    parts: tuple[DocumentPart, ...] = ()
    statistics: ArticleStatistics = ArticleStatistics()
    detected_language: str = ""
    model: ModelInfo = ModelInfo()
    summary_model: ModelInfo = ModelInfo()
    timings: Timings = Timings()
    request_id: str = ""

    def __repr__(self) -> str:
        flagged = sum(bool(pair.flags) for pair in self.sentences)
        title = self.title.target_text or self.title.source_text
        return (
            f"Summary(article_id={self.article_id!r}, title={shown(title)}, sentences={len(self.sentences)}, "
            f"flagged={flagged}, model={str(self.model)!r})"
        )


@dataclass(frozen=True, slots=True, repr=False)
class Hypothesis(Result):
    """One alternative translation of a segment; `score` is a mean token log probability, <= 0."""

    target_text: str
    score: float


@dataclass(frozen=True, slots=True, repr=False)
class SegmentTranslation(Result):
    """One segment of a text and its translation; fields as in AlignedSentence.

    Attributes:
        source_span: Place in the text that was sent.
        target_span: Place in `Translation.text`; of a stream, in what came for this text so far.
        hypotheses: Alternatives, best first, when asked for.
    """

    source_text: str
    target_text: str
    source_span: Span
    target_span: Span
    score: float = 0.0
    similarity: float = 0.0
    flags: tuple[QualityFlag, ...] = ()
    word_alignments: tuple[WordAlignment, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    origin: TranslationOrigin = TranslationOrigin.MODEL


@dataclass(frozen=True, slots=True, repr=False)
class StreamedSegment(SegmentTranslation):
    """A segment as `translate_stream` gives it.

    Attributes:
        text_index: Index of the text in the request.
        segment_index: Index of the segment in its text.
        last: True on the last segment of the stream.
    """

    text_index: int = 0
    segment_index: int = 0
    last: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Translation(Result):
    """One translated text.

    Attributes:
        text: The translation, with the line structure of the source.
        segments: In order; what stands between them is copied.
        detected_language: Over all texts of the request; empty when the request gave the language or no text holds a
            word.
        model: The model that translated.
        timings: Of the whole request.
        request_id: Under which the server's log has the request.
    """

    text: str
    segments: tuple[SegmentTranslation, ...] = ()
    detected_language: str = ""
    model: ModelInfo = ModelInfo()
    timings: Timings = Timings()
    request_id: str = ""

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        flagged = sum(bool(segment.flags) for segment in self.segments)
        return f"Translation(text={shown(self.text)}, segments={len(self.segments)}, flagged={flagged})"


@dataclass(frozen=True, slots=True)
class Assessment(Result):
    """What was found about a given translation; fields as in AlignedSentence."""

    score: float
    similarity: float
    flags: tuple[QualityFlag, ...] = ()
    word_alignments: tuple[WordAlignment, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome(Result):
    """What became of one article of `summarize_many`: exactly one of `summary` and `error` is None.

    Attributes:
        index: Place of the article in the iterable, from 0.
        article_id: The article's, or `article-<index + 1>` when it had none.
    """

    index: int
    article_id: str
    summary: Summary | None = None
    error: KhulasaError | None = None

    def result(self) -> Summary:
        """The summary.

        Raises:
            KhulasaError: what went wrong with this article.
        """
        if self.summary is None:
            assert self.error is not None  # noqa: S101
            raise self.error
        return self.summary
