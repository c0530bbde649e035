"""What is tried when a segment is flagged, and which candidate is kept. Pure decisions; the caller decodes.

Candidates are the hypotheses of the beam, which are there already, and those of one more decoding, or of two where what
is left is grave. Criterion: the candidate with the least sum of flag weights; among equals the one with the greatest
`similarity + 0.05 * score`; among equals the earliest. A candidate never wins by losing numbers, text or meaning to
cure a lesser flag, because those weigh more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import regex
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.numbers.plain import to_stand_in
from khulasa.server.core.translation.types import QualityFlag

__all__ = [
    "MOST_RETRIES",
    "Candidate",
    "Retry",
    "RetryKind",
    "burden",
    "can_be_cured",
    "choose",
    "clause_spans",
    "is_lighter",
    "repair_segment",
    "retries_for",
]

MOST_RETRIES = 2

_WEIGHTS = {
    QualityFlag.EMPTY: 100.0,
    QualityFlag.UNTRANSLATED: 50.0,  # Of a few words only: see `_LEFT_WORDS_WEIGHT`.
    QualityFlag.LOW_SIMILARITY: 20.0,
    QualityFlag.TRUNCATED: 15.0,
    QualityFlag.LENGTH_RATIO: 12.0,
    QualityFlag.NUMBER_MISMATCH: 10.0,
    QualityFlag.REPETITION: 10.0,
    QualityFlag.NEGATION_MISMATCH: 9.0,
    QualityFlag.NAME_MISMATCH: 9.0,
    QualityFlag.GLOSSARY_MISSED: 5.0,
}
# From here on text or meaning is lost, and a second decoding is worth its time: it cured little of what weighs less.
_GRAVE = 15.0
# Decoding again does not cure these: what only the glossary misses, and names, which a model knows or does not.
_NOT_DECODED_AGAIN = frozenset({QualityFlag.GLOSSARY_MISSED, QualityFlag.NAME_MISMATCH})
_TEXT_LOST = {QualityFlag.EMPTY, QualityFlag.TRUNCATED, QualityFlag.LENGTH_RATIO, QualityFlag.LOW_SIMILARITY}
_LOST = _TEXT_LOST | {QualityFlag.NUMBER_MISMATCH, QualityFlag.NEGATION_MISMATCH}
# Some words left as they are weigh less than a wrong number: a reader sees them.
_LEFT_WORDS_WEIGHT = 8.0
# More than some words left: what cures those never wins by losing a figure.
_FIGURE_WEIGHT = 8.5
_SCORE_WEIGHT = 0.05
_LEAST_CLAUSE_CHARS = 25
_CLAUSE_END = regex.compile(r"[،؛;:]\s+|(?<!\d),\s+|\s[–—-]\s|[.!?؟]\s+")


class RetryKind(Enum):
    """How a retry differs from the first decoding."""

    NO_REPEAT = "no_repeat"
    WIDER_BEAM = "wider_beam"
    CLAUSES = "clauses"
    OWN_SCRIPT = "own_script"
    PLAIN_NUMBERS = "plain_numbers"


@dataclass(frozen=True, slots=True)
class Retry:
    """One more decoding.

    Attributes:
        kind: What is different.
        beam_size: Beams.
        num_hypotheses: Hypotheses wanted, all of them candidates.
        no_repeat_ngram_size: 0 for none.
        clauses: Parts of the source to translate one by one and join with a space; empty for the whole.
        figures: Places of the source where the model is to read short numbers.
    """

    kind: RetryKind
    beam_size: int
    num_hypotheses: int
    no_repeat_ngram_size: int = 0
    clauses: tuple[Span, ...] = ()
    figures: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A translation with what was found about it.

    Attributes:
        target_text: The translation.
        score: Mean token log probability.
        similarity: None when it was not measured.
        flags: What was found.
        mostly_translated: `UNTRANSLATED` stands for some words, not for the whole.
        figures_lost: `NUMBER_MISMATCH` stands for a long figure, not for its unit or a word alone.
    """

    target_text: str
    score: float
    similarity: float | None
    flags: tuple[QualityFlag, ...]
    mostly_translated: bool = False
    figures_lost: bool = False


def clause_spans(source: str) -> tuple[Span, ...]:
    """The source cut in two or more at clause punctuation, every part at least 25 code points; one span if it cannot.

    The spans leave out the white space between them.
    """
    spans: list[Span] = []
    start = 0
    for match in _CLAUSE_END.finditer(source):
        end = match.start() + len(match[0].rstrip())
        if end - start >= _LEAST_CLAUSE_CHARS and len(source.rstrip()) - match.end() >= _LEAST_CLAUSE_CHARS:
            spans.append(Span(start, end))
            start = match.end()
    end = len(source.rstrip())
    if end > start:
        spans.append(Span(start, end))
    return tuple(spans)


def retries_for(source: str, target: str, flags: Sequence[QualityFlag], beam_size: int) -> tuple[Retry, ...]:
    """What to try, in order, at most `MOST_RETRIES`.

    Words left as they are are retried without the source's script, long figures that the target has otherwise with
    short ones in their places, another loss (short, cut, low similarity, a number, a negation) with more beams,
    repetition without repeats, lost text by clauses too, because a shorter input loses less. Names and what only the
    glossary misses are not decoded again.
    """
    wanted = set(flags) - _NOT_DECODED_AGAIN
    wider = min(8, max(beam_size * 2, 4))
    retries: list[Retry] = []
    if QualityFlag.UNTRANSLATED in wanted:
        # Every piece is scored then, which is slow; two beams do.
        retries.append(Retry(RetryKind.OWN_SCRIPT, 2, 2))
    if QualityFlag.NUMBER_MISMATCH in wanted and (figures := to_stand_in(source, target)):
        retries.append(Retry(RetryKind.PLAIN_NUMBERS, beam_size, min(beam_size, 2), figures=figures))
    if wanted & _LOST:
        retries.append(Retry(RetryKind.WIDER_BEAM, wider, wider))
    if QualityFlag.REPETITION in wanted:
        retries.append(Retry(RetryKind.NO_REPEAT, 2, 2, no_repeat_ngram_size=3))
    if wanted & _TEXT_LOST and len(clauses := clause_spans(source)) > 1:
        retries.append(Retry(RetryKind.CLAUSES, max(beam_size, 2), 1, clauses=clauses))
    return tuple(retries[:MOST_RETRIES])


def can_be_cured(flags: Sequence[QualityFlag]) -> bool:
    """Whether another hypothesis may help: not with what only the glossary misses."""
    return any(flag is not QualityFlag.GLOSSARY_MISSED for flag in flags)


def burden(candidate: Candidate) -> float:
    """Sum of the weights of the flags, 0 for none; a figure that is not there weighs more than one of another unit."""
    lost = _FIGURE_WEIGHT if candidate.figures_lost and QualityFlag.NUMBER_MISMATCH in candidate.flags else 0.0
    return lost + sum(_weight(flag, mostly_translated=candidate.mostly_translated) for flag in candidate.flags)


def _weight(flag: QualityFlag, *, mostly_translated: bool) -> float:
    few = mostly_translated and flag is QualityFlag.UNTRANSLATED
    return _LEFT_WORDS_WEIGHT if few else _WEIGHTS[flag]


class Tests(Protocol):
    """The tests of a translation, each made when it is asked for."""

    @property
    def mostly_translated(self) -> bool:
        """As for a `Candidate`."""
        ...

    def has(self, flag: QualityFlag) -> bool:
        """Whether this flag is found."""
        ...


def is_lighter(best: Candidate, tests: Tests) -> bool:
    """Whether what the tests find weighs less than the burden of `best`.

    No more tests are made than that takes; those for the flags of `best` come first.
    """
    limit, weight = burden(best), 0.0
    for flag in dict.fromkeys((*best.flags, *_WEIGHTS)):
        if weight >= limit:
            break
        if tests.has(flag):
            weight += _weight(flag, mostly_translated=tests.mostly_translated)
    return weight < limit


def choose(candidates: Sequence[Candidate]) -> Candidate:
    """The best by the criterion at the head of this module.

    Raises:
        ValueError: No candidate.
    """
    if not candidates:
        raise ValueError("choose needs a candidate")
    return min(candidates, key=lambda c: (burden(c), -((c.similarity or 0.0) + _SCORE_WEIGHT * c.score)))


async def repair_segment(
    source: str,
    first: Candidate,
    others: Sequence[Candidate],
    beam_size: int,
    decode: Callable[[Retry, Candidate], Awaitable[Sequence[Candidate]]],
) -> Candidate:
    """The best of the first translation, the beam's other hypotheses and, while flags stay, of one or two retries.

    Args:
        source: The segment.
        first: Its translation.
        others: Those of the beam's other hypotheses that have lesser flags, assessed; possibly none.
        beam_size: Beams of the first decoding.
        decode: Translates as the retry says and assesses what comes out; may leave out what is no better than the
            candidate given.
    """
    if not burden(first):
        return first
    best = choose([first, *others])
    tried: RetryKind | None = None
    for retry in retries_for(source, best.target_text, best.flags, beam_size):
        # Short numbers cure nothing else: what is lost besides is tried again as if they had not been.
        more = bool(_LOST & set(best.flags)) if tried is RetryKind.PLAIN_NUMBERS else tried is None
        if not burden(best) or (burden(best) < _GRAVE and not more):
            break
        best = choose([best, *await decode(retry, best)])
        tried = retry.kind
    return best
