"""The manifest says what was trained, and no figure of other weights."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from training import evaluate, manifest

PACKAGE = Path(__file__).parents[2] / "models" / "khulasa-base"


@pytest.fixture
def trained(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "package")
    return tmp_path / "package"


@pytest.fixture
def sets(tmp_path):
    (tmp_path / "set").mkdir()
    for code, text in (("ar", "وصل الرئيس.\nغادر الوزير."), ("en", "The president arrived.\nThe minister left.")):
        (tmp_path / "set" / code).write_text(text, encoding="utf-8")
    return {"a set": tmp_path / "set"}


def fields_of(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_as_it_ships_nothing_changes(trained):
    before = (trained / "manifest.json").read_bytes()
    manifest.refresh(trained)
    assert (trained / "manifest.json").read_bytes() == before


def test_other_weights_have_their_own_hash_and_no_figures_of_others(trained):
    (trained / "model.bin").write_bytes(b"other weights")
    manifest.refresh(trained)
    fields, digest = fields_of(trained), hashlib.sha256(b"other weights").hexdigest()
    assert (fields["revision"], fields["quality"]) == (digest, [])
    assert {"path": "model.bin", "bytes": 13, "sha256": digest} in fields["files"]


def test_figures_are_measured_in_both_directions_with_their_signatures(trained, sets, monkeypatch):
    given = {"en": "The president arrived.", "ar": "وصل الرئيس."}
    monkeypatch.setattr(evaluate, "translate", lambda package, lines, into: [given[into]] * len(lines))
    manifest.refresh(trained, manifest.measured(trained, sets))
    figures = fields_of(trained)["quality"]
    assert [(one["source"], one["target"], one["metric"]) for one in figures] == [
        (*pair, metric) for pair in (("ar", "en"), ("en", "ar")) for metric in ("BLEU", "chrF")
    ]
    assert all(one["dataset"] == "a set" and "version:" in one["signature"] for one in figures)
    assert 0 < figures[1]["value"] < 100


def test_a_package_without_a_manifest_gets_one(trained):
    (trained / "manifest.json").unlink()
    manifest.refresh(trained)
    assert (trained / "manifest.json").read_bytes() == (PACKAGE / "manifest.json").read_bytes()


def test_the_server_reads_it(trained):
    from khulasa.server.models.manifest import read_manifest
    from khulasa.server.models.verification import faults_of

    with (trained / "vmap.txt").open("ab") as file:
        file.write(b"\n")
    assert list(faults_of(trained, read_manifest(trained))) != []
    manifest.refresh(trained)
    assert list(faults_of(trained, read_manifest(trained))) == []


@pytest.mark.parametrize("argument", ["flores", "=x", "a=/nowhere"])
def test_what_is_no_set_is_said(argument):
    with pytest.raises(ValueError, match="NAME=FOLDER"):
        manifest.sets_of([argument])
