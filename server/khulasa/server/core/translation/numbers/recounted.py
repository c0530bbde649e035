"""Whether a number stands oftener on one side: three killed and three wounded, `three killed and others`."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction

from khulasa.server.core.translation.numbers.tokens import NumberKind, NumberMention

__all__ = ["said_less_often"]

# One and two are said by the forms of words as well.
_UNSAID = 2
_NOT_COUNTED = frozenset([NumberKind.VAGUE, NumberKind.MONTH, NumberKind.FRACTION, NumberKind.TIME])
# More numbers are a table.
_MOST = 40
# ستة (6) is one number.
_BESIDE = 3


def said_less_often(
    texts: tuple[str, str],
    mentions: Sequence[NumberMention],
    others: Sequence[NumberMention],
    same: Callable[[NumberMention, NumberMention], bool],
) -> tuple[NumberMention, ...]:
    """Numbers above two that stand several times on one side and on the other at least once, but not as often.

    Args:
        texts: One side and the other.
        mentions: Numbers of the one, in order.
        others: Those of the other side.
        same: Whether two numbers may stand for each other.
    """
    if not 1 < len(mentions) <= _MOST or len(others) > _MOST:
        return ()
    counted = [m for m in mentions if m.kind not in _NOT_COUNTED and m.value > _UNSAID]
    said = Counter(m.value for m in counted)
    for one, two in itertools.pairwise(counted):
        if one.value == two.value and _is_beside(texts[0], one, two):
            said[one.value] -= 1
    found: dict[Fraction, NumberMention] = {}
    for mention in counted:
        if said[mention.value] > 1 and mention.value not in found:
            answers = [other for other in others if same(mention, other)]
            here = [(texts[0], m) for m in counted if m.value == mention.value]
            named = any(_is_named(*one) for one in (*here, *((texts[1], other) for other in answers)))
            if 0 < len(answers) < said[mention.value] and not named:
                found[mention.value] = mention
    return tuple(found.values())


def _is_named(text: str, number: NumberMention) -> bool:
    """Whether it is a part of a name: G7, KV62."""
    return (
        number.digits
        and text[max(0, number.span.start - 1) : number.span.start].isalpha()
        and text[number.span.start].isdigit()
    )


def _is_beside(text: str, one: NumberMention, two: NumberMention) -> bool:
    between = text[one.span.end : two.span.start]
    return len(between) <= _BESIDE and not any(map(str.isalpha, between))
