"""Protocol buffer fields by hand."""

import pytest
import sentencepiece as spm

from training import spm_file


def test_varints():
    assert spm_file.varint(0) == b"\x00"
    assert spm_file.varint(300) == b"\xac\x02"


def test_fields_are_read_back():
    message = spm_file.block(1, b"abc") + spm_file.block(3, b"x" * 200)
    assert list(spm_file.fields(message)) == [(1, b"abc"), (3, b"x" * 200)]
    with pytest.raises(ValueError, match="field 4"):
        list(spm_file.fields(spm_file.number(4, 1)))


def test_sentencepiece_reads_the_file():
    kinds = [
        ("<s>", 0, 3),
        ("<pad>", 0, 3),
        ("</s>", 0, 3),
        ("<unk>", 0, 2),
        ("▁ﬁn", -9, 1),
        ("▁fin", -1, 1),
        ("e", -2, 1),
    ]
    sp = spm.SentencePieceProcessor(model_proto=spm_file.unigram(kinds, bos=0, pad=1, eos=2, unk=3))
    assert (sp.bos_id(), sp.pad_id(), sp.eos_id(), sp.unk_id()) == (0, 1, 2, 3)
    assert sp.encode("ﬁne", out_type=str) == ["▁fin", "e"]  # the ligature is normalised
