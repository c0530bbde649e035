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
from khulasa.v1 import common_pb2, summary_pb2, translation_pb2


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


def segment(index: int = 0, *, last: bool, text: int = 0, source: str = "", start: int = -1) -> bytes:
    """Of a text `a. b.`, unless it is said otherwise."""
    source = source or ("b." if index else "a.")
    start = start if start >= 0 else 3 * index
    span = common_pb2.Span(start=start, end=start + len(source))
    found = translation_pb2.SegmentTranslation(source_text=source, source_span=span, target_text="x")
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
    messages = segment(last=False, text=1), segment(1, last=False, text=1), segment(last=True, text=3, source="c.")
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


@pytest.mark.parametrize("place", [(4, 6), (3, 4), (-2, 5), (8, 10)])
@pytest.mark.parametrize("field", ["sentences", "full_translation"])
def test_a_sentence_that_does_not_stand_where_the_server_says(place: tuple[int, int], field: str) -> None:
    """Quoted unseen it would be another one: offsets in bytes or in UTF-16, or of another text."""
    span = common_pb2.Span(start=place[0], end=place[1])
    pair = summary_pb2.AlignedSentence(source_text="b.", source_span=span)
    summary = summary_pb2.BilingualSummary(**{field: [pair]})  # type: ignore[arg-type]
    answer = summary_pb2.SummarizeResponse(summary=summary).SerializeToString()
    with answering(answer) as target, Client(target) as client:
        with pytest.raises(ServerError, match=r"does not stand at \[-?\d+:\d+\]") as caught:
            client.summarize("a. b.", request_id="r-4")
        assert caught.value.request_id == "r-4"


def test_a_sentence_that_a_model_wrote_stands_nowhere() -> None:
    pair = summary_pb2.AlignedSentence(source_text="c.", evidence_spans=[common_pb2.Span(start=0, end=2)])
    answer = summary_pb2.SummarizeResponse(summary={"sentences": [pair]}).SerializeToString()
    with answering(answer) as target, Client(target) as client:
        assert client.summarize("a. b.").sentences[0].source_text == "c."


@pytest.mark.parametrize("read", [streamed, streamed_asynchronously])
def test_a_segment_that_does_not_stand_where_the_server_says(read: Callable[[str], list[StreamedSegment]]) -> None:
    with answering(segment(last=True, start=1)) as target, pytest.raises(ServerError, match="does not stand"):
        read(target)


@pytest.mark.parametrize("read", [translated, translated_asynchronously])
def test_segments_of_a_whole_translation_stand_where_the_server_says(read: Callable[[str], Any]) -> None:
    for start in (0, 1):
        span = common_pb2.Span(start=start, end=2)
        segments = [translation_pb2.SegmentTranslation(source_text="a.", source_span=span)]
        answer = translation_pb2.TranslateResponse(translations=[{"text": "x", "segments": segments}])
        with answering(answer.SerializeToString()) as target:
            if start:
                with pytest.raises(ServerError, match="does not stand"):
                    read(target)
            else:
                assert read(target)[0].segments[0].source_text == "a."


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
