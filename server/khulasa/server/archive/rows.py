"""One row of the output for each article: the summary, or what was wrong. Times stay out: a row is what the article is,
not how busy the machine was, so that two runs give the same bytes."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf.json_format import MessageToDict
from khulasa.server.api.convert_summary import summarize_response
from khulasa.server.api.status import code_of, reason_of, status_of
from khulasa.server.core.errors import InvalidInputError
from khulasa.server.core.pipeline.types import ArticleInput, SummaryResult
from khulasa.server.core.translation.types import ModelReference, StageTimings

__all__ = ["encode", "error_row", "is_failure", "may_succeed_later", "summary_row"]

_INTERNAL = "INTERNAL"
_INTERNAL_MESSAGE = "the job failed at this article; its log has the reason under this line"


def summary_row(line: int, article: ArticleInput, result: SummaryResult) -> dict[str, Any]:
    """The row of a summary; names as in the protos, every field present."""
    summary = summarize_response(result, StageTimings()).summary
    return {
        "line": line,
        "article_id": article.article_id,
        "url": article.url,
        "language_code": article.language or result.detected_language,
        "translation_model": _model(result.translation_model),
        "summary_model": _model(result.summary_model),
        "summary": MessageToDict(summary, preserving_proto_field_name=True, always_print_fields_with_no_presence=True),
    }


def error_row(line: int, article_id: str, error: Exception) -> dict[str, Any]:
    """The row of an article without a summary; code, reason and message as a caller of the API gets them."""
    code = code_of(error).name
    found = error.violations if isinstance(error, InvalidInputError) else ()
    return {
        "line": line,
        "article_id": article_id,
        "error": {
            "code": code,
            "reason": reason_of(error),
            "message": _INTERNAL_MESSAGE if code == _INTERNAL else status_of(error, "").message,
            "violations": [{"field": one.field, "description": one.description} for one in found],
        },
    }


def is_failure(row: dict[str, Any]) -> bool:
    """Whether it is an error row."""
    return "error" in row


def may_succeed_later(row: dict[str, Any]) -> bool:
    """Whether the fault was ours rather than the article's: the next run tries it again."""
    return is_failure(row) and row["error"]["code"] == _INTERNAL


def encode(row: dict[str, Any]) -> bytes:
    """The row as one line of JSON."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8") + b"\n"


def _model(reference: ModelReference) -> dict[str, str]:
    return {"name": reference.name, "version": reference.version, "revision": reference.revision}
