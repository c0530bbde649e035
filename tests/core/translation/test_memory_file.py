"""The file of a translation memory: who makes it when several want to."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest
from khulasa.server.core.translation import memory_file
from khulasa.server.core.translation.memory import MemoryPair, TranslationMemory
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
