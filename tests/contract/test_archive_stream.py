"""SummarizeStream through a real channel: order, errors as entries, back-pressure both ways, drain, cancellation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable

import grpc
import pytest
from api_rig import ARABIC, Rig, failure_of, unpack
from fake_core import FakeCore
from khulasa.server.api.admission import AdmissionLimits
from khulasa.server.api.server import Transport
from khulasa.server.core.errors import OverloadedError
from khulasa.server.core.pipeline.types import ArticleInput, SummaryResult, SummarySettings
from khulasa.server.core.translation.types import Priority, RequestContext
from khulasa.v1 import summary_pb2

STREAM = "/khulasa.v1.SummaryService/SummarizeStream"


def entry(article_id: str = "", text: str = ARABIC, **fields: object) -> summary_pb2.SummarizeStreamRequest:
    article = summary_pb2.Article(article_id=article_id, text=text)
    return summary_pb2.SummarizeStreamRequest(request=summary_pb2.SummarizeRequest(article=article, **fields))


class Choosy(FakeCore):
    """Works on an article for as many milliseconds as its title says, or till the gate is open for one that is titled
    `gate`, and fails as `failures` says.
    """

    def __init__(self, failures: dict[str, list[Exception]] | None = None) -> None:
        super().__init__()
        self.failures, self.opened = failures or {}, asyncio.Event()

    async def summarize(
        self, article: ArticleInput, settings: SummarySettings, context: RequestContext
    ) -> SummaryResult:
        if article.title == "gate":
            await self.opened.wait()
        else:
            await asyncio.sleep(float(article.title or 0) / 1000)
        if self.failures.get(article.article_id):
            raise self.failures[article.article_id].pop(0)
        return await super().summarize(article, settings, context)


async def _all(rig: Rig, requests: Iterable[summary_pb2.SummarizeStreamRequest]) -> list[object]:
    return [response async for response in rig.summary.SummarizeStream(iter(list(requests)))]


async def test_every_article_gets_exactly_one_result(rig: Rig) -> None:
    responses = await _all(rig, (entry(f"a{i}", f"{ARABIC} {i}") for i in range(40)))
    assert sorted(r.article_id for r in responses) == sorted(f"a{i}" for i in range(40))
    assert {r.WhichOneof("result") for r in responses} == {"response"}
    assert all(r.response.summary.article_id == r.article_id for r in responses)
    assert rig.core.peak <= 8
    assert {context.priority for context in rig.core.contexts} == {Priority.BULK}


async def test_results_come_as_each_is_ready(make_rig: Callable[..., object]) -> None:
    core = Choosy()
    rig = await make_rig(core)  # type: ignore[misc]
    slow, fast = entry("slow"), entry("fast")
    slow.request.article.title = "gate"
    stream = rig.summary.SummarizeStream(iter([slow, fast]), timeout=30)
    assert (await stream.read()).article_id == "fast"
    core.opened.set()
    assert (await stream.read()).article_id == "slow"


async def test_a_bad_article_is_an_entry_and_the_rest_goes_on(make_rig: Callable[..., object]) -> None:
    rig = await make_rig(Choosy({"broken": [ValueError(ARABIC)]}))  # type: ignore[misc]
    bad = entry("bad", " ", request_id="mine")
    bad.request.options.max_sentences = -1
    requests = [entry("first"), bad, entry("third", "Совет решил."), entry("broken"), entry("last")]
    by_id = {r.article_id: r for r in await _all(rig, requests)}
    assert len(by_id) == 5
    assert by_id["first"].HasField("response")
    assert by_id["last"].HasField("response")
    failure = unpack(by_id["bad"].error)
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert sorted(failure.fields) == ["article.text", "options.max_sentences"]
    assert failure.request_id == "mine"
    assert unpack(by_id["third"].error).metadata["available_pairs"] == "ar-en,en-ar"
    internal = unpack(by_id["broken"].error)
    assert (internal.code, internal.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert "المجلس" not in internal.message
    assert rig.observer.calls[-1][1] is grpc.StatusCode.OK
    assert {code for _, code in rig.observer.failed_articles} == {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.INTERNAL,
    }


async def test_an_article_that_is_no_utf8_is_an_entry_under_its_id(rig: Rig) -> None:
    good, bad = (
        entry("good").SerializeToString(),
        entry("bad", "QQQ").SerializeToString().replace(b"QQQ", b"\xed\xa0\x80"),
    )
    call = rig.channel.stream_stream(STREAM, response_deserializer=summary_pb2.SummarizeStreamResponse.FromString)
    by_id = {r.article_id: r async for r in call(iter([bad, b"\x0a\xff", good]))}
    assert by_id["good"].HasField("response")
    assert list(unpack(by_id["bad"].error).fields) == ["article.text"]
    assert list(unpack(by_id[""].error).fields) == ["khulasa.v1.SummarizeStreamRequest"]


async def test_results_of_one_id_come_in_the_order_sent(make_rig: Callable[..., object]) -> None:
    rig = await make_rig(Choosy())  # type: ignore[misc]
    requests = []
    for number, name in enumerate(["twice", "", "twice", "", "other", "twice"]):
        request = entry(name, f"{number} {ARABIC}")
        request.request.article.title = str(60 - 10 * number)  # each would overtake the one before
        requests.append(request)
    got: dict[str, str] = {}
    for response in await _all(rig, requests):
        first = response.response.summary.sentences[0].source_text[0]
        got[response.article_id] = got.get(response.article_id, "") + first
    assert got == {"twice": "025", "": "13", "other": "4"}


async def test_no_more_is_read_than_the_caller_takes(make_rig: Callable[..., object]) -> None:
    rig = await make_rig(FakeCore(), stream_articles=4)  # type: ignore[misc]
    # 60 kB of summary an article: the transport's own buffers hold only some of them.
    text = "ن" * 30_000

    async def endless() -> AsyncIterator[summary_pb2.SummarizeStreamRequest]:
        for number in range(10_000):
            yield entry(f"a{number}", text)

    call = rig.summary.SummarizeStream(endless())
    assert (await call.read()).HasField("response")
    before = -1
    while len(rig.core.articles) != before:  # until the server stops reading
        before = len(rig.core.articles)
        await asyncio.sleep(0.3)
    assert before < 500
    for _ in range(before + 50):
        assert (await call.read()).HasField("response")
    assert len(rig.core.articles) > before
    call.cancel()


async def test_the_core_never_has_more_than_the_width(make_rig: Callable[..., object]) -> None:
    core = FakeCore(gate=asyncio.Event())
    rig = await make_rig(core, stream_articles=3)  # type: ignore[misc]
    reading = asyncio.ensure_future(_all(rig, (entry(f"a{i}") for i in range(20))))
    await _until(lambda: core.working == 3)
    await asyncio.sleep(0.1)
    assert len(core.articles) == 3
    assert core.gate is not None
    core.gate.set()
    assert len(await reading) == 20
    assert core.peak == 3


async def test_an_overloaded_server_makes_the_article_wait(make_rig: Callable[..., object]) -> None:
    full = OverloadedError("the queue is full", 0.02)
    rig = await make_rig(Choosy({"a": [full, full, full]}))  # type: ignore[misc]
    (response,) = await _all(rig, [entry("a")])
    assert response.HasField("response")
    assert rig.observer.failed_articles == []


async def test_an_article_that_waited_for_the_server_is_one_request_of_the_quota(
    make_rig: Callable[..., object],
) -> None:
    full = OverloadedError("the queue is full", 0.01)
    quota = AdmissionLimits(requests_per_minute=2)
    rig = await make_rig(Choosy({"a": [full, full, full]}), admission_limits=quota)  # type: ignore[misc]
    call = rig.summary.SummarizeStream(iter([entry("a"), entry("b")]), timeout=30)
    assert [one.WhichOneof("result") async for one in call] == ["response", "response"]


async def test_waiting_for_an_overloaded_server_ends_before_the_deadline(make_rig: Callable[..., object]) -> None:
    rig = await make_rig(Choosy({"a": [OverloadedError("the queue is full", 60)]}))  # type: ignore[misc]
    call = rig.summary.SummarizeStream(iter([entry("a")]), timeout=3)
    (response,) = [one async for one in call]
    assert unpack(response.error).reason == "DEADLINE_EXCEEDED"


async def test_draining_answers_what_was_read_and_says_that_the_rest_was_not(rig: Rig) -> None:
    rig.core.gate = asyncio.Event()
    call = rig.summary.SummarizeStream()
    for number in range(3):
        await call.write(entry(f"a{number}"))
    await _until(lambda: rig.core.working == 3)
    draining = asyncio.ensure_future(rig.running.drain(30))
    await _until(lambda: rig.lifecycle.stage.value == "draining")
    rig.core.gate.set()
    got = [await call.read() for _ in range(3)]
    assert {r.article_id for r in got} == {"a0", "a1", "a2"}
    assert all(r.HasField("response") for r in got)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call.read()
    failure = failure_of(error.value)
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "NOT_SERVING")
    assert await draining is True


async def test_a_stream_that_is_cancelled_stops_its_work(rig: Rig) -> None:
    rig.core.gate = asyncio.Event()
    call = rig.summary.SummarizeStream()
    for number in range(5):
        await call.write(entry(f"a{number}"))
    await _until(lambda: rig.core.working == 5)
    call.cancel()
    await _until(lambda: rig.core.cancelled == 5)
    await _until(lambda: rig.lifecycle.in_flight == 0)
    rig.core.gate = None
    assert len(await _all(rig, [entry("next")])) == 1


async def test_an_empty_stream_ends_at_once(rig: Rig) -> None:
    assert await _all(rig, []) == []


async def _until(condition: Callable[[], bool], limit_s: float = 30.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)


async def test_a_stream_that_waits_for_its_caller_gives_way_once_every_article_is_answered(
    make_rig: Callable[..., object],
) -> None:
    # Messages of this size: four of streams are read at a time, three of one caller, and four others.
    rig: Rig = await make_rig(FakeCore(), transport=Transport(max_message_bytes=2**29), patience_s=0.01)  # type: ignore[misc]
    streams = [rig.summary.SummarizeStream() for _ in range(3)]
    for number, stream in enumerate(streams):
        await stream.write(entry(str(number)))
        assert (await stream.read()).article_id == str(number)
    # While nobody needs their places they may be silent for as long as they like; other calls have their own.
    await asyncio.sleep(0.1)
    await rig.summary.Summarize(entry().request)
    assert not any(stream.done() for stream in streams)
    streams.append(rig.summary.SummarizeStream())
    await streams[3].write(entry("3"))
    assert (await streams[3].read()).article_id == "3"
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await streams[0].read()
    failure = failure_of(error.value)
    assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert failure.retry_after_s
    for stream in streams[1:]:
        await stream.write(entry("more"))
        assert (await stream.read()).article_id == "more"
        await stream.done_writing()
        assert await stream.read() is grpc.aio.EOF
