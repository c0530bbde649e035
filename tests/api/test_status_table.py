"""No error of the core is without a status, and no status says more than it may."""

from __future__ import annotations

import inspect

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2
from khulasa.server.api import authentication, intake, status
from khulasa.server.core import errors
from khulasa.v1 import common_pb2

CORE_ERRORS = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, Exception) and cls.__module__ == errors.__name__
]


@pytest.mark.parametrize("cls", [cls for cls in CORE_ERRORS if cls is not errors.CoreError])
def test_every_core_error_has_its_own_entry(cls: type[Exception]) -> None:
    assert cls in status._TABLE


def test_every_reason_of_the_api_is_given_by_something() -> None:
    given = {entry.reason for entry in status._TABLE.values()} | {common_pb2.ERROR_REASON_QUOTA_EXCEEDED}
    assert given == set(common_pb2.ErrorReason.values()) - {common_pb2.ERROR_REASON_UNSPECIFIED}


def test_only_the_servers_own_faults_are_internal() -> None:
    internal = {cls for cls, entry in status._TABLE.items() if entry.code is grpc.StatusCode.INTERNAL}
    assert internal == {errors.EngineError}
    assert grpc.StatusCode.UNKNOWN not in {entry.code for entry in status._TABLE.values()}


@pytest.mark.parametrize("error", [errors.EngineError("نص سري"), ValueError("نص سري"), KeyError("نص سري")])
def test_a_servers_fault_does_not_tell_what_it_was(error: Exception) -> None:
    made = status.status_of(error, "id")
    assert made.code == grpc.StatusCode.INTERNAL.value[0]
    assert "سري".encode() not in made.SerializeToString()
    assert status.is_servers_fault(error)


@pytest.mark.parametrize(
    "error",
    [
        *(errors.OverloadedError("full", 1.0), errors.NotServingError("loading"), errors.DeadlineError("too late")),
        *(authentication.AuthenticationError("no"), intake.NoMessageError("none came")),
    ],
)
def test_any_other_fault_says_what_it_was(error: Exception) -> None:
    assert status.status_of(error, "id").message == str(error)
    assert not status.is_servers_fault(error)


def test_the_most_specific_entry_wins() -> None:
    class Narrow(errors.NothingToSummarizeError):
        pass

    error = Narrow([errors.FieldViolation("article.text", "empty")])
    assert status.reason_of(error) == "NOTHING_TO_SUMMARIZE"
    assert status.code_of(error) is grpc.StatusCode.INVALID_ARGUMENT


def test_details_of_each_kind() -> None:
    invalid = errors.InvalidInputError([errors.FieldViolation("a", "one"), errors.FieldViolation("b", "two")])
    assert kinds(invalid) == {"ErrorInfo", "RequestInfo", "BadRequest"}
    assert kinds(errors.OverloadedError("full", 1.0)) == {"ErrorInfo", "RequestInfo", "RetryInfo"}
    assert kinds(errors.NotServingError("loading")) == {"ErrorInfo", "RequestInfo"}
    assert kinds(authentication.AuthenticationError("no")) == {"ErrorInfo", "RequestInfo"}
    assert status.status_of(invalid, "").message == "a: one (and 1 more)"


@pytest.mark.parametrize(("seconds", "milliseconds"), [(0.0, 1), (0.0004, 1), (1.5, 1500), (3600.0, 3_600_000)])
def test_a_retry_is_never_at_once(seconds: float, milliseconds: int) -> None:
    retry = error_details_pb2.RetryInfo()
    for detail in status.status_of(errors.OverloadedError("full", seconds), "").details:
        detail.Unpack(retry)
    assert retry.retry_delay.ToMilliseconds() == milliseconds


def test_quota_and_overload_are_told_apart() -> None:
    assert status.reason_of(errors.OverloadedError("full", 1.0)) == "OVERLOADED"
    assert status.reason_of(errors.OverloadedError("yours is used up", 1.0, quota=True)) == "QUOTA_EXCEEDED"


def kinds(error: Exception) -> set[str]:
    def name(detail: any_pb2.Any) -> str:
        return detail.type_url.rpartition(".")[2]

    return {name(detail) for detail in status.status_of(error, "id").details}


@pytest.mark.parametrize("target", ["", "en"])
def test_a_language_that_cannot_be_told_is_asked_for(target: str) -> None:
    told, asked = (
        status.status_of(errors.UnsupportedLanguageError(one, target, [("ar", "en")]), "r") for one in ("fr", "")
    )
    assert "name the source language" in asked.message
    assert "name the" not in told.message
