"""How much of an article the decoder is likely to see, before the article is read."""

from __future__ import annotations

from khulasa.server.core.pipeline.types import ArticleInput, SummarySettings
from khulasa.server.core.translation.types import TextFormat

__all__ = ["likely_decoded"]

# Code points of a sentence of news.
_SENTENCE_CHARS = 150


def likely_decoded(article: ArticleInput, settings: SummarySettings) -> str:
    """As much text as is likely to be decoded; which of it is known once the article is read.

    How much of a page in HTML is markup is not known before: a full translation of one counts as its summary.
    """
    if settings.full_translation and article.format is TextFormat.PLAIN_TEXT:
        return article.text
    return article.text[: _SENTENCE_CHARS * (settings.bounds.max_sentences or 1)]
