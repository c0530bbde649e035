"""deploy/envoy.yaml in front of three servers: calls are spread one by one, and none is lost with a server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from grpc_health.v1 import health_pb2, health_pb2_grpc
from khulasa.client import NO_RETRIES, Client
from server_process import ROOT, ServerProcess, free_port

FAKE = [sys.executable, str(ROOT / "tests/e2e/server_without_models.py")]
TEXT = "أعلن المجلس قراره اليوم. وقال المتحدث إن القرار نهائي."
ARTICLES, CONCURRENCY = 600, 12


def endpoint(port: int) -> dict[str, Any]:
    return {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}


def configuration(listen: int, ports: list[int]) -> dict[str, Any]:
    """The shipped file with addresses of this test, and nothing else changed."""
    config = yaml.safe_load((ROOT / "deploy/envoy.yaml").read_text("utf-8"))
    config["admin"]["address"]["socket_address"]["port_value"] = 0
    resources = config["static_resources"]
    resources["listeners"][0]["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": listen}
    resources["clusters"][0]["load_assignment"]["endpoints"][0]["lb_endpoints"] = [endpoint(port) for port in ports]
    return dict(config)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ServerProcess]]:
    monkeypatch.setenv("FAKE_WORK_S", "0.05")
    monkeypatch.setenv("FAKE_LOAD_S", "0")
    monkeypatch.setenv("FAKE_FAIL", "")
    with ExitStack() as stack:
        started = [stack.enter_context(ServerProcess(FAKE)) for _ in range(3)]
        for server in started:
            server.wait_until("SERVING")
        yield started


@pytest.fixture
def proxy(servers: list[ServerProcess], tool: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """Address of Envoy, once a call goes through it to each server."""
    port = free_port()
    file = tmp_path / "envoy.yaml"
    file.write_text(yaml.safe_dump(configuration(port, [server.port for server in servers])), "utf-8")
    command = [tool("envoy"), "-c", str(file), "--log-level", "warning", "--concurrency", "1"]
    # Envoys of other tests on this machine share memory by number.
    command += ["--base-id", str(port)]
    with (tmp_path / "envoy.log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            address = f"127.0.0.1:{port}"
            with Client(address) as client:
                client.wait_until_ready(30)
            time.sleep(2.5)  # one round of its health checks
            yield address
        finally:
            process.kill()
    print((tmp_path / "envoy.log").read_text())


def answered(server: ServerProcess) -> int:
    lines = [json.loads(line) for line in list(server.log) if line.startswith("{")]
    return sum(line.get("event") == "call" and line["code"] == "OK" for line in lines)


def test_calls_of_one_connection_are_spread(proxy: str, servers: list[ServerProcess]) -> None:
    with Client(proxy) as client:
        assert not [one for one in client.summarize_many([TEXT] * 90, concurrency=9) if one.error]
    assert min(answered(server) for server in servers) >= 15


def test_a_killed_and_a_drained_server_cost_no_request(proxy: str, servers: list[ServerProcess]) -> None:
    killed, drained, left = servers
    texts = [f"{TEXT} {number}" for number in range(ARTICLES)]
    outcomes = []
    # The client does not help: what is tried again here, Envoy tries again.
    with Client(proxy, retry=NO_RETRIES) as client:
        for outcome in client.summarize_many(texts, concurrency=CONCURRENCY):
            outcomes.append(outcome)
            if len(outcomes) == ARTICLES // 4:
                killed.process.send_signal(signal.SIGKILL)
            if len(outcomes) == ARTICLES // 2:
                drained.process.send_signal(signal.SIGTERM)
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    assert [outcome.summary.sentences[0].source_text for outcome in outcomes if outcome.summary] == texts
    assert killed.wait() == -signal.SIGKILL
    assert drained.wait() == 0, "every call that it had taken in was answered"
    assert min(answered(server) for server in servers) > 20
    assert left.process.poll() is None


def test_nobody_is_told_that_one_servers_health_is_everybodys(proxy: str) -> None:
    with grpc.insecure_channel(proxy) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        assert stub.Check(health_pb2.HealthCheckRequest(), timeout=5).status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as error:
            next(stub.Watch(health_pb2.HealthCheckRequest(), timeout=5))
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
    # So a client that asks for health all the time works through the proxy too.
    with Client(proxy, health_checks=True) as client:
        assert client.summarize(TEXT).sentences
