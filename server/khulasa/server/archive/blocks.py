"""What a worker on another machine is given at a time: a few articles of one part, read when they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from khulasa.server.archive.reading import Line, PartPlan, Survey, lines_of
from khulasa.server.archive.writing import PartCounts, read_part

__all__ = ["Block", "BlockSize", "KeptPart", "blocks_to_do"]


@dataclass(frozen=True, slots=True)
class BlockSize:
    """Bounds of a block; one article is a block in any case.

    Attributes:
        articles: At most so many, >= 1.
        bytes: At most so many of the input together.
    """

    articles: int = 16
    bytes: int = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive articles of one part.

    Attributes:
        part: Where their rows belong.
        position: Of the first one among the part's articles, from 0.
        lines: The articles, at least one.
        losses: Workers that were lost while they had it.
    """

    part: PartPlan
    position: int
    lines: tuple[Line, ...]
    losses: int = 0

    def lost_once_more(self) -> Block:
        """The same block after a further worker was lost with it."""
        return replace(self, losses=self.losses + 1)

    def single(self) -> list[Block]:
        """Each of its articles as a block of its own."""
        return [replace(self, position=self.position + n, lines=(line,)) for n, line in enumerate(self.lines)]


@dataclass(frozen=True, slots=True)
class KeptPart:
    """A part of an earlier run that stays."""

    part: PartPlan
    counts: PartCounts


def blocks_to_do(
    out: Path, file: BinaryIO, found: Survey, max_line_bytes: int, size: BlockSize
) -> Iterator[Block | KeptPart]:
    """The archive in order: the blocks of each part that is to be made, and each part that is not.

    No more than one block is in memory, and the file is read only where there is something to do.

    Args:
        out: The folder, claimed for this job.
    """
    for part in found.parts:
        counts = read_part(out, part)
        if counts is not None:
            yield KeptPart(part, counts)
            continue
        held: list[Line] = []
        held_bytes = position = 0
        for done, line in enumerate(lines_of(file, part, max_line_bytes)):
            line_bytes = len(line.content or b"")
            if held and (len(held) == size.articles or held_bytes + line_bytes > size.bytes):
                yield Block(part, position, tuple(held))
                held, held_bytes, position = [], 0, done
            held.append(line)
            held_bytes += line_bytes
        yield Block(part, position, tuple(held))
