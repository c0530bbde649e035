"""Alignment error rate."""

import numpy as np

from training.evaluate_alignment import error_rate, links


def test_perfect_and_empty():
    sure = [{(0, 0), (1, 1)}]
    assert error_rate(sure, sure, sure) == 0
    assert error_rate([set()], sure, sure) == 1


def test_a_possible_link_is_no_error():
    assert error_rate([{(0, 0), (5, 5)}], [{(0, 0)}], [{(0, 0), (5, 5)}]) == 0


def test_links_sum_over_the_pieces_of_a_word():
    attention = np.array([[0.3, 0.3, 0.4], [0.1, 0.1, 0.1]])
    assert links(attention, [0, 0, 1], [0, 1], 0.3) == {(0, 0)}
    assert links(attention, [0, -1, 1], [0, -1], 0.0) == {(1, 0)}
