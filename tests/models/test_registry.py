"""Which packages are found, in which order, and which of two of one name."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from khulasa.server.models.commands import models_app
from khulasa.server.models.errors import ManifestError, PackageError, PackageNotFoundError
from khulasa.server.models.manifest import MANIFEST, Manifest, read_manifest
from khulasa.server.models.registry import Origin, Shelves, find_packages, select_packages
from small_package import make_package
from typer.testing import CliRunner


@pytest.fixture
def shelves(tmp_path: Path) -> Shelves:
    for place, names in {"own": "b a", "downloads": "d a c", "bundled": "preview a"}.items():
        for name in names.split():
            make_package(tmp_path / place / name, name, preview=name == "preview", description=place)
    return Shelves((tmp_path / "own",), tmp_path / "downloads", (tmp_path / "bundled", tmp_path / "nowhere"))


def names(shelves: Shelves, *wanted: str) -> list[str]:
    return [package.name for package in select_packages(shelves, wanted)]


def test_every_package_is_taken_previews_last(shelves: Shelves) -> None:
    assert names(shelves) == ["a", "b", "c", "d", "preview"]


def test_the_first_of_a_name_hides_the_others(shelves: Shelves) -> None:
    (first,) = select_packages(shelves, ["a"])
    assert (first.origin, first.manifest.description) == (Origin.CONFIGURED, "own")


def test_the_settings_decide_the_order(shelves: Shelves) -> None:
    assert names(shelves, "preview", "d", "a", "d") == ["preview", "d", "a"]


def test_a_path_names_a_package_anywhere(shelves: Shelves, tmp_path: Path) -> None:
    make_package(tmp_path / "else/where", "z")
    assert names(shelves, str(tmp_path / "else/where"), "a") == ["z", "a"]


def test_a_folder_of_the_settings_may_be_a_package_itself(tmp_path: Path) -> None:
    make_package(tmp_path / "own", "z")
    assert names(Shelves((tmp_path / "own",), tmp_path / "none", ())) == ["z"]


def test_an_unknown_name_says_what_there_is(shelves: Shelves) -> None:
    with pytest.raises(PackageNotFoundError, match="'x'; there are: a, b, c, d, preview"):
        names(shelves, "x")


def test_a_path_without_a_package_is_said_to_have_none(shelves: Shelves, tmp_path: Path) -> None:
    with pytest.raises(PackageNotFoundError, match="no model package in"):
        names(shelves, str(tmp_path))


def test_a_folder_of_the_settings_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(PackageNotFoundError, match="model_dirs"):
        find_packages(Shelves((tmp_path / "typo",), tmp_path, ()))


def test_a_download_folder_need_not_be_there(tmp_path: Path) -> None:
    assert find_packages(Shelves((), tmp_path / "none", ())) == []


def test_unfinished_work_is_not_found(shelves: Shelves, tmp_path: Path) -> None:
    make_package(tmp_path / "downloads/.incoming", "half")
    make_package(tmp_path / "downloads/.trash-1", "old")
    (tmp_path / "downloads/no-manifest").mkdir()
    assert names(shelves) == ["a", "b", "c", "d", "preview"]


def test_a_broken_manifest_is_an_error_and_not_passed_over(shelves: Shelves, tmp_path: Path) -> None:
    (tmp_path / "downloads/c" / MANIFEST).write_text("{}")
    with pytest.raises(ManifestError, match="downloads/c"):
        names(shelves)
    faults: list[PackageError] = []
    assert [package.name for package in find_packages(shelves, faults.append)] == ["a", "b", "d", "preview"]
    assert len(faults) == 1


def test_a_broken_package_that_nobody_asked_for_stops_nothing(shelves: Shelves, tmp_path: Path) -> None:
    (tmp_path / "downloads/c" / MANIFEST).write_text("{}")
    assert names(shelves, "d", "a") == ["d", "a"]
    with pytest.raises(PackageNotFoundError, match=r"'c'.*downloads/c"):
        names(shelves, "c")
    with pytest.raises(PackageNotFoundError, match="model_dirs"):
        names(Shelves((tmp_path / "typo",), shelves.downloads, ()), "d")


def test_of_two_of_one_name_in_one_folder_the_newer_is_taken(tmp_path: Path) -> None:
    """As after a crash between putting the new one on the shelf and taking the old one off."""
    for age, folder in enumerate(["a@new", "a@old"]):
        make_package(tmp_path / folder, "a", version=folder[2:])
        os.utime(tmp_path / folder, (1e9 - age, 1e9 - age))
    (package,) = find_packages(Shelves((), tmp_path, ()))
    assert package.manifest.version == "new"


def test_the_folder_of_a_user_who_is_not_known_is_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(PackageNotFoundError, match=r"^models: .*nobody-of-this-name/a: the user behind"):
        select_packages(Shelves((), tmp_path, ()), ["~nobody-of-this-name/a"], setting="models")


@contextmanager
def nobody() -> Iterator[None]:
    """For root nothing is forbidden: whoever runs the tests is somebody without rights meanwhile."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if before == 0:
            os.seteuid(0)


@pytest.fixture
def open_shelf() -> Iterator[Path]:
    """A folder that everybody reaches, with packages `a` and `b`."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    for name in "ab":
        make_package(folder / name, name)
    yield folder
    for path in (folder, folder / "a"):
        path.chmod(0o755)
    shutil.rmtree(folder)


def test_a_package_that_may_not_be_read_is_named_and_hides_no_other(open_shelf: Path) -> None:
    (open_shelf / "a").chmod(0)
    faults: list[PackageError] = []
    with nobody():
        found = find_packages(Shelves((), open_shelf, ()), faults.append)
    assert [package.name for package in found] == ["b"]
    assert [str(fault) for fault in faults] == [f"{open_shelf / 'a' / MANIFEST}: Permission denied"]


def test_a_shelf_that_may_not_be_read_is_named(open_shelf: Path) -> None:
    open_shelf.chmod(0)
    with nobody(), pytest.raises(PackageNotFoundError, match=f"^{open_shelf}: Permission denied$"):
        find_packages(Shelves((), open_shelf, ()))


def test_a_package_that_is_taken_away_while_it_is_looked_at_breaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_package(tmp_path / "a", "a")
    make_package(tmp_path / "b", "b")

    def read_and_lose(folder: Path) -> Manifest:
        manifest = read_manifest(folder)
        shutil.rmtree(folder)
        return manifest

    monkeypatch.setattr("khulasa.server.models.registry.read_manifest", read_and_lose)
    assert [package.name for package in find_packages(Shelves((), tmp_path, ()))] == ["a", "b"]


def test_the_command_names_a_shelf_that_may_not_be_written(open_shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHULASA_DOWNLOAD_DIR", str(open_shelf))
    monkeypatch.chdir(open_shelf)
    with nobody():
        done = CliRunner().invoke(models_app, ["remove", "a"])
    assert (done.exit_code, done.stderr) == (1, f"{open_shelf / '.lock'}: Permission denied\n")
