"""deploy/compose.yaml, started as it is: the image, Envoy and Docker Compose, driven by the client installed outside.

Long; it needs docker, Docker Compose and port 50051. A missing image is built, over BASE_IMAGE if that is set.
Where no registry has Envoy's image, the `envoy` of requirements/deploy.txt takes its place.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from khulasa.client import NO_RETRIES, Client, Outcome
from server_process import ROOT

FILE = ROOT / "deploy/compose.yaml"
SERVICES: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))["services"]
PROJECT = "khulasa-under-test"
ADDRESS = "127.0.0.1:50051"
TEXT = "أعلن المجلس قراره اليوم. وقال المتحدث إن القرار نهائي."


def works(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


COMPOSE: Sequence[str] = ("docker", "compose") if works("docker", "compose", "version") else ("docker-compose",)
pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not works("docker", "info"), reason="no docker daemon answers"),
    pytest.mark.skipif(not works(*COMPOSE, "version"), reason="Docker Compose is not installed"),
]


def run(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def compose(*arguments: str) -> str:
    return run(*COMPOSE, "--project-name", PROJECT, "--file", FILE, *arguments)


def wait_until(what: str, condition: Callable[[], object], limit_s: float = 300) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, f"never: {what}\n{compose('ps')}\n{compose('logs', '--tail', '20')}"
        time.sleep(0.5)


class Container:
    """One of the project's."""

    def __init__(self, identity: str) -> None:
        self.id = identity

    def inspect(self) -> Any:
        (found,) = json.loads(run("docker", "inspect", self.id))
        return found

    def events(self) -> list[dict[str, str]]:
        """Its log."""
        log = subprocess.run(["docker", "logs", self.id], capture_output=True, text=True, check=True).stderr
        return [json.loads(line) for line in log.splitlines() if line.startswith("{")]

    def serves(self) -> bool:
        state = self.inspect()["State"]
        # Of a restarted one the log begins before.
        return bool(state["Running"]) and any(
            one["event"] == "serving" and one["timestamp"] > state["StartedAt"] for one in self.events()
        )

    def answered(self) -> int:
        """Calls that it answered well, by its log."""
        return sum(one["event"] == "call" and one["code"] == "OK" for one in self.events())


def servers() -> list[Container]:
    return [Container(one) for one in compose("ps", "--quiet", "khulasa").split()]


def all_serve(number: int) -> bool:
    found = servers()
    return len(found) == number and all(one.serves() for one in found)


def envoy_itself(command: Path) -> Path:
    """What the package's command starts: it is a script for a Python that no image of ours has at that place."""
    if not command.read_bytes().startswith(b"#!"):
        return command
    (program,) = command.resolve().parents[1].glob("lib/python3*/site-packages/envoy/_bin/envoy")
    return program


@pytest.fixture(scope="module")
def images(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> None:
    image, envoy = SERVICES["khulasa"]["image"], SERVICES["envoy"]["image"]
    if not works("docker", "image", "inspect", image):
        subprocess.run([ROOT / "tools/image.sh"], check=True, env=os.environ | {"BUILDER": "docker"})
    if not works("docker", "image", "inspect", envoy) and not works("docker", "pull", envoy):
        folder = tmp_path_factory.mktemp("envoy")
        shutil.copy(envoy_itself(Path(tool("envoy"))), folder / "envoy")
        # Runs as the same user and with the same command line as the image that it stands for, and has no shell either.
        (folder / "Dockerfile").write_text(
            f"FROM {image}\nCOPY --chmod=755 envoy /usr/local/bin/envoy\nHEALTHCHECK NONE\n"
            'ENTRYPOINT ["/usr/local/bin/envoy"]\nCMD ["-c", "/etc/envoy/envoy.yaml"]\n'
        )
        subprocess.run(
            ["docker", "build", "--tag", envoy, folder], check=True, env=os.environ | {"DOCKER_BUILDKIT": "1"}
        )


@pytest.fixture(scope="module")
def client(images: None) -> Iterator[Client]:
    """Through Envoy, without retries of its own: what is tried again, Envoy tries again."""
    try:
        compose("up", "--detach", "--no-build")
        wait_until("three serving servers", lambda: all_serve(3))
        with Client(ADDRESS, retry=NO_RETRIES) as client:
            client.wait_until_ready(60)
            time.sleep(5)  # a round of Envoy's health checks, and one of names
            yield client
    finally:
        compose("down", "--timeout", "45")


def load(client: Client, articles: int, halfway: Callable[[], object] = lambda: None) -> list[Outcome]:
    """Summaries of that many articles, with something that happens beside them."""
    texts = [f"{TEXT} {number}" for number in range(articles)]
    outcomes: list[Outcome] = []
    beside = threading.Thread(target=halfway)
    for outcome in client.summarize_many(texts, concurrency=6):
        outcomes.append(outcome)
        if len(outcomes) == articles // 4:
            beside.start()
    beside.join()
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    assert len(outcomes) == articles
    return outcomes


def test_a_summary_comes_through(client: Client) -> None:
    summary = client.summarize((ROOT / "seeds/nato-guarantees.ar.txt").read_text("utf-8"), max_sentences=3)
    assert len(summary.sentences) == 3
    assert all(pair.target_text.strip() for pair in summary.sentences)
    with grpc.insecure_channel(ADDRESS) as channel:
        assert grpc.channel_ready_future(channel).result(timeout=10) is None


def test_docker_finds_them_healthy(client: Client) -> None:
    wait_until("healthy", lambda: all(one.inspect()["State"]["Health"]["Status"] == "healthy" for one in servers()))


def test_each_of_three_servers_gets_calls(client: Client) -> None:
    before = {one.id: one.answered() for one in servers()}
    load(client, 36)
    gained = [one.answered() - before[one.id] for one in servers()]
    assert len(gained) == 3
    assert min(gained) >= 4, gained


def test_nothing_has_privileges_or_a_writable_root(client: Client) -> None:
    found = [*servers(), Container(compose("ps", "--quiet", "envoy"))]
    assert len(found) == 4
    for one in found:
        host = one.inspect()["HostConfig"]
        assert host["ReadonlyRootfs"] is True
        assert host["CapDrop"] == ["ALL"]
        assert "no-new-privileges:true" in host["SecurityOpt"]
        pid = one.inspect()["State"]["Pid"]
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        assert int(status["CapEff"], 16) == 0
        assert status["Uid"].split()[0] != "0"
    limits = servers()[0].inspect()["HostConfig"]
    assert (limits["NanoCpus"], limits["Memory"]) == (2 * 10**9, 2 << 30)


def test_a_killed_server_costs_no_request_and_comes_back(client: Client) -> None:
    killed = servers()[0]
    pid = killed.inspect()["State"]["Pid"]
    load(client, 48, lambda: os.kill(pid, signal.SIGKILL))
    wait_until("the killed one is back", lambda: killed.inspect()["RestartCount"] == 1 and all_serve(3))
    time.sleep(10)
    before = killed.answered()
    load(client, 36)
    assert killed.answered() > before


def test_scaled_up_the_new_servers_get_calls_and_scaled_down_no_request_is_lost(client: Client) -> None:
    old = {one.id for one in servers()}
    compose("up", "--detach", "--no-build", "--no-recreate", "--scale", "khulasa=5", "khulasa")
    wait_until("five serving servers", lambda: all_serve(5))
    assert old < {one.id for one in servers()}
    time.sleep(10)
    load(client, 48)
    assert min(one.answered() for one in servers() if one.id not in old) > 0
    down = ("up", "--detach", "--no-build", "--no-recreate", "--scale", "khulasa=2", "khulasa")
    load(client, 48, lambda: compose(*down))
    assert len(servers()) == 2


def test_a_server_that_is_stopped_answers_what_it_has(client: Client) -> None:
    stopped = servers()[0]
    load(client, 36, lambda: run("docker", "stop", "--time", "45", stopped.id))
    assert stopped.inspect()["State"]["ExitCode"] == 0
