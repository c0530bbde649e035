"""What befalls an archive job: inputs that are no lines or change, disks that are full, folders begun by another."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import re
from pathlib import Path

import pytest
from archive_rig import FakePipeline, Rig, articles, write_articles
from khulasa.server.archive.errors import ArchiveError
from khulasa.server.archive.manifest import MANIFEST, Identity, claim
from khulasa.server.archive.reading import PartPlan, survey
from khulasa.server.archive.writing import PartWriter
from khulasa.server.core.pipeline.types import ArticleInput


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(write_articles(tmp_path / "in.jsonl", articles(10)), tmp_path / "out")


def identity(max_sentences: int = 3) -> Identity:
    return {"input": {"sha256": "a" * 64}, "settings": {"max_sentences": max_sentences}}


def test_an_input_that_loses_lines_stops_the_job(rig: Rig) -> None:
    """The missing line ended a generator in the middle, which is a RuntimeError."""

    def cut(article: ArticleInput) -> None:
        if article.article_id == "a1":
            os.truncate(rig.source, 10)

    # More than is read ahead, and the part not full before that.
    rig.part_articles = 90
    rig.source.write_bytes(rig.source.read_bytes().replace(b'"text": "', b'"text": "' + b"y" * 900) * 9)
    with pytest.raises(ArchiveError, match="changed"):
        rig.run(FakePipeline(hook=cut))
    assert rig.content() == {}


@pytest.mark.parametrize(
    ("begins", "said"),
    [
        (gzip.compress(b'{"text": "a"}', mtime=0), "is packed (gzip)"),
        (bz2.compress(b'{"text": "a"}'), "is packed (bzip2)"),
        (lzma.compress(b'{"text": "a"}'), "is packed (xz)"),
        (b"\x28\xb5\x2f\xfd\x04\x58", "is packed (zstd)"),
        (b"PK\x03\x04\x14", "is packed (zip)"),
        ('{"text": "a"}'.encode("utf-16"), "is UTF-16"),
        ('{"text": "a"}'.encode("utf-16-be"), "is UTF-16"),
        (b'[\n  {"text": "a"},\n', "is one JSON array"),
        (b'\xef\xbb\xbf [ {"text": "a"},\n', "is one JSON array"),
    ],
    ids=["gzip", "bzip2", "xz", "zstd", "zip", "UTF-16", "UTF-16 without a mark", "array", "array with a mark"],
)
def test_what_is_no_file_of_lines_is_refused_whole(rig: Rig, begins: bytes, said: str) -> None:
    """Each of its lines became an error row, a million of them for a large one."""
    rig.source.write_bytes(begins)
    with pytest.raises(ArchiveError, match=re.escape(said)):
        rig.survey()
    rig.source.write_bytes(b'[1]\n{"text": "a"}\n')
    assert rig.survey().articles == 2


def test_a_pipe_is_refused(rig: Rig) -> None:
    read, write = os.pipe()
    os.close(write)
    with os.fdopen(read, "rb") as pipe, pytest.raises(ArchiveError, match="a file, not a pipe"):
        survey(pipe, 1_000, 1)


def test_a_full_disk_is_said_with_the_file_and_nothing_half_is_left(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.FileIO):
        def write(self, _data: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda path, mode: io.BufferedWriter(Full(path, mode)))
    writer = PartWriter(rig.source.parent, PartPlan(0, 0, 1, 2, 2))
    with pytest.raises(OSError, match="No space") as error:
        writer.write({"line": 1, "text": "x" * 20_000})
    assert error.value.filename == str(rig.source.parent / "part-00000.jsonl")
    writer.abandon()
    writer = PartWriter(rig.source.parent, PartPlan(0, 0, 1, 1, 1))
    writer.write({"line": 1})
    with pytest.raises(OSError, match="No space") as error:
        writer.finish()
    assert error.value.filename == str(rig.source.parent / "part-00000.jsonl")
    with pytest.raises(OSError, match=r"manifest\.json"):
        claim(rig.source.parent, identity())
    assert list(rig.source.parent.iterdir()) == [rig.source]


def test_a_folder_without_parts_is_any_jobs(rig: Rig) -> None:
    """Stopped before its first part, and run again with another option, it spoke of parts that there were none of."""
    rig.out.mkdir()
    claim(rig.out, identity())
    claim(rig.out, identity(max_sentences=5))
    assert json.loads((rig.out / MANIFEST).read_bytes())["settings"] == {"max_sentences": 5}
