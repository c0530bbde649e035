"""Tables of the pages hold what the code has: reasons, flags, errors, exit codes, fields, options."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import khulasa.client
import pytest
import typer
from khulasa.client import Client, KhulasaError, RetryPolicy, errors
from khulasa.client.command.exits import EXIT_CODES
from khulasa.client.results import Result
from khulasa.server.archive.command import archive_command
from khulasa.server.models.manifest import Manifest
from khulasa.v1 import common_pb2, model_pb2, summary_pb2, translation_pb2

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
    told = {cell.strip("`") for cell in first_column(page("docs/quality-flags.md"), "## Flags")}
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
    rows = first_column(text, "### What comes back")
    cells = first_column(text, "### What comes back", 1)
    for result, fields in zip(rows, cells, strict=True):
        (name, *_) = re.findall(r"`(\w+)`", result)
        told = [
            field for one in re.findall(r"`(\w+)`", fields) for field in (fields_of(one) if one[0].isupper() else [one])
        ]
        assert told == fields_of(name), name


def fields_of(name: str) -> list[str]:
    return [one.name for one in dataclasses.fields(getattr(khulasa.client, name))]


def test_other_results_have_the_fields_of_the_api() -> None:
    text = page("docs/client.md")
    listed = {name for row in first_column(text, "### What comes back") for name in re.findall(r"`([A-Z]\w+)`", row)}
    assert "`Summary.title` has `source_text`, `target_text` and `flags`" in text
    messages = {**vars(common_pb2), **vars(summary_pb2), **vars(model_pb2), **vars(translation_pb2)}
    others = {one.__name__ for one in Result.__subclasses__()} - listed
    assert {"Timings", "ArticleStatistics", "ModelInfo", "Span"} <= others
    for name in others:
        told = [re.sub("_code$", "", field.name) for field in messages[name].DESCRIPTOR.fields]
        assert fields_of(name) == told, name


def test_what_an_article_and_the_options_hold_is_told() -> None:
    text = " ".join(page("docs/client.md").split())
    for name in ("Article", "TranslationOptions"):
        told = re.search(rf"`{name}` has (.*?)(?:;| besides)", text)
        assert told, name
        in_front = re.search(r"in front of it, (.*?);", text)
        assert in_front
        more = re.findall(r"`(\w+)`", in_front[1]) if name == "TranslationOptions" else []
        assert {*re.findall(r"`(\w+)`", told[1]), *more} == set(fields_of(name))
    shown = re.search(r"`retry=RetryPolicy\((.*?)\)`", text)
    assert shown
    assert {name: float(value) for name, value in re.findall(r"(\w+)=([\d.]+)", shown[1])} == dataclasses.asdict(
        RetryPolicy()
    )


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
