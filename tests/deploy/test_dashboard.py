"""The Grafana dashboard asks for metrics and labels that the server has, all of them, and for nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from promql import read
from served_metrics import TARGET_LABELS, exposed

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "deploy/grafana/khulasa.json"
# The server, its operator and its models write these; callers write none of them.
BOUNDED = {"bound", "code", "flag", "kind", "le", "method", "model", "name", "priority", "reason", "result", "revision"}
BOUNDED |= {"stage", "version"} | TARGET_LABELS


@cache
def dashboard() -> Any:
    return json.loads(DASHBOARD.read_text("utf-8"))


def panels() -> Iterator[Any]:
    for panel in dashboard()["panels"]:
        yield panel
        yield from panel.get("panels", ())


def expressions() -> list[tuple[str, str, str]]:
    """Title, PromQL and legend of every target."""
    return [
        (panel["title"], target["expr"], target["legendFormat"])
        for panel in panels()
        for target in panel.get("targets", ())
    ]


def faults(expression: str, legend: str = "") -> list[str]:
    found = read(expression, exposed())
    shown = set(re.findall(r"\{\{(\w+)\}\}", legend))
    return found.faults + [f"the legend's {label} is not grouped by" for label in sorted(shown - found.grouped)]


@pytest.mark.parametrize(("title", "expression", "legend"), expressions())
def test_every_query_asks_for_what_the_server_shows(title: str, expression: str, legend: str) -> None:
    assert read(expression, exposed()).metrics, expression
    assert not faults(expression, legend), title


def test_no_label_is_written_by_callers() -> None:
    asked = [read(expression, exposed()) for _, expression, _ in expressions()]
    used = {label for one in asked for label in one.matched | one.grouped}
    assert {"method", "stage", "priority", "reason"} <= used <= BOUNDED


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("sum(rate(khulasa_request_total[5m]))", "no metric khulasa_request_total"),
        ("sum by (caller) (khulasa_queue_tokens)", "khulasa_queue_tokens has no label caller"),
        ('sum(khulasa_serving{request_id="r"})', "khulasa_serving has no label request_id"),
        ("khulasa_request_seconds", "no metric khulasa_request_seconds"),
    ],
)
def test_a_wrong_query_would_be_found(expression: str, fault: str) -> None:
    assert faults(expression) == [fault]


def test_the_variables_ask_for_what_the_server_shows() -> None:
    asked = [one["query"] for one in dashboard()["templating"]["list"] if one["type"] == "query"]
    assert [one["query"] for one in asked] == ["label_values(khulasa_serving, instance)"]
    assert "khulasa_serving" in exposed()
    names = {one["name"] for one in dashboard()["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z_]+)", DASHBOARD.read_text("utf-8"))) - {"__rate_interval", "__all"}
    assert used == names


def test_no_metric_of_the_server_is_left_out() -> None:
    asked = {name for _, expression, _ in expressions() for name in read(expression, exposed()).metrics}
    whole = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    served = {name for name in exposed() if name.startswith("khulasa_") and not name.endswith("_created")}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in served} == {
        name for name in whole if name.startswith("khulasa_")
    }


def test_the_manual_names_every_metric_and_no_other() -> None:
    table = (ROOT / "docs/operations.md").read_text("utf-8")
    served = {name for name in exposed() if name.startswith("khulasa_") and not name.endswith("_created")}
    missing = {name for name in served if f"`{re.sub(r'_(bucket|sum|count)$', '', name)}`" not in table}
    assert not missing
    pages = (*(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.yaml"))
    written = {name for page in pages for name in re.findall(r"\bkhulasa_[a-z_]+\b", page.read_text("utf-8"))}
    assert {"khulasa_queue_tokens", "khulasa_certificate_refused"} <= written
    assert not {name for name in written if name not in served and f"{name}_count" not in served}


def test_panels_are_told_apart_and_do_not_overlap() -> None:
    shown = list(panels())
    assert len({panel["id"] for panel in shown}) == len(shown)
    taken: set[tuple[int, int]] = set()
    for panel in shown:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
        letters = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(letters)) == len(letters)
