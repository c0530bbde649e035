"""How alike two sets of translations are: chrF (Popović 2015, https://aclanthology.org/W15-3049).

As sacrebleu has it by default: n-grams of one to six characters without white space, recall counting twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

__all__ = ["chrf"]

_LONGEST = 6
_BETA_SQUARED = 4.0


def chrf(pairs: Iterable[tuple[str, str]]) -> float:
    """chrF of hypotheses against references, 0 to 100; 100 for no text at all.

    Args:
        pairs: Hypothesis and reference of each segment.
    """
    ours, theirs, common = [0] * _LONGEST, [0] * _LONGEST, [0] * _LONGEST
    for hypothesis, reference in pairs:
        for n in range(_LONGEST):
            left, right = _ngrams(hypothesis, n + 1), _ngrams(reference, n + 1)
            ours[n] += left.total()
            theirs[n] += right.total()
            common[n] += (left & right).total()
    if not ours[0] and not theirs[0]:
        return 100.0
    orders = [n for n in range(_LONGEST) if ours[n] and theirs[n]]
    if not orders:
        return 0.0
    precision = sum(common[n] / ours[n] for n in orders) / len(orders)
    recall = sum(common[n] / theirs[n] for n in orders) / len(orders)
    if precision + recall == 0:
        return 0.0
    return 100 * (1 + _BETA_SQUARED) * precision * recall / (_BETA_SQUARED * precision + recall)


def _ngrams(text: str, n: int) -> Counter[str]:
    plain = "".join(text.split())
    return Counter(plain[first : first + n] for first in range(len(plain) - n + 1))
