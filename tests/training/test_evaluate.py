"""Scores carry their signatures."""

from training.evaluate import score


def test_a_copy_scores_full_marks():
    lines = ["The minister arrived in the capital today.", "He met the president."]
    found = score(lines, lines, seconds=2.0, words=10)
    assert found.bleu == found.chrf == 100
    assert found.words_per_second == 5
    assert "tok:13a" in found.bleu_signature
    assert "nc:6" in found.chrf_signature
