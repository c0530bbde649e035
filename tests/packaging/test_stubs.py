"""`tools/protos.py` puts new stubs in place of old ones, or leaves the old ones alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The protos with their stubs and the tool, in a place of their own."""
    shutil.copytree(ROOT / "proto", tmp_path / "proto", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/protos.py", tmp_path / "tools")
    return tmp_path


def run(copy: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, copy / "tools/protos.py"], capture_output=True, text=True, check=False)


def contents(copy: Path) -> dict[str, bytes]:
    return {str(path.relative_to(copy)): path.read_bytes() for path in (copy / "proto").rglob("*") if path.is_file()}


def test_a_proto_that_is_wrong_leaves_the_old_stubs(copy: Path) -> None:
    with (copy / "proto/khulasa/v1/summary.proto").open("a") as proto:
        proto.write("message {\n")
    before = contents(copy)
    done = run(copy)
    assert done.returncode != 0
    assert "summary.proto" in done.stderr
    assert contents(copy) == before


def test_new_stubs_replace_old_ones_and_those_that_no_proto_makes(copy: Path) -> None:
    good = contents(copy)
    stale, changed = copy / "proto/khulasa/v1/gone_pb2.py", copy / "proto/khulasa/v1/summary_pb2.py"
    stale.write_text("")
    changed.write_text("")
    done = run(copy)
    assert done.returncode == 0, done.stderr
    assert "khulasa/v1/summary_pb2.py" in done.stdout.splitlines()
    assert contents(copy) == good
