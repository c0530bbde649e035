"""Packages with random weights: whole in every respect but that nothing can be translated with them."""

from __future__ import annotations

import io
import json
import random
import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from khulasa.server.models.manifest import (
    MANIFEST,
    Manifest,
    file_sha256,
    list_files,
    read_manifest,
    write_manifest,
)

SPECIAL = ["<unk>", "<s>", "</s>"]
CONFIG = {"add_source_bos": False, "add_source_eos": True, "eos_token": "</s>", "bos_token": "<s>"}


@cache
def tokenizer() -> tuple[bytes, list[str]]:
    """A small sentencepiece model, and its pieces without special ones."""
    import sentencepiece

    lines = ["the council approved the budget on monday", "وصل الرئيس إلى العاصمة اليوم"] * 3
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        vocab_size=60,
        hard_vocab_limit=False,
        minloglevel=2,
        num_threads=1,
    )
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return model.getvalue(), [pieces.id_to_piece(index) for index in range(3, pieces.get_piece_size())]


def weights_file(seed: int, size: int, tokens: int, positions: int = 512) -> bytes:
    """A model.bin of `size` bytes in CTranslate2's layout, what it holds drawn by lot."""

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    def variable(name: str, data: bytes, *shape: int) -> bytes:
        head = text(name) + struct.pack(f"<B{len(shape)}I", len(shape), *shape)
        return head + struct.pack("<BI", 1, len(data)) + data

    chance = random.Random(seed)
    parts = [
        variable(f"{side}/{name}", chance.randbytes(rows), rows, 1)
        for side, embeddings in (("encoder", "embeddings_0"), ("decoder", "embeddings"))
        for name, rows in ((f"{embeddings}/weight", tokens), ("position_encodings/encodings", positions))
    ]
    head = struct.pack("<I", 6) + text("TransformerSpec") + struct.pack("<II", 1, len(parts) + 1)
    rest = size - len(head) - sum(map(len, parts)) - len(variable("decoder/filler", b"", 1)) - 4
    return b"".join([head, *parts, variable("decoder/filler", chance.randbytes(rest), rest), struct.pack("<I", 0)])


def make_package(
    folder: Path,
    name: str = "small",
    *,
    seed: int = 1,
    size: int = 50_000,
    known: Sequence[str] = (),
    rows: int | None = None,
    **fields: Any,
) -> Manifest:
    """A package in `folder`; another seed makes other weights.

    Args:
        known: Further tokens of the vocabulary.
        rows: Tokens that the weights have, if that is to be another number.
    """
    folder.mkdir(parents=True)
    model, pieces = tokenizer()
    vocabulary = [*SPECIAL, *pieces, *known]
    (folder / "model.bin").write_bytes(weights_file(seed, size, rows or len(vocabulary)))
    (folder / "shared_vocabulary.json").write_text(json.dumps(vocabulary))
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "spm.model").write_bytes(model)
    (folder / "README.md").write_text("for people")
    manifest = Manifest.model_validate(
        {
            "name": name,
            "version": "1",
            "kind": "translation",
            "licence": "MIT",
            "revision": file_sha256(folder / "model.bin"),
            "pairs": [{"source": "ar", "target": "en"}],
            "tokenization": {"source": "spm.model", "target": "spm.model", "engine_tokens": ["</s>"]},
            "files": [entry.model_dump() for entry in list_files(folder)],
            **fields,
        }
    )
    write_manifest(folder, manifest)
    return manifest


def listed_anew(folder: Path) -> Manifest:
    """The manifest after files have changed: their hashes are right again."""
    files = [entry.model_dump() for entry in list_files(folder)]
    changed(folder, files=files, revision=file_sha256(folder / "model.bin"))
    return read_manifest(folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a package by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def changed(folder: Path, **fields: Any) -> None:
    """Changes the manifest by hand, right or wrong; None takes a field out."""
    data = json.loads((folder / MANIFEST).read_text())
    data |= fields
    (folder / MANIFEST).write_text(json.dumps({key: value for key, value in data.items() if value is not None}))
