"""What the server says is what a caller reads, field by field: nothing of an answer is lost, swapped or made up."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from khulasa.client import responses
from khulasa.client.results import TranslationOrigin
from khulasa.v1 import model_pb2, summary_pb2, translation_pb2

# Fields that have another name in the client's values.
RENAMED = {
    "detected_language_code": "detected_language",
    "translation_model": "model",
    "source_language_code": "source_language",
    "target_language_code": "target_language",
}


def filled(message: Message, numbers: Iterator[int]) -> Message:
    """The message with every field set, no two alike where their types allow it; lists have two entries."""
    for field in message.DESCRIPTOR.fields:
        held = getattr(message, field.name)
        for _ in range(2 if field.is_repeated else 1):
            number = next(numbers)
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                filled(held.add() if field.is_repeated else held, numbers)
                continue
            value: Any = number
            if field.type == FieldDescriptor.TYPE_STRING:
                value = f"{field.name} {number}"
            elif field.type == FieldDescriptor.TYPE_BOOL:
                value = True
            elif field.type == FieldDescriptor.TYPE_ENUM:
                known = [one.number for one in field.enum_type.values if one.number]
                value = known[number % len(known)]
            if field.is_repeated:
                held.append(value)
            else:
                setattr(message, field.name, value)
    return message


def check(message: Message, read: object, *, path: str = "", apart: frozenset[str] = frozenset()) -> None:
    """Compares every field of the message with the value of that name."""
    for field in message.DESCRIPTOR.fields:
        if field.name in apart:
            continue
        place = f"{path}.{field.name}"
        said, had = getattr(message, field.name), getattr(read, RENAMED.get(field.name, field.name))
        if not field.is_repeated:
            said, had = [said], (had,)
        assert isinstance(had, tuple), place
        for one, other in zip(said, had, strict=True):
            if field.type == FieldDescriptor.TYPE_MESSAGE:
                check(one, other, path=place)
            else:
                assert one == other, place


def test_every_field_of_a_summary_is_read() -> None:
    response = filled(summary_pb2.SummarizeResponse(), itertools.count(1))
    assert isinstance(response, summary_pb2.SummarizeResponse)
    read = responses.summary(response, "r-1")
    check(response.summary, read, path="summary")
    check(response, read, apart=frozenset(["summary"]))
    assert read.request_id == "r-1"


def test_every_field_of_translations_is_read() -> None:
    response = filled(translation_pb2.TranslateResponse(), itertools.count(1))
    assert isinstance(response, translation_pb2.TranslateResponse)
    read = responses.translations(response, "r-1")
    for said, had in zip(response.translations, read, strict=True):
        check(said, had, path="translations")
        check(response, had, apart=frozenset(["translations"]))
        assert had.request_id == "r-1"


def test_every_field_of_a_streamed_segment_is_read() -> None:
    response = filled(translation_pb2.TranslateStreamResponse(), itertools.count(1))
    assert isinstance(response, translation_pb2.TranslateStreamResponse)
    read = responses.streamed_segment(response)
    check(response.segment, read, path="segment")
    check(response, read, apart=frozenset(["segment"]))


def test_every_field_of_assessments_and_models_is_read() -> None:
    response = filled(translation_pb2.AssessResponse(), itertools.count(1))
    assert isinstance(response, translation_pb2.AssessResponse)
    for said, had in zip(response.assessments, responses.assessments(response), strict=True):
        check(said, had, path="assessments")
    listed = filled(model_pb2.ListModelsResponse(), itertools.count(1))
    assert isinstance(listed, model_pb2.ListModelsResponse)
    for info, model in zip(listed.models, responses.models(listed), strict=True):
        check(info, model, path="models")


@pytest.mark.parametrize("origin", [0, *(one.value for one in TranslationOrigin)])
def test_an_origin_that_is_not_said_is_the_model(origin: int) -> None:
    response = translation_pb2.TranslateStreamResponse(segment={"origin": origin})  # type: ignore[arg-type]
    assert responses.streamed_segment(response).origin == (origin or TranslationOrigin.MODEL)


def test_the_values_hold_nothing_that_no_answer_says() -> None:
    response = filled(translation_pb2.TranslateResponse(), itertools.count(1))
    assert isinstance(response, translation_pb2.TranslateResponse)
    segment = responses.translations(response, "")[0].segments[0]
    said = {field.name for field in translation_pb2.SegmentTranslation.DESCRIPTOR.fields}
    assert {field.name for field in dataclasses.fields(segment)} == said
