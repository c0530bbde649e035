"""Unary calls through a real channel: answers, request ids, deadlines, cancellation."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import grpc
import pytest
from api_rig import ARABIC, Rig, refused
from fake_core import FakeCore
from khulasa.server.core.errors import OverloadedError
from khulasa.server.core.translation.types import Priority, RequestContext
from khulasa.v1 import common_pb2, model_pb2, summary_pb2, translation_pb2


def article(text: str = ARABIC, **fields: object) -> summary_pb2.SummarizeRequest:
    return summary_pb2.SummarizeRequest(article=summary_pb2.Article(text=text, **fields))


async def test_a_summary_keeps_text_offsets_and_models(rig: Rig) -> None:
    answer = await rig.summary.Summarize(article(article_id="a1", title="عنوان"))
    (sentence,) = answer.summary.sentences
    assert ARABIC[sentence.source_span.start : sentence.source_span.end] == sentence.source_text
    assert list(sentence.flags) == [common_pb2.QUALITY_FLAG_NUMBER_MISMATCH]
    assert sentence.salience == pytest.approx(0.75)
    assert answer.summary.article_id == "a1"
    assert answer.summary.title.source_text == "عنوان"
    assert answer.detected_language_code == "ar"
    assert answer.translation_model.kind == common_pb2.MODEL_KIND_TRANSLATION
    assert answer.summary_model.kind == common_pb2.MODEL_KIND_SUMMARIZATION
    assert len(answer.translation_model.revision) == 64
    assert answer.timings.total_ms > 0
    assert answer.summary.parts[0].kind == summary_pb2.PART_KIND_BODY


async def test_options_reach_the_core(rig: Rig) -> None:
    request = article(language_code="ar", url="https://example.org/1")
    request.options.max_words = 40
    request.options.focus = "الاقتصاد"
    request.options.full_translation = True
    request.options.max_key_terms = 5
    request.options.translation.beam_size = 2
    request.options.translation.deterministic = True
    request.options.translation.priority = common_pb2.PRIORITY_BULK
    request.glossary.terms.add(source="حلف", target="alliance", case_sensitive=True)
    answer = await rig.summary.Summarize(request)
    (settings,), (given,), (context,) = rig.core.settings, rig.core.articles, rig.core.contexts
    assert settings.bounds.max_words == 40
    assert settings.bounds.max_sentences is None
    assert settings.bounds.ratio is None
    assert (settings.focus, settings.full_translation, settings.max_key_terms) == ("الاقتصاد", True, 5)
    assert (settings.decoding.beam_size, settings.decoding.deterministic) == (2, True)
    assert settings.glossary.terms[0].target == "alliance"
    assert settings.glossary.terms[0].case_sensitive
    assert given.url == "https://example.org/1"
    assert context.priority is Priority.BULK
    assert context.caller == "127.0.0.1"
    assert answer.detected_language_code == ""
    assert len(answer.summary.full_translation) == 1


async def test_texts_come_back_in_order_with_one_translation_each(rig: Rig) -> None:
    texts = ["one", "", "  ", "two"]
    answer = await rig.translation.Translate(translation_pb2.TranslateRequest(texts=texts))
    assert [one.text for one in answer.translations] == ["ONE", "", "  ", "TWO"]
    assert answer.detected_language_code == "en"
    assert answer.timings.translate_ms == pytest.approx(1.5)


@pytest.mark.parametrize("target", ["", "ar", "en"])
async def test_texts_without_a_letter_are_copied_in_any_direction(rig: Rig, target: str) -> None:
    texts = ["", " \n", "2024", "—", "🙂"]
    request = translation_pb2.TranslateRequest(texts=texts, target_language_code=target)
    answer = await rig.translation.Translate(request)
    assert [one.text for one in answer.translations] == texts
    assert answer.detected_language_code == ""
    call = rig.translation.TranslateStream(translation_pb2.TranslateStreamRequest(request=request))
    assert [message.segment.target_text async for message in call] == texts[2:]


async def test_a_streamed_segment_is_sent_while_the_next_is_worked_on(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, rest = FakeCore._work, asyncio.Event()

    async def second_waits(core: FakeCore, context: RequestContext) -> None:
        if core.contexts:
            await rest.wait()
        await work(core, context)

    monkeypatch.setattr(FakeCore, "_work", second_waits)
    request = translation_pb2.TranslateRequest(texts=["one", "two"], target_language_code="ar")
    call = rig.translation.TranslateStream(translation_pb2.TranslateStreamRequest(request=request), timeout=30)
    assert (await call.read()).segment.source_text == "one"
    rest.set()
    assert (await call.read()).segment.source_text == "two"
    assert await call.read() is grpc.aio.EOF


async def test_streamed_segments_carry_their_places_and_only_the_last_is_marked(rig: Rig) -> None:
    request = translation_pb2.TranslateRequest(texts=["one", "", "two"], request_id="s-1")
    call = rig.translation.TranslateStream(translation_pb2.TranslateStreamRequest(request=request))
    got = [message async for message in call]
    assert [(m.text_index, m.segment_index, m.segment.target_text, m.last) for m in got] == [
        (0, 0, "ONE", False),
        (2, 0, "TWO", True),
    ]
    assert dict(await call.initial_metadata())["x-request-id"] == "s-1"


async def test_assessments_come_one_a_pair(rig: Rig) -> None:
    request = translation_pb2.AssessRequest(source_language_code="ar", target_language_code="en")
    request.pairs.add(source_text="نص", target_text="text")
    request.pairs.add(source_text="نص", target_text="")
    answer = await rig.translation.Assess(request)
    assert [list(one.flags) for one in answer.assessments] == [[], [common_pb2.QUALITY_FLAG_EMPTY]]


async def test_models_are_listed_and_found_by_name(rig: Rig) -> None:
    listed = (await rig.models.ListModels(model_pb2.ListModelsRequest())).models
    assert [model.name for model in listed] == ["fake-base", "fake-extract"]
    got = (await rig.models.GetModel(model_pb2.GetModelRequest(name="fake-base"))).model
    assert got == listed[0]
    assert got.limits.max_article_chars == 500_000
    assert got.quality[0].value == pytest.approx(12.5)
    assert got.preview
    failure = await refused(rig.models.GetModel(model_pb2.GetModelRequest(name="../etc/passwd")))
    assert (failure.code, failure.reason) == (grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND")


@pytest.mark.parametrize(
    ("field", "header", "expected"),
    [("f-1", "h-1", "f-1"), ("", "h-1", "h-1"), ("", "x" * 129, None), ("", None, None)],
)
async def test_the_request_id_is_the_callers_or_a_new_one(
    rig: Rig, field: str, header: str | None, expected: str | None
) -> None:
    request = article()
    request.request_id = field
    call = rig.summary.Summarize(request, metadata=(("x-request-id", header),) if header else ())
    await call
    returned = dict(await call.initial_metadata())["x-request-id"]
    assert returned == (expected or rig.core.contexts[0].request_id)
    assert rig.core.contexts[0].request_id == returned
    assert returned


async def test_the_callers_deadline_reaches_the_core(rig: Rig) -> None:
    await rig.summary.Summarize(article(), timeout=7)
    left = rig.core.contexts[0].remaining_s()
    assert left is not None
    assert 5 < left < 7.5  # gRPC rounds deadlines
    await rig.summary.Summarize(article())
    assert rig.core.contexts[1].deadline is None


@pytest.mark.parametrize(
    "method",
    [
        "TranslationService/Translate",
        "TranslationService/TranslateStream",
        "TranslationService/Assess",
        "SummaryService/Summarize",
    ],
)
async def test_what_cannot_be_in_time_is_refused_before_its_message_is_read(rig: Rig, method: str) -> None:
    rig.core.hopeless = True
    # No message is ever sent: an answer cannot come of one that was read.
    call = rig.channel.stream_stream(f"/khulasa.v1.{method}")(timeout=30, metadata=(("x-request-id", "mine"),))
    failure = await refused(call.read())
    assert (failure.code, failure.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
    assert (failure.message, failure.request_id) == ("the queue is too long", "mine")
    ((caller, remaining_s),) = rig.core.asked
    assert caller == "127.0.0.1"
    assert 25 < remaining_s <= 30.5  # gRPC rounds deadlines
    ((counted, code, _),) = rig.observer.calls
    assert (counted.method, code) == (f"/khulasa.v1.{method}", grpc.StatusCode.DEADLINE_EXCEEDED)


def summary_of(text: str, **options: Any) -> summary_pb2.SummarizeRequest:
    return summary_pb2.SummarizeRequest(
        article=summary_pb2.Article(text=text), options=summary_pb2.SummaryOptions(**options)
    )


async def test_a_full_queue_is_told_before_an_article_is_read_or_a_language_told(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.core.room = 700
    with monkeypatch.context() as patched:
        patched.setattr(FakeCore, "detect", None)
        patched.setattr(FakeCore, "summarize", None)
        long = "ن" * 1_000
        pairs = [translation_pb2.TextPair(source_text=long, target_text="n")]
        for call in (
            rig.summary.Summarize(summary_of(long, max_sentences=4)),
            rig.summary.Summarize(summary_of(long, full_translation=True)),
            rig.translation.Translate(translation_pb2.TranslateRequest(texts=[long])),
            rig.translation.Assess(translation_pb2.AssessRequest(pairs=pairs)),
        ):
            failure = await refused(call)
            assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
            assert (failure.message, failure.retry_after_s) == ("the queue is full for 127.0.0.1", 2.0)
    # What a summary needs is guessed; how much of a page is markup is not known yet.
    await rig.summary.Summarize(summary_of(long, max_sentences=3))
    page = translation_pb2.TranslateRequest(texts=[f"<p>{long}</p>"], format=common_pb2.TEXT_FORMAT_HTML)
    await rig.translation.Translate(page)


async def test_a_queue_that_is_too_long_refuses_only_single_requests_with_a_deadline(rig: Rig) -> None:
    rig.core.hopeless = True
    await rig.summary.Summarize(article())
    assert (await rig.models.ListModels(model_pb2.ListModelsRequest(), timeout=30)).models
    # Each article of a stream waits for its own turn.
    requests = [summary_pb2.SummarizeStreamRequest(request=article())]
    answers = [one async for one in rig.summary.SummarizeStream(iter(requests), timeout=30)]
    assert [one.WhichOneof("result") for one in answers] == ["response"]
    assert rig.core.asked == []


async def test_a_passed_deadline_cancels_the_work(rig: Rig) -> None:
    rig.core.gate, timeout_s = asyncio.Event(), 0.1
    # On a busy machine a call may be over before it comes to the core.
    while not rig.core.contexts:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await rig.summary.Summarize(article(), timeout=timeout_s)
        assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        timeout_s *= 2
    await _until(lambda: rig.core.cancelled == len(rig.core.contexts))
    assert rig.lifecycle.in_flight == 0
    rig.core.gate = None
    await rig.summary.Summarize(article())


async def test_one_millisecond_is_answered_with_deadline_exceeded_and_the_next_call_is_served(rig: Rig) -> None:
    rig.core.delay_s = 0.05
    for _ in range(5):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await rig.summary.Summarize(article(), timeout=0.001)
        assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await rig.summary.Summarize(article())


async def test_a_cancelled_call_cancels_the_work(rig: Rig) -> None:
    rig.core.gate = asyncio.Event()
    call = rig.summary.Summarize(article())
    await _until(lambda: rig.core.working == 1)
    call.cancel()
    await _until(lambda: rig.core.cancelled == 1)
    assert rig.lifecycle.in_flight == 0
    assert rig.observer.calls[-1][1] is grpc.StatusCode.CANCELLED


async def test_a_client_that_goes_away_cancels_its_work(rig: Rig) -> None:
    rig.core.gate = asyncio.Event()
    channel = grpc.aio.insecure_channel(rig.address)
    stub = type(rig.summary)(channel)
    calls = [asyncio.ensure_future(_swallow(stub.Summarize(article()))) for _ in range(3)]
    await _until(lambda: rig.core.working == 3)
    await channel.close()
    await asyncio.gather(*calls)
    await _until(lambda: rig.core.cancelled == 3)
    rig.core.gate = None
    await rig.summary.Summarize(article())


async def test_overload_says_when_to_try_again(rig: Rig) -> None:
    rig.core.error = OverloadedError("the queue is full", 1.25)
    failure = await refused(rig.summary.Summarize(article()))
    assert (failure.code, failure.reason, failure.domain) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "OVERLOADED",
        "khulasa",
    )
    assert failure.retry_after_s == pytest.approx(1.25)


async def test_an_unexpected_error_leaks_nothing(rig: Rig) -> None:
    rig.core.error = ValueError(f"cannot read {ARABIC}")
    request = article()
    request.request_id = "leak-1"
    failure = await refused(rig.summary.Summarize(request))
    assert (failure.code, failure.reason, failure.request_id) == (grpc.StatusCode.INTERNAL, "INTERNAL", "leak-1")
    assert "المجلس" not in failure.message
    rig.core.error = None
    await rig.summary.Summarize(article())


async def test_an_unknown_method_is_unimplemented(rig: Rig) -> None:
    unknown = rig.channel.unary_unary("/khulasa.v1.SummaryService/Nothing")
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await unknown(b"")
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def _swallow(call: object) -> None:
    with contextlib.suppress(grpc.aio.AioRpcError, asyncio.CancelledError):
        await call  # type: ignore[misc]


async def _until(condition: object, limit_s: float = 30.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)
