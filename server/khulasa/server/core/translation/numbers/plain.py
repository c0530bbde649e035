"""Long figures that a small model writes otherwise: short ones that stand for them, and gaps in them closed.

The model copies `325` where it makes `1,50.75` or `400` of `1,250.75` and `1,400`. So a segment whose figures were lost
is decoded once more with short ones in their places, which are then put back as the source has them
(docs/quality-translation.md#repair). Pure text work; what comes out is compared with the source as any candidate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.numbers.tokens import western_digits

__all__ = [
    "PlainNumber",
    "closed_gaps",
    "long_figures",
    "lost_figures",
    "plain_numbers",
    "put_figures_back",
    "to_stand_in",
]

# Above a hundred, where the words around an Arabic number are those around any greater one.
_SHORT = ("325", "418", "536", "642", "271", "184", "963", "753")
# Groups of thousands, a fraction behind a point, or four digits and more, a particle before them or none. What may
# be read in two ways (1.250, 4,5) is left out, and so are parts of dates, times, scores and names.
_FIGURE = regex.compile(
    r"(?:(?<![\p{L}\p{M}\d_.,٬٫:/+-])|(?<=(?<![\p{L}\p{M}\d_])(?:[وفبلك]|[وفبك]?ال)))(?:\d{1,3}(?:[,٬]\d{3})++(?:[.٫]\d++)?+|\d++[.٫](?!\d{3}(?!\d))\d++|\d{4,}+)"
    r"(?![\p{L}\p{M}\d_:/-]|[.,٬٫]\d)"
)
_YEAR = regex.compile(r"[12١٢]\d{3}")
_DIGITS, _SIGNS = regex.compile(r"\d++(?:[.,٬٫]\d++)*+"), regex.compile(r"\D")
# Digits of a figure that is looked for with gaps.
_LEAST_DIVIDED, _MOST_DIVIDED = 5, 15
_ARABIC_SIGNS = str.maketrans("٬٫", ",.")


@dataclass(frozen=True, slots=True)
class PlainNumber:
    """A short number that stands for a long one of the source.

    Attributes:
        span: The long one's place in the source.
        name: What the model reads.
        text: What is put back: the source's own writing in Western digits and signs.
    """

    span: Span
    name: str
    text: str


def long_figures(text: str) -> tuple[Span, ...]:
    """Places of figures that the model may miswrite, in order."""
    return tuple(Span(*match.span()) for match in _FIGURE.finditer(text))


def lost_figures(source: str, target: str) -> tuple[Span, ...]:
    """Places of long figures whose digits the target does not have."""
    figures = long_figures(source)
    if not figures:
        return ()
    written = {_SIGNS.sub("", match[0]) for match in _DIGITS.finditer(western_digits(target))}
    return tuple(span for span in figures if _SIGNS.sub("", western_digits(span.of(source))) not in written)


def to_stand_in(source: str, target: str) -> tuple[Span, ...]:
    """Places of the figures to read as short numbers, none where no figure is lost.

    All but the years that are there: beside short numbers those that were right the first time come out wrong.
    """
    lost = set(lost_figures(source, target))
    # Tables of figures are left alone, and nothing is compared with each of theirs.
    if not 0 < len(lost) <= len(_SHORT):
        return ()
    return tuple(span for span in long_figures(source) if span in lost or not _YEAR.fullmatch(span.of(source)))


def plain_numbers(source: str, places: Sequence[Span]) -> tuple[PlainNumber, ...]:
    """Short numbers that the source does not have, for its figures at `places`; none where they do not suffice."""
    have = western_digits(source)
    free = [short for short in _SHORT if short not in have]
    if len(free) < len(places):
        return ()
    return tuple(
        PlainNumber(span, short, western_digits(span.of(source)).translate(_ARABIC_SIGNS))
        for span, short in zip(places, free, strict=False)
    )


def put_figures_back(numbers: Sequence[PlainNumber], target: str) -> str:
    """The target with the source's figures in place of the short ones; one that was lost stays lost, and is flagged."""
    if not numbers:
        return target
    figures = {number.name: number.text for number in numbers}
    short = regex.compile(rf"(?<![\d.,])(?:{'|'.join(figures)})(?!\d|[.,]\d)")
    return short.sub(lambda match: figures[match[0]], target)


def closed_gaps(source: str, target: str) -> str:
    """The target with figures of the source that it divides (`3482 119`) written as the source writes them.

    Tables of figures, and what is longer than any amount, are left alone.
    """
    figures = long_figures(source)
    for span in figures if len(figures) <= len(_SHORT) else ():
        figure = western_digits(span.of(source)).translate(_ARABIC_SIGNS)
        digits = figure.replace(",", "")
        if "." in figure or not _LEAST_DIVIDED <= len(digits) <= _MOST_DIVIDED or figure in target:
            continue
        divided = regex.compile(rf"(?<![\d.,]|\d ){' ?'.join(digits)}(?!\d|[.,]\d| \d)")
        target = divided.sub(partial(_as_written, figure), target)
    return target


def _as_written(figure: str, match: regex.Match[str]) -> str:
    return figure if " " in match[0] else match[0]
