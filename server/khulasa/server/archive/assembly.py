"""Rows of blocks become parts: in the order of the input, whatever the order in which the blocks are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from khulasa.server.archive.blocks import Block
from khulasa.server.archive.errors import ArchiveError
from khulasa.server.archive.writing import PartWriter

__all__ = ["PartAssembly"]

Row = dict[str, Any]


@dataclass(slots=True)
class _OpenPart:
    """A part that lacks rows; those that came before their turn wait, by the position of their block."""

    writer: PartWriter
    written: int = 0
    waiting: dict[int, Sequence[Row]] = field(default_factory=dict)


class PartAssembly:
    """Holds the parts that are being written. Only this process writes: two workers cannot disagree over a file.

    Args:
        out: The folder, claimed for this job.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._open: dict[int, _OpenPart] = {}

    def add(self, block: Block, rows: Sequence[Row]) -> PartWriter | None:
        """Takes the rows of a block, once each. The part's writer when it is full: then the caller finishes it.

        Raises:
            ArchiveError: they are not the rows of its lines.
            OSError: they cannot be written.
        """
        wanted = [line.number for line in block.lines]
        if [row.get("line") for row in rows] != wanted:
            raise ArchiveError(f"a worker answered lines {wanted[0]} to {wanted[-1]} with rows of other lines")
        index = block.part.index
        part = self._open.get(index)
        if part is None:
            part = self._open[index] = _OpenPart(PartWriter(self._out, block.part))
        part.waiting[block.position] = rows
        while (next_rows := part.waiting.pop(part.written, None)) is not None:
            for row in next_rows:
                part.writer.write(row)
            part.written += len(next_rows)
        if not part.writer.full:
            return None
        del self._open[index]
        return part.writer

    def abandon(self) -> None:
        """Takes away what was written of parts that are not full."""
        for part in self._open.values():
            part.writer.abandon()
        self._open.clear()
