"""Answers that are well-formed and not whole: an error, never a shorter translation or a summary of nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from khulasa.client import Article, AsyncClient, Client, ServerError, StreamedSegment
from khulasa.v1 import summary_pb2, translation_pb2


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """The address of a server that answers every call, a stream or not, with these bytes."""

    class Handler(grpc.GenericRpcHandler):
        def service(self, details: Any) -> Any:
            if details.method.endswith("Stream"):
                return grpc.unary_stream_rpc_method_handler(lambda request, context: iter(answers))
            return grpc.unary_unary_rpc_method_handler(lambda request, context: answers[0])

    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((Handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0)


def streamed(target: str) -> list[StreamedSegment]:
    with Client(target) as client:
        return list(client.translate_stream(["a. b."], request_id="r-1"))


def streamed_asynchronously(target: str) -> list[StreamedSegment]:
    async def read() -> list[StreamedSegment]:
        async with AsyncClient(target) as client:
            return [one async for one in client.translate_stream(["a. b."], request_id="r-1")]

    return asyncio.run(read())


def translated(target: str) -> object:
    with Client(target) as client:
        return client.translate(["a."], request_id="r-1")


def translated_asynchronously(target: str) -> object:
    async def read() -> object:
        async with AsyncClient(target) as client:
            return await client.translate(["a."], request_id="r-1")

    return asyncio.run(read())


def segment(index: int = 0, *, last: bool, text: int = 0) -> bytes:
    found = translation_pb2.SegmentTranslation(source_text="a.", target_text="b.")
    return translation_pb2.TranslateStreamResponse(
        text_index=text, segment_index=index, segment=found, last=last
    ).SerializeToString()


@pytest.mark.parametrize("read", [streamed, streamed_asynchronously])
def test_a_stream_without_its_last_segment_is_not_whole(read: Callable[[str], list[StreamedSegment]]) -> None:
    with answering(segment(last=False)) as target, pytest.raises(ServerError, match="not whole") as caught:
        read(target)
    assert caught.value.request_id == "r-1"


@pytest.mark.parametrize("read", [streamed, streamed_asynchronously])
def test_a_stream_with_its_last_segment_or_without_any_is_whole(read: Callable[[str], list[StreamedSegment]]) -> None:
    with answering(segment(last=False), segment(1, last=True)) as target:
        assert len(read(target)) == 2
    with answering() as target:
        assert read(target) == []


@pytest.mark.parametrize("read", [streamed, streamed_asynchronously])
@pytest.mark.parametrize(
    ("second", "said"),
    [
        (segment(1, last=True), "went on after its last"),
        (segment(0, last=False), "segment 0 of text 0 cannot"),
        (segment(2, last=False), "segment 2 of text 0 cannot"),
        (segment(0, last=False, text=1), "segment 0 of text 1 cannot"),
        (segment(0, last=False, text=-1), "segment 0 of text -1 cannot"),
    ],
    ids=["after the last", "doubled", "missing", "of no text", "before all texts"],
)
def test_a_segment_that_cannot_come_next(
    read: Callable[[str], list[StreamedSegment]], second: bytes, said: str
) -> None:
    """Doubled, missing, or of a text that was never sent: put together they would be another translation."""
    first = segment(last="after" in said)
    with answering(first, second) as target, pytest.raises(ServerError, match=said) as caught:
        read(target)
    assert caught.value.request_id == "r-1"


def test_texts_without_a_segment_are_passed_over() -> None:
    messages = segment(last=False, text=1), segment(1, last=False, text=1), segment(last=True, text=3)
    with answering(*messages) as target, Client(target) as client:
        assert [one.text_index for one in client.translate_stream(["", "a. b.", "", "c."])] == [1, 1, 3]


def test_an_answer_without_a_summary_is_none() -> None:
    with answering(summary_pb2.SummarizeResponse().SerializeToString()) as target, Client(target) as client:
        with pytest.raises(ServerError, match="without a summary") as caught:
            client.summarize("a.", request_id="r-2")
        assert caught.value.request_id == "r-2"
        (outcome,) = client.summarize_many(["a."])
    assert outcome.summary is None


def test_an_answer_about_another_article_or_model_is_none() -> None:
    other = summary_pb2.SummarizeResponse(summary={"article_id": "a-2"}).SerializeToString()
    with answering(other) as target, Client(target) as client:
        with pytest.raises(ServerError, match="article 'a-2', not 'a-1'") as caught:
            client.summarize(Article("a.", "a-1"), request_id="r-3")
        assert caught.value.request_id == "r-3"
    with answering(b"") as target, Client(target) as client, pytest.raises(ServerError, match="model '', not 'm'"):
        client.model("m")


NO_MESSAGE = b"\xff\xff"


@pytest.mark.parametrize(
    ("read", "answers"),
    [
        (translated, [NO_MESSAGE]),
        (translated_asynchronously, [NO_MESSAGE]),
        (streamed, [NO_MESSAGE]),
        (streamed_asynchronously, [NO_MESSAGE]),
        (streamed, [segment(last=False), NO_MESSAGE]),
        (streamed_asynchronously, [segment(last=False), NO_MESSAGE]),
        (streamed_asynchronously, [segment(last=True), NO_MESSAGE]),
    ],
)
def test_an_answer_that_is_no_message(read: Callable[[str], object], answers: list[bytes]) -> None:
    """grpc.aio gives None for it: it passed for the end of a stream, and for an answer was an AttributeError."""
    with answering(*answers) as target, pytest.raises(ServerError) as caught:
        read(target)
    assert caught.value.request_id == "r-1"
