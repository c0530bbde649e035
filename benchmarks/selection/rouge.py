"""ROUGE-1, ROUGE-2 and ROUGE-L for Arabic: F1, the mean over the references.

Tokens are runs of word characters without diacritics and tatweel, alef, ya and ta marbuta folded: the light
normalisation usual in Arabic retrieval. Written after Lin (2004); no stemming, no stop words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

__all__ = ["mean_length", "rouge", "tokens"]


def tokens(text: str) -> list[str]:
    """Folded words of a text."""
    text = re.sub("[\u064b-\u0652\u0670\u0640]", "", text)
    text = re.sub("[إأآٱ]", "ا", text).replace("ى", "ي").replace("ة", "ه")
    return re.findall(r"\w+", text)


def mean_length(references: Sequence[str]) -> float:
    """Mean length of the references in tokens: the budget at which systems are compared."""
    return sum(len(tokens(reference)) for reference in references) / len(references)


def rouge(text: str, references: Sequence[str]) -> tuple[float, float, float]:
    """(ROUGE-1, ROUGE-2, ROUGE-L) of `text`, in [0, 100]."""
    candidate = tokens(text)
    rows = []
    for reference in references:
        other = tokens(reference)
        row = []
        for n in (1, 2):
            a, b = _ngrams(candidate, n), _ngrams(other, n)
            row.append(_f1(sum((a & b).values()), sum(a.values()), sum(b.values())))
        row.append(_f1(_longest_common(candidate, other), len(candidate), len(other)))
        rows.append(row)
    r1, r2, rl = (100.0 * sum(column) / len(column) for column in zip(*rows, strict=True))
    return r1, r2, rl


def _ngrams(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def _f1(overlap: int, candidate: int, reference: int) -> float:
    if not overlap:
        return 0.0
    precision, recall = overlap / candidate, overlap / reference
    return 2 * precision * recall / (precision + recall)


def _longest_common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence, in bits of one integer (Crochemore et al. 2001)."""
    masks: dict[str, int] = {}
    for at, word in enumerate(a):
        masks[word] = masks.get(word, 0) | (1 << at)
    full = (1 << len(a)) - 1
    row = full
    for word in b:
        mask = masks.get(word, 0)
        row = ((row + (row & mask)) | (row & ~mask)) & full
    return len(a) - row.bit_count()
