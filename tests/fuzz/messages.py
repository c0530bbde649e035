"""Hypothesis strategies: any message of a type, and texts such as no editor would send."""

from __future__ import annotations

from random import Random
from typing import Any

from fuzz_texts import SNIPPETS, odd_text
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from hypothesis import strategies as st

__all__ = ["messages", "texts"]

_LETTERS = "اأإآبتثجحخدذرزسشصضطظعغفقكلمنهويىةءئؤ"
_NUMBERS = (-(2**31), -1, 0, 1, 2, 3, 4, 8, 9, 50, 100, 101, 10_001, 2**31 - 1)
_FLOATS = (float("nan"), float("inf"), float("-inf"), -1.0, 0.0, 1e-9, 0.1, 0.5, 1.0, 1.5)
# What each kind of field is likely to be asked for; anything else comes up too.
_SUBJECTS = {"article", "text", "texts", "pairs", "request", "source_text", "target_text", "source", "target"}
_LANGUAGES = ("", "ar", "en", "fr", "AR", "arb", "en-US", "xx", "\u0661")


def texts() -> st.SearchStrategy[str]:
    """Texts, as gRPC can carry them: no lone surrogates."""
    plain = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)
    arabic = st.text(alphabet=_LETTERS + " .،؟\n0123٤٥", max_size=200)
    pieces = st.lists(st.one_of(st.sampled_from(SNIPPETS), plain, arabic), max_size=6)
    joined = st.tuples(st.sampled_from(("", " ", "\n", "\n\n", ". ")), pieces).map(lambda two: two[0].join(two[1]))
    odd = st.integers(0, 2**64 - 1).map(lambda seed: odd_text(Random(seed)))
    return st.one_of(st.sampled_from(SNIPPETS), joined, arabic, plain, odd)


def messages(kind: Any) -> st.SearchStrategy[Any]:
    """Any message of a generated class; in every other one numbers and languages are such as a server may accept."""
    either = st.one_of(_fields(kind.DESCRIPTOR, wild=False), _fields(kind.DESCRIPTOR, wild=True))
    return either.map(lambda values: kind(**values))


def _fields(descriptor: Descriptor, *, wild: bool) -> st.SearchStrategy[dict[str, Any]]:
    optional = {field.name: _field(field, wild=wild) for field in descriptor.fields}
    # What a request is about is always there in a tame one.
    required = {} if wild else {name: optional.pop(name) for name in list(optional) if name in _SUBJECTS}
    return st.fixed_dictionaries(required, optional=optional)


def _field(field: FieldDescriptor, *, wild: bool) -> st.SearchStrategy[Any]:
    one = _one(field, wild=wild)
    return st.lists(one, min_size=0 if wild else 1, max_size=3) if field.is_repeated else one


def _one(field: FieldDescriptor, *, wild: bool) -> st.SearchStrategy[Any]:
    if field.message_type is not None:
        return _fields(field.message_type, wild=wild)
    if field.enum_type is not None:
        known = st.sampled_from([value.number for value in field.enum_type.values])
        return st.one_of(known, st.integers(-2, 99)) if wild else known
    if field.type == FieldDescriptor.TYPE_BOOL:
        return st.booleans()
    if field.type in (FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE):
        return st.one_of(st.sampled_from(_FLOATS), st.floats(0, 1, width=32)) if wild else st.sampled_from((0.0, 0.3))
    if field.type == FieldDescriptor.TYPE_STRING:
        if field.name.endswith("language_code"):
            if not wild:
                return st.sampled_from(("", "", "ar", "en"))
            return st.one_of(st.sampled_from(_LANGUAGES), st.text(alphabet="arenx-_1", max_size=5))
        if field.name == "request_id" and not wild:
            return st.text(alphabet="abc-123", max_size=8)
        return texts()
    return st.one_of(st.sampled_from(_NUMBERS), st.integers(-3, 12)) if wild else st.sampled_from((0, 0, 0, 1, 3))
