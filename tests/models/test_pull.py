"""`khulasa-server models pull` as a process, with the real huggingface_hub, against a hub of this machine."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import re
import subprocess
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hub_server import COMMIT, Fault, HubServer
from khulasa.server.models import archive as archive_module
from khulasa.server.models.installation import holding, lock_of_pull
from khulasa.server.models.manifest import read_manifest
from pull_machine import TOKEN, Machine, offer, packed

pytestmark = pytest.mark.slow


@pytest.fixture
def machine(tmp_path: Path, hub: HubServer) -> Machine:
    return Machine(tmp_path, hub)


def test_a_repository_comes_whole(machine: Machine) -> None:
    made = offer(machine)
    with machine.start("pull", "newsroom/small") as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert machine.shelf() == ["small"]
    assert "small 1 is there" in output
    assert "SIGHUP" in output
    installed = machine.folder_of("small")
    assert (installed / "model.bin").read_bytes() == (made / "model.bin").read_bytes()
    assert f"hub:newsroom/small@{COMMIT}" in read_manifest(installed).origin
    # The commit was found out once; every byte is of that commit.
    resolved = [seen.path for seen in machine.hub.seen if "/resolve/" in seen.path]
    assert resolved
    assert all(f"/resolve/{COMMIT}/" in path for path in resolved)
    # The token goes to the hub and not to where it sends us.
    for seen in machine.hub.seen:
        if "newsroom" not in seen.path:
            continue  # huggingface_hub asks things of its own
        assert (seen.headers.get("authorization") == f"Bearer {TOKEN}") == (not seen.path.startswith("/cdn/")), seen
    assert not [path for path in (machine.downloads / ".incoming").iterdir() if path.is_dir()]


def test_into_a_log_a_long_download_says_its_rate_in_plain_lines(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("khulasa.server.models.console._LINE_EVERY_S", 0.1)
    offer(machine)
    machine.hub.faults["model.bin"] = [Fault(rate=4_000_000)]
    output = machine.run("pull", "newsroom/small")
    lines = re.findall(r"^small model\.bin: ([\d.]+) of 2\.0 MB, [\d,]+ kB/s$", output, re.M)
    assert len(lines) >= 2
    assert [float(line) for line in lines] == sorted(float(line) for line in lines)
    assert all(letter.isprintable() or letter == "\n" for letter in output)


def test_what_is_there_is_not_fetched_again(machine: Machine) -> None:
    offer(machine)
    machine.run("pull", "newsroom/small")
    machine.hub.seen.clear()
    assert "there already" in machine.run("pull", "newsroom/small")
    assert machine.hub.bodies("model.bin") == []
    machine.run("pull", "newsroom/small", "--force")
    assert len(machine.hub.bodies("model.bin")) == 1


def test_what_is_there_and_damaged_is_fetched_again(machine: Machine) -> None:
    offer(machine)
    machine.run("pull", "newsroom/small")
    (machine.folder_of("small") / "model.bin").write_bytes(b"x" * 2_000_000)
    assert "model.bin: sha256" in machine.run("verify", status=1)
    machine.run("pull", "newsroom/small")
    assert machine.shelf() == ["small"]
    assert "good" in machine.run("verify", "small")


def test_a_new_commit_takes_the_place_of_the_old_one(machine: Machine) -> None:
    offer(machine)
    machine.run("pull", "newsroom/small")
    first = machine.folder_of("small")
    offer(machine, seed=2)
    machine.hub.commit = "f" * 40
    machine.run("pull", "newsroom/small")
    assert machine.folder_of("small") != first
    assert machine.shelf() == ["small"]


def test_a_commit_can_be_named_and_must_be_there(machine: Machine) -> None:
    offer(machine)
    machine.run("pull", f"newsroom/small@{COMMIT}")
    assert "no such revision" in machine.run("pull", f"newsroom/small@{'e' * 40}", status=1)
    assert "no such repository" in machine.run("pull", "newsroom/nothing", status=1)
    # What is here is known without the hub.
    machine.hub.seen.clear()
    machine.hub.repositories.clear()
    assert "there already" in machine.run("pull", f"newsroom/small@{COMMIT}")
    assert machine.hub.seen == []
    (machine.folder_of("small") / "model.bin").write_bytes(b"damaged")
    output = machine.run("pull", f"newsroom/small@{COMMIT}", status=1)
    assert output.count("is damaged and is pulled again") == 1


def test_broken_connections_and_a_busy_hub_only_take_longer(machine: Machine) -> None:
    made = offer(machine)
    busy = Fault(status=429, headers={"Retry-After": "1"})
    machine.hub.faults["main"] = [busy]
    machine.hub.faults["HEAD model.bin"] = [busy, Fault(status=503)]
    machine.hub.faults["model.bin"] = [Fault(break_after=700_000), Fault(status=429), Fault(break_after=9)]
    machine.run("pull", "newsroom/small")
    assert machine.shelf() == ["small"]
    assert (machine.folder_of("small") / "model.bin").read_bytes() == (made / "model.bin").read_bytes()
    assert "bytes=700000-" in [seen.headers.get("range") for seen in machine.hub.bodies("model.bin")]


@pytest.mark.parametrize("name", ["model.bin", "spm.model"])
def test_wrong_content_is_refused_by_the_hubs_own_hash(machine: Machine, name: str) -> None:
    offer(machine)
    right = machine.hub.repositories["newsroom/small"][name]
    wrong = Fault(content=bytes(len(right)), etag='"x"')
    machine.hub.faults[name] = [wrong] * 9
    output = machine.run("pull", "newsroom/small", status=1)
    assert f"{name} from " in output
    assert " expected, " in output
    assert " found" in output
    assert machine.shelf() == []
    machine.hub.faults.clear()
    machine.run("pull", "newsroom/small")
    assert machine.shelf() == ["small"]


def test_killed_in_the_middle_it_goes_on(machine: Machine) -> None:
    made = offer(machine, size=4_000_000)
    machine.hub.faults["model.bin"] = [Fault(rate=4_000_000)]
    part = machine.downloads / ".incoming/small/files/model.bin.part"
    with machine.start("pull", "newsroom/small") as process:
        deadline = time.monotonic() + 300
        while not (part.is_file() and part.stat().st_size > 500_000):
            assert time.monotonic() < deadline
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.01)
        process.kill()
    have = part.stat().st_size
    assert have < 4_000_000
    assert machine.shelf() == []
    left = f"in {part.parents[1]}; the same command goes on with it, `khulasa-server models remove small` ends it"
    assert re.search(rf"^unfinished small: \d MB {re.escape(left)}$", machine.run("list"), re.M)
    with holding(lock_of_pull(machine.downloads, "small")):
        assert "at work on small: " in machine.run("list")
    machine.hub.seen.clear()
    machine.run("pull", "newsroom/small")
    assert machine.shelf() == ["small"]
    assert (machine.folder_of("small") / "model.bin").read_bytes() == (made / "model.bin").read_bytes()
    asked = [
        int(seen.headers["range"].removeprefix("bytes=").rstrip("-")) for seen in machine.hub.bodies("model.bin")[-1:]
    ]
    assert asked[0] >= have > 0


def test_killed_at_any_moment_the_shelf_holds_whole_packages_only(machine: Machine) -> None:
    chance = random.Random(3)
    for seed in range(4):
        offer(machine, seed=seed, size=1_000_000)
        machine.hub.commit = f"{seed:040x}"
        machine.hub.faults["model.bin"] = [Fault(rate=4_000_000)]
        with machine.start("pull", "newsroom/small") as process:
            time.sleep(chance.uniform(0.6, 2.0))
            process.kill()
        assert machine.shelf() in ([], ["small"])  # each file is compared with the manifest there
    machine.hub.faults.clear()
    machine.run("pull", "newsroom/small")
    assert machine.shelf() == ["small"]
    assert machine.folder_of("small")
    assert f"{3:040x}" in read_manifest(machine.folder_of("small")).origin
    assert not list(machine.downloads.glob(".trash-*"))


def test_two_at_once_fetch_it_once(machine: Machine) -> None:
    offer(machine)
    waits = threading.Event()
    machine.hub.faults["model.bin"] = [Fault(hold=waits)]

    def output_of(process: subprocess.Popen[str]) -> str:
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            if "another process" in line:
                waits.set()
        process.wait(60)
        return "".join(lines)

    processes = [machine.start("pull", "newsroom/small") for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        outputs = list(pool.map(output_of, processes))
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert machine.shelf() == ["small"]
    assert len(machine.hub.bodies("model.bin")) == 1
    assert sorted("there already" in output for output in outputs) == [False, True]
    assert any("another process" in output for output in outputs)


@pytest.mark.parametrize("name", ["small.zip", "small.tar.gz"])
def test_an_archive_from_an_address(machine: Machine, name: str) -> None:
    content = packed(offer(machine), name)
    machine.hub.files[name] = content
    sha256 = hashlib.sha256(content).hexdigest()
    machine.run("pull", f"{machine.hub.url}/files/{name}", "--sha256", sha256)
    assert machine.shelf() == ["small"]
    assert sha256 in read_manifest(machine.folder_of("small")).origin


def test_an_archive_with_another_hash_is_refused(machine: Machine) -> None:
    content = packed(offer(machine), "small.zip")
    machine.hub.files["small.zip"] = content
    output = machine.run("pull", f"{machine.hub.url}/files/small.zip", "--sha256", "0" * 64, status=1)
    for part in ("small.zip", "0" * 64, hashlib.sha256(content).hexdigest()):
        assert part in output
    assert machine.shelf() == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\n<!DOCTYPE html><title>Sign in</title>", "but a web page"),
        (b"", "but empty"),
        (b"\x1f\x8b\x08\x00cut", "though compressed"),
        (b"PK\x03\x04\x14\x00\x00\x00cut", "though compressed"),
        (b"weights", "by its first bytes b'weights'"),
    ],
)
def test_what_is_no_archive_is_said_to_be_what_it_seems(machine: Machine, content: bytes, said: str) -> None:
    machine.hub.files["small.zip"] = content
    output = machine.run("pull", f"{machine.hub.url}/files/small.zip", status=1)
    assert f"small.zip: neither a zip nor a tar archive, {said}" in output
    assert machine.shelf() == []


@pytest.mark.parametrize("what", ["ftp://example.org/x.zip", "https://example.org:x/", "https://a@example.org/x.zip"])
def test_an_address_that_is_none_is_one_line(machine: Machine, what: str) -> None:
    output = machine.run("pull", what, status=1)
    assert len(output.splitlines()) == 1
    assert "address" in output or "only https" in output


@pytest.mark.parametrize("end", ["..", ".", "small.zip#part", "x" * 300])
def test_the_end_of_an_address_is_no_path(machine: Machine, end: str) -> None:
    machine.hub.files[end.partition("#")[0]] = packed(offer(machine), "small.zip")
    machine.run("pull", f"{machine.hub.url.upper()}/files/{end}", "--name", "small")
    assert machine.shelf() == ["small"]


def test_an_archive_and_a_folder_of_this_machine(machine: Machine) -> None:
    made = offer(machine)
    packed(made, "small.zip")
    machine.run("pull", str(made.parent / "small.zip"), "--name", "renamed")
    machine.run("pull", str(made))
    assert machine.shelf() == ["renamed", "small"]
    assert (made / "model.bin").is_file()


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_a_full_disk_is_one_line_and_keeps_nothing_half_made(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    made = offer(machine)
    packed(made, "small.zip")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    # Every file but the first reaches the disk.
    write = archive_module._write
    wrote: list[Path] = []

    def filling(path: Path, *rest: object) -> None:
        wrote.append(path)
        full() if len(wrote) > 1 else write(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(archive_module, "_write", filling)
    source = made if kind == "folder" else made.parent / "small.zip"
    output = machine.run("pull", str(source), "--name", "small", status=1)
    line = output.splitlines()[-1]
    assert "No space left on device" in line
    assert str(machine.downloads) in line
    assert line.count("No space") == 1
    assert [path for path in (machine.downloads / ".incoming").rglob("*") if path.is_file()] == [
        machine.downloads / ".incoming/small.lock"
    ]


def test_a_hostile_archive_leaves_nothing(machine: Machine) -> None:
    archive = machine.folder / "bad.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("manifest.json", "{}")
        opened.writestr("../../../escaped", "x")
    assert "'../../../escaped' is no plain path" in machine.run("pull", str(archive), status=1)
    assert not list(machine.folder.rglob("escaped"))
    assert machine.shelf() == []


def test_a_link_in_a_folder_is_refused(machine: Machine) -> None:
    made = offer(machine)
    (made / "model.bin").rename(machine.folder / "secret")
    (made / "model.bin").symlink_to(machine.folder / "secret")
    assert "a link" in machine.run("pull", str(made), status=1)
    assert machine.shelf() == []


def test_a_link_to_a_folder_is_a_link_too(machine: Machine) -> None:
    made = offer(machine)
    (made / "more").symlink_to(machine.folder)
    assert "more: a link" in machine.run("pull", str(made), status=1)
    assert machine.shelf() == []


def test_a_link_that_is_no_part_of_a_package_holds_nothing_up(machine: Machine) -> None:
    """Hidden files are nobody's: what they lead to is not opened, be it a pipe that nobody writes to."""
    made = offer(machine)
    os.mkfifo(machine.folder / "pipe")
    (made / ".pipe").symlink_to(machine.folder / "pipe")
    with machine.start("pull", str(made)) as process:
        try:
            assert process.wait(60) == 0
        finally:
            process.kill()
    assert machine.shelf() == ["small"]


def test_a_package_that_lies_about_itself_is_refused(machine: Machine) -> None:
    made = offer(machine)
    wrong = json.loads((made / "manifest.json").read_text())
    wrong["files"][1]["sha256"] = wrong["revision"] = "1" * 64
    machine.hub.repositories["newsroom/small"]["manifest.json"] = json.dumps(wrong).encode()
    assert "1" * 64 in machine.run("pull", "newsroom/small", status=1)
    assert machine.shelf() == []


def test_plain_http_is_for_this_machine_only(machine: Machine) -> None:
    assert "only https" in machine.run("pull", "http://example.org/small.zip", status=1)
    machine.environment["HF_ENDPOINT"] = "http://example.org"
    assert "only https" in machine.run("pull", "newsroom/small", status=1)


def test_list_and_remove(machine: Machine) -> None:
    offer(machine)
    machine.run("pull", "newsroom/small")
    output = machine.run("list")
    assert "downloaded" in output
    assert "opus-mt-tc-big-ar-en" in output
    assert "khulasa-base (preview)" in output
    rows = {row.split()[0]: re.split(r"  +", row) for row in output.splitlines() if row.strip()}
    # Which pairs each answers for: the preview is left with what the pulled one does not translate.
    assert rows["small"][2:4] == ["ar-en", "ar-en"]
    assert rows["khulasa-base"][2:4] == ["ar-en en-ar", "en-ar"]
    assert "A preview answers en-ar; stronger: khulasa-server models pull argos-en-ar" in output
    assert rows["nllb-200-distilled-600m"][3] == "commit, hash"
    assert rows["opus-mt-tc-big-ar-en-ct2"][2:4] == ["unknown", "no"]
    machine.environment["KHULASA_MODELS"] = "khulasa-base,small"
    rows = {row.split()[0]: re.split(r"  +", row) for row in machine.run("list").splitlines() if row.strip()}
    assert rows["small"][3] == "-"
    machine.environment["KHULASA_MODELS"] = "smal"
    assert "cannot be used: models: no model package is named 'smal' (nearest: small)" in machine.run("list", status=1)
    del machine.environment["KHULASA_MODELS"]
    assert "small is gone" in machine.run("remove", "small")
    assert machine.shelf() == []
    assert "'small'" in machine.run("remove", "small", status=1)
    assert "khulasa-base" in machine.run("remove", "khulasa-base", status=1)


def test_a_package_before_another_one_is_said(machine: Machine) -> None:
    offer(machine, "newsroom/b", name="b")
    offer(machine, "newsroom/a", name="a")
    assert "stays with" not in machine.run("pull", "newsroom/a")
    assert "ar-en stays with a unless the settings name b first" in machine.run("pull", "newsroom/b")
