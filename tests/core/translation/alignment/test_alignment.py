"""Word links."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.cues import (
    cue_matrix,
    name_similarity,
    similarity_matrix,
)
from khulasa.server.core.translation.alignment.lexicon import load_lexicon
from khulasa.server.core.translation.alignment.links import (
    _NULL,
    _STAY,
    _posteriors,
    align_words,
    attention_to_words,
    word_links,
)
from khulasa.server.core.translation.alignment.units import fold_arabic, units_of, words_of
from khulasa.server.core.translation.types import LanguagePair

AR_EN = LanguagePair("ar", "en")
EN_AR = LanguagePair("en", "ar")
ARABIC = "قال الرئيس الفرنسي إيمانويل ماكرون، يوم الثلاثاء، إن الحكومة ستدرس 25 مشروعا."
ENGLISH = "French President Emmanuel Macron said on Tuesday that the government would study 25 projects."


def linked(source: str, target: str, pair: LanguagePair) -> set[tuple[str, str]]:
    return {(k.source_span.of(source), k.target_span.of(target)) for k in align_words(source, target, pair)}


@pytest.mark.parametrize(
    "expected",
    [("قال", "said"), ("الرئيس", "President"), ("الفرنسي", "French"), ("ماكرون", "Macron"), ("الثلاثاء", "Tuesday"),
     ("الحكومة", "the"), ("الحكومة", "government"), ("25", "25"), (".", ".")],
)  # fmt: skip
def test_words_names_numbers_and_stops_find_each_other(expected: tuple[str, str]) -> None:
    assert expected in linked(ARABIC, ENGLISH, AR_EN)


def test_both_directions_give_the_same_links() -> None:
    there = linked(ARABIC, ENGLISH, AR_EN)
    assert there == {(a, e) for e, a in linked(ENGLISH, ARABIC, EN_AR)}


def test_what_is_not_seen_is_no_word() -> None:
    text = "one \x1d \u200f\ufefftwo\x01, \u2066three\u2069 \xad."
    assert [span.of(text) for span in words_of(text)] == ["one", "two", ",", "three", "."]


def test_marks_stay_inside_their_word() -> None:
    text = "سجّل هدفًا"
    assert [span.of(text) for span in words_of(text)] == ["سجّل", "هدفًا"]


@pytest.mark.parametrize("code", [0xAD, 0x61C, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x202B, 0x2060, 0x2066, 0xFEFF])
def test_what_is_not_seen_parts_no_word_and_changes_no_link(code: int) -> None:
    mark = chr(code)
    arabic, english = ARABIC.replace("الفرنسي", f"الفر{mark}نسي"), ENGLISH.replace("President", f"Presi{mark}dent")
    found = {(a.replace(mark, ""), e.replace(mark, "")) for a, e in linked(arabic, english, AR_EN)}
    assert found == linked(ARABIC, ENGLISH, AR_EN)


def test_clitics_are_units_of_their_word() -> None:
    text = "وبالكتاب"
    units = units_of(text, words_of(text), "ar", load_lexicon().frequency)
    assert [u.text for u in units] == ["و+", "ب+", "ال+", "كتاب"]
    assert {u.word for u in units} == {0}


def test_names_sound_alike_across_scripts() -> None:
    assert name_similarity(fold_arabic("واشنطن"), "washington") > 0.7
    assert name_similarity(fold_arabic("موسكو"), "moscow") > 0.7
    assert name_similarity(fold_arabic("موسكو"), "berlin") < 0.5


@pytest.mark.parametrize("known", [False, True])
def test_evidence_without_the_lexicon(known: bool) -> None:
    arabic, english = ["واشنطن", "12", "nato", "ال+", "بن", "12كم"], ["washington", "12", "nato", "of", "ben"]
    cues = cue_matrix(arabic, english, np.full(6, known), np.full(5, known))
    expected = np.zeros((6, 5)) if known else np.full((6, 5), 0.004)
    expected[1, 1] = expected[2, 2] = 0.7
    expected[5, 1] = 0.6
    # The likeness of words that the lexicon knows must be closer, and says little.
    expected[0, 0] = (0.05 if known else 0.5) * name_similarity("واشنطن", "washington")
    expected[4, 4] = 0.0 if known else 0.5 * name_similarity("بن", "ben")
    np.testing.assert_allclose(cues, expected, rtol=1e-12)


def test_attention_is_gathered_from_pieces_to_words() -> None:
    source_words, target_words = [Span(0, 4), Span(5, 7)], [Span(0, 2), Span(3, 9)]
    source_pieces = [Span(0, 2), Span(2, 4), Span(4, 7)]
    target_pieces = [Span(0, 2), Span(2, 5), Span(5, 9)]
    attention = np.array([[0.1, 0.1, 0.8, 0.5], [0.6, 0.4, 0.0, 0.5], [0.3, 0.7, 0.0, 0.1], [9, 9, 9, 9]])
    gathered = attention_to_words(source_words, target_words, source_pieces, target_pieces, attention)
    assert gathered.shape == (2, 2)
    np.testing.assert_allclose(gathered.sum(axis=1), 1)
    assert gathered[0, 1] > 0.7
    assert gathered[1, 0] > 0.9


def test_attention_alone_links_any_pair() -> None:
    links = word_links(
        "un deux", "two one", [Span(0, 2), Span(2, 7)], [Span(0, 3), Span(3, 7)], np.array([[0.1, 0.9], [0.9, 0.1]])
    )
    assert {(k.source_span, k.target_span) for k in links} == {(Span(0, 2), Span(4, 7)), (Span(3, 7), Span(0, 3))}


@settings(deadline=None)
@given(
    st.lists(st.text("محدغنوشيترابكسلهجف", max_size=12), min_size=1, max_size=6),
    st.lists(st.text("abcdefghiklmnorstuwyz", max_size=14), min_size=1, max_size=6),
    st.sampled_from(["", "sheikh", "bd" * 40]),
)
def test_words_are_as_alike_all_at_once_as_one_by_one(arabic: list[str], english: list[str], long: str) -> None:
    english = [*english, long]
    expected = [[name_similarity(one, two) for two in english] for one in arabic]
    np.testing.assert_array_equal(similarity_matrix(arabic, english), expected)


@pytest.mark.parametrize("emission", [1e-4, 0.7])
def test_posteriors_of_a_long_pair_that_nothing_or_everything_links_are_shares(emission: float) -> None:
    shares = _posteriors(np.full((250, 250), emission))
    assert shares.min() > 0
    assert shares.sum(axis=0).max() <= 1


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 3), (3, 2), (3, 4)])
def test_posteriors_are_those_of_all_ways_to_link_the_units(rows: int, columns: int) -> None:
    """Forward and backward against the sum over every way: which row each column comes from, or that it has none."""
    emission = np.random.default_rng(rows + columns).uniform(1e-4, 1.0, (rows, columns))
    places = np.arange(rows)
    step = 1 / (1 + np.abs(places[None, :] - places[:, None] - rows / columns)) ** 2 + _STAY / rows
    step /= step.sum(axis=1, keepdims=True)
    start = np.exp(-places / max(rows / 4, 1.0)) + 0.05
    start /= start.sum()
    expected, total = np.zeros((rows, columns)), 0.0
    for way in itertools.product(range(rows), (False, True), repeat=columns):
        weight, before = 1.0, -1
        for column in range(columns):
            row, empty = way[2 * column : 2 * column + 2]
            if empty:  # it stays where it is
                moved = start[row] if before < 0 else float(row == before)
                weight *= moved * _NULL * _NULL * 1e-2
            else:
                weight *= start[row] if before < 0 else step[before, row]
                weight *= (1 - _NULL) * emission[row, column]
            before = row
        total += weight
        for column in range(columns):
            if not way[2 * column + 1]:
                expected[way[2 * column], column] += weight
    np.testing.assert_allclose(_posteriors(emission), expected / total, rtol=1e-9)


def test_a_pair_that_is_not_known_and_an_empty_side_have_no_links() -> None:
    assert align_words("eins zwei", "one two", LanguagePair("de", "en")) == ()
    assert align_words("", "one", AR_EN) == ()
    assert align_words("واحد", "", AR_EN) == ()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_links_are_words_of_both_texts(source: str, target: str) -> None:
    sources, targets = set(words_of(source)), set(words_of(target))
    links = align_words(source, target, AR_EN)
    assert all(k.source_span in sources and k.target_span in targets for k in links)
    assert list(links) == sorted(set(links), key=lambda k: (k.source_span, k.target_span))


def test_the_translations_of_a_unit_are_all_that_have_probabilities() -> None:
    lexicon = load_lexicon()
    pairs = [(arabic, english) for arabic, some in lexicon.translations.items() for english in some]
    assert len(pairs) > 60_000
    assert set(pairs) == set(lexicon.english_given_arabic) == set(lexicon.arabic_given_english)
    # Each once.
    assert len(set(pairs)) == len(pairs)
