"""Selection: bounds kept exactly, points that come late, leaning sentences, focus, cost on long articles."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import compress, product

import numpy as np
import pytest
from articles import ANECDOTE, BACKGROUND, ENGLISH_ANECDOTE, NEWS, document_of, texts_of
from hypothesis import given, settings
from hypothesis import strategies as st
from khulasa.server.core.errors import InvalidInputError
from khulasa.server.core.summary.dependence import Lean, leanings
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.summary.selection import best_set, default_sentences, room_for, salience, select_sentences
from khulasa.server.core.summary.types import SummaryBounds
from khulasa.server.core.text.types import Document
from khulasa.server.core.text.words import count_words


def _selected(document: Document, encoder: SentenceEncoder, bounds: SummaryBounds, **vectors: np.ndarray) -> list[int]:
    chosen = select_sentences(document, encoder.encode(texts_of(document)), bounds, **vectors)
    return [sentence.sentence_index for sentence in chosen]


def _random_article(seed: int, sentences: int) -> tuple[Document, np.ndarray]:
    draw = random.Random(seed)
    openings = ["وأضاف أن", "لكن", "هذا يعني", "وقال الوزير", "الحكومة", "من جهة أخرى،", "«بدأ", "انتهى»"]
    paragraphs: list[list[str]] = [[]]
    for _ in range(sentences):
        if draw.random() < 0.3 and paragraphs[-1]:
            paragraphs.append([])
        words = [draw.choice(openings)] + [f"كلمة{draw.randrange(40)}" for _ in range(draw.randrange(30))]
        paragraphs[-1].append(" ".join(words) + ".")
    document = document_of(paragraphs)
    vectors = np.random.default_rng(seed).normal(size=(sentences, 16)).astype(np.float32)
    return document, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 45))
def test_max_sentences_is_kept(seed: int, sentences: int, bound: int) -> None:
    document, vectors = _random_article(seed, sentences)
    chosen = select_sentences(document, vectors, SummaryBounds(max_sentences=bound))
    indices = [c.sentence_index for c in chosen]
    assert 1 <= len(indices) <= min(bound, sentences)
    assert indices == sorted(set(indices))
    assert all(0.0 <= c.salience <= 1.0 for c in chosen)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 700))
def test_max_words_is_kept_or_refused(seed: int, sentences: int, bound: int) -> None:
    document, vectors = _random_article(seed, sentences)
    lengths = [count_words(text) for text in texts_of(document)]
    if bound < min(lengths):
        with pytest.raises(InvalidInputError) as caught:
            select_sentences(document, vectors, SummaryBounds(max_words=bound))
        assert caught.value.violations[0].field == "options.max_words"
        assert str(min(lengths)) in caught.value.violations[0].description
        return
    chosen = select_sentences(document, vectors, SummaryBounds(max_words=bound))
    assert chosen
    assert sum(lengths[c.sentence_index] for c in chosen) <= bound


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.floats(0.001, 1.0))
def test_ratio_is_kept_or_refused(seed: int, sentences: int, ratio: float) -> None:
    document, vectors = _random_article(seed, sentences)
    lengths = [count_words(text) for text in texts_of(document)]
    share = sum(lengths) * ratio * (1 + 1e-7)
    if min(lengths) > int(share):
        with pytest.raises(InvalidInputError) as caught:
            select_sentences(document, vectors, SummaryBounds(ratio=ratio))
        assert caught.value.violations[0].field == "options.ratio"
        return
    chosen = select_sentences(document, vectors, SummaryBounds(ratio=ratio))
    assert sum(lengths[c.sentence_index] for c in chosen) <= share


@pytest.mark.parametrize("hundredths", range(1, 100))
def test_a_share_that_binary_fractions_make_a_hair_less_is_whole(hundredths: int) -> None:
    """A request's `ratio` has 32 bits: of a thousand words 0.7 was 699."""
    words, room = np.array([1, 9_999]), hundredths * 100
    for ratio in (hundredths / 100, float(np.float32(hundredths / 100))):
        assert room_for(words, SummaryBounds(ratio=ratio), 10_000, 2) == (True, room)


@pytest.mark.parametrize(("most", "allowed"), [(1, "allows 1 word,"), (2, "allows 2 words,")])
def test_a_bound_without_room_is_refused_in_words_that_fit_its_number(most: int, allowed: str) -> None:
    with pytest.raises(InvalidInputError, match=allowed):
        room_for(np.array([3, 5]), SummaryBounds(max_words=most), 8, 2)


def _lacking(chosen: Sequence[int], lean: Sequence[Lean]) -> list[int]:
    """Sentences of a set without what they lean on, as `Lean` says it."""

    def support(index: int) -> int | None:
        if lean[index] is Lean.NONE:
            return index
        if lean[index] in (Lean.PREVIOUS, Lean.NEXT):
            return index - 1 if lean[index] is Lean.PREVIOUS else index + 1
        return next((at for at in range(index - 1, -1, -1) if lean[at] is Lean.NONE), None)

    return [index for index in chosen if support(index) not in chosen]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(1, 6), st.sampled_from(Lean)), min_size=1, max_size=7),
    st.integers(1, 24),
)
def test_no_other_set_is_better(sentences: list[tuple[int, int, Lean]], room: int) -> None:
    """Where no two sentences say the same, the dynamic programme finds what trying every set finds."""
    values, costs = np.array([row[0] for row in sentences], float), np.array([row[1] for row in sentences])
    lean = [row[2] for row in sentences]
    sets = [list(compress(range(len(lean)), taken)) for taken in product((False, True), repeat=len(lean))]
    best = max(values[some].sum() for some in sets if costs[some].sum() <= room and not _lacking(some, lean))
    chosen = best_set(values, costs, room, lean, np.eye(len(lean), dtype=np.float32))
    assert costs[chosen].sum() <= room
    assert _lacking(chosen, lean) == []
    assert values[chosen].sum() == best


@pytest.mark.parametrize(("similarity", "chosen"), [(1.0, [0, 2]), (0.9, [0, 2]), (0.7, [0, 1]), (0.6, [0, 1])])
def test_what_says_the_same_gives_way_to_something_else(similarity: float, chosen: list[int]) -> None:
    other = np.sqrt(1 - similarity**2)
    vectors = np.array([[1, 0, 0], [similarity, other, 0], [0, 0, 1]], dtype=np.float32)
    assert best_set(np.array([10.0, 9.0, 3.0]), np.ones(3, int), 2, [Lean.NONE] * 3, vectors) == chosen


def test_one_sentence_of_any_length_is_the_most_salient_that_stands_alone() -> None:
    for seed in range(20):
        document, vectors = _random_article(seed, 15)
        alone = [at for at, lean in enumerate(leanings(document)) if lean is Lean.NONE]
        (chosen,) = select_sentences(document, vectors, SummaryBounds(max_sentences=1))
        assert chosen.salience == max(salience(document, vectors)[alone])


def test_a_large_room_is_filled_to_its_last_word() -> None:
    vectors = np.eye(100, dtype=np.float32)
    chosen = best_set(np.arange(1.0, 101.0), np.full(100, 10), 800, [Lean.NONE] * 100, vectors)
    assert chosen == list(range(20, 100))


def test_a_long_article_says_nothing_twice_while_there_is_something_else() -> None:
    vectors = np.tile(np.eye(100, dtype=np.float32), (2, 1))
    chosen = best_set(np.tile(np.arange(100.0, 0.0, -1.0), 2), np.ones(200, int), 60, [Lean.NONE] * 200, vectors)
    assert sorted(index % 100 for index in chosen) == list(range(60))


def test_in_a_long_article_a_sentence_brings_its_anchor_and_nothing_between() -> None:
    lean = [Lean.NONE, Lean.PREVIOUS, Lean.ANCHOR, *[Lean.NONE] * 197]
    costs = np.array([1, 1_000, *[1] * 198])
    chosen = best_set(np.linspace(100, 1, 200), costs, 400, lean, np.eye(200, dtype=np.float32))
    assert chosen == [0, *range(2, 200)]


def test_a_sentence_is_not_said_twice_though_there_is_room() -> None:
    vectors = np.ones((2, 1), dtype=np.float32)
    assert best_set(np.array([10.0, 9.0]), np.ones(2, int), 2, [Lean.NONE] * 2, vectors) == [0]


def test_ratio_one_is_everything() -> None:
    document, vectors = _random_article(3, 12)
    for same in (vectors, np.tile(vectors[:1], (12, 1))):
        assert len(select_sentences(document, same, SummaryBounds(ratio=1.0))) == 12


def test_a_budget_is_filled(loaded_encoder: SentenceEncoder) -> None:
    document = document_of(NEWS + BACKGROUND[2:])
    lengths = [count_words(text) for text in texts_of(document)]
    for bound in (30, 40, 60, 80):
        words = sum(lengths[i] for i in _selected(document, loaded_encoder, SummaryBounds(max_words=bound)))
        assert 0.75 * bound <= words <= bound


@pytest.mark.parametrize(("words", "sentences", "wanted"), [(20, 1, 1), (60, 3, 1), (560, 24, 4), (2_500, 90, 8)])
def test_default_length_follows_the_article(words: int, sentences: int, wanted: int) -> None:
    assert abs(default_sentences(words, sentences) - wanted) <= (1 if words == 2_500 else 0)


def test_default_length_never_shrinks_as_articles_grow() -> None:
    lengths = [default_sentences(words, 1 + words // 20) for words in range(1, 20_000, 50)]
    assert lengths == sorted(lengths)
    assert lengths[-1] <= 12


def test_news_begins_with_its_lead(loaded_encoder: SentenceEncoder) -> None:
    document = document_of(NEWS)
    assert _selected(document, loaded_encoder, SummaryBounds(max_sentences=1)) == [0]


@pytest.mark.parametrize(
    ("paragraphs", "language", "point", "scene"),
    [(ANECDOTE, "ar", 5, 4), (BACKGROUND, "ar", 4, 4), (ENGLISH_ANECDOTE, "en", 4, 4)],
    ids=["anecdote", "background", "english anecdote"],
)
def test_a_point_that_comes_late_is_found(
    loaded_encoder: SentenceEncoder, paragraphs: list[list[str]], language: str, point: int, scene: int
) -> None:
    document = document_of(paragraphs, language)
    chosen = _selected(document, loaded_encoder, SummaryBounds(max_sentences=3))
    assert point in chosen
    assert not set(chosen) & set(range(scene))


def test_a_title_helps_to_find_it(loaded_encoder: SentenceEncoder) -> None:
    title = "نقابات العمال تهدد بالإضراب"
    document = document_of(ANECDOTE, title=title)
    vectors = loaded_encoder.encode(texts_of(document))
    title_vector = loaded_encoder.encode([title])[0]
    last = len(document.sentences) - 1
    without = salience(document_of(ANECDOTE), vectors)
    with_title = salience(document, vectors, title_vector=title_vector)
    assert np.argsort(-with_title).tolist().index(last) <= np.argsort(-without).tolist().index(last)
    assert with_title[last] > without[last]


def test_he_added_comes_only_with_the_speaker(loaded_encoder: SentenceEncoder) -> None:
    document = document_of(NEWS)
    for bounds in [SummaryBounds(max_sentences=n) for n in range(1, 7)] + [
        SummaryBounds(max_words=n) for n in range(14, 80, 3)
    ]:
        chosen = _selected(document, loaded_encoder, bounds)
        if {2, 3} & set(chosen):
            assert 1 in chosen
        if 5 in chosen:
            assert 4 in chosen


def test_a_quotation_keeps_its_speaker(loaded_encoder: SentenceEncoder) -> None:
    document = document_of(
        [
            ["عقد المجلس جلسة طارئة لبحث أزمة المياه في الجنوب."],
            [
                "وقال رئيس المجلس ناصر العلي: «الوضع خطير ونحتاج إلى تحرك سريع.",
                "أزمة المياه في الجنوب تهدد مليون شخص.",
                "ولن ننتظر حتى تجف آبار المياه في الجنوب كلها».",
            ],
            ["وقرر المجلس حفر خمسين بئرا لتخفيف أزمة المياه."],
        ]
    )
    for count in range(1, 6):
        chosen = _selected(document, loaded_encoder, SummaryBounds(max_sentences=count))
        if {2, 3} & set(chosen):
            assert 1 in chosen


def test_if_only_a_leaning_sentence_fits_it_is_taken(loaded_encoder: SentenceEncoder) -> None:
    document = document_of(NEWS)
    shortest = min(range(len(document.sentences)), key=lambda i: count_words(texts_of(document)[i]))
    bound = count_words(texts_of(document)[shortest])
    assert _selected(document, loaded_encoder, SummaryBounds(max_words=bound)) == [shortest]


def test_a_rare_word_of_the_focus_finds_its_sentence() -> None:
    """Whatever the vectors say: here they say nothing."""
    document = document_of(
        [
            [
                "The council met on Monday.",
                "It talked about roads.",
                "The roads are old.",
                "The museum sold a crane to Calder.",
            ]
        ],
        "en",
    )
    vectors = np.eye(4, 8, dtype=np.float32)
    for focus, wanted in (("Who bought the crane?", 3), ("What of the roads of the council?", 0)):
        chosen = select_sentences(
            document, vectors, SummaryBounds(max_sentences=1), focus_vector=np.eye(8, dtype=np.float32)[7], focus=focus
        )
        assert [one.sentence_index for one in chosen] == [wanted], focus


def test_focus_turns_the_summary(loaded_encoder: SentenceEncoder) -> None:
    document = document_of(NEWS + BACKGROUND[2:])
    vectors = loaded_encoder.encode(texts_of(document))
    for focus, wanted in (
        ("خسائر الحريق والتعويضات", 8),
        ("bank shares fell", 4),
        ("عدد الجرحى وسبب الحريق", 7),
    ):
        vector = loaded_encoder.encode([focus])[0]
        chosen = select_sentences(document, vectors, SummaryBounds(max_sentences=1), focus_vector=vector)
        assert [c.sentence_index for c in chosen] == [wanted], focus


def test_the_same_twice_is_said_once(loaded_encoder: SentenceEncoder) -> None:
    again = "أعلن البنك المركزي رفع سعر الفائدة نقطتين لمواجهة التضخم الذي بلغ أعلى مستوى منذ عقد."
    document = document_of([*NEWS[:1], [again], *NEWS[2:3], *BACKGROUND[2:]])
    assert not {0, 1} <= set(_selected(document, loaded_encoder, SummaryBounds(max_sentences=2)))


def test_one_sentence_and_none() -> None:
    document, vectors = _random_article(1, 1)
    assert [c.sentence_index for c in select_sentences(document, vectors, SummaryBounds())] == [0]
    empty = Document("", "ar", (), (), None, 0)
    assert select_sentences(empty, np.zeros((0, 512), np.float32), SummaryBounds()) == []
    assert salience(empty, np.zeros((0, 512), np.float32)).shape == (0,)


def test_a_very_long_article_within_bounds() -> None:
    document, vectors = _random_article(5, 2_000)
    lengths = [count_words(text) for text in texts_of(document)]
    chosen = select_sentences(document, vectors, SummaryBounds(max_words=5_000))
    assert 4_000 <= sum(lengths[c.sentence_index] for c in chosen) <= 5_000
    assert _lacking([c.sentence_index for c in chosen], leanings(document)) == []
    assert len(select_sentences(document, vectors, SummaryBounds(max_sentences=100))) == 100


def test_selection_is_the_same_twice() -> None:
    document, vectors = _random_article(9, 30)
    bounds = SummaryBounds(max_words=90)
    assert select_sentences(document, vectors, bounds) == select_sentences(document, vectors, bounds)


@pytest.mark.parametrize("bounds", [SummaryBounds(ratio=1.0), SummaryBounds(max_words=1_601)])
def test_an_endless_sentence_that_just_fits_is_taken(bounds: SummaryBounds) -> None:
    document = document_of([["word " * 1_600 + "end."]], "en")
    assert [count_words(sentence.span.of(document.text)) for sentence in document.sentences] == [1_601]
    vectors = np.ones((1, 4), dtype=np.float32) / 2
    assert [one.sentence_index for one in select_sentences(document, vectors, bounds)] == [0]
