"""Pruning of the sentencepiece unigram."""

import numpy as np
import pytest
import sentencepiece as spm

from training import tokenizer
from training.e5 import E5Weights

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "b", "ab", "▁ab", "▁سلام", "س", "ل", "ا", "م", "z"]


@pytest.fixture
def e5():
    scores = np.array([0, 0, 0, 0, -3, -4, -4, -3, -2, -2, -6, -6, -6, -6, -9], dtype=np.float32)
    return E5Weights(384, 12, 12, PIECES, scores, np.empty(0, np.uint8), {})


def test_keeps_the_used_pieces_and_their_letters(e5):
    model, keep, coverage = tokenizer.prune(e5, [("ab ab", 1), ("سلام", 3)], size=6)
    sp = spm.SentencePieceProcessor(model_proto=model)
    assert list(keep[:4]) == [0, 1, 2, 3]
    assert {PIECES[i] for i in keep[4:6]} == {"▁سلام", "▁ab"}
    assert {"س", "ل", "a", "b"} <= {PIECES[i] for i in keep}
    assert coverage == 1.0
    assert sp.encode("سلام ab", out_type=str) == ["▁سلام", "▁ab"]


def test_language_tokens_come_last_and_no_text_makes_them(e5):
    model, keep, _ = tokenizer.prune(e5, [("ab", 1)], size=8)
    sp = spm.SentencePieceProcessor(model_proto=model)
    assert [sp.id_to_piece(len(keep) + i) for i in (0, 1)] == ["<2en>", "<2ar>"]
    assert sp.is_control(len(keep))
    assert len(keep) not in sp.encode("<2en> ab")


def test_specials_must_lead(e5):
    with pytest.raises(ValueError, match="special"):
        tokenizer.build_model(e5.pieces, e5.scores, [4, 5, 6, 7])


def test_the_kept_ids_can_be_read_back(e5):
    model, keep, _ = tokenizer.prune(e5, [("ab", 1), ("سلام", 2)], size=8)
    assert tokenizer.kept_ids(e5, spm.SentencePieceProcessor(model_proto=model)).tolist() == keep.tolist()
