"""Translations of segments seen before, least recently used out first, bounded in bytes."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["CacheStats", "SegmentCache"]

V = TypeVar("V")

# Key tuple, dictionary entry and object headers of one entry.
_ENTRY_OVERHEAD_BYTES = 600


@dataclass(frozen=True, slots=True)
class CacheStats:
    """A snapshot; hits and misses since the start."""

    entries: int
    bytes: int
    hits: int
    misses: int


class SegmentCache(Generic[V]):
    """A bounded cache; safe to use from several threads.

    The key must hold all that the value depends on: model revision and digest, pair, options, glossary and text.

    Args:
        max_bytes: Bound; 0 for no cache.
        size_of: Bytes of a value, roughly.
    """

    def __init__(self, max_bytes: int, size_of: Callable[[V], int]) -> None:
        self._max_bytes, self._size_of = max_bytes, size_of
        self._entries: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._bytes = self._hits = self._misses = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> V | None:
        """The value, None when it is not there."""
        if not self._max_bytes:
            return None
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                self._misses += 1
                return None
            self._entries.move_to_end(key)
            self._hits += 1
            return entry[0]

    def put(self, key: Hashable, value: V) -> None:
        """Keeps the value, unless it alone is larger than the bound."""
        size = self._size_of(value) + _ENTRY_OVERHEAD_BYTES
        if size > self._max_bytes:
            return
        with self._lock:
            old = self._entries.pop(key, None)
            if old is not None:
                self._bytes -= old[1]
            self._entries[key] = (value, size)
            self._bytes += size
            while self._bytes > self._max_bytes:
                _, (_, freed) = self._entries.popitem(last=False)
                self._bytes -= freed

    def clear(self) -> None:
        """Empties it."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def stats(self) -> CacheStats:
        """What it holds and how often it helped."""
        with self._lock:
            return CacheStats(len(self._entries), self._bytes, self._hits, self._misses)


def text_bytes(*texts: str) -> int:
    """Memory of some texts."""
    return sum(sys.getsizeof(text) for text in texts)
