"""Pulls of other projects' formats, with the bundled weights dressed up as theirs: converted, and they translate."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from hub_server import COMMIT, HubServer
from khulasa.server.config import Settings
from khulasa.server.models.catalog import CatalogEntry
from khulasa.server.models.download import Progress
from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import Quality, read_manifest
from khulasa.server.models.pull import pull
from khulasa.server.packages import load_packages

BUNDLED = Path(__file__).resolve().parents[2] / "models/khulasa-base"
FIGURE = Quality(dataset="FLORES-200 dev", source="ar", target="en", metric="BLEU", value=30.0)


class Silent:
    def note(self, text: str) -> None:
        pass

    def file(self, name: str) -> Progress:
        return lambda have, total: None


@pytest.fixture
def endpoint(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> HubServer:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    return hub


def entry(**fields: object) -> CatalogEntry:
    base = {"name": "theirs", "pairs": ["ar-en"], "licence": "MIT", "description": "Theirs.", "quality": [FIGURE]}
    return CatalogEntry.model_validate(base | fields)


def argos_archive(folder: Path) -> Path:
    path = folder / "translate-ar_en-1_0.argosmodel"
    metadata = {
        "package_version": "1.0",
        "argos_version": "1.0",
        "from_code": "ar",
        "to_code": "en",
        "target_prefix": "<2en>",
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ar_en/metadata.json", json.dumps(metadata))
        archive.write(BUNDLED / "spm.model", "ar_en/sentencepiece.model")
        for name in ("config.json", "model.bin", "shared_vocabulary.json"):
            archive.write(BUNDLED / name, f"ar_en/model/{name}")
    return path


def translated(downloads: Path) -> str:
    """One sentence, by the package that a server would load."""
    from khulasa.server.core.translation.engine import EngineOptions, SegmentTokens

    settings = Settings(model_dirs=(), download_dir=downloads, models=("theirs",))
    (package,), (description,) = load_packages(settings, 1, 1)
    try:
        assert description.quality[0].value == 30.0
        (pair,) = package.pairs
        tokens = package.tokenizer.encode("وصل الرئيس إلى العاصمة اليوم.", pair)
        special = package.tokenizer.spec.tokens_of(pair)
        work = SegmentTokens(
            tuple(tokens), special.target_prefix, len(special.source_prefix), len(special.source_suffix)
        )
        (done,) = package.runner.run([work], EngineOptions(beam_size=1))
        return package.tokenizer.decode(done.hypotheses[0].tokens)
    finally:
        package.close()


def test_an_argos_package_becomes_one_of_ours(hub: HubServer, tmp_path: Path) -> None:
    archive = argos_archive(tmp_path)
    hub.files[archive.name] = archive.read_bytes()
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    source = {"url": f"{hub.url}/files/{archive.name}", "bytes": archive.stat().st_size, "sha256": sha256}
    wanted = entry(source=source, convert={"kind": "argos"})
    done = pull(wanted, tmp_path / "downloads", Silent())
    assert done.fresh
    manifest = read_manifest(done.package.folder)
    assert (manifest.name, manifest.licence, manifest.description) == ("theirs", "MIT", "Theirs.")
    assert manifest.quality == (FIGURE,)
    assert sha256 in manifest.origin
    assert not pull(wanted, tmp_path / "downloads", Silent()).fresh
    assert "president" in translated(tmp_path / "downloads").lower()


def test_a_ctranslate2_repository_becomes_one_of_ours(endpoint: HubServer, tmp_path: Path) -> None:
    files = {name: (BUNDLED / name).read_bytes() for name in ("config.json", "model.bin", "shared_vocabulary.json")}
    pieces = (BUNDLED / "spm.model").read_bytes()
    endpoint.repositories["them/theirs"] = files | {"source.spm": pieces, "target.spm": pieces, "evil.py": b"import os"}
    wanted = entry(
        source={"hub": "them/theirs", "files": ["config.json", "model.bin", "shared_vocabulary.json", "*.spm"]},
        convert={"kind": "ctranslate2", "quantization": "int8"},
    )
    done = pull(wanted, tmp_path / "downloads", Silent())
    manifest = read_manifest(done.package.folder)
    assert f"hub:them/theirs@{COMMIT}" in manifest.origin
    assert not (done.package.folder / "evil.py").exists()
    assert not any(seen.path.endswith("evil.py") for seen in endpoint.seen), "what is not asked for is not fetched"
    assert translated(tmp_path / "downloads")


def test_what_cannot_be_converted_leaves_the_shelf_alone(hub: HubServer, tmp_path: Path) -> None:
    path = tmp_path / "theirs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no model")
    with pytest.raises(PackageError):
        pull(entry(source={"path": path}, convert={"kind": "argos"}), tmp_path / "downloads", Silent())
    assert [path.name for path in (tmp_path / "downloads").iterdir()] == [".incoming"]


def test_a_pinned_hash_outweighs_that_of_the_hub(endpoint: HubServer, tmp_path: Path) -> None:
    """Also when whoever holds the repository puts other bytes there, hashes and all."""
    endpoint.repositories["them/theirs"] = {"config.json": b"{}", "model.bin": b"x" * 20_000}
    pinned = [{"path": "model.bin", "sha256": "a" * 64}]
    wanted = entry(source={"hub": "them/theirs", "files": ["*.json", "model.bin"], "pinned": pinned})
    with pytest.raises(PackageError, match=f"sha256 {'a' * 64} expected, {hashlib.sha256(b'x' * 20_000).hexdigest()}"):
        pull(wanted, tmp_path / "downloads", Silent())


def test_a_file_that_the_repository_lacks_is_named(endpoint: HubServer, tmp_path: Path) -> None:
    endpoint.repositories["them/theirs"] = {"config.json": b"{}"}
    with pytest.raises(PackageError, match=r"there is no model\.bin, \*\.spm"):
        pull(
            entry(source={"hub": "them/theirs", "files": ["config.json", "model.bin", "*.spm"]}),
            tmp_path / "downloads",
            Silent(),
        )


@pytest.mark.parametrize("path", ["../escaped", "/etc/escaped", "a/../../escaped"])
def test_a_hub_cannot_name_a_place_outside(endpoint: HubServer, tmp_path: Path, path: str) -> None:
    endpoint.repositories["them/theirs"] = {path: b"x"}
    with pytest.raises(PackageError, match="no plain path"):
        pull(entry(source={"hub": "them/theirs"}), tmp_path / "downloads", Silent())
    assert not list(tmp_path.rglob("escaped"))
