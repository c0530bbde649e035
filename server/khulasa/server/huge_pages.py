"""Weights and tables lie in pages of 2 MiB, of which a decoder's steps look up fewer than of 4 KiB.

numpy asks for such pages where an array is mapped by itself, nobody for the arenas of threads, in which most of the
weights lie. Measured gain: docs/scheduling.md.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import structlog

__all__ = ["use_huge_pages", "use_huge_pages_soon"]

_SWITCH = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_PROCESS = Path("/proc/self")
# Names in linux/mman.h, https://man7.org/linux/man-pages/man2/madvise.2.html.
_HUGEPAGE, _COLLAPSE = 14, 25
_HUGE, _PAGE = 2 * 2**20, 4_096
_PAGES = _HUGE // _PAGE
# A huge page takes the memory of those that it replaces and of those that were missing: a thirty-second at most.
_LEAST_PAGES = _PAGES - _PAGES // 32


def use_huge_pages_soon() -> None:
    """Does `use_huge_pages` in a thread, for which nobody waits: 0.06 s on free cores, seconds on busy ones."""
    threading.Thread(target=use_huge_pages, name="khulasa-pages", daemon=True).start()


def use_huge_pages(process: Path = _PROCESS, switch: Path = _SWITCH) -> int:
    """Has what this process holds in memory by now, and in one piece, put into huge pages.

    Does nothing where there are none, or where the system's switch says `never`.

    Returns:
        Bytes that are in huge pages, or will be when the system comes to it.
    """
    log = structlog.get_logger("khulasa.server")
    try:
        if sys.platform != "linux" or os.sysconf("SC_PAGE_SIZE") != _PAGE or "[never]" in switch.read_text("ascii"):
            return 0
        madvise = ctypes.CDLL(None, use_errno=True).madvise
        madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        filled = list(_filled(process))
    except (AttributeError, OSError, TypeError, ValueError) as error:
        log.debug("no huge pages", error=type(error).__name__)
        return 0
    done = 0
    for start, end in filled:
        # The second, for kernels before 6.1, leaves it to one of their own threads.
        if any(madvise(start, end - start, advice) == 0 for advice in (_COLLAPSE, _HUGEPAGE)):
            done += end - start
        else:
            log.debug("no huge pages", error=os.strerror(ctypes.get_errno()))
    return done


def _filled(process: Path) -> Iterator[tuple[int, int]]:
    """Runs of huge pages' places, first and last byte, in which hardly a page is missing.

    Raises:
        OSError: the system does not say.
        ValueError: not in the form that Linux has.
    """
    with (process / "maps").open(encoding="utf-8", errors="replace") as maps:
        lines = [line.split() for line in maps]
    with (process / "pagemap").open("rb", buffering=0) as pages:
        for line in lines:
            # Private memory that is written to and belongs to no file.
            if line[1] != "rw-p" or line[4] != "0" or line[5:] not in ([], ["[heap]"]):
                continue
            start, end = (int(place, 16) for place in line[0].split("-"))
            first, count = -(-start // _HUGE), end // _HUGE - -(-start // _HUGE)
            if count <= 0:
                continue
            pages.seek(first * _PAGES * 8)
            entries = np.frombuffer(pages.read(count * _PAGES * 8), dtype=np.uint64)
            if entries.size != count * _PAGES:
                continue  # unmapped meanwhile
            # The highest bit: the page is in memory.
            present = np.count_nonzero(entries.reshape(count, _PAGES) >> np.uint64(63), axis=1)
            full = np.flatnonzero(present >= _LEAST_PAGES) + first
            for run in np.split(full, np.flatnonzero(np.diff(full) > 1) + 1):
                if run.size:
                    yield int(run[0]) * _HUGE, (int(run[-1]) + 1) * _HUGE
