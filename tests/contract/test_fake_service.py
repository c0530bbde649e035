"""What the client's fake refuses, it refuses as the server does: a caller's tests are written against it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from api_rig import ARABIC, Rig
from khulasa.client import Client, InvalidRequestError, SummaryOptions
from khulasa.client.testing import FakeKhulasa


def refusal(target: str, method: str, argument: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Everything that a caller's program can look at, but for the name of the request."""
    with Client(target) as client, pytest.raises(InvalidRequestError) as refused:
        getattr(client, method)(argument, **options)
    return {"class": type(refused.value), **refused.value.details, "request_id": ""}


@pytest.mark.parametrize(
    ("method", "argument", "options"),
    [
        ("summarize", "", {}),
        ("summarize", " \n\u00a0", {}),
        ("summarize", ARABIC, {"max_sentences": 2, "max_words": 50}),
        ("summarize", ARABIC, {"max_words": 50, "options": SummaryOptions(max_sentences=2, ratio=0.5)}),
        ("translate", [], {}),
        ("assess", [], {}),
        ("assess", [(ARABIC, "x"), ("", "x"), (" ", "x")], {}),
    ],
)
async def test_a_refusal_is_the_servers(rig: Rig, method: str, argument: Any, options: dict[str, Any]) -> None:
    with FakeKhulasa() as fake:
        invented = refusal(fake.target, method, argument, options)
    assert await asyncio.to_thread(refusal, rig.address, method, argument, options) == invented


@pytest.mark.parametrize("bound", [{"max_words": 1}, {"ratio": 0.01}])
def test_a_bound_without_room_names_its_field(bound: dict[str, Any]) -> None:
    with FakeKhulasa() as fake:
        refused = refusal(fake.target, "summarize", ARABIC, bound)
    (name,) = bound
    assert (refused["reason"], [one["field"] for one in refused["violations"]]) == (
        "INVALID_FIELD",
        [f"options.{name}"],
    )
