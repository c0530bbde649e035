"""Flags that tell a reader what not to rely on. Pure and fast: no model, no I/O after the first call.

Each test is defined in docs/quality-flags.md; limits of length and similarity lie in `quality/thresholds.json`,
set from data by `benchmarks/faithfulness/measure_flags.py --set`; the others there were chosen by hand.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from khulasa.server.core.text.normalize import as_typed
from khulasa.server.core.translation.names.comparison import names_agree
from khulasa.server.core.translation.numbers.comparison import compare_numbers
from khulasa.server.core.translation.polarity.negations import same_polarity
from khulasa.server.core.translation.quality.leftovers import leftover_words, loses_foreign_run
from khulasa.server.core.translation.quality.omissions import Unanswered, unanswered_runs
from khulasa.server.core.translation.quality.restated import said_as_often
from khulasa.server.core.translation.quality.signals import (
    DANGLING,
    SegmentSignals,
    measure_segment,
    repeats_beyond,
)
from khulasa.server.core.translation.quality.tongue import is_in_another_language
from khulasa.server.core.translation.types import LanguagePair, QualityFlag

__all__ = [
    "PairTests",
    "QualityThresholds",
    "flags_from_signals",
    "is_mostly_translated",
    "quality_flags",
    "quality_thresholds",
]


@dataclass(frozen=True, slots=True)
class QualityThresholds:
    """Limits of one direction.

    Attributes:
        least_log_ratio: Log of target over source letters, less what is usual for the length; below it is too short.
        most_log_ratio: Above it is too long.
        doubtful_least_log_ratio: The same where the similarity is doubtful as well.
        doubtful_most_log_ratio: The same where the similarity is doubtful as well.
        doubtful_similarity: Below it the similarity is doubtful; most such pairs are right.
        sure_similarity: From it on the meaning is whole, and a side with as many sentences may be shorter or longer.
        sure_width: By this factor the limits of length are wider then.
        least_similarity: Below it the meaning is in doubt.
        least_script_share: Share of the target's letters that must be in the target's script.
        cut_similarity: A target that ends inside a sentence is cut when its similarity is below this.
        cut_log_ratio: Or when its length is below this.
        most_repeated: Characters in repeated runs over all characters.
        omission_limit: From this sum of length, similarity and words without counterpart on a clause is missing.
    """

    least_log_ratio: float
    most_log_ratio: float
    doubtful_least_log_ratio: float
    doubtful_most_log_ratio: float
    doubtful_similarity: float
    sure_similarity: float
    sure_width: float
    least_similarity: float
    least_script_share: float
    cut_similarity: float
    cut_log_ratio: float
    most_repeated: float
    omission_limit: float


# Weights by which a clause is told to be left out, from `benchmarks/faithfulness/fit_omissions.py`.
_LOG_RATIO, _RUN, _ADDED, _SIMILARITY = -11.8, 16.9, -8.8, -10.8
# A longer run of words without counterpart, over those of the source, has hardly a pair that needs it to be told. With
# 0.3 twice as many pairs get links, for at most one more in a hundred lost clauses found.
_LONG_RUN = 0.25


@functools.lru_cache(maxsize=16)
def quality_thresholds(pair: LanguagePair) -> QualityThresholds:
    """The limits for `pair`; those for a pair without data are the widest there are."""
    stored = json.loads(Path(__file__).with_name("thresholds.json").read_text("utf-8"))
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
    return PairTests(source, target, pair, truncated=truncated, missed_terms=missed_terms, kept=kept).flags(similarity)


def is_mostly_translated(source: str, target: str, pair: LanguagePair) -> bool:
    """Whether an `UNTRANSLATED` target is a translation all the same, with some words left as they are."""
    return PairTests(source, target, pair).mostly_translated


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
    tests = PairTests(
        source,
        target,
        pair,
        truncated=truncated,
        missed_terms=missed_terms,
        kept=kept,
        signals=signals,
        limits=limits,
    )
    return tests.flags(similarity)


class PairTests:
    """The tests of one pair, each made when it is first asked for and once: some cost twenty times what others do.

    Args:
        source: The segment.
        target: Its translation.
        pair: The direction.
        truncated: As for `quality_flags`, like the rest.
        missed_terms: The glossary was not honoured.
        kept: Texts that may stand in the target as they are in the source.
        signals: Of this pair, if they are measured already.
        limits: Others than those of the direction.
    """

    def __init__(
        self,
        source: str,
        target: str,
        pair: LanguagePair,
        *,
        truncated: bool = False,
        missed_terms: bool = False,
        kept: Sequence[str] = (),
        signals: SegmentSignals | None = None,
        limits: QualityThresholds | None = None,
    ) -> None:
        source, target = as_typed(source), as_typed(target)
        self._source, self._target, self._pair, self._kept = source, target, pair, kept
        self._truncated, self._missed_terms = truncated, missed_terms
        self._signals = signals or measure_segment(source, target, pair)
        self._limits = limits or quality_thresholds(pair)
        self._tests: Mapping[QualityFlag, Callable[[float | None], bool]] = {
            QualityFlag.UNTRANSLATED: lambda _: self._untranslated,
            QualityFlag.TRUNCATED: self._is_cut,
            QualityFlag.REPETITION: lambda _: self._repeats,
            QualityFlag.NUMBER_MISMATCH: lambda _: self._numbers_differ,
            QualityFlag.LENGTH_RATIO: self._is_of_unlikely_length,
            QualityFlag.LOW_SIMILARITY: self._means_something_else,
            QualityFlag.NEGATION_MISMATCH: lambda _: self._denied,
            QualityFlag.NAME_MISMATCH: lambda _: self._renamed,
        }

    @property
    def mostly_translated(self) -> bool:
        """Whether an `UNTRANSLATED` target is a translation all the same, with some words left as they are."""
        signals = self._signals
        return not (signals.echo or signals.script_share < self._limits.least_script_share or self._is_astray)

    def flags(self, similarity: float | None) -> tuple[QualityFlag, ...]:
        """All flags, in the order of the enum.

        Args:
            similarity: Cosine of the two texts' vectors; None when it was not measured. It can only add flags.
        """
        return tuple(flag for flag in QualityFlag if self.has(flag, similarity))

    def has(self, flag: QualityFlag, similarity: float | None = None) -> bool:
        """Whether `flags` holds this one; no other test is made than this takes."""
        if flag is QualityFlag.GLOSSARY_MISSED:
            return self._missed_terms or self._loses_runs
        if flag is QualityFlag.TRUNCATED and self._truncated:
            return True
        if not self._signals.source_letters and not self._signals.source_digits:
            return False  # Punctuation and symbols have no meaning to lose.
        # An emoji or a row of dots says nothing of what the source says.
        empty = not any(map(str.isalnum, self._target))
        if empty or flag is QualityFlag.EMPTY:
            return empty and flag is QualityFlag.EMPTY
        test = self._tests.get(flag)
        return test is not None and test(similarity)

    @cached_property
    def _loses_runs(self) -> bool:
        # Where there is a glossary, one of its terms may stand in the run.
        return not self._kept and (
            loses_foreign_run(self._source, self._target, self._pair)
            or self._is_changed_and_astray(self._source, self._pair.source)
        )

    @cached_property
    def _is_astray(self) -> bool:
        return self._is_changed_and_astray(self._target, self._pair.target)

    def _is_changed_and_astray(self, text: str, code: str) -> bool:
        # A sentence of a third language that stands as it was is quoted.
        return self._source.strip() != self._target.strip() and is_in_another_language(text, code)

    @cached_property
    def _untranslated(self) -> bool:
        signals = self._signals
        return (
            signals.echo
            or signals.turned
            or (signals.is_prose and signals.script_share < self._limits.least_script_share)
            or bool(leftover_words(self._source, self._target, self._pair, self._kept))
            or self._is_astray
        )

    def _is_cut(self, similarity: float | None) -> bool:
        signals, limits = self._signals, self._limits
        return signals.misquotes or (
            signals.open_end
            and (
                signals.dangling
                or (similarity is not None and similarity < limits.cut_similarity)
                or signals.log_ratio < limits.cut_log_ratio
            )
        )

    @cached_property
    def _repeats(self) -> bool:
        most = self._limits.most_repeated
        if self._signals.repeated <= most and not self._signals.stammers:
            return False
        # Links cost a hundred times what the rest does, and are asked for by what is suspected alone.
        told = said_as_often(self._source, self._target, self._pair, self._kept)
        repeated, stammered = repeats_beyond(
            self._source, self._target, told, DANGLING.get(self._pair.target, frozenset())
        )
        return repeated > most or stammered

    @cached_property
    def _numbers_differ(self) -> bool:
        return not compare_numbers(self._source, self._target, self._pair).agrees

    def _is_of_unlikely_length(self, similarity: float | None) -> bool:
        signals, limits = self._signals, self._limits
        doubtful = similarity is not None and similarity < limits.doubtful_similarity
        fewer, more = signals.more_sentences < 0, signals.more_sentences > 0
        shortest = limits.doubtful_least_log_ratio if doubtful or fewer else limits.least_log_ratio
        longest = limits.doubtful_most_log_ratio if doubtful or more else limits.most_log_ratio
        if similarity is not None and similarity >= limits.sure_similarity:
            shortest *= 1.0 if fewer else limits.sure_width
            longest *= 1.0 if more else limits.sure_width
        return not shortest <= signals.log_ratio <= longest or self._leaves_out(similarity)

    @cached_property
    def _unanswered(self) -> Unanswered | None:
        return unanswered_runs(self._source, self._target, self._pair)

    def _leaves_out(self, similarity: float | None) -> bool:
        if similarity is None:
            return False
        limits = self._limits
        # Below the least the target means something else, which has a flag of its own, and says no more of a clause.
        likeness = max(similarity, limits.least_similarity)
        missing = limits.omission_limit - _LOG_RATIO * self._signals.log_ratio - _SIMILARITY * likeness
        # Links cost more than all other signals, and are made where length and similarity leave room for a lost clause.
        if missing > _RUN * _LONG_RUN or self._unanswered is None:
            return False
        return _RUN * self._unanswered.source + _ADDED * self._unanswered.target >= missing

    def _means_something_else(self, similarity: float | None) -> bool:
        is_text = self._signals.is_prose or self._signals.is_foreign
        return similarity is not None and is_text and similarity < self._limits.least_similarity

    @cached_property
    def _denied(self) -> bool:
        return not same_polarity(self._source, self._target, self._pair)

    @cached_property
    def _renamed(self) -> bool:
        return not names_agree(self._source, self._target, self._pair, self._kept)
