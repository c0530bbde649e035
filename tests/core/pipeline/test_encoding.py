"""Turns at the encoder: what is long gives way, and comes out as if it had not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest
from khulasa.server.core.pipeline.encoding import EncodingQueue
from khulasa.server.core.translation.types import Priority, RequestContext

SLICE = 8_000


class CountingEncoder:
    """The vector of a text tells how many of its words are odd and even numbers; remembers what it was given."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def encode(self, texts: Sequence[str], *, alone: bool = False) -> npt.NDArray[np.float32]:
        self.calls.append(list(texts))
        rows = [[sum(int(word[-1]) % 2 == k for word in text.split()) + 0.1 for k in (0, 1)] for text in texts]
        found = np.array(rows, dtype=np.float32)
        unit: npt.NDArray[np.float32] = found / np.linalg.norm(found, axis=1, keepdims=True)
        return unit


async def test_short_texts_have_the_vectors_that_the_encoder_gives() -> None:
    encoder = CountingEncoder()
    texts = [str(n) for n in range(100)]
    rows = await EncodingQueue(encoder).encode(texts, RequestContext())
    assert np.array_equal(rows, CountingEncoder().encode(texts))
    assert max(map(len, encoder.calls)) <= 32


@pytest.mark.parametrize("text", ["1 " * 50_000 + "2 " * 150_000, "1" * 20_000])
async def test_a_long_text_comes_in_parts_and_is_one_row_among_the_others(text: str) -> None:
    encoder = CountingEncoder()
    rows = await EncodingQueue(encoder).encode(["1", text, "2"], RequestContext())
    assert max(sum(map(len, call)) for call in encoder.calls) <= SLICE
    assert "".join(part for call in encoder.calls for part in call) == f"1{text}2"
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert np.array_equal(rows[[0, 2]], CountingEncoder().encode(["1", "2"]))


async def test_parts_weigh_as_much_as_they_are_long() -> None:
    # a quarter odd numbers, three quarters even ones, in runs longer than a slice
    rows = await EncodingQueue(CountingEncoder()).encode(["1 " * 8_000 + "2 " * 24_000], RequestContext())
    even, odd = rows[0]
    assert even / odd == pytest.approx(3, rel=0.02)


async def test_a_short_text_overtakes_a_long_one_on_one_thread() -> None:
    encoder = CountingEncoder()
    with ThreadPoolExecutor(1) as executor:
        queue = EncodingQueue(encoder, executor, width=1_000)
        long = asyncio.create_task(queue.encode(["1 " * 500_000], RequestContext()))
        await asyncio.sleep(0)  # it has handed in its first part
        await queue.encode(["7"], RequestContext())
        assert not long.done()
        await long
    assert encoder.calls.index(["7"]) <= 4


class MeetingEncoder(CountingEncoder):
    """Every call waits until another is there too."""

    def __init__(self) -> None:
        super().__init__()
        self.meeting = threading.Barrier(2)

    def encode(self, texts: Sequence[str], *, alone: bool = False) -> npt.NDArray[np.float32]:
        self.meeting.wait(20)
        return super().encode(texts, alone=alone)


async def test_the_texts_of_an_interactive_request_are_divided_among_the_threads() -> None:
    encoder = MeetingEncoder()
    texts = [f"{n} " * 50 for n in range(20)]
    with ThreadPoolExecutor(2) as executor:
        rows = await EncodingQueue(encoder, executor, width=1_000, threads=2).encode(texts, RequestContext())
    assert sorted(map(len, encoder.calls)) == [8, 12]
    assert np.array_equal(rows, CountingEncoder().encode(texts))


async def test_bulk_work_and_a_few_words_keep_to_one_thread() -> None:
    for texts, priority in (["1 2 3 " * 40] * 20, Priority.BULK), (["7", "8"], Priority.INTERACTIVE):
        encoder = CountingEncoder()
        with ThreadPoolExecutor(2) as executor:
            queue = EncodingQueue(encoder, executor, width=1_000, threads=2)
            await queue.encode(texts, RequestContext(priority=priority))
        assert len(encoder.calls) == 1
