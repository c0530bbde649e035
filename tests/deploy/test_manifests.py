"""The files of deploy/: each is what its own tool takes, and all say the same as the server."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from khulasa.server.api.server import _INTAKE_BYTES, _STREAMS_BYTES
from khulasa.server.config import ENV_PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy/kubernetes"
MANIFESTS = sorted(path for path in KUBERNETES.glob("*.yaml") if path.name != "kustomization.yaml")
COMPOSE = ROOT / "deploy/compose.yaml"
VERSION = tomllib.loads((ROOT / "server/pyproject.toml").read_text("utf-8"))["project"]["version"]


@cache
def document(name: str) -> Any:
    return yaml.safe_load((ROOT / "deploy" / name).read_text("utf-8"))


def pod() -> Any:
    return document("kubernetes/deployment.yaml")["spec"]["template"]["spec"]


def container() -> Any:
    (only,) = pod()["containers"]
    return only


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def run(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_kubernetes_takes_every_manifest(tool: Callable[[str], str]) -> None:
    oldest = re.search(r"Needs Kubernetes (1\.\d+)", (ROOT / "docs/deployment.md").read_text("utf-8"))
    assert oldest
    for version in ([], ["--kubernetes-version", oldest[1]]):
        said = run(tool("kubernetes-validate"), "--strict", *version, *MANIFESTS)
        assert said.count(" passed ") == len(MANIFESTS) == 5


def test_kustomize_puts_them_together(tool: Callable[[str], str], tmp_path: Path) -> None:
    whole = tmp_path / "all.yaml"
    whole.write_text(run(tool("kubectl"), "kustomize", KUBERNETES), "utf-8")
    kinds = sorted(one["kind"] for one in yaml.safe_load_all(whole.read_text("utf-8")))
    assert kinds == sorted(yaml.safe_load(path.read_text("utf-8"))["kind"] for path in MANIFESTS)
    run(tool("kubernetes-validate"), "--strict", whole)


def test_kustomize_leaves_callers_in(tool: Callable[[str], str]) -> None:
    """Its label went into the selector of callers too: no pod but the server's own would have been let in."""
    whole = {one["kind"]: one for one in yaml.safe_load_all(run(tool("kubectl"), "kustomize", KUBERNETES))}
    for path in MANIFESTS:
        alone = yaml.safe_load(path.read_text("utf-8"))
        changed = whole[alone["kind"]]["spec"]
        if alone["kind"] == "Deployment":
            assert changed.pop("selector") == alone["spec"].pop("selector")
            assert changed.pop("template")["metadata"] == alone["spec"].pop("template")["metadata"]
        assert changed == alone["spec"]


def test_nothing_goes_into_the_selectors_of_callers() -> None:
    (labels,) = document("kubernetes/kustomization.yaml")["labels"]
    assert labels["includeSelectors"] is False
    own = labels["pairs"]
    assert document("kubernetes/service.yaml")["spec"]["selector"] == own
    assert document("kubernetes/network-policy.yaml")["spec"]["podSelector"]["matchLabels"] == own
    assert document("kubernetes/disruption-budget.yaml")["spec"]["selector"]["matchLabels"] == own
    deployment = document("kubernetes/deployment.yaml")["spec"]
    assert deployment["selector"]["matchLabels"] == own
    assert deployment["template"]["metadata"]["labels"] == own


def test_kustomization_names_every_manifest() -> None:
    assert sorted(document("kubernetes/kustomization.yaml")["resources"]) == [path.name for path in MANIFESTS]


def test_compose_takes_its_file(tool: Callable[[str], str]) -> None:
    config = yaml.safe_load(run(tool("docker-compose"), "-f", COMPOSE, "config"))
    assert set(config["services"]) == {"khulasa", "envoy"}


def test_envoy_takes_its_file(tool: Callable[[str], str]) -> None:
    assert "OK" in run(tool("envoy"), "--mode", "validate", "-c", ROOT / "deploy/envoy.yaml")


def test_a_drain_ends_before_the_process_is_killed() -> None:
    grace = float(next(one["value"] for one in container()["env"] if one["name"] == "KHULASA_DRAIN_GRACE_S"))
    waited = container()["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod()["terminationGracePeriodSeconds"] > grace + waited + 2
    service = document("compose.yaml")["services"]["khulasa"]
    assert seconds(service["stop_grace_period"]) > float(service["environment"]["KHULASA_DRAIN_GRACE_S"]) + 2
    # While it drains the server says NOT_SERVING: that must not have it killed.
    probe = container()["livenessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] > grace + waited


def test_one_late_answer_takes_no_server_out_of_service() -> None:
    """Its load would fall on the others, which would be late next."""
    probe = container()["readinessProbe"]
    assert probe["failureThreshold"] > 1
    assert probe["timeoutSeconds"] > 1
    # A server that does not serve is still left alone before a second try of a caller can meet it again and again.
    assert probe["periodSeconds"] * probe["failureThreshold"] <= 10


def test_nothing_runs_as_root_or_writes_to_its_root() -> None:
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["automountServiceAccountToken"] is False
    limits = container()["securityContext"]
    assert limits["readOnlyRootFilesystem"] is True
    assert limits["allowPrivilegeEscalation"] is False
    assert limits["capabilities"] == {"drop": ["ALL"]}
    user = pod()["securityContext"]["runAsUser"]
    assert f"USER {user}:" in (ROOT / "Dockerfile").read_text("utf-8")
    for service in document("compose.yaml")["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


def test_ports_are_those_of_the_image() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    ports = {port["name"]: port["containerPort"] for port in container()["ports"]}
    assert f"KHULASA_PORT={ports['grpc']} " in dockerfile
    assert f"KHULASA_HEALTH_PORT={ports['health']} " in dockerfile
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container()[probe]["grpc"]["port"] == ports["health"]
    (service_port,) = document("kubernetes/service.yaml")["spec"]["ports"]
    assert service_port["port"] == ports["grpc"]
    allowed = {
        rule["port"] for one in document("kubernetes/network-policy.yaml")["spec"]["ingress"] for rule in one["ports"]
    }
    assert allowed == {ports["grpc"], ports["metrics"]}
    (cluster,) = document("envoy.yaml")["static_resources"]["clusters"]
    (group,) = cluster["load_assignment"]["endpoints"]
    address = group["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
    assert address == {"address": "khulasa", "port_value": ports["grpc"]}


def test_memory_holds_what_callers_may_fill_at_worst() -> None:
    """What the soak left the process with, and every message that may be on its way in; the rest is for calls."""
    soaked = re.search(r"(\d+) MiB after 50,000 requests", (ROOT / "docs/deployment.md").read_text("utf-8"))
    assert soaked
    worst = int(soaked[1]) * 2**20 + _INTAKE_BYTES + _STREAMS_BYTES
    in_kubernetes = container()["resources"]["limits"]["memory"]
    in_compose = document("compose.yaml")["services"]["khulasa"]["deploy"]["resources"]["limits"]["memory"]
    assert int(in_kubernetes.removesuffix("Gi")) * 2**30 > worst
    assert int(in_compose.removesuffix("G")) * 2**30 > worst
    # Seen from inside, the cores are those of the machine; the limit is what threads are made for.
    assert document("compose.yaml")["services"]["khulasa"]["environment"]["KHULASA_THREADS"] == str(
        document("compose.yaml")["services"]["khulasa"]["deploy"]["resources"]["limits"]["cpus"]
    )


def test_every_setting_named_is_one_of_the_servers() -> None:
    texts = [path.read_text("utf-8") for path in (*MANIFESTS, COMPOSE, ROOT / "Dockerfile")]
    named = {name for text in texts for name in re.findall(rf"{ENV_PREFIX}[A-Z_]+", text)}
    known = {ENV_PREFIX + name.upper() for name in Settings.model_fields}
    assert named
    assert named <= known, named - known


def test_the_autoscaler_asks_for_a_metric_that_is_there() -> None:
    (metric,) = document("kubernetes/autoscaler.yaml")["spec"]["metrics"]
    name = metric["pods"]["metric"]["name"]
    source = (ROOT / "server/khulasa/server/observability_decoder.py").read_text("utf-8")
    assert f'"{name}"' in source
    assert document("kubernetes/autoscaler.yaml")["spec"]["minReplicas"] >= 2


def test_the_version_is_the_servers() -> None:
    assert container()["image"].rpartition(":")[2] == VERSION
    assert document("compose.yaml")["services"]["khulasa"]["image"].rpartition(":")[2] == VERSION
    assert document("kubernetes/kustomization.yaml")["images"][0]["newTag"] == VERSION
    assert f"ARG VERSION={VERSION}\n" in (ROOT / "Dockerfile").read_text("utf-8")


def test_dependencies_come_before_code_in_the_image() -> None:
    """A change of code must not install the dependencies anew."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    dependencies = text.index("--requirement /requirements/server.txt")
    assert "--require-hashes" in text
    for folder in ("COPY proto", "COPY server", "COPY --from=code"):
        assert text.index(folder) > dependencies
