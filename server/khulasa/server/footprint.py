"""The memory that a package takes, measured: a copy of it is loaded by a process of its own, as the server would."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from khulasa.server.core.errors import EngineError
from khulasa.server.models.errors import PackageError

__all__ = ["memory_of"]


def memory_of(folder: Path, config: Path | None) -> int:
    """Bytes of main memory that the package in `folder` holds once it is loaded and idle, without what batches take.

    Args:
        config: Settings file, as for every command: device, number format and threads are those of the settings.

    Raises:
        PackageError: it cannot be loaded here; a process that dies of it is not this one.
    """
    # A process each: what is freed by one package would hide what the next one takes.
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        try:
            return process.submit(_loaded_bytes, folder, config).result()
        except (EngineError, OSError) as error:
            raise PackageError(str(error)) from error
        except BrokenProcessPool as error:
            raise PackageError(f"{folder}: a process that loads it dies; is there memory enough?") from error


def _loaded_bytes(folder: Path, config: Path | None) -> int:
    from khulasa.server.config import load_settings
    from khulasa.server.models.registry import package_at
    from khulasa.server.packages import files_of, open_package

    settings, files = load_settings(config), files_of(package_at(folder))
    before = _anonymous_bytes()
    loaded = open_package(files, settings, *settings.decoder_threads)
    loaded.tokenizer.encode_with_offsets("a")
    return _anonymous_bytes() - before


def _anonymous_bytes() -> int:
    """Without pages of libraries, which all packages share."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))
