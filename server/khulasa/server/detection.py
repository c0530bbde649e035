"""Language detection as the servicers use it: off the event loop, on as much of the texts as tells."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

from khulasa.server.core.text.language import detect_language

__all__ = ["TextLanguages"]

# More than this tells no more; the detector samples a long text anyway.
_SAMPLE_CHARS = 20_000


class TextLanguages:
    """Tells the language of several texts taken together.

    Args:
        executor: Where it is done.
    """

    def __init__(self, executor: Executor | None = None) -> None:
        self._executor = executor

    async def __call__(self, texts: Sequence[str], candidates: Sequence[str]) -> str:
        """The language of `texts`, empty when there is nothing to tell it by."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, _detect, texts, candidates)


def _detect(texts: Sequence[str], candidates: Sequence[str]) -> str:
    # Every text has its share, so that a long first one does not speak for all.
    share = max(200, _SAMPLE_CHARS // max(1, len(texts)))
    sample = "\n".join(text[:share] for text in texts[:_SAMPLE_CHARS])[:_SAMPLE_CHARS]
    return detect_language(sample, candidates).code
