"""Conversions that are killed, run twice at once or told to replace what they must not: nothing half, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from khulasa.server.models.convert import convert
from khulasa.server.models.convert import package as package_module
from khulasa.server.models.convert import workplace as workplace_module
from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import MANIFEST, read_manifest
from khulasa.server.models.verification import verify
from test_ready_models import plain as plain

ARGUMENTS = {"pairs": ["ar-en"], "target_prefix": "<2en>"}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def killed(source: Path, out: Path, moment: str, **options: object) -> None:
    """Converts in a process of its own that is killed when it comes to `moment`: the name of a function."""
    module, _, name = moment.rpartition(".")
    program = (
        "import importlib, os, signal, sys\nfrom pathlib import Path\n"
        "from khulasa.server.models.convert import convert\nfrom khulasa.server.models.convert import package\n"
        "killed = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"setattr(importlib.import_module({module!r}), {name!r}, killed)\n"
        f"convert(Path(sys.argv[1]), Path(sys.argv[2]), **{ARGUMENTS | options!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(source), str(out)], check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "moment",
    ["shutil.copyfile", "khulasa.server.models.convert.package._try", "khulasa.server.models.convert.package.put"],
)
def test_what_a_killed_conversion_left_goes_with_the_next(plain: Path, tmp_path: Path, moment: str) -> None:
    out = tmp_path / "out"
    other = tmp_path / ".out.settings"
    other.write_text("somebody's")
    killed(plain, out, moment)
    assert not out.exists()
    assert len(names(tmp_path)) == 4, "the folder that it worked in, its lock"
    convert(plain, out, **ARGUMENTS)
    assert names(tmp_path) == [other.name, "out", "plain"]
    verify(out, read_manifest(out))


def test_killed_between_the_old_package_and_the_new_one_the_old_one_comes_back(
    plain: Path,
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    convert(plain, out, **ARGUMENTS, version="old")
    killed(plain, out, "khulasa.server.models.convert.workplace._into_place", force=True)
    assert not out.exists()
    with pytest.raises(PackageError, match="--force replaces"):
        convert(plain, out, **ARGUMENTS)
    assert read_manifest(out).version == "old"
    assert names(tmp_path) == ["out", "plain"]


def test_ctrl_c_leaves_nothing(plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(package_module, "_try", stop)
    with pytest.raises(KeyboardInterrupt):
        convert(plain, tmp_path / "out", **ARGUMENTS)
    assert names(tmp_path) == ["plain"]


def test_two_at_once_are_refused_and_the_first_one_stays(
    plain: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out"
    tried: list[str] = []
    real = package_module._try

    def second(*arguments: object, **options: object) -> None:
        real(*arguments, **options)  # type: ignore[arg-type]
        if not tried:
            tried.append("")
            with pytest.raises(PackageError) as caught:
                convert(plain, out, **ARGUMENTS, version="second", force=True)
            tried.append(str(caught.value))

    monkeypatch.setattr(package_module, "_try", second)
    convert(plain, out, **ARGUMENTS, version="first")
    assert tried[1] == f"another process converts to {out}"
    assert read_manifest(out).version == "first"
    assert names(tmp_path) == ["out", "plain"]


def test_a_lock_that_was_deleted_meanwhile_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its holder ends between the opening and the locking of it."""
    lock, seen = tmp_path / ".out.lock", []
    real = workplace_module.fcntl.flock

    def late(file: object, how: int) -> None:
        if not seen:
            lock.unlink()
        seen.append(how)
        real(file, how)  # type: ignore[arg-type]

    monkeypatch.setattr(workplace_module.fcntl, "flock", late)
    with workplace_module.workplace(tmp_path / "out"):
        assert lock.is_file()
    assert len(seen) == 2
    assert names(tmp_path) == []


@pytest.mark.parametrize("what", ["its source", "around its source", "packages"])
def test_force_replaces_no_source_and_no_folder_of_packages(plain: Path, tmp_path: Path, what: str) -> None:
    out = {"its source": plain, "around its source": plain.parent, "packages": tmp_path / "models"}[what]
    if what == "packages":
        convert(plain, out / "one", **ARGUMENTS)
    before = names(out)
    with pytest.raises(PackageError, match=r"holds what is to be converted|is a folder of packages"):
        convert(plain, out, **ARGUMENTS, force=True)
    assert names(out) == before
    assert (plain / "model.bin").is_file()


def test_it_is_on_the_disk_before_it_has_its_name(
    plain: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a power cut a name without its bytes would be a damaged package in the place of a good one."""
    out, on_disk = tmp_path / "out", []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        assert not out.exists()
        on_disk.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    convert(plain, out, **ARGUMENTS)
    assert {MANIFEST, "model.bin", "config.json", "spm.model"} <= set(on_disk)
