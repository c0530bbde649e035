"""Packages of random bytes: whole in every respect but that nothing can be translated with them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from khulasa.server.models.manifest import MANIFEST, Manifest, file_sha256, list_files, write_manifest

CONFIG = {"add_source_bos": False, "add_source_eos": True, "eos_token": "</s>", "bos_token": "<s>"}


def make_package(folder: Path, name: str = "small", *, seed: int = 1, size: int = 50_000, **fields: Any) -> Manifest:
    """A package in `folder`; another seed makes other weights."""
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(random.Random(seed).randbytes(size))
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "spm.model").write_bytes(b"pieces")
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


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a package by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def changed(folder: Path, **fields: Any) -> None:
    """Changes the manifest by hand, right or wrong; None takes a field out."""
    data = json.loads((folder / MANIFEST).read_text())
    data |= fields
    (folder / MANIFEST).write_text(json.dumps({key: value for key, value in data.items() if value is not None}))
