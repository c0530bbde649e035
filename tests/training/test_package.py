"""Smoke check of the bundled package: it loads, and the language token decides the language."""

import hashlib
import json
import lzma
from collections import Counter
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
import sentencepiece

from training import vocabulary_map

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "models" / "khulasa-base"


@pytest.fixture(scope="module")
def package():
    translator = ctranslate2.Translator(str(PACKAGE), intra_threads=1)
    return translator, sentencepiece.SentencePieceProcessor(model_file=str(PACKAGE / "spm.model"))


def translate(package, text, token):
    start = {"<2en>": "<s:ar>", "<2ar>": "<s:en>"}[token]
    translator, sp = package
    found = translator.translate_batch(
        [[start, *sp.encode(text, out_type=str)]],
        target_prefix=[[token]],
        beam_size=4,
        repetition_penalty=1.05,
        return_attention=True,
        use_vmap=True,
    )[0]
    return sp.decode([p for p in found.hypotheses[0] if p != token]), found


def latin_share(text):
    letters = [c for c in text if c.isalpha()]
    return sum(c.isascii() for c in letters) / max(1, len(letters))


@pytest.mark.parametrize("text", ["وصل الرئيس إلى العاصمة اليوم.", "قالت الشرطة إن ثلاثة أشخاص قتلوا في الحادث."])
def test_into_english(package, text):
    out, _ = translate(package, text, "<2en>")
    assert 2 <= len(out.split()) <= 30
    assert latin_share(out) > 0.95


@pytest.mark.parametrize("text", ["The president arrived in the capital today.", "Three people were killed."])
def test_into_arabic(package, text):
    out, _ = translate(package, text, "<2ar>")
    assert 1 <= len(out.split()) <= 30
    assert latin_share(out) < 0.05


def test_attention_has_a_row_for_each_target_token_and_a_column_for_each_source_piece(package):
    text = "وصل الرئيس إلى العاصمة اليوم."
    _, found = translate(package, text, "<2en>")
    pieces = package[1].encode(text)
    assert len(found.attention[0]) == len(found.hypotheses[0])
    assert all(len(row) == len(pieces) + 1 for row in found.attention[0])  # `<s:ar>` is the first
    assert all(0 <= sum(row) <= 1.01 for row in found.attention[0])  # the rest is on </s>


def test_size_and_vocabulary(package):
    assert sum(f.stat().st_size for f in PACKAGE.iterdir()) < 45_000_000
    vocabulary = json.loads((PACKAGE / "shared_vocabulary.json").read_text(encoding="utf-8"))
    sp = package[1]
    starts = ["<s:ar>", "<s:en>"]
    assert sorted(vocabulary) == sorted([*starts, *(sp.id_to_piece(i) for i in range(sp.get_piece_size()))])
    assert vocabulary[:8] == ["<s>", "<pad>", "</s>", "<unk>", "<2en>", "<2ar>", *starts]


def test_the_vocabulary_map_is_for_one_language_at_a_time():
    lines = (PACKAGE / "vmap.txt").read_text(encoding="utf-8").splitlines()
    found = {key: candidates.split(" ") for key, candidates in (line.split("\t") for line in lines)}
    assert found[""] == ["<s>", "<pad>", "</s>", "<unk>", "<2en>", "<2ar>"]
    # into English by set cover, which lists more beside single pieces
    directions = (("<s:ar>", "LATIN", "ARABIC", range(2900, 3200)), ("<s:en>", "ARABIC", "LATIN", range(4000, 6100)))
    for start, script, other, most in directions:
        scripts = Counter(vocabulary_map.script_of(piece) for piece in found[start])
        assert scripts[script] in most
        assert scripts[other] == 0


def test_the_state_is_small_and_belongs_to_the_package():
    path = ROOT / "training" / "state" / "residual.safetensors.xz"
    assert [file.name for file in path.parent.glob("*.xz")] == [path.name]
    assert path.stat().st_size < 7_000_000
    numbers = np.frombuffer(lzma.decompress(path.read_bytes()), dtype=np.uint8).reshape(2, -1).T.tobytes()
    header = json.loads(numbers[8 : 8 + int.from_bytes(numbers[:8], "little")])
    assert header["__metadata__"]["model_sha256"] == hashlib.sha256((PACKAGE / "model.bin").read_bytes()).hexdigest()
