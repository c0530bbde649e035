"""Pages written to disk: one file, or a folder with an index."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from khulasa.client.command.arguments import ArgumentError
from khulasa.client.command.plain import PREVIEW_NOTE
from khulasa.client.page.build import IndexEntry, article_page, index_page
from khulasa.client.results import Summary

__all__ = ["PageFolder", "page_of", "spare_articles", "write_page"]


def _note(summary: Summary, previews: frozenset[str]) -> str:
    return f"Model {summary.model.name} {PREVIEW_NOTE}." if summary.model.name in previews else ""


def spare_articles(out: Path, articles: Sequence[Path]) -> None:
    """Refuse to write pages over the articles that they are made from.

    Args:
        out: What `--html` names: a page, or the folder of several.
        articles: Files that are read.

    Raises:
        ArgumentError: an article stands where a page would.
    """
    page = out.resolve()
    for article in articles:
        read = article.resolve()
        if read == page or (read.parent == page and read.suffix.lower() == ".html"):
            raise ArgumentError(f"--html {out}: a page would overwrite the article {article}; name another place")


def page_of(name: str, text: str, summary: Summary, previews: frozenset[str], language: str = "") -> str:
    """A page that stands alone."""
    return article_page(name, text, summary, language=language, note=_note(summary, previews))


def write_page(path: Path, page: str) -> None:
    """Write a page whole or not at all: the half that a full disk leaves would pass for a shorter one.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        try:
            file.write(page)
            file.flush()
        except OSError:
            # Not a device or a pipe.
            if path.is_file():
                path.unlink()
            raise


class PageFolder:
    """A folder of pages with `index.html`.

    Args:
        folder: Made when the first page is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries: list[IndexEntry] = []
        self._note = ""
        self._used: set[str] = {"index"}

    def __len__(self) -> int:
        """Articles that the index tells of, in the order of the command line."""
        return len(self._entries)

    @property
    def has_pages(self) -> bool:
        """Whether any article's page was written."""
        return any(entry.address for entry in self._entries)

    def leave_out(self, name: str, problem: str) -> None:
        """Say in the index why an article has no page."""
        self._entries.append(IndexEntry("", name, problem))

    def add(self, name: str, text: str, summary: Summary, previews: frozenset[str], language: str = "") -> None:
        """Write one article's page.

        Raises:
            OSError: it cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        address = self._address(name)
        note = _note(summary, previews)
        self._note = self._note or note
        page = article_page(name, text, summary, language=language, note=note, index="index.html")
        write_page(self._folder / address, page)
        self._entries.append(IndexEntry(address, name, summary))

    def finish(self) -> Path:
        """Write the index; its path.

        Raises:
            OSError: it cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / "index.html"
        write_page(path, index_page(self._entries, note=self._note))
        return path

    def _address(self, name: str) -> str:
        """A file name that any file system and any URL takes, and no two articles share."""
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(name).stem).strip("-.")[:80] or "article"
        address, number = stem, 1
        while address.lower() in self._used:
            number += 1
            address = f"{stem}-{number}"
        self._used.add(address.lower())
        return f"{address}.html"
