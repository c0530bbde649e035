"""Rows out of the pages of a damaged SQLite file, for those to which no way through its tables leads any more.

Of a table all rows lie in leaf pages; above them stand only ways to them. Where such a page is damaged SQLite finds
nothing of what lies below it (https://www.sqlite.org/fileformat2.html, 1.6 and 2.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["rows_of_leaves"]

_LEAF_OF_TABLE = 0x0D
_HEADER_BYTES = 8
_FIRST_TEXT, _FIRST_BLOB = 13, 12

Value = str | bytes | None


def rows_of_leaves(path: Path) -> Iterator[tuple[int, tuple[Value, ...]]]:
    """Number and values of every row of texts and blobs in a leaf page; also rows that are out of use, or no rows."""
    with path.open("rb") as file:
        said = int.from_bytes(file.read(18)[16:], "big")
        size = 65_536 if said == 1 else said
        pages = path.stat().st_size // size
        for number in range(2, pages + 1):
            page = _page(file, number, size)
            if page[0] != _LEAF_OF_TABLE:
                continue
            for cell in range(int.from_bytes(page[3:5], "big")):
                at = _HEADER_BYTES + 2 * cell
                try:
                    yield _row(file, page, int.from_bytes(page[at : at + 2], "big"), pages)
                except (IndexError, ValueError):
                    continue


def _page(file: BinaryIO, number: int, size: int) -> bytes:
    file.seek((number - 1) * size)
    return file.read(size)


def _row(file: BinaryIO, page: bytes, at: int, pages: int) -> tuple[int, tuple[Value, ...]]:
    """The row whose cell begins at `at`.

    Raises:
        IndexError, ValueError: it is none.
    """
    length, at = _number(page, at)
    row, at = _number(page, at)
    size = len(page)
    local = length
    if length > size - 35:
        # What does not fit begins a chain of pages; how much of it stays here: 1.6.
        least = (size - 12) * 32 // 255 - 23
        local = least + (length - least) % (size - 4)
        local = local if local <= size - 35 else least
    content = page[at : at + local]
    following = int.from_bytes(page[at + local : at + local + 4], "big")
    chain = [content]
    missing = length - len(content)
    while missing > 0:
        if not 2 <= following <= pages or len(chain) > pages:
            raise ValueError("the chain leads nowhere")
        more = _page(file, following, size)
        following = int.from_bytes(more[:4], "big")
        chain.append(more[4 : 4 + missing])
        missing -= len(chain[-1])
    return row, tuple(_values(b"".join(chain)))


def _values(content: bytes) -> Iterator[Value]:
    end, at = _number(content, 0)
    start = end
    while at < end:
        kind, at = _number(content, at)
        if kind == 0:
            yield None
            continue
        if kind < _FIRST_BLOB:
            raise ValueError("a number, which no row here holds")
        is_text = kind % 2 == 1
        length = (kind - (_FIRST_TEXT if is_text else _FIRST_BLOB)) // 2
        value = content[start : start + length]
        start += length
        yield value.decode() if is_text else value


def _number(content: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    value = 0
    for place in range(at, at + 8):
        byte = content[place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + 1
    return value << 8 | content[at + 8], at + 9
