"""Puts a vocabulary map into a package and takes it out, with the manifest that says so.

A pulled package changes as a pull changes it: a whole one is built beside it and takes its place. One in a folder of
its owner's is changed where it stands: map, then manifest, each in one step; cut off between the two it fails
verification, and the same command run again puts it right.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from khulasa.server.models.errors import PackageError, VerificationError
from khulasa.server.models.installation import INCOMING, install
from khulasa.server.models.manifest import (
    VOCABULARY_MAP,
    FileEntry,
    Manifest,
    MapFigures,
    PackageKind,
    file_sha256,
    write_manifest,
)
from khulasa.server.models.mapping.lexicon import VocabularyMap, write
from khulasa.server.models.registry import Origin, Package
from khulasa.server.models.verification import faults_of

__all__ = ["check_kind", "check_target", "put_map", "remove_map"]


def check_kind(package: Package) -> None:
    """Whether the package is one for maps, its files not looked at.

    Raises:
        PackageError: it comes with the server, or does not translate.
    """
    manifest = package.manifest
    if package.origin is Origin.BUNDLED:
        has_map = any(entry.path == VOCABULARY_MAP for entry in manifest.files)
        raise PackageError(
            f"{package.name} comes with the server{', with a map,' if has_map else ''} and the next version would bring"
            f" it as it was: to change it copy {package.folder} to a folder that model_dirs names, where it goes before"
            " the bundled one, and give the path of the copy"
        )
    if manifest.kind is not PackageKind.TRANSLATION:
        raise PackageError(f"{package.name} is a package for {manifest.kind.value}; maps are for those that translate")


def check_target(package: Package) -> None:
    """Whether a map can be put into the package or taken out of it.

    Raises:
        PackageError: as `check_kind`.
        VerificationError: its files are not those of its manifest; the map itself may be another.
    """
    check_kind(package)
    manifest = package.manifest
    faults = [fault for fault in faults_of(package.folder, manifest) if not fault.startswith(f"{VOCABULARY_MAP}:")]
    if faults:
        raise VerificationError(f"package {package.name} in {package.folder}: {'; '.join(faults)}")


def put_map(package: Package, downloads: Path, found: VocabularyMap, figures: MapFigures) -> Package:
    """The package with the map in it.

    Raises:
        OSError: the disk is full or not writable; the package is as before.
    """
    return _changed(package, downloads, found, figures)


def remove_map(package: Package, downloads: Path) -> Package:
    """The package without a map.

    Raises:
        PackageError: it has none.
        OSError: as `put_map`.
    """
    listed = any(entry.path == VOCABULARY_MAP for entry in package.manifest.files)
    if not listed and not (package.folder / VOCABULARY_MAP).exists():
        raise PackageError(f"{package.name} has no vocabulary map")
    return _changed(package, downloads, None, None)


def _changed(package: Package, downloads: Path, found: VocabularyMap | None, figures: MapFigures | None) -> Package:
    if package.origin is not Origin.DOWNLOADED:
        return Package(package.folder, _write(package.folder, package.manifest, found, figures), package.origin)
    staged = downloads / INCOMING / package.name / "mapped"
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(package.folder, staged, symlinks=True, copy_function=_link)
    manifest = _write(staged, package.manifest, found, figures)
    return install(downloads, staged, manifest)


def _link(source: str, target: str) -> None:
    """The same file under another name; a copy where the file system has no links."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _write(folder: Path, manifest: Manifest, found: VocabularyMap | None, figures: MapFigures | None) -> Manifest:
    """Never into a file that is there: it may be the same as another package's."""
    place, partial = folder / VOCABULARY_MAP, folder / f".{VOCABULARY_MAP}.partial"
    files = [entry for entry in manifest.files if entry.path != VOCABULARY_MAP]
    if found is not None:
        partial.unlink(missing_ok=True)
        write(partial, found)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        files.append(FileEntry(path=VOCABULARY_MAP, bytes=partial.stat().st_size, sha256=file_sha256(partial)))
    fields = {
        **manifest.model_dump(),
        "files": [entry.model_dump() for entry in sorted(files, key=lambda entry: entry.path)],
        "vocabulary_map": figures.model_dump() if figures is not None else None,
    }
    changed = Manifest.model_validate(fields)
    if found is not None:
        partial.replace(place)
    else:
        place.unlink(missing_ok=True)
    write_manifest(folder, changed)
    return changed
