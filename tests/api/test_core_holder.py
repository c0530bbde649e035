"""A core is closed when its last call has ended, never before, and new calls never wait for that."""

from __future__ import annotations

import asyncio

import pytest
from khulasa.server.api.ports import ServingCore
from khulasa.server.core.errors import NotServingError
from khulasa.server.core_holder import CoreHolder, LoadedCore


def loaded(name: str, closed: list[str]) -> LoadedCore:
    async def close() -> None:
        closed.append(name)

    return LoadedCore(ServingCore(None, None, None, (name,)), close)  # type: ignore[arg-type]


async def test_nothing_is_lent_before_the_first() -> None:
    holder = CoreHolder()
    assert holder.serving is None
    with pytest.raises(NotServingError), holder.lend():
        pass


async def test_the_old_one_lives_until_its_last_call_ends() -> None:
    holder, closed = CoreHolder(), list[str]()
    await holder.replace(loaded("old", closed))
    with holder.lend() as first, holder.lend():
        replacing = asyncio.create_task(holder.replace(loaded("new", closed)))
        await asyncio.sleep(0.01)
        assert closed == []
        with holder.lend() as second:
            assert (first.models, second.models) == (("old",), ("new",))
    await replacing
    assert closed == ["old"]
    await holder.replace(None)
    assert closed == ["old", "new"]
    with pytest.raises(NotServingError), holder.lend():
        pass


async def test_a_call_that_fails_lets_go() -> None:
    holder, closed = CoreHolder(), list[str]()
    await holder.replace(loaded("one", closed))
    with pytest.raises(ZeroDivisionError), holder.lend():
        raise ZeroDivisionError
    await asyncio.wait_for(holder.replace(None), 30)
    assert closed == ["one"]
