"""Puts the modules beside the tests on the path; the hub of this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "e2e")]


@pytest.fixture
def hub() -> Iterator[object]:
    from hub_server import HubServer

    with HubServer() as server:
        yield server
