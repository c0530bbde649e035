"""The files of deploy/ray: what Kubernetes takes, and the same as the command and its image say."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from khulasa.server.archive.command import archive_command
from khulasa.server.config import ENV_PREFIX, Settings
from typer import Typer
from typer.main import get_command

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/ray"
MANIFESTS = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")
VERSION = tomllib.loads((ROOT / "server/pyproject.toml").read_text("utf-8"))["project"]["version"]
GCS_PORT = 6379
AGENTS = ("metrics-export", "dashboard-agent-listen", "dashboard-agent-grpc", "runtime-env-agent")


def document(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))


def pods() -> dict[str, Any]:
    return {name: document(name)["spec"]["template"]["spec"] for name in ("job", "workers")}


def containers() -> dict[str, Any]:
    return {one["name"]: one for pod in pods().values() for one in [*pod.get("initContainers", []), *pod["containers"]]}


def words(container: Any) -> list[str]:
    return [*container["command"], *container["args"]]


def mib(quantity: str) -> int:
    number, unit = quantity[:-2], quantity[-2:]
    return int(number) * {"Mi": 1, "Gi": 1024}[unit]


def run(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_kubernetes_takes_every_manifest(tool: Callable[[str], str]) -> None:
    oldest = re.search(r"needs Kubernetes (1\.\d+)", (ROOT / "docs/archives.md").read_text("utf-8"))
    assert oldest
    for version in ([], ["--kubernetes-version", oldest[1]]):
        said = run(tool("kubernetes-validate"), "--strict", *version, *MANIFESTS)
        assert said.count(" passed ") == len(MANIFESTS) == 4


def test_kustomize_puts_them_together(tool: Callable[[str], str], tmp_path: Path) -> None:
    whole = tmp_path / "all.yaml"
    whole.write_text(run(tool("kubectl"), "kustomize", FOLDER), "utf-8")
    kinds = sorted(one["kind"] for one in yaml.safe_load_all(whole.read_text("utf-8")))
    assert kinds == ["Deployment", "Job", "NetworkPolicy", "Service"]
    run(tool("kubernetes-validate"), "--strict", whole)


def test_kustomization_names_every_manifest_and_the_image() -> None:
    whole = document("kustomization")
    assert sorted(whole["resources"]) == [path.name for path in MANIFESTS]
    (image,) = whole["images"]
    assert {f"{image['name']}:{image['newTag']}"} == {one["image"] for one in containers().values()}
    assert image["newTag"] == f"{VERSION}-ray"
    assert "AS image-ray\n" in (ROOT / "Dockerfile").read_text("utf-8")


def test_the_command_is_one_that_the_server_has() -> None:
    program, name, *arguments = words(containers()["archive"])
    assert (program, name) == ("khulasa-server", "archive")
    app = Typer()
    app.command()(archive_command)
    given = get_command(app).make_context("archive", arguments).params
    assert given["ray"] == "auto"
    volumes = {one["mountPath"] for one in containers()["archive"]["volumeMounts"]}
    assert {str(given["source"].parent), str(given["out"].parent)} == {"/archive"} <= volumes
    assert given["source"].parent != given["out"]


def test_there_are_as_many_workers_as_the_command_waits_for() -> None:
    command = words(containers()["archive"])
    assert int(command[command.index("--workers") + 1]) == document("workers")["spec"]["replicas"]
    cores = containers()["worker"]["resources"]["limits"]["cpu"]
    assert command[command.index("--worker-cpus") + 1] == cores
    assert "--num-cpus=$(CPUS)" in words(containers()["worker"])


def test_workers_find_the_head_and_only_the_clusters_pods_reach_it() -> None:
    (port,) = document("service")["spec"]["ports"]
    assert port["port"] == port["targetPort"] == GCS_PORT
    assert f"--port={GCS_PORT}" in words(containers()["head"])
    assert f"--address={document('service')['metadata']['name']}:{GCS_PORT}" in words(containers()["worker"])
    assert document("service")["spec"]["publishNotReadyAddresses"] is True, "they join before the head's pod is ready"
    head = document("service")["spec"]["selector"]
    assert head.items() <= document("job")["spec"]["template"]["metadata"]["labels"].items()
    policy = document("network-policy")["spec"]
    (pair,) = document("kustomization")["labels"]
    assert policy["podSelector"]["matchLabels"] == pair["pairs"]
    assert policy["ingress"] == [{"from": [{"podSelector": {"matchLabels": pair["pairs"]}}]}]


@pytest.mark.parametrize("name", ["head", "worker"])
def test_a_node_waits_for_no_port_of_its_agents(name: str) -> None:
    """A port that nobody chose is waited for 15 s and no longer; on a busy machine no node came up."""
    given = {word.partition("=")[0]: word.partition("=")[2] for word in words(containers()[name])}
    ports = [given.get(f"--{agent}-port") for agent in AGENTS]
    assert None not in ports
    assert len({str(GCS_PORT), *ports}) == len(AGENTS) + 1
    assert all(1024 <= int(port or 0) < 32768 for port in ports), "below those that the kernel gives out"


def test_variables_in_arguments_are_set() -> None:
    for one in containers().values():
        named = set(re.findall(r"\$\((\w+)\)", " ".join(words(one))))
        assert named <= {variable["name"] for variable in one["env"]}
        settings = {variable["name"] for variable in one["env"] if variable["name"].startswith(ENV_PREFIX)}
        assert settings <= {ENV_PREFIX + name.upper() for name in Settings.model_fields}
        assert {"name": "RAY_USAGE_STATS_ENABLED", "value": "0"} in one["env"]


@pytest.mark.parametrize("name", ["head", "archive", "worker"])
def test_nothing_runs_as_root_and_ray_has_room_to_write(name: str) -> None:
    one = containers()[name]
    assert one["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    pod = pods()["workers" if name == "worker" else "job"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert f"USER {pod['securityContext']['runAsUser']}:" in (ROOT / "Dockerfile").read_text("utf-8")
    assert {"/tmp", "/dev/shm"} <= {mount["mountPath"] for mount in one["volumeMounts"]}
    (memory,) = (v["emptyDir"]["sizeLimit"] for v in pod["volumes"] if v["name"] == "shm")
    store = [int(word.partition("=")[2]) for word in words(one) if word.startswith("--object-store-memory=")]
    assert all(size <= mib(memory) * 2**20 for size in store)


def test_the_commands_node_is_the_head_and_goes_with_it() -> None:
    (head,) = pods()["job"]["initContainers"]
    assert head["restartPolicy"] == "Always", "a sidecar: it runs beside the command and ends with it"
    mounts = {one["mountPath"]: one["name"] for one in head["volumeMounts"]}
    command = {one["mountPath"]: one["name"] for one in containers()["archive"]["volumeMounts"]}
    assert mounts.items() <= command.items(), "Ray's sockets and memory are shared by files"
    # The command starts when the probe says so: the cluster's address has to be on the disk by then.
    assert head["startupProbe"]["exec"]["command"] == [
        "bash", "-c", "[ -s /tmp/ray/ray_current_cluster ] && ray health-check",
    ]  # fmt: skip
    assert "COPY --from=tools /usr/bin/bash /usr/bin/bash" in (ROOT / "Dockerfile").read_text("utf-8")
    # A job that cannot run, or has error rows, is not begun again; one that was killed is.
    (rule,) = document("job")["spec"]["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob"
    assert rule["onExitCodes"] == {"containerName": "archive", "operator": "In", "values": [1, 2]}
    assert pods()["job"]["restartPolicy"] == "Never"
