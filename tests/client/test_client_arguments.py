"""Arguments that are wrong: refused at once and by their own names, in both clients alike."""

from __future__ import annotations

import asyncio
import collections.abc
import inspect
import math
import pydoc
import re
import typing
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import khulasa.client
import numpy as np
import pytest
from khulasa.client import (
    AsyncClient,
    Client,
    GlossaryTerm,
    InvalidRequestError,
    RetryPolicy,
    SummaryOptions,
    TranslationOptions,
)
from khulasa.client.archive import ArchivePlan
from khulasa.client.calls import Pacing, readiness
from khulasa.client.connection import ConnectionSettings
from khulasa.client.core import ClientCore, SummarizeArguments, TranslateArguments
from khulasa.client.deadlines import timeout_value

CORE = ClientCore(ConnectionSettings("localhost:1"))


def refused(call: Callable[[], Any]) -> str:
    """The field that is wrong."""
    with pytest.raises(InvalidRequestError) as caught:
        call()
    (violation,) = caught.value.violations
    return violation.field


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("summarize", "'max_sentence'; did you mean 'max_sentences'?"),
        ("translate", "'max_sentence'"),
        ("translate_stream", "'max_sentence'"),
        ("summarize_many", "'max_sentence'; did you mean 'max_sentences'?"),
        ("assess", "'max_sentence'"),
    ],
)
def test_an_unknown_argument_names_the_method_that_was_called(kind: Any, method: str, said: str) -> None:
    async def call() -> None:
        answer = getattr(kind("localhost:1"), method)(["a."], max_sentence=3)
        if asyncio.iscoroutine(answer):
            await answer

    with pytest.raises(TypeError) as caught:
        asyncio.run(call())
    assert str(caught.value) == f"{kind.__name__}.{method}() got an unexpected keyword argument {said}"


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_what_a_method_names_can_be_imported(kind: Any) -> None:
    """Who wraps a method writes its types down: `**arguments: Unpack[SummarizeArguments]`."""
    elsewhere = {*vars(typing), *vars(collections.abc), "None"}
    named = set()
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        if name == "__init__" or not name.startswith("_"):
            shown = [str(one.annotation) for one in inspect.signature(method).parameters.values()]
            named.update(re.findall(r"[A-Z]\w+", " ".join([*shown, *map(str, method.__annotations__.values())])))
    assert {"Summary", "GlossaryLike", "SummarizeArguments", "TlsOptions"} <= named
    assert named - elsewhere <= set(khulasa.client.__all__)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_help_and_notebooks_know_the_keywords(kind: Any) -> None:
    """`**arguments` alone told a reader of `help(client.summarize)` no name at all."""
    for method, known in (
        (kind.summarize, SummarizeArguments),
        (kind.summarize_many, SummarizeArguments),
        (kind.translate, TranslateArguments),
        (kind.translate_stream, TranslateArguments),
    ):
        shown = inspect.signature(method).parameters
        assert list(shown)[-len(known.__annotations__) :] == list(known.__annotations__)
        assert all(one.kind is not one.VAR_KEYWORD for one in shown.values())
        assert inspect.signature(method).return_annotation == method.__annotations__["return"]
    assert inspect.signature(kind.summarize).parameters["max_sentences"].default is None
    assert inspect.signature(kind.translate).parameters["target_language"].default == ""
    assert "max_sentences: 'int | None' = None" in pydoc.plain(pydoc.render_doc(kind.summarize))


def test_options_of_another_kind() -> None:
    assert refused(lambda: CORE.summarize("a.", options=TranslationOptions())) == "options"  # type: ignore[arg-type]
    assert refused(lambda: CORE.summarize("a.", options={"max_sentences": 3})) == "options"  # type: ignore[arg-type]
    assert refused(lambda: CORE.translate(["a."], options=SummaryOptions())) == "options"
    wrong = SummaryOptions(translation=None)  # type: ignore[arg-type]
    assert refused(lambda: CORE.summarize("a.", options=wrong)) == "options.translation"
    with Client("localhost:1") as client:
        assert refused(lambda: client.summarize_many(["a."], options=wrong)) == "options.translation"


@pytest.mark.parametrize("value", ["no", 0, None])
def test_what_python_takes_for_true_or_false_is_not_taken(value: Any) -> None:
    options = SummaryOptions(full_translation=value)
    assert refused(lambda: CORE.summarize("a.", options=options)) == "options.full_translation"
    decoding = TranslationOptions(deterministic=value)
    assert refused(lambda: CORE.translate(["a."], options=decoding)) == "options.deterministic"
    assert refused(lambda: CORE.assess([("a", "b")], word_alignments=value)) == "word_alignments"
    terms = [GlossaryTerm("a", "b", value)]
    assert refused(lambda: CORE.translate(["a."], glossary=terms)) == "glossary.terms[0].case_sensitive"


@pytest.mark.parametrize("pairs", [["ab"], [("a", "b", "c")], [("a",)], [3], [{"a", "b"}]])
def test_a_pair_is_two_texts(pairs: Any) -> None:
    assert refused(lambda: CORE.assess(pairs)) == "pairs[0]"


@pytest.mark.parametrize("items", [None, 3, {"a", "b"}, {"a": "b"}, "ab", b"ab"])
def test_what_has_no_order_has_no_answers_in_order(items: Any) -> None:
    assert refused(lambda: CORE.translate(items)) == "texts"
    assert refused(lambda: CORE.assess(items)) == "pairs"


def test_any_iterable_of_texts_is_taken() -> None:
    assert list(CORE.translate(iter(["a.", "b."])).request.texts) == ["a.", "b."]  # type: ignore[arg-type]
    assert len(CORE.assess(pair for pair in [["a", "b"], ("c", "d")]).request.pairs) == 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("glossary", "field"),
    [("ab", "glossary"), (3, "glossary"), ([("a", "b")], "glossary.terms[0]"), (["ab"], "glossary.terms[0]")],
)
def test_a_glossary_that_is_none(glossary: Any, field: str) -> None:
    assert refused(lambda: CORE.translate(["a."], glossary=glossary)) == field


@pytest.mark.parametrize("articles", ["one article", b"one", {"a": "b"}, None, 3])
def test_one_article_is_not_an_archive_of_letters(articles: Any) -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(TypeError, match="articles must be an iterable of str or Article"):
            kind("localhost:1").summarize_many(articles)


@pytest.mark.parametrize("wrong", [1.5, "8", True, None])
def test_concurrency_is_a_whole_number(wrong: Any) -> None:
    with pytest.raises(TypeError, match="concurrency must be int"):
        ArchivePlan(wrong, ordered=True)


def test_timeouts() -> None:
    assert timeout_value(3) == 3.0
    assert timeout_value(Fraction(1, 2)) == 0.5
    assert timeout_value(1e300) == timeout_value(10**400) == math.inf, "what no clock can hold is no deadline"
    assert CORE.translate(["a."], timeout=1e300).timeout_s == math.inf
    for wrong in ("3", True, b"3", [3]):
        with pytest.raises(TypeError, match="number of seconds"):
            CORE.translate(["a."], timeout=wrong)  # type: ignore[arg-type]
    for out_of_range in (0, -1, math.nan, -math.inf):
        with pytest.raises(ValueError, match="above 0"):
            CORE.translate(["a."], timeout=out_of_range)


def test_a_choice_is_of_its_enum() -> None:
    for wrong, enum in (({"format": "html"}, "TextFormat"), ({"priority": "bulk"}, "Priority")):
        with pytest.raises(InvalidRequestError, match=f"must be {enum}, is str"):
            CORE.translate(["a."], **wrong)


@pytest.mark.parametrize("wrong", [math.nan, -1])
def test_waiting_for_ever_is_asked_for_in_words(wrong: float) -> None:
    """NaN compares false with everything: waited for, it would never end."""
    with pytest.raises(ValueError, match="0 s or more"):
        next(readiness(wrong, Pacing()))


@pytest.mark.parametrize("name", ["initial_backoff", "max_backoff", "multiplier"])
def test_a_policy_is_of_numbers(name: str) -> None:
    for wrong in (math.nan, -0.1, *([math.inf] if name != "max_backoff" else [])):
        with pytest.raises(ValueError, match=name):
            RetryPolicy(**{name: wrong})  # type: ignore[arg-type]
    for kind in ("1", True, None):
        with pytest.raises(TypeError, match=name):
            RetryPolicy(**{name: kind})  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [1.5, "3", True, None])
def test_tries_are_a_whole_number(wrong: Any) -> None:
    with pytest.raises(TypeError, match="max_attempts must be int"):
        RetryPolicy(max_attempts=wrong)


@pytest.mark.parametrize("name", ["max_request_bytes", "max_response_bytes"])
def test_sizes_that_grpc_cannot_hold(name: str) -> None:
    for kind in (Client, AsyncClient):
        for wrong in (0, 2**31):
            with pytest.raises(ValueError, match=name):
                kind("localhost:1", **{name: wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": None},
        {"target": b"localhost:1"},
        {"tls": "yes"},
        {"tls": 1},
        {"tls": None},
        {"token": 3},
        {"retry": 3},
        {"retry": 0},
        {"timeout": "3"},
        {"max_request_bytes": "3"},
        {"max_response_bytes": 1.5},
        {"user_agent": 3},
        {"allow_insecure_token": "no"},
        {"health_checks": "no"},
        {"channel_options": {"a": 1}},
        {"channel_options": [("a", 1, 2)]},
    ],
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_setting_of_another_type_is_named_at_once(kind: Any, wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(TypeError, match=name):
        kind("localhost:1", **wrong)


@pytest.mark.parametrize("name", ["max_request_bytes", "max_response_bytes"])
def test_sizes_in_which_nothing_fits(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Client("localhost:1", **{name: 0})  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "field"), [("title", "title"), ("source_language", "language"), ("format", "format")])
def test_what_is_said_with_the_article_is_not_taken_for_its_opposite(name: str, field: str) -> None:
    with Client("localhost:1") as client, pytest.raises(TypeError, match=rf"Article\(text, {field}=\.\.\.\)"):
        client.summarize("a.", **{name: "ar"})  # type: ignore[arg-type]


def test_numbers_out_of_a_table_are_numbers() -> None:
    # A column of a data frame holds numpy's, which are no int and no float of Python's.
    three: Any = np.int64(3)
    half: Any = np.float32(0.5)
    assert CORE.summarize("نص.", max_sentences=three).request.options.max_sentences == 3
    assert CORE.summarize("نص.", ratio=half).request.options.ratio == 0.5
    assert refused(lambda: CORE.summarize("نص.", max_sentences=three - 3)) == "options.max_sentences"
    assert refused(lambda: CORE.summarize("نص.", max_sentences=half * 2)) == "options.max_sentences"


def test_a_truth_value_of_another_library_is_told_from_pythons() -> None:
    true: Any = np.bool_(True)
    with pytest.raises(InvalidRequestError, match=r"must be bool, is numpy\.bool"):
        CORE.summarize("نص.", full_translation=true)
