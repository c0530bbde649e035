"""Ctrl-C while a command is still being imported: exit status 130 and not a word, above all no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Takes the place of a library that the command imports, and never comes to an end.
SLOW = """
import pathlib, time
pathlib.Path(__file__).with_name("reached").touch()
time.sleep(60)
"""


def start(
    distribution: str, folder: Path, library: str, *arguments: str, ignoring: bool = False
) -> subprocess.Popen[str]:
    """What the installed script does, with a library that is slow to import."""
    scripts = tomllib.loads((ROOT / distribution / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    ((_, entry),) = scripts.items()
    module, function = entry.split(":")
    (folder / f"{library}.py").write_text(SLOW)
    # As Python starts where SIGINT is ignored or not. Nothing runs between fork and exec: beside gRPC's threads, which
    # other tests leave here, a child with Python in it may abort.
    handler = "SIG_IGN" if ignoring else "default_int_handler"
    program = (
        f"import signal, sys\nsignal.signal(signal.SIGINT, signal.{handler})\nsys.path.insert(0, {str(folder)!r})\n"
        f"from {module} import {function}\nsys.exit({function}())"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env={name: value for name, value in os.environ.items() if not name.startswith("KHULASA_")},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_importing(folder: Path, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 60
    while not (folder / "reached").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("distribution", "library", "arguments"),
    [
        ("client", "grpc", ["summarize", "-"]),
        ("server", "typer", ["serve"]),
        ("server", "grpc", ["serve"]),
    ],
)
def test_while_importing(tmp_path: Path, distribution: str, library: str, arguments: list[str]) -> None:
    with start(distribution, tmp_path, library, *arguments) as process:
        wait_until_importing(tmp_path, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "")


def test_who_ignores_it_goes_on(tmp_path: Path) -> None:
    with start("client", tmp_path, "grpc", "--help", ignoring=True) as process:
        wait_until_importing(tmp_path, process)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert process.poll() is None
        process.kill()
