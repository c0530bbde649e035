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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from khulasa.server.models.errors import ManifestError, PackageNotFoundError
from khulasa.server.models.manifest import MANIFEST, Manifest, read_manifest
from khulasa.server.models.registry import Origin, Package
from khulasa.server.models.verification import verify

__all__ = ["holding", "install", "reading", "remove"]

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
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def install(downloads: Path, staged: Path, manifest: Manifest) -> Package:
    """Moves a finished package from `staged`, on the same file system, to the shelf in place of others of its name.

    Raises:
        VerificationError: a file is not as the manifest says; nothing changes then.
    """
    verify(staged, manifest)
    _sync(staged)
    digest = hashlib.sha256((staged / MANIFEST).read_bytes()).hexdigest()[:12]
    target = downloads / f"{manifest.name}@{digest}"
    with holding(downloads / _LOCK):
        if target.exists():
            _discard(downloads, target)
        staged.rename(target)
        _sync_folder(downloads)
        for folder in _of_name(downloads, manifest.name):
            if folder != target:
                _discard(downloads, folder)
    _empty_trash(downloads)
    return Package(target, manifest, Origin.DOWNLOADED)


def remove(downloads: Path, name: str) -> int:
    """Takes the packages of that name off the shelf.

    Returns:
        Bytes set free.

    Raises:
        PackageNotFoundError: there is none.
    """
    if not downloads.is_dir():
        raise PackageNotFoundError(f"nothing was ever pulled to {downloads}")
    with holding(downloads / _LOCK):
        folders = _of_name(downloads, name)
        if not folders:
            raise PackageNotFoundError(f"no package {name!r} was pulled to {downloads}")
        freed = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
        for folder in folders:
            _discard(downloads, folder)
    _empty_trash(downloads)
    return freed


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
        shutil.rmtree(folder, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Everything on disk before the folder gets its name: after a power cut there is no named folder with holes."""
    for path in folder.rglob("*"):
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
