"""What the tests of this folder share: one loaded encoder, and the articles."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from khulasa.server.core.summary.encoder import SentenceEncoder

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def loaded_encoder() -> SentenceEncoder:
    """The real encoder, loaded once."""
    return SentenceEncoder(1)
