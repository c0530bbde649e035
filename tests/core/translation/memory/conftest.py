"""A translation memory to be, and one of 400 pairs."""

from __future__ import annotations

from pathlib import Path

import pytest
from khulasa.server.core.translation.memory.store import MemoryPair, TranslationMemory
from khulasa.server.core.translation.types import LanguagePair

AR_EN = LanguagePair("ar", "en")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "approved.memory"


@pytest.fixture
def filled(path: Path) -> Path:
    """A memory of 400 pairs in one file, nothing in a log beside it."""
    with TranslationMemory(path, create=True) as memory:
        memory.store(MemoryPair(AR_EN, f"الجملة رقم {n} من النص المعتمد", f"approved {n}") for n in range(400))
    return path
