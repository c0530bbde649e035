"""Flags that tell a reader what not to rely on. Pure and fast: no model, no I/O after the first call.

Each test is defined in docs/quality-translation.md; limits of length and similarity lie in `quality_thresholds.json`,
set from data by `benchmarks/faithfulness/measure_flags.py --set`; the others there were chosen by hand.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from khulasa.server.core.translation.leftovers import leftover_words
from khulasa.server.core.translation.name_comparison import names_agree
from khulasa.server.core.translation.numbers import compare_numbers
from khulasa.server.core.translation.polarity import same_polarity
from khulasa.server.core.translation.quality_signals import SegmentSignals, measure_segment
from khulasa.server.core.translation.types import LanguagePair, QualityFlag

__all__ = ["QualityThresholds", "flags_from_signals", "is_mostly_translated", "quality_flags", "quality_thresholds"]


@dataclass(frozen=True, slots=True)
class QualityThresholds:
    """Limits of one direction.

    Attributes:
        least_log_ratio: Log of target over source letters, less what is usual for the length; below it is too short.
        most_log_ratio: Above it is too long.
        doubtful_least_log_ratio: The same where the similarity is doubtful as well.
        doubtful_most_log_ratio: The same where the similarity is doubtful as well.
        doubtful_similarity: Below it the similarity is doubtful; most such pairs are right.
        least_similarity: Below it the meaning is in doubt.
        least_script_share: Share of the target's letters that must be in the target's script.
        cut_similarity: A target that ends inside a sentence is cut when its similarity is below this.
        cut_log_ratio: Or when its length is below this.
        most_repeated: Characters in repeated runs over all characters.
    """

    least_log_ratio: float
    most_log_ratio: float
    doubtful_least_log_ratio: float
    doubtful_most_log_ratio: float
    doubtful_similarity: float
    least_similarity: float
    least_script_share: float
    cut_similarity: float
    cut_log_ratio: float
    most_repeated: float


@functools.cache
def quality_thresholds(pair: LanguagePair) -> QualityThresholds:
    """The limits for `pair`; those for a pair without data are the widest there are."""
    stored = json.loads(Path(__file__).with_name("quality_thresholds.json").read_text("utf-8"))
    return QualityThresholds(**stored.get(f"{pair.source}-{pair.target}", stored["other"]))


def quality_flags(
    source: str,
    target: str,
    pair: LanguagePair,
    *,
    similarity: float | None,
    score: float | None = None,
    truncated: bool = False,
    missed_terms: bool = False,
    kept: Sequence[str] = (),
) -> tuple[QualityFlag, ...]:
    """The flags of one segment, in the order of the enum.

    Args:
        source: The segment.
        target: Its translation.
        pair: The direction.
        similarity: Cosine of the two texts' vectors; None when it was not measured.
        score: Mean token log probability; not used by any test so far, kept for the caller's records.
        truncated: The engine cut the input or stopped at its length limit.
        missed_terms: The glossary was not honoured.
        kept: Texts that may stand in the target as they are in the source, such as glossary targets.
    """
    del score
    signals = measure_segment(source, target, pair)
    return flags_from_signals(
        source,
        target,
        pair,
        signals,
        quality_thresholds(pair),
        similarity=similarity,
        truncated=truncated,
        missed_terms=missed_terms,
        kept=kept,
    )


def is_mostly_translated(source: str, target: str, pair: LanguagePair) -> bool:
    """Whether an `UNTRANSLATED` target is a translation all the same, with some words left as they are."""
    signals = measure_segment(source, target, pair)
    return not signals.echo and signals.script_share >= quality_thresholds(pair).least_script_share


def flags_from_signals(
    source: str,
    target: str,
    pair: LanguagePair,
    signals: SegmentSignals,
    limits: QualityThresholds,
    *,
    similarity: float | None,
    truncated: bool = False,
    missed_terms: bool = False,
    kept: Sequence[str] = (),
) -> tuple[QualityFlag, ...]:
    """The same with signals already measured and other limits, as the calibration needs."""
    missed = (QualityFlag.GLOSSARY_MISSED,) if missed_terms else ()
    cut = (QualityFlag.TRUNCATED,) if truncated else ()
    if not signals.source_letters and not signals.source_digits:
        return (*cut, *missed)  # Punctuation and symbols have no meaning to lose.
    if not target.strip():
        return (QualityFlag.EMPTY, *cut, *missed)
    flags: list[QualityFlag] = []
    if (
        signals.echo
        or (signals.is_prose and signals.script_share < limits.least_script_share)
        or leftover_words(source, target, pair, kept)
    ):
        flags.append(QualityFlag.UNTRANSLATED)
    low = similarity is not None and signals.is_prose and similarity < limits.least_similarity
    if truncated or (
        signals.open_end
        and (
            signals.dangling
            or (similarity is not None and similarity < limits.cut_similarity)
            or signals.log_ratio < limits.cut_log_ratio
        )
    ):
        flags.append(QualityFlag.TRUNCATED)
    if signals.repeated > limits.most_repeated or signals.stammers:
        flags.append(QualityFlag.REPETITION)
    if not compare_numbers(source, target, pair).agrees:
        flags.append(QualityFlag.NUMBER_MISMATCH)
    doubtful = similarity is not None and similarity < limits.doubtful_similarity
    fewer, more = signals.more_sentences < 0, signals.more_sentences > 0
    shortest = limits.doubtful_least_log_ratio if doubtful or fewer else limits.least_log_ratio
    longest = limits.doubtful_most_log_ratio if doubtful or more else limits.most_log_ratio
    if not shortest <= signals.log_ratio <= longest:
        flags.append(QualityFlag.LENGTH_RATIO)
    if low:
        flags.append(QualityFlag.LOW_SIMILARITY)
    denied = () if same_polarity(source, target, pair) else (QualityFlag.NEGATION_MISMATCH,)
    renamed = () if names_agree(source, target, pair, kept) else (QualityFlag.NAME_MISMATCH,)
    return (*flags, *missed, *denied, *renamed)
