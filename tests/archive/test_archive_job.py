"""The archive job over a pipeline without models: rows, order, bounds, and what a second run does."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from archive_rig import LINE_BYTES, Count, FakePipeline, Rig, articles, write_articles
from khulasa.server.archive.errors import ArchiveError
from khulasa.server.archive.manifest import MANIFEST, claim, write_result
from khulasa.server.archive.writing import PartCounts
from khulasa.server.core.errors import EngineError, OverloadedError
from khulasa.server.core.pipeline.types import ArticleInput
from khulasa.server.core.translation.types import Priority


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(write_articles(tmp_path / "in.jsonl", articles(10)), tmp_path / "out")


def test_one_row_an_article_in_the_order_of_the_input(rig: Rig) -> None:
    pipeline = FakePipeline()
    assert rig.run(pipeline) == PartCounts(10, 0)
    assert sorted(rig.content()) == [f"part-0000{n}.jsonl" for n in range(4)]
    rows = rig.rows()
    assert [row["line"] for row in rows] == list(range(1, 11))
    assert [row["article_id"] for row in rows] == [f"a{n}" for n in range(10)]
    assert {context.priority for context in pipeline.contexts} == {Priority.BULK}
    assert rig.progress.made == 10
    for row, given in zip(rows, articles(10), strict=True):
        (pair,) = row["summary"]["sentences"]
        span = pair["source_span"]
        assert given["text"][span["start"] : span["end"]] == pair["source_text"]
        assert pair["target_text"] == pair["source_text"].upper()
        assert pair["score"] == -0.1
        assert pair["flags"] == ["QUALITY_FLAG_NUMBER_MISMATCH"]
        assert row["summary"]["key_terms"][0]["source_spans"] == [{"start": 0, "end": 1}]
        assert row["translation_model"]["revision"] == "a" * 64
        assert row["language_code"] == "en"
        assert "timings" not in json.dumps(row)


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        (b"{nonsense", "line", "not JSON"),
        (b"[1]", "line", "JSON object"),
        (b'{"text": "\xff"}', "line", "not UTF-8 at byte 10"),
        (b'{"text": "a", "text": "b"}', "line", "twice"),
        (b"[" * 1_900, "line", ""),
        (b'{"text": "' + b"x" * LINE_BYTES + b'"}', "line", "at most 2,000 bytes"),
        (b'{"text": 5}', "article.text", "a number"),
        (b'{"text": "\\ud800"}', "article.text", "surrogate"),
        (b'{"text": "a", "language_code": "Arabic"}', "article.language_code", "BCP-47"),
        (b'{"text": "a", "format": "PDF"}', "article.format", "HTML"),
        (b'{"text": "a", "format": 2}', "article.format", "HTML"),
        (b'{"title": "a"}', "article.text", "empty"),
        (b'{"text": "' + b"x" * 1_001 + b'"}', "article.text", "1,000"),
        (b'{"text": "a", "body": "b"}', "line", "'body'"),
        (b'{"text": "menu"}', "article.text", "running text"),
        (b'{"article_id": "\\udfff", "text": "a"}', "article.article_id", "surrogate"),
    ],
)
def test_a_bad_line_becomes_an_error_row_and_the_others_go_on(
    tmp_path: Path, line: bytes, field: str, words: str
) -> None:
    first, last = articles(2)
    rig = Rig(write_articles(tmp_path / "in.jsonl", [first, line, last]), tmp_path / "out")
    assert rig.run(FakePipeline()) == PartCounts(3, 1)
    good, bad, also_good = rig.rows()
    assert (good["article_id"], also_good["article_id"]) == ("a0", "a1")
    assert bad["line"] == 2
    assert bad["error"]["code"] == "INVALID_ARGUMENT"
    (violation,) = bad["error"]["violations"]
    assert violation["field"] == field
    assert words in violation["description"]
    assert rig.faults == []


def test_an_error_row_keeps_the_articles_name(tmp_path: Path) -> None:
    rig = Rig(write_articles(tmp_path / "in.jsonl", [{"article_id": "خبر", "text": None}]), tmp_path / "out")
    rig.run(FakePipeline())
    assert rig.rows()[0]["article_id"] == "خبر"


def test_every_field_reaches_the_pipeline_and_other_fields_can_be_let_in(tmp_path: Path) -> None:
    seen: list[ArticleInput] = []
    given = {"article_id": "a", "title": "t", "text": "<p>x</p>", "language_code": "en", "format": "HTML", "url": "u"}
    source = write_articles(tmp_path / "in.jsonl", [{**given, "date": 5}])
    rig = Rig(source, tmp_path / "out", ignore_other_fields=True)
    assert rig.run(FakePipeline(hook=seen.append)) == PartCounts(1, 0)
    (article,) = seen
    assert (article.article_id, article.title, article.language, article.url) == ("a", "t", "en", "u")
    assert article.format.value == "html"
    assert rig.rows()[0]["url"] == "u"


def test_lines_are_numbered_over_blank_ones_a_mark_and_foreign_line_ends(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(b'\xef\xbb\xbf{"text":"a"}\r\n\r\n \n{"text":"b"}\n{"text":"c"}\n\n{"text":"d"}')
    rig = Rig(source, tmp_path / "out", part_articles=1)
    assert rig.run(FakePipeline()) == PartCounts(4, 0)
    rows = rig.rows()
    assert [row["line"] for row in rows] == [1, 4, 5, 7]
    assert [row["summary"]["sentences"][0]["source_text"] for row in rows] == list("abcd")
    assert rig.survey().articles == 4


def test_an_empty_archive_has_no_parts(tmp_path: Path) -> None:
    rig = Rig(write_articles(tmp_path / "in.jsonl", []), tmp_path / "out")
    assert rig.run(FakePipeline()) == PartCounts(0, 0)
    assert rig.content() == {}


def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    """The first article hangs: only so many others may be begun, though parts and archive hold far more."""
    rig = Rig(write_articles(tmp_path / "in.jsonl", articles(60)), tmp_path / "out", part_articles=30, concurrency=3)

    class Hanging(FakePipeline):
        async def summarize(self, article: ArticleInput, *rest: Any) -> Any:
            result = await super().summarize(article, *rest)
            if article.article_id == "a0":
                while len(self.asked) < 6:  # noqa: ASYNC110 - the job goes on meanwhile
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.2)
                self.begun_meanwhile = len(self.asked)
            return result

    pipeline = Hanging()
    assert rig.run(pipeline) == PartCounts(60, 0)
    assert pipeline.peak == 3
    assert pipeline.begun_meanwhile == 6
    assert [row["article_id"] for row in rig.rows()] == [f"a{n}" for n in range(60)]


def test_a_run_that_is_stopped_leaves_whole_parts_and_the_next_one_does_the_rest(rig: Rig) -> None:
    Rig(rig.source, rig.out.with_name("once")).run(FakePipeline())
    wanted = Rig(rig.source, rig.out.with_name("once")).content()

    async def stop_at(article_id: str) -> None:
        reached = asyncio.Event()
        pipeline = FakePipeline(hook=lambda article: reached.set() if article.article_id == article_id else None)
        job = asyncio.create_task(rig.job(pipeline))
        await reached.wait()
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        assert pipeline.working == 0

    asyncio.run(stop_at("a8"))
    left = rig.content()
    assert left
    assert len(left) < len(wanted)
    assert all(wanted[name] == content for name, content in left.items())
    pipeline = FakePipeline()
    assert rig.run(pipeline) == PartCounts(10, 0)
    assert rig.content() == wanted
    assert len(pipeline.asked) == 10 - 3 * len(left)
    assert rig.progress.kept == 3 * len(left)
    again = FakePipeline()
    assert rig.run(again) == PartCounts(10, 0)
    assert again.asked == []


def test_a_part_that_waits_for_a_thread_to_end_it_is_whole_though_the_run_is_stopped(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled before the thread began, on a busy machine, it was neither ended nor taken away."""

    async def stop() -> None:
        loop, busy, free = asyncio.get_running_loop(), threading.Event(), threading.Event()
        loop.set_default_executor(ThreadPoolExecutor(1))
        advance = Count.advance

        def at_the_third(progress: Count, *, failed: bool) -> None:
            advance(progress, failed=failed)
            if progress.made == 3:
                loop.run_in_executor(None, lambda: (busy.set(), free.wait(30)))
                assert busy.wait(30)
                loop.call_soon(job.cancel)

        monkeypatch.setattr(Count, "advance", at_the_third)
        job = asyncio.create_task(rig.job(FakePipeline()))
        with pytest.raises(asyncio.CancelledError):
            await job
        free.set()

    asyncio.run(stop())
    monkeypatch.undo()
    assert list(rig.content()) == ["part-00000.jsonl"]
    rig.run(FakePipeline())
    assert rig.progress.kept == 3, "it is whole"


@pytest.mark.parametrize(
    "damage", ["cut", "line", "gone", "foreign", "garbage", "no row", "twice", "swapped", "early", "late"]
)
def test_a_damaged_part_is_made_again(rig: Rig, damage: str) -> None:
    rig.run(FakePipeline())
    wanted = rig.content()
    path = rig.out / "part-00001.jsonl"
    content = path.read_bytes()
    rows = content.splitlines(keepends=True)
    others = {
        "no row": [rows[0], b"[5]\n", rows[2]],
        "twice": [rows[0], rows[2], rows[2]],
        "swapped": [rows[1], rows[0], rows[2]],
        "early": [rows[0].replace(b'"line":4', b'"line":3'), *rows[1:]],
        "late": [*rows[:2], rows[2].replace(b'"line":6', b'"line":7')],
    }
    if damage in others:
        path.write_bytes(b"".join(others[damage]))
        assert path.read_bytes() != content
    elif damage == "cut":
        path.write_bytes(content[:-10])
    elif damage == "line":
        path.write_bytes(b"".join(rows[:2]))
    elif damage == "gone":
        path.unlink()
    elif damage == "foreign":
        path.write_bytes(wanted["part-00000.jsonl"])
    else:
        path.write_bytes(b"\x00\xff\n")
    pipeline = FakePipeline()
    rig.run(pipeline)
    assert pipeline.asked == ["a3", "a4", "a5"]
    assert rig.content() == wanted


def test_our_own_faults_are_tried_again_and_the_articles_are_not(rig: Rig) -> None:
    write_articles(rig.source, [*articles(5), b"{", {"article_id": "last", "text": "menu"}])

    def fail(article: ArticleInput) -> None:
        if article.article_id == "a1":
            raise EngineError("secret text")

    assert rig.run(FakePipeline(hook=fail)) == PartCounts(7, 3)
    assert rig.faults == [2]
    row = rig.rows()[1]
    assert row["error"]["code"] == "INTERNAL"
    assert "secret" not in json.dumps(row)
    pipeline = FakePipeline()
    assert rig.run(pipeline) == PartCounts(7, 2)
    assert pipeline.asked == ["a0", "a1", "a2"]


def test_a_full_queue_is_waited_for(rig: Rig) -> None:
    refusals = 3

    def refuse(article: ArticleInput) -> None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise OverloadedError("full", 0.01)

    assert rig.run(FakePipeline(hook=refuse)) == PartCounts(10, 0)
    assert refusals == 0


def test_an_input_that_changes_stops_the_job_before_anything_wrong_is_written(rig: Rig) -> None:
    def change(article: ArticleInput) -> None:
        if article.article_id == "a4":
            with rig.source.open("ab") as file:
                file.write(b'{"text": "late"}\n')

    with pytest.raises(ArchiveError, match="changed"):
        rig.run(FakePipeline(hook=change))
    assert sorted(rig.content()) == ["part-00000.jsonl"]


def test_a_full_disk_stops_the_job_and_leaves_whole_parts(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = 0
    real = os.fsync

    def full(descriptor: int) -> None:
        nonlocal synced
        synced += 1
        if synced > 2:  # the first part and its folder are on the disk
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        rig.run(FakePipeline())
    assert [name for name in rig.content() if not name.startswith(".")] == ["part-00000.jsonl"]


def identity(**settings: object) -> dict[str, Any]:
    return {"input": {"sha256": "a" * 64}, "settings": {"max_sentences": 3, **settings}}


def test_parts_of_another_job_are_refused_and_kept_unless_forced(rig: Rig) -> None:
    rig.out.mkdir()
    claim(rig.out, identity())
    rig.run(FakePipeline())
    write_result(rig.out, identity(), 4, PartCounts(10, 1))
    assert json.loads((rig.out / MANIFEST).read_bytes())["result"] == {"parts": 4, "articles": 10, "failed": 1}
    (rig.out / "notes.txt").write_text("mine")
    before = rig.content()
    with pytest.raises(ArchiveError, match=r"settings\.max_sentences \(was 3, is 5\)"):
        claim(rig.out, identity(max_sentences=5))
    with pytest.raises(ArchiveError, match=r"input\.sha256"):
        claim(rig.out, {**identity(), "input": {"sha256": "b" * 64}})
    assert rig.content() == before
    claim(rig.out, identity())
    assert rig.content().keys() == before.keys()
    claim(rig.out, identity(max_sentences=5), force=True)
    assert sorted(rig.content()) == [MANIFEST, "notes.txt"]
    claim(rig.out, identity(max_sentences=5))


def test_after_an_upgrade_the_refusal_says_how_to_keep_the_parts(rig: Rig) -> None:
    rig.out.mkdir()
    was = identity(software={"numpy": "2.3"}, models=["1"])
    claim(rig.out, was)
    rig.run(FakePipeline())
    way = "go on with the one of before, name another folder"
    with pytest.raises(ArchiveError, match=r'software\.numpy \(was "2\.3", is "2\.4"\)\. Nothing.*' + way):
        claim(rig.out, identity(software={"numpy": "2.4"}, models=["1"]))
    with pytest.raises(ArchiveError, match=way):
        claim(rig.out, identity(software={"numpy": "2.4"}, models=["2"]))
    # The old software would refuse these as well.
    for other in (
        identity(software={"numpy": "2.3"}, models=["2"]),
        identity(software={"numpy": "2.4"}, models=["1"], max_sentences=5),
    ):
        with pytest.raises(ArchiveError, match="changed: name another folder"):
            claim(rig.out, other)
    claim(rig.out, was)


def test_parts_without_a_manifest_are_refused(rig: Rig) -> None:
    rig.run(FakePipeline())
    with pytest.raises(ArchiveError, match="without a manifest"):
        claim(rig.out, identity())
    (rig.out / MANIFEST).write_text("{")
    with pytest.raises(ArchiveError, match="without a manifest"):
        claim(rig.out, identity())
    claim(rig.out, identity(), force=True)
    assert sorted(rig.content()) == [MANIFEST]


@pytest.mark.parametrize("content", ['{"name": "a page", "icons": []}', '{"format": 2, "input": {}, "settings": {}}'])
def test_a_manifest_of_something_else_is_not_written_over(rig: Rig, content: str) -> None:
    rig.out.mkdir()
    (rig.out / MANIFEST).write_text(content)
    with pytest.raises(ArchiveError, match="that can be read"):
        claim(rig.out, identity())
    assert (rig.out / MANIFEST).read_text() == content


def test_what_a_killed_run_left_half_written_goes(rig: Rig) -> None:
    rig.out.mkdir()
    claim(rig.out, identity())
    (rig.out / ".part-00002.jsonl.tmp").write_text("half")
    claim(rig.out, identity())
    assert sorted(rig.content()) == [MANIFEST]


def test_tables_hold_what_the_rows_hold(rig: Rig) -> None:
    write_articles(rig.source, [*articles(4), b"{"])
    rig.run(FakePipeline())
    rig.parquet, rig.full_translation = True, True
    for path in rig.out.iterdir():
        path.unlink()
    rig.run(FakePipeline())

    def without_empty(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without_empty(one) for name, one in value.items() if one is not None}
        return [without_empty(one) for one in value] if isinstance(value, list) else value

    tables = [parquet.read_table(rig.out / f"part-0000{n}.parquet") for n in range(2)]
    assert tables[0].schema == tables[1].schema
    rows = [without_empty(row) for table in tables for row in table.to_pylist()]
    assert rows == rig.rows()
    assert rows[0]["summary"]["sentences"][0]["word_alignments"]
    # A table that is missing or damaged is made from the rows, without the pipeline.
    wanted = rig.content()
    (rig.out / "part-00000.parquet").unlink()
    (rig.out / "part-00001.parquet").write_bytes(b"PAR1")
    pipeline = FakePipeline()
    rig.run(pipeline)
    assert pipeline.asked == []
    assert rig.content() == wanted
    # A part that is made again takes its table with it.
    (rig.out / "part-00000.jsonl").unlink()
    rig.parquet = False
    rig.run(FakePipeline())
    assert sorted(rig.content()) == ["part-00000.jsonl", "part-00001.jsonl", "part-00001.parquet"]
