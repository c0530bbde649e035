"""What the summary room takes and gives."""

from __future__ import annotations

from dataclasses import dataclass

from khulasa.server.core.text.types import Span

__all__ = ["KeyTerm", "SelectedSentence", "SummaryBounds"]


@dataclass(frozen=True, slots=True)
class SummaryBounds:
    """How long the summary may be; at most one is set, with none the length follows the article's.

    Attributes:
        max_sentences: Sentences, 1 to 100.
        max_words: Source words over all sentences, 1 to 10,000.
        ratio: Share of the body's words, in (0, 1].
    """

    max_sentences: int | None = None
    max_words: int | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class SelectedSentence:
    """A sentence of the summary.

    Attributes:
        sentence_index: Into `Document.sentences`.
        salience: [0, 1], comparable within the document only.
    """

    sentence_index: int
    salience: float


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """A term of the article.

    Attributes:
        source_text: As it first stands in the article.
        salience: [0, 1].
        source_spans: Every place in the article, in order; but for the first ones where a preposition has swallowed
            its article (`للأمم المتحدة`), if they are no more than the others.
    """

    source_text: str
    salience: float
    source_spans: tuple[Span, ...]
