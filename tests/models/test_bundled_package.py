"""The package that comes with the server: its manifest describes the files beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from khulasa.server.models.catalog import catalog, stronger_than_preview
from khulasa.server.models.manifest import file_sha256, read_manifest
from khulasa.server.models.registry import Origin, Shelves, bundled_folders, find_packages
from khulasa.server.models.verification import faults_of

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "models/khulasa-base"


def test_every_file_is_as_the_manifest_says() -> None:
    assert list(faults_of(PACKAGE, read_manifest(PACKAGE))) == [], "run python tools/manifest.py models/khulasa-base"


def test_the_revision_is_the_hash_of_the_weights() -> None:
    assert read_manifest(PACKAGE).revision == file_sha256(PACKAGE / "model.bin")


def test_it_stays_small() -> None:
    assert sum(entry.bytes for entry in read_manifest(PACKAGE).files) <= 45e6


def test_it_says_that_it_is_a_preview_and_how_good_it_is() -> None:
    manifest = read_manifest(PACKAGE)
    assert manifest.preview
    measured = {(figure.source, figure.target, figure.metric) for figure in manifest.quality}
    for pair in manifest.pairs:
        assert {(pair.source, pair.target, "BLEU"), (pair.source, pair.target, "chrF")} <= measured
    assert all(figure.signature for figure in manifest.quality)


def test_it_gives_the_line_that_pulls_stronger_ones() -> None:
    """The description is in ModelInfo: whoever asks a server need not look for the page that says it."""
    manifest = read_manifest(PACKAGE)
    command = stronger_than_preview(f"{pair.source}-{pair.target}" for pair in manifest.pairs)
    assert manifest.description.endswith(f"Stronger: {command}")
    assert {name for entry in command.split()[3:] for name in catalog().get(entry).pairs} == {"ar-en", "en-ar"}


def test_the_card_and_the_readme_give_the_same_line() -> None:
    command = stronger_than_preview(["ar-en", "en-ar"])
    for page in (PACKAGE / "MODEL_CARD.md", ROOT / "README.md", ROOT / "docs/models.md"):
        assert command in page.read_text(encoding="utf-8"), page


def test_the_card_has_the_figures_of_the_manifest() -> None:
    card = (PACKAGE / "MODEL_CARD.md").read_text(encoding="utf-8")
    manifest = read_manifest(PACKAGE)
    assert card.startswith(f"# {manifest.name} {manifest.version} (preview)")
    figures = {(one.dataset, one.target, one.metric): one for one in manifest.quality}
    for dataset, target, metric in figures:
        row = next(
            line for line in card.splitlines()
            if line.startswith(f"| {dataset}") and f"| {'English' if target == 'en' else 'Arabic'} |" in line
        )  # fmt: skip
        one = figures[dataset, target, metric]
        assert one.signature in card
        assert row.split("|")[4 if metric == "BLEU" else 5].strip() == f"{one.value:.1f}", row


def test_a_checkout_finds_it() -> None:
    assert ROOT / "models" in bundled_folders()


def test_an_installed_server_looks_in_its_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    shelves = Shelves((), tmp_path / "none", (tmp_path / "share/khulasa/models",))
    assert bundled_folders()[-1] == shelves.bundled[0]
    assert find_packages(shelves) == []
    shutil.copytree(PACKAGE, tmp_path / "share/khulasa/models/khulasa-base")
    assert [package.origin for package in find_packages(shelves)] == [Origin.BUNDLED]


def test_the_script_agrees_with_the_files() -> None:
    command = [sys.executable, str(ROOT / "tools/manifest.py"), str(PACKAGE), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
