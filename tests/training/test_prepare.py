"""From corpus files to the pool on disk, with a tiny vocabulary in place of e5's."""

import json
import lzma
import pickle
from dataclasses import replace

import numpy as np
import pytest
import sentencepiece as spm

from training import corpus, e5, prepare
from training.config import DataConfig

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", *"ab", "▁ab", "▁سلام", *"سلام", "z"]
SETTINGS = DataConfig(vocabulary=14, max_pieces=6)


@pytest.fixture
def corpora(tmp_path, monkeypatch):
    scores = np.array([0, 0, 0, 0, -3, -4, -4, -2, -2, -6, -6, -6, -6, -9], dtype=np.float32)
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
