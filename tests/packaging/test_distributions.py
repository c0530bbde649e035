"""What is in the wheels, and what an install of the client brings with it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Everything that `pip install ./proto ./client` may bring; typing_extensions is grpcio's own.
CLIENT_DISTRIBUTIONS = {
    "khulasa", "khulasa-proto", "grpcio", "protobuf", "googleapis-common-protos", "typing-extensions",
}  # fmt: skip
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

USE = """
import sys
from khulasa.client import AsyncClient, Client, InvalidArticleError
from khulasa.client.testing import FakeKhulasa
with FakeKhulasa() as server, Client(server.target) as client:
    assert client.summarize("One sentence. Another one.").sentences[0].source_text == "One sentence."
    try:
        client.summarize(" ")
    except InvalidArticleError as error:
        assert error.violations[0].field == "article.text"
    else:
        raise SystemExit("no error")
from khulasa.client.page import article_page
try:
    import khulasa.server
except ModuleNotFoundError:
    pass
else:
    raise SystemExit("the server came along")
print("works")
"""


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    # The repository must not be found by accident.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Wheels of copies of the sources: a build leaves nothing behind in the tree."""
    folder = tmp_path_factory.mktemp("wheels")
    made = {}
    for name in ("proto", "client"):
        copy = folder / name
        shutil.copytree(ROOT / name, copy, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", ".*_cache"))
        out = folder / f"{name}-wheel"
        # The build backend is pinned in requirements/build.txt and installed by `make setup`.
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", out, copy)
        (made[name],) = out.glob("*.whl")
    return made


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_stubs_wheel_holds_protos_stubs_and_types(wheels: dict[str, Path]) -> None:
    names = contents(wheels["proto"])
    assert "khulasa/v1/py.typed" in names
    for room in ("common", "summary", "translation", "model"):
        for ending in (".proto", "_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi"):
            assert f"khulasa/v1/{room}{ending}" in names
    assert all(re.fullmatch(r"khulasa/v1/(\w+\.(proto|py|pyi)|py\.typed)", name) for name in names), names


def test_the_client_wheel_holds_the_client_and_its_page(wheels: dict[str, Path]) -> None:
    names = contents(wheels["client"])
    sources = (ROOT / "client/khulasa/client").rglob("*")
    expected = {
        f"khulasa/client/{path.relative_to(ROOT / 'client/khulasa/client')}"
        for path in sources
        if path.is_file() and path.suffix in (".py", ".html", ".css", ".js", ".typed")
    }
    assert names == expected | {"khulasa/client_start.py"}
    assert "khulasa/client/py.typed" in names
    assert "khulasa/client/page/page.html" in names
    assert "khulasa/__init__.py" not in names, "khulasa is a namespace that three distributions share"


def test_the_client_needs_four_things() -> None:
    declared = tomllib.loads((ROOT / "client/pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.split(r"[^A-Za-z0-9.-]", one)[0] for one in declared}
    assert names == {"khulasa-proto", "grpcio", "protobuf", "googleapis-common-protos"}


def test_a_clean_environment_gets_a_working_client_and_no_server(tmp_path: Path) -> None:
    """`pip install ./proto ./client`, as the README says. Needs the package registry, as `make setup` does."""
    for name in ("proto", "client"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv/bin/python"
    pip = (python, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "./proto", "./client", cwd=tmp_path)
    run(*pip, "check")
    installed = {one["name"].lower().replace("_", "-") for one in json.loads(run(*pip, "list", "--format=json"))}
    assert installed - {"pip", "setuptools", "wheel"} <= CLIENT_DISTRIBUTIONS
    assert {"khulasa", "khulasa-proto", "grpcio", "protobuf"} <= installed
    assert run(python, "-c", USE, cwd=tmp_path / "venv").strip() == "works"
    assert "summarize" in run(tmp_path / "venv/bin/khulasa", "--help", cwd=tmp_path / "venv")
