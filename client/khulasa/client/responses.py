"""From protobuf answers to the frozen values of `results`."""

from __future__ import annotations

from collections.abc import Iterable

from khulasa.client.results import (
    AlignedSentence,
    AlignedText,
    ArticleStatistics,
    Assessment,
    DocumentPart,
    Hypothesis,
    KeyTerm,
    LanguagePair,
    ModelInfo,
    ModelKind,
    ModelLimits,
    PartKind,
    QualityFlag,
    QualityMeasurement,
    SegmentTranslation,
    Span,
    StreamedSegment,
    Summary,
    Timings,
    Translation,
    TranslationOrigin,
    WordAlignment,
)
from khulasa.v1 import common_pb2, model_pb2, summary_pb2, translation_pb2

__all__ = ["assessments", "model", "models", "streamed_segment", "summary", "translations"]


def _span(span: common_pb2.Span) -> Span:
    return Span(span.start, span.end)


def _spans(spans: Iterable[common_pb2.Span]) -> tuple[Span, ...]:
    return tuple(_span(span) for span in spans)


def _flags(flags: Iterable[int]) -> tuple[QualityFlag, ...]:
    return tuple(QualityFlag(flag) for flag in flags)


def _links(links: Iterable[common_pb2.WordAlignment]) -> tuple[WordAlignment, ...]:
    return tuple(WordAlignment(_span(link.source_span), _span(link.target_span)) for link in links)


def _origin(origin: int) -> TranslationOrigin:
    # The proto says: not said is MODEL.
    return TranslationOrigin(origin or TranslationOrigin.MODEL)


def _timings(timings: common_pb2.Timings) -> Timings:
    return Timings(timings.queue_ms, timings.translate_ms, timings.summarize_ms, timings.total_ms)


def _pair(pair: common_pb2.LanguagePair) -> LanguagePair:
    return LanguagePair(pair.source_language_code, pair.target_language_code)


def model(info: common_pb2.ModelInfo) -> ModelInfo:
    """One model."""
    return ModelInfo(
        name=info.name,
        version=info.version,
        revision=info.revision,
        kind=ModelKind(info.kind),
        language_pairs=tuple(_pair(pair) for pair in info.language_pairs),
        language_codes=tuple(info.language_codes),
        licence=info.licence,
        limits=ModelLimits(info.limits.max_input_tokens, info.limits.max_article_chars, info.limits.max_texts),
        quality=tuple(
            QualityMeasurement(one.dataset, _pair(one.language_pair), one.metric, one.value, one.signature)
            for one in info.quality
        ),
        preview=info.preview,
        description=info.description,
        vocabulary_map_revision=info.vocabulary_map_revision,
    )


def models(response: model_pb2.ListModelsResponse) -> list[ModelInfo]:
    """All models, in the server's order."""
    return [model(info) for info in response.models]


def _sentence(sentence: summary_pb2.AlignedSentence) -> AlignedSentence:
    return AlignedSentence(
        source_text=sentence.source_text,
        target_text=sentence.target_text,
        source_span=_span(sentence.source_span),
        paragraph_index=sentence.paragraph_index,
        sentence_index=sentence.sentence_index,
        salience=sentence.salience,
        score=sentence.score,
        similarity=sentence.similarity,
        flags=_flags(sentence.flags),
        word_alignments=_links(sentence.word_alignments),
        origin=_origin(sentence.origin),
        evidence_spans=_spans(sentence.evidence_spans),
    )


def summary(response: summary_pb2.SummarizeResponse, request_id: str) -> Summary:
    """The summary of one article."""
    made = response.summary
    counts = made.statistics
    return Summary(
        article_id=made.article_id,
        title=AlignedText(made.title.source_text, made.title.target_text, _flags(made.title.flags)),
        sentences=tuple(_sentence(sentence) for sentence in made.sentences),
        key_terms=tuple(
            KeyTerm(term.source_text, term.target_text, term.salience, _spans(term.source_spans))
            for term in made.key_terms
        ),
        full_translation=tuple(_sentence(sentence) for sentence in made.full_translation),
        parts=tuple(DocumentPart(PartKind(part.kind), _span(part.span)) for part in made.parts),
        statistics=ArticleStatistics(
            counts.chars, counts.words, counts.sentences, counts.paragraphs, counts.summary_words
        ),
        detected_language=response.detected_language_code,
        model=model(response.translation_model),
        summary_model=model(response.summary_model),
        timings=_timings(response.timings),
        request_id=request_id,
    )


def _segment(segment: translation_pb2.SegmentTranslation) -> SegmentTranslation:
    return SegmentTranslation(
        source_text=segment.source_text,
        target_text=segment.target_text,
        source_span=_span(segment.source_span),
        target_span=_span(segment.target_span),
        score=segment.score,
        similarity=segment.similarity,
        flags=_flags(segment.flags),
        word_alignments=_links(segment.word_alignments),
        hypotheses=tuple(Hypothesis(one.target_text, one.score) for one in segment.hypotheses),
        origin=_origin(segment.origin),
    )


def translations(response: translation_pb2.TranslateResponse, request_id: str) -> list[Translation]:
    """One for each text, same order."""
    answered, timings = model(response.model), _timings(response.timings)
    return [
        Translation(
            text=translation.text,
            segments=tuple(_segment(segment) for segment in translation.segments),
            detected_language=response.detected_language_code,
            model=answered,
            timings=timings,
            request_id=request_id,
        )
        for translation in response.translations
    ]


def streamed_segment(response: translation_pb2.TranslateStreamResponse) -> StreamedSegment:
    """One segment of a stream."""
    segment = _segment(response.segment)
    values = {name: getattr(segment, name) for name in SegmentTranslation.__dataclass_fields__}
    return StreamedSegment(
        **values, text_index=response.text_index, segment_index=response.segment_index, last=response.last
    )


def assessments(response: translation_pb2.AssessResponse) -> list[Assessment]:
    """One for each pair, same order."""
    return [
        Assessment(one.score, one.similarity, _flags(one.flags), _links(one.word_alignments))
        for one in response.assessments
    ]
