"""One table from error to status. What is not in it is the server's own fault, and its text stays in the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from khulasa.server.api.authentication import AuthenticationError
from khulasa.server.api.intake import NoMessageError
from khulasa.server.core.errors import (
    DeadlineError,
    EngineError,
    GlossaryConflictError,
    InvalidInputError,
    ModelNotFoundError,
    NothingToSummarizeError,
    NotServingError,
    OverloadedError,
    UnsupportedLanguageError,
    WorkCancelledError,
)
from khulasa.v1 import common_pb2

__all__ = ["DETAILS_KEY", "DOMAIN", "REQUEST_ID_KEY", "code_of", "is_servers_fault", "reason_of", "status_of"]

DOMAIN = "khulasa"
DETAILS_KEY = "grpc-status-details-bin"
REQUEST_ID_KEY = "x-request-id"

# Trailers have a few KiB in all clients; violations beyond this are cut off, the first ones are enough to go on.
_MAX_DETAIL_BYTES = 6_000


@dataclass(frozen=True, slots=True)
class _Entry:
    code: grpc.StatusCode
    reason: common_pb2.ErrorReason.ValueType


_TABLE: dict[type[Exception], _Entry] = {
    InvalidInputError: _Entry(grpc.StatusCode.INVALID_ARGUMENT, common_pb2.ERROR_REASON_INVALID_FIELD),
    NothingToSummarizeError: _Entry(grpc.StatusCode.INVALID_ARGUMENT, common_pb2.ERROR_REASON_NOTHING_TO_SUMMARIZE),
    GlossaryConflictError: _Entry(grpc.StatusCode.INVALID_ARGUMENT, common_pb2.ERROR_REASON_GLOSSARY_CONFLICT),
    UnsupportedLanguageError: _Entry(
        grpc.StatusCode.FAILED_PRECONDITION, common_pb2.ERROR_REASON_UNSUPPORTED_LANGUAGE_PAIR
    ),
    ModelNotFoundError: _Entry(grpc.StatusCode.NOT_FOUND, common_pb2.ERROR_REASON_MODEL_NOT_FOUND),
    OverloadedError: _Entry(grpc.StatusCode.RESOURCE_EXHAUSTED, common_pb2.ERROR_REASON_OVERLOADED),
    DeadlineError: _Entry(grpc.StatusCode.DEADLINE_EXCEEDED, common_pb2.ERROR_REASON_DEADLINE_EXCEEDED),
    WorkCancelledError: _Entry(grpc.StatusCode.CANCELLED, common_pb2.ERROR_REASON_CANCELLED),
    NotServingError: _Entry(grpc.StatusCode.UNAVAILABLE, common_pb2.ERROR_REASON_NOT_SERVING),
    EngineError: _Entry(grpc.StatusCode.INTERNAL, common_pb2.ERROR_REASON_INTERNAL),
    # What gRPC's own list of codes gives where a method wants one message and gets none.
    NoMessageError: _Entry(grpc.StatusCode.UNIMPLEMENTED, common_pb2.ERROR_REASON_INVALID_FIELD),
    AuthenticationError: _Entry(grpc.StatusCode.UNAUTHENTICATED, common_pb2.ERROR_REASON_UNAUTHENTICATED),
}
_UNKNOWN = _Entry(grpc.StatusCode.INTERNAL, common_pb2.ERROR_REASON_INTERNAL)
_INTERNAL_MESSAGE = "the server failed; its log has the reason under this request id"


def _entry(error: Exception) -> _Entry:
    """The entry of the most specific class."""
    for cls in type(error).__mro__:
        if cls in _TABLE:
            return _TABLE[cls]
    return _UNKNOWN


def code_of(error: Exception) -> grpc.StatusCode:
    """The canonical code of an error."""
    return _entry(error).code


def is_servers_fault(error: Exception) -> bool:
    """Whether the log should say where it happened."""
    return _entry(error).code is grpc.StatusCode.INTERNAL


def reason_of(error: Exception) -> str:
    """`ErrorInfo.reason` of an error."""
    reason = _entry(error).reason
    if isinstance(error, OverloadedError) and error.quota:
        reason = common_pb2.ERROR_REASON_QUOTA_EXCEEDED
    return common_pb2.ErrorReason.Name(reason).removeprefix("ERROR_REASON_")


def status_of(error: Exception, request_id: str) -> status_pb2.Status:
    """Code, message and details of an error, as a caller gets them."""
    entry = _entry(error)
    metadata: dict[str, str] = {}
    if isinstance(error, UnsupportedLanguageError):
        metadata = {
            "source_language_code": error.source,
            "target_language_code": error.target,
            "available_pairs": ",".join(f"{source}-{target}" for source, target in error.available),
        }
    status = status_pb2.Status(code=entry.code.value[0], message=_message(error, entry))
    _add(status, error_details_pb2.ErrorInfo(reason=reason_of(error), domain=DOMAIN, metadata=metadata))
    _add(status, error_details_pb2.RequestInfo(request_id=request_id))
    if isinstance(error, InvalidInputError):
        _add(status, _bad_request(error))
    if isinstance(error, OverloadedError):
        delay = Duration()
        delay.FromMilliseconds(max(1, round(error.retry_after_s * 1000)))
        _add(status, error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def _message(error: Exception, entry: _Entry) -> str:
    if entry.code is grpc.StatusCode.INTERNAL:
        return _INTERNAL_MESSAGE
    if isinstance(error, InvalidInputError):
        first, more = error.violations[0], len(error.violations) - 1
        return f"{first.field}: {first.description}" + (f" (and {more} more)" if more else "")
    return str(error)


def _bad_request(error: InvalidInputError) -> Any:
    detail = error_details_pb2.BadRequest()
    for violation in error.violations:
        detail.field_violations.add(field=violation.field, description=violation.description)
        if detail.ByteSize() > _MAX_DETAIL_BYTES:
            break
    return detail


def _add(status: status_pb2.Status, detail: Message) -> None:
    status.details.add().Pack(detail)
