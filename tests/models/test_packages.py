"""Which packages a server loads, what `doctor` says of them, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from khulasa.server import packages
from khulasa.server.api.ports import ModelKind
from khulasa.server.config import Settings
from khulasa.server.core.errors import EngineError
from khulasa.server.core.translation.types import LanguagePair, ModelReference
from khulasa.server.models.errors import PackageError, PackageNotFoundError, VerificationError
from khulasa.server.models.manifest import VOCABULARY_MAP, list_files, read_manifest, write_manifest
from khulasa.server.packages import describe, examine_packages, files_of, load_packages, selected_packages
from small_package import changed, make_package

BUNDLED = Path(__file__).resolve().parents[2] / "models/khulasa-base"
SUMMARY: dict[str, Any] = {"kind": "summarization", "pairs": [{"source": "ar", "target": "ar"}]}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(packages, "bundled_folders", lambda: (tmp_path / "bundled",))
    (tmp_path / "own").mkdir()
    return Settings(model_dirs=(tmp_path / "own",), download_dir=tmp_path / "downloads")


def own(settings: Settings) -> Path:
    return settings.model_dirs[0]


def test_without_a_translation_package_the_message_says_what_to_do(settings: Settings) -> None:
    make_package(own(settings) / "s", "s", **SUMMARY)
    with pytest.raises(PackageNotFoundError, match="khulasa-server models list"):
        selected_packages(settings)
    ((good, _, description),) = examine_packages(settings)
    assert not good
    assert "no translation package" in description


def test_a_summarizer_is_loaded_only_when_it_is_named(settings: Settings) -> None:
    make_package(own(settings) / "t", "t")
    make_package(own(settings) / "s", "s", **SUMMARY)
    assert [package.name for package in selected_packages(settings)] == ["t"]
    named = settings.model_copy(update={"summary_model": "s"})
    assert [package.name for package in selected_packages(named)] == ["t", "s"]
    wrong = settings.model_copy(update={"summary_model": "t"})
    with pytest.raises(PackageError, match="t is a package for translation"):
        selected_packages(wrong)


@pytest.mark.parametrize("path", [False, True])
def test_a_wrong_name_is_told_with_its_setting(settings: Settings, tmp_path: Path, path: bool) -> None:
    make_package(own(settings) / "t", "t")
    make_package(own(settings) / "s", "s", **SUMMARY)
    wrong = str(tmp_path / "none") if path else "none"
    for setting, value in (("models", ("t", wrong)), ("summary_model", wrong)):
        changed_settings = settings.model_copy(update={setting: value})
        with pytest.raises(PackageNotFoundError, match=f"^{setting}: .*none"):
            selected_packages(changed_settings)
        ((good, _, description),) = examine_packages(changed_settings)
        assert not good
        assert description.startswith(f"{setting}: ")


def test_models_names_those_that_translate(settings: Settings) -> None:
    """It was left out without a word, and summaries stayed as they were."""
    make_package(own(settings) / "t", "t")
    make_package(own(settings) / "s", "s", **SUMMARY)
    with pytest.raises(PackageError, match=r"^models: s is a package for summarization: name it in summary_model$"):
        selected_packages(settings.model_copy(update={"models": ("t", "s")}))


def test_two_versions_of_one_name_are_told_apart_before_one_is_lost(settings: Settings, tmp_path: Path) -> None:
    """The second was left out without a word."""
    for version in "12":
        make_package(tmp_path / version, "t", version=version)
    both = settings.model_copy(update={"models": (str(tmp_path / "1"), str(tmp_path / "2"))})
    with pytest.raises(PackageError, match=f"^models: {tmp_path}/1 and {tmp_path}/2 are both named t: "):
        selected_packages(both)
    (tmp_path / "again").symlink_to(tmp_path / "1")
    same = settings.model_copy(update={"models": (str(tmp_path / "1"), str(tmp_path / "again"))})
    assert len(selected_packages(same)) == 1


def test_everything_in_the_manifest_reaches_the_translation_room(settings: Settings) -> None:
    special = {"source_prefix": ["<a>"], "source_suffix": ["<b>"], "target_prefix": ["<c>"]}
    make_package(
        own(settings) / "t",
        "t",
        pairs=[{"source": "ar", "target": "en", **special}],
        limits={"max_input_tokens": 77, "max_decoding_tokens": 88},
        decoding={"repetition_penalty": 1.2, "length_penalty": 0.6},
        preview=True,
        quality=[{"dataset": "d", "source": "ar", "target": "en", "metric": "BLEU", "value": 1.5, "signature": "s"}],
    )
    (package,) = selected_packages(settings)
    files = files_of(package)
    tokens = files.pairs[LanguagePair("ar", "en")]
    assert (tokens.source_prefix, tokens.source_suffix, tokens.target_prefix) == (("<a>",), ("<b>",), ("<c>",))
    assert (files.max_input_tokens, files.decoding.max_decoding_tokens) == (77, 88)
    assert (files.decoding.repetition_penalty, files.decoding.length_penalty) == (1.2, 0.6)
    assert files.engine_tokens == 1
    assert files.preview
    assert files.kind is ModelKind.TRANSLATION
    assert (files.quality[0].value, files.quality[0].signature) == (1.5, "s")
    assert (files.revision, files.digest) == (package.manifest.revision, package.manifest.digest)
    assert describe(files, ModelReference("t", "1", files.revision)).digest == files.digest


def test_the_map_in_use_is_named(settings: Settings) -> None:
    shutil.copytree(BUNDLED, own(settings) / "a")
    listed = {entry.path: entry.sha256 for entry in read_manifest(BUNDLED).files}[VOCABULARY_MAP]
    for chosen, named in ((settings, listed), (settings.model_copy(update={"vocabulary_map": False}), "")):
        loaded, descriptions = load_packages(chosen, 1, 1)
        assert (loaded[0].reference.vocabulary_map, descriptions[0].vocabulary_map) == (named, named)
        loaded[0].close()


def test_a_map_that_does_not_fit_the_model_is_not_named(settings: Settings) -> None:
    """Its first line leaves out the end of sentence, so that the engine scores every piece."""
    folder = own(settings) / "a"
    shutil.copytree(BUNDLED, folder)
    (folder / VOCABULARY_MAP).unlink()
    (folder / VOCABULARY_MAP).write_text("\t<2en>\n", encoding="utf-8")
    write_manifest(folder, read_manifest(folder).model_copy(update={"files": list_files(folder)}))
    loaded, descriptions = load_packages(settings, 1, 1)
    assert (loaded[0].reference.vocabulary_map, descriptions[0].vocabulary_map) == ("", "")
    loaded[0].close()


def test_doctor_names_every_fault(settings: Settings) -> None:
    make_package(own(settings) / "good", "good")
    make_package(own(settings) / "worse", "worse")
    (own(settings) / "worse/spm.model").unlink()
    found = {name: (good, description) for good, name, description in examine_packages(settings)}
    assert found["good"][0]
    assert "ar-en" in found["good"][1]
    assert not found["worse"][0]
    assert "spm.model: missing" in found["worse"][1]


def test_a_damaged_package_is_not_loaded(settings: Settings) -> None:
    make_package(own(settings) / "t", "t")
    (own(settings) / "t/model.bin").write_bytes(bytes(50_000))
    with pytest.raises(VerificationError, match=r"model\.bin: sha256"):
        load_packages(settings, 1, 1)


def test_when_the_second_fails_the_first_is_let_go(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(BUNDLED, own(settings) / "a")
    changed(own(settings) / "a", name="a", preview=False)
    # Whole, but nothing that can be run.
    make_package(own(settings) / "b", "b")
    closed: list[str] = []
    real = packages.open_package

    def opened(files: Any, *rest: Any) -> Any:
        one = real(files, *rest)
        one.close()
        return packages.LoadedPackage(
            one.reference, one.pairs, one.runner, one.tokenizer, 1, close=lambda: closed.append(files.name)
        )

    monkeypatch.setattr(packages, "open_package", opened)
    with pytest.raises(EngineError, match=r"^b with device cpu, compute_type default: "):
        load_packages(settings, 1, 1)
    assert closed == ["a"]
