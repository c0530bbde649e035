"""A start loads the encoder while it imports, and lets Python look for garbage again before the first call."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from khulasa.server import cli, head_start, main, runtime
from khulasa.server.core.errors import EngineError
from khulasa.server.core.summary.encoder import SentenceEncoder
from typer.testing import CliRunner


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def _loads(
    monkeypatch: pytest.MonkeyPatch, serve: Callable[[Callable[[], Awaitable[Any]]], Awaitable[int]]
) -> list[Any]:
    """Runs `serve` as the server; gives what the encoders were with which the models were loaded."""
    encoders: list[Any] = []

    async def load(settings: Any, observability: Any, encoder: Any) -> str:
        encoders.append(encoder)
        assert not gc.isenabled() or gc.get_freeze_count()
        return "loaded"

    async def run(settings: Any, loader: Any, announce: Any, reread: Any) -> int:
        return await serve(lambda: loader(settings, None))

    monkeypatch.setattr(runtime, "load_core", load)
    monkeypatch.setattr(main, "serve", run)
    result = CliRunner().invoke(cli.app, ["serve"])
    assert result.exit_code == 7, result.output
    return encoders


def test_the_collector_rests_until_the_models_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    async def serve(load: Callable[[], Awaitable[Any]]) -> int:
        seen.append((gc.isenabled(), gc.get_freeze_count()))
        assert await load() == "loaded"
        seen.append((gc.isenabled(), gc.get_freeze_count() > 10_000))
        head_start.release_what_is_kept()
        seen.append((gc.isenabled(), gc.get_freeze_count()))
        return 7

    _loads(monkeypatch, serve)
    assert seen == [(False, 0), (True, True), (True, 0)]


def test_a_reload_takes_the_encoder_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve(load: Callable[[], Awaitable[Any]]) -> int:
        await load()
        await load()
        return 7

    first, second = _loads(monkeypatch, serve)
    assert first is second
    encoder = first.result(60)
    assert isinstance(encoder, SentenceEncoder)
    assert encoder._model is not None
    assert "revision" in vars(encoder), "found by the loop, which others wait for"


def test_an_encoder_that_cannot_be_loaded_is_said_where_it_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: SentenceEncoder) -> None:
        raise EngineError("no weights")

    monkeypatch.setattr(SentenceEncoder, "warm_up", broken)
    loading: Future[SentenceEncoder] = head_start.encoder_ahead(1)
    with pytest.raises(EngineError, match="no weights"):
        loading.result(60)
