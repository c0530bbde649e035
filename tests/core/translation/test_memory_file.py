"""The file of a translation memory: who makes it when several want to."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from khulasa.server.core.translation.memory import MemoryPair, TranslationMemory
from khulasa.server.core.translation.types import LanguagePair

PAIR = LanguagePair("ar", "en")


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
