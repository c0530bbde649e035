"""JSON Lines in: lines of bounded length, where each part begins, and the article that a line holds."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from khulasa.server.archive.errors import ArchiveError
from khulasa.server.core.errors import FieldViolation, InvalidInputError
from khulasa.v1 import common_pb2, summary_pb2

__all__ = [
    "Line",
    "PartPlan",
    "Survey",
    "article_id_of",
    "article_of",
    "decode_line",
    "lines_of",
    "read_lines",
    "survey",
]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PIECE_BYTES, _BEGINNING_BYTES = 1 << 20, 1 << 10
# What files begin with of which each line would be an error row, and what becomes of them.
_NO_LINES = (
    (b"\x1f\x8b", "packed (gzip): unpack it first"),
    (b"BZh", "packed (bzip2): unpack it first"),
    (b"\xfd7zXZ", "packed (xz): unpack it first"),
    (b"\x28\xb5\x2f\xfd", "packed (zstd): unpack it first"),
    (b"PK\x03\x04", "packed (zip): unpack it first"),
    *((mark, "UTF-16: make it UTF-8") for mark in (b"\xff\xfe", b"\xfe\xff", b"{\0", b"\0{")),
)
_ARRAY = re.compile(rb"(?:\xef\xbb\xbf)?+\s*+\[\s*+\{")
_TEXT_FIELDS = ("article_id", "title", "text", "language_code", "url")
_FIELDS = (*_TEXT_FIELDS, "format")
_FORMAT_PREFIX = "TEXT_FORMAT_"
_FORMATS = frozenset(common_pb2.TextFormat.keys()) - {"TEXT_FORMAT_UNSPECIFIED"}
# As many unknown fields as an error row names.
_MAX_NAMED = 10


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank.

    Attributes:
        number: Counted from 1 over all lines of the file, blank ones too.
        content: None when it is longer than allowed.
    """

    number: int
    content: bytes | None


@dataclass(frozen=True, slots=True)
class PartPlan:
    """The articles of one part of the output.

    Attributes:
        index: Counted from 0.
        offset: Where its first line begins, bytes.
        first_line: Number of its first article's line.
        last_line: Number of its last article's line.
        articles: How many it holds, >= 1.
    """

    index: int
    offset: int
    first_line: int
    last_line: int
    articles: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of the input before any article is read.

    Attributes:
        bytes: Length of the file.
        sha256: Of its content, 64 hex digits.
        articles: Lines that are not blank.
        parts: In order; together they hold every article once.
        modified_ns: Time of its last change when the survey began.
    """

    bytes: int
    sha256: str
    articles: int
    parts: tuple[PartPlan, ...]
    modified_ns: int

    def check_unchanged(self, file: BinaryIO) -> None:
        """Raises `ArchiveError` when the file was written to since: offsets of parts mean nothing then."""
        now = os.fstat(file.fileno())
        if (now.st_size, now.st_mtime_ns) != (self.bytes, self.modified_ns):
            raise _changed()


def _changed() -> ArchiveError:
    return ArchiveError("the input changed while it was being read")


def read_lines(
    file: BinaryIO, max_bytes: int, *, number: int = 1, seen: Callable[[bytes], object] | None = None
) -> Iterator[Line]:
    """Lines from where the file stands, blank ones left out; no more than `max_bytes` of one line is in memory.

    Args:
        number: Number of the first line read.
        seen: Is given every byte, in order.
    """
    while piece := file.readline(max_bytes + 1):
        if seen is not None:
            seen(piece)
        content: bytes | None = piece
        if len(piece) > max_bytes and not piece.endswith(b"\n"):
            content = None
            while piece and not piece.endswith(b"\n"):
                piece = file.readline(_PIECE_BYTES)
                if seen is not None:
                    seen(piece)
        elif number == 1:
            content = piece.removeprefix(_BYTE_ORDER_MARK)
        if content is None or content.strip():
            yield Line(number, content)
        number += 1


def lines_of(file: BinaryIO, part: PartPlan, max_bytes: int) -> Iterator[Line]:
    """The lines of a part.

    Raises:
        ArchiveError: there are fewer now.
    """
    file.seek(part.offset)
    lines = read_lines(file, max_bytes, number=part.first_line)
    for _ in range(part.articles):
        if (line := next(lines, None)) is None:
            raise _changed()
        yield line


def survey(file: BinaryIO, max_line_bytes: int, part_articles: int) -> Survey:
    """Reads the file once, from its beginning.

    Args:
        part_articles: Articles of one part, >= 1.

    Raises:
        ArchiveError: it is written to meanwhile, no file, or its lines are no JSON objects.
    """
    if not file.seekable():
        raise ArchiveError("the input is read twice: give a file, not a pipe")
    file.seek(0)
    begins = file.read(_BEGINNING_BYTES)
    for sign, kind in _NO_LINES:
        if begins.startswith(sign):
            raise ArchiveError(f"the input is {kind}")
    if _ARRAY.match(begins):
        raise ArchiveError("the input is one JSON array: give each article a line of its own (jq -c '.[]')")
    before = os.fstat(file.fileno())
    digest = hashlib.sha256()
    position = start = articles = 0
    parts: list[PartPlan] = []
    offset = first_line = last_line = held = 0
    at_start = True

    def seen(piece: bytes) -> None:
        nonlocal position, start, at_start
        digest.update(piece)
        if at_start:
            start = position
        position += len(piece)
        at_start = piece.endswith(b"\n")

    file.seek(0)
    for line in read_lines(file, max_line_bytes, seen=seen):
        if held == 0:
            offset, first_line = start, line.number
        last_line, held, articles = line.number, held + 1, articles + 1
        if held == part_articles:
            parts.append(PartPlan(len(parts), offset, first_line, last_line, held))
            held = 0
    if held:
        parts.append(PartPlan(len(parts), offset, first_line, last_line, held))
    found = Survey(position, digest.hexdigest(), articles, tuple(parts), before.st_mtime_ns)
    found.check_unchanged(file)
    return found


def decode_line(line: Line, max_bytes: int) -> dict[str, Any]:
    """The JSON object on a line.

    Raises:
        InvalidInputError: it is too long, not UTF-8, not JSON, no object, or names a field twice.
    """
    if line.content is None:
        raise InvalidInputError.of("line", f"must have at most {max_bytes:,} bytes")
    try:
        value = json.loads(line.content.decode("utf-8"), object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise InvalidInputError.of("line", f"is not UTF-8 at byte {error.start:,}") from error
    except json.JSONDecodeError as error:
        raise InvalidInputError.of("line", f"is not JSON: {error.msg} at character {error.pos:,}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInputError.of(
            "line", "is JSON that cannot be an article: too deep, or a number too long"
        ) from error
    if not isinstance(value, dict):
        raise InvalidInputError.of("line", "must be a JSON object with the fields of an article")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise InvalidInputError.of("line", "names a field twice")
    return made


def article_id_of(fields: dict[str, Any]) -> str:
    """The article's name, whatever else is wrong with it; empty when there is none that could be written."""
    value = fields.get("article_id", "")
    return value if isinstance(value, str) and _is_unicode(value) else ""


def article_of(fields: dict[str, Any], *, ignore_other_fields: bool = False) -> summary_pb2.Article:
    """The article in proto; `null` is the same as a field that is not there.

    Raises:
        InvalidInputError: with a violation for each fault: a field of the wrong type or, unless they are to be ignored,
            one that articles do not have.
    """
    faults: list[FieldViolation] = []
    article = summary_pb2.Article()
    for name in _TEXT_FIELDS:
        value = fields.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            faults.append(FieldViolation(f"article.{name}", f"must be a string, is {_named(value)}"))
        elif not _is_unicode(value):
            faults.append(FieldViolation(f"article.{name}", "holds half of a surrogate pair, which is no character"))
        else:
            setattr(article, name, value)
    format_ = fields.get("format")
    if format_ is not None:
        full = _FORMAT_PREFIX + format_.removeprefix(_FORMAT_PREFIX) if isinstance(format_, str) else ""
        if full in _FORMATS:
            article.format = common_pb2.TextFormat.Value(full)
        else:
            faults.append(FieldViolation("article.format", 'must be "PLAIN_TEXT" or "HTML"'))
    if not ignore_other_fields:
        others = [name for name in fields if name not in _FIELDS]
        shown = (ascii(name[:40]) for name in others[:_MAX_NAMED])
        if others:
            known = ", ".join(_FIELDS)
            faults.append(
                FieldViolation("line", f"has fields that articles do not have: {', '.join(shown)}; known: {known}")
            )
    if faults:
        raise InvalidInputError(faults)
    return article


def _is_unicode(value: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in value) if not value.isascii() else True


def _named(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "something else")
