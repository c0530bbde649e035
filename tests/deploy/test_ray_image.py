"""The image's variant `ray`, run by docker as deploy/ray says: a head, two workers, one killed, the same rows as alone.

Long; it needs docker. A missing image is built, over BASE_IMAGE if that is set. Commands, limits, mounts and what is
dropped are read from the manifests; what Kubernetes would do (begin again what ended) is docker's restart policy here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from archive_of_articles import write_archive

ROOT = Path(__file__).resolve().parents[2]
HEAD_IP, WORKER_IPS = "172.30.59.10", ("172.30.59.11", "172.30.59.12")
NAME = "khulasa-ray-under-test"


def works(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(not works("docker", "info"), reason="no docker daemon answers"),
]


def docker(*arguments: str | Path, status: int = 0) -> str:
    done = subprocess.run(["docker", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == status, f"{arguments}\n{done.stdout}{done.stderr}"
    return (done.stdout + done.stderr).strip()


def pod(name: str) -> Any:
    return yaml.safe_load((ROOT / f"deploy/ray/{name}.yaml").read_text("utf-8"))["spec"]["template"]["spec"]


HEAD, ARCHIVE, WORKER = pod("job")["initContainers"][0], pod("job")["containers"][0], pod("workers")["containers"][0]


def start(name: str, container: Any, *more: str | Path, ip: str = "", arguments: list[str] | None = None) -> None:
    """A container as its manifest has it; its /tmp and /dev/shm are `name`'s unless `more` says whose."""
    user = pod("job")["securityContext"]
    limits, security = container["resources"]["limits"], container["securityContext"]
    assert security["readOnlyRootFilesystem"]
    assert security["capabilities"] == {"drop": ["ALL"]}
    options = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--no-healthcheck"]
    options += [f"--user={user['runAsUser']}:{user['runAsGroup']}", f"--cpus={limits['cpu']}"]
    options.append(f"--memory={limits['memory'].lower().removesuffix('i')}")
    options += [f"--env={one['name']}={one['value']}" for one in container["env"] if "value" in one]
    given: list[str] = [*container["command"], *(container["args"] if arguments is None else arguments)]
    program, *words = (word.replace("$(POD_IP)", ip).replace("$(CPUS)", limits["cpu"]) for word in given)
    if ip:
        options += [f"--network={NAME}", f"--ip={ip}", "--restart=always"]
        options += [f"--volume={volume(name, part)}:{place}" for part, place in PLACES.items()]
    docker(
        "run", "--detach", f"--name={NAME}-{name}", *options, *more, "--entrypoint", program, container["image"], *words
    )


PLACES = {"tmp": "/tmp", "shm": "/dev/shm"}


def volume(name: str, part: str) -> str:
    sizes = {one["name"]: one["emptyDir"]["sizeLimit"] for one in pod("workers")["volumes"]}
    options = f"uid=65532,gid=65532,size={sizes[part].removesuffix('i').lower()}"
    whole = f"{NAME}-{name}-{part}"
    docker("volume", "create", "--opt=type=tmpfs", "--opt=device=tmpfs", f"--opt=o={options}", whole)
    return whole


def wait_until(what: str, condition: Callable[[], object], limit_s: float = 600) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, (
            f"never: {what}\n{docker('ps', '--all')}\n{docker('logs', f'{NAME}-head')[-2000:]}"
        )
        time.sleep(1)


def clear() -> None:
    for kind, removal in (("container", ("rm", "--force")), ("volume", ("rm",)), ("network", ("rm",))):
        every = ("--all",) if kind == "container" else ()
        column = "{{.Names}}" if kind == "container" else "{{.Name}}"
        found = docker(kind, "ls", *every, f"--filter=name={NAME}", f"--format={column}").split()
        if found:
            docker(kind, *removal, *found)


@pytest.fixture
def cluster() -> Iterator[None]:
    if not works("docker", "image", "inspect", HEAD["image"]):
        environment = os.environ | {"BUILDER": "docker", "VARIANT": "ray"}
        subprocess.run([ROOT / "tools/image.sh"], check=True, env=environment)
    clear()
    try:
        docker("network", "create", "--subnet=172.30.59.0/24", NAME)
        service = yaml.safe_load((ROOT / "deploy/ray/service.yaml").read_text("utf-8"))["metadata"]["name"]
        start("head", HEAD, f"--network-alias={service}", ip=HEAD_IP)
        probe = HEAD["startupProbe"]["exec"]["command"]
        wait_until("the head is up", lambda: works("docker", "exec", f"{NAME}-head", *probe))
        for number, ip in enumerate(WORKER_IPS):
            start(f"worker-{number}", WORKER, ip=ip)
        yield
    finally:
        clear()


def test_a_worker_killed_in_the_middle_costs_no_row(cluster: None, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    write_archive(folder / "articles.jsonl")
    for one in (folder, folder / "articles.jsonl"):
        os.chown(one, 65532, 65532)
    options = ["--full-translation", "--max-sentences", "2", "--part-articles", "6", "/archive/articles.jsonl"]
    mounted = f"--volume={folder}:/archive"

    # In one pod with the head: its network, its processes, its files.
    pod_of_the_head = [f"--network=container:{NAME}-head", f"--pid=container:{NAME}-head", mounted]
    pod_of_the_head += [f"--volume={NAME}-head-{part}:{place}" for part, place in PLACES.items()]
    command = [*ARCHIVE["command"]]
    command[command.index("--workers") + 1] = str(len(WORKER_IPS))
    start("archive", ARCHIVE | {"command": command}, *pod_of_the_head, arguments=[*options, "/archive/cluster"])
    wait_until("two parts", lambda: len(list(folder.glob("cluster/part-*.jsonl"))) >= 2)
    docker("kill", f"{NAME}-worker-0")
    assert docker("wait", f"{NAME}-archive") == "1"
    said = docker("logs", f"{NAME}-archive")
    assert "49 articles in 9 parts, 1 failed" in said
    assert "was lost, its articles are done again" in said

    alone = ARCHIVE | {"command": ["khulasa-server", "archive"]}
    start("alone", alone, "--network=none", mounted, arguments=[*options, "/archive/alone"])
    assert docker("wait", f"{NAME}-alone") == "1"
    names = sorted(path.name for path in (folder / "alone").iterdir())
    assert len(names) == 10
    for name in names:
        assert (folder / "cluster" / name).read_bytes() == (folder / "alone" / name).read_bytes(), name
