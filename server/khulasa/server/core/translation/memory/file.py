"""The file of a translation memory: how it is made, opened and checked, and what a row of it is."""

# ruff: noqa: S608 - statements are made of constants alone; every value is bound
from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from khulasa.server.core.errors import CoreError
from khulasa.server.core.translation.memory.text import memory_key, text_fault
from khulasa.server.core.translation.types import LanguagePair

__all__ = [
    "COLUMNS",
    "SQLITE_ERRORS",
    "MemoryPair",
    "TranslationMemoryError",
    "connected",
    "copy_to_read",
    "errors_named",
    "log_is_damaged",
    "pair_of",
    "renew_first_page",
    "row_is_intact",
    "row_of",
]

# The second where damage is quoted in the first, in what is no UTF-8.
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
_MAGIC = b"SQLite format 3\x00"
_LOG_MAGIC, _LOG_HEADER_BYTES = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"), 32
_APPLICATION_ID = 0x4B485453
# Of the tables and of `memory_key`: a change of either needs a new number and a step that brings old files up to it.
_VERSION = 1
_BUSY_S = 60.0
# A header that says more is damaged itself.
_MOST_FILE_BYTES = 2**36
_SALVAGE = "save what can be read with `khulasa-server memory export --salvage`"
_LEFT = f"is damaged or no translation memory; it was left as it is: restore a copy, {_SALVAGE}, or name another file"
# What keeps SQLite from a good file; whoever is told of damage throws it away.
_DISK = "cannot be used while its disk is full or fails, for SQLite keeps a log beside it; make room, it is as it was"
_NO_DAMAGE = {
    sqlite3.SQLITE_BUSY: "is held by another program; try again when that one has let it go",
    sqlite3.SQLITE_FULL: _DISK,
    sqlite3.SQLITE_IOERR: _DISK,
}
_MAKES = "`khulasa-server memory import` makes a translation memory"
_SCHEMA = (
    """CREATE TABLE pairs (
        id INTEGER PRIMARY KEY,
        source_language TEXT NOT NULL,
        target_language TEXT NOT NULL,
        source_key TEXT NOT NULL,
        source_text TEXT NOT NULL,
        target_text TEXT NOT NULL,
        author TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        digest BLOB NOT NULL
    )""",
    "CREATE UNIQUE INDEX pairs_by_source ON pairs (source_language, target_language, source_key)",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_VERSION}",
)
COLUMNS = "source_language, target_language, source_key, source_text, target_text, author, changed_at, digest"


class TranslationMemoryError(CoreError):
    """The memory cannot be read or written; the message names the file, the cause and what is safe."""


@dataclass(frozen=True, slots=True)
class MemoryPair:
    """An approved pair.

    Attributes:
        pair: Its direction.
        source_text: One segment.
        target_text: Its translation, given out as it is.
        author: Who approved it, as the TMX file says; may be empty.
        changed_at: When it was last changed; None takes the time of storing.
    """

    pair: LanguagePair
    source_text: str
    target_text: str
    author: str = ""
    changed_at: datetime | None = None


def row_of(pair: MemoryPair) -> tuple[str | bytes, ...]:
    """The values of `COLUMNS`.

    Raises:
        ValueError: the memory cannot hold one of its texts.
    """
    for text in (pair.source_text, pair.target_text):
        if fault := text_fault(text):
            raise ValueError(f"{fault}: {text[:80]!r}")
    changed = (pair.changed_at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
    key = memory_key(pair.source_text)
    fields = (pair.pair.source, pair.pair.target, key, pair.source_text, pair.target_text, pair.author, changed)
    return (*fields, _digest(fields))


def pair_of(row: Sequence[str]) -> MemoryPair:
    """The pair of an intact row."""
    return MemoryPair(LanguagePair(row[0], row[1]), row[3], row[4], row[5], datetime.fromisoformat(row[6]))


def row_is_intact(row: Sequence[str | bytes | None]) -> bool:
    """Whether the row is as it was written; SQLite itself would not see a changed letter."""
    *fields, digest = row
    return all(isinstance(one, str) for one in fields) and digest == _digest([str(one) for one in fields])


def _digest(fields: Sequence[str]) -> bytes:
    return hashlib.blake2b("\x00".join(fields).encode(), digest_size=8).digest()


@contextmanager
def errors_named(path: Path, what: str) -> Iterator[None]:
    """Makes SQLite's errors name the file and what follows from them.

    Raises:
        TranslationMemoryError: in place of one of `SQLITE_ERRORS`.
    """
    try:
        yield
    except SQLITE_ERRORS as error:
        # The lowest byte is the kind of an error, the others are its details.
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if kind in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            what = "cannot be used: SQLite keeps a log beside it, so the file and its folder must be writable"
        elif what == _LEFT:
            what = _NO_DAMAGE.get(kind, what)
        raise TranslationMemoryError(f"{path} {what}: {error}") from error


def connected(path: Path, *, create: bool = False, checked: bool = True) -> sqlite3.Connection:
    """An open connection; transactions are the caller's, several threads may use it by turns.

    Args:
        path: The file.
        create: Make it when it is not there; the connection may then write.
        checked: Look through every page first.

    Raises:
        TranslationMemoryError: the file is not there, is no memory, is damaged, or cannot be opened. It was not
            written to.
    """
    is_new = _check_header(path, create)
    if checked and log_is_damaged(path):
        raise TranslationMemoryError(
            f"{path}-wal is damaged, and what was stored last stood there alone; both files were left as they are:"
            " restore a copy, or move the log away to go on without what it held"
        )
    fixed = not create and _cannot_change(path)
    if not fixed and checked and path.exists() and path.stat().st_size:
        _look_through(path, create=create)
    # On a read-only file system no log can be made, and none is needed.
    connection = _opened(path, "mode=ro&immutable=1" if fixed else "mode=rwc" if create else "mode=rw")
    try:
        with errors_named(path, _LEFT):
            if is_new:
                with errors_named(path, "could not be made"):
                    _make_tables(connection)
                _sync_folder(path.absolute().parent)
            _check_mark(connection, path)
            if fixed and checked:
                _check_pages(connection, path)
            # A commit is on the disk when it returns.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA fullfsync = ON")
            if not create:
                connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    with errors_named(path, "cannot be opened"):
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?{mode}",
            uri=True,
            timeout=_BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )


def _look_through(path: Path, *, create: bool) -> None:
    """Checks the mark and every page through a connection that cannot write.

    One that can would bring the log into the file when it is closed: of another file that had the name before, it makes
    a good file a damaged one.

    Raises:
        TranslationMemoryError: the file is no memory or damaged.
    """
    with closing(_opened(path, "mode=ro")) as connection, errors_named(path, _LEFT):
        try:
            if create and _is_unmade(connection):
                return
        except sqlite3.OperationalError as error:
            # Half a transaction of a process that was killed: only who can write brings it to an end.
            if error.sqlite_errorcode == sqlite3.SQLITE_READONLY_ROLLBACK:
                return
            raise
        _check_mark(connection, path)
        _check_pages(connection, path)


def log_is_damaged(path: Path) -> bool:
    """Whether the log beside it has no beginning; SQLite takes such a one for empty, without a word."""
    try:
        with path.with_name(path.name + "-wal").open("rb") as file:
            start = file.read(_LOG_HEADER_BYTES + 1)
    except OSError:
        return False
    # It is on the disk before anything behind it is written.
    return len(start) > _LOG_HEADER_BYTES and start[:4] not in _LOG_MAGIC


def copy_to_read(path: Path, copy: Path) -> None:
    """Copies a damaged file with its log, as long as its header says: of one that was cut, SQLite reads nothing.

    Raises:
        TranslationMemoryError: it is not there, or empty.
        OSError: there is no room for the copy.
    """
    is_sqlites = _magic_of(path, create=False) == _MAGIC
    log = path.with_name(path.name + "-wal")
    if log.exists():
        shutil.copyfile(log, copy.with_name(copy.name + "-wal"))
    shutil.copyfile(path, copy)
    with copy.open("r+b") as file:
        header = file.read(32)
        page_bytes = int.from_bytes(header[16:18], "big")
        # https://www.sqlite.org/fileformat2.html: page size at 16 (1 stands for 65,536), pages at 28.
        said = (65_536 if page_bytes == 1 else page_bytes) * int.from_bytes(header[28:32], "big")
        if is_sqlites and path.stat().st_size < said <= _MOST_FILE_BYTES:
            file.truncate(said)


def renew_first_page(copy: Path) -> None:
    """Puts the first page of a new memory in place of a damaged one, which holds where tables begin.

    That is the same in every memory, and each row is known by its digest.

    Raises:
        TranslationMemoryError, OSError: there is no room for it.
    """
    new = copy.with_name("new")
    with closing(connected(new, create=True)) as connection:
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    first = bytearray(new.read_bytes()[:page_bytes])
    pages = -(-copy.stat().st_size // page_bytes)
    first[28:32] = pages.to_bytes(4, "big")
    with copy.open("r+b") as file:
        file.write(first)
        file.truncate(pages * page_bytes)


def _check_header(path: Path, create: bool) -> bool:
    """Whether the file is new or empty, so that it may be made."""
    start = _magic_of(path, create)
    if start and start != _MAGIC:
        raise TranslationMemoryError(f"{path} {_LEFT}")
    # A process that was killed while it made the file leaves a first page without tables.
    return not start or create


def _magic_of(path: Path, create: bool) -> bytes:
    """What the file begins with; nothing when it may be made."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except FileNotFoundError as error:
        if create and path.absolute().parent.is_dir():
            return b""
        missing = "there is no such folder" if create else f"no such file; {_MAKES}"
        raise TranslationMemoryError(f"{path}: {missing}") from error
    except OSError as error:
        raise TranslationMemoryError(f"{path} cannot be opened: {error.strerror}") from error
    if not start and not create:
        raise TranslationMemoryError(f"{path} is empty; {_MAKES}")
    return start


def _cannot_change(path: Path) -> bool:
    """Whether the file lies on a read-only file system, as a mount in a container.

    Raises:
        TranslationMemoryError: with a log that would have to be read into it.
    """
    if not os.statvfs(path).f_flag & os.ST_RDONLY:
        return False
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise TranslationMemoryError(
            f"{path} has pairs in {log.name} that cannot be read on a read-only file system: put a copy there that was"
            " made as the manual says"
        )
    return True


def _make_tables(connection: sqlite3.Connection) -> None:
    """Makes the tables in a file that nobody has used; two processes may try at once."""
    if not _is_unmade(connection):
        return
    connection.execute("PRAGMA synchronous = FULL")
    _keep_log(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _has_tables(connection):
            for statement in _SCHEMA:
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _keep_log(connection: sqlite3.Connection) -> None:
    """Turns the log on. Where another process does so at that moment SQLite does not wait, as it does for all else."""
    end = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
        time.sleep(0.01)


def _is_unmade(connection: sqlite3.Connection) -> bool:
    # A marked file whose tables cannot be seen is damaged.
    return not connection.execute("PRAGMA application_id").fetchone()[0] and not _has_tables(connection)


def _has_tables(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def _check_mark(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
        raise TranslationMemoryError(f"{path} is not a translation memory; it was left as it is")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != _VERSION:
        raise TranslationMemoryError(
            f"{path} has version {version} of the format, this program knows {_VERSION}; it was left as it is"
        )


def _check_pages(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute(f"SELECT {COLUMNS} FROM pairs INDEXED BY pairs_by_source WHERE source_language = ''").fetchone()
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise TranslationMemoryError(
            f"{path} is damaged ({found}); it was left as it is: restore a copy, or {_SALVAGE}"
        )


def _sync_folder(folder: Path) -> None:
    """Puts a new file's name on the disk, where folders can be synced."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)
