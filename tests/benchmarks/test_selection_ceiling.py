"""Bounds and gains of the ceiling of selection, on texts small enough to count by hand."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "selection"


def _module(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of the benchmark under a name of its own; the search path is as before after the test."""
    monkeypatch.syspath_prepend(str(FOLDER))
    spec = importlib.util.spec_from_file_location(f"selection_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture
def ceiling(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return _module("ceiling", monkeypatch)


@pytest.mark.parametrize(
    ("lengths", "strict", "protocol"),
    [
        ([50, 48, 9, 30], [0, 1], [0, 1]),  # 98 of 100 are enough
        ([50, 57, 40], [0, 2], [0, 1]),  # 107 of 100: within the slack of the protocol only
        ([50, 59, 40], [0, 2], [0, 2]),  # 109 of 100: in neither
        ([130, 60, 30], [1, 2], [0]),  # a first sentence that is longer than the bound
        ([130, 140], [0], [0]),  # nothing fits: the shortest
    ],
)
def test_lead_keeps_the_bound_it_names(
    lengths: list[int], strict: list[int], protocol: list[int], ceiling: ModuleType
) -> None:
    assert ceiling.lead(lengths, 100, slack=1.0, enough=1.0, always_first=False) == strict
    assert ceiling.lead(lengths, 100, slack=1.08, enough=0.95, always_first=True) == protocol


def test_gains_of_apart_sentences_add_up_to_the_score_of_their_summary(ceiling: ModuleType) -> None:
    texts = ["سافر الوزير اليوم", "نزل المطر مساء", "فاز الفريق"]
    references = ["سافر الوزير اليوم فاز الفريق", "نزل المطر"]
    taken = f"{texts[0]} {texts[2]}"
    gain = ceiling.gains(texts, references, budget=5).mean(axis=0)
    unigrams = ceiling.rouge(taken, references)[0]
    # ROUGE-1 and L add up; ROUGE-2 loses the pairs that cross sentences, so the sum is at most the score.
    assert gain[0] + gain[2] <= np.mean(ceiling.rouge(taken, references)) + 1e-9
    assert gain[0] + gain[2] >= 0.75 * unigrams
    assert gain[1] > 0


def test_the_best_set_is_that_of_the_highest_sum_and_fits(ceiling: ModuleType) -> None:
    gain, lengths = np.array([10.0, 6.0, 6.0]), [10, 6, 6]
    assert ceiling.best_by_gain(gain, lengths, 12) == [1, 2]
    assert ceiling.best_by_gain(gain, lengths, 11) == [0]
    assert ceiling.best_by_gain(gain, lengths, 3) == [1]
