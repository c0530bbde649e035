"""Files that are each as the manifest says and do not fit one another: refused before anything is translated."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sentencepiece
from khulasa.server.models.verification import faults_of
from small_package import listed_anew, make_package, weights_file


def _others_pieces() -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["Правительство одобрило бюджет страны"] * 3),
        model_writer=model,
        vocab_size=60,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return model.getvalue()


def _letters() -> bytes:
    model = io.BytesIO()
    lines = ["the council approved the budget on monday", "وصل الرئيس إلى العاصمة اليوم"] * 3
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, model_type="char", vocab_size=30, minloglevel=2
    )
    return model.getvalue()


def _without(token: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "shared_vocabulary.json"
        tokens = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(["?" if one == token else one for one in tokens]), encoding="utf-8")

    return change


def _write(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without("</s>"), "config.json names '</s>', which is not in the target vocabulary"),
        (_without("<unk>"), "config.json names '<unk>', which is not in the target vocabulary"),
        (_write("spm.model", b"junk"), "spm.model: no sentencepiece model"),
        (_write("spm.model", _others_pieces()), "spm.model does not belong to this model"),
        (_write("model.bin", b"junk" * 100), "model.bin: no CTranslate2 model, or cut off"),
        (_write("model.bin", weights_file(1, 50_000, 40)[:-9]), "model.bin: no CTranslate2 model, or cut off"),
        (_write("shared_vocabulary.json", b"[" * 100_000), "shared_vocabulary.json: maximum recursion"),
        (_write("config.json", b'{"a":' * 100_000), "config.json: maximum recursion"),
        (lambda folder: (folder / "shared_vocabulary.json").unlink(), "shared_vocabulary or source_vocabulary"),
    ],
)
def test_a_file_of_another_model_is_named(tmp_path: Path, change: Callable[[Path], None], said: str) -> None:
    make_package(tmp_path / "small")
    assert list(faults_of(tmp_path / "small", listed_anew(tmp_path / "small"))) == []
    change(tmp_path / "small")
    faults = list(faults_of(tmp_path / "small", listed_anew(tmp_path / "small")))
    assert len(faults) == 1
    assert said in faults[0]


def test_a_vocabulary_has_as_many_tokens_as_the_weights(tmp_path: Path) -> None:
    manifest = make_package(tmp_path / "small", rows=30)
    faults = list(faults_of(tmp_path / "small", manifest))
    assert [fault.partition(" has ")[0] for fault in faults] == ["the source vocabulary", "the target vocabulary"]
    assert all(fault.endswith("the weights have 30") for fault in faults)


def test_limits_are_within_what_the_weights_know(tmp_path: Path) -> None:
    manifest = make_package(tmp_path / "small", limits={"max_input_tokens": 513, "max_decoding_tokens": 600})
    assert list(faults_of(tmp_path / "small", manifest)) == [
        "limits: max_input_tokens is 513, the weights know 512 positions",
        "limits: max_decoding_tokens is 600, the weights know 512 positions",
    ]
    good = make_package(tmp_path / "good", limits={"max_input_tokens": 512, "max_decoding_tokens": 512})
    assert list(faults_of(tmp_path / "good", good)) == []


def test_a_tokenizer_of_letters_is_not_that_of_a_vocabulary_of_words(tmp_path: Path) -> None:
    """Every vocabulary holds its pieces, and no word would be spelled as the model knows it."""
    (tmp_path / "letters").write_bytes(_letters())
    letters = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "letters"))
    words = [f"\N{LOWER ONE EIGHTH BLOCK}word{number}" for number in range(60)]
    known = [letters.id_to_piece(index) for index in range(letters.get_piece_size())] + words
    make_package(tmp_path / "small", known=known)
    (tmp_path / "small/spm.model").write_bytes(_letters())
    (fault,) = faults_of(tmp_path / "small", listed_anew(tmp_path / "small"))
    assert re.fullmatch(r"spm\.model: only \d+% of the model's vocabulary are among its pieces", fault)


def test_letters_that_the_tokenizer_does_not_know_may_stand_in_a_vocabulary(tmp_path: Path) -> None:
    """Marian makes its vocabulary of what a tokenizer wrote, unknown letters among it."""
    known = [chr(0x4E00 + number) for number in range(30)]
    manifest = make_package(tmp_path / "small", known=known)
    assert list(faults_of(tmp_path / "small", manifest)) == []
