"""Batches and the sampled output vocabulary."""

import numpy as np

from training.batches import OutputVocabulary, batches, weighted_pass


def test_a_pass_draws_by_weight():
    drawn = weighted_pass([1.0, 3.0, 0.5] * 200, np.random.default_rng(0))
    counts = np.bincount(drawn, minlength=600)
    assert set(counts[0::3]) == {1}
    assert set(counts[1::3]) == {3}
    assert set(counts[2::3]) == {0, 1}


def test_batches_respect_the_limit_and_cover_the_pass():
    rng = np.random.default_rng(1)
    lengths = [(int(a), int(b)) for a, b in rng.integers(3, 60, (500, 2))]
    seen: list[int] = []
    for batch in batches([1.0] * 500, lengths, 400, rng):
        assert len(batch) == 1 or max(max(lengths[i]) for i in batch) * len(batch) <= 400
        seen += batch
        if len(seen) >= 500:
            break
    assert sorted(seen) == list(range(500))


def test_candidates_hold_what_is_used_and_correct_the_sample():
    vocabulary = OutputVocabulary(np.arange(1000, 0, -1), frequent=100, sample=200)
    ids, correction, place = vocabulary.draw(np.array([5, 900, 901]), np.random.default_rng(2))
    assert len(set(ids.tolist())) == len(ids)
    assert {0, 99, 5, 900, 901} <= set(ids.tolist())
    assert (ids[place[[5, 900]]] == [5, 900]).all()
    assert (correction[:102] == 0).all()
    sampled = len(ids) - 102
    assert np.allclose(correction[102:], -np.log(sampled / (1000 - 102)))
