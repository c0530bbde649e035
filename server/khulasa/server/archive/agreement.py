"""Whether the workers of a job would make the same rows: the same code, the same models, the same settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from khulasa.server.archive.errors import ArchiveError
from khulasa.server.archive.manifest import named_differences
from khulasa.server.archive.node import NodeReport

__all__ = ["Agreement"]


class Agreement:
    """Holds every worker to the first one, and all of them to this machine's libraries.

    Args:
        libraries: Versions here.
        say: Writes a line for people.
    """

    def __init__(self, libraries: dict[str, str | None], say: Callable[[str], None]) -> None:
        self._libraries, self._say = libraries, say
        self._first: NodeReport | None = None
        self._processors: set[str] = set()

    def check(self, report: NodeReport) -> dict[str, Any] | None:
        """What all have in common, when this is the first worker; None for the others.

        Raises:
            ArchiveError: this one would make other rows.
        """
        if report.libraries != self._libraries:
            found = named_differences(self._libraries, report.libraries)
            raise ArchiveError(
                f"{report.node} has other versions than this machine: {_at(found, 'this machine', report.node)}"
            )
        first = self._first
        if first is not None and report.identity != first.identity:
            found = named_differences(first.identity, report.identity)
            raise ArchiveError(
                f"{report.node} would make other rows than {first.node}: {_at(found, first.node, report.node)}"
            )
        if report.processor not in self._processors:
            self._processors.add(report.processor)
            if len(self._processors) == 2:
                self._say(
                    f"{report.node} has another kind of processor ({report.processor}): scores may differ from machine"
                    " to machine in their last digits, and now and then a translation; docs/archives.md says what to do"
                )
        if first is not None:
            return None
        self._first = report
        for line in report.warnings:
            self._say(line)
        return report.identity


def _at(differences: str, one: str, other: str) -> str:
    """Both machines are there at the same time, so neither value is an earlier one: each is named by its place."""
    return differences.replace("(was ", f"({one}: ").replace(", is ", f", {other}: ")
