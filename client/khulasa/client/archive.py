"""The bookkeeping of `summarize_many`, without input or output: how far to read ahead, and in which order to give back.

Unary calls rather than SummarizeStream: each article has a deadline, retries and a request id of its own, a connection
that breaks costs one try of the articles in flight rather than the archive, and several servers behind one name share
the work. Their priority is bulk, so the queue treats them as it treats the stream's articles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from khulasa.client.errors import KhulasaError
from khulasa.client.requests import Article, article_of
from khulasa.client.results import Outcome, Summary

__all__ = ["ArchivePlan", "named_article", "several"]

_Articles = TypeVar("_Articles")


def several(articles: _Articles) -> _Articles:
    """The articles, if there may be several: each letter of a str would be one.

    Raises:
        TypeError: it is one article, a mapping, or nothing that can be gone through.
    """
    one_by_one = any(hasattr(articles, way) for way in ("__iter__", "__aiter__", "__getitem__"))
    if isinstance(articles, str | bytes | Article | Mapping) or not one_by_one:
        raise TypeError(f"articles must be an iterable of str or Article, is {type(articles).__name__}")
    return articles


def named_article(item: object, index: int) -> Article:
    """An article with an id: its own, or `article-<index + 1>`.

    Raises:
        InvalidArticleError: the item is neither str nor Article.
    """
    article = article_of(item)
    return article if article.article_id else replace(article, article_id=f"article-{index + 1}")


class ArchivePlan:
    """Which article may start, which result may go.

    At most `concurrency` articles are on their way and at most twice as many are held in all, so memory stays the same
    however long the archive is and however slow its first article.

    Args:
        concurrency: Articles on their way at a time, 1 or more.
        ordered: Give results back in the order of the articles.
    """

    def __init__(self, concurrency: int, *, ordered: bool) -> None:
        if isinstance(concurrency, bool) or not isinstance(concurrency, int):
            raise TypeError(f"concurrency must be int, is {type(concurrency).__name__}")
        if concurrency < 1:
            raise ValueError("concurrency must be 1 or more")
        self._concurrency = concurrency
        self._ordered = ordered
        self._started = 0
        self._given = 0
        self._running = 0
        self._held: dict[int, Outcome] = {}
        self._reading = True
        self._broken: Exception | None = None

    @property
    def may_start(self) -> bool:
        """Whether another article may be read and sent."""
        free = self._running < self._concurrency and self._running + len(self._held) < 2 * self._concurrency
        return self._reading and free

    def end_reading(self, error: Exception | None = None) -> None:
        """The last article is read, or the iterable failed."""
        self._reading, self._broken = False, error

    def end(self) -> None:
        """Every article that was read has had its outcome: now the iterable's error is raised, if it had one."""
        error, self._broken = self._broken, None
        if error is not None:
            try:
                raise error
            finally:
                del error  # whose traceback leads back here

    def start(self) -> int:
        """The index of the article that starts now."""
        index = self._started
        self._started += 1
        self._running += 1
        return index

    def finish(self, index: int, article_id: str, result: Summary | KhulasaError) -> None:
        """What became of an article."""
        self._running -= 1
        article_id = article_id or f"article-{index + 1}"
        if isinstance(result, KhulasaError):
            # Its traceback leads to frames that hold the article: who keeps the outcomes would keep the archive.
            self._held[index] = Outcome(index, article_id, error=result.with_traceback(None))
        else:
            self._held[index] = Outcome(index, article_id, result)

    def next_ready(self) -> Outcome | None:
        """The next result that may go, None while there is none."""
        if not self._held:
            return None
        index = self._given if self._ordered else next(iter(self._held))
        outcome = self._held.pop(index, None)
        if outcome is not None:
            self._given += 1
        return outcome
