"""The translation memory: approved pairs in one SQLite file, read while serving, written by `khulasa-server memory`.

What was acknowledged stays: `store` returns when its transaction is on the disk (write-ahead log, synchronous=FULL),
and stores all of what it was given or nothing. Several processes may write and read at once. A file that is damaged or
no memory is reported and never written to. Each pair carries a digest, so that damage that SQLite cannot see (a changed
letter) is found before the pair is used.
"""

# ruff: noqa: S608 - statements are made of constants alone; every value is bound
from __future__ import annotations

import sqlite3
import tempfile
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType

from khulasa.server.core.translation.memory.file import (
    COLUMNS,
    SQLITE_ERRORS,
    MemoryPair,
    TranslationMemoryError,
    connected,
    copy_to_read,
    errors_named,
    log_is_damaged,
    pair_of,
    renew_first_page,
    row_is_intact,
    row_of,
)
from khulasa.server.core.translation.memory.pages import rows_of_leaves
from khulasa.server.core.translation.memory.text import memory_key
from khulasa.server.core.translation.types import LanguagePair

__all__ = ["MemoryPair", "MemoryStats", "StoreCounts", "TranslationMemory", "TranslationMemoryError", "salvaged_pairs"]

# SQLite takes at least 999 values in one statement.
_MOST_KEYS = 500
# A row and its entry in the index take more than so much of the file.
_LEAST_ROW_BYTES = 32
_COLUMN_COUNT = COLUMNS.count(",") + 1
_MATCH = "source_language = ? AND target_language = ? AND source_key"


@dataclass(slots=True)
class StoreCounts:
    """What `store` did: pairs that were new, that replaced another target, and that were there already."""

    new: int = 0
    replaced: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class MemoryStats:
    """What is in a memory.

    Attributes:
        pairs: Pairs of each direction.
        size_bytes: Of the file with its write-ahead log.
        last_changed_at: Of the youngest pair, None without pairs.
        faults: What is damaged, empty when every page and every pair is good.
    """

    pairs: dict[LanguagePair, int] = field(default_factory=dict)
    size_bytes: int = 0
    last_changed_at: datetime | None = None
    faults: tuple[str, ...] = ()


class TranslationMemory:
    """An open memory; safe to use from several threads.

    Args:
        path: The file.
        create: Make it when it is not there, and let `store` be called.
        on_fault: Told of what goes wrong in `lookup`, which then finds nothing.

    Raises:
        TranslationMemoryError: the file is not there, is no memory, is damaged, or cannot be opened.
    """

    def __init__(
        self, path: Path, *, create: bool = False, on_fault: Callable[[TranslationMemoryError], None] | None = None
    ) -> None:
        self._path, self._writable, self._on_fault = path, create, on_fault
        self._lock = threading.Lock()
        self._connection = connected(path, create=create)
        self._place = self._told = _place_of(path)

    def __enter__(self) -> TranslationMemory:
        """The open memory."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        self.close()

    def close(self) -> None:
        """Lets the file go."""
        with self._lock:
            self._connection.close()

    def lookup(self, texts: Sequence[str], pair: LanguagePair) -> list[MemoryPair | None]:
        """The approved pair of each text, None where there is none; same order.

        A fault (a damaged pair, a file that has become unreadable) goes to `on_fault` and counts as no match.
        """
        self._report_other_file()
        keys = [memory_key(text) for text in texts]
        found: dict[str, MemoryPair] = {}
        for at in range(0, len(keys), _MOST_KEYS):
            for row in self._rows(keys[at : at + _MOST_KEYS], pair):
                if row_is_intact(row):
                    found[row[2]] = pair_of(row)
                else:
                    self._report(TranslationMemoryError(f"{self._path}: a damaged pair was not used"))
        return [found.get(key) for key in keys]

    def store(self, pairs: Iterable[MemoryPair]) -> StoreCounts:
        """Stores all pairs in one transaction; one with the source of an earlier one replaces it.

        Returns when they are on the disk.

        Raises:
            ValueError: a pair that the memory cannot hold, or the memory is open for reading; nothing was stored.
            TranslationMemoryError: a full disk, another writer for too long, damage; nothing was stored.
        """
        if not self._writable:
            raise ValueError("the memory is open for reading")
        counts = StoreCounts()
        with self._lock, errors_named(self._path, "took nothing of this and keeps what it had"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for pair in pairs:
                    self._put(pair, counts)
                self._connection.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        return counts

    def pairs(self, *, damaged: Callable[[str], None] | None = None) -> Iterator[MemoryPair]:
        """Every pair as of now, in the order in which they were first stored.

        Args:
            damaged: Told of a pair whose digest is wrong, which is then left out.

        Raises:
            TranslationMemoryError: the file cannot be read, or a pair is damaged and nobody is told.
        """
        with errors_named(self._path, "cannot be read"):
            for row in self._connection.execute(f"SELECT {COLUMNS} FROM pairs ORDER BY id"):
                if row_is_intact(row):
                    yield pair_of(row)
                elif damaged is None:
                    raise TranslationMemoryError(f"{self._path}: a pair is damaged: {row[3]!r:.100}")
                else:
                    damaged(f"the pair of {row[3]!r:.100}")

    def stats(self) -> MemoryStats:
        """What is in it; reads every page and every pair.

        Raises:
            TranslationMemoryError: the file cannot be read.
        """
        counts: dict[LanguagePair, int] = {}
        latest: datetime | None = None
        with errors_named(self._path, "cannot be read"):
            faults = [row[0] for row in self._connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        for pair in self.pairs(damaged=faults.append):
            counts[pair.pair] = counts.get(pair.pair, 0) + 1
            if pair.changed_at is not None and (latest is None or pair.changed_at > latest):
                latest = pair.changed_at
        log = self._path.with_name(self._path.name + "-wal")
        size = self._path.stat().st_size + (log.stat().st_size if log.exists() else 0)
        return MemoryStats(counts, size, latest, tuple(faults))

    def _rows(self, keys: Sequence[str], pair: LanguagePair) -> list[tuple[str, ...]]:
        marks = ", ".join("?" * len(keys))
        try:
            with self._lock, errors_named(self._path, "cannot be read"):
                return self._connection.execute(
                    f"SELECT {COLUMNS} FROM pairs WHERE {_MATCH} IN ({marks})", (pair.source, pair.target, *keys)
                ).fetchall()
        except TranslationMemoryError as error:
            self._report(error)
            return []

    def _report_other_file(self) -> None:
        """Once for each: what is stored in it is acknowledged, and not seen here."""
        place = _place_of(self._path)
        if place not in (self._place, self._told):
            self._report(
                TranslationMemoryError(
                    f"{self._path} was moved or replaced; the old file goes on: send SIGHUP for the one there now"
                )
            )
        self._told = place

    def _put(self, pair: MemoryPair, counts: StoreCounts) -> None:
        row = row_of(pair)
        earlier = self._connection.execute(f"SELECT {COLUMNS}, id FROM pairs WHERE {_MATCH} = ?", row[:3]).fetchone()
        if earlier is None:
            counts.new += 1
            self._connection.execute(f"INSERT INTO pairs ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        elif earlier[4] == pair.target_text and row_is_intact(earlier[:8]):
            counts.unchanged += 1
        else:
            counts.replaced += 1
            self._connection.execute(
                "UPDATE pairs SET source_text = ?, target_text = ?, author = ?, changed_at = ?, digest = ?"
                " WHERE id = ?",
                (*row[3:], earlier[8]),
            )

    def _report(self, error: TranslationMemoryError) -> None:
        if self._on_fault is not None:
            self._on_fault(error)


def _place_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def salvaged_pairs(path: Path, damaged: Callable[[str], None]) -> Iterator[MemoryPair]:
    """Every pair of a damaged memory that can still be read, by going to each row on its own.

    Args:
        path: The file; a copy of it is read, so that nothing about it changes.
        damaged: Told of each row and each stretch that cannot be read.

    Raises:
        TranslationMemoryError: the file cannot be opened at all, is no memory, or there is no room for the copy.
    """
    with _copy_of(path) as copy:
        most = sum(file.stat().st_size for file in copy.parent.iterdir()) // _LEAST_ROW_BYTES
        renewed = False
        try:
            opened = _opened_to_read(copy)
        except TranslationMemoryError as error:
            renewed = True
            try:
                renew_first_page(copy)
                opened = _opened_to_read(copy)
            except (TranslationMemoryError, OSError):
                raise TranslationMemoryError(str(error).replace(str(copy), str(path))) from error
            damaged("the first page of the file: that of a new memory was taken in its place")
        if log_is_damaged(path):
            damaged("the log beside the file: what was stored last")
        lost: dict[int, str] = {}
        saved: set[int] = set()
        with closing(opened) as connection:
            for place, pair in _reachable(connection, most, damaged, lost):
                saved.add(place)
                yield pair
        if renewed or lost or not saved:  # of a good memory nothing is out of reach
            for place, pair in _unreachable(copy, saved):
                lost.pop(place, None)
                saved.add(place)
                yield pair
        if renewed and not saved:
            raise TranslationMemoryError(
                f"{path}: nothing in it is a pair of a translation memory; it was left as it is"
            )
    for fault in lost.values():
        damaged(fault)


def _opened_to_read(copy: Path) -> sqlite3.Connection:
    connection = connected(copy, checked=False)
    try:
        with errors_named(copy, "is damaged"):
            connection.execute(
                f"SELECT {COLUMNS} FROM pairs INDEXED BY pairs_by_source WHERE source_language = '' LIMIT 0"
            )
    except TranslationMemoryError:
        connection.close()
        raise
    return connection


def _reachable(
    connection: sqlite3.Connection, most: int, damaged: Callable[[str], None], lost: dict[int, str]
) -> Iterator[tuple[int, MemoryPair]]:
    """Pairs of the rows that are intact, with their places.

    Args:
        most: Rows that a file of its size can hold.
        lost: Takes what is wrong with the other places.
    """
    places: set[int] = set()
    # Each ends where it meets damage.
    for scan in (
        "NOT INDEXED WHERE source_language >= ''",
        "INDEXED BY pairs_by_source WHERE source_language >= ''",
        "NOT INDEXED WHERE source_language >= '' ORDER BY id DESC",
    ):
        try:
            for (place,) in connection.execute(f"SELECT id FROM pairs {scan}"):
                places.add(place)
        except SQLITE_ERRORS as error:
            damaged(f"part of the file: {error}")
            # No pair is ever taken out, so there was one in each place; a place that is damage says nothing.
            places.update(range(1, min(max(places, default=0), most)))
    for place in sorted(places):
        try:
            row = connection.execute(f"SELECT {COLUMNS} FROM pairs WHERE id = ?", (place,)).fetchone()
        except SQLITE_ERRORS as error:
            lost[place] = f"pair {place}: {error}"
            continue
        if row is not None and row_is_intact(row):
            yield place, pair_of(row)
        else:
            lost[place] = f"pair {place}"


def _unreachable(copy: Path, saved: Container[int]) -> Iterator[tuple[int, MemoryPair]]:
    """Pairs to which nothing leads any more, with their places."""
    found: dict[int, Sequence[str]] = {}
    for place, values in rows_of_leaves(copy):
        # Before the others stands the place itself, empty.
        if place in saved or len(values) != 1 + _COLUMN_COUNT or not row_is_intact(values[1:]):
            continue
        row = [str(value) for value in values[1:]]
        # Pages out of use hold older ones.
        if place not in found or row[6] > found[place][6]:
            found[place] = row
    return ((place, pair_of(found[place])) for place in sorted(found))


@contextmanager
def _copy_of(path: Path) -> Iterator[Path]:
    with ExitStack() as stack:
        try:
            copy = Path(stack.enter_context(tempfile.TemporaryDirectory()), "copy")
            copy_to_read(path, copy)
        except OSError as error:
            raise TranslationMemoryError(
                f"{path} could not be copied to be read: {error}; TMPDIR names the folder for the copy"
            ) from error
        yield copy
