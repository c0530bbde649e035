"""The first half of the way: language, parts and sentences of an article, in offsets of the caller's text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import regex
from khulasa.server.core.errors import FieldViolation, NothingToSummarizeError, UnsupportedLanguageError
from khulasa.server.core.pipeline.types import ArticleInput
from khulasa.server.core.summary.lexicon import lexicon
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.language import detect_language
from khulasa.server.core.text.types import Document, Part, Span
from khulasa.server.core.translation.markup.html import html_to_text
from khulasa.server.core.translation.translator.drafts import is_translatable
from khulasa.server.core.translation.types import LanguagePair, TextFormat

__all__ = ["ReadArticle", "article_language", "read_article"]

# Two letters beside each other, whatever marks the first has: single ones are left of a menu or of a broken page.
_WORD = regex.compile(r"(?!\u0640)\p{L}[\p{M}\p{Cf}\u0640]*+\p{L}")

# Language needs no more than this much of an article; the middle of the text is less often a menu than its start.
_DETECTION_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class ReadArticle:
    """An article that has been read.

    Attributes:
        document: The plain text and what is in it. For HTML this is the text without markup.
        parts: The document's parts in offsets of the caller's text, tiling it.
        to_caller: Maps a span of `document.text` to the caller's text; the identity for plain text.
        title: The headline, as the request has it or found as plain text; empty when there is none.
        kept: Stretches of `document.text`, in order, that the page says are not to be translated.
        title_span: Where the headline was found, None when it came with the request or there is none.
    """

    document: Document
    parts: tuple[Part, ...]
    to_caller: Callable[[Span], Span]
    title: str
    kept: tuple[Span, ...] = ()
    title_span: Span | None = None

    @property
    def title_as_read(self) -> str:
        """The headline as models and checks are to see it."""
        return self.document.as_read(self.title_span) if self.title_span else self.title.strip()

    def kept_in(self, span: Span | None) -> tuple[Span, ...]:
        """What of `span` is not to be translated, counted from its start."""
        if span is None or not self.kept:
            return ()
        found = []
        for kept in self.kept[bisect_right(self.kept, span.start, key=lambda one: one.end) :]:
            if kept.start >= span.end:
                break
            inside = Span(max(kept.start, span.start), min(kept.end, span.end))
            text = inside.of(self.document.text)
            start = inside.start + len(text) - len(text.lstrip())
            if text.strip():
                found.append(Span(start, start + len(text.strip())).shifted(-span.start))
        return tuple(found)


def article_language(article: ArticleInput, pairs: Sequence[LanguagePair], target: str) -> str:
    """The language that the article says or shows.

    Args:
        article: Whose language.
        pairs: What is served.
        target: The target language asked for, which an error names; empty for none.

    Raises:
        NothingToSummarizeError: no word of any language is in it.
        UnsupportedLanguageError: it is in a language that no pair starts from, or that cannot be told.
    """
    served = sorted({pair.source for pair in pairs})
    if article.language:
        if article.language not in served:
            raise UnsupportedLanguageError(article.language, target, [(p.source, p.target) for p in pairs])
        return article.language
    text, html = article.text, article.format is TextFormat.HTML
    shown = html_to_text(text[: 4 * _DETECTION_CHARS]).text if html else text
    detected = detect_language(f"{article.title}\n{shown[:_DETECTION_CHARS]}", served).code
    if not detected:
        # Scripts of a hundred thousand characters may come first in a page, tables in a text.
        text = html_to_text(text).text if html else text
        detected = detect_language(text, served).code
    if not detected:
        if is_translatable(text):
            raise UnsupportedLanguageError("", target, [(p.source, p.target) for p in pairs])
        raise NothingToSummarizeError([FieldViolation("article.text", "holds no words of any language")])
    if detected not in served:
        raise UnsupportedLanguageError(detected, target, [(p.source, p.target) for p in pairs])
    return detected


def read_article(article: ArticleInput, language: str) -> ReadArticle:
    """Parts and sentences of an article; linear in its length.

    Raises:
        NothingToSummarizeError: no sentence of running text with a word in it: a letter alone is none.
    """
    kept: tuple[Span, ...] = ()
    if article.format is TextFormat.HTML:
        extracted = html_to_text(article.text)
        document = parse_document(extracted.text, language, title=article.title, is_word=_is_english)
        to_caller: Callable[[Span], Span] = extracted.raw_span
        kept = extracted.kept
        parts = _parts_of_caller(document, to_caller, len(article.text))
    else:
        document = parse_document(article.text, language, title=article.title, is_word=_is_english)
        parts, to_caller = document.parts, lambda span: span
    if not any(_WORD.search(sentence.span.of(document.text)) for sentence in document.sentences):
        raise NothingToSummarizeError(
            [
                FieldViolation(
                    "article.text", "holds no sentence of running text, only headings, captions or site furniture"
                )
            ]
        )
    given = article.title if article.title.strip() else ""
    title_span = None if given else document.title
    title = title_span.of(document.text) if title_span else given
    return ReadArticle(document, parts, to_caller, title, kept, title_span)


def _is_english(word: str) -> bool:
    """Whether a word of small letters stands in many English articles."""
    rules = lexicon("en")
    return word in rules.stop_words or word in rules.common or rules.stem(word) in rules.common


def _parts_of_caller(document: Document, to_caller: Callable[[Span], Span], length: int) -> tuple[Part, ...]:
    """Parts of extracted text as parts of the markup: each begins where its first character stands, so they tile."""
    if not document.parts:
        return ()
    bounds = [0, *(to_caller(part.span).start for part in document.parts[1:]), length]
    return tuple(
        Part(part.kind, Span(start, end))
        for part, start, end in zip(document.parts, bounds, bounds[1:], strict=False)
        if end > start
    )
