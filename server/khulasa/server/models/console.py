"""What `khulasa-server models` prints: tables and progress bars."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from khulasa.server.models.catalog import catalog, stronger_than_preview
from khulasa.server.models.download import Progress
from khulasa.server.models.installation import Unfinished
from khulasa.server.models.manifest import PackageKind, Quality
from khulasa.server.models.registry import Package
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars
from rich.table import Table

__all__ = ["MapReport", "PullReport", "print_catalog", "print_packages"]

# A pipe has no width; lines that are read by programs are not to be broken.
_PIPE_WIDTH = 240
# A log is read later: it tells how fast a long download was, and that it was at work.
_LINE_EVERY_S = 30.0


class _Report:
    """Progress bars on standard error, notes as lines between them.

    Args:
        name: Of the package, in front of each bar.
        columns: What stands behind the bar.
    """

    def __init__(self, name: str, *columns: ProgressColumn) -> None:
        self._name = name
        console = _console(stderr=True)
        text = TextColumn("{task.description}", markup=False)
        self._bars = Bars(
            text, BarColumn(), *columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def note(self, text: str) -> None:
        """A line for people."""
        self._bars.console.print(text, markup=False, highlight=False)


class PullReport(_Report):
    """Progress bars of one pull; into a pipe or a log a line for each file now and then."""

    def __init__(self, name: str) -> None:
        super().__init__(name, DownloadColumn(binary_units=False), TransferSpeedColumn())

    def file(self, name: str) -> Progress:
        """A bar for one file."""
        if not self._bars.console.is_terminal:
            return self._lines(name)
        task: TaskID | None = None

        def progress(have: int, total: int | None) -> None:
            nonlocal task
            if task is None:
                task = self._bars.add_task(f"{self._name} {name}", total=total)
            self._bars.update(task, completed=have, total=total)

        return progress

    def _lines(self, name: str) -> Progress:
        said_at, before = time.monotonic(), 0

        def progress(have: int, total: int | None) -> None:
            nonlocal said_at, before
            now = time.monotonic()
            if have < before or not before:
                before = have
            if now - said_at >= _LINE_EVERY_S:
                whole = f" of {total / 1e6:,.1f}" if total is not None else ""
                rate = (have - before) / 1e3 / max(now - said_at, 1e-3)
                self.note(f"{self._name} {name}: {have / 1e6:,.1f}{whole} MB, {rate:,.0f} kB/s")
                said_at, before = now, have

        return progress


class MapReport(_Report):
    """Progress bars of the making of one map."""

    def __init__(self, name: str) -> None:
        super().__init__(name, MofNCompleteColumn())

    def steps(self, name: str, total: int) -> Callable[[int], None]:
        """A bar for work of that many steps."""
        task = self._bars.add_task(f"{self._name} {name}", total=total)
        return lambda done: self._bars.update(task, completed=done)


def print_packages(
    packages: Sequence[Package], serving: Sequence[Package], memory: Mapping[Path, int] | None = None
) -> None:
    """Those that are here, with the pairs that each answers for once a server starts or gets SIGHUP.

    Args:
        serving: Packages that a server would load, in the order in which it asks them.
        memory: Bytes that each one takes, by its folder, where that was asked for.
    """
    if not packages:
        _console().print("No package is here.")
        return
    answers = _answers(serving)
    asked = ["memory"] if memory is not None else []
    table = _table("here", "version", "pairs", "answers", "size", *asked, "where", "licence", "quality")
    for package in packages:
        manifest = package.manifest
        pairs = [
            pair.source if manifest.kind is PackageKind.SUMMARIZATION else f"{pair.source}-{pair.target}"
            for pair in manifest.pairs
        ] or list(manifest.languages)
        size = sum(entry.bytes for entry in manifest.files)
        name = manifest.name + (" (preview)" if manifest.preview else "")
        own = " ".join(pair for pair, folder in answers.items() if folder == package.folder) or "-"
        cells = [" ".join(pairs), own, f"{size / 1e6:,.0f} MB"]
        if memory is not None:
            cells.append(f"{memory[package.folder] / 1e6:,.0f} MB" if package.folder in memory else "-")
        cells += [package.origin.value, escape(manifest.licence), escape(_short(manifest.quality))]
        table.add_row(name, manifest.version, *cells)
    _console().print(table)
    previews = {package.folder for package in serving if package.manifest.preview}
    weak = [pair for pair, folder in answers.items() if folder in previews]
    if weak and (command := stronger_than_preview(weak)):
        _say(f"A preview answers {' '.join(weak)}; stronger: {command}")


def _answers(serving: Sequence[Package]) -> dict[str, Path]:
    """Folder of the package that answers for each pair: the first that translates it."""
    answers: dict[str, Path] = {}
    for package in serving:
        if package.manifest.kind is PackageKind.TRANSLATION:
            for pair in package.manifest.pairs:
                answers.setdefault(f"{pair.source}-{pair.target}", package.folder)
    return answers


def print_unfinished(works: Sequence[Unfinished]) -> None:
    """What pulls and maps left behind that were cut off, and those that another process is at."""
    for work in works:
        what = f"{work.name}: {work.bytes / 1e6:,.0f} MB in {work.folder}"
        if work.at_work:
            _say(f"at work on {what}")
        else:
            way_out = f"the same command goes on with it, `khulasa-server models remove {work.name}` ends it"
            _say(f"unfinished {what}; {way_out}")


def print_catalog(here: set[str]) -> None:
    """Those that can be pulled and are not here."""
    table = _table("to pull", "pairs", "download", "pinned", "licence", "quality", "needs")
    for entry in catalog().packages:
        if entry.name not in here:
            size = f"{entry.megabytes:,} MB" if entry.megabytes else "unknown"
            needs = escape("[convert]") if entry.convert.extra else ""
            licence, quality = escape(entry.licence), escape(_short(entry.quality))
            table.add_row(entry.name, " ".join(entry.pairs), size, entry.pinned_by or "no", licence, quality, needs)
    if table.row_count:
        console = _console()
        console.print()
        console.print(table)
        _say("[convert]: pip install 'khulasa-server[convert]' first.")
        _say(
            "Figures of different data sets are not to be compared. Weights of float16 take twice their size on a CPU."
        )


def _short(quality: Sequence[Quality]) -> str:
    """The first dataset's figures of each direction."""
    parts = []
    for source, target in dict.fromkeys((figure.source, figure.target) for figure in quality):
        own = [figure for figure in quality if (figure.source, figure.target) == (source, target)]
        figures = " ".join(f"{one.metric} {one.value:g}" for one in own if one.dataset == own[0].dataset)
        parts.append(f"{source}-{target} {figures} ({own[0].dataset})")
    return ", ".join(parts)


def _say(text: str) -> None:
    _console().print(text, markup=False, highlight=False, soft_wrap=True)


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=_PIPE_WIDTH)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading)
    return table
