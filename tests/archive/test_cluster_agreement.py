"""What workers are told, what they say of themselves, and who is not let in. Nothing here needs Ray."""

from __future__ import annotations

import asyncio
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from archive_rig import write_articles
from cluster_rig import IDENTITY, REPORT
from khulasa.server.api.limits import RequestLimits
from khulasa.server.archive.agreement import Agreement
from khulasa.server.archive.articles import JobPlan
from khulasa.server.archive.errors import ArchiveError
from khulasa.server.archive.identity import digest_of_files, library_versions, settings_identity
from khulasa.server.archive.manifest import named_differences
from khulasa.server.archive.node import NodeOrder, NodeWork, settings_to_send
from khulasa.server.archive.ray_workers import RayCluster, check_address, places_for, worker_cpus
from khulasa.server.archive.reading import Line
from khulasa.server.config import Settings
from khulasa.v1 import summary_pb2

HASH = "a" * 64


def agreement(said: list[str]) -> Agreement:
    return Agreement({"numpy": "2.0"}, said.append)


def test_workers_that_agree_are_let_in_and_the_first_says_what_the_rows_belong_to() -> None:
    said: list[str] = []
    held = agreement(said)
    assert held.check(replace(REPORT, warnings=("x is a preview",))) == IDENTITY
    assert held.check(replace(REPORT, node="m", warnings=("x is a preview",))) is None
    assert said == ["x is a preview"]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"libraries": {"numpy": "1.9"}}, 'm has other versions.*numpy .this machine: "2.0", m: "1.9"'),
        ({"libraries": {"numpy": None}}, "other versions.*m: null"),
        (
            {"identity": {**IDENTITY, "server": "0.2.0"}},
            'other rows than n: server .n: "0.1.0", m: "0.2.0"',
        ),
        ({"identity": {**IDENTITY, "models": [{"revision": "b"}]}}, "other rows.*models"),
    ],
)
def test_a_worker_that_would_make_other_rows_is_refused_by_name(other: dict[str, object], words: str) -> None:
    held = agreement([])
    held.check(REPORT)
    with pytest.raises(ArchiveError, match=words):
        held.check(replace(REPORT, node="m", **other))  # type: ignore[arg-type]


def test_the_first_worker_is_held_to_this_machine() -> None:
    with pytest.raises(ArchiveError, match="n has other versions than this machine"):
        Agreement({"numpy": "2.1"}, print).check(REPORT)


def test_another_kind_of_processor_is_said_once() -> None:
    said: list[str] = []
    held = agreement(said)
    for node, processor in (("a", "x86_64 avx2"), ("b", "x86_64 avx2"), ("c", "x86_64 avx512f"), ("d", "aarch64")):
        held.check(replace(REPORT, node=node, processor=processor))
    (line,) = said
    assert line.startswith("c has another kind of processor")


def test_what_is_sent_holds_no_secret_and_no_path_of_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(
        tokens=f"news:{HASH}",
        models=("khulasa-base", "packages/own", "./x"),
        model_dirs=("models", "~/more"),
        memory_path="memory.db",
        beam_size=2,
        host="192.0.2.7",
        threads=7,
    )
    plan = JobPlan(summary_pb2.SummaryOptions(max_sentences=2), RequestLimits(max_article_chars=9))
    order = NodeOrder(settings_to_send(settings, threads=3), plan, 5)
    # As it travels.
    packed = pickle.dumps(order)
    assert HASH.encode() not in packed
    assert b"192.0.2.7" not in packed
    arrived = pickle.loads(packed)
    assert arrived == order
    made = Settings(**arrived.settings)
    assert made.models == ("khulasa-base", str(tmp_path / "packages/own"), str(tmp_path / "x"))
    assert made.model_dirs == (tmp_path / "models", Path("~/more"))
    assert made.memory_path == tmp_path / "memory.db"
    assert made.download_dir == settings.download_dir
    assert (made.beam_size, made.thread_count, made.tokens) == (2, 3, {})


def test_every_setting_that_could_change_a_row_is_sent() -> None:
    """Whatever is new in the settings has to be put on one side or the other."""
    stay = {
        "host", "port", "health_port", "metrics_port", "metrics_host", "reflection", "max_texts", "max_request_chars",
        "max_message_bytes", "queue_tokens_per_caller", "max_calls", "max_calls_per_caller",
        "quota_requests_per_minute", "quota_chars_per_minute", "stream_articles", "drain_grace_s", "keepalive_s",
        "max_connection_idle_s", "max_connection_age_s", "tls_certificate", "tls_key", "tls_client_ca", "tokens",
        "jwt_jwks_file", "jwt_issuer", "jwt_audience", "jwt_algorithms", "jwt_leeway_s", "otel_endpoint", "log_format",
        "log_level",
    }  # fmt: skip
    sent = set(settings_to_send(Settings(), threads=1))
    assert sent | stay == set(Settings.model_fields)
    assert not sent & stay


def test_other_code_of_the_same_version_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "ar.yaml").write_text("a: 1")
    (tmp_path / "x.py").write_text("x = 1")
    first = digest_of_files(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_text("anything")
    assert digest_of_files(tmp_path) == first
    (tmp_path / "rules" / "ar.yaml").write_text("a: 2")
    second = digest_of_files(tmp_path)
    (tmp_path / "x.py").rename(tmp_path / "y.py")
    assert len({first, second, digest_of_files(tmp_path)}) == 3
    assert len(library_versions()["khulasa.server files"] or "") == 64


def test_rows_made_with_another_library_are_of_another_job(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = JobPlan(summary_pb2.SummaryOptions(max_sentences=2), RequestLimits())
    first = settings_identity(plan, 5, Settings(), ())
    assert settings_identity(plan, 5, Settings(), ()) == first
    monkeypatch.setattr(
        "khulasa.server.archive.identity.version", lambda name: "99" if name == "ctranslate2" else version(name)
    )
    changed = named_differences(first, settings_identity(plan, 5, Settings(), ()))
    assert re.fullmatch(r'software.ctranslate2 \(was "[0-9.]+", is "99"\)', changed)


def test_cores_of_a_worker_and_places_for_them() -> None:
    nodes: list[dict[str, float]] = [{"CPU": 8, "GPU": 1}, {"CPU": 16}, {"memory": 1}, {"CPU": 0}]
    assert worker_cpus(nodes, 0) == 4
    assert worker_cpus([*nodes, {"CPU": 2}], 0) == 2
    assert worker_cpus(nodes, 6) == 6
    assert worker_cpus([], 0) == 4
    assert places_for(nodes, 4, 0) == 6
    assert places_for(nodes, 4, 1) == 1
    assert places_for(nodes, 32, 0) == 0


def test_a_worker_loads_what_it_is_told_and_makes_rows() -> None:
    text = "The council met on Tuesday. It approved a budget of 12 million dollars."
    plan = JobPlan(summary_pb2.SummaryOptions(max_sentences=1), RequestLimits())

    async def work() -> None:
        node = NodeWork(NodeOrder(settings_to_send(Settings(), threads=1), plan, 5))
        with pytest.raises(ArchiveError, match="before it was ready"):
            await node.summarize([])
        report = await node.prepare()
        assert report.libraries == library_versions()
        assert report.identity["part_articles"] == 5
        assert all(len(model["revision"]) == 64 for model in report.identity["models"])
        assert set(report.targets) == {"ar", "en"}
        assert pickle.loads(pickle.dumps(report)) == report
        result = await node.summarize([Line(4, b'{"text": "%s"}' % text.encode()), Line(9, b"{")])
        assert [row["line"] for row in result.rows] == [4, 9]
        (pair,) = result.rows[0]["summary"]["sentences"]
        span = pair["source_span"]
        assert text[span["start"] : span["end"]] == pair["source_text"]
        assert result.rows[1]["error"]["code"] == "INVALID_ARGUMENT"
        assert result.faults == []

    asyncio.run(work())


def test_a_worker_that_cannot_load_says_where_and_why(tmp_path: Path) -> None:
    settings = settings_to_send(Settings(models=("no-such-package",)), threads=1)
    order = NodeOrder(settings, JobPlan(summary_pb2.SummaryOptions(), RequestLimits()), 5)
    with pytest.raises(ArchiveError, match="no model package is named 'no-such-package'") as caught:
        asyncio.run(NodeWork(order).prepare())
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args


def command(*arguments: object, hide: str = "") -> subprocess.CompletedProcess[str]:
    hidden = f"sys.modules[{hide!r}] = None; " if hide else ""
    program = f"import sys; {hidden}from khulasa.server.cli import main; main()"
    line = [sys.executable, "-c", program, "archive", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, timeout=100)


def test_without_ray_the_extra_is_named_and_nothing_is_touched(tmp_path: Path) -> None:
    source, out = write_articles(tmp_path / "in.jsonl", [{"text": "a"}]), tmp_path / "out"
    done = command(source, out, "--ray", "auto", hide="ray")
    assert done.returncode == 2
    assert "pip install 'khulasa-server[ray]'" in done.stderr
    assert "Traceback" not in done.stderr
    done = command(source, out, "--workers", "3")
    assert done.returncode == 2
    assert "name one with --ray" in done.stderr
    assert not out.exists()


@pytest.mark.parametrize("address", ["ray://192.0.2.1:10001", "http://192.0.2.1:8265"])
def test_a_connection_from_outside_the_cluster_is_refused(tmp_path: Path, address: str) -> None:
    """Before anything else, Ray's import included: what to do instead is said."""
    source, out = write_articles(tmp_path / "in.jsonl", [{"text": "a"}]), tmp_path / "out"
    done = command(source, out, "--ray", address, hide="ray")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"--ray {address}: ")
    assert "on a machine of the cluster" in line
    assert "deploy/ray" in line
    assert not out.exists()
    with pytest.raises(ArchiveError, match="on a machine of the cluster"):
        RayCluster(address)


@pytest.mark.parametrize("address", ["head", "head:", ":6379", "head:x", "head:70000", "head:0"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ArchiveError, match="HOST:PORT"):
        check_address(address)


@pytest.mark.parametrize("address", ["auto", "head:6379", "10.0.0.5:6379", "[::1]:6379"])
def test_an_address_of_a_node_is_taken(address: str) -> None:
    check_address(address)


def test_ray_is_not_loaded_unless_it_is_asked_for() -> None:
    program = (
        "import sys; import khulasa.server.archive.execution, khulasa.server.archive.ray_workers;"
        " sys.exit('ray' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
