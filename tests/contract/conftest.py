"""A real grpc.aio server in this process over a core without models, and a channel to it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parents[1] / "e2e"))

from api_rig import Rig, start_rig
from fake_core import FakeCore


@pytest.fixture
def core() -> FakeCore:
    return FakeCore()


@pytest.fixture
async def make_rig() -> AsyncIterator[Callable[..., Awaitable[Rig]]]:
    """Starts servers with the settings that a test needs."""
    rigs: list[Rig] = []

    async def make(core: FakeCore, **settings: Any) -> Rig:
        rig = await start_rig(core, **settings)
        rigs.append(rig)
        return rig

    yield make
    for rig in rigs:
        await rig.close()


@pytest.fixture
async def rig(core: FakeCore, make_rig: Callable[..., Awaitable[Rig]]) -> Rig:
    """A server with default settings."""
    return await make_rig(core)
