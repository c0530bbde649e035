"""Where a conversion works: a hidden folder beside its output, which nobody else converts to meanwhile."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from khulasa.server.models.errors import PackageError
from khulasa.server.models.installation import sync_tree
from khulasa.server.models.manifest import MANIFEST

__all__ = ["check_output", "put", "workplace"]

_REPLACED = "replaced"
_LOCKED = (errno.EWOULDBLOCK, errno.EACCES)


@contextmanager
def workplace(output: Path) -> Iterator[Path]:
    """An empty folder beside `output`, gone with all that is in it in the end.

    What conversions to the same output left behind that were killed goes first; a package that one of them had moved
    aside to replace it is put back.

    Raises:
        PackageError: another process converts to `output`.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{output.name}.converting-"
    with _alone(output.parent / f".{output.name}.lock", output) as alone:
        if alone:
            for left in output.parent.iterdir():
                if re.fullmatch(re.escape(prefix) + r"\w{8}", left.name):
                    if (left / _REPLACED).is_dir() and not output.exists():
                        (left / _REPLACED).rename(output)
                    shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=prefix, dir=output.parent, ignore_cleanup_errors=True) as work:
            yield Path(work)


@contextmanager
def _alone(lock: Path, output: Path) -> Iterator[bool]:
    """Holds `lock`, which is there only meanwhile; False where the file system has no locks."""
    while True:
        with lock.open("a") as file:
            alone = True
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in _LOCKED:
                    raise PackageError(f"another process converts to {output}") from error
                alone = False
            # Its last holder may have deleted it meanwhile: then this one is nobody's.
            if not _is_there(lock, file.fileno()):
                continue
            try:
                yield alone
            finally:
                lock.unlink(missing_ok=True)
            return


def _is_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def check_output(source: Path, output: Path, *, force: bool) -> None:
    """Whether a package may be put at `output`.

    Raises:
        PackageError: something is there that is not to be replaced, or it is a folder of packages or of the source.
    """
    if not output.exists() and not output.is_symlink():
        return
    if not force or not output.is_dir():
        raise PackageError(f"{output} exists; --force replaces a folder")
    if source.resolve().is_relative_to(output.resolve()):
        raise PackageError(f"{output} holds what is to be converted: give another folder for the package")
    if packages := sorted(path.parent.name for path in output.glob(f"*/{MANIFEST}")):
        raise PackageError(
            f"{output} is a folder of packages ({', '.join(packages[:5])}): name one that is not there yet"
        )


def put(package: Path, output: Path, work: Path) -> None:
    """Moves the finished `package` to `output`; what is there goes to `work`, and back if that is cut off."""
    sync_tree(package)
    if output.exists():
        output.rename(work / _REPLACED)
    _into_place(package, output)


def _into_place(package: Path, output: Path) -> None:
    package.rename(output)
