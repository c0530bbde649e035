"""Answers about single words kept: most words of a text are among the few that texts are made of."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Hashable, Sequence
from typing import ParamSpec, Protocol, TypeVar, cast

__all__ = ["LONGEST_WORD", "WordCache", "word_cache"]

P = ParamSpec("P")
R = TypeVar("R")

# Code points. Longer than any word; what a caller sends without a space may have half a million, and is not kept.
LONGEST_WORD = 64


class WordCache(Protocol[P, R]):
    """A function with a cache."""

    cache_info: Callable[[], functools._CacheInfo]
    cache_clear: Callable[[], None]
    each: Callable[..., list[R]]
    """The answers about several words with the same other parameters, at less than half the cost of each."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
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

        # The checks of one sentence look up some hundred words, so that the call itself counts: the usual numbers of
        # parameters are taken by name.
        def of_one(word: str) -> R:
            return kept(word) if len(word) <= LONGEST_WORD else plain(word)

        def of_two(word: str, other: Hashable) -> R:
            if len(word) > LONGEST_WORD or (isinstance(other, str) and len(other) > LONGEST_WORD):
                return plain(word, other)
            return kept(word, other)

        def of_more(word: str, *others: Hashable) -> R:
            if any(isinstance(one, str) and len(one) > LONGEST_WORD for one in (word, *others)):
                return plain(word, *others)
            return kept(word, *others)

        def of_each(words: Sequence[str], *others: Hashable) -> list[R]:
            long = (*words, *(one for one in others if isinstance(one, str)))
            if not long or max(map(len, long)) <= LONGEST_WORD:
                return list(map(kept, words, *map(itertools.repeat, others)))
            return [answer(word, *others) for word in words]

        parameters = inspect.signature(function).parameters.values()
        optional = any(one.default is not one.empty for one in parameters)
        ways: dict[int, Callable[..., R]] = {1: of_one, 2: of_two}
        answer = of_more if optional else ways.get(len(parameters), of_more)
        cached = cast("WordCache[P, R]", functools.wraps(function)(answer))
        cached.cache_info, cached.cache_clear, cached.each = kept.cache_info, kept.cache_clear, of_each
        return cached

    return around
