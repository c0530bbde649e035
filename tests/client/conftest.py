"""A fake server and both clients."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from khulasa.client import AsyncClient, Client, RetryPolicy
from khulasa.client.testing import FakeKhulasa

# pytest's importlib mode leaves the folder of a test out of sys.path.
sys.path.insert(0, str(Path(__file__).parent))

from command_case import ARTICLE

# Real pauses, but short ones: what is tested here is that they happen, their lengths are tested without waiting.
QUICK = RetryPolicy(initial_backoff=0.001, max_backoff=0.002)


@pytest.fixture
def server() -> Iterator[FakeKhulasa]:
    with FakeKhulasa() as fake:
        yield fake


@pytest.fixture
def client(server: FakeKhulasa) -> Iterator[Client]:
    with Client(server.target, retry=QUICK) as made:
        yield made


@pytest.fixture
async def async_client(server: FakeKhulasa) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(server.target, retry=QUICK) as made:
        yield made


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "خبر.txt"
    path.write_text(ARTICLE, encoding="utf-8")
    return path


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch, server: FakeKhulasa) -> None:
    for name in ("KHULASA_TOKEN", "KHULASA_TLS", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KHULASA_SERVER", server.target)
