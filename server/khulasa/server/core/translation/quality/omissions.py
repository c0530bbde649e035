"""Runs of words that nothing on the other side answers: a clause that was left out is shorter than any limit of length.

Word links tell which words have a counterpart. A run counts the words of content in it that have none and loses two for
each that has one, since a stray link stands in most clauses that were left out.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import NamedTuple

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.links import align_words
from khulasa.server.core.translation.alignment.units import words_of
from khulasa.server.core.translation.quality.signals import DANGLING
from khulasa.server.core.translation.types import LanguagePair

__all__ = ["Unanswered", "unanswered_runs"]

# Shorter words are particles and pronouns, which often have no counterpart of their own.
_LEAST_LETTERS = 3
# What a word with a link takes off a run.
_LINKED = 2.0
# A shorter source has too few words to tell a clause by, and a longer one gets no links.
_LEAST_WORDS = 8


class Unanswered(NamedTuple):
    """The longest runs without a counterpart, over the words of the source.

    Attributes:
        source: Of the source: left out, or said in other words.
        target: Of the target: added, or other words for those.
    """

    source: float
    target: float


def unanswered_runs(source: str, target: str, pair: LanguagePair) -> Unanswered | None:
    """The runs of a pair; None where its links tell nothing.

    Args:
        source: A segment.
        target: Its translation.
        pair: Arabic and English; other pairs have no links.
    """
    source_words, target_words = words_of(source), words_of(target)
    count = sum(word.end - word.start >= _LEAST_LETTERS for word in source_words)
    links = align_words(source, target, pair) if count >= _LEAST_WORDS else ()
    if not links:
        return None
    return Unanswered(
        _longest(source_words, {link.source_span for link in links}, source, DANGLING[pair.source]) / count,
        _longest(target_words, {link.target_span for link in links}, target, DANGLING[pair.target]) / count,
    )


def _longest(words: Sequence[Span], linked: Container[Span], text: str, little: Container[str]) -> float:
    longest = run = 0.0
    for word in words:
        written = word.of(text)
        if not any(map(str.isalnum, written)):
            continue
        if word in linked:
            run = max(0.0, run - _LINKED)
        elif len(written) >= _LEAST_LETTERS and written.lower() not in little:
            run += 1.0
            longest = max(longest, run)
    return longest
