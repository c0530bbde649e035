"""From corpus files to the pool on disk, with a tiny vocabulary in place of e5's."""

import json
import lzma
import pickle
from dataclasses import replace

import numpy as np
import pytest
import sentencepiece as spm

from training import corpus, e5, prepare, tokenizer
from training.config import DataConfig

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", *"ab", "▁ab", "▁سلام", *"سلام", "z", "⊆"]
SETTINGS = DataConfig(vocabulary=15, max_pieces=6)


@pytest.fixture
def corpora(tmp_path, monkeypatch):
    scores = np.array([0, 0, 0, 0, -3, -4, -4, -2, -2, -6, -6, -6, -6, -9, -9], dtype=np.float32)
    monkeypatch.setattr(e5, "default_path", lambda: tmp_path)
    weights = e5.E5Weights(384, 12, 12, PIECES, scores, np.empty(0, np.uint8), {})
    monkeypatch.setattr(e5, "load", lambda path: weights)
    folder = tmp_path / "corpora"
    folder.mkdir()
    for name in (*corpus.CORPUS_FILES, "mono-ar.txt.xz"):
        (folder / name).write_bytes(lzma.compress(b""))
    lines = ["سلام\tab\tnews", "سلام سلام\tab ab\tnews", "سلام سلام سلام سلام\tab ab ab ab ab ab ab ab\tnews"]
    (folder / "news.tsv.xz").write_bytes(lzma.compress("\n".join(lines).encode()))
    return folder


def test_long_pairs_go_and_the_rest_reads_back(corpora, tmp_path):
    work = tmp_path / "work"
    prepare.prepare(corpora, work, SETTINGS)
    sp = spm.SentencePieceProcessor(model_file=str(work / "spm.model"))
    with (work / "pool.pkl").open("rb") as file:
        pool = pickle.load(file)
    assert [sp.decode(row) for row in pool["ar"]] == ["سلام", "سلام سلام"]
    assert [sp.decode(row) for row in pool["en"]] == ["ab", "ab ab"]
    assert pool["weights"] == {"ar": [3.0, 3.0], "en": [3.0, 3.0]}
    facts = json.loads((work / "data.json").read_text(encoding="utf-8"))
    assert facts["pairs"] == {"news": 2}
    assert facts["sha256"]["news.tsv.xz"] == corpus.sha256(corpora / "news.tsv.xz")
    assert facts["pieces"] == sp.get_piece_size() == len(np.load(work / "keep.npy")) + 2


def back_translations(tmp_path):
    back = tmp_path / "back.tsv.xz"
    back.write_bytes(lzma.compress("سلام\tab ab\tback_en_factbook\nسلام\tab ab ab\tback_ant".encode()))
    return back


def test_arabic_by_machine_is_marked_and_teaches_english_only(corpora, tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "acceptable", lambda pair, *, prose: True)
    work = tmp_path / "work"
    prepare.prepare(corpora, work, SETTINGS, back=back_translations(tmp_path))
    sp = spm.SentencePieceProcessor(model_file=str(work / "spm.model"))
    with (work / "pool.pkl").open("rb") as file:
        pool = pickle.load(file)
    rows = {
        sp.decode(english): (sp.id_to_piece(arabic), n)
        for n, (arabic, english) in enumerate(zip(pool["ar"], pool["en"], strict=True))
    }
    assert rows["ab ab ab"][0] == ["▁سلام"]
    pieces, row = rows["ab ab"]
    assert pieces == ["⊆", "▁سلام"]
    assert (pool["weights"]["ar"][row], pool["weights"]["en"][row]) == (0.0, 1.0)


def test_earlier_pieces_without_the_mark_are_refused_where_it_is_needed(corpora, tmp_path):
    prepare.prepare(corpora, tmp_path / "first", SETTINGS)
    sp = spm.SentencePieceProcessor(model_file=str(tmp_path / "first" / "spm.model"))
    assert not sp.is_unknown(sp.piece_to_id(prepare.MACHINE_MADE))
    without = tmp_path / "without.model"
    e5_weights = e5.load(tmp_path)
    without.write_bytes(tokenizer.build_model(e5_weights.pieces, e5_weights.scores, list(range(9)), ["<2en>", "<2ar>"]))
    with pytest.raises(ValueError, match="⊆"):
        prepare.prepare(corpora, tmp_path / "second", SETTINGS, without, back_translations(tmp_path))
    prepare.prepare(corpora, tmp_path / "third", SETTINGS, without)


def test_earlier_pieces_are_kept_to_the_byte(corpora, tmp_path):
    prepare.prepare(corpora, tmp_path / "first", SETTINGS)
    pieces = tmp_path / "first" / "spm.model"
    prepare.prepare(corpora, tmp_path / "second", replace(SETTINGS, vocabulary=9), pieces)
    assert (tmp_path / "second" / "spm.model").read_bytes() == pieces.read_bytes()
    assert np.load(tmp_path / "second" / "keep.npy").tolist() == np.load(tmp_path / "first" / "keep.npy").tolist()


def test_prepared_files_are_used_again_until_a_setting_or_a_set_changes(corpora, tmp_path, monkeypatch):
    work = tmp_path / "work"
    assert not prepare.is_current(work, SETTINGS)
    prepare.prepare(corpora, work, SETTINGS)
    assert prepare.is_current(work, SETTINGS)
    assert not prepare.is_current(work, replace(SETTINGS, max_pieces=7))
    monkeypatch.setitem(corpus.SETS, "news", replace(corpus.SETS["news"], weight=1.0))
    assert not prepare.is_current(work, SETTINGS)


def test_a_cut_preparation_is_not_current(corpora, tmp_path):
    work = tmp_path / "work"
    prepare.prepare(corpora, work, SETTINGS)
    (corpora / "general.tsv.xz").unlink()
    with pytest.raises(FileNotFoundError):
        prepare.prepare(corpora, work, SETTINGS)
    assert not prepare.is_current(work, SETTINGS)
