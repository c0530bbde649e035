"""Language detection as the servicers use it: off the event loop, on as much of the texts as tells."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

from khulasa.server.core.text.language import detect_language
from khulasa.server.core.translation.markup.html import parse_html
from khulasa.server.core.translation.translator.drafts import is_translatable
from khulasa.server.core.translation.types import TextFormat

__all__ = ["TextLanguages"]

# More than this tells no more; the detector samples a long text anyway.
_SAMPLE_CHARS = 20_000
# Of a page so many times as much is read: most of it may be markup.
_PAGE_FACTOR = 4


class TextLanguages:
    """Tells the language of several texts taken together.

    Args:
        executor: Where it is done.
    """

    def __init__(self, executor: Executor | None = None) -> None:
        self._executor = executor

    async def __call__(
        self, texts: Sequence[str], candidates: Sequence[str], *, format: TextFormat = TextFormat.PLAIN_TEXT
    ) -> str | None:
        """The language of `texts`, empty when it cannot be told; None when none of them holds anything to translate."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, _detect, texts, candidates, format)


def _detect(texts: Sequence[str], candidates: Sequence[str], text_format: TextFormat) -> str | None:
    # Every text has its share, so that a long first one does not speak for all.
    share = max(200, _SAMPLE_CHARS // max(1, len(texts)))
    html = text_format is TextFormat.HTML
    shares = (text[:share] for text in texts[:_SAMPLE_CHARS])
    if html:
        # What scripts and style sheets are written in says nothing of what a reader sees.
        shares = (" ".join(_page(text[: share * _PAGE_FACTOR])[0])[:share] for text in texts[:_SAMPLE_CHARS])
    found = detect_language("\n".join(shares)[:_SAMPLE_CHARS], candidates).code
    if found:
        return found
    # The shares held no word: all is looked at, of pages the attributes too.
    if html:
        pages = [_page(text) for text in texts]
        texts = [text for page in pages for text in (*page[0], *page[1])]
    found = detect_language("\n".join(texts), candidates).code
    return found or ("" if any(map(is_translatable, texts)) else None)


def _page(html: str) -> tuple[list[str], list[str]]:
    """Texts of a page's blocks, and of its attributes that are translated."""
    document = parse_html(html)
    return [block.text for block in document.blocks], [attribute.text for attribute in document.attributes]
