"""The Grafana dashboard asks for metrics and labels that the server has, all of them, and for nothing else."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import pytest
from khulasa.server.api.calls import Call
from khulasa.server.api.ports import ModelDescription, ModelKind
from khulasa.server.core.errors import OverloadedError
from khulasa.server.core.translation.cache import CacheStats
from khulasa.server.core.translation.scheduling.scheduler import BatchReport, SchedulerStats
from khulasa.server.core.translation.types import QualityFlag, StageTimings
from khulasa.server.observability import Observability

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "deploy/grafana/khulasa.json"
METHOD = "/khulasa.v1.SummaryService/Summarize"
# Prometheus itself adds these to whatever it scrapes.
TARGET_LABELS = {"instance", "job"}
# The server, its operator and its models write these; callers write none of them.
BOUNDED = {"bound", "code", "flag", "kind", "le", "method", "model", "name", "priority", "reason", "result", "revision"}
BOUNDED |= {"stage", "version"} | TARGET_LABELS
FUNCTIONS = {"sum", "min", "count", "rate", "increase", "histogram_quantile", "by"}
NAME = re.compile(r"[a-z_][a-z0-9_]*")


@cache
def exposed() -> dict[str, set[str]]:
    """Labels of every sample that a server shows after a call of each kind, by the sample's name."""
    observability = Observability()
    with observability.in_flight(METHOD):
        observability.finished(Call(METHOD, "r"), grpc.StatusCode.OK, None)
    observability.finished(Call(METHOD, "r"), grpc.StatusCode.RESOURCE_EXHAUSTED, OverloadedError("no", 1))
    observability.answered(METHOD, StageTimings(1, 2, 3), [QualityFlag.EMPTY], "m")
    observability.watch_certificates(lambda: 1.0, lambda: False)
    observability.serving([ModelDescription("m", "1", "a" * 64, ModelKind.TRANSLATION)])
    queue = {field.name: 0 for field in dataclasses.fields(SchedulerStats)} | {"rejections": {"tokens": 1}}
    cached = {field.name: 0 for field in dataclasses.fields(CacheStats)}
    observability.decoder.watch(lambda: SchedulerStats(**queue), lambda: CacheStats(**cached))
    observability.decoder.batch(BatchReport(segments=4, tokens=90, fill=0.9, seconds=0.2, failed=False))
    labels: dict[str, set[str]] = {}
    for family in observability.registry.collect():
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    return labels


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


def metrics_and_labels(expression: str) -> tuple[set[str], set[str], set[str]]:
    """Names of metrics, labels that are matched, labels that are grouped by."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    matched = {NAME.match(part.strip())[0] for inside in re.findall(r"\{(.*?)\}", bare) for part in inside.split(",")}
    bare = re.sub(r"\{.*?\}|\[.*?\]", "", bare)
    grouped = {name for inside in re.findall(r"\bby \((.*?)\)", bare) for name in NAME.findall(inside)}
    bare = re.sub(r"\bby \(.*?\)", "", bare)
    return set(NAME.findall(bare)) - FUNCTIONS, matched, grouped


def faults(expression: str, legend: str = "") -> list[str]:
    metrics, matched, grouped = metrics_and_labels(expression)
    found = [f"no metric {name}" for name in sorted(metrics - set(exposed()))]
    for metric in metrics & set(exposed()):
        unknown = (matched | grouped) - exposed()[metric] - TARGET_LABELS
        found += [f"{metric} has no label {label}" for label in sorted(unknown)]
    shown = set(re.findall(r"\{\{(\w+)\}\}", legend))
    return found + [f"the legend's {label} is not grouped by" for label in sorted(shown - grouped)]


@pytest.mark.parametrize(("title", "expression", "legend"), expressions())
def test_every_query_asks_for_what_the_server_shows(title: str, expression: str, legend: str) -> None:
    assert metrics_and_labels(expression)[0], expression
    assert not faults(expression, legend), title


def test_no_label_is_written_by_callers() -> None:
    used = {label for _, expression, _ in expressions() for label in set.union(*metrics_and_labels(expression)[1:])}
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
    asked = {name for _, expression, _ in expressions() for name in metrics_and_labels(expression)[0]}
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
