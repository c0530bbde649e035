"""The half into English by set cover: who is listed where, what stays, and what own translations add."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from sentencepiece import SentencePieceProcessor

from training import set_cover, vocabulary_map
from training.set_cover import Texts, cover

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁كلب", "▁قط", "▁ال", "▁dog", "▁cat", "▁the", ".", "▁NATO", "▁b", "<2en>"]
DOG, CAT, AL, EN_DOG, EN_CAT, EN_THE, STOP, NATO = range(4, 12)
ARABIC = [[AL, DOG, STOP], [AL, CAT, STOP], [AL, DOG], [AL, CAT], *[[AL, STOP]] * 16]
ENGLISH = [[EN_THE, EN_DOG, STOP], [EN_THE, EN_CAT, STOP], [EN_THE, EN_DOG], [EN_THE, EN_CAT], *[[EN_THE, STOP]] * 16]
BASE = {
    "": ["<s>", "<pad>", "</s>", "<unk>", "<2en>"],
    "<s:ar>": ["▁dog", "▁cat", "▁the", ".", "▁NATO", "▁b"],
    "<s:en>": ["▁كلب", "▁ال"],
    "▁كلب": ["▁dog"],
    "▁قط": ["▁cat", "▁NATO"],
    "▁dog": ["▁كلب"],
    ".": ["."],
}


def made(arabic=ARABIC, english=ENGLISH, weights=None, **changes):
    texts = Texts(arabic, english, weights or [1.0] * len(arabic))
    return cover(BASE, texts, PIECES, **{"rare": 0, "worth": 100, **changes})


def test_a_piece_of_most_sentences_is_scored_for_all_and_a_rare_one_beside_its_translation():
    found = made()
    assert "▁the" in found["<s:ar>"]
    assert "▁dog" not in found["<s:ar>"]
    assert found["▁كلب"] == ["▁dog"]
    assert found["▁قط"] == ["▁cat"]
    assert "▁ال" not in found


def test_what_an_english_source_may_need_is_as_it_was():
    found = made()
    for key in ("", "<s:en>", "▁dog", "."):
        assert found[key] == BASE[key]
    assert list(found) == [key for key in BASE if key in found]


def test_what_is_scored_anyway_and_letters_are_not_chosen_again():
    found = made()
    # the stop passes through; single letters and signs stay, for unknown names are spelt with them
    assert "▁b" in found["<s:ar>"]
    assert not set(found[""]) & set(found["<s:ar>"])
    assert "▁NATO" not in found["<s:ar>"]


def test_rare_arabic_pieces_keep_their_candidates():
    assert made(rare=0.11)["▁قط"] == ["▁cat", "▁NATO"]
    assert made(rare=0.09)["▁قط"] == ["▁cat"]


def test_a_piece_that_is_worth_less_than_it_costs_is_left_out():
    # of ten batches' worth one wants it beside a source that is everywhere
    english = [[*row, NATO] if number == 19 else row for number, row in enumerate(ENGLISH)]
    assert "▁NATO" in made(english=english, worth=100)["<s:ar>"]
    few = made(english=english, worth=1)
    assert not any("▁NATO" in own for own in few.values())


def test_pairs_of_no_weight_teach_nothing_and_heavy_ones_more():
    none = [0.0 if DOG in row else 1.0 for row in ARABIC]
    assert not any("▁dog" in own for own in made(weights=none).values())
    english = [[*row, NATO] if number == 19 else row for number, row in enumerate(ENGLISH)]
    heavy = [40.0 if NATO in row else 1.0 for row in english]
    assert "▁NATO" in made(english=english, weights=heavy, worth=1)["<s:ar>"]


def test_only_likely_sources_are_taken():
    arabic = np.array([DOG <= number <= AL for number in range(len(PIECES))])
    assert set_cover._likely(ARABIC, ENGLISH, arabic, 1, 0.4) == {
        EN_DOG: {DOG},
        EN_CAT: {CAT},
        EN_THE: {AL},
        STOP: {AL},
    }
    assert set_cover._likely(ARABIC, ENGLISH, arabic, 1, 0.6) == {EN_DOG: {DOG}, EN_CAT: {CAT}}


@pytest.mark.parametrize(
    ("gains", "expected"),
    [([5.0, 5.0, 5.0, 5.0], [1, 2]), ([5.0, 5.0, 0.1, 5.0], [1, 3]), ([0.05, 0.05, 0.05, 0.05], [])],
)
def test_sources_are_taken_while_they_are_worth_their_price(gains, expected):
    absent = np.array([1.0, 0.75, 0.8, 0.85])
    links = {1: np.array([0, 1]), 2: np.array([2, 3]), 3: np.array([3])}
    assert sorted(set_cover._beside(np.array(gains), links, absent, 1.0)) == expected


def test_every_sentence_has_what_its_sources_would_cost_as_much():
    absent = np.array([1.0, 0.1, 0.1])
    links = {1: np.array([0, 1]), 2: np.array([2])}
    assert set_cover._beside(np.array([5.0, 5.0, 5.0, 5.0]), links, absent, 1.0) is None
    # it is scored for most batches as it is: to have it in all costs a tenth
    assert set_cover._beside(np.array([0.2]), {}, absent, 0.1) is None
    assert set_cover._beside(np.array([0.2]), {}, absent, 1.0) == []


def test_own_translations_stand_beside_the_pairs(tmp_path):
    own = tmp_path / "own.jsonl"
    own.write_text(json.dumps([["▁قط", "▁?"], ["▁cat", "."]]) + "\n", encoding="utf-8")
    texts = set_cover.with_own(Texts([[DOG]], [[EN_DOG]], [2.0]), own, PIECES)
    assert texts == Texts([[DOG], [CAT]], [[EN_DOG], [EN_CAT, STOP]], [2.0, set_cover.OWN_TIMES])


def test_a_map_is_read_as_it_was_written(tmp_path):
    vocabulary_map.write(tmp_path / "vmap.txt", BASE)
    assert vocabulary_map.read(tmp_path / "vmap.txt") == BASE


def test_the_command_makes_the_half_into_english_anew_and_leaves_the_other(tmp_path):
    package = Path(__file__).parents[2] / "models" / "khulasa-base"
    sp = SentencePieceProcessor(model_file=str(package / "spm.model"))
    (tmp_path / "spm.model").symlink_to(package / "spm.model")
    rows = [sp.encode([text] * 30) for text in ("وصل الرئيس اليوم", "The president arrived today")]
    pool = {"ar": rows[0], "en": rows[1], "weights": {"ar": [1.0] * 30, "en": [1.0] * 30}}
    (tmp_path / "pool.pkl").write_bytes(pickle.dumps(pool))
    own = tmp_path / "own.jsonl"
    own.write_text(json.dumps([["▁اليوم"], ["▁currently"]]) + "\n", encoding="utf-8")
    vocabulary_map.make(tmp_path, tmp_path)
    base = vocabulary_map.read(tmp_path / "vmap.txt")
    assert "▁currently" not in base["<s:ar>"]
    vocabulary_map.make(tmp_path, tmp_path, own)
    of_pairs = vocabulary_map.read(tmp_path / "vmap.txt")
    assert "▁currently" in of_pairs["<s:ar>"]
    assert of_pairs["<s:en>"] == base["<s:en>"]
    vocabulary_map.make(tmp_path, tmp_path, own, package / "vmap.txt")
    of_base = vocabulary_map.read(tmp_path / "vmap.txt")
    assert "▁currently" in of_base["<s:ar>"]
    assert of_base["<s:en>"] == vocabulary_map.read(package / "vmap.txt")["<s:en>"]
