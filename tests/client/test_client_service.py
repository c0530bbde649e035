"""Both clients through a real channel."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from khulasa.client import (
    AlignedSentence,
    Article,
    AsyncClient,
    CallCancelledError,
    Client,
    DeadlineError,
    InvalidArticleError,
    KhulasaError,
    MessageTooLargeError,
    ModelKind,
    ModelNotFoundError,
    NothingToSummarizeError,
    NotServingError,
    OverloadedError,
    QualityFlag,
    RetryPolicy,
    Span,
    UnavailableError,
    UnsupportedLanguageError,
)
from khulasa.client.testing import FakeKhulasa, answers

ARABIC = "عنوان الخبر\n\nقال المتحدث إن 32 قائدا اجتمعوا. وأضاف أن المحادثات مستمرة. ثم غادر."


class Either:
    """One call on the synchronous or the asynchronous client."""

    def __init__(self, client: Client, async_client: AsyncClient, *, asynchronous: bool) -> None:
        self.asynchronous = asynchronous
        self._client, self._async_client = client, async_client

    async def __call__(self, method: str, *arguments: Any, **named: Any) -> Any:
        if self.asynchronous:
            return await getattr(self._async_client, method)(*arguments, **named)
        return await asyncio.to_thread(getattr(self._client, method), *arguments, **named)

    async def listed(self, method: str, *arguments: Any, **named: Any) -> list[Any]:
        if self.asynchronous:
            return [one async for one in getattr(self._async_client, method)(*arguments, **named)]
        return await asyncio.to_thread(lambda: list(getattr(self._client, method)(*arguments, **named)))


@pytest.fixture(params=["synchronous", "asynchronous"])
def either(request: pytest.FixtureRequest, client: Client, async_client: AsyncClient) -> Either:
    return Either(client, async_client, asynchronous=request.param == "asynchronous")


async def test_a_summary(either: Either, server: FakeKhulasa) -> None:
    summary = await either("summarize", Article(ARABIC, "a-1"), max_sentences=2, max_key_terms=3, word_alignments=True)
    assert summary.article_id == "a-1"
    assert summary.title.source_text == "عنوان الخبر"
    assert len(summary.sentences) == 2
    for pair in summary.sentences:
        assert isinstance(pair, AlignedSentence)
        assert ARABIC[pair.source_span.start : pair.source_span.end] == pair.source_text
        assert pair.word_alignments
    assert "".join(part.span.of(ARABIC) for part in summary.parts) == ARABIC
    assert summary.detected_language == "ar"
    assert summary.model.kind is ModelKind.TRANSLATION
    (arrived,) = server.requests
    assert arrived.request["request_id"] == summary.request_id == arrived.metadata["x-request-id"]
    assert json.loads(json.dumps(summary.to_dict()))["sentences"][0]["origin"] == "MODEL"


async def test_long_texts_are_shown_in_brief(either: Either) -> None:
    text = "A word and another. " + "word " * 1_000 + "end."
    summary = await either("summarize", Article(text), full_translation=True, max_key_terms=3, word_alignments=True)
    translations = await either("translate", [text])
    segments = await either.listed("translate_stream", [text])
    held = [summary, *summary.sentences, *summary.key_terms, summary.title, *translations, *segments, Article(text)]
    for value in [*held, *translations[0].segments]:
        assert len(repr(value)) < 1_900, type(value)
    assert repr(summary.sentences[0]).startswith("AlignedSentence(source_text='A word and another.', target")


async def test_results_are_frozen(either: Either) -> None:
    summary = await either("summarize", ARABIC)
    with pytest.raises(AttributeError):
        summary.article_id = "other"
    with pytest.raises((AttributeError, TypeError)):
        summary.sentences[0].unheard_of = 1
    assert hash(summary) == hash(await_copy(summary))


def await_copy(summary: Any) -> Any:
    return type(summary)(**{name: getattr(summary, name) for name in summary.__dataclass_fields__})


async def test_translations_keep_order_and_count(either: Either) -> None:
    texts = ["واحد. اثنان.", "", "ثلاثة.\n\nأربعة."]
    made = await either("translate", texts, target_language="en")
    assert len(made) == 3
    for text, translation in zip(texts, made, strict=True):
        for segment in translation.segments:
            assert segment.source_span.of(text) == segment.source_text
            assert segment.target_span.of(translation.text) == segment.target_text


async def test_segments_as_they_come(either: Either) -> None:
    segments = await either.listed("translate_stream", ["واحد. اثنان.", "ثلاثة."], target_language="en")
    assert [(one.text_index, one.segment_index) for one in segments] == [(0, 0), (0, 1), (1, 0)]
    assert [one.last for one in segments] == [False, False, True]


async def test_assessment_and_models(either: Either) -> None:
    good, empty = await either("assess", [("واحد", "one"), ("اثنان", "")])
    assert (good.flags, empty.flags) == ((), (QualityFlag.EMPTY,))
    models = await either("models")
    assert [str(pair) for pair in models[0].language_pairs] == ["ar-en", "en-ar"]
    assert await either("model", models[0].name) == models[0]
    with pytest.raises(ModelNotFoundError):
        await either("model", "nobody")


async def test_the_deadline_travels(either: Either, server: FakeKhulasa) -> None:
    await either("summarize", ARABIC, timeout=7.0)
    timeout_s = server.requests[0].timeout_s
    assert timeout_s is not None
    # The server's clock is coarse; without the argument it would be 60 s.
    assert 0.0 < timeout_s < 30.0
    await either("summarize", ARABIC, timeout=float("inf"))
    assert server.requests[1].timeout_s is None


async def test_a_retry_is_the_same_request(either: Either, server: FakeKhulasa) -> None:
    server.fail_next("UNAVAILABLE")
    server.fail_next("RESOURCE_EXHAUSTED", reason="OVERLOADED", retry_after=0.001)
    await either("summarize", ARABIC)
    assert len(server.requests) == 3
    assert len({json.dumps(one.request) for one in server.requests}) == 1
    assert len({one.metadata["x-request-id"] for one in server.requests}) == 1


@pytest.mark.parametrize(
    ("fault", "cls"),
    [
        ({"code": "RESOURCE_EXHAUSTED", "reason": "OVERLOADED", "retry_after": 600.0}, OverloadedError),
        ({"code": "INVALID_ARGUMENT", "reason": "NOTHING_TO_SUMMARIZE"}, NothingToSummarizeError),
        ({"code": "DEADLINE_EXCEEDED", "reason": "DEADLINE_EXCEEDED"}, DeadlineError),
        ({"code": "UNAVAILABLE", "reason": "NOT_SERVING", "times": 9}, NotServingError),
    ],
)
async def test_failures_come_as_errors_of_the_tree(
    either: Either, server: FakeKhulasa, fault: dict[str, Any], cls: type[KhulasaError]
) -> None:
    server.fail_next(**fault)
    with pytest.raises(cls) as caught:
        await either("summarize", ARABIC)
    assert caught.value.code == fault["code"]
    assert caught.value.reason == fault["reason"]
    assert isinstance(caught.value.__cause__, grpc.RpcError)
    assert not isinstance(caught.value, grpc.RpcError)
    assert caught.value.request_id == server.requests[0].request["request_id"]


async def test_faults_of_the_caller(either: Either) -> None:
    with pytest.raises(InvalidArticleError) as caught:
        await either("summarize", "  \n ")
    assert caught.value.violations[0].field == "article.text"
    with pytest.raises(UnsupportedLanguageError) as refused:
        await either("summarize", ARABIC, target_language="fr")
    assert ("ar", "en") in refused.value.available_pairs


async def test_a_deadline_that_passes(either: Either, server: FakeKhulasa) -> None:
    server.delay_next(5.0)
    with pytest.raises(DeadlineError, match="no answer within 1 s"):
        await either("summarize", ARABIC, timeout=1.0)
    assert len(server.requests) == 1


async def test_a_deadline_that_passes_in_a_stream(either: Either, server: FakeKhulasa) -> None:
    server.delay_next(5.0)
    with pytest.raises(DeadlineError, match=r"no answer within 0.5 s \[request s-1\]"):
        await either.listed("translate_stream", [ARABIC], timeout=0.5, request_id="s-1")


async def test_what_the_server_says_of_a_deadline_is_kept(either: Either, server: FakeKhulasa) -> None:
    server.fail_next("DEADLINE_EXCEEDED", reason="DEADLINE_EXCEEDED", message="deadline exceeded by the queue")
    with pytest.raises(DeadlineError, match="by the queue"):
        await either("summarize", ARABIC, timeout=60.0)


async def test_a_stream_is_tried_again_before_its_first_message_only(either: Either, server: FakeKhulasa) -> None:
    server.fail_next("UNAVAILABLE", method="TranslateStream")
    segments = await either.listed("translate_stream", ["واحد. اثنان."])
    assert len(segments) == 2
    assert len(server.requests) == 2


async def test_a_stream_that_breaks_is_not_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What came is kept, the error is raised, nothing comes twice."""
    whole = answers.streamed

    def cut(*arguments: Any) -> Any:
        yield next(iter(whole(*arguments)))
        raise RuntimeError("the server breaks")

    with FakeKhulasa() as server:
        monkeypatch.setattr(answers, "streamed", cut)
        with Client(server.target) as client:
            stream = client.translate_stream(["واحد. اثنان."])
            assert next(stream).source_text == "واحد."
            with pytest.raises(KhulasaError) as caught:
                next(stream)
        async with AsyncClient(server.target) as async_client:
            also = async_client.translate_stream(["واحد. اثنان."])
            assert (await anext(also)).source_text == "واحد."
            with pytest.raises(KhulasaError):
                await anext(also)
        assert caught.value.code == "UNKNOWN"
        assert len(server.requests) == 2


async def test_a_free_server_is_asked_when_another_is_busy() -> None:
    busy, free = FakeKhulasa(), FakeKhulasa()
    with busy, free:
        for method in ("Translate", "TranslateStream"):
            busy.fail_next("RESOURCE_EXHAUSTED", reason="OVERLOADED", retry_after=3600, method=method, times=100)
        target = f"ipv4:{busy.target},{free.target}"
        with Client(target) as client:
            # Until both are connected.
            while not (busy.requests and free.requests):
                client.models(timeout=30)
            for _ in range(4):
                assert client.translate(["خبر."])
            assert len(list(client.translate_stream(["خبر. آخر."]))) == 2
        assert "Translate" in [one.method for one in busy.requests]
        free.clear_requests()
        async with AsyncClient(target) as async_client:
            while not free.requests:
                await async_client.models(timeout=30)
            for _ in range(4):
                assert await async_client.translate(["خبر."])


async def test_nobody_answers() -> None:
    with Client("127.0.0.1:1", retry=RetryPolicy(max_attempts=2, initial_backoff=0.001)) as client:
        with pytest.raises(UnavailableError):
            client.models()
        with pytest.raises(UnavailableError):
            client.wait_until_ready(0.3)


async def test_waiting_until_ready(either: Either, server: FakeKhulasa) -> None:
    # Connected: within the short wait the server answers, and is not UNAVAILABLE for being slow.
    await either("wait_until_ready", 60.0)
    server.serving = False
    with pytest.raises(NotServingError):
        await either("wait_until_ready", 1.0)
    threading.Timer(0.1, setattr, (server, "serving", True)).start()
    await either("wait_until_ready", 60.0)


async def test_a_token_travels() -> None:
    with FakeKhulasa() as server, Client(server.target, token="secret", user_agent="newsroom/1") as client:
        client.models()
        assert server.requests[0].metadata["authorization"] == "Bearer secret"
        assert str(server.requests[0].metadata["user-agent"]).startswith("newsroom/1 ")


async def test_an_answer_larger_than_the_channel_takes() -> None:
    with FakeKhulasa() as server:
        said = r"^the answer has \d{3} bytes, max_response_bytes is 100; raise it"
        with Client(server.target, max_response_bytes=100) as client, pytest.raises(MessageTooLargeError, match=said):
            client.summarize(ARABIC)
        async with AsyncClient(server.target, max_response_bytes=100) as async_client:
            with pytest.raises(MessageTooLargeError, match=said):
                await async_client.summarize(ARABIC)
        assert len(server.requests) == 2, "never tried again"


async def test_a_channel_option_of_the_callers_takes_the_place_of_ours() -> None:
    """Of two with one name gRPC takes the first, which was ours."""
    options = [("grpc.max_receive_message_length", 100)]
    with FakeKhulasa() as server:
        with Client(server.target, channel_options=options) as client, pytest.raises(MessageTooLargeError):
            client.summarize(ARABIC)
        async with AsyncClient(server.target, channel_options=options) as async_client:
            with pytest.raises(MessageTooLargeError):
                await async_client.summarize(ARABIC)


async def test_a_closed_client(client: Client, async_client: AsyncClient) -> None:
    client.models()
    client.close()
    with pytest.raises(CallCancelledError):
        client.models()
    with pytest.raises(CallCancelledError):
        list(client.translate_stream(["a."]))
    await async_client.models()
    await async_client.close()
    with pytest.raises(CallCancelledError):
        await async_client.models()


async def test_closing_under_a_call(client: Client, async_client: AsyncClient, server: FakeKhulasa) -> None:
    server.delay_next(5.0, times=2)
    waiting = asyncio.create_task(asyncio.to_thread(client.summarize, ARABIC))
    also = asyncio.create_task(async_client.summarize(ARABIC))
    await until(lambda: len(server.requests) == 2)
    client.close()
    await async_client.close()
    for task in (waiting, also):
        with pytest.raises(CallCancelledError):
            await task


async def test_closing_while_waiting_to_try_again(server: FakeKhulasa) -> None:
    server.fail_next("RESOURCE_EXHAUSTED", reason="OVERLOADED", retry_after=30.0)
    client = Client(server.target)
    waiting = asyncio.create_task(asyncio.to_thread(client.summarize, ARABIC))
    await until(lambda: len(server.requests) == 1)
    client.close()
    with pytest.raises(CallCancelledError):
        await asyncio.wait_for(waiting, 25)


async def test_cancelling_a_task_stays_a_cancellation(async_client: AsyncClient, server: FakeKhulasa) -> None:
    server.delay_next(5.0)
    task = asyncio.create_task(async_client.summarize(ARABIC))
    await until(lambda: len(server.requests) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await async_client.summarize(ARABIC)).sentences


async def until(true: Callable[[], bool]) -> None:
    """Wait for what another thread brings about."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it never came about"
        await asyncio.sleep(0.005)


def test_values_of_a_newer_server_survive() -> None:
    flag = QualityFlag(97)
    assert flag is QualityFlag(97)
    assert flag.name == "UNKNOWN_97"
    assert list(QualityFlag)[-1] is QualityFlag.NAME_MISMATCH
    pair = AlignedSentence("a", "b", Span(0, 1), flags=(flag,))
    assert pair.to_dict()["flags"] == ["UNKNOWN_97"]
