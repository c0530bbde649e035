"""The shelf: a package is there whole or not at all, whoever else is at it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from khulasa.server.models import installation, verification
from khulasa.server.models.commands import models_app
from khulasa.server.models.errors import PackageNotFoundError, VerificationError
from khulasa.server.models.installation import holding, install, lock_of_pull, reading, remove
from khulasa.server.models.manifest import read_manifest
from khulasa.server.models.registry import Shelves, find_packages
from khulasa.server.models.verification import verify
from small_package import make_package
from typer.testing import CliRunner


def staged(shelf: Path, seed: int) -> Path:
    folder = shelf / ".incoming" / f"small-{seed}"
    make_package(folder, seed=seed)
    return folder


def put(shelf: Path, seed: int) -> Path:
    folder = staged(shelf, seed)
    return install(shelf, folder, read_manifest(folder)).folder


def found(shelf: Path) -> list[Path]:
    return [package.folder for package in find_packages(Shelves((), shelf, ()))]


def visible(shelf: Path) -> list[str]:
    return sorted(path.name for path in shelf.iterdir() if not path.name.startswith("."))


def test_a_new_version_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    first = put(tmp_path, 1)
    assert found(tmp_path) == [first]
    second = put(tmp_path, 2)
    assert visible(tmp_path) == [second.name]
    assert put(tmp_path, 2) == second, "the same again is the same place"
    assert not list(tmp_path.glob(".trash-*"))


def test_a_wrong_file_never_reaches_the_shelf(tmp_path: Path) -> None:
    first = put(tmp_path, 1)
    folder = staged(tmp_path, 2)
    (folder / "model.bin").write_bytes(b"half")
    with pytest.raises(VerificationError):
        install(tmp_path, folder, read_manifest(folder))
    assert found(tmp_path) == [first]


def test_a_crash_while_the_same_package_is_put_again_leaves_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each step that changes the shelf."""
    put(tmp_path, 1)
    rename = Path.rename
    steps = 0
    while True:
        left = steps

        def until_the_crash(self: Path, target: Path) -> Path:
            nonlocal left
            if not left:
                raise KeyboardInterrupt
            left -= 1
            return rename(self, target)

        folder = staged(tmp_path, 1)
        monkeypatch.setattr(Path, "rename", until_the_crash)
        try:
            install(tmp_path, folder, read_manifest(folder))
            crashed = False
        except KeyboardInterrupt:
            crashed = True
        monkeypatch.setattr(Path, "rename", rename)
        (one,) = found(tmp_path)
        verify(one, read_manifest(one))
        if not crashed:
            break
        shutil.rmtree(folder, ignore_errors=True)
        steps += 1
    assert steps > 1
    assert len(visible(tmp_path)) == 1


def test_what_a_pull_brings_while_it_is_removed_goes_too(tmp_path: Path) -> None:
    """The old one went first and the new one stayed, though the command said that the package was gone."""
    put(tmp_path, 1)
    waits = threading.Event()
    with holding(lock_of_pull(tmp_path, "small")):
        remover = threading.Thread(target=remove, args=(tmp_path, "small", waits.set))
        remover.start()
        assert waits.wait(30)
        put(tmp_path, 2)
    remover.join(timeout=30)
    assert visible(tmp_path) == []


def test_others_stay_when_one_is_removed(tmp_path: Path) -> None:
    put(tmp_path, 1)
    make_package(tmp_path / "other@1", "other")
    assert remove(tmp_path, "small") > 50_000
    assert visible(tmp_path) == ["other@1"]
    with pytest.raises(PackageNotFoundError):
        remove(tmp_path, "small")


def test_one_that_cannot_be_read_can_be_removed(tmp_path: Path) -> None:
    folder = put(tmp_path, 1)
    (folder / "manifest.json").write_text("{")
    remove(tmp_path, "small")
    assert visible(tmp_path) == []


def test_what_an_unfinished_pull_left_goes_too(tmp_path: Path) -> None:
    put(tmp_path, 1)
    (tmp_path / ".incoming/small/files").mkdir(parents=True)
    (tmp_path / ".incoming/small/files/model.bin.part").write_bytes(bytes(1000))
    (tmp_path / ".incoming/other/files").mkdir(parents=True)
    remove(tmp_path, "small")
    assert not (tmp_path / ".incoming/small").exists()
    assert (tmp_path / ".incoming/other").exists()
    assert remove(tmp_path, "other") == 0


@pytest.mark.parametrize("name", ["..", ".", "../other", "*", ""])
def test_no_name_leads_elsewhere(tmp_path: Path, name: str) -> None:
    put(tmp_path / "shelf", 1)
    make_package(tmp_path / "other", "other")
    with pytest.raises(PackageNotFoundError):
        remove(tmp_path / "shelf", name)
    assert (tmp_path / "other/model.bin").is_file()


def test_nothing_is_taken_away_while_somebody_reads(tmp_path: Path) -> None:
    first = put(tmp_path, 1)
    folder = staged(tmp_path, 2)
    manifest = read_manifest(folder)
    with reading(tmp_path):
        writer = threading.Thread(target=install, args=(tmp_path, folder, manifest))
        writer.start()
        time.sleep(0.3)
        assert first.is_dir()
        verify(first, read_manifest(first))
        assert writer.is_alive()
    writer.join(timeout=60)
    assert not first.exists()
    assert len(visible(tmp_path)) == 1


def test_reading_needs_no_leave_to_write(tmp_path: Path) -> None:
    with reading(tmp_path / "nowhere"):
        pass
    assert not (tmp_path / "nowhere").exists()


HOLD = """
import sys, time
from pathlib import Path
from khulasa.server.models.installation import holding
with holding(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "x.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.kill()
    waited: list[bool] = []
    with holding(tmp_path / "x.lock", lambda: waited.append(True)):
        pass
    assert waited == []


def test_a_held_lock_is_waited_for(tmp_path: Path) -> None:
    began, told, order = threading.Event(), threading.Event(), []

    def hold() -> None:
        with holding(tmp_path / "x.lock"):
            began.set()
            assert told.wait(30)
            time.sleep(0.2)
            order.append("let go")

    def waits() -> None:
        order.append("told")
        told.set()

    other = threading.Thread(target=hold)
    other.start()
    assert began.wait(30)
    with holding(tmp_path / "x.lock", waits):
        order.append("held")
    other.join()
    assert order == ["told", "let go", "held"]


def test_of_a_link_on_the_shelf_only_the_link_goes(tmp_path: Path) -> None:
    shelf, mine = tmp_path / "shelf", tmp_path / "mine"
    shelf.mkdir()
    make_package(mine)
    (shelf / "small").symlink_to(mine)
    assert remove(shelf, "small") == 0
    assert read_manifest(mine).name == "small"
    assert [path.name for path in shelf.iterdir() if path.is_symlink()] == []


def test_the_newest_is_taken_though_the_clock_was_set_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is killed between the new one and the removal of the old one, which lies in the future."""
    old = put(tmp_path, 1)
    future = time.time() + 1e6
    os.utime(old, (future, future))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(installation, "_discard", killed)
        with pytest.raises(KeyboardInterrupt):
            put(tmp_path, 2)
    assert len(visible(tmp_path)) == 2
    (taken,) = found(tmp_path)
    assert taken != old


def test_who_waits_for_a_server_that_loads_is_told(tmp_path: Path) -> None:
    put(tmp_path, 1)
    folder = staged(tmp_path, 2)
    told, done = threading.Event(), []
    with reading(tmp_path):
        arguments = (tmp_path, folder, read_manifest(folder), told.set)
        installer = threading.Thread(target=lambda: done.append(install(*arguments)))
        installer.start()
        assert told.wait(30)
        assert done == []
    installer.join(timeout=30)
    assert found(tmp_path) == [done[0].folder]


def test_nothing_is_taken_away_while_packages_are_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look like damage."""
    put(tmp_path, 1)
    waited: list[bool] = []
    real = verification.faults_of

    def while_a_remover_comes(*arguments: object) -> object:
        remover = threading.Thread(target=remove, args=(tmp_path, "small"))
        removers.append(remover)
        monkeypatch.setattr(installation.fcntl, "flock", noted)
        remover.start()
        waited.append(waits.wait(30))
        yield from real(*arguments)  # type: ignore[arg-type]

    removers: list[threading.Thread] = []
    waits = threading.Event()
    flock = installation.fcntl.flock

    def noted(file: object, how: int) -> None:
        if how == installation.fcntl.LOCK_EX:
            waits.set()
        flock(file, how)  # type: ignore[arg-type]

    monkeypatch.setattr(verification, "faults_of", while_a_remover_comes)
    monkeypatch.setenv("KHULASA_DOWNLOAD_DIR", str(tmp_path))
    done = CliRunner().invoke(models_app, ["verify", "small"])
    assert (done.exit_code, done.stdout.endswith(": good\n")) == (0, True), done.output
    assert waited == [True]
    for remover in removers:
        remover.join(timeout=30)
    assert visible(tmp_path) == []
