"""How much memory each package takes is measured by loading it, and shown by `models list --memory`."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import pytest
from khulasa.server import footprint
from khulasa.server.footprint import memory_of
from khulasa.server.models.commands import models_app
from khulasa.server.models.errors import PackageError
from small_package import make_package
from typer.testing import CliRunner

BUNDLED = Path(__file__).resolve().parents[2] / "models/khulasa-base"
WEIGHTS = (BUNDLED / "model.bin").stat().st_size


def test_it_is_that_of_the_number_format_of_the_settings(tmp_path: Path) -> None:
    config = tmp_path / "khulasa.toml"
    config.write_text('compute_type = "int8"\n', "utf-8")
    small = memory_of(BUNDLED, config)
    assert WEIGHTS < small < 4 * WEIGHTS
    config.write_text('compute_type = "float32"\n', "utf-8")
    assert memory_of(BUNDLED, config) > small + 2 * WEIGHTS


def test_what_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    make_package(tmp_path / "small", "small")
    (tmp_path / "small" / "model.bin").write_bytes(b"no model")
    with pytest.raises(PackageError, match="small with device cpu, compute_type default: cannot load the model"):
        memory_of(tmp_path / "small", None)


def test_a_process_that_dies_of_a_package_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    # Reads memory that the process does not have.
    monkeypatch.setattr(footprint, "_loaded_bytes", ctypes.string_at)
    with pytest.raises(PackageError, match="a process that loads it dies"):
        memory_of(8, 1)  # type: ignore[arg-type]


def test_the_list_has_a_column_of_it_where_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        make_package(tmp_path / "own" / name, name)
    make_package(tmp_path / "own" / "c", "c", kind="embedding", pairs=[], languages=["ar"])
    monkeypatch.setenv("KHULASA_MODEL_DIRS", str(tmp_path / "own"))
    monkeypatch.setenv("KHULASA_DOWNLOAD_DIR", str(tmp_path / "downloads"))
    config = tmp_path / "khulasa.toml"
    config.touch()

    def measure(folder: Path, settings: Path | None) -> int:
        assert settings == config
        if folder.name == "b":
            raise PackageError("b cannot be loaded")
        return {"a": 1_234_000_000}.get(folder.name, 45_000_000)

    def rows(*arguments: str, status: int = 0) -> dict[str, list[str]]:
        done = CliRunner().invoke(models_app, ["list", "--config", str(config), *arguments], obj=measure)
        assert done.exit_code == status
        assert ("cannot be used: b cannot be loaded" in done.output) == bool(status)
        return {row.split()[0]: re.split(r"  +", row) for row in done.output.splitlines() if row.strip()}

    assert "memory" not in rows()["here"]
    shown = rows("--memory", status=1)
    column = shown["here"].index("memory")
    assert [shown[name][column] for name in "abc"] == ["1,234 MB", "-", "-"]
