"""Every status and every reason has its error; nothing of gRPC reaches the caller."""

from __future__ import annotations

import copy
import inspect
import pickle

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from khulasa.client import errors
from khulasa.client.errors import (
    ErrorFacts,
    InvalidArticleError,
    InvalidRequestError,
    KhulasaError,
    MessageTooLargeError,
    OverloadedError,
    QuotaExceededError,
    ServerError,
    UnavailableError,
    UnsupportedLanguageError,
    Violation,
)
from khulasa.client.results import Outcome
from khulasa.client.status import BY_CODE, BY_REASON, DETAILS_KEY, error_of_rpc, error_of_status
from khulasa.v1 import common_pb2


class Failed(grpc.RpcError):
    """A failed call as either kind of channel raises it."""

    def __init__(self, code: grpc.StatusCode, message: str = "", trailers: object = ()) -> None:
        self._code, self._message, self._trailers = code, message, trailers

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._message

    def trailing_metadata(self) -> object:
        return self._trailers


def status(code: grpc.StatusCode, *details: object, message: str = "said") -> status_pb2.Status:
    made = status_pb2.Status(code=code.value[0], message=message)
    for detail in details:
        made.details.add().Pack(detail)
    return made


def test_no_status_code_of_grpc_is_left_unmapped() -> None:
    assert set(BY_CODE) == set(grpc.StatusCode)


def test_no_error_reason_of_the_proto_is_left_unmapped() -> None:
    assert set(BY_REASON) == {name.removeprefix("ERROR_REASON_") for name in common_pb2.ErrorReason.keys()}  # noqa: SIM118


def test_every_error_class_can_come_about() -> None:
    """A class that no table names and nobody subclasses would be a promise that is never kept."""
    made_in_client = {MessageTooLargeError, InvalidArticleError}
    mapped = {cls for cls in (*BY_CODE.values(), *BY_REASON.values()) if cls} | made_in_client
    exported = {one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, KhulasaError)} - {
        KhulasaError
    }
    assert exported == mapped


def test_the_docstring_draws_every_class_under_its_parent() -> None:
    drawn: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        name = line.strip("│├└─ ").split(" ")[0]
        if name.endswith("Error"):
            drawn.append((line.index(name), name))
    parents: dict[str, str] = {}
    for index, (depth, name) in enumerate(drawn):
        above = [other for other_depth, other in drawn[:index] if other_depth < depth]
        parents[name] = next(
            (other for other_depth, other in reversed(drawn[:index]) if other_depth < depth), "Exception"
        )
        assert above or name == "KhulasaError"
    real = {
        name: one.__base__.__name__
        for name, one in inspect.getmembers(errors, inspect.isclass)
        if issubclass(one, KhulasaError)
    }
    assert parents == real


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_a_bare_status_keeps_its_code_and_message(code: grpc.StatusCode) -> None:
    error = error_of_rpc(Failed(code, "the message"), "r-1")
    assert (error.code, error.message, error.request_id, error.reason) == (code.name, "the message", "r-1", "")
    assert type(error) is BY_CODE[code]


def test_details_are_read_from_the_trailer() -> None:
    delay = Duration()
    delay.FromMilliseconds(1500)
    sent = status(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        error_details_pb2.ErrorInfo(reason="QUOTA_EXCEEDED", domain="khulasa", metadata={"a": "b"}),
        error_details_pb2.RetryInfo(retry_delay=delay),
        error_details_pb2.RequestInfo(request_id="server-made"),
    )
    trailers = (("x-request-id", "r"), ("other-bin", b"\xff"), (DETAILS_KEY, sent.SerializeToString()))
    error = error_of_rpc(Failed(grpc.StatusCode.RESOURCE_EXHAUSTED, "said", trailers), "ours")
    assert isinstance(error, errors.QuotaExceededError)
    assert (error.retry_after, error.reason, error.request_id) == (1.5, "QUOTA_EXCEEDED", "server-made")
    assert error.details["metadata"] == {"a": "b"}


@pytest.mark.parametrize(("milliseconds", "seconds"), [(0, 0.0), (250, 0.25), (61_000, 61.0), (-3_000, 0.0)])
def test_the_time_to_come_back_is_in_seconds_and_never_past(milliseconds: int, seconds: float) -> None:
    delay = Duration()
    delay.FromMilliseconds(milliseconds)
    error = error_of_status(status(grpc.StatusCode.UNAVAILABLE, error_details_pb2.RetryInfo(retry_delay=delay)))
    assert error.facts.retry_after == seconds


@pytest.mark.parametrize("trailer", [b"\xff\xff\xff not protobuf", b""])
def test_a_broken_trailer_hides_nothing(trailer: bytes) -> None:
    error = error_of_rpc(Failed(grpc.StatusCode.UNAVAILABLE, "gone", ((DETAILS_KEY, trailer),)))
    assert isinstance(error, UnavailableError)
    assert error.message == "gone"


def test_a_trailer_that_contradicts_the_status_is_not_believed() -> None:
    sent = status(grpc.StatusCode.NOT_FOUND).SerializeToString()
    assert isinstance(error_of_rpc(Failed(grpc.StatusCode.UNAVAILABLE, "x", ((DETAILS_KEY, sent),))), UnavailableError)


def test_a_broken_detail_hides_none_of_the_others() -> None:
    made = status(
        grpc.StatusCode.INVALID_ARGUMENT,
        error_details_pb2.ErrorInfo(reason="INVALID_FIELD", domain="khulasa"),
    )
    broken = made.details.add()
    broken.type_url, broken.value = "type.googleapis.com/google.rpc.BadRequest", b"\xff"
    unknown = made.details.add()
    unknown.type_url = "type.googleapis.com/of.tomorrow"
    assert error_of_status(made).reason == "INVALID_FIELD"


def test_a_reason_of_another_domain_is_not_ours() -> None:
    detail = error_details_pb2.ErrorInfo(reason="OVERLOADED", domain="envoy")
    assert type(error_of_status(status(grpc.StatusCode.UNAVAILABLE, detail))) is UnavailableError


def test_an_unknown_reason_falls_back_to_the_code_and_is_kept() -> None:
    detail = error_details_pb2.ErrorInfo(reason="OF_TOMORROW", domain="khulasa")
    error = error_of_status(status(grpc.StatusCode.RESOURCE_EXHAUSTED, detail))
    assert type(error) is OverloadedError
    assert error.reason == "OF_TOMORROW"


def test_an_unknown_code_is_the_servers_fault() -> None:
    assert isinstance(error_of_status(status_pb2.Status(code=99, message="odd")), ServerError)


@pytest.mark.parametrize(
    ("field", "cls"),
    [
        ("article.text", InvalidArticleError),
        ("request.article.article_id", InvalidArticleError),
        ("article", InvalidArticleError),
        ("options.ratio", InvalidRequestError),
        ("articles_of_faith", InvalidRequestError),
    ],
)
def test_violations_of_the_article_are_told_from_others(field: str, cls: type[KhulasaError]) -> None:
    bad = error_details_pb2.BadRequest()
    bad.field_violations.add(field=field, description="is wrong")
    info = error_details_pb2.ErrorInfo(reason="INVALID_FIELD", domain="khulasa")
    error = error_of_status(status(grpc.StatusCode.INVALID_ARGUMENT, info, bad))
    assert type(error) is cls
    assert isinstance(error, InvalidRequestError)
    assert error.violations == (Violation(field, "is wrong"),)


def test_pairs_that_are_served() -> None:
    info = error_details_pb2.ErrorInfo(
        reason="UNSUPPORTED_LANGUAGE_PAIR", domain="khulasa", metadata={"available_pairs": "ar-en,en-ar"}
    )
    error = error_of_status(status(grpc.StatusCode.FAILED_PRECONDITION, info))
    assert isinstance(error, UnsupportedLanguageError)
    assert error.available_pairs == (("ar", "en"), ("en", "ar"))
    assert UnsupportedLanguageError("no metadata").available_pairs == ()


@pytest.mark.parametrize(
    "message",
    [
        "CLIENT: Received message larger than max (300 vs. 200)",
        "SERVER: Received message larger than max (300 vs. 200)",
        "Sent message larger than max (300 vs. 200)",
        "received metadata size exceeds hard limit (value length 20000 vs. 16384)",
    ],
)
def test_too_large_is_not_overloaded(message: str) -> None:
    error = error_of_rpc(Failed(grpc.StatusCode.RESOURCE_EXHAUSTED, message))
    assert isinstance(error, MessageTooLargeError)


def test_errors_travel_between_processes() -> None:
    facts = ErrorFacts("RESOURCE_EXHAUSTED", "OVERLOADED", "r", (Violation("a", "b"),), 2.0, {"key": "value"})
    error = OverloadedError("busy", facts)
    error.add_note("of the morning's archive")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is OverloadedError
        assert again.details == error.details
        assert again.__notes__ == error.__notes__
        assert again == error, "an outcome that holds it is a value"
        assert hash(again) == hash(error)
    assert pickle.loads(pickle.dumps(Outcome(0, "a", error=error))) == Outcome(0, "a", error=error)


def test_facts_are_a_value() -> None:
    given = {"key": "value"}
    facts = ErrorFacts(metadata=given)
    given["key"] = "another"
    assert facts.metadata == {"key": "value"}
    assert copy.deepcopy(facts) == pickle.loads(pickle.dumps(facts)) == facts
    with pytest.raises(TypeError):
        facts.metadata["key"] = "another"  # type: ignore[index]


def test_other_errors_are_not_equal() -> None:
    error = OverloadedError("busy", ErrorFacts(request_id="r"))
    assert error != OverloadedError("busy", ErrorFacts(request_id="s"))
    assert error != OverloadedError("quite busy", ErrorFacts(request_id="r"))
    assert error != QuotaExceededError("busy", ErrorFacts(request_id="r"))
    assert error != KhulasaError("busy", ErrorFacts(request_id="r"))
    assert error != "busy"
