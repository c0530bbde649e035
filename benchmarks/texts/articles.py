"""Arabic news texts for benchmarks: real sentences, no two alike, so that no cache and no sharing makes figures rosy.

The same numbers give the same texts on every machine.
"""

from __future__ import annotations

import lzma
import random
import re
from functools import cache
from pathlib import Path

__all__ = ["SEED_ARTICLE", "article", "sentence", "sentences"]

_FILE = Path(__file__).parent / "news-ar.txt.xz"
SEED_ARTICLE = (Path(__file__).parents[2] / "seeds/nato-guarantees.ar.txt").read_text("utf-8")
_SENTENCES_IN_PARAGRAPH = 3


@cache
def _real() -> tuple[str, ...]:
    """Sentences of the file, in order."""
    found = re.split(r"(?<=[.!؟?])\s+|\n", lzma.decompress(_FILE.read_bytes()).decode())
    return tuple(one.strip() for one in found if len(one.split()) >= 4)


@cache
def _words() -> tuple[str, ...]:
    """Words of the file that stand inside sentences, for exchange."""
    return tuple(sorted({word for one in _real() for word in one.split()[1:-1] if word.isalpha() and len(word) > 3}))


def sentence(number: int) -> str:
    """The sentence of this number: a real one with one word exchanged for another of the corpus."""
    draw = random.Random(number)
    words = _real()[number % len(_real())].split()
    words[draw.randrange(1, len(words) - 1)] = draw.choice(_words())
    return " ".join(words)


def sentences(count: int, *, start: int = 0) -> list[str]:
    """Consecutive numbers from `start`."""
    return [sentence(start + number) for number in range(count)]


def article(number: int, words: int) -> str:
    """A headline and paragraphs of three sentences, at least `words` words unless the last sentence is cut off there.

    Args:
        number: Different numbers share no sentence.
        words: Length without the headline.
    """
    draw = random.Random(f"article {number}")
    at = draw.randrange(10**12)
    headline = " ".join(word for word in sentence(at).split()[:8]).rstrip(".،!؟?")
    paragraphs: list[str] = []
    have = 0
    while have < words:
        some: list[str] = []
        while len(some) < _SENTENCES_IN_PARAGRAPH and have < words:
            at += 1
            some.append(sentence(at))
            have += len(some[-1].split())
        paragraphs.append(" ".join(some))
    return "\n\n".join([headline, *paragraphs]) + "\n"
