"""From a failed call to one error of the tree: one table, the most specific entry wins."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from khulasa.client.errors import (
    AuthenticationError,
    CallCancelledError,
    DeadlineError,
    ErrorFacts,
    GlossaryConflictError,
    InvalidArticleError,
    InvalidRequestError,
    KhulasaError,
    MessageTooLargeError,
    ModelNotFoundError,
    NotFoundError,
    NothingToSummarizeError,
    NotServingError,
    OverloadedError,
    PermissionDeniedError,
    PreconditionError,
    QuotaExceededError,
    ServerError,
    UnavailableError,
    UnsupportedLanguageError,
    UnsupportedMethodError,
    Violation,
)

__all__ = ["BY_CODE", "BY_REASON", "DETAILS_KEY", "DOMAIN", "error_of_rpc", "error_of_status"]

DETAILS_KEY = "grpc-status-details-bin"
DOMAIN = "khulasa"
REQUEST_ID_KEY = "x-request-id"

# Looked at first: what the server itself says. `UNSPECIFIED` is the proto's zero and says nothing.
BY_REASON: dict[str, type[KhulasaError] | None] = {
    "UNSPECIFIED": None,
    "INVALID_FIELD": InvalidRequestError,
    "NOTHING_TO_SUMMARIZE": NothingToSummarizeError,
    "UNSUPPORTED_LANGUAGE_PAIR": UnsupportedLanguageError,
    "MODEL_NOT_FOUND": ModelNotFoundError,
    "OVERLOADED": OverloadedError,
    "QUOTA_EXCEEDED": QuotaExceededError,
    "DEADLINE_EXCEEDED": DeadlineError,
    "CANCELLED": CallCancelledError,
    "UNAUTHENTICATED": AuthenticationError,
    "NOT_SERVING": NotServingError,
    "INTERNAL": ServerError,
    "GLOSSARY_CONFLICT": GlossaryConflictError,
}

# Looked at when there is no reason: proxies, gRPC itself and servers of other makes give a bare code.
BY_CODE: dict[grpc.StatusCode, type[KhulasaError]] = {
    grpc.StatusCode.OK: ServerError,  # an OK that arrives as an error is not one
    grpc.StatusCode.CANCELLED: CallCancelledError,
    grpc.StatusCode.UNKNOWN: ServerError,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequestError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.ALREADY_EXISTS: ServerError,  # nothing is created here
    grpc.StatusCode.PERMISSION_DENIED: PermissionDeniedError,
    grpc.StatusCode.UNAUTHENTICATED: AuthenticationError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: OverloadedError,
    grpc.StatusCode.FAILED_PRECONDITION: PreconditionError,
    grpc.StatusCode.ABORTED: ServerError,
    grpc.StatusCode.UNIMPLEMENTED: UnsupportedMethodError,
    grpc.StatusCode.INTERNAL: ServerError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.DATA_LOSS: ServerError,
    grpc.StatusCode.OUT_OF_RANGE: InvalidRequestError,
}
_BY_NUMBER = {code.value[0]: code for code in grpc.StatusCode}
# gRPC's own words, from either end, for a message, or its metadata, beyond a limit; it gives no details with them.
_TOO_LARGE = ("message larger than max", "message length exceeds", "exceeds maximum size", "metadata size exceeds")


def error_of_rpc(error: grpc.RpcError, request_id: str = "") -> KhulasaError:
    """The error of the tree for a failed call, synchronous or not; `error` is its `__cause__`."""
    code: grpc.StatusCode = error.code() if callable(getattr(error, "code", None)) else grpc.StatusCode.UNKNOWN
    message = (error.details() if callable(getattr(error, "details", None)) else "") or ""
    trailers = error.trailing_metadata() if callable(getattr(error, "trailing_metadata", None)) else None
    status = _status_in(trailers or ())
    # The trailer is believed only where it agrees with the status of the call, as the gRPC libraries do.
    if status is None or status.code != code.value[0]:
        status = status_pb2.Status(code=code.value[0], message=message)
    made = error_of_status(status, request_id)
    # Its traceback leads to frames that hold it, and the request: they would stay until the garbage collector comes.
    made.__cause__ = error.with_traceback(None)
    return made


def error_of_status(status: status_pb2.Status, request_id: str = "") -> KhulasaError:
    """The error of the tree for a google.rpc.Status, as SummarizeStream and the details trailer carry it."""
    code = _BY_NUMBER.get(status.code, grpc.StatusCode.UNKNOWN)
    facts = _facts(status, code, request_id)
    cls = BY_REASON.get(facts.reason) or BY_CODE[code]
    if not facts.reason and code is grpc.StatusCode.RESOURCE_EXHAUSTED and _is_too_large(status.message):
        cls = MessageTooLargeError
    if cls is InvalidRequestError and any(_is_of_article(one.field) for one in facts.violations):
        cls = InvalidArticleError
    return cls(status.message or code.name.replace("_", " ").lower(), facts)


def _is_of_article(field: str) -> bool:
    return field.removeprefix("request.").split(".")[0].split("[")[0] == "article"


def _is_too_large(message: str) -> bool:
    lowered = message.lower()
    return any(words in lowered for words in _TOO_LARGE)


def _status_in(trailers: Iterable[Any]) -> status_pb2.Status | None:
    for key, value in trailers:
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None
    return None


def _facts(status: status_pb2.Status, code: grpc.StatusCode, request_id: str) -> ErrorFacts:
    reason, metadata, retry_after = "", {}, None
    for info in _details(status, error_details_pb2.ErrorInfo):
        # A proxy's ErrorInfo has reasons of its own.
        if info.domain == DOMAIN:
            reason, metadata = info.reason, dict(info.metadata)
    for retry in _details(status, error_details_pb2.RetryInfo):
        retry_after = max(0.0, retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9)
    for named in _details(status, error_details_pb2.RequestInfo):
        request_id = named.request_id or request_id
    violations = tuple(
        Violation(fault.field, fault.description)
        for bad_request in _details(status, error_details_pb2.BadRequest)
        for fault in bad_request.field_violations
    )
    return ErrorFacts(code.name, reason, request_id, violations, retry_after, metadata)


def _details(status: status_pb2.Status, kind: type[Any]) -> Iterator[Any]:
    """The details of one kind, in order; one that cannot be read hides none of the others."""
    for detail in status.details:
        if detail.Is(kind.DESCRIPTOR):
            with contextlib.suppress(DecodeError):
                yield kind.FromString(detail.value)
