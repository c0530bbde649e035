"""`khulasa-server models`: list, verify and remove packages, pull and convert new ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from khulasa.server.config import Settings, load_settings
from khulasa.server.models.errors import PackageError
from khulasa.server.models.registry import Package, Shelves, bundled_folders, find_packages, select_packages
from khulasa.server.models.verification import faults_of
from rich.console import Console
from rich.table import Table

__all__ = ["models_app"]

models_app = typer.Typer(name="models", help="Model packages.", no_args_is_help=True)

_ConfigOption = Annotated[Path | None, typer.Option("--config", help="Settings file (TOML).")]


@models_app.command("list")
def list_models(config: _ConfigOption = None) -> None:
    """Show the packages that are here, in the order in which the server takes them."""
    packages = _found(_shelves(load_settings(config)))
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "version", "pairs", "size", "where", "licence"):
        table.add_column(heading)
    for package in packages:
        manifest = package.manifest
        size = sum(entry.bytes for entry in manifest.files)
        pairs = " ".join(f"{pair.source}-{pair.target}" for pair in manifest.pairs)
        table.add_row(manifest.name, manifest.version, pairs, f"{size / 1e6:,.0f} MB", package.origin, manifest.licence)
    Console().print(table)


@models_app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Names or paths; none: every package.")] = None,
    config: _ConfigOption = None,
) -> None:
    """Compare every file of packages with the manifest; exit status 1 when something differs."""
    shelves = _shelves(load_settings(config))
    good = True
    try:
        packages = select_packages(shelves, names) if names else find_packages(shelves)
    except PackageError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    for package in packages:
        faults = list(faults_of(package.folder, package.manifest))
        good = good and not faults
        typer.echo(f"{package.name} ({package.folder}): {'; '.join(faults) or 'good'}")
    raise typer.Exit(0 if good else 1)


def _shelves(settings: Settings) -> Shelves:
    return Shelves(settings.model_dirs, settings.download_dir, bundled_folders())


def _found(shelves: Shelves) -> list[Package]:
    try:
        return find_packages(shelves)
    except PackageError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
