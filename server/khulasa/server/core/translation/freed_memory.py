"""What a batch frees is kept for the next one, and what none needs goes back to the system once a minute.

A batch takes and frees some 20 MiB in blocks of up to a few, most of which the C library would give back to the system
at once and get anew, page by page: 2,000 page faults for a sentence in place of 50 (docs/scheduling.md). In a virtual
machine each was measured at 2 to 6 microseconds.
"""

from __future__ import annotations

import asyncio
import ctypes

__all__ = ["give_back_freed_memory", "give_back_regularly", "keep_freed_memory"]

# Names in malloc.h of the GNU C library, https://man7.org/linux/man-pages/man3/mallopt.3.html.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
# Larger blocks go back as soon as they are freed.
_KEPT_BLOCK_BYTES = 8 * 2**20
# Free memory at the end of a heap, beyond which it goes back: what the library comes to by itself where blocks of
# 32 MiB are freed.
_KEPT_BYTES = 64 * 2**20

# Heaps grow with the fullest batches that ever met in them. The pages of a busy minute come back by page faults, which
# is a hundredth of a second of the next one.
_EVERY_S = 60.0


def keep_freed_memory() -> None:
    """Tells the C library of this process; does nothing where it is not the GNU one."""
    _call("mallopt", _MMAP_THRESHOLD, _KEPT_BLOCK_BYTES)
    _call("mallopt", _TRIM_THRESHOLD, _KEPT_BYTES)


def give_back_freed_memory() -> None:
    """Whole pages of free memory go back, some ten thousand; whoever needs them next gets them by page faults."""
    _call("malloc_trim", 0)


async def give_back_regularly(every_s: float = _EVERY_S) -> None:
    """`give_back_freed_memory` in a thread, again and again until this is cancelled."""
    while True:
        await asyncio.sleep(every_s)
        await asyncio.to_thread(give_back_freed_memory)


def _call(name: str, *arguments: int) -> None:
    try:
        function = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return
    function(*arguments)
