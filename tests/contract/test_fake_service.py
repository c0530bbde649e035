"""What the client's fake refuses, it refuses as the server does: a caller's tests are written against it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from api_rig import ARABIC, Rig
from khulasa.client import Article, Client, DigitShape, KhulasaError, SummaryOptions, TextFormat, TranslationOptions
from khulasa.client.testing import FakeKhulasa


def refusal(target: str, method: str, argument: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Everything that a caller's program can look at, but for the name of the request."""
    with Client(target) as client, pytest.raises(KhulasaError) as refused:
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
        ("summarize", ARABIC, {"max_sentences": 101}),
        ("summarize", ARABIC, {"max_words": 10_001}),
        ("summarize", ARABIC, {"max_key_terms": 51, "focus": "x" * 501}),
        ("summarize", Article(ARABIC, article_id="x" * 257), {}),
        ("summarize", Article(ARABIC, title="x" * 1_001, url="x" * 2_049), {}),
        ("summarize", ARABIC, {"target_language": "en-US"}),
        ("summarize", ARABIC, {"target_language": "fr"}),
        ("summarize", Article(ARABIC, language="fr"), {}),
        ("summarize", Article(ARABIC, language="AR"), {}),
        ("summarize", ARABIC, {"options": SummaryOptions(translation=TranslationOptions(beam_size=9))}),
        ("translate", [ARABIC], {"options": TranslationOptions(beam_size=1, num_hypotheses=2)}),
        ("translate", [ARABIC], {"options": TranslationOptions(num_hypotheses=5)}),
        ("translate", [ARABIC], {"options": TranslationOptions(num_hypotheses=9)}),
        ("translate", [ARABIC], {"target_language": "ar", "source_language": "ar"}),
        ("translate", [ARABIC] * 1_025, {}),
        ("assess", [("x", "x")] * 1_025, {}),
        ("assess", [(ARABIC, "x")], {"source_language": "x"}),
        ("summarize", Article(ARABIC, format=cast("TextFormat", 9)), {}),
        ("summarize", ARABIC, {"priority": 9}),
        ("translate", [ARABIC], {"format": 3}),
        ("translate", [ARABIC], {"options": TranslationOptions(digit_shape=cast("DigitShape", 9))}),
    ],
)
async def test_a_refusal_is_the_servers(rig: Rig, method: str, argument: Any, options: dict[str, Any]) -> None:
    with FakeKhulasa() as fake:
        invented = refusal(fake.target, method, argument, options)
    assert await asyncio.to_thread(refusal, rig.address, method, argument, options) == invented


@pytest.mark.parametrize(
    ("bound", "allowed"), [({"max_words": 1}, "1 word"), ({"max_words": 2}, "2 words"), ({"ratio": 0.01}, "0 words")]
)
def test_a_bound_without_room_says_what_there_is(bound: dict[str, Any], allowed: str) -> None:
    with FakeKhulasa() as fake:
        refused = refusal(fake.target, "summarize", "The council spoke. It will meet here again.", bound)
    (name,) = bound
    said = f"allows {allowed}, but the shortest sentence of the article has 3: allow that many"
    assert (refused["reason"], refused["violations"]) == (
        "INVALID_FIELD",
        [{"field": f"options.{name}", "description": said}],
    )


def test_a_model_that_is_not_there_names_those_that_are() -> None:
    with FakeKhulasa() as fake:
        refused = refusal(fake.target, "model", "other", {})
    assert refused["message"] == "no model of that name; loaded are: fake-translation, fake-summary"
