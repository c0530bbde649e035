"""The parts of the performance benchmarks that figures hang on: texts, percentiles, open loop, the page."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import grpc
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.load.calls import closed_loop, open_loop, percentile
from benchmarks.plot import Line, as_svg
from benchmarks.report import Goal, Plot, Section, Table, write_page
from benchmarks.texts.articles import article, sentences


def test_no_two_sentences_are_alike_and_all_are_the_same_on_every_machine() -> None:
    assert len(set(sentences(3_000))) == 3_000
    assert article(7, 200) == article(7, 200)
    words = [len(article(number, 200).split()) for number in range(5)]
    assert all(200 <= count <= 275 for count in words)
    assert "\n\n" in article(7, 200)


def test_percentiles() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert percentile([], 0.5) == 0


async def test_a_slow_server_does_not_slow_arrivals_down() -> None:
    under_way, most = 0, 0

    async def send(_number: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.2)
        under_way -= 1

    outcomes = await open_loop(send, range(40), rate=200)
    assert outcomes.answered == 40
    assert most > 10
    most = 0
    assert (await closed_loop(send, range(8), clients=4)).answered == 8
    assert most == 4


async def test_refusals_are_no_good_answers() -> None:
    async def send(number: int) -> None:
        if number % 2:
            metadata = grpc.aio.Metadata()
            raise grpc.aio.AioRpcError(grpc.StatusCode.RESOURCE_EXHAUSTED, metadata, metadata)

    outcomes = await closed_loop(send, range(10), clients=2)
    assert (outcomes.answered, outcomes.codes) == (5, {"RESOURCE_EXHAUSTED": 5})


def test_the_page_says_what_is_missed(tmp_path: Path) -> None:
    section = Section(
        name="x",
        title="A title",
        method="How.",
        scale="full",
        goals=[Goal("fast", 1.5, 2.0, at_least=True), Goal("small", 1.5, 2.0, at_least=False, unit=" s")],
        tables=[Table(("a", "b"), [("1", "2")])],
        plots=[Plot("p", "A plot", "x", "y", [Line("one", [[0, 0], [3, 1234.5]])])],
    )
    write_page([section], tmp_path / "page.md", "# Head")
    page = (tmp_path / "page.md").read_text()
    assert "| fast | ≥ 2 | 1.5 | **missed** |" in page
    assert "| small | ≤ 2 s | 1.5 s | met |" in page
    assert "![A plot](page/p.svg)" in page
    assert (tmp_path / "page/p.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("largest", [0.003, 1, 7, 999, 50_000])
def test_a_plot_holds_its_points(largest: float) -> None:
    picture = as_svg("t", "x", "y", [Line("l", [[largest, largest / 3]])])
    x = float(picture.split('circle cx="')[1].split('"')[0])
    assert 64 < x <= 624
