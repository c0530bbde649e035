"""Kinds of requests, each with what must hold of the answer, whatever the request was.

A case is one request or one stream. It fails where the server answers UNKNOWN, INTERNAL or any other code that does not
blame the caller, or where an answer's offsets, counts or order are wrong.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

import grpc
from fuzz_requests import archives, assessments, from_seed, summaries, translations
from fuzz_wire import damaged, strange
from hypothesis import strategies as st
from khulasa.v1 import common_pb2, model_pb2, summary_pb2, translation_pb2
from messages import messages
from server_process import ServerProcess

__all__ = ["KINDS", "Kind"]

# Far above what a case takes, on a machine that is busy with other things.
LIMIT_S = 300.0
REFUSALS = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
}
# Takes one message: of none it says UNIMPLEMENTED.
_ONE_MESSAGE = "TranslationService/TranslateStream"
_REFUSAL_NUMBERS = {code.value[0] for code in REFUSALS}
_FLAGS = set(common_pb2.QualityFlag.values()) - {common_pb2.QUALITY_FLAG_UNSPECIFIED}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of case.

    Attributes:
        strategy: Draws a case.
        check: Sends it to a server; raises where the answer is wrong.
        share: Cases in a block of 1,000.
    """

    strategy: st.SearchStrategy[Any]
    check: Callable[[ServerProcess, Any], None]
    share: int


def must_blame_the_caller(error: grpc.RpcError, server: ServerProcess) -> None:
    assert error.code() in REFUSALS, (error.code(), error.details(), server.written()[-3000:])


def answer_or_refusal(server: ServerProcess, method: str, content: bytes) -> bytes | None:
    """The answer's bytes, None for a refusal that is the caller's fault."""
    try:
        return bytes(server.channel.unary_unary(f"/khulasa.v1.{method}")(content, timeout=LIMIT_S))
    except grpc.RpcError as error:
        must_blame_the_caller(error, server)
        return None


def _lies_in(span: common_pb2.Span, text: str) -> bool:
    return 0 <= span.start <= span.end <= len(text)


def _check_links(links: Iterable[common_pb2.WordAlignment], source: str, target: str) -> None:
    for link in links:
        assert _lies_in(link.source_span, source), (link, source)
        assert _lies_in(link.target_span, target), (link, target)


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
            assert set(segment.flags) <= _FLAGS
            assert len(segment.hypotheses) <= max(1, request.options.num_hypotheses)
            _check_links(segment.word_alignments, segment.source_text, segment.target_text)
            last = source.end
        spans = [segment.target_span for segment in one.segments]
        assert all(first.end <= second.start for first, second in pairwise(spans))


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
    for one in found:
        span = one.segment.source_span
        assert request.request.texts[one.text_index][span.start : span.end] == one.segment.source_text


def summarize(server: ServerProcess, request: summary_pb2.SummarizeRequest) -> None:
    content = answer_or_refusal(server, "SummaryService/Summarize", request.SerializeToString())
    if content is not None:
        _check_summary(request, summary_pb2.SummarizeResponse.FromString(content).summary)


def _check_summary(request: summary_pb2.SummarizeRequest, summary: summary_pb2.BilingualSummary) -> None:
    text, options = request.article.text, request.options
    assert summary.article_id == request.article.article_id
    assert summary.sentences
    assert bool(summary.full_translation) == options.full_translation
    for pairs in (summary.sentences, summary.full_translation):
        assert [pair.sentence_index for pair in pairs] == sorted({pair.sentence_index for pair in pairs})
        for pair in pairs:
            assert text[pair.source_span.start : pair.source_span.end] == pair.source_text
            assert 0 <= pair.salience <= 1
            assert set(pair.flags) <= _FLAGS
            _check_links(pair.word_alignments, pair.source_text, pair.target_text)
    assert "".join(text[part.span.start : part.span.end] for part in summary.parts) == text
    assert summary.statistics.chars == len(text)
    if options.max_sentences:
        assert len(summary.sentences) <= options.max_sentences
    if options.max_words:
        assert summary.statistics.summary_words <= options.max_words
    assert len(summary.key_terms) <= options.max_key_terms
    for term in summary.key_terms:
        assert all(0 <= span.start < span.end <= len(text) for span in term.source_spans)
        first = term.source_spans[0]
        assert text[first.start : first.end] == term.source_text


def archive(server: ServerProcess, requests: list[summary_pb2.SummarizeStreamRequest]) -> None:
    call = server.channel.stream_stream("/khulasa.v1.SummaryService/SummarizeStream")
    found = [
        summary_pb2.SummarizeStreamResponse.FromString(one)
        for one in call(iter([one.SerializeToString() for one in requests]), timeout=LIMIT_S)
    ]
    assert sorted(one.article_id for one in found) == sorted(one.request.article.article_id for one in requests)
    # Results of one id come in the order of its articles.
    waiting: dict[str, list[summary_pb2.SummarizeRequest]] = {}
    for one in requests:
        waiting.setdefault(one.request.article.article_id, []).append(one.request)
    for result in found:
        request = waiting[result.article_id].pop(0)
        if result.HasField("error"):
            assert result.error.code in _REFUSAL_NUMBERS, result
        else:
            _check_summary(request, result.response.summary)


def assess(server: ServerProcess, request: translation_pb2.AssessRequest) -> None:
    content = answer_or_refusal(server, "TranslationService/Assess", request.SerializeToString())
    if content is None:
        return
    found = translation_pb2.AssessResponse.FromString(content).assessments
    assert len(found) == len(request.pairs)
    for pair, one in zip(request.pairs, found, strict=True):
        assert set(one.flags) <= _FLAGS
        _check_links(one.word_alignments, pair.source_text, pair.target_text)


def _raw(method: str) -> Callable[[ServerProcess, bytes], None]:
    def check(server: ServerProcess, content: bytes) -> None:
        answer_or_refusal(server, method, content)

    return check


def _any_stream(server: ServerProcess, case: tuple[str, list[bytes]]) -> None:
    """Whatever is sent into a stream, it ends with an answer or a refusal."""
    method, contents = case
    try:
        for _ in server.channel.stream_stream(f"/khulasa.v1.{method}")(iter(contents), timeout=LIMIT_S):
            pass
    except grpc.RpcError as error:
        if method != _ONE_MESSAGE or contents or error.code() is not grpc.StatusCode.UNIMPLEMENTED:
            must_blame_the_caller(error, server)


@dataclass(frozen=True, slots=True)
class Leaving:
    """A caller who goes away in the middle: after `taken` answers, or without waiting for any."""

    requests: list[bytes]
    ended: bool
    taken: int
    timeout_s: float


def _leave(server: ServerProcess, case: Leaving) -> None:
    """The stream breaks off; what that leaves behind is seen in the cases that follow, and in the server's log."""

    def sent() -> Iterator[bytes]:
        yield from case.requests
        if not case.ended:
            # The caller says neither more nor that this was all.
            left.wait()

    left = threading.Event()
    call = server.channel.stream_stream("/khulasa.v1.SummaryService/SummarizeStream")(sent(), timeout=case.timeout_s)
    try:
        for _ in range(case.taken):
            if next(call, None) is None:
                break
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
            must_blame_the_caller(error, server)
    finally:
        left.set()
        call.cancel()


def _leavings() -> st.SearchStrategy[Leaving]:
    def build(random: Random) -> Callable[[list[Any]], Leaving]:
        ended = random.random() < 0.5
        return lambda requests: Leaving(
            [one.SerializeToString() for one in requests],
            ended,
            # Of a stream that stays open, no more may be waited for than was sent.
            random.randrange(len(requests) + 1),
            random.choice((0.002, 0.05, LIMIT_S)),
        )

    return st.builds(lambda make, requests: make(requests), from_seed(build), archives())


_TRANSLATE = messages(translation_pb2.TranslateRequest)
_SUMMARIZE = messages(summary_pb2.SummarizeRequest)
_ASSESS = messages(translation_pb2.AssessRequest)
_STREAMED = translations().map(lambda one: translation_pb2.TranslateStreamRequest(request=one))
_ARTICLES = st.one_of(
    strange(summaries().map(lambda one: summary_pb2.SummarizeStreamRequest(request=one))),
    damaged(messages(summary_pb2.SummarizeStreamRequest)),
)
_STREAMS = st.tuples(
    st.sampled_from(("SummaryService/SummarizeStream", "SummaryService/SummarizeStream", _ONE_MESSAGE)),
    st.lists(_ARTICLES, max_size=4),
)

KINDS: dict[str, Kind] = {
    "translate": Kind(_TRANSLATE, translate, 80),
    "stream": Kind(messages(translation_pb2.TranslateStreamRequest), stream, 60),
    "summarize": Kind(_SUMMARIZE, summarize, 80),
    "archive": Kind(st.lists(messages(summary_pb2.SummarizeStreamRequest), max_size=4), archive, 50),
    "assess": Kind(_ASSESS, assess, 50),
    "damaged translate": Kind(damaged(_TRANSLATE), _raw("TranslationService/Translate"), 50),
    "damaged summarize": Kind(damaged(_SUMMARIZE), _raw("SummaryService/Summarize"), 50),
    "damaged assess": Kind(damaged(_ASSESS), _raw("TranslationService/Assess"), 50),
    "strange translate": Kind(strange(st.one_of(_TRANSLATE, translations())), _raw("TranslationService/Translate"), 50),
    "strange summarize": Kind(strange(st.one_of(_SUMMARIZE, summaries())), _raw("SummaryService/Summarize"), 50),
    "strange assess": Kind(strange(st.one_of(_ASSESS, assessments())), _raw("TranslationService/Assess"), 50),
    "strange streams": Kind(_STREAMS, _any_stream, 30),
    "get model": Kind(strange(messages(model_pb2.GetModelRequest)), _raw("ModelService/GetModel"), 20),
    "list models": Kind(strange(messages(model_pb2.ListModelsRequest)), _raw("ModelService/ListModels"), 10),
    "full translate": Kind(translations(), translate, 90),
    "full stream": Kind(_STREAMED, stream, 40),
    "full summarize": Kind(summaries(), summarize, 100),
    "full archive": Kind(archives(), archive, 10),
    "full assess": Kind(assessments(), assess, 60),
    "leaving": Kind(_leavings(), _leave, 14),
    "large translate": Kind(translations(large=True), translate, 2),
    "large summarize": Kind(summaries(large=True), summarize, 2),
    "large assess": Kind(assessments(large=True), assess, 2),
}
