"""`khulasa-server models map`."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from khulasa.server.models.errors import PackageError
from khulasa.server.models.installation import INCOMING, holding, lock_of_pull
from khulasa.server.models.manifest import Manifest, MapFigures
from khulasa.server.models.mapping.lexicon import FREQUENT
from khulasa.server.models.mapping.make import MapReporter, check_loss, make_map
from khulasa.server.models.mapping.place import check_kind, check_target, put_map, remove_map
from khulasa.server.models.registry import Origin, Package, Shelves, select_packages

__all__ = ["map_package", "read_texts", "summary", "unmap_package"]

_MOST_TEXT_BYTES = 2_000_000_000


def map_package(
    name: str,
    texts: list[str],
    shelves: Shelves,
    reporter: MapReporter,
    *,
    most_lines: int,
    frequent: int = FREQUENT,
) -> tuple[Package, MapFigures]:
    """Makes a vocabulary map for a package and puts it in, if it costs little enough.

    Args:
        name: Of the package, or its path.
        texts: Files of sentences, one a line: PATH, or LANGUAGE=PATH where the package reads several languages.
        most_lines: Sentences of each direction.
        frequent: Pieces of a target language that every sentence into it is scored against.

    Raises:
        PackageError: any of its kinds; the package is as before.
    """
    downloads = shelves.downloads.expanduser().absolute()
    package = _chosen(name, shelves)
    check_kind(package)
    by_language = read_texts(texts, package.manifest)
    try:
        with _locked(package, downloads, reporter):
            # a pull may have put another one there meanwhile
            package = _chosen(name, shelves)
            check_target(package)
            work = downloads / INCOMING / package.name / "map"
            found, figures = make_map(
                package.folder,
                package.manifest,
                by_language,
                work,
                reporter,
                most_lines=most_lines,
                frequent=frequent,
            )
            check_loss(package.name, figures)
            package = put_map(package, downloads, found, figures)
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise PackageError(f"{name}: {error}") from error
    return package, figures


def unmap_package(name: str, shelves: Shelves, reporter: MapReporter) -> Package:
    """Takes the vocabulary map out of a package.

    Raises:
        PackageError: any of its kinds; the package is as before.
    """
    downloads = shelves.downloads.expanduser().absolute()
    package = _chosen(name, shelves)
    check_kind(package)
    try:
        with _locked(package, downloads, reporter):
            package = _chosen(name, shelves)
            check_target(package)
            return remove_map(package, downloads)
    except OSError as error:
        raise PackageError(f"{name}: {error}") from error


def _chosen(name: str, shelves: Shelves) -> Package:
    """The package; one that comes with the server does so whichever way it is named."""
    (package,) = select_packages(shelves, [name])
    bundled = [folder.resolve() for folder in shelves.bundled]
    folder = package.folder.resolve()
    return replace(package, origin=Origin.BUNDLED) if folder in bundled or folder.parent in bundled else package


def _locked(package: Package, downloads: Path, reporter: MapReporter) -> AbstractContextManager[None]:
    path = lock_of_pull(downloads, package.name)
    return holding(path, lambda: reporter.note(f"waiting: another process is at work on {package.name}"))


def read_texts(texts: list[str], manifest: Manifest) -> dict[str, list[str]]:
    """Lines of each source language, each once, none empty.

    Raises:
        PackageError: a file cannot be read or is no UTF-8, a language is none of the package's, or one has no file.
    """
    languages = list(dict.fromkeys(pair.source for pair in manifest.pairs))
    paths: dict[str, list[Path]] = {language: [] for language in languages}
    for text in texts:
        language, equals, path = text.partition("=")
        if not equals or "/" in language:
            if len(languages) > 1:
                raise PackageError(
                    f"{manifest.name} translates from {' and '.join(languages)}: say what is in {text}, as in"
                    f" --texts {languages[0]}={text}"
                )
            language, path = languages[0], text
        if language not in paths:
            raise PackageError(f"--texts {text}: {manifest.name} translates from {' and '.join(languages)} only")
        paths[language].append(Path(path).expanduser())
    if missing := [language for language, own in paths.items() if not own]:
        raise PackageError(
            f"there are no texts in {' and '.join(missing)}: a direction without any could write next to nothing, so"
            f" give --texts {missing[0]}=FILE"
        )
    return {
        language: list(dict.fromkeys(line for path in own for line in _lines(path))) for language, own in paths.items()
    }


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > _MOST_TEXT_BYTES:
            raise PackageError(f"{path}: over {_MOST_TEXT_BYTES:,} bytes; some ten thousand lines are enough")
        data = path.read_bytes()
    except OSError as error:
        raise PackageError(f"{path}: {error.strerror or error}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PackageError(f"{path}: no UTF-8 at byte {error.start:,}") from error
    return [line for line in map(str.strip, text.split("\n")) if line]


def summary(figures: MapFigures) -> str:
    """What was measured, in a line."""
    return (
        f"{figures.scored:.0%} of the vocabulary scored, {figures.time:.2f} of the processor time,"
        f" {figures.outside:.2%} of pieces left out, chrF {figures.chrf:.1f} against translations without it"
        f" ({figures.held_out_lines:,} sentences kept aside; made from {figures.lines:,})"
    )
