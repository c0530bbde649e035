"""The command as a process among others: its locale, its readers, streams that are full or closed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from khulasa.client.testing import FakeKhulasa

pytestmark = pytest.mark.usefixtures("plain_environment")


def test_a_process_of_its_own_speaks_utf8_in_any_locale(article: Path, server: FakeKhulasa) -> None:
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "khulasa.client.cli", "--server", server.target, "summarize", "-"]
    done = subprocess.run(command, input=article.read_bytes(), capture_output=True, env=environment, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert "قال المتحدث" in done.stdout.decode()


def test_a_reader_that_leaves_is_no_error(article: Path, server: FakeKhulasa) -> None:
    files = " ".join([f"'{article}'"] * 30)
    khulasa_command = f"'{sys.executable}' -m khulasa.client.cli --server {server.target}"
    script = f"set -o pipefail; {khulasa_command} summarize {files} | head -1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, timeout=60)
    assert done.returncode == 0
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["translate", "absent", "article"], 1),
        (["summarize", "article", "--ratio", "3"], 2),
        (["translate", "article"], 0),
    ],
)
def test_messages_that_nobody_reads_do_not_make_it_a_success(
    arguments: list[str], code: int, article: Path, server: FakeKhulasa
) -> None:
    """The results go on, and the exit code tells; it was 0 for a file that could not be read."""
    article.rename(article.with_name("article"))
    reader, err = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "khulasa.client.cli", "--server", server.target, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=err, timeout=60, cwd=article.parent, check=False)
    os.close(err)
    assert done.returncode == code
    assert bool(done.stdout) is (code != 2)


def outcome(arguments: list[str], *, closing: int | None = None, **streams: object) -> tuple[int, str]:
    """Exit code and standard error of the command in a process of its own, one of its streams closed if asked for.

    A shell closes it: between fork and exec of this process gRPC's own handlers would meet the closed stream.
    """
    shell = [] if closing is None else ["sh", "-c", f'exec "$@" {closing}>&-', "sh"]
    done = subprocess.run(
        [*shell, sys.executable, "-m", "khulasa.client.cli", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **streams,  # type: ignore[call-overload]
    )
    return done.returncode, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("arguments", [["translate", "--text", "واحد."], ["models"], ["models", "--json"]])
def test_output_that_cannot_be_written_is_no_success(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        code, err = outcome(arguments, stdout=full)
    assert (code, err) == (1, "khulasa: the output cannot be written: No space left on device\n")


def test_streams_that_are_closed() -> None:
    code, err = outcome(["models"], closing=1)
    assert (code, err) == (1, "khulasa: standard output is closed\n")
    code, err = outcome(["translate"], closing=0, stdout=subprocess.DEVNULL)
    assert (code, err) == (1, "khulasa: standard input: is closed\n")
