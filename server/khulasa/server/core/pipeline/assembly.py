"""What is known of an article and of its translations, put together in the caller's offsets."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

from khulasa.server.core.pipeline.abstractive import WrittenSentence
from khulasa.server.core.pipeline.encoding import Vectors
from khulasa.server.core.pipeline.key_terms import align_key_terms
from khulasa.server.core.pipeline.reading import ReadArticle
from khulasa.server.core.pipeline.types import (
    AlignedKeyTerm,
    AlignedSentence,
    AlignedText,
    ArticleInput,
    ArticleStatistics,
    BilingualSummary,
    SummarySettings,
)
from khulasa.server.core.summary.types import KeyTerm, SelectedSentence
from khulasa.server.core.text.types import Span
from khulasa.server.core.text.words import count_words
from khulasa.server.core.translation.types import QualityFlag, SegmentTranslation, WordLink

__all__ = ["Reading", "Translations", "assemble"]


@dataclass(slots=True)
class Reading:
    """What is known of an article before anything is translated.

    Attributes:
        vectors: Of its sentences, same order.
        title_vector, focus_vector: None without a title, without a focus.
        salience: Of each sentence, [0, 1].
        selected: The summary's sentences; empty when a model writes them.
        written: What the model wrote, None for an extractive summary.
    """

    article: ReadArticle
    vectors: Vectors
    title_vector: Vectors | None
    focus_vector: Vectors | None
    salience: list[float]
    selected: list[SelectedSentence]
    terms: list[KeyTerm]
    written: list[WrittenSentence] | None = None


@dataclass(frozen=True, slots=True)
class Translations:
    """Of one article.

    Attributes:
        title: None without a title.
        sentences: By index of the article's sentence.
        written: Of what a model wrote, same order.
    """

    title: SegmentTranslation | None
    sentences: dict[int, SegmentTranslation]
    written: list[SegmentTranslation]


def assemble(
    article: ArticleInput,
    settings: SummarySettings,
    reading: Reading,
    translations: Translations,
    target_language: str,
) -> BilingualSummary:
    """The summary in the caller's offsets.

    Args:
        article: As the caller sent it; all offsets of the result count in its text.
        settings: What was asked for; word links and the full translation are left out unless they were.
        reading: What is known of the article.
        translations: Of every selected sentence at least, of all sentences for a full translation.
        target_language: Of the translations.
    """
    document = reading.article.document
    pairing = _Pairing(article, reading.article, translations, with_links=settings.decoding.word_alignments)
    texts = [document.as_read(sentence.span) for sentence in document.sentences]
    if reading.written is None:
        sentences = tuple(pairing.extracted(s.sentence_index, s.salience) for s in reading.selected)
        summary = [texts[s.sentence_index] for s in reading.selected]
    else:
        sentences = tuple(map(pairing.written, reading.written, translations.written))
        summary = [one.text for one in reading.written]
    full: tuple[AlignedSentence, ...] = ()
    if settings.full_translation:
        full = tuple(pairing.extracted(index, weight) for index, weight in enumerate(reading.salience))
    return BilingualSummary(
        article_id=article.article_id,
        title=_aligned_title(reading.article.title, translations.title),
        sentences=sentences,
        key_terms=_key_terms(article.text, reading, translations, target_language),
        full_translation=full,
        parts=reading.article.parts,
        statistics=ArticleStatistics(
            chars=len(article.text),
            words=sum(map(count_words, texts)),
            sentences=len(document.sentences),
            paragraphs=document.paragraph_count,
            summary_words=sum(map(count_words, summary)),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Pairing:
    """Pairs sentences of one article with their translations.

    Attributes:
        with_links: Whether word links were asked for; they may have been made for key terms alone.
    """

    article: ArticleInput
    read: ReadArticle
    translations: Translations
    with_links: bool

    def extracted(self, index: int, weight: float) -> AlignedSentence:
        """The article's sentence `index`, of salience `weight`, and its translation."""
        sentence, translation = self.read.document.sentences[index], self.translations.sentences[index]
        span = self.read.to_caller(sentence.span)
        return AlignedSentence(
            source_text=span.of(self.article.text),
            target_text=translation.target_text,
            source_span=span,
            paragraph_index=sentence.paragraph_index,
            sentence_index=sentence.sentence_index,
            salience=weight,
            score=translation.score,
            similarity=translation.similarity,
            flags=translation.flags,
            word_links=self._links(sentence.span, span, translation) if self.with_links else (),
            origin=translation.origin,
        )

    def written(self, one: WrittenSentence, translation: SegmentTranslation) -> AlignedSentence:
        """A sentence that a model wrote: it has no place of its own, its evidence has."""
        sentences = self.read.document.sentences
        first = sentences[one.evidence[0]]
        return AlignedSentence(
            source_text=one.text,
            target_text=translation.target_text,
            source_span=Span(0, 0),
            paragraph_index=first.paragraph_index,
            sentence_index=first.sentence_index,
            salience=one.salience,
            score=translation.score,
            similarity=translation.similarity,
            flags=tuple(flag for flag in QualityFlag if flag in {*one.flags, *translation.flags}),
            word_links=translation.word_links if self.with_links else (),
            origin=translation.origin,
            evidence_spans=tuple(self.read.to_caller(sentences[index].span) for index in one.evidence),
        )

    def _links(self, inner: Span, outer: Span, translation: SegmentTranslation) -> tuple[WordLink, ...]:
        """Links of the sentence at `inner` in the extracted text, counted in the caller's sentence at `outer`, which
        may hold markup in between."""
        return tuple(
            WordLink(self.read.to_caller(link.source_span.shifted(inner.start)).shifted(-outer.start), link.target_span)
            for link in translation.word_links
        )


def _aligned_title(source: str, title: SegmentTranslation | None) -> AlignedText:
    return AlignedText(source) if title is None else AlignedText(source, title.target_text, title.flags)


def _key_terms(text: str, reading: Reading, translations: Translations, language: str) -> tuple[AlignedKeyTerm, ...]:
    document, title = reading.article.document, reading.article.title_span
    done = [(sentence.span, translations.sentences.get(index)) for index, sentence in enumerate(document.sentences)]
    if title is not None:
        # A summary of few sentences holds few of the terms, the headline beside it some more.
        done = sorted([*done, (title, translations.title)], key=itemgetter(0))
    spans, translated = [span for span, _ in done], [one for _, one in done]
    terms = align_key_terms(reading.terms, spans, translated, (document.language, language), title)
    placed = [tuple(reading.article.to_caller(span) for span in term.source_spans) for term in terms]
    # As for sentences, the text is that of the caller at its place, which of HTML may be `Barton &amp; <b>Hale`.
    return tuple(
        AlignedKeyTerm(spans[0].of(text), term.target_text, term.salience, spans)
        for term, spans in zip(terms, placed, strict=True)
    )
