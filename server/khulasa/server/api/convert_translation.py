"""Translation requests to core types, every fault named; core results to proto."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from khulasa.server.api.convert_model import model_reference_to_proto
from khulasa.server.api.convert_options import (
    ORIGINS,
    decoding_options,
    flags_to_proto,
    glossary_from_proto,
    links_to_proto,
    priority_from_proto,
    request_id_from_proto,
    span_to_proto,
    text_format,
    timings_to_proto,
)
from khulasa.server.api.limits import RequestLimits
from khulasa.server.api.ports import ModelKind
from khulasa.server.api.violations import Violations
from khulasa.server.core.translation.glossary.terms import conflicts_of
from khulasa.server.core.translation.types import (
    Assessment,
    DecodingOptions,
    Glossary,
    ModelReference,
    Priority,
    SegmentTranslation,
    StageTimings,
    TextFormat,
    TextTranslation,
)
from khulasa.v1 import translation_pb2

__all__ = [
    "AssessInput",
    "TranslateInput",
    "assess_request",
    "assess_response",
    "segment_to_proto",
    "translate_request",
    "translate_response",
]


@dataclass(frozen=True, slots=True)
class TranslateInput:
    """A TranslateRequest without fault; `source` and `target` are empty where the caller gave none."""

    texts: tuple[str, ...]
    source: str
    target: str
    format: TextFormat
    options: DecodingOptions
    priority: Priority
    glossary: Glossary
    request_id: str


@dataclass(frozen=True, slots=True)
class AssessInput:
    """An AssessRequest without fault; `pairs` are (source text, target text)."""

    pairs: tuple[tuple[str, str], ...]
    source: str
    target: str
    glossary: Glossary
    word_alignments: bool
    request_id: str


def translate_request(request: translation_pb2.TranslateRequest, limits: RequestLimits) -> TranslateInput:
    """The request in core types.

    Raises:
        InvalidInputError: with a violation for each fault.
    """
    violations = Violations()
    texts: tuple[str, ...] = ()
    if _count(request.texts, "texts", "text", limits, violations):
        texts = tuple(request.texts)
        for index, text in enumerate(texts):
            violations.at_most_chars(f"texts[{index}]", text, limits.max_article_chars)
        _total(texts, "texts", limits, violations)
    converted = TranslateInput(
        texts=texts,
        source=violations.language("source_language_code", request.source_language_code),
        target=violations.language("target_language_code", request.target_language_code),
        format=text_format(request.format, "format", violations),
        options=decoding_options(request.options, "options", limits, violations),
        priority=priority_from_proto(request.options.priority, Priority.INTERACTIVE, "options.priority", violations),
        glossary=glossary_from_proto(request.glossary, violations),
        request_id=request_id_from_proto(request.request_id, violations),
    )
    violations.check(lambda: conflicts_of(converted.glossary, converted.source))
    return converted


def assess_request(request: translation_pb2.AssessRequest, limits: RequestLimits) -> AssessInput:
    """The request in core types.

    Raises:
        InvalidInputError: with a violation for each fault.
    """
    violations = Violations()
    pairs: tuple[tuple[str, str], ...] = ()
    if _count(request.pairs, "pairs", "pair", limits, violations):
        pairs = tuple((pair.source_text, pair.target_text) for pair in request.pairs)
        for index, (source, target) in enumerate(pairs):
            violations.not_blank(f"pairs[{index}].source_text", source)
            violations.at_most_chars(f"pairs[{index}].source_text", source, limits.max_article_chars)
            violations.at_most_chars(f"pairs[{index}].target_text", target, limits.max_article_chars)
        _total([side for pair in pairs for side in pair], "pairs", limits, violations)
    converted = AssessInput(
        pairs=pairs,
        source=violations.language("source_language_code", request.source_language_code),
        target=violations.language("target_language_code", request.target_language_code),
        glossary=glossary_from_proto(request.glossary, violations),
        word_alignments=request.word_alignments,
        request_id=request_id_from_proto(request.request_id, violations),
    )
    violations.check(lambda: conflicts_of(converted.glossary, converted.source))
    return converted


def _count(items: Sequence[object], field: str, noun: str, limits: RequestLimits, violations: Violations) -> bool:
    """Whether the number of items is right; the items of a request with far too many are not looked at."""
    if not items:
        violations.add(field, f"must have at least one {noun}")
    elif len(items) > limits.max_texts:
        violations.add(field, f"must have at most {limits.max_texts:,} {noun}s in one request; has {len(items):,}")
    else:
        return True
    return False


def _total(texts: Sequence[str], field: str, limits: RequestLimits, violations: Violations) -> None:
    # A single text over its own limit is reported as that, not twice.
    total = sum(map(len, texts))
    if total > limits.max_request_chars and max(map(len, texts)) <= limits.max_article_chars:
        allowed = f"{limits.max_request_chars:,}"
        violations.add(field, f"must have at most {allowed} characters (code points) together; have {total:,}")


def segment_to_proto(segment: SegmentTranslation) -> translation_pb2.SegmentTranslation:
    """One segment."""
    return translation_pb2.SegmentTranslation(
        source_span=span_to_proto(segment.source_span),
        target_span=span_to_proto(segment.target_span),
        source_text=segment.source_text,
        target_text=segment.target_text,
        score=segment.score,
        similarity=segment.similarity,
        flags=flags_to_proto(segment.flags),
        word_alignments=links_to_proto(segment.word_links),
        hypotheses=[
            translation_pb2.Hypothesis(target_text=one.target_text, score=one.score) for one in segment.hypotheses
        ],
        origin=ORIGINS[segment.origin],
    )


def translate_response(
    translations: Sequence[TextTranslation], detected_language: str, model: ModelReference, timings: StageTimings
) -> translation_pb2.TranslateResponse:
    """Translations, same order."""
    return translation_pb2.TranslateResponse(
        translations=[
            translation_pb2.TextTranslation(text=one.text, segments=[segment_to_proto(s) for s in one.segments])
            for one in translations
        ],
        detected_language_code=detected_language,
        model=model_reference_to_proto(model, ModelKind.TRANSLATION),
        timings=timings_to_proto(timings),
    )


def assess_response(
    assessments: Sequence[Assessment], model: ModelReference, timings: StageTimings
) -> translation_pb2.AssessResponse:
    """Assessments, same order."""
    return translation_pb2.AssessResponse(
        assessments=[
            translation_pb2.Assessment(
                score=one.score,
                similarity=one.similarity,
                flags=flags_to_proto(one.flags),
                word_alignments=links_to_proto(one.word_links),
            )
            for one in assessments
        ],
        model=model_reference_to_proto(model, ModelKind.TRANSLATION),
        timings=timings_to_proto(timings),
    )
