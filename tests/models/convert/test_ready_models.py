"""Models in CTranslate2's format become packages without torch: the bundled one as a folder and as an Argos package."""

from __future__ import annotations

import json
import shutil
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from khulasa.server.config import Settings
from khulasa.server.core.translation.engine import EngineOptions, SegmentTokens
from khulasa.server.core.translation.types import LanguagePair
from khulasa.server.models.commands import models_app
from khulasa.server.models.convert import convert
from khulasa.server.models.convert.sources import SourceKind, detect
from khulasa.server.models.errors import ArchiveError, PackageError
from khulasa.server.models.manifest import read_manifest
from khulasa.server.models.registry import package_at
from khulasa.server.models.verification import faults_of
from khulasa.server.models.weights import read_weights
from khulasa.server.packages import files_of, open_package
from typer.testing import CliRunner

BUNDLED = Path(__file__).resolve().parents[3] / "models/khulasa-base"
TEXTS = {
    "ar": ("أقر المجلس الميزانية يوم الاثنين.", "ارتفعت الأسعار بنسبة 3 في المئة."),
    "en": ("The council approved the budget on Monday.", "Prices rose by 3 percent."),
}


def translations(folder: Path, source: str, target: str) -> list[tuple[str, ...]]:
    """What the server gets from the package for the texts of a language, and their texts, over the whole vocabulary."""
    package = open_package(files_of(package_at(folder)), Settings(vocabulary_map=False), 1, 1)
    try:
        pair = LanguagePair(source, target)
        special = package.tokenizer.spec.tokens_of(pair)
        works = [
            SegmentTokens(
                tuple(package.tokenizer.encode(text, pair)),
                special.target_prefix,
                len(special.source_prefix),
                len(special.source_suffix),
            )
            for text in TEXTS[source]
        ]
        done = package.runner.run(works, EngineOptions(beam_size=2, max_decoding_tokens=40))
        found = [one.hypotheses[0].tokens for one in done]
        return [*found, tuple(package.tokenizer.decode(tokens) for tokens in found)]
    finally:
        package.close()


def plain_config() -> str:
    """A configuration with which CTranslate2 begins a source itself: with `<s>`, which is `<s:ar>` by another name."""
    return json.dumps(json.loads((BUNDLED / "config.json").read_text(encoding="utf-8")) | {"add_source_bos": True})


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """The bundled model as a folder that tells nothing of itself."""
    folder = tmp_path / "plain"
    folder.mkdir()
    for name in ("model.bin", "shared_vocabulary.json", "spm.model"):
        shutil.copyfile(BUNDLED / name, folder / name)
    (folder / "config.json").write_text(plain_config(), encoding="utf-8")
    return folder


def argos(path: Path, **changes: Any) -> Path:
    """The bundled model as an Argos package: a zip with one folder."""
    metadata = {"package_version": "1.9", "from_code": "ar", "to_code": "en", "target_prefix": "<2en>", **changes}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("translate-ar_en/metadata.json", json.dumps(metadata))
        archive.write(BUNDLED / "spm.model", "translate-ar_en/sentencepiece.model")
        archive.writestr("translate-ar_en/model/config.json", plain_config())
        for name in ("model.bin", "shared_vocabulary.json"):
            archive.write(BUNDLED / name, f"translate-ar_en/model/{name}")
    return path


def test_a_folder_translates_as_before(plain: Path, tmp_path: Path) -> None:
    assert detect(plain) is SourceKind.CTRANSLATE2
    out = tmp_path / "out"
    manifest = convert(plain, out, pairs=["ar-en", "en-ar"], target_prefix="<2{target}>", max_input_tokens=128)
    assert list(faults_of(out, manifest)) == []
    assert manifest.limits.max_input_tokens == 128
    assert manifest.tokenization.engine_tokens == ("<s>", "</s>")
    for source, target in (("ar", "en"), ("en", "ar")):
        assert translations(out, source, target) == translations(BUNDLED, source, target)


def test_an_argos_package_translates_as_before(tmp_path: Path) -> None:
    archive = argos(tmp_path / "translate-ar_en-1_9.argosmodel")
    out = tmp_path / "out"
    manifest = convert(archive, out)
    assert (manifest.name, manifest.version) == ("translate-ar_en-1_9", "1.9")
    assert [(pair.source, pair.target) for pair in manifest.pairs] == [("ar", "en")]
    assert manifest.decoding.length_penalty == pytest.approx(0.2)
    assert translations(out, "ar", "en") == translations(BUNDLED, "ar", "en")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", archive.name]


@pytest.mark.parametrize("name", ["../outside.txt", "/outside.txt", "translate-ar_en/../../outside.txt", "a\\b.txt"])
def test_hostile_paths_of_an_archive_are_refused(name: str, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    archive = argos(inner / "bad.argosmodel")
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(zipfile.ZipInfo(name), "harm")
    with pytest.raises(ArchiveError):
        convert(archive, inner / "out")
    assert [path.name for path in inner.iterdir()] == ["bad.argosmodel"]
    assert [path.name for path in tmp_path.iterdir()] == ["inner"]


def test_an_argos_package_of_an_older_kind_says_what_it_is_and_what_to_take(tmp_path: Path) -> None:
    """Their subwords are cut by other rules than sentencepiece's."""
    folder = tmp_path / "translate-ar_en-1_9"
    (folder / "model").mkdir(parents=True)
    (folder / "metadata.json").write_text(json.dumps({"from_code": "ar", "to_code": "en"}))
    with pytest.raises(PackageError, match=r"translate-ar_en-1_9: sentencepiece\.model is missing$"):
        convert(folder, tmp_path / "out")
    (folder / "bpe.model").write_text("#version: 0.2\nt h\n")
    with pytest.raises(PackageError, match=r"it has bpe\.model instead.*subword-nmt.*argos-ar-en and argos-en-ar"):
        convert(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"from_code": "../x"}, "from_code"),
        ({"to_code": None}, "to_code"),
        ({"type": "sbd"}, "sbd"),
        ({"target_prefix": "<2fr>"}, "<2fr>"),
        ({"target_prefix": ["<2en>"]}, "target_prefix"),
        ({"package_version": "1 ; rm"}, "version"),
    ],
)
def test_what_argos_metadata_must_not_say(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=message):
        convert(argos(tmp_path / "bad.argosmodel", **changes), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_old_model_says_in_its_flags_what_config_json_says_today(plain: Path, tmp_path: Path) -> None:
    # The layout of version 6 is that of version 5 but for the flags, which old converters wrote as variables.
    data = (plain / "model.bin").read_bytes()
    name_at = 4 + 2 + struct.unpack_from("<H", data, 4)[0]
    revision, count = struct.unpack_from("<II", data, name_at)
    flags = b""
    for name in (b"with_source_bos\0", b"with_source_eos\0"):
        flags += struct.pack("<H", len(name)) + name + struct.pack("<BBI", 0, 1, 1) + b"\1"
    name = b"with_target_bos\0"
    flags += struct.pack("<H", len(name)) + name + struct.pack("<BBI", 0, 1, 1) + b"\0"
    old = struct.pack("<I", 5) + data[4:name_at] + struct.pack("<II", revision, count + 3) + flags + data[name_at + 8 :]
    (plain / "model.bin").write_bytes(old)
    (plain / "config.json").unlink()
    manifest = convert(plain, tmp_path / "out", pairs=["ar-en"], target_prefix="<2en>")
    assert manifest.tokenization.engine_tokens == ("<s>", "</s>")
    config = json.loads((tmp_path / "out/config.json").read_text())
    assert config["decoder_start_token"] == "</s>"
    assert translations(tmp_path / "out", "ar", "en") == translations(BUNDLED, "ar", "en")


def test_what_the_weights_tell() -> None:
    weights = read_weights(BUNDLED)
    assert weights.version == 6
    assert not weights.is_marian
    assert not weights.is_t5
    assert weights.positions is not None


@pytest.mark.parametrize("cut", [3, 40, 5_000, 20_000_000])
def test_weights_that_are_cut_off_are_refused(cut: int, plain: Path, tmp_path: Path) -> None:
    data = (plain / "model.bin").read_bytes()
    (plain / "model.bin").write_bytes(data[:cut])
    with pytest.raises(PackageError, match=r"model\.bin"):
        convert(plain, tmp_path / "out", pairs=["ar-en"], target_prefix="<2en>")
    assert not (tmp_path / "out").exists()


def test_a_tokenizer_of_another_model_is_refused(plain: Path, tmp_path: Path) -> None:
    import io

    import sentencepiece

    other = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["zzq qqz xqx zxzx qzqzq"] * 20), model_writer=other, vocab_size=12, minloglevel=2
    )
    (plain / "spm.model").write_bytes(other.getvalue())
    with pytest.raises(PackageError, match="does not belong to this model"):
        convert(plain, tmp_path / "out", pairs=["ar-en"], target_prefix="<2en>")


def test_unknown_sources_are_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(PackageError, match=r"decoder\.yml"):
        convert(empty, tmp_path / "out")
    (empty / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    with pytest.raises(PackageError, match="gpt2"):
        convert(empty, tmp_path / "out")
    with pytest.raises(PackageError, match="nothing at"):
        convert(tmp_path / "missing", tmp_path / "out")
    with pytest.raises(PackageError, match="package already"):
        convert(BUNDLED, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "--pair"),
        ({"pairs": ["ar-ar"]}, "no pair"),
        ({"pairs": ["Arabic-English"]}, "no pair"),
        ({"pairs": ["ar-en", "ar"]}, "mixed"),
        ({"pairs": ["ar-en"], "target_prefix": "<2xx>"}, "not in the"),
        ({"pairs": ["ar-en"], "kind": "onnx"}, "none of"),
        ({"pairs": ["ar-en"], "quantization": "int3"}, "none of"),
        ({"pairs": ["ar-en"], "name": "../up"}, "name"),
        ({"pairs": ["ar-en"], "insist_on_quantization": True}, "copied as they are"),
    ],
)
def test_wishes_that_cannot_be_met(options: dict[str, Any], message: str, plain: Path, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=message):
        convert(plain, tmp_path / "out", **options)
    assert [path.name for path in tmp_path.iterdir()] == ["plain"]


def test_paths_in_decoder_yml_stay_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "opus"
    folder.mkdir()
    (tmp_path / "secret.npz").write_bytes(b"x")
    (folder / "decoder.yml").write_text("models: [../secret.npz]\nvocabs: [v.yml, v.yml]\n")
    with pytest.raises(PackageError, match="no plain path"):
        convert(folder, tmp_path / "out", pairs=["ar-en"])


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "opus-mt-ar-en"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "marian", "vocab_size": 9}))
    monkeypatch.setattr("khulasa.server.models.convert.checkpoints.find_spec", lambda name: None)
    with pytest.raises(PackageError, match=r"pip install 'khulasa-server\[convert\]'"):
        convert(folder, tmp_path / "out")


def test_an_output_is_replaced_only_when_asked(plain: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    arguments = {"pairs": ["ar-en"], "target_prefix": "<2en>"}
    with pytest.raises(PackageError, match="--force"):
        convert(plain, out, **arguments)
    with pytest.raises(PackageError, match="vocabulary"):
        convert(plain, out, **{**arguments, "target_prefix": "<2xx>"}, force=True)
    assert (out / "mine.txt").read_text() == "mine"
    convert(plain, out, **arguments, force=True)
    assert not (out / "mine.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "plain"]


def test_the_command(plain: Path, tmp_path: Path) -> None:
    (plain / "README.md").write_text("---\nlicense: cc-by-4.0\nlanguage: [ar, en]\n---\n# Card\n")
    out = tmp_path / "out"
    arguments = [
        "convert",
        str(plain),
        str(out),
        "--pair",
        "ar-en",
        "--pair",
        "en-ar",
        "--target-prefix",
        "<2{target}>",
    ]
    done = CliRunner().invoke(models_app, [*arguments, "--name", "mine", "--version", "2.1"])
    assert done.exit_code == 0, done.output
    assert "mine 2.1: translation ar-en, en-ar" in done.output
    manifest = read_manifest(out)
    assert manifest.licence == "cc-by-4.0"
    assert (out / "README.md").is_file()
    done = CliRunner().invoke(models_app, arguments)
    assert done.exit_code == 1
    assert "--force" in done.output
    done = CliRunner().invoke(models_app, [*arguments, "--force", "--quantization", "int8"])
    assert done.exit_code == 1
    assert "compute_type" in done.output


def test_a_pull_converts_what_is_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = argos(tmp_path / "translate-ar_en-1_9.argosmodel")
    monkeypatch.setenv("KHULASA_DOWNLOAD_DIR", str(tmp_path / "shelf"))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(models_app, ["pull", str(archive), "--licence", "MIT"])
    assert done.exit_code == 0, done.output
    (folder,) = (path for path in (tmp_path / "shelf").iterdir() if not path.name.startswith("."))
    manifest = read_manifest(folder)
    assert (manifest.name, manifest.version, manifest.licence) == ("translate-ar_en-1_9", "1.9", "MIT")
    assert translations(folder, "ar", "en") == translations(BUNDLED, "ar", "en")
