"""`khulasa-server models`: list, pull, convert, map, verify and remove packages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from khulasa.server.models.convert.command import convert_command
from khulasa.server.models.errors import PackageError

if TYPE_CHECKING:
    from khulasa.server.config import Settings
    from khulasa.server.models.catalog import CatalogEntry
    from khulasa.server.models.registry import Package, Shelves

__all__ = ["models_app"]

models_app = typer.Typer(
    name="models", help="List, pull, convert, map, verify and remove packages.", no_args_is_help=True
)

_ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML). Default: KHULASA_CONFIG, or khulasa.toml here.")
]


@models_app.command("list")
def list_models(
    context: typer.Context,
    memory: Annotated[
        bool, typer.Option("--memory", help="Load each one as the server would, and show the memory that it takes.")
    ] = False,
    config: _ConfigOption = None,
    available: Annotated[bool, typer.Option(help="Show those to pull as well.")] = True,
) -> None:
    """Show the packages that are here, in the order in which the server takes them, and those that can be pulled."""
    from khulasa.server.models.console import print_catalog, print_packages, print_unfinished
    from khulasa.server.models.installation import unfinished
    from khulasa.server.models.registry import select_packages

    faults: list[PackageError] = []
    with _errors():
        settings, shelves = _settings(config)
        packages = select_packages(shelves, (), faults.append)
        try:
            serving = select_packages(shelves, settings.models, faults.append, setting="models")
        except PackageError as error:
            # A start would fail.
            faults.append(error)
            serving = []
    print_packages(packages, serving, _memory_of(packages, context.obj, config, faults) if memory else None)
    print_unfinished(unfinished(shelves.downloads))
    if available:
        print_catalog({package.name for package in packages})
    for text in dict.fromkeys(map(str, faults)):
        typer.echo(f"cannot be used: {text}", err=True)
    if faults:
        raise typer.Exit(1)


def _memory_of(
    packages: Sequence[Package],
    measure: Callable[[Path, Path | None], int],
    config: Path | None,
    faults: list[PackageError],
) -> dict[Path, int]:
    """Bytes that each package takes, by its folder; what cannot be loaded becomes a fault."""
    from khulasa.server.models.manifest import PackageKind

    found: dict[Path, int] = {}
    for package in packages:
        if package.manifest.kind is not PackageKind.EMBEDDING:
            try:
                found[package.folder] = measure(package.folder, config)
            except PackageError as error:
                faults.append(error)
    return found


@models_app.command()
def pull(
    what: Annotated[
        list[str],
        typer.Argument(
            help="Names from `models list`, OWNER/REPOSITORY[@REVISION] of a hub, https addresses, or paths (./...)."
        ),
    ],
    name: Annotated[str, typer.Option(help="Name of the package, for one that the catalog does not know.")] = "",
    licence: Annotated[str, typer.Option(help="Its licence, where the source states none.")] = "",
    sha256: Annotated[str, typer.Option(help="SHA-256 that the file at an address must have.")] = "",
    kind: Annotated[
        str, typer.Option(help="Format to convert from, as for `models convert`. Default: found out.")
    ] = "",
    quantization: Annotated[str, typer.Option(help="Number format to convert to.")] = "",
    pair: Annotated[
        list[str] | None, typer.Option(help="ar-en for a direction to convert, where the source does not say.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Pull again what is there already.")] = False,
    config: _ConfigOption = None,
) -> None:
    """Fetch packages, convert them where needed, and put them where the server finds them.

    Interrupted, it goes on where it stopped when it is run again.
    """
    from khulasa.server.models.pull import entry_of

    if len(what) > 1 and (name or sha256):
        raise typer.BadParameter("--name and --sha256 belong to one package")
    with _errors():
        entries = [
            entry_of(
                one,
                name=name,
                licence=licence,
                sha256=sha256,
                kind=kind,
                quantization=quantization,
                pairs=pair or (),
            )
            for one in what
        ]
        downloads = _shelves(config).downloads
        for entry in entries:
            _pull_one(entry, downloads, force=force)
        typer.echo("A running server takes it up on SIGHUP.")
        _say_defaults(_shelves(config), {entry.name for entry in entries})


def _pull_one(entry: CatalogEntry, downloads: Path, *, force: bool) -> None:
    """Fetches one package, and says where it is."""
    from khulasa.server.models.console import PullReport
    from khulasa.server.models.pull import pull

    with PullReport(entry.name) as report:
        if not entry.commercial:
            report.note(f"{entry.name}: {entry.licence}, not for commercial use")
        done = pull(entry, downloads, report, force=force)
    manifest = done.package.manifest
    typer.echo(
        f"{manifest.name} {manifest.version} is {'there' if done.fresh else 'there already'}: {done.package.folder}"
    )


models_app.command("convert")(convert_command)


@models_app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Names or paths; none: every package.")] = None,
    run: Annotated[
        bool, typer.Option("--run", help="Run each model too: does it tell plain translations from others?")
    ] = False,
    config: _ConfigOption = None,
) -> None:
    """Compare every file of packages with the manifest; exit status 1 when something differs."""
    from khulasa.server.models.installation import reading
    from khulasa.server.models.registry import select_packages

    problems: list[PackageError] = []
    # Nothing is taken away meanwhile, which would look like damage.
    with _errors(), reading((shelves := _shelves(config)).downloads):
        packages = select_packages(shelves, names or (), None if names else problems.append)
        good = not problems
        for problem in problems:
            typer.echo(str(problem))
        for package in packages:
            faults = _faults(package, run=run)
            good = good and not faults
            typer.echo(f"{package.name} ({package.folder}): {'; '.join(faults) or 'good'}")
    raise typer.Exit(0 if good else 1)


def _faults(package: Package, *, run: bool) -> list[str]:
    """What is wrong with a package; it is run only where all its files are as they should be."""
    from khulasa.server.models.manifest import PackageKind
    from khulasa.server.models.verification import faults_of

    faults = list(faults_of(package.folder, package.manifest))
    if faults or not run or package.manifest.kind is PackageKind.EMBEDDING:
        return faults
    from khulasa.server.models.convert.trial import doubts_of

    try:
        return list(doubts_of(package.folder, package.manifest))
    except PackageError as error:
        return [str(error)]


@models_app.command("map")
def map_model(
    name: Annotated[str, typer.Argument(help="Name of the package, or its path.")],
    texts: Annotated[
        list[str] | None,
        typer.Option(
            help="UTF-8 text in a source language, one sentence a line: FILE, or ar=FILE where the package reads"
            " several languages; as often as needed."
        ),
    ] = None,
    lines: Annotated[int, typer.Option(help="Sentences of each direction, at most.", min=200)] = 20_000,
    frequent: Annotated[
        int,
        typer.Option(
            help="Pieces of a target language, the most frequent first, that are scored for every sentence into it:"
            " more lose less and save less.",
            min=1,
        ),
    ] = 6000,
    remove: Annotated[bool, typer.Option("--remove", help="Take the map out again.")] = False,
    config: _ConfigOption = None,
) -> None:
    """Make a package faster: find out which pieces of its vocabulary a translation may need, and score only those.

    The package translates the texts itself, which takes a while. Interrupted, it goes on where it stopped when it is
    run again. The map is put in only if it costs next to nothing on sentences kept aside.
    """
    from khulasa.server.models.console import MapReport
    from khulasa.server.models.mapping.command import map_package, summary, unmap_package

    if remove == bool(texts):
        raise typer.BadParameter("give --texts FILE, or --remove")
    with _errors(), MapReport(name) as report:
        if remove:
            package = unmap_package(name, _shelves(config), report)
            done = "its vocabulary map is gone"
        else:
            package, figures = map_package(
                name, texts or [], _shelves(config), report, most_lines=lines, frequent=frequent
            )
            done = summary(figures)
    typer.echo(f"{package.name}: {done}\n{package.folder}\nA running server takes it up on SIGHUP.")


@models_app.command()
def remove(
    names: Annotated[list[str], typer.Argument(help="Names of packages that were pulled.")],
    config: _ConfigOption = None,
) -> None:
    """Delete pulled packages. A server that has them loaded goes on until SIGHUP or its end."""
    from khulasa.server.models.installation import remove as remove_one

    with _errors():
        downloads = _shelves(config).downloads
        for name in names:
            freed = remove_one(downloads, name, partial(typer.echo, f"waiting: another process pulls {name}", err=True))
            typer.echo(f"{name} is gone, {freed / 1e6:,.0f} MB are free")


def _shelves(config: Path | None) -> Shelves:
    return _settings(config)[1]


def _settings(config: Path | None) -> tuple[Settings, Shelves]:
    from khulasa.server.config import load_settings
    from khulasa.server.models.registry import Shelves, bundled_folders

    try:
        settings = load_settings(config)
    except (OSError, ValueError) as error:
        typer.echo(f"settings: {error}", err=True)
        raise typer.Exit(2) from error
    return settings, Shelves(settings.model_dirs, settings.download_dir.expanduser(), bundled_folders())


def _say_defaults(shelves: Shelves, pulled: set[str]) -> None:
    """Which pulled packages another one stands before: with several of a pair the settings should choose."""
    from khulasa.server.models.registry import select_packages

    first: dict[tuple[str, str], Package] = {}
    faults: list[PackageError] = []
    for package in select_packages(shelves, (), faults.append):
        for pair in package.manifest.pairs:
            first.setdefault((pair.source, pair.target), package)
            default = first[pair.source, pair.target]
            if package.name in pulled and default is not package:
                typer.echo(
                    f"{pair.source}-{pair.target} stays with {default.name} unless the settings name"
                    f" {package.name} first, as in KHULASA_MODELS={package.name},{default.name}"
                )


@contextmanager
def _errors() -> Iterator[None]:
    """Errors as one line and exit status 1."""
    try:
        yield
    except PackageError as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        # A full disk, a folder of somebody else's.
        typer.echo(f"{error.filename}: {error.strerror}" if error.filename else f"{error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        sys.stderr.write("stopped; run it again to go on\n")
        raise typer.Exit(130) from None
