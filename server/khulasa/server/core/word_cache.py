"""Answers about single words kept: most words of a text are among the few that texts are made of."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import ParamSpec, Protocol, TypeVar, cast

__all__ = ["LONGEST_WORD", "WordCache", "word_cache"]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

# Code points. Longer than any word; what a caller sends without a space may have half a million, and is not kept.
LONGEST_WORD = 64


class WordCache(Protocol[P, R_co]):
    """A function with a cache."""

    cache_info: Callable[[], functools._CacheInfo]
    cache_clear: Callable[[], None]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """As without one."""
        ...


def word_cache(most: int) -> Callable[[Callable[P, R]], WordCache[P, R]]:
    """Keeps the answers of a pure function about words, the least recently used out first.

    Memory is bounded by `most` and `LONGEST_WORD`, whatever the words are.

    Args:
        most: Answers kept.
    """

    def around(function: Callable[P, R]) -> WordCache[P, R]:
        kept = functools.lru_cache(maxsize=most)(function)
        plain = cast("Callable[..., R]", function)

        @functools.wraps(function)
        def answer(word: str, *others: Hashable) -> R:
            if len(word) > LONGEST_WORD:
                return plain(word, *others)
            for one in others:
                if isinstance(one, str) and len(one) > LONGEST_WORD:
                    return plain(word, *others)
            return kept(word, *others)

        cached = cast("WordCache[P, R]", answer)
        cached.cache_info, cached.cache_clear = kept.cache_info, kept.cache_clear
        return cached

    return around
