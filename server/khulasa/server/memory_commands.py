"""`khulasa-server memory`: approved pairs from TMX files into the translation memory, and out again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from khulasa.server.config import load_settings
from khulasa.server.core.translation.memory.store import (
    MemoryPair,
    TranslationMemory,
    TranslationMemoryError,
    salvaged_pairs,
)
from khulasa.server.core.translation.memory.tmx import ImportReport, TmxError, read_tmx, write_tmx
from khulasa.server.settings_errors import SettingsError

__all__ = ["memory_app"]

memory_app = typer.Typer(name="memory", help="Translation memory: approved pairs.", no_args_is_help=True)

_MemoryOption = Annotated[
    Path | None, typer.Option("--memory", help="The memory's file. Default: the setting memory_path.")
]
_ConfigOption = Annotated[Path | None, typer.Option("--config", help="Settings file (TOML).")]


@memory_app.command("import")
def import_pairs(
    files: Annotated[list[Path], typer.Argument(help="TMX files of approved translations.")],
    both_directions: Annotated[
        bool, typer.Option("--both-directions", help="Take each pair as approved the other way round as well.")
    ] = False,
    memory: _MemoryOption = None,
    config: _ConfigOption = None,
) -> None:
    """Store the pairs of TMX files; a running server uses them at once.

    Each file is stored as a whole or not at all, and is on the disk when its line is printed. A pair whose source is
    there already replaces it.
    """
    path = _path(memory, config)
    with _failing_clearly(), TranslationMemory(path, create=True) as opened:
        for file in files:
            report = ImportReport()
            try:
                with file.open("rb") as source:
                    counts = opened.store(read_tmx(source, report, both_directions=both_directions))
            except (OSError, TmxError) as error:
                typer.echo(f"{file}: {error}; nothing of this file was stored", err=True)
                raise typer.Exit(1) from error
            typer.echo(
                f"{file}: {report.units:,} units read; {counts.new:,} pairs new, {counts.replaced:,} replaced,"
                f" {counts.unchanged:,} there already"
            )
            for reason, count in report.left_out.most_common():
                typer.echo(f"{file}: left out {count:,} times: {reason}")


@memory_app.command("export")
def export_pairs(
    output: Annotated[Path, typer.Argument(help="TMX file to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Of a damaged memory, write what can be read; exit status 1 if not all.")
    ] = False,
    memory: _MemoryOption = None,
    config: _ConfigOption = None,
) -> None:
    """Write every pair to a TMX file. The file appears when it is complete."""
    path = _path(memory, config)
    if output.exists() and not overwrite:
        typer.echo(f"{output} is there already; --overwrite replaces it", err=True)
        raise typer.Exit(1)
    damaged: list[str] = []
    with _failing_clearly():
        if salvage:
            count = _write(output, salvaged_pairs(path, damaged.append))
        else:
            with TranslationMemory(path) as opened:
                count = _write(output, opened.pairs())
    typer.echo(f"{output}: {count:,} pairs")
    for fault in damaged:
        typer.echo(f"could not be read: {fault}", err=True)
    raise typer.Exit(1 if damaged else 0)


@memory_app.command("stats")
def show_stats(memory: _MemoryOption = None, config: _ConfigOption = None) -> None:
    """Count the pairs and read every one of them; exit status 1 if anything is damaged."""
    path = _path(memory, config)
    with _failing_clearly(), TranslationMemory(path) as opened:
        stats = opened.stats()
    typer.echo(f"{path}: {sum(stats.pairs.values()):,} pairs, {stats.size_bytes / 1e6:,.1f} MB")
    for pair, count in sorted(stats.pairs.items(), key=lambda item: -item[1]):
        typer.echo(f"{pair.source}-{pair.target}: {count:,}")
    if stats.last_changed_at is not None:
        typer.echo(f"last changed: {stats.last_changed_at:%Y-%m-%d %H:%M:%S} UTC")
    for fault in stats.faults:
        typer.echo(f"damaged: {fault}", err=True)
    raise typer.Exit(1 if stats.faults else 0)


def _path(memory: Path | None, config: Path | None) -> Path:
    try:
        path = memory or load_settings(config).memory_path
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if path is None:
        typer.echo("which memory? Give --memory, or set memory_path (KHULASA_MEMORY_PATH)", err=True)
        raise typer.Exit(2)
    return path


def _write(output: Path, pairs: Iterable[MemoryPair]) -> int:
    """Writes beside the file and puts it in place when it is on the disk."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.absolute().parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(output)) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            count = write_tmx(file, pairs, version("khulasa-server"))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(output)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            # A full disk says no place of its own.
            raise OSError(error.errno, error.strerror, str(output)) from error
        raise
    return count


@contextmanager
def _failing_clearly() -> Iterator[None]:
    """One line and exit status 1 in place of a traceback."""
    try:
        yield
    except (TranslationMemoryError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
