"""Whether a negation stands where its counterpart does: `did not sign, and left` is not `signed, and did not leave`.

Counting cannot tell these apart, nor a lost negation whose number another word makes up for. A negation and the words
after it are followed through the word links to the other side; where no word that denies is anywhere near them, the
negation has no answer. Links cost more than all of the counting, so they are made only where the places alone leave
room for doubt.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.lexicon import load_lexicon
from khulasa.server.core.translation.alignment.links import link_spans
from khulasa.server.core.translation.alignment.units import words_of

__all__ = ["Denials", "all_answered_in_place"]

# Words before and after a negation that tell what it denies.
_BEFORE, _AFTER = 1, 4
# From so many words between what is denied and the nearest answer on there is none. All limits were set on the even
# pairs of the news corpus, see docs/quality-flags.md.
_FAR = 4
# As far must an answer be, by its share of the text alone, before links are made.
_DOUBTFUL = 3
# A longer text is no sentence.
_MOST_WORDS = 250


class Denials:
    """Where a text says no.

    Args:
        text: The text.
        starts: Offsets of its tokens.
        asking: Tokens that the other side must answer.
        answering: Tokens that may answer one of the other side, the asking ones among them.
    """

    def __init__(self, text: str, starts: Sequence[int], asking: Sequence[int], answering: Sequence[int]) -> None:
        self.text, self.asking, self.answering = text, asking, answering
        self._starts = starts

    def shares(self, tokens: Sequence[int]) -> list[float]:
        """How far into the text tokens stand, 0 to 1."""
        return [token / len(self._starts) for token in tokens]

    @property
    def length(self) -> int:
        """Tokens."""
        return len(self._starts)

    def words(self, tokens: Sequence[int], words: Sequence[Span]) -> list[int]:
        """The words that tokens are part of."""
        begins = [word.start for word in words]
        return [bisect.bisect_right(begins, self._starts[token]) - 1 for token in tokens]


def all_answered_in_place(arabic: Denials, english: Denials) -> bool:
    """Whether every negation has an answer near the words that it denies, as far as the links tell.

    Args:
        arabic: One side; both have words that may answer.
        english: The other.
    """
    if max(arabic.length, english.length) > _MOST_WORDS:
        return True
    doubtful = [_doubtful(arabic, english), _doubtful(english, arabic)]
    if not any(doubtful):
        return True
    arabic_words, english_words = words_of(arabic.text), words_of(english.text)
    links = link_spans(arabic.text, english.text, arabic_words, english_words, load_lexicon())
    there = (
        arabic.words(arabic.answering, arabic_words),
        english.words(english.answering, english_words),
    )
    back = [(e, a) for a, e in links]
    return not (
        any(_is_alone(at, links, there[1]) for at in arabic.words(doubtful[0], arabic_words))
        or any(_is_alone(at, back, there[0]) for at in english.words(doubtful[1], english_words))
    )


def _doubtful(one: Denials, other: Denials) -> list[int]:
    """Asking tokens that no answer is near to by its share of the text."""
    answers = other.shares(other.answering)
    return [
        token
        for token, share in zip(one.asking, one.shares(one.asking), strict=True)
        if min(abs(share - answer) for answer in answers) * other.length >= _DOUBTFUL
    ]


def _is_alone(at: int, links: Sequence[tuple[int, int]], answers: Sequence[int]) -> bool:
    linked = [there for here, there in links if at - _BEFORE <= here <= at + _AFTER]
    return bool(linked) and min(abs(answer - there) for answer in answers for there in linked) >= _FAR
