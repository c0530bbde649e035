"""Tables of the pages hold what the code has: reasons, flags, errors, exit codes, fields, options."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import khulasa.client
import pytest
import typer
from khulasa.client import Client, KhulasaError, errors
from khulasa.client.command.exits import EXIT_CODES
from khulasa.server.archive.command import archive_command
from khulasa.server.models.manifest import Manifest
from khulasa.v1 import common_pb2

ROOT = Path(__file__).resolve().parents[2]


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def first_column(text: str, heading: str, column: int = 0) -> list[str]:
    """The cells of a column of the first table below a heading, without the table's head."""
    below = text[text.index(f"\n{heading}\n") :]
    rows = re.search(r"^\|.*\|\n\|[-| :]+\|\n((?:\|.*\|\n)+)", below, re.M)
    assert rows
    return [line.strip("|").split("|")[column].strip() for line in rows[1].splitlines()]


def names(enum: Any, prefix: str) -> set[str]:
    return {name.removeprefix(prefix) for name in enum.keys() if not name.endswith("_UNSPECIFIED")}  # noqa: SIM118


def test_every_reason_of_an_error_is_told() -> None:
    told = set(first_column(page("docs/operations.md"), "## Errors", 1))
    assert told - {"(none)"} == names(common_pb2.ErrorReason, "ERROR_REASON_")


def test_every_flag_is_told() -> None:
    told = {cell.strip("`") for cell in first_column(page("docs/quality-translation.md"), "## Flags")}
    # Of written summaries only, and so on the page of those.
    assert "`UNSUPPORTED`" in page("docs/quality-selection.md")
    assert told | {"UNSUPPORTED"} == names(common_pb2.QualityFlag, "QUALITY_FLAG_")


def test_the_tree_of_errors_is_that_of_the_client() -> None:
    text = page("docs/client.md")
    drawn: dict[str, str] = {}
    path: list[str] = []
    for line in re.search(r"```\n(KhulasaError\n.*?)```", text, re.S)[1].splitlines():  # type: ignore[index]
        name = re.search(r"\w+Error", line)
        assert name, line
        path[name.start() // 3 :] = [name[0]]
        if len(path) > 1:
            drawn[name[0]] = path[-2]
    classes = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, KhulasaError)]
    assert drawn == {one.__name__: one.__base__.__name__ for one in classes if one is not KhulasaError and one.__base__}


def test_every_method_of_the_client_is_told() -> None:
    cells = first_column(page("docs/client.md"), "## In ten lines")
    told = {name for cell in cells for name in re.findall(r"`(\w+)\(", cell)}
    assert told == {name for name in vars(Client) if not name.startswith("_")} - {"close"}


def test_every_field_of_a_result_is_told() -> None:
    text = page("docs/client.md")
    results = first_column(text, "### What comes back")
    cells = first_column(text, "### What comes back", 1)
    for result, fields in zip(results, cells, strict=True):
        (name, *_) = re.findall(r"`(\w+)`", result)
        told = re.findall(r"`(\w+)`", fields)
        assert told == [one.name for one in dataclasses.fields(getattr(khulasa.client, name))], name


def test_every_exit_code_of_the_command_is_told() -> None:
    told = first_column(page("docs/client.md"), "## The command")
    assert told == re.findall(r"^  (\d+)  ", EXIT_CODES, re.M)


def test_every_field_of_a_manifest_is_told() -> None:
    told = {cell.strip("`") for cell in first_column(page("docs/models.md"), "## The manifest")}
    assert told == set(Manifest.model_fields)


def test_every_option_of_an_archive_job_is_told() -> None:
    app = typer.Typer(add_completion=False)
    app.command()(archive_command)
    options = {name for one in typer.main.get_command(app).params for name in one.opts if name.startswith("--")}
    text = page("docs/archives.md")
    told = set(re.findall(r"--[a-z][a-z-]+", text))
    # `--no-deterministic` is told, the default is not an option that anybody gives.
    assert options - {"--deterministic", "--help"} <= told


@pytest.mark.parametrize("name", ["README.md", "docs/models.md"])
def test_names_of_the_catalog_are_in_it(name: str) -> None:
    catalog = page("server/khulasa/server/models/catalog.yaml")
    lines = re.findall(r"^    (?:\S*/)?khulasa-server models pull ((?:[a-z][a-z0-9-]+ ?)+)", page(name), re.M)
    assert lines
    for model in " ".join(lines).split():
        assert f"name: {model}\n" in catalog or f"{model}:\n" in catalog, model
