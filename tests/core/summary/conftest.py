"""What the tests of this folder share: one loaded encoder, the articles, and the benchmark's variants of a text."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from khulasa.server.core.summary.encoder import SentenceEncoder

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[2] / "benchmarks" / "structure")]


@pytest.fixture(scope="session")
def loaded_encoder() -> SentenceEncoder:
    """The real encoder, loaded once."""
    return SentenceEncoder(1)
