"""How much of an article is held room for before it is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from khulasa.server.core.pipeline.estimate import likely_decoded
from khulasa.server.core.pipeline.types import ArticleInput, SummarySettings
from khulasa.server.core.summary.types import SummaryBounds
from khulasa.server.core.translation.types import TextFormat

ARTICLE = (Path(__file__).parents[3] / "seeds" / "nato-guarantees.ar.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("bounds", "least", "most"),
    [
        (SummaryBounds(), 600, 900),
        (SummaryBounds(max_sentences=1), 200, 300),
        (SummaryBounds(max_sentences=4), 650, 900),
        (SummaryBounds(max_words=50), 300, 400),
        (SummaryBounds(ratio=0.25), 700, 850),
        (SummaryBounds(max_sentences=100), len(ARTICLE), len(ARTICLE)),
        (SummaryBounds(max_words=10_000), len(ARTICLE), len(ARTICLE)),
    ],
)
def test_a_summary_is_estimated_by_its_bounds(bounds: SummaryBounds, least: int, most: int) -> None:
    guessed = likely_decoded(ArticleInput(ARTICLE), SummarySettings(bounds=bounds))
    assert least <= len(guessed) <= most
    assert ARTICLE.startswith(guessed)


def test_a_title_of_its_own_counts() -> None:
    one = SummarySettings(bounds=SummaryBounds(max_sentences=1))
    short, long = (len(likely_decoded(ArticleInput(ARTICLE, title="x" * size), one)) for size in (10, 200))
    assert long - short == 190


def test_of_a_full_translation_all_counts_but_for_markup() -> None:
    full = SummarySettings(full_translation=True)
    assert likely_decoded(ArticleInput(ARTICLE), full) == ARTICLE
    assert len(likely_decoded(ArticleInput(ARTICLE, format=TextFormat.HTML), full)) < len(ARTICLE) // 2
