"""Unpacks zip and tar archives that strangers made: plain files inside the target folder, of bounded size, or nothing.

Every entry is looked at before anything is written; sizes are counted again while writing, for headers may lie.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from khulasa.server.models.errors import ArchiveError
from khulasa.server.models.manifest import plain_path, same_place

__all__ = ["ArchiveLimits", "is_archive", "unpack"]

_BLOCK_BYTES = 1 << 18
# What the standard library makes of damage; names that are no UTF-8, headers in headers without end among it.
_DAMAGE = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError,
    RuntimeError, ValueError, LookupError, ArithmeticError, MemoryError,
)  # fmt: skip
_UNPACKERS: tuple[tuple[bytes, Callable[[IO[bytes]], Any]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
    (b"]\0\0", lzma.LZMAFile),
)
# Bytes of one header, and of all. A real one has a path or two in it and a few attributes.
_LONGEST_HEADER = 1 << 15
_MOST_HEADERS = 1 << 23


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What an archive may hold.

    Attributes:
        files: Entries.
        bytes: Of all files together, unpacked.
        ratio: Unpacked bytes for each packed one. Weights hardly compress; text a few times.
        free_bytes: Bytes below which the ratio does not matter.
    """

    files: int = 2_000
    bytes: int = 16 * 2**30
    ratio: int = 50
    free_bytes: int = 32 * 2**20


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    is_folder: bool
    bytes: int
    key: object


def is_archive(path: Path) -> bool:
    """Whether `path` is a zip or tar file, by its content."""
    return path.is_file() and (zipfile.is_zipfile(path) or _is_tar(path))


def _is_tar(path: Path) -> bool:
    try:
        with _tar(path):
            return True
    except ArchiveError:
        # One that means harm: unpacking says what it does.
        return True
    except _DAMAGE:
        # Another file, or compressed and damaged before the first entry is whole.
        return False
    except OSError as error:
        if _is_of_disk(error):
            raise
        return False


@contextmanager
def _tar(path: Path) -> Iterator[tuple[tarfile.TarFile, _Stream]]:
    """Opens a tar, compressed or not; its first header is read."""
    with path.open("rb") as file:
        start = file.read(8)
        file.seek(0)
        unpacker = next((found for magic, found in _UNPACKERS if start.startswith(magic)), None)
        stream = _Stream(path, file if unpacker is None else unpacker(file))
        with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r:") as opened:
            yield opened, stream


class _Stream:
    """The bytes of a tar, of which headers may take up so much: tarfile reads a header of any size into memory, and
    takes minutes over one that is made for it.
    """

    def __init__(self, archive: Path, file: IO[bytes]) -> None:
        self._archive, self._file = archive, file
        self._left: int | None = _MOST_HEADERS

    def headers_end(self) -> None:
        """From here on the bytes are those of files, which are counted elsewhere."""
        self._left = None

    def read(self, size: int = -1) -> bytes:
        if self._left is not None:
            self._left -= size
            if not 0 <= size <= _LONGEST_HEADER or self._left < 0:
                raise ArchiveError(f"{self._archive.name}: a header too long for any file, or too many of them")
        return self._file.read(size)

    def seek(self, place: int) -> int:
        return self._file.seek(place)

    def tell(self) -> int:
        return self._file.tell()


@contextmanager
def _damage_is_named(archive: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise ArchiveError(f"{archive.name}: damaged or of an unknown kind: {error}") from error
    except OSError as error:
        if _is_of_disk(error):
            raise
        raise ArchiveError(f"{archive.name}: damaged or of an unknown kind: {error}") from error


def _is_of_disk(error: OSError) -> bool:
    """Whether it is more than damage: of that some errors have no number, and places before the start are invalid."""
    return error.errno not in (None, errno.EINVAL)


def unpack(archive: Path, target: Path, limits: ArchiveLimits | None = None) -> None:
    """Unpacks `archive` into `target`, which must not be there yet. After an error, what is there is to be removed.

    Raises:
        ArchiveError: it is no archive, is damaged, or holds what must not be unpacked; the entry is named.
        OSError: the disk is full or not writable.
    """
    limits = limits or ArchiveLimits()
    target.mkdir(parents=True)
    if zipfile.is_zipfile(archive):
        _unpack_zip(archive, target, limits)
    elif _is_tar(archive):
        _unpack_tar(archive, target, limits)
    else:
        raise ArchiveError(f"{archive.name}: neither zip nor tar")


def _unpack_zip(archive: Path, target: Path, limits: ArchiveLimits) -> None:
    with _damage_is_named(archive), zipfile.ZipFile(archive) as opened:
        entries = list(_checked(archive, (_zip_entry(archive, info) for info in opened.infolist()), limits))
        budget = _Budget(archive, limits)
        for entry in entries:
            if not entry.is_folder:
                with opened.open(cast("zipfile.ZipInfo", entry.key)) as file:
                    _write(target / entry.name, file, budget)


def _zip_entry(archive: Path, info: zipfile.ZipInfo) -> _Entry:
    mode = info.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveError(f"{archive.name}: {info.filename!r} is a link or device")
    if info.flag_bits & 0x1:
        raise ArchiveError(f"{archive.name}: {info.filename!r} is encrypted")
    # zipfile turns what it finds odd into something else; the name as it stands in the archive is what counts.
    name = info.orig_filename
    return _Entry(name.rstrip("/"), info.is_dir(), info.file_size, info)


def _unpack_tar(archive: Path, target: Path, limits: ArchiveLimits) -> None:
    with _damage_is_named(archive), _tar(archive) as (opened, stream):
        members = (_tar_entry(archive, info) for info in _members(opened, archive, limits))
        entries = list(_checked(archive, members, limits))
        _check_end(opened, archive)
        stream.headers_end()
        budget = _Budget(archive, limits)
        for entry in entries:
            if not entry.is_folder:
                file = opened.extractfile(cast("tarfile.TarInfo", entry.key))
                if file is None:
                    raise ArchiveError(f"{archive.name}: {entry.name!r} is no plain file")
                with file:
                    _write(target / entry.name, file, budget)
        _read_to_the_end(opened, budget)


def _check_end(opened: tarfile.TarFile, archive: Path) -> None:
    """Behind the last entry stands a block of zeros. At anything else, a damaged header or a cut, tarfile stops without
    a word, and the entries behind it would be missing."""
    if opened.fileobj is None:
        return
    opened.fileobj.seek(opened.offset)
    if opened.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise ArchiveError(f"{archive.name}: damaged or cut off behind {len(opened.getmembers()):,} entries")


def _read_to_the_end(opened: tarfile.TarFile, budget: _Budget) -> None:
    """Behind the last entry stands the checksum of a compressed archive, which is looked at only there."""
    rest = opened.fileobj
    while rest is not None and (block := rest.read(_BLOCK_BYTES)):
        budget.use(len(block))


def _members(opened: tarfile.TarFile, archive: Path, limits: ArchiveLimits) -> Iterator[tarfile.TarInfo]:
    """Members as they are read: a bomb is noticed from the first header that announces too much."""
    total = 0
    for info in opened:
        total += max(0, info.size)
        _check_total(archive, total, limits)
        yield info


def _tar_entry(archive: Path, info: tarfile.TarInfo) -> _Entry:
    if info.issparse() or not (info.isreg() or info.isdir()):
        raise ArchiveError(f"{archive.name}: {info.name!r} is a link, a device or sparse")
    return _Entry(info.name.removeprefix("./").rstrip("/") or ".", info.isdir(), info.size, info)


def _checked(archive: Path, entries: Iterable[_Entry], limits: ArchiveLimits) -> Iterator[_Entry]:
    seen: set[str] = set()
    total = 0
    for count, entry in enumerate(entries, 1):
        if count > limits.files:
            raise ArchiveError(f"{archive.name}: more than {limits.files:,} entries")
        if entry.is_folder and entry.name == ".":
            continue
        _check_name(archive, entry.name)
        if not entry.is_folder:
            if same_place(entry.name) in seen:
                raise ArchiveError(f"{archive.name}: {entry.name!r} stands twice")
            seen.add(same_place(entry.name))
        total += entry.bytes
        _check_total(archive, total, limits)
        yield entry


def _check_name(archive: Path, name: str) -> None:
    try:
        plain_path(name)
    except ValueError as error:
        raise ArchiveError(f"{archive.name}: {error}") from error


def _check_total(archive: Path, total: int, limits: ArchiveLimits) -> None:
    if total > limits.bytes:
        raise ArchiveError(f"{archive.name}: more than {limits.bytes:,} bytes unpacked")
    if total > limits.free_bytes and total > limits.ratio * max(1, archive.stat().st_size):
        raise ArchiveError(f"{archive.name}: over {limits.ratio} times its size unpacked, which no model does")


class _Budget:
    """Bytes written so far."""

    def __init__(self, archive: Path, limits: ArchiveLimits) -> None:
        self.archive, self._limits, self._used = archive, limits, 0

    def use(self, count: int) -> None:
        """Counts bytes before they are written.

        Raises:
            ArchiveError: there are too many.
        """
        self._used += count
        _check_total(self.archive, self._used, self._limits)


def _write(path: Path, file: IO[bytes], budget: _Budget) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("xb")
    except (FileExistsError, NotADirectoryError) as error:
        raise ArchiveError(f"{budget.archive.name}: a file stands in the place of a folder: {path.name!r}") from error
    with opened as out:
        while block := file.read(_BLOCK_BYTES):
            budget.use(len(block))
            out.write(block)
