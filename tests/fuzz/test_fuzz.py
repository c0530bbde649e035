"""Any request, well-formed or not: an answer or a refusal that blames the caller, never UNKNOWN, INTERNAL or a crash.

A real server process with the real rooms and a decoder that copies. `-m long` runs 100,000 cases.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from khulasa.v1 import model_pb2, summary_pb2, translation_pb2
from messages import damaged, messages
from server_process import ServerProcess

COMMAND = [sys.executable, str(Path(__file__).parent / "server_quick_decoder.py")]
SHORT = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
LONG = settings(SHORT, max_examples=11_200, derandomize=False)
# Far above what a case takes, on a machine that is busy with other things.
LIMIT_S = 100.0
REFUSALS = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
}


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess(COMMAND, log_level="error", log_texts=True) as process:
        process.wait_until("SERVING")
        yield process
        assert process.stop() == 0
        assert not process.log, process.written()


def must_blame_the_caller(error: grpc.RpcError, server: ServerProcess) -> None:
    assert error.code() in REFUSALS, (error.code(), error.details(), server.written()[-3000:])


def answer_or_refusal(server: ServerProcess, method: str, content: bytes) -> bytes | None:
    """The answer's bytes, None for a refusal that is the caller's fault."""
    try:
        return bytes(server.channel.unary_unary(f"/khulasa.v1.{method}")(content, timeout=LIMIT_S))
    except grpc.RpcError as error:
        must_blame_the_caller(error, server)
        return None


def translate(server: ServerProcess, request: translation_pb2.TranslateRequest) -> None:
    content = answer_or_refusal(server, "TranslationService/Translate", request.SerializeToString())
    if content is None:
        return
    answer = translation_pb2.TranslateResponse.FromString(content)
    assert len(answer.translations) == len(request.texts)
    for text, one in zip(request.texts, answer.translations, strict=True):
        last = 0
        for segment in one.segments:
            source, target = segment.source_span, segment.target_span
            assert last <= source.start <= source.end <= len(text)
            assert text[source.start : source.end] == segment.source_text
            assert one.text[target.start : target.end] == segment.target_text
            last = source.end


def stream(server: ServerProcess, request: translation_pb2.TranslateStreamRequest) -> None:
    call = server.channel.unary_stream("/khulasa.v1.TranslationService/TranslateStream")
    try:
        found = [
            translation_pb2.TranslateStreamResponse.FromString(one)
            for one in call(request.SerializeToString(), timeout=LIMIT_S)
        ]
    except grpc.RpcError as error:
        must_blame_the_caller(error, server)
        return
    assert [one.last for one in found] == [False] * (len(found) - 1) + [True] * bool(found)
    assert [(one.text_index, one.segment_index) for one in found] == sorted(
        {(one.text_index, one.segment_index) for one in found}
    )


def summarize(server: ServerProcess, request: summary_pb2.SummarizeRequest) -> None:
    content = answer_or_refusal(server, "SummaryService/Summarize", request.SerializeToString())
    if content is None:
        return
    summary, text = summary_pb2.SummarizeResponse.FromString(content).summary, request.article.text
    assert summary.sentences
    for pair in summary.sentences:
        assert text[pair.source_span.start : pair.source_span.end] == pair.source_text
    assert "".join(text[part.span.start : part.span.end] for part in summary.parts) == text
    for term in summary.key_terms:
        assert all(0 <= span.start < span.end <= len(text) for span in term.source_spans)


def archive(server: ServerProcess, requests: list[summary_pb2.SummarizeStreamRequest]) -> None:
    call = server.channel.stream_stream("/khulasa.v1.SummaryService/SummarizeStream")
    found = [
        summary_pb2.SummarizeStreamResponse.FromString(one)
        for one in call(iter([one.SerializeToString() for one in requests]), timeout=LIMIT_S)
    ]
    assert sorted(one.article_id for one in found) == sorted(one.request.article.article_id for one in requests)
    codes = {code.value[0] for code in REFUSALS}
    assert all(one.error.code in codes for one in found if one.HasField("error")), found


def assess(server: ServerProcess, request: translation_pb2.AssessRequest) -> None:
    content = answer_or_refusal(server, "TranslationService/Assess", request.SerializeToString())
    if content is not None:
        assert len(translation_pb2.AssessResponse.FromString(content).assessments) == len(request.pairs)


def raw(server: ServerProcess, method: str, content: bytes) -> None:
    answer_or_refusal(server, method, content)


CASES: dict[str, tuple[Any, Any]] = {
    "translate": (messages(translation_pb2.TranslateRequest), translate),
    "stream": (messages(translation_pb2.TranslateStreamRequest), stream),
    "summarize": (messages(summary_pb2.SummarizeRequest), summarize),
    "archive": (st.lists(messages(summary_pb2.SummarizeStreamRequest), max_size=4), archive),
    "assess": (messages(translation_pb2.AssessRequest), assess),
    "damaged translate": (
        damaged(translation_pb2.TranslateRequest),
        lambda server, content: raw(server, "TranslationService/Translate", content),
    ),
    "damaged summarize": (
        damaged(summary_pb2.SummarizeRequest),
        lambda server, content: raw(server, "SummaryService/Summarize", content),
    ),
    "damaged assess": (
        damaged(translation_pb2.AssessRequest),
        lambda server, content: raw(server, "TranslationService/Assess", content),
    ),
    "get model": (
        messages(model_pb2.GetModelRequest),
        lambda server, request: raw(server, "ModelService/GetModel", request.SerializeToString()),
    ),
}


def tried(name: str, how: settings, server: ServerProcess) -> None:
    strategy, check = CASES[name]

    @how
    @given(strategy)
    def case(value: Any) -> None:
        check(server, value)

    case()


@pytest.mark.parametrize("name", CASES)
def test_any_request_is_answered_or_refused(server: ServerProcess, name: str) -> None:
    tried(name, SHORT, server)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", CASES)
def test_a_hundred_thousand_requests_are_answered_or_refused(server: ServerProcess, name: str) -> None:
    tried(name, LONG, server)
