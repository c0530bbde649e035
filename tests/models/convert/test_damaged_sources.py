"""Models of other projects that are damaged or named oddly: one line that names the model, no traceback."""

from __future__ import annotations

import errno
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from khulasa.server.models.convert import convert
from khulasa.server.models.convert.drafts import Pair, cannot_be_converted, pairs_by_name
from khulasa.server.models.errors import PackageError
from small_package import tokenizer


def _npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _configured(text: str) -> bytes:
    return _npz(**{"special:model.yml": np.frombuffer(text.encode() + b"\0", dtype=np.int8)})


def _marian(folder: Path, weights: bytes) -> Path:
    folder.mkdir()
    (folder / "decoder.yml").write_text("models: [m.npz]\nvocabs: [v.yml, v.yml]\n")
    (folder / "v.yml").write_text('"</s>": 0\n"<unk>": 1\n')
    (folder / "m.npz").write_bytes(weights)
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes(tokenizer()[0])
    return folder


@pytest.mark.parametrize(
    "weights",
    [
        b"",
        b"junk" * 100,
        _npz(a=np.zeros(10_000))[:5_000],
        _npz(a=np.zeros(3)),
        _npz(**{"special:model.yml": np.array([{}], dtype=object)}),
        _configured("a: ["),
        _configured("[1]"),
    ],
    ids=["empty", "junk", "cut off", "another's", "a pickle", "no YAML", "a list"],
)
def test_damaged_weights_of_marian_are_one_line(tmp_path: Path, weights: bytes) -> None:
    source = _marian(tmp_path / "opus-mt-ar-en", weights)
    with pytest.raises(PackageError) as caught:
        convert(source, tmp_path / "out")
    assert str(caught.value).startswith("opus-mt-ar-en cannot be converted: ")
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["opus-mt-ar-en"]


def test_a_full_disk_is_no_fault_of_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ctranslate2.converters.OpusMTConverter.convert", full)
    source = _marian(tmp_path / "opus-mt-ar-en", b"")
    monkeypatch.setattr("ctranslate2.converters.OpusMTConverter.__init__", lambda *_: None)
    with pytest.raises(OSError, match="No space left"):
        convert(source, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["opus-mt-ar-en"]


def test_a_pickle_is_refused_without_advice_to_load_it(tmp_path: Path) -> None:
    error = pickle.UnpicklingError(
        "Weights only load failed. Re-running with `weights_only` set to `False` will succeed"
    )
    said = str(cannot_be_converted(tmp_path / "opus-mt-ar-en", error))
    assert said == "opus-mt-ar-en cannot be converted: its weights hold more than numbers, which may be code"


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ("opus-mt-ar-en", ("ar", "en")),
        ("Helsinki-NLP/opus-mt-en-ar", ("en", "ar")),
        ("opus-mt-tc-big-ar-en-ct2-float16", ("ar", "en")),
        ("opus-mt-ara-eng", ("ar", "en")),
        ("translate-ar_en-1_0", ("ar", "en")),
        ("ar-en", ("ar", "en")),
        ("opus-mt-en-ar-en", ()),
        ("opus-mt-fr-en", ()),
        ("barren-ar", ()),
    ],
)
def test_languages_by_name(name: str, pairs: tuple[str, ...]) -> None:
    assert pairs_by_name(name) == ((Pair(*pairs),) if pairs else ())
