"""The job on several machines, without machines: what is done again, what is skipped, what stops it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from archive_rig import LINE_BYTES, FakePipeline, Rig, articles, write_articles
from cluster_rig import ClusterRig, FakeWorker
from khulasa.server.archive.blocks import Block, BlockSize, KeptPart, blocks_to_do
from khulasa.server.archive.errors import ArchiveError
from khulasa.server.archive.reading import Line
from khulasa.server.archive.writing import PartCounts
from khulasa.server.core.errors import EngineError
from khulasa.server.core.pipeline.types import ArticleInput

COUNT = 90


@pytest.fixture
def wanted(tmp_path: Path) -> dict[str, bytes]:
    """What one process makes of the same input."""
    rig = Rig(write_articles(tmp_path / "one.jsonl", [*articles(COUNT), b"{broken"]), tmp_path / "once", 20)
    assert rig.run(FakePipeline()) == PartCounts(COUNT + 1, 1)
    return rig.content()


@pytest.fixture
def cluster(tmp_path: Path) -> ClusterRig:
    source = write_articles(tmp_path / "in.jsonl", [*articles(COUNT), b"{broken"])
    return ClusterRig(Rig(source, tmp_path / "out", part_articles=20))


def test_workers_together_give_what_one_process_gives(cluster: ClusterRig, wanted: dict[str, bytes]) -> None:
    cluster.count = 3
    assert cluster.run() == PartCounts(COUNT + 1, 1)
    assert cluster.rig.content() == wanted
    assert cluster.asked() == list(range(1, COUNT + 2))
    assert all(worker.asked and worker.closed for worker in cluster.started)
    assert len(cluster.accepted) == 3
    assert (cluster.rig.progress.made, cluster.rig.progress.failed) == (COUNT + 1, 1)
    assert cluster.said == []


def test_the_blocks_of_a_lost_worker_are_done_again(cluster: ClusterRig, wanted: dict[str, bytes]) -> None:
    def lose_the_first(worker: FakeWorker, lines: Sequence[Line]) -> None:
        if worker.name == "worker 0" and len(worker.asked) == 2:
            worker.lose()

    cluster.on_block = lose_the_first
    assert cluster.run() == PartCounts(COUNT + 1, 1)
    assert cluster.rig.content() == wanted
    lost = cluster.started[0]
    assert lost.closed
    assert len(lost.asked) == 2
    done_again = sorted(line for line in set(cluster.asked()) if cluster.asked().count(line) == 2)
    assert done_again == sorted(line for block in lost.asked for line in block)
    assert len(cluster.started) == 3
    (said,) = cluster.said
    assert "worker 0 was lost" in said
    assert cluster.rig.progress.made == COUNT + 1


def test_all_workers_may_be_lost_at_once(cluster: ClusterRig, wanted: dict[str, bytes]) -> None:
    def lose_both(worker: FakeWorker, lines: Sequence[Line]) -> None:
        if len(cluster.started) == 2 and sum(len(one.asked) for one in cluster.started) == 4:
            for one in cluster.started:
                one.lose()

    cluster.on_block = lose_both
    cluster.run()
    assert cluster.rig.content() == wanted
    assert len(cluster.started) == 4


def test_an_article_that_ends_every_worker_gets_an_error_row_and_the_others_their_summary(
    cluster: ClusterRig, wanted: dict[str, bytes]
) -> None:
    alone: list[bool] = []

    def poison(worker: FakeWorker, lines: Sequence[Line]) -> None:
        if 25 in [line.number for line in lines]:
            alone.append(len(lines) == 1 and worker.at_work == 1)
            worker.lose()

    cluster.on_block = poison
    assert cluster.run() == PartCounts(COUNT + 1, 2)
    rows = cluster.rig.rows()
    assert [row["line"] for row in rows if "error" in row] == [25, COUNT + 1]
    assert rows[24]["article_id"] == "a24"
    assert rows[24]["error"]["code"] == "INTERNAL"
    assert alone == [False, False, True, True]
    assert cluster.faults == [25]
    made = cluster.rig.content()
    assert all(made[name] == content for name, content in wanted.items() if name != "part-00001.jsonl")
    # It was our fault: the next run tries that part again, and nothing else.
    cluster.on_block = None
    assert cluster.run() == PartCounts(COUNT + 1, 1)
    assert cluster.asked() == list(range(21, 41))
    assert cluster.rig.content() == wanted


def test_a_run_that_is_stopped_leaves_whole_parts_and_no_worker_and_the_next_one_skips_them(
    cluster: ClusterRig, wanted: dict[str, bytes]
) -> None:
    async def stop() -> None:
        reached = asyncio.Event()
        cluster.on_block = lambda worker, lines: reached.set() if lines[0].number > 60 else None
        job = asyncio.create_task(cluster.job())
        await reached.wait()
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job

    asyncio.run(stop())
    assert all(worker.closed and not worker.at_work for worker in cluster.started)
    left = cluster.rig.content()
    assert 0 < len(left) < len(wanted)
    assert all(wanted[name] == content for name, content in left.items())
    cluster.on_block = None
    assert cluster.run() == PartCounts(COUNT + 1, 1)
    assert cluster.rig.content() == wanted
    assert len(cluster.asked()) == COUNT + 1 - 20 * len(left)
    assert cluster.rig.progress.kept == 20 * len(left)
    # Nothing is left: a worker says what the parts belong to, and none gets an article.
    assert cluster.run() == PartCounts(COUNT + 1, 1)
    assert cluster.asked() == []
    assert cluster.accepted


def test_a_folder_begun_by_one_process_is_finished_by_workers(cluster: ClusterRig, wanted: dict[str, bytes]) -> None:
    cluster.rig.out.mkdir()
    (cluster.rig.out / "part-00002.jsonl").write_bytes(wanted["part-00002.jsonl"])
    cluster.run()
    assert cluster.rig.content() == wanted
    assert not set(cluster.asked()) & set(range(41, 61))


def test_no_more_is_handed_out_than_workers_can_begin(cluster: ClusterRig) -> None:
    cluster.run()
    assert cluster.most_at_work == 2 * cluster.count


def test_workers_that_are_lost_as_they_start_stop_the_job(cluster: ClusterRig, wanted: dict[str, bytes]) -> None:
    cluster.starts_lost = 3
    cluster.run()
    assert cluster.rig.content() == wanted
    cluster.starts_lost = 1_000
    with pytest.raises(ArchiveError, match="lost as soon as they start: no such module"):
        cluster.run()
    assert all(worker.closed for worker in cluster.started)
    assert len(cluster.started) < 12


def test_rows_of_other_lines_are_never_written(cluster: ClusterRig) -> None:
    cluster.falsify = lambda rows: rows[::-1]
    with pytest.raises(ArchiveError, match="rows of other lines"):
        cluster.run()
    assert cluster.rig.content() == {}
    assert all(worker.closed for worker in cluster.started)


def test_an_input_that_changes_stops_the_job_before_anything_wrong_is_written(cluster: ClusterRig) -> None:
    def change(worker: FakeWorker, lines: Sequence[Line]) -> None:
        if lines[0].number == 41:
            with cluster.rig.source.open("ab") as file:
                file.write(b'{"text": "late"}\n')

    cluster.on_block = change
    with pytest.raises(ArchiveError, match="changed"):
        cluster.run()
    assert set(cluster.rig.content()) <= {"part-00000.jsonl", "part-00001.jsonl"}


def test_our_faults_reach_the_log_with_their_line(cluster: ClusterRig) -> None:
    def fail(article: ArticleInput) -> None:
        if article.article_id == "a7":
            raise EngineError("secret text")

    cluster.pipeline = FakePipeline(hook=fail)
    assert cluster.run() == PartCounts(COUNT + 1, 2)
    assert set(cluster.faults) == {8}
    assert "secret" not in json.dumps(cluster.rig.rows())


def test_tables_are_made_beside_the_parts(cluster: ClusterRig) -> None:
    cluster.rig.parquet = True
    cluster.run()
    names = [f"part-0000{n}" for n in range(5)]
    assert sorted(cluster.rig.content()) == sorted(f"{name}.{end}" for name in names for end in ("jsonl", "parquet"))


def blocks(rig: Rig, size: BlockSize) -> list[Block | KeptPart]:
    with rig.source.open("rb") as file:
        return list(blocks_to_do(rig.out, file, rig.survey(), LINE_BYTES, size))


def test_blocks_hold_every_line_once_in_order_and_no_more_than_allowed(tmp_path: Path) -> None:
    given = [*articles(7), b"", {"text": "y" * 800}, {"text": "z" * 900}, b"x" * (LINE_BYTES + 1), *articles(4)]
    rig = Rig(write_articles(tmp_path / "in.jsonl", given), tmp_path / "out", part_articles=6)
    rig.out.mkdir()
    found = blocks(rig, BlockSize(articles=4, bytes=970))
    assert all(isinstance(one, Block) for one in found)
    numbers = [(one.part.index, one.position, [line.number for line in one.lines]) for one in found]  # type: ignore[union-attr]
    assert numbers == [
        (0, 0, [1, 2, 3, 4]),
        (0, 4, [5, 6]),
        (1, 0, [7, 9]),
        (1, 2, [10, 11, 12]),
        (1, 5, [13]),
        (2, 0, [14, 15]),
    ]
    singles = found[3].single()  # type: ignore[union-attr]
    assert [(one.position, one.lines[0].number) for one in singles] == [(2, 10), (3, 11), (4, 12)]
    # What lies there stays, and is not read.
    assert rig.run(FakePipeline()) == PartCounts(14, 1)
    (rig.out / "part-00001.jsonl").unlink()
    again = blocks(rig, BlockSize(articles=4, bytes=970))
    assert [type(one).__name__ for one in again] == ["KeptPart", "Block", "Block", "Block", "KeptPart"]
    assert again[1:4] == found[2:5]
