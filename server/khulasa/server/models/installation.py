"""Puts packages on the download shelf and takes them off, so that a reader sees a whole package or none.

A package's folder is named after its content, so a new version stands beside the old one before the old one goes, and
a crash at any moment leaves at least one. Readers hold a shared lock while they load, so nothing is taken away then.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from khulasa.server.models.errors import ManifestError, PackageNotFoundError
from khulasa.server.models.manifest import MANIFEST, NAME, Manifest, read_manifest
from khulasa.server.models.registry import Origin, Package
from khulasa.server.models.verification import verify

__all__ = [
    "INCOMING",
    "Unfinished",
    "holding",
    "install",
    "lock_of_pull",
    "reading",
    "remove",
    "sync_tree",
    "unfinished",
]

# Below the download folder: work in progress, one folder for each name.
INCOMING = ".incoming"
_LOCK = ".lock"
_TRASH = ".trash-"


@contextmanager
def holding(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Holds the lock file `path` alone; the kernel lets go of it when the process ends, however that comes about.

    Args:
        on_wait: Called once when another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait is not None:
                on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def reading(downloads: Path) -> Iterator[None]:
    """While this is held no package is taken off the shelf. Where nothing was ever pulled there is nothing to hold."""
    try:
        file = (downloads.expanduser() / _LOCK).open("rb")
    except OSError:
        yield
        return
    with file:
        # Some network file systems have no locks: a load that loses its files there fails and can be repeated.
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_SH)
        yield


def install(downloads: Path, staged: Path, manifest: Manifest, on_wait: Callable[[], None] | None = None) -> Package:
    """Moves a finished package from `staged`, on the same file system, to the shelf in place of others of its name.

    Args:
        on_wait: Called once when a server is loading or packages are verified, which is waited for.

    Raises:
        VerificationError: a file is not as the manifest says; nothing changes then.
    """
    verify(staged, manifest)
    sync_tree(staged)
    digest = hashlib.sha256((staged / MANIFEST).read_bytes()).hexdigest()[:12]
    target = downloads / f"{manifest.name}@{digest}"
    with holding(downloads / _LOCK, on_wait):
        others = _of_name(downloads, manifest.name)
        _make_newest(staged, others)
        place = target
        if target.exists() or target.is_symlink():
            # The same package again: beside the old one first, so that a crash leaves one of them.
            place = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
        staged.rename(place)
        _sync_folder(downloads)
        for folder in others:
            _discard(downloads, folder)
        if place != target:
            place.rename(target)
            _sync_folder(downloads)
    _empty_trash(downloads)
    return Package(target, manifest, Origin.DOWNLOADED)


def remove(downloads: Path, name: str, on_wait: Callable[[], None] | None = None) -> int:
    """Takes the packages of that name off the shelf, and what an unfinished pull of it left behind.

    Args:
        on_wait: Called once when the package is being pulled, which is waited for: what it brings goes too.

    Returns:
        Bytes set free.

    Raises:
        PackageNotFoundError: there is neither.
    """
    incoming = downloads / INCOMING / name
    if not NAME.fullmatch(name) or not downloads.is_dir():
        raise PackageNotFoundError(f"no package {name!r} was pulled to {downloads}")
    pulled = lock_of_pull(downloads, name)
    with holding(pulled, on_wait) if pulled.exists() else nullcontext(), holding(downloads / _LOCK):
        folders = _of_name(downloads, name)
        freed = sum(_bytes_in(folder) for folder in folders)
        for folder in folders:
            _discard(downloads, folder)
        if incoming.is_dir():
            folders.append(incoming)
            freed += _bytes_in(incoming)
            shutil.rmtree(incoming, ignore_errors=True)
    _empty_trash(downloads)
    if not folders:
        raise PackageNotFoundError(f"no package {name!r} was pulled to {downloads}")
    return freed


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Work that a pull, or the making of a map, has not come to an end with.

    Attributes:
        folder: That holds it.
        bytes: It takes.
        at_work: A process is at it now.
    """

    name: str
    folder: Path
    bytes: int
    at_work: bool


def unfinished(downloads: Path) -> list[Unfinished]:
    """What lies beside the shelf, by name; what may not be read is left out."""
    found = []
    with suppress(OSError):
        for folder in sorted((downloads / INCOMING).iterdir()):
            if folder.is_dir() and not folder.is_symlink():
                at_work = _is_held(lock_of_pull(downloads, folder.name))
                found.append(Unfinished(folder.name, folder, _bytes_in(folder), at_work))
    return found


def _is_held(lock: Path) -> bool:
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def lock_of_pull(downloads: Path, name: str) -> Path:
    """Held while the package of that name is pulled."""
    return downloads / INCOMING / f"{name}.lock"


def _bytes_in(folder: Path) -> int:
    if folder.is_symlink():
        return 0
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _of_name(downloads: Path, name: str) -> list[Path]:
    """Folders of packages of that name; one whose manifest cannot be read is of the name that its folder says."""
    found = []
    for folder in sorted(downloads.iterdir()):
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        try:
            own = read_manifest(folder).name
        except ManifestError:
            own = folder.name.rpartition("@")[0]
        if own == name:
            found.append(folder)
    return found


def _discard(downloads: Path, folder: Path) -> None:
    """Out of sight in one step; deleting takes longer and may be cut off."""
    folder.rename(downloads / f"{_TRASH}{uuid.uuid4().hex}")


def _empty_trash(downloads: Path) -> None:
    for folder in downloads.glob(f"{_TRASH}*"):
        if folder.is_symlink():
            # Somebody put the link there: what it leads to is theirs.
            folder.unlink(missing_ok=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _make_newest(staged: Path, others: Sequence[Path]) -> None:
    """Of several of one name the newest is taken, as after a crash: also when the clock has been set back meanwhile."""
    newest = max((folder.stat().st_mtime_ns for folder in others), default=0)
    if staged.stat().st_mtime_ns <= newest:
        os.utime(staged, ns=(newest + 1_000_000, newest + 1_000_000))


def sync_tree(folder: Path) -> None:
    """Everything on disk before the folder gets its name: after a power cut there is no named folder with holes."""
    for path in folder.rglob("*"):
        if path.is_symlink():
            # What it leads to is no part of the package, and may be a pipe.
            continue
        if path.is_dir():
            _sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
