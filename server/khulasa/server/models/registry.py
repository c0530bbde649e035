"""Which packages there are, and which of them the settings mean.

Searched in this order: the folders of the settings, the download folder, the bundled packages. The first package of a
name hides the others. docs/models.md says where bundled packages lie.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from khulasa.server.models.errors import ManifestError, PackageError, PackageNotFoundError
from khulasa.server.models.manifest import MANIFEST, Manifest, read_manifest

__all__ = [
    "Origin",
    "Package",
    "Shelves",
    "bundled_folders",
    "find_packages",
    "nearest",
    "package_at",
    "select_packages",
]


class Origin(StrEnum):
    """Where a package was found."""

    CONFIGURED = "configured"
    DOWNLOADED = "downloaded"
    BUNDLED = "bundled"


@dataclass(frozen=True, slots=True)
class Package:
    """A package on disk, its files not yet compared with the manifest."""

    folder: Path
    manifest: Manifest
    origin: Origin

    @property
    def name(self) -> str:
        """Its name."""
        return self.manifest.name


@dataclass(frozen=True, slots=True)
class Shelves:
    """Folders that hold packages, or are one.

    Attributes:
        configured: From the settings; each must be there.
        downloads: Where `models pull` puts packages; need not be there.
        bundled: Come with the server; those that are not there are left out.
    """

    configured: tuple[Path, ...]
    downloads: Path
    bundled: tuple[Path, ...]

    def __iter__(self) -> Iterator[tuple[Path, Origin]]:
        """Folders in the order of the search."""
        yield from ((folder.expanduser(), Origin.CONFIGURED) for folder in self.configured)
        yield self.downloads.expanduser(), Origin.DOWNLOADED
        yield from ((folder, Origin.BUNDLED) for folder in self.bundled)


def bundled_folders() -> tuple[Path, ...]:
    """Where packages that come with the server may lie: beside the sources of a checkout, or in the environment.

    A checkout is installed in place, so its `models/` is four folders above this one; an image or a system package
    puts them under `share/khulasa/models` of the environment that the server is installed in.
    """
    checkout = Path(__file__).resolve().parents[4]
    beside = (checkout / "models",) if (checkout / "server" / "pyproject.toml").is_file() else ()
    return (*beside, Path(sys.prefix) / "share" / "khulasa" / "models")


def find_packages(shelves: Shelves, on_fault: Callable[[PackageError], None] | None = None) -> list[Package]:
    """Every package, in the order of the search, each name once.

    Args:
        on_fault: Told what is wrong with a package, which is then left out.

    Raises:
        PackageNotFoundError: a configured folder is not there, or a folder may not be read.
        ManifestError: a manifest is wrong and there is no `on_fault`. Leaving such a package out in silence would let
            a weaker one answer.
    """
    found: dict[str, Package] = {}
    for folder, origin in shelves:
        try:
            places = list(_places(folder, origin))
        except PackageNotFoundError as error:
            _tell(error, on_fault)
            continue
        packages = []
        for place in places:
            try:
                packages.append(Package(place, read_manifest(place), origin))
            except ManifestError as error:
                _tell(error, on_fault)
        # Of one name the newest comes first: after a crash a pulled package may stand beside its predecessor.
        for package in sorted(packages, key=lambda one: (one.name, -_changed_ns(one.folder))):
            found.setdefault(package.name, package)
    return list(found.values())


def _changed_ns(folder: Path) -> int:
    """When a package was put there; 0 for one that somebody has just taken away."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _tell(error: PackageError, on_fault: Callable[[PackageError], None] | None) -> None:
    if on_fault is None:
        raise error
    on_fault(error)


def _places(folder: Path, origin: Origin) -> Iterator[Path]:
    """The package folders of one folder, or the folder itself where it is one. Hidden folders are unfinished work."""
    try:
        children = sorted(folder.iterdir()) if folder.is_dir() else None
    except OSError as error:
        raise PackageNotFoundError(f"{folder}: {error.strerror or error}") from error
    if children is None:
        if origin is Origin.CONFIGURED:
            raise PackageNotFoundError(f"model_dirs: there is no folder {folder}")
        return
    if _may_hold_manifest(folder):
        yield folder
        return
    for child in children:
        if not child.name.startswith(".") and _may_hold_manifest(child):
            yield child


def _may_hold_manifest(folder: Path) -> bool:
    """Whether there is a manifest. Also where that cannot be told, for want of permission: reading it then says why."""
    try:
        return (folder / MANIFEST).is_file()
    except OSError:
        return True


def package_at(folder: Path) -> Package:
    """The package in `folder`.

    Raises:
        PackageNotFoundError: there is none.
        ManifestError: its manifest is wrong.
    """
    try:
        folder = folder.expanduser()
    except RuntimeError as error:
        raise PackageNotFoundError(f"there is no model package in {folder}: the user behind ~ is not known") from error
    if not _may_hold_manifest(folder):
        raise PackageNotFoundError(f"there is no model package in {folder}: no {MANIFEST}")
    return Package(folder, read_manifest(folder), Origin.CONFIGURED)


def select_packages(
    shelves: Shelves,
    wanted: Sequence[str],
    on_fault: Callable[[PackageError], None] | None = None,
    *,
    setting: str = "",
) -> list[Package]:
    """The packages that `wanted` names, in its order; without names every one, previews last.

    Args:
        wanted: Names, or paths: whatever holds a slash or begins with a dot or a tilde.
        on_fault: Without names, told what is wrong with a package, which is then left out.
        setting: That the names stand in, for messages.

    Raises:
        PackageNotFoundError: one is not there.
        ManifestError: a manifest is wrong.
        PackageError: two of them have one name.
    """
    label = f"{setting}: " if setting else ""
    if not wanted:
        # Stable: the order of the search within each half. What somebody pulled comes before what is a start.
        return sorted(find_packages(shelves, on_fault), key=lambda package: package.manifest.preview)
    chosen: dict[str, Package] = {}
    known: dict[str, Package] | None = None
    faults: list[PackageError] = []
    for name in wanted:
        if "/" in name or name.startswith((".", "~")):
            package = _at_path(Path(name), label)
        else:
            if known is None:
                # One that nobody asked for may be broken; a folder of the settings that is not there may not.
                known = {package.name: package for package in find_packages(shelves, faults.append)}
            missing = [fault for fault in faults if isinstance(fault, PackageNotFoundError)]
            if missing:
                raise missing[0]
            if name not in known:
                raise PackageNotFoundError(label + "; ".join([_not_found(name, known, shelves), *map(str, faults)]))
            package = known[name]
        earlier = chosen.setdefault(package.name, package)
        if earlier.folder.resolve() != package.folder.resolve():
            pull = f"khulasa-server models pull {package.folder.absolute()} --name {package.name}-2"
            raise PackageError(
                f"{label}{earlier.folder} and {package.folder} are both named {package.name}: leave one out,"
                f" or give one another name, as in `{pull}`"
            )
    return list(chosen.values())


def _at_path(folder: Path, label: str) -> Package:
    try:
        return package_at(folder)
    except PackageError as error:
        raise type(error)(f"{label}{error}") from error


def nearest(name: str, names: Sequence[str]) -> list[str]:
    """The names that `name` may be meant for, the nearest first: misspelt, or a part of one."""
    wanted = name.strip().lower().replace("_", "-")
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.7)
    part = [one for one in names if len(wanted) > 2 and wanted in one]
    return list(dict.fromkeys((*near, *part)))[:4]


def _not_found(name: str, known: dict[str, Package], shelves: Shelves) -> str:
    there = ", ".join(known) or "none"
    folders = ", ".join(str(folder) for folder, _ in shelves)
    near = nearest(name, list(known))
    hint = f" (nearest: {', '.join(near)})" if near else ""
    return f"no model package is named {name!r}{hint}; there are: {there} (searched: {folders})"
