"""How much of an article the decoder is likely to see, before the article is read."""

from __future__ import annotations

from khulasa.server.core.pipeline.types import ArticleInput, SummarySettings
from khulasa.server.core.summary.selection import default_sentences
from khulasa.server.core.translation.types import TextFormat

__all__ = ["likely_decoded"]

# Code points of a sentence and of a headline of news, and of a word with what stands behind it.
_SENTENCE_CHARS, _TITLE_CHARS, _WORD_CHARS = 180, 70, 6
_SENTENCE_WORDS = 25


def likely_decoded(article: ArticleInput, settings: SummarySettings) -> str:
    """As much text as is likely to be decoded; which of it is known once the article is read.

    How much of a page in HTML is markup is not known before: a full translation of one counts as its summary.
    """
    if settings.full_translation and article.format is TextFormat.PLAIN_TEXT:
        return article.text
    bounds, words = settings.bounds, len(article.text) // _WORD_CHARS
    if bounds.max_words is not None:
        chars = _WORD_CHARS * bounds.max_words
    elif bounds.ratio is not None:
        chars = round(bounds.ratio * len(article.text))
    else:
        chars = _SENTENCE_CHARS * (bounds.max_sentences or default_sentences(words, words // _SENTENCE_WORDS + 1))
    return article.text[: chars + (len(article.title) or _TITLE_CHARS)]
