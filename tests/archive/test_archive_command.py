"""`khulasa-server archive` as an operator runs it, with the bundled model."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from archive_rig import write_articles

ROOT = Path(__file__).resolve().parents[2]
COMMAND = str(Path(sys.executable).parent / "khulasa-server")
ARABIC = (ROOT / "seeds/nato-guarantees.ar.txt").read_text("utf-8")[:800]
ENGLISH = (
    "The council of Harbour Bay met on Tuesday. It approved a budget of 12 million dollars. The mayor said that the"
    " money would repair 40 schools. Critics doubt the figures. Work begins in March."
)
HTML = "<p>The storm reached the coast at noon.</p><p>Three villages lost power.</p>"
ARTICLES: list[dict[str, Any] | bytes] = [
    {"article_id": "short", "text": ENGLISH},
    {"article_id": "long", "text": ARABIC},
    b'{"article_id": "broken"',
    {"article_id": "web", "text": HTML, "format": "HTML"},
]
OPTIONS = ("--full-translation", "--part-articles", "1", "--concurrency", "2", "--max-sentences", "2")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KHULASA_")}
    command = [COMMAND, "archive", *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(*arguments: str | Path) -> tuple[int, str, str]:
    with start(*arguments) as process:
        out, err = process.communicate(timeout=200)
    return process.returncode, out, err


def content(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The input, and the folder of one undisturbed run."""
    folder = tmp_path_factory.mktemp("archive")
    source, out = write_articles(folder / "in.jsonl", ARTICLES), folder / "once"
    status, said, err = run(source, out, *OPTIONS)
    assert (status, err.count("Traceback")) == (1, 0), err
    assert "4 articles in 4 parts, 1 failed" in said
    return source, out


def test_rows_hold_every_pair_with_its_place(once: tuple[Path, Path]) -> None:
    made = content(once[1])
    assert sorted(made) == ["manifest.json", *(f"part-0000{n}.jsonl" for n in range(4))]
    _check_rows([json.loads(made[f"part-0000{n}.jsonl"]) for n in range(4)])


def test_killed_in_the_middle_and_run_again_gives_what_one_run_gives(once: tuple[Path, Path], tmp_path: Path) -> None:
    source, wanted, out = once[0], content(once[1]), tmp_path / "out"

    def stop_when(begun: Callable[[], bool], number: signal.Signals) -> int:
        with start(source, out, *OPTIONS) as process:
            while not begun():
                assert process.poll() is None, process.communicate()
                time.sleep(0.001)
            process.send_signal(number)
            process.communicate(timeout=200)
        left = content(out)
        assert "part-00003.jsonl" not in left, "it was stopped too late to show anything"
        assert all(wanted[name] == rows for name, rows in left.items() if name.startswith("part-"))
        assert json.loads(left["manifest.json"])["result"] is None
        return process.returncode

    assert stop_when((out / "part-00000.jsonl").exists, signal.SIGKILL) == -signal.SIGKILL
    # A run writes the manifest anew just before it takes up the articles.
    claimed = (out / "manifest.json").stat().st_ino
    again = stop_when(lambda: (out / "manifest.json").stat().st_ino != claimed, signal.SIGTERM)
    assert again == 128 + signal.SIGTERM
    assert run(source, out, *OPTIONS)[0] == 1
    assert content(out) == wanted


def _check_rows(rows: list[dict[str, Any]]) -> None:
    assert [row["line"] for row in rows] == [1, 2, 3, 4]
    assert "error" in rows[2]
    for row, article in zip(rows, ARTICLES, strict=True):
        if isinstance(article, bytes):
            continue
        assert row["article_id"] == article["article_id"]
        assert len(row["translation_model"]["revision"]) == 64
        summary = row["summary"]
        assert 1 <= len(summary["sentences"]) <= 2
        assert len(summary["full_translation"]) == summary["statistics"]["sentences"]
        for pair in [*summary["sentences"], *summary["full_translation"]]:
            span = pair["source_span"]
            assert article["text"][span["start"] : span["end"]] == pair["source_text"]
            assert pair["target_text"]
            assert pair["score"] < 0
    assert rows[1]["language_code"] == "ar"
    assert rows[1]["summary"]["key_terms"]


def test_what_cannot_run_is_one_line_and_status_2(once: tuple[Path, Path], tmp_path: Path) -> None:
    source, out = once[0], tmp_path / "out"
    shutil.copytree(once[1], out)
    before = content(out)
    for arguments, words in (
        ((tmp_path / "none.jsonl", out), f"{tmp_path / 'none.jsonl'}: No such file"),
        ((source, source.parent), "lies in the folder of the output"),
        ((source, out, "--ratio", "3", "--max-words", "5"), "--ratio: must be above 0"),
        ((source, out, "--target-language", "fr"), "no model translates into fr"),
        ((source, out, *OPTIONS, "--focus", "schools"), 'settings.options.focus (was null, is "schools")'),
        (
            (source, out, "--config", tmp_path / "none.toml"),
            f"settings file {tmp_path / 'none.toml'}: there is no such file",
        ),
    ):
        status, _, err = run(*arguments)
        assert status == 2, err
        assert words in err
        assert "Traceback" not in err
    assert content(out) == before
    other = write_articles(tmp_path / "other.jsonl", [{"text": ENGLISH}])
    assert run(other, out, "--force")[0] == 0
    assert sorted(content(out)) == ["manifest.json", "part-00000.jsonl"]


def test_two_jobs_do_not_share_a_folder(tmp_path: Path) -> None:
    import fcntl

    source = write_articles(tmp_path / "in.jsonl", [{"text": ENGLISH}])
    out = tmp_path / "out"
    out.mkdir()
    folder = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        status, _, err = run(source, out)
    finally:
        os.close(folder)
    assert status == 2
    assert "another job is at work" in err
    assert content(out) == {}


def test_an_output_that_cannot_be_written_to_does_not_stop_the_job(tmp_path: Path) -> None:
    """A full disk under the log ended hours of work with the next line of progress."""
    source = write_articles(tmp_path / "in.jsonl", [{"text": ENGLISH}])
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([COMMAND, "archive", source, tmp_path / "out"], stdout=full, stderr=full, timeout=200)
    assert done.returncode == 0
    assert json.loads((tmp_path / "out" / "manifest.json").read_bytes())["result"]["articles"] == 1


def test_a_survey_can_be_stopped(tmp_path: Path) -> None:
    """It went on to the end of the input, and nothing but SIGKILL ended it before."""
    source, out = tmp_path / "in.jsonl", tmp_path / "out"
    with source.open("wb") as file:
        file.truncate(2**42)
    with start(source, out) as process:
        while not out.exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        try:
            _, err = process.communicate(timeout=200)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in err


def test_a_table_without_pyarrow_names_the_extra(tmp_path: Path) -> None:
    source = write_articles(tmp_path / "in.jsonl", [{"text": ENGLISH}])
    hidden = "import sys; sys.modules['pyarrow'] = None; from khulasa.server.cli import main; main()"
    command = [sys.executable, "-c", hidden, "archive", source, tmp_path / "out", "--parquet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "khulasa-server[archive]" in done.stderr
    assert not (tmp_path / "out").exists()
