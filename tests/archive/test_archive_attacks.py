"""What a hostile archive may try, against the real command: names of files never come from articles."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from archive_rig import write_articles

COMMAND = str(Path(sys.executable).parent / "khulasa-server")
TEXT = "The council met on Tuesday. It approved the budget."
NAMES = [
    "../../../../../../etc/passwd",
    "/etc/passwd",
    "../outside/victim.txt",
    "..\\..\\victim.txt",
    "..",
    ".",
    "manifest.json",
    "part-00000.jsonl",
    ".part-00000.jsonl.tmp",
    "a\0b",
    "a/b\n{\"line\":99}",
    "$(touch pwned)",
    "`touch pwned`; | > pwned",
    "%2e%2e%2fvictim.txt",
    "\u202egpj.exe",
    "خبر/../" * 8,
    "--force",
    "x" * 256,
]  # fmt: skip
TOO_LONG = "y" * 257

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def run(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    line = [COMMAND, "archive", *map(str, arguments)]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=200)


def tree(folder: Path) -> dict[str, str]:
    """Every file and link below, with its content."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the command runs: an input, and a neighbour of the output that must stay as it is."""
    articles: list[dict[str, Any] | bytes] = [
        {"article_id": name, "text": TEXT, "url": f"file://{name[:200]}", "title": "../victim.txt"} for name in NAMES
    ]
    articles += [{"article_id": TOO_LONG, "text": TEXT}, {"article_id": ["../x"], "text": TEXT}, b'{"__proto__": {}}']
    write_articles(tmp_path / "in.jsonl", articles)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "victim.txt").write_text("untouched")
    return tmp_path


def test_ids_and_addresses_are_text_and_nothing_else(place: Path) -> None:
    before = tree(place)
    done = run("in.jsonl", "out", "--part-articles", "9", "--parquet", folder=place)
    assert done.returncode == 1, done.stderr
    assert "21 articles in 3 parts, 3 failed" in done.stdout
    names = [f"out/part-0000{n}.{end}" for n in range(3) for end in ("jsonl", "parquet")]
    after = tree(place)
    assert sorted(set(after) - set(before)) == sorted([*names, "out/manifest.json"])
    assert {name: after[name] for name in before} == before
    lines = [line for n in range(3) for line in (place / f"out/part-0000{n}.jsonl").open("rb")]
    rows = [json.loads(line) for line in lines]
    # One line a row, whatever an id holds; ids come back as they were given, or not at all.
    assert [row["line"] for row in rows] == list(range(1, len(NAMES) + 4))
    assert [row["article_id"] for row in rows[: len(NAMES)]] == NAMES
    assert all("summary" in row for row in rows[: len(NAMES)])
    assert [row["error"]["code"] for row in rows[len(NAMES) :]] == ["INVALID_ARGUMENT"] * 3
    assert rows[len(NAMES) + 1]["article_id"] == ""
    assert b"root:" not in b"".join(lines)


def test_links_laid_in_the_folder_lead_nowhere(place: Path) -> None:
    """Someone who may write into the folder lays links under the names that the job writes to."""
    victim, out = place / "outside" / "victim.txt", place / "out"
    write_articles(place / "in.jsonl", [{"text": TEXT}, {"article_id": TOO_LONG, "text": TEXT}])
    first = run("in.jsonl", "out", "--part-articles", "1", folder=place)
    wanted = tree(out)
    for name in ("part-00001.jsonl", ".part-00001.jsonl.tmp", ".manifest.json.tmp"):
        (out / name).unlink(missing_ok=True)
        (out / name).symlink_to(victim)
    (out / "part-00001.parquet").symlink_to(victim)
    done = run("in.jsonl", "out", "--part-articles", "1", folder=place)
    assert (done.returncode, done.stdout) == (first.returncode, first.stdout)
    assert victim.read_text() == "untouched"
    assert tree(out) == wanted
    assert not any(path.is_symlink() for path in out.iterdir())
    # A folder that only looks like an output is refused, and --force takes the links away, not what they lead to.
    bait = place / "bait"
    bait.mkdir()
    (bait / "part-00000.jsonl").symlink_to(victim)
    done = run("in.jsonl", "bait", folder=place)
    assert done.returncode == 2
    assert "without a manifest" in done.stderr
    assert run("in.jsonl", "bait", "--force", folder=place).returncode == 1
    assert victim.read_text() == "untouched"


def test_a_hostile_name_of_the_input_is_a_name(place: Path) -> None:
    source = place / "--in $(touch pwned) \u202e.jsonl"
    (place / "in.jsonl").rename(source)
    done = run("--", f"./{source.name}", "out", folder=place)
    assert done.returncode == 1, done.stderr
    assert not (place / "pwned").exists()
    assert source.name not in (place / "out" / "manifest.json").read_text("utf-8")
