"""The file of a translation memory: who makes it when several want to, and what is no damage."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from khulasa.server.core.translation.memory import file as memory_file
from khulasa.server.core.translation.memory.store import (
    MemoryPair,
    TranslationMemory,
    TranslationMemoryError,
    salvaged_pairs,
)
from khulasa.server.core.translation.types import LanguagePair

PAIR = LanguagePair("ar", "en")


class _Refusing:
    """A connection whose log cannot be turned on, for a while or at all."""

    def __init__(self, code: int, times: int) -> None:
        self.code, self.times, self.asked = code, times, 0

    def execute(self, _statement: str) -> None:
        self.asked += 1
        if self.asked <= self.times:
            error = sqlite3.OperationalError("refused")
            error.sqlite_errorcode = self.code
            raise error


def _log_of(connection: _Refusing) -> int:
    memory_file._keep_log(cast("sqlite3.Connection", connection))
    return connection.asked


def test_the_log_is_waited_for_while_another_turns_it_on_and_for_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _log_of(_Refusing(sqlite3.SQLITE_BUSY, 3)) == 4
    with pytest.raises(sqlite3.OperationalError):
        _log_of(_Refusing(sqlite3.SQLITE_IOERR, 1))
    monkeypatch.setattr(memory_file, "_BUSY_S", 0.0)
    with pytest.raises(sqlite3.OperationalError):
        _log_of(_Refusing(sqlite3.SQLITE_BUSY, 3))


def test_several_may_make_it_at_one_moment(tmp_path: Path) -> None:
    """Turning the log on is the one thing for which SQLite does not wait: now and then one got `database is locked`."""
    barrier = threading.Barrier(6)

    def make(path: Path, name: int) -> None:
        barrier.wait(30)
        with TranslationMemory(path, create=True) as memory:
            memory.store([MemoryPair(PAIR, f"الجملة {name}", f"sentence {name}")])

    for turn in range(30):
        path = tmp_path / f"memory {turn}"
        with ThreadPoolExecutor(6) as pool:
            for made in [pool.submit(make, path, name) for name in range(6)]:
                made.result()
        with TranslationMemory(path) as memory:
            assert {pair.target_text for pair in memory.pairs()} == {f"sentence {name}" for name in range(6)}


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    path = tmp_path / "approved.memory"
    TranslationMemory(path, create=True).close()
    return path


def test_a_full_disk_below_a_good_memory_is_not_taken_for_damage(memory: Path) -> None:
    """No room for the index of the log, 32 KiB; whoever was told of damage threw the file away."""
    before = memory.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, hard))
    try:
        for create in (False, True):
            with pytest.raises(TranslationMemoryError, match="disk is full") as caught:
                TranslationMemory(memory, create=create)
            assert "damaged" not in str(caught.value)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert memory.read_bytes() == before
    TranslationMemory(memory).close()


def test_a_memory_that_another_program_holds_is_not_taken_for_damage(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_file, "_BUSY_S", 0.01)
    with closing(sqlite3.connect(memory, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TranslationMemoryError, match="another program") as caught:
            TranslationMemory(memory)
        assert "damaged" not in str(caught.value)


@pytest.mark.parametrize("code", [errno.ENOENT, errno.ENOSPC])
def test_no_room_for_the_copy_of_a_damaged_memory_names_the_folder_to_set(
    memory: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def no_folder() -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(tempfile, "TemporaryDirectory", no_folder)
    with pytest.raises(TranslationMemoryError, match="TMPDIR"):
        list(salvaged_pairs(memory, lambda _: None))
