"""Models whose files pass every comparison and that write nonsense all the same: they are not handed over."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from khulasa.server.models.commands import models_app
from khulasa.server.models.convert import convert
from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import read_manifest
from khulasa.server.models.verification import faults_of
from small_package import make_package
from test_ready_models import plain as plain
from typer.testing import CliRunner

# Of the bundled vocabulary: special tokens stand before.
FIRST_PIECE = 8
INT8 = 1
ARGUMENTS = {"pairs": ["ar-en", "en-ar"], "target_prefix": "<2{target}>"}


def shifted(pieces: list[str]) -> list[str]:
    return [*pieces[1:], pieces[0]]


def mixed(pieces: list[str]) -> list[str]:
    return random.Random(1).sample(pieces, len(pieces))


def rewrite(folder: Path, change: Callable[[list[str]], list[str]]) -> None:
    path = folder / "shared_vocabulary.json"
    tokens = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps([*tokens[:FIRST_PIECE], *change(tokens[FIRST_PIECE:])]), encoding="utf-8")


@pytest.mark.parametrize("change", [shifted, mixed])
def test_a_vocabulary_with_other_ids_is_refused(
    plain: Path, tmp_path: Path, change: Callable[[list[str]], list[str]]
) -> None:
    rewrite(plain, change)
    with pytest.raises(PackageError) as caught:
        convert(plain, tmp_path / "out", **ARGUMENTS)
    for said in ("ar-en: the model does not tell", "en-ar: the model does not tell", "--doubtful"):
        assert said in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["plain"]


@pytest.mark.parametrize(("noise", "fault"), [(0.25, False), (0.6, True)])
def test_a_weak_model_passes_and_one_that_is_noise_does_not(
    plain: Path, tmp_path: Path, noise: float, fault: bool
) -> None:
    """With a quarter of each row's size as noise BLEU falls from 32 and 14 to 12 and 4, with more to nothing."""
    path = plain / "model.bin"
    path.write_bytes(with_noise(path.read_bytes(), noise))
    if fault:
        with pytest.raises(PackageError, match=r"ar-en: the model does not tell .*en-ar: the model does not tell"):
            convert(plain, tmp_path / "out", **ARGUMENTS)
    else:
        convert(plain, tmp_path / "out", **ARGUMENTS)


def with_noise(weights: bytes, share: float) -> bytes:
    """A model.bin of eight bits with noise on its matrices, by a share of the root mean square of each row."""
    data, place, random = bytearray(weights), 0, np.random.default_rng(1)

    def read(layout: str) -> tuple[int, ...]:
        nonlocal place
        found = struct.unpack_from(layout, data, place)
        place += struct.calcsize(layout)
        return found

    read(f"<{read('<IH')[1]}s")
    _, count = read("<II")
    for _ in range(count):
        read(f"<{read('<H')[0]}s")
        shape = read(f"<{read('<B')[0]}I")
        kind, size = read("<BI")
        if kind == INT8 and len(shape) == 2:
            rows = np.frombuffer(data, np.int8, size, place).reshape(shape).astype(np.float32)
            rows += random.normal(0, 1, shape) * share * np.sqrt((rows * rows).mean(1, keepdims=True))
            data[place : place + size] = rows.round().clip(-127, 127).astype(np.int8).tobytes()
        place += size
    return bytes(data)


def test_it_is_made_when_that_is_asked_for_and_verify_tells_it(plain: Path, tmp_path: Path) -> None:
    rewrite(plain, shifted)
    arguments = ["--pair", "ar-en", "--target-prefix", "<2en>", "--doubtful"]
    done = CliRunner().invoke(models_app, ["convert", str(plain), str(tmp_path / "out"), *arguments])
    assert done.exit_code == 0, done.output
    assert list(faults_of(tmp_path / "out", read_manifest(tmp_path / "out"))) == []
    done = CliRunner().invoke(models_app, ["verify", str(tmp_path / "out")])
    assert (done.exit_code, done.stdout.endswith(": good\n")) == (0, True)
    done = CliRunner().invoke(models_app, ["verify", "--run", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "ar-en: the model does not tell" in done.stdout


def test_a_model_that_translates_passes(plain: Path, tmp_path: Path) -> None:
    convert(plain, tmp_path / "out", **ARGUMENTS)
    done = CliRunner().invoke(models_app, ["verify", "--run", str(tmp_path / "out")])
    assert (done.exit_code, done.stdout.endswith(": good\n")) == (0, True), done.output


def test_a_model_of_other_languages_is_only_run(plain: Path, tmp_path: Path) -> None:
    """There are no known sentences for it, and nothing can be held against it."""
    rewrite(plain, shifted)
    manifest = convert(plain, tmp_path / "out", pairs=["fr-en"], target_prefix="<2en>")
    assert [pair.source for pair in manifest.pairs] == ["fr"]


def test_a_package_that_cannot_be_run_is_a_fault_of_verify(tmp_path: Path) -> None:
    make_package(tmp_path / "small")
    done = CliRunner().invoke(models_app, ["verify", "--run", str(tmp_path / "small")])
    assert done.exit_code == 1
    assert "the model does not run" in done.stdout
