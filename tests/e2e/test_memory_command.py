"""`khulasa-server memory` as an operator runs it.

Two runs are processes of their own; the others call the same command here, for starting Python twenty times was most of
the time that these tests took.
"""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from khulasa.server.memory_commands import memory_app
from khulasa.v1 import (
    common_pb2,
    summary_pb2,
    summary_pb2_grpc,
    translation_pb2,
    translation_pb2_grpc,
)
from server_process import ServerProcess
from typer.testing import CliRunner

TMX = """<?xml version="1.0" encoding="UTF-8"?>
<tmx version="1.4"><header srclang="ar"/><body>
<tu changeid="Huda"><tuv xml:lang="ar"><seg>قال الوزير.</seg></tuv><tuv xml:lang="en"><seg>The minister said.</seg></tuv></tu>
<tu><tuv xml:lang="ar"><seg>نعم &amp; لا</seg></tuv><tuv xml:lang="en"><seg>Yes &amp; no</seg></tuv></tu>
<tu><tuv xml:lang="ar"><seg>وحيد</seg></tuv></tu>
</body></tmx>"""  # noqa: E501 - a line of such a file


class Done(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def memory(*arguments: str | Path, folder: Path) -> Done:
    with contextlib.chdir(folder):
        result = CliRunner().invoke(memory_app, [*map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def memory_process(*arguments: str | Path, folder: Path) -> Done:
    script = "import sys; from khulasa.server.cli import main; sys.argv[0] = 'khulasa-server'; main()"
    command = [sys.executable, "-c", script, "memory", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(autouse=True)
def _no_settings_but_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KHULASA_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def tmx(tmp_path: Path) -> Path:
    file = tmp_path / "in.tmx"
    file.write_text(TMX, "utf-8")
    return file


def test_in_counted_and_out_again(tmp_path: Path, tmx: Path) -> None:
    (tmp_path / "khulasa.toml").write_text('memory_path = "news.memory"\n')
    done = memory_process("import", tmx, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 units read; 2 pairs new, 0 replaced, 0 there already" in done.stdout
    assert "left out 1 times: a unit with one language" in done.stdout
    again = memory("import", tmx, "--both-directions", folder=tmp_path)
    assert "2 pairs new, 0 replaced, 2 there already" in again.stdout
    stats = memory("stats", folder=tmp_path)
    assert stats.returncode == 0
    assert "4 pairs" in stats.stdout
    assert "en-ar: 2" in stats.stdout
    out = tmp_path / "out.tmx"
    assert memory("export", out, folder=tmp_path).returncode == 0
    assert "Huda" in out.read_text("utf-8")
    refused = memory("export", out, folder=tmp_path)
    assert refused.returncode == 1
    assert "--overwrite" in refused.stderr
    other = memory("import", out, "--memory", tmp_path / "other.memory", folder=tmp_path)
    assert "4 pairs new" in other.stdout
    assert sorted(p.name for p in tmp_path.glob(".*")) == []


def test_what_goes_wrong_is_one_line_and_a_status(tmp_path: Path, tmx: Path) -> None:
    nowhere = memory("stats", folder=tmp_path)
    assert nowhere.returncode == 2
    assert "KHULASA_MEMORY_PATH" in nowhere.stderr
    missing = memory("stats", "--memory", "none.memory", folder=tmp_path)
    assert missing.returncode == 1
    assert "no such file" in missing.stderr
    # It was said to be of no use as the folder could not be written.
    nowhere = memory("import", tmx, "--memory", "none/new.memory", folder=tmp_path)
    assert (nowhere.returncode, nowhere.stderr) == (1, "none/new.memory: there is no such folder\n")
    wrong = tmp_path / "wrong.memory"
    wrong.write_text("a text")
    for command in (["import", tmx], ["export", tmp_path / "x.tmx"], ["stats"]):
        done = memory(*command, "--memory", wrong, folder=tmp_path)
        assert done.returncode == 1
        assert "left as it is" in done.stderr
    assert "Traceback" not in memory_process("stats", "--memory", wrong, folder=tmp_path).stderr
    assert wrong.read_text() == "a text"
    broken = tmp_path / "broken.tmx"
    broken.write_text(TMX[:-20], "utf-8")
    done = memory("import", tmx, broken, "--memory", "new.memory", folder=tmp_path)
    assert done.returncode == 1
    assert "nothing of this file was stored" in done.stderr
    assert "2 pairs" in memory("stats", "--memory", "new.memory", folder=tmp_path).stdout


def test_a_full_disk_under_a_new_memory_is_no_damage(tmp_path: Path, tmx: Path) -> None:
    script = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        " resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        " from khulasa.server.memory_commands import memory_app; memory_app()"
    )
    command = [sys.executable, "-B", "-c", script, "import", str(tmx), "--memory", str(tmp_path / "new.memory")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{tmp_path / 'new.memory'} could not be made: ")


@pytest.mark.parametrize("call", ["os.fsync", "tempfile.mkstemp"])
def test_a_full_disk_under_an_export_is_named(
    tmp_path: Path, tmx: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    memory("import", tmx, "--memory", "tm.db", folder=tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(call, full)
    done = memory("export", "out.tmx", "--memory", "tm.db", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "[Errno 28] No space left on device: 'out.tmx'\n"
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".db", ".tmx"]


def test_what_can_be_read_of_a_damaged_memory_is_saved(tmp_path: Path, tmx: Path) -> None:
    path = tmp_path / "news.memory"
    memory("import", tmx, "--memory", path, folder=tmp_path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"Yes & no", b"Yes & so"))
    stats = memory("stats", "--memory", path, folder=tmp_path)
    assert stats.returncode == 1
    assert "damaged" in stats.stderr
    assert memory("export", tmp_path / "a.tmx", "--memory", path, folder=tmp_path).returncode == 1
    assert not (tmp_path / "a.tmx").exists()
    saved = memory("export", tmp_path / "a.tmx", "--salvage", "--memory", path, folder=tmp_path)
    assert saved.returncode == 1
    assert "1 pairs" in saved.stdout
    assert "could not be read: pair 2" in saved.stderr


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_server_gives_what_was_imported_and_a_damaged_memory_stops_the_start(tmp_path: Path, tmx: Path) -> None:
    path = tmp_path / "news.memory"
    memory("import", tmx, "--memory", path, folder=tmp_path)
    request = translation_pb2.TranslateRequest(
        texts=["قالَ الوزير. وصل الوفد أمس."], source_language_code="ar", target_language_code="en"
    )
    with ServerProcess(threads=2, memory_path=path) as process:
        process.wait_until("SERVING")
        stub = translation_pb2_grpc.TranslationServiceStub(process.channel)
        first, second = stub.Translate(request, timeout=60).translations[0].segments
        assert first.target_text == "The minister said."
        assert first.origin == common_pb2.TRANSLATION_ORIGIN_MEMORY
        assert second.origin == common_pb2.TRANSLATION_ORIGIN_MODEL
        # A summary is made of the same segments.
        article = summary_pb2.SummarizeRequest(article={"text": request.texts[0] + " وعقد اجتماع طويل."})
        origins = {s.source_text: s.origin for s in _summarized(process, article)}
        assert all((o == common_pb2.TRANSLATION_ORIGIN_MEMORY) == t.startswith("قالَ") for t, o in origins.items())
        # An import is seen by the next request.
        tmx.write_text(TMX.replace("The minister said.", "The minister spoke."), "utf-8")
        memory("import", tmx, "--memory", path, folder=tmp_path)
        again = stub.Translate(request, timeout=60).translations[0].segments[0]
        assert again.target_text == "The minister spoke."
        assert process.stop() == 0
    path.write_bytes(b"no memory at all")
    with ServerProcess(threads=2, memory_path=path) as process:
        assert process.wait() == 1
        assert "left as it is" in process.written()


def _summarized(process: ServerProcess, request: summary_pb2.SummarizeRequest) -> list[summary_pb2.AlignedSentence]:
    stub = summary_pb2_grpc.SummaryServiceStub(process.channel)
    return list(stub.Summarize(request, timeout=60).summary.sentences)
