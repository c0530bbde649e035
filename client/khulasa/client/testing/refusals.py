"""What the fake refuses, in the server's words: faults of fields, and languages that are not served."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from typing import Any

import grpc
from khulasa.client.testing.answers import PAIRS, language_of
from khulasa.client.testing.faults import Fault
from khulasa.v1 import summary_pb2, translation_pb2

__all__ = ["assess_faults", "invalid", "summarize_faults", "target_language", "translate_faults"]

Faults = list[tuple[str, str]]

_BOUNDS = ("max_sentences", "max_words", "ratio")
# As in the protos; the sizes of texts are an operator's to set, and they are not looked at, nor are glossaries.
_AT_MOST_CHARS = {"article.article_id": 256, "article.title": 1_000, "article.url": 2_048, "options.focus": 500}
_RANGES = {
    "options.max_sentences": (1, 100),
    "options.max_words": (1, 10_000),
    "options.max_key_terms": (0, 50),
    "beam_size": (1, 8),
    "num_hypotheses": (0, 8),
}
_DEFAULT_BEAM_SIZE = 4
_MAX_ITEMS = 1_024
_LANGUAGE = re.compile("[a-z]{2,3}")


def summarize_faults(request: summary_pb2.SummarizeRequest) -> Faults:
    """What is wrong with the fields of a Summarize, as (field path, description)."""
    faults = _blank("article.text", request.article.text)
    for path, limit in _AT_MOST_CHARS.items():
        if len(value := _value(request, path)) > limit:
            faults.append((path, f"must have at most {limit:,} characters (code points); has {len(value):,}"))
    faults += _languages(request, "article.language_code", "options.target_language_code")
    faults += _choices(request, "article.format")
    faults += _ranges(request, [path for path in _RANGES if path.startswith("options.")])
    first, *others = [name for name in _BOUNDS if getattr(request.options, name)] or [""]
    for name in others:
        said = f"contradicts {first}: at most one of max_sentences, max_words and ratio may be set"
        faults.append((f"options.{name}", said))
    return faults + _decoding(request, "options.translation")


def translate_faults(request: translation_pb2.TranslateRequest) -> Faults:
    """What is wrong with the fields of a Translate."""
    faults = _count("texts", "text", request.texts)
    faults += _languages(request, "source_language_code", "target_language_code")
    faults += _choices(request, "format")
    return faults + _decoding(request, "options")


def assess_faults(request: translation_pb2.AssessRequest) -> Faults:
    """What is wrong with the fields of an Assess."""
    faults = _count("pairs", "pair", request.pairs)
    for index, pair in enumerate(request.pairs):
        faults += _blank(f"pairs[{index}].source_text", pair.source_text)
    return faults + _languages(request, "source_language_code", "target_language_code")


def invalid(violations: Sequence[tuple[str, str]], reason: str = "INVALID_FIELD") -> Fault:
    """The refusal of a request with these faults, one or more."""
    (field, description), more = violations[0], len(violations) - 1
    message = f"{field}: {description}" + (f" (and {more} more)" if more else "")
    return Fault(grpc.StatusCode.INVALID_ARGUMENT, message, reason, violations=violations)


def target_language(source: str, target: str, text: str) -> str | Fault:
    """The language to translate into, or why there is none.

    Args:
        source: As asked for, empty to be told by `text`.
        target: As asked for, empty for the only one.
        text: What is translated.
    """
    source = source or language_of(text)
    chosen = target or next((there for here, there in PAIRS if here == source), "")
    return chosen if (source, chosen) in PAIRS else _no_pair(source, target)


def _no_pair(source: str, target: str) -> Fault:
    """The refusal of a pair that is not served."""
    wanted, served = f"{source} -> {target}" if target else source, ", ".join(f"{s} -> {t}" for s, t in PAIRS)
    return Fault(
        grpc.StatusCode.FAILED_PRECONDITION,
        f"no model translates {wanted}; served: {served}",
        "UNSUPPORTED_LANGUAGE_PAIR",
        metadata={
            "available_pairs": ",".join(map("-".join, PAIRS)),
            "source_language_code": source,
            "target_language_code": target,
        },
    )


def _value(message: Any, path: str) -> Any:
    return reduce(getattr, path.split("."), message)


def _blank(field: str, text: str) -> Faults:
    if text.strip():
        return []
    return [(field, "must not be only white space" if text else "must not be empty")]


def _count(field: str, noun: str, items: Sequence[Any]) -> Faults:
    if not items:
        return [(field, f"must have at least one {noun}")]
    if len(items) > _MAX_ITEMS:
        return [(field, f"must have at most {_MAX_ITEMS:,} {noun}s in one request; has {len(items):,}")]
    return []


def _languages(request: Any, *paths: str) -> Faults:
    said = "must be a BCP-47 primary language subtag of two or three small letters, such as ar or en"
    return [(path, said) for path in paths if (code := _value(request, path)) and not _LANGUAGE.fullmatch(code)]


def _ranges(request: Any, paths: Sequence[str]) -> Faults:
    faults = []
    for path in paths:
        low, high = _RANGES.get(path) or _RANGES[path.rsplit(".", 1)[-1]]
        value = _value(request, path)
        if value and not low <= value <= high:
            also = ", or 0 for the default" if low else ""
            faults.append((path, f"must be between {low:,} and {high:,}{also}; got {value:,}"))
    return faults


def _choices(request: Any, *paths: str) -> Faults:
    faults = []
    for path in paths:
        parent, _, name = path.rpartition(".")
        message = _value(request, parent) if parent else request
        known = message.DESCRIPTOR.fields_by_name[name].enum_type.values_by_number
        if (value := getattr(message, name)) not in known:
            faults.append((path, f"has no value with number {value}; known are {', '.join(map(str, sorted(known)))}"))
    return faults


def _decoding(request: Any, path: str) -> Faults:
    faults = _ranges(request, [f"{path}.beam_size", f"{path}.num_hypotheses"])
    options = _value(request, path)
    beams = options.beam_size or _DEFAULT_BEAM_SIZE
    if 0 < beams < options.num_hypotheses <= _RANGES["num_hypotheses"][1]:
        faults.append((f"{path}.num_hypotheses", f"must not exceed the beam size, which is {beams}"))
    return faults + _choices(request, f"{path}.digit_shape", f"{path}.priority")
