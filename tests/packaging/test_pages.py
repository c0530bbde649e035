"""What the pages point at is there: links, headings, files, settings."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest
from khulasa.server.config import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(part.startswith(".") or part == "node_modules" for part in path.relative_to(ROOT).parts)
)
MODULES = {
    path.name
    for folder in ("client", "server", "training", "benchmarks", "tools", "tests", "proto", "deploy")
    for ending in ("py", "yaml")
    for path in (ROOT / folder).rglob(f"*.{ending}")
}
# Read by the client and its command, which have no settings of the server.
OF_THE_CLIENT = {"KHULASA_SERVER", "KHULASA_TOKEN", "KHULASA_TLS"}
# `KHULASA_CONFIG` names the file of the others; `KHULASA_PROTOS` is the example's in Node.js.
OF_NO_SETTING = {"KHULASA_CONFIG", "KHULASA_PROTOS"}
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)+\.(?:py|pyi|md|yaml|yml|json|toml|txt|sh|proto|html|tsv|svg|png)")
# Folders whose names a page may leave out.
_ROOMS = ("server", "server/core", "server/core/text", "server/core/translation")
_BASES = ("", "client/khulasa", *(f"server/khulasa/{room}" for room in _ROOMS))
# Written when something runs or lies with its reader, not in the repository.
_MADE_LATER = re.compile(r"^(?:\.build|\.venv|training/data|models?/(?:model|metadata)|summaries|packages|pages)/")


def without_code(page: str) -> str:
    """The page without blocks of code, fenced or indented, and without code in its lines."""
    kept, fenced = [], False
    for line in page.split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            kept.append(re.sub(r"`[^`]*`", "", line))
    return "\n".join(kept)


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    found: set[str] = set()
    fenced = False
    for line in page.split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        if fenced or not re.match(r"#{1,6} ", line):
            continue
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line.lstrip("#").strip())
        base = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        name, number = base, 0
        while name in found:
            number += 1
            name = f"{base}-{number}"
        found.add(name)
    return found


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_pages_are_found() -> None:
    names = set(map(name_of, PAGES))
    assert {"README.md", "CHANGELOG.md", "docs/api.md", "models/khulasa-base/MODEL_CARD.md"} <= names


def test_anchors_are_those_of_the_headings() -> None:
    page = "# A page\n\n## What *is*, `code`\n\n```\n# no heading\n```\n\n## [Links](x.md) & more\n\n## What is, code\n"
    assert anchors(page) == {"a-page", "what-is-code", "links--more", "what-is-code-1"}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    wrong = []
    for link in _LINK.findall(without_code(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.is_relative_to(ROOT) or not target.exists():
            wrong.append(f"{link}: no such file")
        elif anchor and anchor not in anchors(target.read_text("utf-8")):
            wrong.append(f"{link}: no such heading")
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_row_of_a_table_has_the_cells_of_its_head(page: Path) -> None:
    """What is too much is not shown, without a word."""
    wrong, cells, fenced = [], 0, False
    for number, line in enumerate(page.read_text("utf-8").split("\n"), 1):
        fenced ^= line.startswith("```")
        if fenced or not line.startswith("|"):
            cells = 0
            continue
        found = line.replace("\\|", "").count("|")
        cells = cells or found
        if found != cells:
            wrong.append(number)
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    bases = [page.parent, *(ROOT / base for base in _BASES)]
    wrong = []
    for code in re.findall(r"`([^`\n]+)`", page.read_text("utf-8")):
        for path in _PATH.findall(code):
            outside = code[: code.index(path)].endswith(("/", "~", ".")) or "://" in code
            if outside or _MADE_LATER.match(path) or path.startswith("../"):
                continue
            if not any((base / path).exists() for base in bases):
                wrong.append(path)
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_module_that_is_named_without_its_folder_is_there(page: Path) -> None:
    named = re.findall(r"`(\w+\.(?:py|yaml))`", page.read_text("utf-8"))
    assert [name for name in named if name not in MODULES] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_setting_that_is_named_is_one(page: Path) -> None:
    known = {f"KHULASA_{name.upper()}" for name in Settings.model_fields} | OF_THE_CLIENT | OF_NO_SETTING
    assert set(re.findall(r"\bKHULASA_[A-Z0-9_]*[A-Z0-9]\b", page.read_text("utf-8"))) <= known


def test_every_page_of_the_documentation_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = (link.partition("#")[0] for link in _LINK.findall(without_code(page.read_text("utf-8"))))
        todo += [(page.parent / link).resolve() for link in links if link and not re.match(r"[a-z]+:", link)]
    assert set(chain((ROOT / "docs").rglob("*.md"))) <= seen
