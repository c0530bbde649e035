"""The manifest: what it may say, and what a message says when it says something else."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from khulasa.server.models.errors import ManifestError, VerificationError
from khulasa.server.models.manifest import (
    MANIFEST,
    Direction,
    FileEntry,
    Manifest,
    PackageKind,
    Tokenization,
    plain_path,
    read_manifest,
    write_manifest,
)
from khulasa.server.models.verification import engine_tokens_of, faults_of, verify
from small_package import changed, make_package


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_package(tmp_path / "small")
    return tmp_path / "small"


def test_what_is_written_is_read(folder: Path) -> None:
    manifest = read_manifest(folder)
    write_manifest(folder, manifest)
    assert read_manifest(folder) == manifest
    assert not list(folder.glob(".*"))


def test_documents_are_not_listed(folder: Path) -> None:
    assert {entry.path for entry in read_manifest(folder).files} == {
        "model.bin", "config.json", "spm.model", "shared_vocabulary.json",
    }  # fmt: skip


FIGURE = {"dataset": "a test", "source": "ar", "target": "en", "metric": "BLEU", "value": 1}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"format": 2}, "format 2 is not known here"),
    ({"format": None}, "format None"),
    ({"name": "../small"}, "name"),
    ({"name": "Small"}, "name"),
    ({"colour": "red"}, "colour"),
    ({"revision": "0" * 64}, "revision is not the sha256"),
    ({"revision": "x"}, "revision"),
    ({"licence": ""}, "licence"),
    ({"pairs": []}, "at least one"),
    ({"pairs": [{"source": "ar", "target": "ar"}]}, "ar-ar is no pair for translation"),
    ({"pairs": [{"source": "ar", "target": "en"}] * 2}, "twice"),
    ({"kind": "summarization"}, "no pair for summarization"),
    ({"kind": "embedding"}, "languages and no pairs"),
    ({"kind": "speech"}, "kind"),
    ({"tokenization": {"source": "spm.model", "target": "other.model"}}, "other.model is not listed"),
    ({"tokenization": {"source": "../spm.model", "target": "spm.model"}}, "no plain path"),
    ({"limits": {"max_input_tokens": 0}}, "max_input_tokens"),
    ({"decoding": {"beam_size": 99}}, "beam_size"),
    ({"files": []}, "model.bin is not listed"),
    ({"files": [{"path": "/etc/passwd", "bytes": 1, "sha256": "0" * 64}]}, "no plain path"),
    ({"files": [{"path": "manifest.json", "bytes": 1, "sha256": "0" * 64}]}, "cannot list itself"),
    # Whoever gives a text for a number or a truth value may mean something else: `"no"` was taken for false.
    ({"preview": "no"}, "preview"),
    ({"format": True}, "format True"),
    ({"format": 1.0}, "format 1.0"),
    # The pairs tell it, and what told something else would be believed.
    ({"languages": ["fr"]}, "languages"),
    ({"limits": {"max_input_tokens": "80"}}, "max_input_tokens"),
    ({"decoding": {"repetition_penalty": True}}, "repetition_penalty"),
    ({"quality": [{**FIGURE, "value": float("nan")}]}, "value"),
    ({"quality": [{**FIGURE, "value": float("inf")}]}, "value"),
    # What is printed has one line and does nothing to a terminal.
    ({"quality": [{**FIGURE, "dataset": "x\x1b]0;title\x07"}]}, "dataset"),
    ({"description": "one\ntwo"}, "description"),
    ({"licence": "MIT\x1b[2J"}, "licence"),
    ({"origin": "\u202egpj.exe"}, "origin"),
]
ONE = {"bytes": 1, "sha256": "0" * 64}
SAME_FILES = [
    ["spm.model", "spm.model"],
    ["spm.model", "SPM.model"],
    ["caf\u00e9.txt", "cafe\u0301.txt"],
    ["\u0130.txt", "i\u0307.txt"],
]


@pytest.mark.parametrize(("fields", "words"), WRONG)
def test_a_wrong_manifest_is_refused_with_the_fields_name(folder: Path, fields: dict[str, Any], words: str) -> None:
    changed(folder, **fields)
    with pytest.raises(ManifestError, match=words) as caught:
        read_manifest(folder)
    assert str(folder / MANIFEST) in str(caught.value)


@pytest.mark.parametrize("names", SAME_FILES)
def test_names_that_some_file_system_takes_for_one_are_refused(folder: Path, names: list[str]) -> None:
    changed(folder, files=[{"path": name, **ONE} for name in names])
    with pytest.raises(ManifestError, match="a file stands twice"):
        read_manifest(folder)


def test_a_field_that_stands_twice_is_refused(folder: Path) -> None:
    """Of two, each reader takes another."""
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text.replace('"bytes":', '"bytes": 7, "bytes":', 1))
    with pytest.raises(ManifestError, match="'bytes' stands twice"):
        read_manifest(folder)


def test_words_of_every_script_are_described_with(folder: Path) -> None:
    changed(folder, description="مدل ترجمه\u200cی خبر", quality=[FIGURE])
    assert read_manifest(folder).description == "مدل ترجمه\u200cی خبر"
    assert read_manifest(folder).quality[0].value == 1.0


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b" " * 2_000_000])
def test_what_is_no_manifest_is_refused(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(ManifestError):
        read_manifest(folder)


@pytest.mark.parametrize("path", ["a", "a/b.txt", "..a", "a..b", "نموذج.bin"])
def test_plain_paths(path: str) -> None:
    assert plain_path(path) == path


@pytest.mark.parametrize("path", ["", "/", "/a", "..", "a/..", "a//b", "a/", "./a", "a\\b", "c:d", "a\0b", "x" * 301])
def test_other_paths(path: str) -> None:
    with pytest.raises(ValueError, match="no plain path"):
        plain_path(path)


def test_the_digest_changes_with_what_decides_the_output_and_with_nothing_else(folder: Path) -> None:
    before = read_manifest(folder)
    files = [entry.model_dump() for entry in before.files]
    same: list[dict[str, Any]] = [
        {"name": "other", "version": "2", "licence": "ISC", "description": "x", "preview": True},
        {"files": files[::-1]},
        {"decoding": {}, "limits": {"max_input_tokens": 512}},
    ]
    others: list[dict[str, Any]] = [
        {"files": [{**entry, "sha256": "0" * 64} if entry["path"] == "spm.model" else entry for entry in files]},
        {"files": [*files, {"path": "vmap.txt", "bytes": 1, "sha256": "0" * 64}]},
        {"decoding": {"length_penalty": 0.5}},
        {"limits": {"max_input_tokens": 100}},
        {"pairs": [{"source": "ar", "target": "en", "target_prefix": ["<2en>"]}]},
        {"tokenization": {"source": "spm.model", "target": "spm.model", "engine_tokens": []}},
    ]
    text = (folder / MANIFEST).read_text()
    found = []
    for fields in (*same, *others):
        changed(folder, **fields)
        found.append(read_manifest(folder).digest)
        assert read_manifest(folder).revision == before.revision
        (folder / MANIFEST).write_text(text)
    assert set(found[: len(same)]) == {before.digest}
    assert len({before.digest, *found}) == len(others) + 1


def test_the_digest_stays_the_same_from_version_to_version() -> None:
    # Documented: whoever keeps answers by it must find them again.
    listed = [{"path": path, "bytes": 1, "sha256": f"{n}" * 64} for n, path in enumerate(("model.bin", "config.json"))]
    manifest = Manifest(
        name="m",
        version="1",
        kind=PackageKind.TRANSLATION,
        licence="MIT",
        revision="0" * 64,
        pairs=(Direction(source="ar", target="en"),),
        tokenization=Tokenization(source="config.json", target="config.json"),
        files=tuple(FileEntry.model_validate(entry) for entry in listed),
    )
    text = (
        '{"decoding":{"beam_size":4,"length_penalty":1.0,"repetition_penalty":1.0},'
        f'"files":[["config.json","{"1" * 64}"],["model.bin","{"0" * 64}"]],'
        '"limits":{"max_decoding_tokens":512,"max_input_tokens":512},'
        '"pairs":[{"source":"ar","source_prefix":[],"source_suffix":[],"target":"en","target_prefix":[]}],'
        '"tokenization":{"engine_tokens":[],"source":"config.json","strip_tokens":["<s>","</s>","<pad>"],'
        '"target":"config.json"}}'
    )
    assert manifest.digest == hashlib.sha256(text.encode()).hexdigest()


def test_a_good_package_has_no_faults(folder: Path) -> None:
    told: list[int] = []
    verify(folder, read_manifest(folder), told.append)
    assert sum(told) == sum(entry.bytes for entry in read_manifest(folder).files)


def test_a_changed_byte_is_found_and_named(folder: Path) -> None:
    manifest = read_manifest(folder)
    weights = bytearray((folder / "model.bin").read_bytes())
    weights[1234] ^= 1
    (folder / "model.bin").write_bytes(weights)
    with pytest.raises(
        VerificationError, match=f"model.bin: sha256 {manifest.revision} expected, [0-9a-f]{{64}} found"
    ):
        verify(folder, manifest)


def test_every_fault_is_named(folder: Path) -> None:
    manifest = read_manifest(folder)
    (folder / "model.bin").write_bytes(b"short")
    (folder / "spm.model").unlink()
    (folder / "vmap.txt").write_text("read by the engine and by nobody checked")
    faults = list(faults_of(folder, manifest))
    assert faults == [
        "model.bin: 50,000 bytes expected, 5 found",
        "spm.model: missing",
        "vmap.txt: not in the manifest",
    ]


def test_a_link_is_refused_even_to_the_right_bytes(folder: Path, tmp_path: Path) -> None:
    (folder / "model.bin").rename(tmp_path / "elsewhere")
    (folder / "model.bin").symlink_to(tmp_path / "elsewhere")
    assert "model.bin: a link" in next(faults_of(folder, read_manifest(folder)))


def test_engine_tokens_must_be_those_of_the_configuration(folder: Path) -> None:
    changed(folder, tokenization={"source": "spm.model", "target": "spm.model", "engine_tokens": []})
    assert list(faults_of(folder, read_manifest(folder))) == [
        "config.json: adds </s> to a source, the manifest's engine_tokens say none"
    ]


@pytest.mark.parametrize(
    ("known", "faults"),
    [
        ([">>eng<<", "<2en>"], []),
        ([">>eng<<"], ["pairs, ar-en: target_prefix '<2en>' is not in the model's vocabulary"]),
        (["<2en>"], ["pairs, ar-en: source_prefix '>>eng<<' is not in the model's vocabulary"]),
    ],
)
def test_special_tokens_must_be_in_the_vocabulary(tmp_path: Path, known: list[str], faults: list[str]) -> None:
    tokens = {"source": "ar", "target": "en", "source_prefix": [">>eng<<"], "target_prefix": ["<2en>"]}
    make_package(tmp_path / "package", pairs=[tokens], known=known)
    assert list(faults_of(tmp_path / "package", read_manifest(tmp_path / "package"))) == faults


def test_tokens_that_the_engine_adds() -> None:
    both = {"add_source_bos": True, "add_source_eos": True, "bos_token": "<s>", "eos_token": "</s>"}
    assert engine_tokens_of(both) == ("<s>", "</s>")
    assert engine_tokens_of({"add_source_bos": False}) == ()
