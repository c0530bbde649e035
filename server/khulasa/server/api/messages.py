"""Reading requests off the wire without ever blaming the server for the caller's bytes.

gRPC answers a request that does not parse with INTERNAL before any servicer sees it. Here a request that does not parse
becomes an `UnreadableRequest`, which the servicers answer with INVALID_ARGUMENT. Which string field held invalid UTF-8
is found by parsing the same bytes again with a twin of the message whose strings are bytes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor
from google.protobuf.message import DecodeError, Message
from khulasa.server.core.errors import FieldViolation

__all__ = ["UnreadableRequest", "reader_of"]

_Request = TypeVar("_Request", bound=Message)

# As many violations as one answer names; a hostile message could hold millions.
_MAX_VIOLATIONS = 100
# As many strings as are looked at for the same reason.
_MAX_STRINGS = 20_000


@dataclass(frozen=True, slots=True)
class UnreadableRequest:
    """A request that is no message of its type.

    Attributes:
        violations: What is wrong, at least one entry.
        article_id: The article that it was about, empty when that could not be read either.
        request_id: The caller's name for the request, empty when it could not be read either.
    """

    violations: tuple[FieldViolation, ...]
    article_id: str = ""
    request_id: str = ""


def reader_of(message_class: type[_Request]) -> Callable[[bytes], _Request | UnreadableRequest]:
    """A request deserialiser that never raises."""

    def read(data: bytes) -> _Request | UnreadableRequest:
        try:
            return message_class.FromString(data)
        except DecodeError:
            return _explain(message_class, data)

    return read


def _explain(message_class: type[Message], data: bytes) -> UnreadableRequest:
    """Why `data` is no message of the class."""
    descriptor = message_class.DESCRIPTOR
    try:
        twin = _twin_class(descriptor).FromString(data)
    except DecodeError:
        problem = f"the request is not a {descriptor.full_name} in the protobuf wire format"
        return UnreadableRequest((FieldViolation(descriptor.full_name, problem),))
    strings = dict(itertools.islice(_string_fields(twin, descriptor, ""), _MAX_STRINGS))
    violations = [
        FieldViolation(path, "is not valid UTF-8; surrogates (U+D800 to U+DFFF) have no place in it")
        for path, value in strings.items()
        if not _is_utf8(value)
    ][:_MAX_VIOLATIONS]
    if not violations:
        violations = [FieldViolation(descriptor.full_name, "the request does not parse")]
    return UnreadableRequest(
        tuple(_without_envelope(violations)),
        article_id=_readable(strings, "request.article.article_id", "article.article_id"),
        request_id=_readable(strings, "request.request_id", "request_id"),
    )


def _without_envelope(violations: list[FieldViolation]) -> Iterator[FieldViolation]:
    """Paths as the unary call would name them: stream messages wrap the unary request in `request`."""
    for violation in violations:
        yield FieldViolation(violation.field.removeprefix("request."), violation.description)


def _readable(strings: dict[str, bytes], *paths: str) -> str:
    for path in paths:
        value = strings.get(path, b"")
        if value and _is_utf8(value):
            return value.decode("utf-8")
    return ""


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _string_fields(twin: Message, original: Any, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every field that is set in `twin` and a string in `original`, at any depth."""
    for twin_field, value in twin.ListFields():
        field = original.fields_by_number[twin_field.number]
        path = f"{prefix}{field.name}"
        repeated = not isinstance(value, bytes | Message) and hasattr(value, "__len__")
        values = ((f"{path}[{i}]", one) for i, one in enumerate(value)) if repeated else iter([(path, value)])
        if field.type == FieldDescriptor.TYPE_STRING:
            yield from values
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for inner_path, inner in values:
                yield from _string_fields(inner, field.message_type, f"{inner_path}.")


@cache
def _twin_class(descriptor: Descriptor) -> type[Message]:
    """The same message with `bytes` for every `string`, from a pool of its own."""
    twin = _twin_pool(descriptor.file).FindMessageTypeByName(descriptor.full_name)
    return message_factory.GetMessageClass(twin)


@cache
def _twin_pool(file: FileDescriptor) -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    added: set[str] = set()

    def add(one: FileDescriptor) -> None:
        if one.name in added:
            return
        added.add(one.name)
        for dependency in one.dependencies:
            add(dependency)
        proto = descriptor_pb2.FileDescriptorProto()
        one.CopyToProto(proto)
        del proto.service[:]
        for message in proto.message_type:
            _strings_to_bytes(message)
        pool.Add(proto)

    add(file)
    return pool


def _strings_to_bytes(message: descriptor_pb2.DescriptorProto) -> None:
    for field in message.field:
        if field.type == descriptor_pb2.FieldDescriptorProto.TYPE_STRING:
            field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
    for nested in message.nested_type:
        _strings_to_bytes(nested)
