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


ALWAYS = ["<s>", "<pad>", "</s>", "<unk>", "<2en>", "<2ar>"]


def built(weights=None, **changes):
    settings = {"candidates": 1, "backward": 1, "frequent": 0, **changes}
    ones = [1.0] * len(ARABIC)
    return vocabulary_map.build((ARABIC, ENGLISH), weights or (ones, ones), PIECES, **settings)


def test_special_and_language_tokens_are_always_in_and_nowhere_else():
    found = built(frequent=99)
    assert sorted(found[""]) == sorted(ALWAYS)
    assert not any(set(candidates) & set(ALWAYS) for key, candidates in found.items() if key)


def test_a_piece_has_its_translations():
    found = built()
    assert "▁cat" in found["▁قط"]
    assert "▁قط" in found["▁cat"]


def test_digits_and_signs_pass_through_and_words_do_not():
    found = built(candidates=0, backward=0)
    assert found["."] == ["."]
    assert "▁NATO" not in found
    assert "▁قط" not in found


def test_a_start_holds_what_is_frequent_in_the_other_language():
    found = built(candidates=0, backward=0, frequent=2)
    # three of the five pairs have a dog, and three an article
    assert sorted(found["<s:ar>"]) == sorted(["▁dog", "▁the"])
    assert sorted(found["<s:en>"]) == sorted(["▁كلب", "▁ال"])
    assert "." in built(frequent=9)["<s:ar>"]


def test_a_start_holds_the_letters_of_the_other_language_and_no_word_of_its_own():
    pieces = [*PIECES, "▁b", "ب"]
    mixed = [[*row, NATO] for row in ARABIC]
    ones = [1.0] * len(mixed)
    found = vocabulary_map.build((mixed, ENGLISH), (ones, ones), pieces, candidates=0, backward=0, frequent=9)
    assert "▁b" in found["<s:ar>"]
    assert "ب" in found["<s:en>"]
    assert "▁NATO" in found["<s:ar>"]
    assert "▁NATO" not in found["<s:en>"]


def test_a_pair_that_does_not_teach_a_language_gives_it_no_candidates():
    found = built(([1.0] * 5, [1.0, 0.0, 1.0, 0.0, 1.0]), candidates=5, frequent=9)
    assert "▁cat" not in found.get("▁قط", [])
    assert "▁cat" not in found["<s:ar>"]
    assert "▁قط" in found["▁cat"]


def test_the_file_is_what_ctranslate2_reads(tmp_path):
    vocabulary_map.write(tmp_path / "vmap.txt", {"": ["<s>", "</s>"], "▁كلب": ["▁dog", "▁the"]})
    assert (tmp_path / "vmap.txt").read_text(encoding="utf-8") == "\t<s> </s>\n▁كلب\t▁dog ▁the\n"
