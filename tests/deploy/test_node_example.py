"""examples/node against the real server: one summary, an archive as a stream, a busy server met as it asks to be.

Needs node, and `npm install` in examples/node.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from server_process import COMMAND, ROOT, ServerProcess

EXAMPLE = ROOT / "examples/node"
SEED = (ROOT / "seeds/nato-guarantees.ar.txt").read_text("utf-8")
SHORT = "أعلن المجلس قراره اليوم في العاصمة. وقال المتحدث إن القرار نهائي ولا رجعة فيه."

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(not (EXAMPLE / "node_modules").is_dir(), reason="npm install was not run in examples/node"),
]


def version_of(text: str) -> tuple[int, ...]:
    """`>=12.10.0` as numbers."""
    return tuple(int(part) for part in text.strip().removeprefix(">=").split("."))


def test_what_it_installs_runs_on_the_node_that_it_names() -> None:
    floor = version_of(json.loads((EXAMPLE / "package.json").read_text("utf-8"))["engines"]["node"])
    asked = {}
    for file in EXAMPLE.glob("node_modules/**/package.json"):
        package = json.loads(file.read_text("utf-8"))
        # Some packages name several ranges; the oldest stands first, and is far below.
        asked[package.get("name")] = package.get("engines", {}).get("node", "").partition("||")[0]
    asked = {name: node for name, node in asked.items() if re.fullmatch(r">=\s*[\d.]+", node.strip())}
    assert "google-proto-files" in asked
    assert not {name: node for name, node in asked.items() if version_of(node) > floor}


class NodeService:
    """The example, running in front of a server."""

    def __init__(self, server: str, deadline_ms: int = 60_000) -> None:
        self.process = subprocess.Popen(
            ["node", "service.js"],
            cwd=EXAMPLE,
            env={**os.environ, "KHULASA_SERVER": server, "PORT": "0", "DEADLINE_MS": str(deadline_ms)},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        first = self.process.stderr.readline()
        assert "listening" in first, first + self.process.stderr.read()
        self.url = f"http://127.0.0.1:{json.loads(first)['port']}"
        self.log: list[dict[str, Any]] = []
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(json.loads(line))

    def post(self, path: str, body: str | bytes) -> tuple[int, Any, dict[str, str]]:
        """Status, lines read as JSON, headers."""
        request = urllib.request.Request(
            self.url + path, data=body if isinstance(body, bytes) else body.encode(), method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                lines = [json.loads(line) for line in answer.read().decode().splitlines()]
                return answer.status, lines, dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, [json.loads(error.read())], {k.lower(): v for k, v in error.headers.items()}

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


@pytest.fixture
def service(request: pytest.FixtureRequest) -> Iterator[NodeService]:
    """The example before a server with the settings of the test's parameter."""
    settings = dict(getattr(request, "param", {}))
    deadline_ms = settings.pop("deadline_ms", 60_000)
    with ServerProcess(threads=2, **settings) as server:
        server.wait_until("SERVING")
        node = NodeService(server.address, deadline_ms)
        try:
            yield node
        finally:
            node.process.kill()
            node.process.wait()


def test_it_summarises(service: NodeService) -> None:
    status, (summary,), _ = service.post("/summaries", json.dumps({"text": SEED, "max_sentences": 3}))
    assert status == 200
    assert summary["language"] == "ar"
    assert len(summary["sentences"]) == 3
    for pair in summary["sentences"]:
        assert SEED[pair["start"] : pair["end"]] == pair["source"]
        assert pair["target"].strip()
    assert service.stop() == 0


def test_it_says_what_is_wrong_with_a_request(service: NodeService) -> None:
    status, (told,), _ = service.post("/summaries", json.dumps({"text": SHORT, "max_sentences": -1}))
    assert status == 400
    assert [one["field"] for one in told["violations"]] == ["options.max_sentences"]
    assert service.post("/summaries", "no JSON")[0] == 400
    assert service.post("/summaries", SHORT.encode("cp1256"))[0] == 400
    assert service.post("/summaries", "null")[0] == 400
    # What JavaScript makes of these would be taken: another text, a title "[object Object]", the default length.
    assert service.post("/summaries", json.dumps({"text": SHORT}, ensure_ascii=False).encode("cp1256"))[0] == 400
    for wrong in (
        {"title": {}},
        {"max_sentences": "two"},
        {"max_sentences": 1.5},
        {"max_sentences": 2**32},
        {"text": 1},
    ):
        assert service.post("/summaries", json.dumps({"text": SHORT, **wrong}))[0] == 400, wrong


def test_a_line_of_an_archive_that_is_no_article_stops_none(service: NodeService) -> None:
    good = [json.dumps({"id": name, "text": SHORT}).encode() for name in ("first", "last")]
    latin = json.dumps({"id": "latin", "text": "Café ouvert."}, ensure_ascii=False).encode("latin-1")
    body = b"\n".join([good[0], b"no JSON", b" \r", latin, good[1], b"{}", b""])
    status, lines, _ = service.post("/archives", body)
    assert status == 200
    assert {one["id"] for one in lines if "sentences" in one} == {"first", "last"}
    assert sorted(one["line"] for one in lines if "error" in one) == [2, 4, 6]


def test_an_archive_is_streamed_and_a_bad_article_stops_none(service: NodeService) -> None:
    articles = [{"id": f"n{number}", "text": f"{SHORT} {number}."} for number in range(40)]
    articles[7] = {"id": "empty", "text": " "}
    status, lines, _ = service.post("/archives", "\n".join(json.dumps(one) for one in articles))
    assert status == 200
    by_id = {one["id"]: one for one in lines}
    assert len(lines) == len(articles)
    assert set(by_id) == {one["id"] for one in articles}
    assert by_id["empty"]["error"]["code"] == "INVALID_ARGUMENT"
    for article in articles:
        if article["id"] != "empty":
            for pair in by_id[article["id"]]["sentences"]:
                assert article["text"][pair["start"] : pair["end"]] == pair["source"]


class Archive:
    """A request to /archives whose lines are sent one by one."""

    def __init__(self, service: NodeService) -> None:
        self._connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=90)
        self._connection.putrequest("POST", "/archives")
        self._connection.putheader("Transfer-Encoding", "chunked")
        self._connection.endheaders()
        self._answer: http.client.HTTPResponse | None = None

    def send(self, name: str) -> None:
        data = json.dumps({"id": name, "text": f"{SHORT} {name}."}).encode() + b"\n"
        self._connection.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def receive(self, number: int) -> set[str]:
        """Ids of the next summaries."""
        self._answer = self._answer or self._connection.getresponse()
        entries = [json.loads(self._answer.readline()) for _ in range(number)]
        assert all(entry["sentences"] for entry in entries)
        return {entry["id"] for entry in entries}

    def end(self) -> bytes:
        """What is left to read after the last line was sent."""
        assert self._answer is not None
        self._connection.send(b"0\r\n\r\n")
        left = self._answer.read()
        self._connection.close()
        return left


def test_the_first_summary_comes_before_the_last_article_is_sent(service: NodeService) -> None:
    archive = Archive(service)
    archive.send("first")
    assert archive.receive(1) == {"first"}
    archive.send("second")
    assert archive.receive(1) == {"second"}
    assert archive.end() == b""


def test_a_server_that_is_replaced_is_not_the_end_of_an_archive() -> None:
    with ExitStack() as stack:
        first = stack.enter_context(ServerProcess(threads=1))
        first.wait_until("SERVING")
        service = NodeService(first.address)
        stack.callback(service.process.kill)
        archive = Archive(service)
        for name in ("a", "b", "c"):
            archive.send(name)
        assert archive.receive(3) == {"a", "b", "c"}
        assert first.stop() == 0
        # Nobody is there now; what is sent waits for the one that takes the port over.
        archive.send("d")
        archive.send("e")
        second = subprocess.Popen(
            [*COMMAND, "--port", str(first.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        stack.callback(second.wait)
        stack.callback(second.kill)
        assert archive.receive(2) == {"d", "e"}
        archive.send("f")
        assert archive.receive(1) == {"f"}
        assert archive.end() == b""
        assert any(one["event"] == "retry" and one["code"] == "UNAVAILABLE" for one in service.log)


@pytest.mark.parametrize("service", [{"max_calls": 1}], indirect=True)
def test_a_busy_server_is_asked_again_when_it_says(service: NodeService) -> None:
    body = json.dumps({"text": SEED, "max_sentences": 2})
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: service.post("/summaries", body), range(6)))
    assert [status for status, _, _ in answers] == [200] * 6
    retries = [one for one in service.log if one["event"] == "retry"]
    assert retries, "one call at a time: five of six were sent away at first"
    for one in retries:
        assert one["code"] == "RESOURCE_EXHAUSTED"
        assert one["pause_ms"] >= one["asked_ms"] > 0


@pytest.mark.parametrize("service", [{"quota_requests_per_minute": 1, "deadline_ms": 20_000}], indirect=True)
def test_a_quota_that_is_used_up_is_passed_on(service: NodeService) -> None:
    body = json.dumps({"text": SHORT})
    assert service.post("/summaries", body)[0] == 200
    began = time.monotonic()
    status, (told,), headers = service.post("/summaries", body)
    # A minute's quota outlasts the deadline: no pause is begun, the caller learns at once when to come back.
    assert (status, told["error"]) == (503, "RESOURCE_EXHAUSTED")
    assert 30 <= int(headers["retry-after"]) <= 61
    assert time.monotonic() - began < 5
