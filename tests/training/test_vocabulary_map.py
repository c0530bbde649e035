"""The map of target pieces by source piece: model 1, what is always in, and the file that CTranslate2 reads."""

import numpy as np
import pytest

from training import vocabulary_map

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁كلب", "▁قط", "▁ال", "▁dog", "▁cat", "▁the", ".", "▁NATO", "<2en>", "<2ar>"]
DOG, CAT, AL = 4, 5, 6
EN_DOG, EN_CAT, EN_THE, STOP, NATO = 7, 8, 9, 10, 11
ARABIC = [[AL, DOG, STOP], [AL, CAT, STOP], [DOG], [CAT], [AL, DOG, NATO]]
ENGLISH = [[EN_THE, EN_DOG, STOP], [EN_THE, EN_CAT, STOP], [EN_DOG], [EN_CAT], [EN_THE, EN_DOG, NATO]]


def table(sources, targets):
    s, t, p = vocabulary_map.lexical_probabilities(sources, targets, len(PIECES), rounds=8)
    return {(int(a), int(b)): float(c) for a, b, c in zip(s, t, p, strict=True)}


def test_model_1_finds_who_translates_whom():
    t = table(ARABIC, ENGLISH)
    assert t[DOG, EN_DOG] > 0.9
    assert t[CAT, EN_CAT] > 0.9
    assert t[AL, EN_THE] > t[AL, EN_DOG]
    by_source = {}
    for (source, _), p in t.items():
        by_source[source] = by_source.get(source, 0) + p
    assert by_source == pytest.approx(dict.fromkeys(by_source, 1.0))


def test_one_round_by_hand():
    # "a b" / "x y" and "a" / "x", from equal shares: c(a,x) = 1/2 + 1, c(a,y) = 1/2, c(b,x) = c(b,y) = 1/2
    s, t, p = vocabulary_map.lexical_probabilities([[0, 1], [0]], [[2, 3], [2]], 4, rounds=1)
    assert list(zip(s.tolist(), t.tolist(), p.tolist(), strict=True)) == [
        (0, 2, 0.75),
        (0, 3, 0.25),
        (1, 2, 0.5),
        (1, 3, 0.5),
    ]


def test_the_best_of_each_come_first_and_no_unlikely_one():
    by, other = np.array([1, 1, 1, 2, 2]), np.array([5, 6, 7, 5, 6])
    t = np.array([0.1, 0.6, 0.3, 0.001, 0.999])
    assert vocabulary_map.best(by, other, t, 2, 0.01) == {1: [6, 7], 2: [6]}


def built(**changes):
    settings = {"candidates": 1, "backward": 1, "frequent": 0, "common": 1, **changes}
    ones = [1.0] * len(ARABIC)
    return vocabulary_map.build((ARABIC, ENGLISH), (ones, ones), PIECES, **settings)


def test_specials_single_signs_and_frequent_pieces_are_always_in():
    always, lists = built()
    assert {0, 1, 2, 3, 12, 13, STOP} <= set(always)
    assert {AL, DOG} & set(always)  # three times each
    assert CAT not in always
    assert EN_CAT in lists[CAT]
    assert CAT in lists[EN_CAT]
    assert not any(set(found) & set(always) for found in lists.values())


def test_what_is_not_arabic_passes_through_and_arabic_does_not():
    _, lists = built(common=0)
    assert NATO in lists[NATO]
    assert CAT not in lists[CAT]


def test_a_pair_that_does_not_teach_a_language_gives_it_no_candidates():
    ones, none = [1.0] * len(ARABIC), [1.0, 0.0, 1.0, 0.0, 1.0]
    settings = {"candidates": 5, "backward": 0, "frequent": 0, "common": 0}
    _, lists = vocabulary_map.build((ARABIC, ENGLISH), (ones, none), PIECES, **settings)
    assert EN_CAT not in lists.get(CAT, [])
    assert CAT in lists[EN_CAT]


def test_carriers_cover_the_rows():
    rows = [[4, 5], [4, 6], [4], [7, 5], [8]]
    allowed = np.array([True] * 8 + [False])
    assert vocabulary_map.carriers(rows, allowed, 5) == [4, 5]
    assert vocabulary_map.carriers(rows, allowed, 1) == [4]


def test_frequent_pieces_stand_with_a_carrier_of_the_other_language():
    _, lists = built(candidates=0, backward=0, common=0, frequent=9, carried=1)
    # three of the five pairs have a dog
    assert {EN_DOG, EN_CAT, EN_THE} <= set(lists[DOG])
    assert {DOG, CAT, AL} <= set(lists[EN_DOG])
    assert CAT not in lists
    assert lists[EN_CAT] == [EN_CAT]


def test_the_file_is_what_ctranslate2_reads(tmp_path):
    vocabulary_map.write(tmp_path / "vmap.txt", [0, 2], {DOG: [EN_DOG, EN_THE]}, PIECES)
    assert (tmp_path / "vmap.txt").read_text(encoding="utf-8") == "\t<s> </s>\n▁كلب\t▁dog ▁the\n"
