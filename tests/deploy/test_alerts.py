"""The alerts ask for what the server has, can fire, and lead to the runbook."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from promql import read
from served_metrics import exposed

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy/prometheus/alerts.yaml"
MANUAL = ROOT / "docs/operations.md"
RULE_KEYS = {"alert", "expr", "for", "labels", "annotations"}
DURATION = re.compile(r"\d+[smhdwy]")


@cache
def rules() -> list[Any]:
    content = yaml.safe_load(ALERTS.read_text("utf-8"))
    assert set(content) == {"groups"}
    assert all(set(group) == {"name", "rules"} for group in content["groups"])
    return [rule for group in content["groups"] for rule in group["rules"]]


def every_alert() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rule", [pytest.param(rule, id=rule["alert"]) for rule in rules()])


@every_alert()
def test_a_rule_has_the_shape_of_the_rule_file(rule: dict[str, Any]) -> None:
    assert {"alert", "expr", "labels", "annotations"} <= set(rule) <= RULE_KEYS
    assert re.fullmatch(r"Khulasa[A-Za-z]+", rule["alert"])
    assert DURATION.fullmatch(rule.get("for", "0s"))
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    assert all(isinstance(text, str) and text.strip() for text in rule["annotations"].values())


def test_names_are_told_apart() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) > 10


@every_alert()
def test_an_expression_asks_for_what_the_server_shows(rule: dict[str, Any]) -> None:
    asked = read(rule["expr"], exposed())
    assert not asked.faults
    assert asked.metrics
    # Metrics of any process are asked of ours alone.
    assert rule["expr"].count('job="khulasa"') == len(re.findall(r"\b(?:khulasa|process)_[a-z_]+|\bup\b", rule["expr"]))


@every_alert()
def test_texts_show_labels_that_the_alert_has(rule: dict[str, Any]) -> None:
    asked = read(rule["expr"], exposed())
    # What was aggregated away is empty in the text.
    has = asked.labels or set()
    shown = {name for text in rule["annotations"].values() for name in re.findall(r"\$labels\.(\w+)", text)}
    assert shown <= has


@every_alert()
def test_the_runbook_has_the_section(rule: dict[str, Any]) -> None:
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    titles = re.findall(r"^### (.*)$", (ROOT / page).read_text("utf-8").partition("\n## Runbook\n")[2], re.M)
    assert anchor in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_manual_explains_every_alert_and_no_other() -> None:
    section = MANUAL.read_text("utf-8").partition("\n## Alerts\n")[2].partition("\n## ")[0]
    told = re.findall(r"\bKhulasa[A-Z][A-Za-z]+", section)
    assert sorted(told) == sorted(rule["alert"] for rule in rules())


def test_the_queue_is_full_where_the_server_says() -> None:
    (rule,) = (rule for rule in rules() if rule["alert"] == "KhulasaQueueNearBound")
    assert read(rule["expr"], exposed()).metrics == {"khulasa_held_tokens", "khulasa_held_tokens_bound"}
    # No number of tokens: it would be that of one setting.
    assert re.findall(r"\d+", rule["expr"]) == ["0", "8"]


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("khulasa_servings == 0", "no metric khulasa_servings"),
        ("sum by (caller) (khulasa_queue_tokens) > 1", "khulasa_queue_tokens has no label caller"),
        ('khulasa_serving{reason="x"} == 0', "khulasa_serving has no label reason"),
        ("sum by (job) (khulasa_serving) / khulasa_serving", "sides of / never match, for one alone has ['instance']"),
        ("khulasa_serving / on (flag) khulasa_serving", "the left of / has no label flag"),
        (
            "khulasa_queue_tokens / on (instance, job) khulasa_serving > 1",
            "/ finds several on its left, told apart by ['priority']",
        ),
    ],
)
def test_what_could_never_fire_would_be_found(expression: str, fault: str) -> None:
    assert fault in read(expression, exposed()).faults


@pytest.mark.parametrize(
    "expression",
    [
        "khulasa_serving == ",
        "sum(rate(khulasa_requests_total))",
        "sum by instance (khulasa_serving)",
        "rates(khulasa_requests_total[5m])",
        'khulasa_serving{job="khulasa" == 0',
        "khulasa_requests_total[5 minutes]",
        "histogram_quantile(0.95, khulasa_request_seconds_sum)",
        "khulasa_serving khulasa_serving",
    ],
)
def test_what_is_no_promql_would_be_found(expression: str) -> None:
    with pytest.raises(SyntaxError):
        read(expression, exposed())


def test_prometheus_takes_the_file(tool: Callable[[str], str]) -> None:
    done = subprocess.run([tool("promtool"), "check", "rules", ALERTS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules())} rules found" in done.stdout + done.stderr


def test_alerts_fire_when_they_should_and_only_then(tool: Callable[[str], str]) -> None:
    cases = Path(__file__).with_name("alerts_cases.yaml")
    done = subprocess.run([tool("promtool"), "test", "rules", cases], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
