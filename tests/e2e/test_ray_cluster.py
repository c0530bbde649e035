"""`khulasa-server archive --ray` on a real cluster of several nodes, one of them killed in the middle. Needs Ray.

Not for CI: Ray is not among the tools of development. To run it, in an environment with requirements/ray.txt as well:
`python -m pytest -m long tests/e2e/test_ray_cluster.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from archive_of_articles import write_archive

PROGRAM = "from khulasa.server.cli import main; main()"
OPTIONS = ("--full-translation", "--max-sentences", "2", "--part-articles", "6")
STORE_BYTES = 100 * 2**20
LIMIT_S = 600

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(1_800),
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra `ray` is not installed"),
]


def archive(*arguments: object, log: Path) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KHULASA_")}
    command = [sys.executable, "-c", PROGRAM, "archive", *map(str, arguments)]
    with log.open("w") as err:
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=err, text=True)


def ended(process: subprocess.Popen[str], log: Path) -> str:
    """Its standard error; it must have gone through, with one error row."""
    try:
        said, _ = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
    err = log.read_text()
    assert process.returncode == 1, err
    assert "49 articles in 9 parts, 1 failed" in said
    assert "Traceback" not in err
    return err


def content(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def wait_for(path: Path, process: subprocess.Popen[str], log: Path) -> None:
    end = time.monotonic() + LIMIT_S
    while not path.exists():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.02)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_archive(tmp_path_factory.mktemp("archive") / "in.jsonl")


@pytest.fixture(scope="module")
def wanted(source: Path) -> dict[str, bytes]:
    """What one process makes of it."""
    out, log = source.parent / "once", source.parent / "once.log"
    ended(archive(source, out, *OPTIONS, log=log), log)
    return content(out)


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A head node without cores, on which the command runs; workers' nodes are added by the tests."""
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=head)
    yield made
    made.shutdown()


def add_node(cluster: Any) -> Any:
    return cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)


def test_a_node_killed_in_the_middle_changes_nothing(
    cluster: Any, source: Path, wanted: dict[str, bytes], tmp_path: Path
) -> None:
    nodes = [add_node(cluster) for _ in range(3)]
    out, log = tmp_path / "out", tmp_path / "log"
    process = archive(source, out, *OPTIONS, "--ray", cluster.address, log=log)
    wait_for(out / "part-00000.jsonl", process, log)
    cluster.remove_node(nodes[1], allow_graceful=False)
    assert not (out / "part-00008.jsonl").exists(), "it was killed too late to show anything"
    err = ended(process, log)
    assert "workers: 3, cores of each: 1" in err
    assert err.count("was lost, its articles are done again") >= 1
    assert content(out) == wanted
    # A second run finds everything there.
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("part-*")}
    log = tmp_path / "again.log"
    ended(archive(source, out, *OPTIONS, "--ray", cluster.address, log=log), log)
    assert content(out) == wanted
    assert {path.name: path.stat().st_mtime_ns for path in out.glob("part-*")} == before


def test_a_worker_killed_alone_is_replaced_and_a_killed_command_goes_on(
    cluster: Any, source: Path, wanted: dict[str, bytes], tmp_path: Path
) -> None:
    add_node(cluster)
    out, log = tmp_path / "out", tmp_path / "log"
    process = archive(source, out, *OPTIONS, "--ray", cluster.address, log=log)
    wait_for(out / "part-00000.jsonl", process, log)
    process.kill()
    process.wait()
    left = {name: rows for name, rows in content(out).items() if name.startswith("part-")}
    assert 0 < len(left) < 9
    assert all(wanted[name] == rows for name, rows in left.items())
    # Its worker ends with it: the one core of the cluster is free for the next command's.
    log = tmp_path / "stopped.log"
    process = archive(source, out, *OPTIONS, "--ray", cluster.address, log=log)
    wait_for(out / f"part-{len(left):05d}.jsonl", process, log)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 143, log.read_text()
    assert "the same command goes on from there" in log.read_text()
    stopped = content(out)
    left = {name: rows for name, rows in stopped.items() if name.startswith("part-")}
    assert sorted(stopped) == ["manifest.json", *sorted(left)]
    assert all(wanted[name] == rows for name, rows in left.items())
    log = tmp_path / "again.log"
    process = archive(source, out, *OPTIONS, "--ray", cluster.address, "--parquet", log=log)
    wait_for(out / f"part-{len(left):05d}.jsonl", process, log)
    kill_the_worker()
    err = ended(process, log)
    assert err.count("was lost, its articles are done again") == 1
    made = content(out)
    assert {name: rows for name, rows in made.items() if not name.endswith(".parquet")} == wanted
    assert sorted(name for name in made if name.endswith(".parquet")) == [f"part-0000{n}.parquet" for n in range(9)]
    import pyarrow.parquet as parquet

    rows = [row for n in range(9) for row in parquet.read_table(out / f"part-0000{n}.parquet").to_pylist()]
    given = [json.loads(line) for n in range(9) for line in made[f"part-0000{n}.jsonl"].splitlines()]
    for row, json_row in zip(rows, given, strict=True):
        assert row["line"] == json_row["line"]
        if "error" in json_row:
            continue
        for kind in ("sentences", "full_translation"):
            pairs, json_pairs = row["summary"][kind], json_row["summary"][kind]
            for name in ("source_text", "target_text", "source_span", "score"):
                assert [pair[name] for pair in pairs] == [pair[name] for pair in json_pairs]


def kill_the_worker() -> None:
    """Ends the one process that holds the models, as the kernel would for want of memory."""
    import signal

    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if title.startswith(b"ray::NodeWork"):
            found.append(int(folder.name))
    (pid,) = found
    os.kill(pid, signal.SIGKILL)


def test_a_worker_without_the_models_stops_the_job_with_its_reason(cluster: Any, source: Path, tmp_path: Path) -> None:
    add_node(cluster)
    config = tmp_path / "khulasa.toml"
    config.write_text('models = ["no-such-package"]\n')
    out, log = tmp_path / "out", tmp_path / "log"
    process = archive(source, out, "--ray", cluster.address, "--config", config, log=log)
    process.communicate(timeout=LIMIT_S)
    assert process.returncode == 2
    assert "no model package is named 'no-such-package'" in log.read_text()
    assert content(out) == {}
