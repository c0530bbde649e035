"""Summary requests to core types, every fault named; core results to proto."""

from __future__ import annotations

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
from khulasa.server.api.limits import (
    MAX_ARTICLE_ID_CHARS,
    MAX_FOCUS_CHARS,
    MAX_KEY_TERMS,
    MAX_SENTENCES,
    MAX_TITLE_CHARS,
    MAX_URL_CHARS,
    MAX_WORDS,
    RequestLimits,
)
from khulasa.server.api.ports import ModelKind
from khulasa.server.api.violations import Violations
from khulasa.server.core.pipeline.types import (
    AlignedSentence,
    ArticleInput,
    BilingualSummary,
    SummaryResult,
    SummarySettings,
)
from khulasa.server.core.summary.types import SummaryBounds
from khulasa.server.core.text.types import PartKind
from khulasa.server.core.translation.glossary.terms import conflicts_of
from khulasa.server.core.translation.types import Priority, StageTimings
from khulasa.v1 import summary_pb2

__all__ = ["PART_KINDS", "SummarizeInput", "summarize_request", "summarize_response"]

PART_KINDS: dict[PartKind, summary_pb2.PartKind.ValueType] = {
    kind: summary_pb2.PartKind.Value(f"PART_KIND_{kind.name}") for kind in PartKind
}


@dataclass(frozen=True, slots=True)
class SummarizeInput:
    """A SummarizeRequest without fault."""

    article: ArticleInput
    settings: SummarySettings
    priority: Priority
    request_id: str


def summarize_request(
    request: summary_pb2.SummarizeRequest, limits: RequestLimits, priority: Priority = Priority.INTERACTIVE
) -> SummarizeInput:
    """The request in core types; `priority` is for requests that name none.

    Raises:
        InvalidInputError: with a violation for each fault.
    """
    violations = Violations()
    article, options = request.article, request.options
    text = article.text  # decoded at each access: once is enough for ten megabytes
    violations.not_blank("article.text", text)
    converted = SummarizeInput(
        article=ArticleInput(
            text=violations.at_most_chars("article.text", text, limits.max_article_chars),
            article_id=violations.at_most_chars("article.article_id", article.article_id, MAX_ARTICLE_ID_CHARS),
            title=violations.at_most_chars("article.title", article.title, MAX_TITLE_CHARS),
            language=violations.language("article.language_code", article.language_code),
            format=text_format(article.format, "article.format", violations),
            url=violations.at_most_chars("article.url", article.url, MAX_URL_CHARS),
        ),
        settings=SummarySettings(
            target_language=violations.language("options.target_language_code", options.target_language_code),
            bounds=_bounds(options, violations),
            focus=violations.at_most_chars("options.focus", options.focus, MAX_FOCUS_CHARS),
            full_translation=options.full_translation,
            max_key_terms=violations.in_range("options.max_key_terms", options.max_key_terms, 0, MAX_KEY_TERMS),
            decoding=decoding_options(options.translation, "options.translation", limits, violations),
            glossary=glossary_from_proto(request.glossary, violations),
        ),
        priority=priority_from_proto(
            options.translation.priority, priority, "options.translation.priority", violations
        ),
        request_id=request_id_from_proto(request.request_id, violations),
    )
    violations.check(lambda: conflicts_of(converted.settings.glossary, converted.article.language))
    return converted


def _bounds(options: summary_pb2.SummaryOptions, violations: Violations) -> SummaryBounds:
    """The one bound that is set, if any."""
    max_sentences = violations.in_range("options.max_sentences", options.max_sentences, 1, MAX_SENTENCES)
    max_words = violations.in_range("options.max_words", options.max_words, 1, MAX_WORDS)
    if not 0.0 <= options.ratio <= 1.0:  # NaN compares false, too
        violations.add("options.ratio", f"must be above 0 and at most 1, or 0 for none; got {options.ratio:.9g}")
    named = {"max_sentences": max_sentences, "max_words": max_words, "ratio": options.ratio}
    first, *others = [name for name, value in named.items() if value] or [""]
    for name in others:
        violations.add(
            f"options.{name}", f"contradicts {first}: at most one of max_sentences, max_words and ratio may be set"
        )
    return SummaryBounds(max_sentences or None, max_words or None, options.ratio or None)


def summarize_response(result: SummaryResult, timings: StageTimings) -> summary_pb2.SummarizeResponse:
    """The summary of one article."""
    return summary_pb2.SummarizeResponse(
        summary=_summary(result.summary),
        detected_language_code=result.detected_language,
        translation_model=model_reference_to_proto(result.translation_model, ModelKind.TRANSLATION),
        summary_model=model_reference_to_proto(result.summary_model, ModelKind.SUMMARIZATION),
        timings=timings_to_proto(timings),
    )


def _summary(summary: BilingualSummary) -> summary_pb2.BilingualSummary:
    counts = summary.statistics
    return summary_pb2.BilingualSummary(
        article_id=summary.article_id,
        title=summary_pb2.AlignedText(
            source_text=summary.title.source_text,
            target_text=summary.title.target_text,
            flags=flags_to_proto(summary.title.flags),
        ),
        sentences=[_sentence(one) for one in summary.sentences],
        key_terms=[
            summary_pb2.KeyTerm(
                source_text=term.source_text,
                target_text=term.target_text,
                salience=term.salience,
                source_spans=[span_to_proto(span) for span in term.source_spans],
            )
            for term in summary.key_terms
        ],
        full_translation=[_sentence(one) for one in summary.full_translation],
        parts=[
            summary_pb2.DocumentPart(kind=PART_KINDS[part.kind], span=span_to_proto(part.span))
            for part in summary.parts
        ],
        statistics=summary_pb2.ArticleStatistics(
            chars=counts.chars,
            words=counts.words,
            sentences=counts.sentences,
            paragraphs=counts.paragraphs,
            summary_words=counts.summary_words,
        ),
    )


def _sentence(sentence: AlignedSentence) -> summary_pb2.AlignedSentence:
    return summary_pb2.AlignedSentence(
        source_text=sentence.source_text,
        target_text=sentence.target_text,
        source_span=span_to_proto(sentence.source_span),
        paragraph_index=sentence.paragraph_index,
        sentence_index=sentence.sentence_index,
        salience=sentence.salience,
        score=sentence.score,
        similarity=sentence.similarity,
        flags=flags_to_proto(sentence.flags),
        word_alignments=links_to_proto(sentence.word_links),
        origin=ORIGINS[sentence.origin],
        evidence_spans=[span_to_proto(span) for span in sentence.evidence_spans],
    )
