"""Parts that several requests share: decoding options, glossary, text format, request id; and what answers share."""

from __future__ import annotations

from collections.abc import Iterable

from khulasa.server.api.limits import (
    MAX_BEAM_SIZE,
    MAX_REQUEST_ID_CHARS,
    RequestLimits,
)
from khulasa.server.api.violations import Violations
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.glossary.terms import MOST_TERMS, term_faults
from khulasa.server.core.translation.types import (
    DecodingOptions,
    DigitShape,
    Glossary,
    GlossaryTerm,
    Origin,
    Priority,
    QualityFlag,
    StageTimings,
    TextFormat,
    WordLink,
)
from khulasa.v1 import common_pb2

__all__ = [
    "FLAGS",
    "ORIGINS",
    "decoding_options",
    "flags_to_proto",
    "glossary_from_proto",
    "is_request_id",
    "links_to_proto",
    "priority_from_proto",
    "request_id_from_proto",
    "span_to_proto",
    "text_format",
    "timings_to_proto",
]

_FORMATS: dict[int, TextFormat] = {
    common_pb2.TEXT_FORMAT_UNSPECIFIED: TextFormat.PLAIN_TEXT,
    common_pb2.TEXT_FORMAT_PLAIN_TEXT: TextFormat.PLAIN_TEXT,
    common_pb2.TEXT_FORMAT_HTML: TextFormat.HTML,
}
_DIGITS: dict[int, DigitShape] = {
    common_pb2.DIGIT_SHAPE_UNSPECIFIED: DigitShape.MODEL,
    common_pb2.DIGIT_SHAPE_WESTERN: DigitShape.WESTERN,
    common_pb2.DIGIT_SHAPE_ARABIC_INDIC: DigitShape.ARABIC_INDIC,
}
FLAGS: dict[QualityFlag, common_pb2.QualityFlag.ValueType] = {
    flag: common_pb2.QualityFlag.Value(f"QUALITY_FLAG_{flag.name}") for flag in QualityFlag
}
ORIGINS: dict[Origin, common_pb2.TranslationOrigin.ValueType] = {
    origin: common_pb2.TranslationOrigin.Value(f"TRANSLATION_ORIGIN_{origin.name}") for origin in Origin
}


def text_format(value: int, field: str, violations: Violations) -> TextFormat:
    """How a text is to be read; unset is plain text."""
    return violations.known(field, value, _FORMATS, TextFormat.PLAIN_TEXT)


def priority_from_proto(value: int, default: Priority, field: str, violations: Violations) -> Priority:
    """Place in the queue; unset is `default`, which depends on the method."""
    table: dict[int, Priority] = {
        common_pb2.PRIORITY_UNSPECIFIED: default,
        common_pb2.PRIORITY_INTERACTIVE: Priority.INTERACTIVE,
        common_pb2.PRIORITY_BULK: Priority.BULK,
    }
    return violations.known(field, value, table, default)


def decoding_options(
    options: common_pb2.TranslationOptions, field: str, limits: RequestLimits, violations: Violations
) -> DecodingOptions:
    """How to decode; `field` is the path of `options` in the request."""
    beam_size = violations.in_range(f"{field}.beam_size", options.beam_size, 1, MAX_BEAM_SIZE)
    num_hypotheses = violations.in_range(f"{field}.num_hypotheses", options.num_hypotheses, 0, MAX_BEAM_SIZE)
    beams = beam_size or limits.default_beam_size
    if 0 < beams < num_hypotheses <= MAX_BEAM_SIZE:
        violations.add(f"{field}.num_hypotheses", f"must not exceed the beam size, which is {beams}")
    return DecodingOptions(
        beam_size=beam_size,
        num_hypotheses=num_hypotheses,
        word_alignments=options.word_alignments,
        deterministic=options.deterministic,
        digit_shape=violations.known(f"{field}.digit_shape", options.digit_shape, _DIGITS, DigitShape.MODEL),
    )


def glossary_from_proto(glossary: common_pb2.Glossary, violations: Violations) -> Glossary:
    """Required translations. Whether terms contradict each other is the core's to say, see `conflicts_of`."""
    if len(glossary.terms) > MOST_TERMS:
        violations.add("glossary.terms", f"must have at most {MOST_TERMS:,} terms; has {len(glossary.terms):,}")
        return Glossary()
    terms = tuple(GlossaryTerm(term.source, term.target, term.case_sensitive) for term in glossary.terms)
    for index, term in enumerate(terms):
        for fault in term_faults(index, term):
            violations.add(fault.field, fault.description)
    return Glossary(terms)


def is_request_id(value: str) -> bool:
    """Whether `value` may name a request: 1 to 128 printable ASCII characters, safe in logs and headers.

    No space at either end: HTTP may take it off a header, and the answer would carry another name.
    """
    fits = 0 < len(value) <= MAX_REQUEST_ID_CHARS
    return fits and value.isascii() and value.isprintable() and value == value.strip()


def request_id_from_proto(value: str, violations: Violations) -> str:
    """The caller's name for the request, empty when it gave none."""
    if value and not is_request_id(value):
        violations.add(
            "request_id", f"must be at most {MAX_REQUEST_ID_CHARS} printable ASCII characters, no space at either end"
        )
    return value


def span_to_proto(span: Span) -> common_pb2.Span:
    """The same range."""
    return common_pb2.Span(start=span.start, end=span.end)


def flags_to_proto(flags: Iterable[QualityFlag]) -> list[common_pb2.QualityFlag.ValueType]:
    """The same flags, same order."""
    return [FLAGS[flag] for flag in flags]


def links_to_proto(links: Iterable[WordLink]) -> list[common_pb2.WordAlignment]:
    """The same links, same order."""
    return [
        common_pb2.WordAlignment(source_span=span_to_proto(a.source_span), target_span=span_to_proto(a.target_span))
        for a in links
    ]


def timings_to_proto(timings: StageTimings) -> common_pb2.Timings:
    """The same milliseconds."""
    return common_pb2.Timings(
        queue_ms=timings.queue_ms,
        translate_ms=timings.translate_ms,
        summarize_ms=timings.summarize_ms,
        total_ms=timings.total_ms,
    )
