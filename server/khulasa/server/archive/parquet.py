"""Parts as Parquet, made from their JSON Lines. pyarrow is the extra `archive`; nothing else here needs it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from khulasa.server.archive.errors import ArchiveError
from khulasa.server.archive.reading import PartPlan
from khulasa.server.archive.writing import part_path, read_rows, whole_file
from khulasa.v1 import summary_pb2

__all__ = ["ensure_parquet", "require_pyarrow"]


def require_pyarrow() -> None:
    """Raises `ArchiveError` when pyarrow is not installed."""
    _pyarrow("pyarrow")


def _pyarrow(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ArchiveError(
            "--parquet needs pyarrow, the extra `archive`: pip install 'khulasa-server[archive]'"
        ) from error


def ensure_parquet(out: Path, part: PartPlan) -> None:
    """The table beside the part, unless it is there with as many rows.

    Raises:
        ArchiveError: pyarrow is not installed.
        OSError: it cannot be written.
    """
    parquet = _pyarrow("pyarrow.parquet")
    arrow = _pyarrow("pyarrow")
    path = part_path(out, part.index, "parquet")
    try:
        if parquet.read_metadata(path).num_rows == part.articles:
            return
    except (OSError, ValueError):  # not there, or damaged: pyarrow's ArrowInvalid is a ValueError
        pass
    table = arrow.Table.from_pylist(list(read_rows(part_path(out, part.index))), schema=_schema(arrow))
    with whole_file(path) as file:
        parquet.write_table(table, file, compression="zstd")


def _schema(arrow: Any) -> Any:
    """The columns: those of the JSON rows, under the same names; the same for every part, whatever its rows hold."""
    text, whole = arrow.string(), arrow.int64()
    model = arrow.struct([("name", text), ("version", text), ("revision", text)])
    violation = arrow.struct([("field", text), ("description", text)])
    error = [("code", text), ("reason", text), ("message", text), ("violations", arrow.list_(violation))]
    return arrow.schema(
        [
            ("line", whole),
            ("article_id", text),
            ("url", text),
            ("language_code", text),
            ("translation_model", model),
            ("summary_model", model),
            ("summary", _message_type(arrow, summary_pb2.BilingualSummary.DESCRIPTOR)),
            ("error", arrow.struct(error)),
        ]
    )


def _message_type(arrow: Any, message: Descriptor) -> Any:
    """The type of a message as `MessageToDict` writes it: what is new in the protos is in the tables as well."""
    # JSON has 64-bit numbers of both kinds: nothing is rounded on its way from a row into a table.
    simple = {
        FieldDescriptor.CPPTYPE_STRING: arrow.string(),
        FieldDescriptor.CPPTYPE_ENUM: arrow.string(),
        FieldDescriptor.CPPTYPE_BOOL: arrow.bool_(),
        FieldDescriptor.CPPTYPE_INT32: arrow.int64(),
        FieldDescriptor.CPPTYPE_FLOAT: arrow.float64(),
        FieldDescriptor.CPPTYPE_DOUBLE: arrow.float64(),
    }
    columns = []
    for field in message.fields:
        inner = field.message_type
        kind = _message_type(arrow, inner) if inner is not None else simple[field.cpp_type]
        columns.append((field.name, arrow.list_(kind) if field.is_repeated else kind))
    return arrow.struct(columns)
