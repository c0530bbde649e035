"""Parts on disk: each appears under its name only when it is complete and safe from a power cut."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from khulasa.server.archive.reading import PartPlan
from khulasa.server.archive.rows import encode, is_failure, may_succeed_later

__all__ = [
    "PartCounts",
    "PartWriter",
    "finished",
    "part_files",
    "part_path",
    "read_part",
    "read_rows",
    "unfinished_files",
    "write_whole",
]

_PART = re.compile(r"part-[0-9]{5,}\.(jsonl|parquet)", re.ASCII)
_UNFINISHED = re.compile(r"\.(part-[0-9]{5,}\.(jsonl|parquet)|manifest\.json)\.tmp", re.ASCII)


@dataclass(frozen=True, slots=True)
class PartCounts:
    """What a complete part holds.

    Attributes:
        articles: Rows.
        failed: Error rows among them.
    """

    articles: int
    failed: int


def part_path(out: Path, index: int, ending: str = "jsonl") -> Path:
    """Where part `index` lies."""
    return out / f"part-{index:05d}.{ending}"


def part_files(out: Path) -> list[Path]:
    """Every file of the folder that has the name of a part."""
    return sorted(path for path in out.iterdir() if _PART.fullmatch(path.name))


def unfinished_files(out: Path) -> list[Path]:
    """What a killed run left behind."""
    return sorted(path for path in out.iterdir() if _UNFINISHED.fullmatch(path.name))


def temporary(path: Path) -> Path:
    """Where a file is written before it is put in place: the same folder, so that putting it there is one step."""
    return path.with_name(f".{path.name}.tmp")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An error of the system says which file it was about, also where it is one of writing."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def put_in_place(path: Path) -> None:
    """Renames the temporary file, which is on the disk already, and puts the new name on the disk as well."""
    temporary(path).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to; it appears under its name when all of it is on the disk.

    Raises:
        OSError: it cannot be written.
    """
    try:
        with naming(path), temporary(path).open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary(path).unlink(missing_ok=True)
        raise
    put_in_place(path)


def write_whole(path: Path, content: bytes) -> None:
    """A file with this content, or the file that was there before.

    Raises:
        OSError: it cannot be written.
    """
    with whole_file(path) as file:
        file.write(content)


class PartWriter:
    """Writes the rows of one part.

    Args:
        out: The folder.
        part: What it is to hold.
    """

    def __init__(self, out: Path, part: PartPlan) -> None:
        self.part = part
        self._path = part_path(out, part.index)
        self._file = temporary(self._path).open("wb")
        self._rows = self._failed = 0

    def write(self, row: dict[str, Any]) -> None:
        """The next row.

        Raises:
            OSError: it cannot be written.
        """
        with naming(self._path):
            self._file.write(encode(row))
        self._rows += 1
        self._failed += is_failure(row)

    @property
    def full(self) -> bool:
        """Whether it holds every article of the part."""
        return self._rows == self.part.articles

    def finish(self) -> PartCounts:
        """Puts the part in place.

        Raises:
            OSError: it cannot be put on the disk.
        """
        try:
            with naming(self._path):
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
        except OSError:
            self.abandon()
            raise
        # A table of other rows must not lie beside it, not even for a moment.
        self._path.with_suffix(".parquet").unlink(missing_ok=True)
        put_in_place(self._path)
        return PartCounts(self._rows, self._failed)

    def abandon(self) -> None:
        """Takes away what was written."""
        # On a full disk closing fails as well, for it writes what is left.
        with suppress(OSError):
            self._file.close()
        temporary(self._path).unlink(missing_ok=True)


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a part.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged.
    """
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                raise ValueError("the last line is cut off")
            row = json.loads(line)
            if not isinstance(row, dict) or not isinstance(row.get("line"), int):
                raise ValueError("a line is no row")
            yield row


async def finished(writer: PartWriter) -> PartCounts:
    """Finishes a part in a thread, which brings it to its end even if we are cancelled before it has begun.

    Raises:
        OSError: it cannot be written.
    """
    # A thread's work that waits for its turn is dropped with who waits for it, unless that is shielded.
    return await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, writer.finish))


def read_part(out: Path, part: PartPlan) -> PartCounts | None:
    """What the part on disk holds; None when it has to be made (again): it is not there, is not whole, or holds errors
    that were not the articles'."""
    rows = failed = 0
    first = last = 0
    try:
        for row in read_rows(part_path(out, part.index)):
            if row["line"] <= last or may_succeed_later(row):
                return None
            first, last = first or row["line"], row["line"]
            rows += 1
            failed += is_failure(row)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    whole = (rows, first, last) == (part.articles, part.first_line, part.last_line)
    return PartCounts(rows, failed) if whole else None
