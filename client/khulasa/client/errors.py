"""Every error that the client raises.

    KhulasaError
    ├─ InvalidRequestError            a field of the request is wrong: .violations
    │  ├─ InvalidArticleError         ... and it is a field of the article
    │  │  └─ NothingToSummarizeError  the article holds no sentence of running text
    │  ├─ GlossaryConflictError       two terms contradict each other
    │  └─ MessageTooLargeError        request or answer is larger than the channel takes
    ├─ PreconditionError              the server cannot do this as it is set up
    │  └─ UnsupportedLanguageError    no model for this language or pair: .available_pairs
    ├─ NotFoundError                  there is no such thing
    │  └─ ModelNotFoundError          ... no such model
    ├─ OverloadedError                the server is busy: .retry_after
    │  └─ QuotaExceededError          this caller's quota is used up
    ├─ UnavailableError               no server there, or the connection broke
    │  └─ NotServingError             the server is loading its models or draining
    ├─ DeadlineError                  the deadline passed
    ├─ CallCancelledError             the call was cancelled, or the client closed
    ├─ AuthenticationError            no token, or one that is not known
    ├─ PermissionDeniedError          the token is known and not allowed to do this
    ├─ UnsupportedMethodError         the server is older than this client
    └─ ServerError                    the server's own fault, or an answer that makes no sense

`grpc.RpcError` never reaches the caller; it is the `__cause__`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

__all__ = [
    "AuthenticationError",
    "CallCancelledError",
    "DeadlineError",
    "ErrorFacts",
    "GlossaryConflictError",
    "InvalidArticleError",
    "InvalidRequestError",
    "KhulasaError",
    "MessageTooLargeError",
    "ModelNotFoundError",
    "NotFoundError",
    "NotServingError",
    "NothingToSummarizeError",
    "OverloadedError",
    "PermissionDeniedError",
    "PreconditionError",
    "QuotaExceededError",
    "ServerError",
    "UnavailableError",
    "UnsupportedLanguageError",
    "UnsupportedMethodError",
    "Violation",
]


@dataclass(frozen=True, slots=True)
class Violation:
    """One fault of a request.

    Attributes:
        field: Path as in the proto, for example `article.text` or `options.max_sentences`.
        description: What is wrong with it.
    """

    field: str
    description: str

    def __str__(self) -> str:
        return f"{self.field}: {self.description}" if self.field else self.description


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """What is known of a failure.

    Attributes:
        code: Canonical name of the status code, for example `INVALID_ARGUMENT`.
        reason: `ErrorInfo.reason`, for example `OVERLOADED`; empty when the server said none.
        request_id: Under which the server's log has the request; empty when unknown.
        violations: One for each fault of the request.
        retry_after: Seconds after which to try again, None when the server did not say.
        metadata: `ErrorInfo.metadata`.
    """

    code: str = ""
    reason: str = ""
    request_id: str = ""
    violations: tuple[Violation, ...] = ()
    retry_after: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))

    def __reduce__(self) -> tuple[Any, ...]:
        # A read-only mapping can be neither pickled nor copied.
        plain = (self.code, self.reason, self.request_id, self.violations, self.retry_after, dict(self.metadata))
        return ErrorFacts, plain


class KhulasaError(Exception):
    """Root of the tree. Errors of one class are equal when their message and facts are, as after a pickle.

    Attributes:
        message: What went wrong, for people.
        facts: Everything that is known of the failure.
    """

    default_code = "UNKNOWN"

    def __init__(self, message: str, facts: ErrorFacts | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts or ErrorFacts()

    def __reduce__(self) -> tuple[Any, ...]:
        # The notes of `add_note` go along.
        return type(self), (self.message, self.facts), self.__dict__

    def __eq__(self, other: object) -> bool:
        # An Outcome is a value, and this is a part of it.
        if not isinstance(other, KhulasaError) or type(self) is not type(other):
            return NotImplemented
        return (self.message, self.facts) == (other.message, other.facts)

    def __hash__(self) -> int:
        return hash((type(self), self.message, self.facts))

    def __str__(self) -> str:
        return f"{self.message} [request {self.request_id}]" if self.request_id else self.message

    @property
    def code(self) -> str:
        """Canonical name of the status code; of a fault found in the client, the code a server would have given."""
        return self.facts.code or self.default_code

    @property
    def reason(self) -> str:
        """`ErrorReason` without its prefix, for example `OVERLOADED`; empty when the server said none."""
        return self.facts.reason

    @property
    def request_id(self) -> str:
        """Under which the server's log has the request; empty when it was never sent."""
        return self.facts.request_id

    @property
    def details(self) -> dict[str, object]:
        """The facts as JSON-ready values, for logs."""
        facts = self.facts
        return {
            "code": self.code,
            "reason": facts.reason,
            "message": self.message,
            "request_id": facts.request_id,
            "violations": [{"field": one.field, "description": one.description} for one in facts.violations],
            "retry_after_s": facts.retry_after,
            "metadata": dict(facts.metadata),
        }


class InvalidRequestError(KhulasaError):
    """A field of the request is wrong; the same request fails again."""

    default_code = "INVALID_ARGUMENT"

    @property
    def violations(self) -> tuple[Violation, ...]:
        """One for each fault."""
        return self.facts.violations


class InvalidArticleError(InvalidRequestError):
    """A field of the article is wrong."""


class NothingToSummarizeError(InvalidArticleError):
    """The article holds no sentence of running text."""


class GlossaryConflictError(InvalidRequestError):
    """Two terms of the glossary contradict each other."""


class MessageTooLargeError(InvalidRequestError):
    """The request or its answer is larger than the channel takes. Never tried again: it would fail for ever."""

    default_code = "RESOURCE_EXHAUSTED"


class PreconditionError(KhulasaError):
    """The server cannot do this as it is set up."""

    default_code = "FAILED_PRECONDITION"


class UnsupportedLanguageError(PreconditionError):
    """No model serves this language or pair."""

    @property
    def available_pairs(self) -> tuple[tuple[str, str], ...]:
        """(source, target) language codes that are served."""
        listed = self.facts.metadata.get("available_pairs", "")
        pairs = (pair.strip().partition("-") for pair in listed.split(",") if "-" in pair)
        return tuple((source, target) for source, _, target in pairs)


class NotFoundError(KhulasaError):
    """There is no such thing on the server."""

    default_code = "NOT_FOUND"


class ModelNotFoundError(NotFoundError):
    """The server runs no model of that name."""


class OverloadedError(KhulasaError):
    """The server is busy, and stayed so for as long as the retries lasted."""

    default_code = "RESOURCE_EXHAUSTED"

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the server wants to be asked again, None when it did not say."""
        return self.facts.retry_after


class QuotaExceededError(OverloadedError):
    """This caller's quota is used up."""


class UnavailableError(KhulasaError):
    """No server answers at the target, or the connection broke."""

    default_code = "UNAVAILABLE"


class NotServingError(UnavailableError):
    """The server is loading its models or draining."""


class DeadlineError(KhulasaError):
    """The deadline passed, or the server's queue is too long to meet it."""

    default_code = "DEADLINE_EXCEEDED"


class CallCancelledError(KhulasaError):
    """The call was cancelled, or the client was closed under it."""

    default_code = "CANCELLED"


class AuthenticationError(KhulasaError):
    """No token, or one that the server does not know."""

    default_code = "UNAUTHENTICATED"


class PermissionDeniedError(KhulasaError):
    """The caller is known and not allowed to do this."""

    default_code = "PERMISSION_DENIED"


class UnsupportedMethodError(KhulasaError):
    """The server does not know this method: it is older than the client, or is something else."""

    default_code = "UNIMPLEMENTED"


class ServerError(KhulasaError):
    """The server's own fault; its log has the reason under the request id."""

    default_code = "INTERNAL"
