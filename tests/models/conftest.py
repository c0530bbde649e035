"""Puts the modules beside the tests on the path; the hub of this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def hub() -> Iterator[object]:
    from hub_server import HubServer

    with HubServer() as server:
        yield server
