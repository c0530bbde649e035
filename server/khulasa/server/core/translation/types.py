"""What the translation room takes and gives.

Offsets are code points, half open; a `score` is a mean token log probability.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from khulasa.server.core.text.types import Span

if TYPE_CHECKING:
    from khulasa.server.core.translation.scheduling.admission import Reservation

__all__ = [
    "Assessment",
    "DecodingOptions",
    "DigitShape",
    "Glossary",
    "GlossaryTerm",
    "Hypothesis",
    "LanguagePair",
    "ModelReference",
    "Origin",
    "Priority",
    "QualityFlag",
    "RequestContext",
    "SegmentTranslation",
    "StageTimings",
    "StreamedSegment",
    "TextFormat",
    "TextTranslation",
    "WordLink",
]


class Priority(Enum):
    """Place in the queue."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


class DigitShape(Enum):
    """Which digits Arabic output uses."""

    MODEL = "model"
    WESTERN = "western"
    ARABIC_INDIC = "arabic_indic"


class TextFormat(Enum):
    """How a text is to be read."""

    PLAIN_TEXT = "plain_text"
    HTML = "html"


class Origin(Enum):
    """Where a translation came from."""

    MODEL = "model"
    MEMORY = "memory"


class QualityFlag(Enum):
    """What a reader should know about a translation; docs/quality.md defines each test."""

    UNTRANSLATED = "untranslated"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    REPETITION = "repetition"
    NUMBER_MISMATCH = "number_mismatch"
    LENGTH_RATIO = "length_ratio"
    LOW_SIMILARITY = "low_similarity"
    GLOSSARY_MISSED = "glossary_missed"
    UNSUPPORTED = "unsupported"
    NEGATION_MISMATCH = "negation_mismatch"
    NAME_MISMATCH = "name_mismatch"


@dataclass(frozen=True, slots=True)
class LanguagePair:
    """A direction, BCP-47 primary subtags."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class GlossaryTerm:
    """A required translation; `target == source` means: do not translate."""

    source: str
    target: str
    case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Glossary:
    """Required translations, longest match first."""

    terms: tuple[GlossaryTerm, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)


@dataclass(frozen=True, slots=True)
class DecodingOptions:
    """How to decode; segments share a batch only when these are equal.

    Attributes:
        beam_size: Beams, 1 to 8; 0 takes the server's default. 1 is greedy search.
        num_hypotheses: Alternatives returned, 0 for none beyond the translation itself, at most `beam_size`.
        word_alignments: Return word links.
        deterministic: Independent of batch-mates, at a cost in throughput.
        digit_shape: Digits of Arabic output.
    """

    beam_size: int = 0
    num_hypotheses: int = 0
    word_alignments: bool = False
    deterministic: bool = False
    digit_shape: DigitShape = DigitShape.MODEL


@dataclass(slots=True)
class StageTimings:
    """Milliseconds of one request by stage, added to as it goes; stages overlap."""

    queue_ms: float = 0.0
    translate_ms: float = 0.0
    summarize_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(slots=True)
class RequestContext:
    """Who asks, how urgently, until when.

    Attributes:
        request_id: For logs.
        caller: Whom fairness and quotas count it for: token name or peer address.
        priority: Place in the queue.
        deadline: `time.monotonic()` seconds after which the answer is of no use; None for no deadline.
        timings: Filled in by the stages.
        estimate: Room in the queue for what it is likely to need, until that is known.
    """

    request_id: str = ""
    caller: str = ""
    priority: Priority = Priority.INTERACTIVE
    deadline: float | None = None
    timings: StageTimings = field(default_factory=StageTimings)
    estimate: Reservation | None = None

    def remaining_s(self) -> float | None:
        """Seconds left, possibly negative; None without a deadline."""
        return None if self.deadline is None else self.deadline - time.monotonic()


@dataclass(frozen=True, slots=True)
class WordLink:
    """A link between a source word and a target word, offsets in the pair's own texts."""

    source_span: Span
    target_span: Span


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """An alternative translation."""

    target_text: str
    score: float


@dataclass(frozen=True, slots=True)
class SegmentTranslation:
    """A segment (a sentence, or a line without one) and its translation; `source_span` counts in the caller's text."""

    source_span: Span
    target_span: Span
    source_text: str
    target_text: str
    score: float
    similarity: float
    flags: tuple[QualityFlag, ...] = ()
    word_links: tuple[WordLink, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    origin: Origin = Origin.MODEL


class StreamedSegment(NamedTuple):
    """One segment of several texts.

    Attributes:
        text_index: Of the text among those of the request.
        segment_index: Of the segment in its text.
        segment: Its translation.
        last: No other comes after it.
    """

    text_index: int
    segment_index: int
    segment: SegmentTranslation
    last: bool


@dataclass(frozen=True, slots=True)
class TextTranslation:
    """A translated text and its segments in order; what stands between segments is copied."""

    text: str
    segments: tuple[SegmentTranslation, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What was found about a given pair."""

    score: float
    similarity: float
    flags: tuple[QualityFlag, ...] = ()
    word_links: tuple[WordLink, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelReference:
    """Which model answered.

    Attributes:
        name: Of the package.
        version: Of the package.
        revision: SHA-256 of its weights.
        digest: Changes with whatever else decides the output as well: tokenizers, vocabulary map, settings of
            decoding. Empty where the weights are all.
        vocabulary_map: SHA-256 of the vocabulary map in use, empty where every piece is scored.
    """

    name: str
    version: str
    revision: str
    digest: str = field(default="", compare=False)
    vocabulary_map: str = field(default="", compare=False)


def pairs_of(pairs: Sequence[LanguagePair]) -> tuple[tuple[str, str], ...]:
    """The pairs as plain tuples, as errors carry them."""
    return tuple((p.source, p.target) for p in pairs)
