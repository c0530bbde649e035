"""Pulls packages: fetch, check, unpack, convert where it is another format, put on the shelf. Two at once do no harm.

Work in progress lies in `.incoming/KEY/` of the download folder and is gone on with after a break; the shelf itself
holds finished packages only.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from khulasa.server.models.archive import is_archive, unpack
from khulasa.server.models.catalog import CatalogEntry, Conversion, FileSource, HubSource, UrlSource, catalog
from khulasa.server.models.convert.package import check_options
from khulasa.server.models.download import Expected, Progress, download
from khulasa.server.models.errors import ManifestError, PackageError, PackageNotFoundError, VerificationError
from khulasa.server.models.hub import HubRepository, repository
from khulasa.server.models.installation import INCOMING, holding, install, lock_of_pull
from khulasa.server.models.manifest import CONFIG, MANIFEST, NAME, WEIGHTS, Manifest, read_manifest, write_manifest
from khulasa.server.models.registry import Origin, Package, bundled_folders
from khulasa.server.models.transport import Retries, check_address, without_query
from khulasa.server.models.trust import Trust
from khulasa.server.models.verification import verify

__all__ = ["Pulled", "Reporter", "entry_of", "pull"]

_HUB = re.compile(r"(?P<hub>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")
_COMMIT = re.compile("[0-9a-f]{40}")
_UNKNOWN_LICENCE = "unknown: see its origin"


class Reporter(Protocol):
    """Is told how it goes."""

    def note(self, text: str) -> None:
        """A line for people."""
        ...

    def file(self, name: str) -> Progress:
        """A file begins; what comes back is told its bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Pulled:
    """What became of a pull.

    Attributes:
        package: On the shelf.
        fresh: False when it had been there already.
    """

    package: Package
    fresh: bool


def entry_of(
    what: str,
    *,
    name: str = "",
    licence: str = "",
    sha256: str = "",
    kind: str = "",
    quantization: str = "",
    pairs: Sequence[str] = (),
) -> CatalogEntry:
    """What is meant by an argument of `models pull`: a name of the catalog, `OWNER/REPOSITORY[@REVISION]`, an address,
    or a path, which begins with a dot, slash or tilde.

    Args:
        name: Of the package, instead of one made from `what`.
        licence: Where the source states none.
        sha256: That the file must have.
        kind, quantization, pairs: For the conversion; pairs as `ar-en`.

    Raises:
        PackageNotFoundError: the catalog has no such name.
        PackageError: it cannot be read as any of these, or is an address that is not fetched, or what is asked for
            beside it is not to be had.
    """
    check_options(kind, quantization, pairs)
    scheme, is_address, rest = what.partition("://")
    if is_address:
        what = f"{scheme.lower()}://{rest}"
        check_address(what)
    if sha256 and not (is_address and re.fullmatch("[0-9a-f]{64}", sha256)):
        raise PackageError("--sha256 belongs to an address and is 64 small hex digits")
    if name and not NAME.fullmatch(name):
        raise PackageError(f"{name!r} is no name: small letters, digits, '.', '_' and '-'")
    source: HubSource | UrlSource | FileSource
    if is_address:
        source = UrlSource(url=what, sha256=sha256 or None)
    elif what.startswith((".", "/", "~")):
        source = FileSource(path=Path(what).expanduser().absolute())
    elif match := _HUB.fullmatch(what):
        source = HubSource(hub=match["hub"], revision=match["revision"] or "main")
    else:
        if any((folder / what / MANIFEST).is_file() for folder in bundled_folders() if NAME.fullmatch(what)):
            raise PackageError(f"{what} comes with the server: there is nothing to pull")
        known = catalog().get(what)
        if licence or (pairs and set(pairs) != set(known.pairs)):
            raise PackageError(
                f"the catalog says licence and pairs of {what} ({known.licence}; {', '.join(known.pairs)}): leave out"
                " --licence and --pair, or name its repository"
            )
        convert = {"kind": kind, "quantization": quantization}
        changed = known.convert.model_copy(update={key: value for key, value in convert.items() if value})
        return known.model_copy(update={"convert": changed, "name": name or known.name})
    return CatalogEntry(
        name=name or _name_from(what),
        pairs=tuple(pairs),
        licence=licence or _UNKNOWN_LICENCE,
        description="",
        named=bool(name),
        source=source,
        convert=Conversion(kind=kind, quantization=quantization or "int8", pairs=tuple(pairs)),
    )


def pull(
    entry: CatalogEntry,
    downloads: Path,
    reporter: Reporter,
    *,
    force: bool = False,
    retries: Retries | None = None,
) -> Pulled:
    """Puts the package that `entry` describes on the shelf `downloads`.

    Args:
        force: Also when it is there already.
        retries: How patient downloads are.

    Raises:
        PackageError: any of its kinds; what was fetched whole stays for the next try, the shelf is as before.
    """
    downloads = downloads.expanduser().absolute()
    _check_extra(entry.convert)
    lock = lock_of_pull(downloads, entry.name)
    try:
        with holding(lock, lambda: reporter.note(f"waiting: another process pulls {entry.name}")):
            return _Pull(entry, downloads, downloads / INCOMING / entry.name, reporter, retries).run(force)
    except shutil.Error as error:
        # A folder was copied: its files' errors, one like the other as a rule.
        where, _, reason = min(error.args[0])
        raise PackageError(f"{entry.name}: {where} cannot be copied to {downloads}: {reason}") from error
    except OSError as error:
        # A full disk says no place of its own.
        where = "" if error.filename else f" in {downloads}"
        raise PackageError(f"{entry.name}: {error}{where}") from error


class _Pull:
    """One pull, its lock held."""

    def __init__(
        self, entry: CatalogEntry, downloads: Path, work: Path, reporter: Reporter, retries: Retries | None
    ) -> None:
        self._entry, self._downloads, self._work, self._reporter = entry, downloads, work, reporter
        self._retries = retries
        # Of an address whose bytes are known only when they are here.
        self._found_origin = ""

    def run(self, force: bool) -> Pulled:
        source = self._entry.source
        hub: HubRepository | None = None
        looked_for = ""
        trust = Trust(self._downloads, self._entry, self._reporter.note)
        if isinstance(source, HubSource):
            # Of a commit it is known without the hub whether it is here already.
            if _COMMIT.fullmatch(source.revision):
                looked_for = self._origin_of_hub(source.hub, source.revision)
                if not force and (found := self._on_the_shelf(looked_for)):
                    return Pulled(found, False)
            revision = source.revision if force else trust.revision(source)
            note = self._reporter.note
            hub = repository(source.hub, revision, include=source.files, retries=self._retries, on_wait=note)
        origin = self._origin(hub)
        if origin not in ("", looked_for) and not force and (found := self._on_the_shelf(origin)):
            return Pulled(found, False)
        if hub is not None and _is_checkpoint(hub):
            _check_extra(Conversion(extra=True))
        self._clear()
        try:
            folder = self._fetched(hub)
            package = self._package(_root(folder), origin or self._found_origin)
            manifest = read_manifest(package)
            trust.compare(manifest, force=force)
            waits = "waiting: a server is loading its models, or they are being verified"
            installed = install(self._downloads, package, manifest, lambda: self._reporter.note(waits))
        finally:
            # What was made of the files is no use for the next try, and the disk may be full.
            self._clear()
        shutil.rmtree(self._work, ignore_errors=True)
        return Pulled(installed, True)

    def _clear(self) -> None:
        # Those with a dot before and letters behind are of a conversion that was killed.
        for leftover in (self._work / "unpacked", self._work / "package", *self._work.glob(".package.*")):
            shutil.rmtree(leftover, ignore_errors=True)

    def _origin(self, hub: HubRepository | None) -> str:
        """Where the bytes come from, exactly; empty where that is not known before they are here."""
        source = self._entry.source
        if hub is not None:
            return self._origin_of_hub(hub.name, hub.commit)
        return self._origin_of_url(source.url, source.sha256) if isinstance(source, UrlSource) and source.sha256 else ""

    def _origin_of_hub(self, name: str, commit: str) -> str:
        return f"hub:{name}@{commit}, {self._into()}"

    def _origin_of_url(self, url: str, sha256: str) -> str:
        """Without what may be a signature or a password; which file it is, the hash says."""
        return f"{without_query(url)[:300]}#sha256={sha256}, {self._into()}"

    def _into(self) -> str:
        return ", ".join((self._entry.convert.quantization, *self._entry.convert.pairs[:8]))

    def _on_the_shelf(self, origin: str) -> Package | None:
        entry = self._entry
        for folder in sorted(self._downloads.glob("*@*")):
            own = folder.name.startswith(f"{entry.name}@")
            try:
                manifest = read_manifest(folder)
                # A package that nobody named has the name of its own manifest, which may be another.
                if manifest.origin == origin and (manifest.name == entry.name or not entry.named):
                    own = True
                    verify(folder, manifest)
                    return Package(folder, manifest, Origin.DOWNLOADED)
            except (ManifestError, VerificationError) as error:
                if own:
                    self._reporter.note(f"what is there is damaged and is pulled again: {error}")
        return None

    def _fetched(self, hub: HubRepository | None) -> Path:
        """A folder with what was fetched, unpacked."""
        source, files = self._entry.source, self._work / "files"
        if isinstance(source, HubSource) and hub is not None:
            pinned = {file.path: file for file in source.pinned}
            for file in hub.files:
                expected = file.expected
                if pin := pinned.get(file.path):
                    expected = Expected(bytes=pin.bytes or expected.bytes, sha256=pin.sha256)
                self._download(file.url, files / file.path, expected, hub.headers)
            # What an earlier try for other files left behind is no part of this package.
            wanted = {file.path for file in hub.files}
            for path in files.rglob("*"):
                if path.is_file() and path.relative_to(files).as_posix() not in wanted:
                    path.unlink()
            return files
        if isinstance(source, UrlSource):
            archive = files / _file_name(source.url)
            found = self._download(source.url, archive, Expected(bytes=source.bytes, sha256=source.sha256 or ""), {})
            if not source.sha256:
                self._reporter.note(
                    f"{archive.name} is taken as it came; --sha256 {found} asks for the same file again"
                )
                self._found_origin = self._origin_of_url(source.url, found)
            return self._unpacked(archive)
        if not isinstance(source, FileSource) or not source.path.exists():
            raise PackageNotFoundError(f"there is nothing at {getattr(source, 'path', source)}")
        return source.path if source.path.is_dir() else self._unpacked(source.path)

    def _download(self, url: str, target: Path, expected: Expected, headers: dict[str, str]) -> str:
        progress = self._reporter.file(target.name)
        return download(
            url,
            target,
            expected,
            headers=headers,
            progress=progress,
            retries=self._retries,
            on_wait=self._reporter.note,
            keep_tag=True,
        )

    def _unpacked(self, archive: Path) -> Path:
        if not is_archive(archive):
            raise PackageError(f"{archive.name}: neither a zip nor a tar archive, {_looks(archive)}")
        target = self._work / "unpacked"
        self._reporter.note(f"unpacking {archive.name}")
        unpack(archive, target)
        return target

    def _package(self, folder: Path, origin: str) -> Path:
        """The finished package, its manifest complete, in a folder of its own."""
        target = self._work / "package"
        entry = self._entry
        if (folder / MANIFEST).is_file():
            manifest = read_manifest(folder)
            verify(folder, manifest)
            if folder.is_relative_to(self._work):
                folder.rename(target)
            else:
                # Links stay links, and are refused when the package is verified on its way to the shelf.
                shutil.copytree(folder, target, symlinks=True)
            changes: dict[str, Any] = {"name": entry.name} if entry.named else {}
            if entry.convert.kind or entry.convert.pairs:
                self._reporter.note("a package already, with its own manifest: nothing of it is converted")
        else:
            self._reporter.note(f"converting to {entry.convert.quantization}")
            _converter()(
                folder,
                target,
                kind=entry.convert.kind or None,
                name=entry.name,
                quantization=entry.convert.quantization,
                pairs=entry.pairs,
            )
            manifest = read_manifest(target)
            changes = {"name": entry.name}
            if entry.licence != _UNKNOWN_LICENCE:
                changes["licence"] = entry.licence
            if entry.description:
                changes["description"] = entry.description
            if entry.quality:
                changes["quality"] = [figure.model_dump() for figure in entry.quality]
        if origin:
            changes["origin"] = origin
        write_manifest(target, Manifest.model_validate({**manifest.model_dump(), **changes}))
        return target


def _converter() -> Callable[..., object]:
    # Heavy, and not needed by most pulls.
    converter: Callable[..., object] = import_module("khulasa.server.models.convert").convert
    return converter


def _check_extra(convert: Conversion) -> None:
    """Before anything is fetched: a gigabyte that cannot be converted is of no use."""
    if convert.extra and (missing := [name for name in ("torch", "transformers") if find_spec(name) is None]):
        raise PackageError(
            f"this one must be converted, which needs {' and '.join(missing)}: pip install 'khulasa-server[convert]'"
        )


def _is_checkpoint(hub: HubRepository) -> bool:
    """Whether what a repository holds can be nothing but a checkpoint of transformers, by the names of its files."""
    names = {file.path.rpartition("/")[2] for file in hub.files}
    return CONFIG in names and not names & {MANIFEST, WEIGHTS, "decoder.yml", "metadata.json"}


def _root(folder: Path) -> Path:
    """The folder that holds the model: archives often have one folder around everything."""
    while not (folder / MANIFEST).is_file():
        inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
        if len(inside) != 1 or not inside[0].is_dir():
            break
        folder = inside[0]
    return folder


def _file_name(url: str) -> str:
    """What a file is called that comes from `url`."""
    name = re.split("[?#]", url.partition("://")[2], maxsplit=1)[0].rpartition("/")[2][-100:]
    return name if name.strip(".") else "file"


def _looks(file: Path) -> str:
    """What a file seems to be that is no archive."""
    with file.open("rb") as opened:
        start = opened.read(256).lstrip().lower()
    if not start:
        return "but empty"
    if start.startswith((b"<!doctype html", b"<html")):
        return "but a web page: an error, or a page that wants a visitor to sign in"
    if start.startswith((b"\x1f\x8b", b"\xfd7zxz", b"bzh", b"pk\x03\x04")):
        return "though compressed: cut off or damaged, or one file alone"
    return f"by its first bytes {start[:16]!r}"


def _name_from(what: str) -> str:
    """A package name from an address or path."""
    stem = what.partition("@")[0].partition("?")[0].rstrip("/").rpartition("/")[2]
    stem = re.sub(r"\.(tar\.gz|tar\.xz|tgz|tar|zip|argosmodel)$", "", stem.lower())
    plain = re.sub("[^a-z0-9._-]+", "-", stem).strip("-._")[:60]
    return plain or f"package-{hashlib.sha256(what.encode()).hexdigest()[:8]}"
