"""A download folder, the command with its environment, and packages for it on the hub of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hub_server import HubServer
from huggingface_hub import constants
from khulasa.server.models.commands import models_app
from khulasa.server.models.registry import Shelves, find_packages
from khulasa.server.models.verification import verify
from small_package import contents, make_package
from typer.testing import CliRunner

COMMAND = str(Path(sys.executable).parent / "khulasa-server")
TOKEN = "hf_secret"


class Machine:
    """A download folder and the command with its environment."""

    def __init__(self, folder: Path, hub: HubServer) -> None:
        self.folder, self.hub = folder, hub
        self.downloads = folder / "downloads"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KHULASA_", "HF_"))}
        self.environment = kept | {
            "KHULASA_DOWNLOAD_DIR": str(self.downloads),
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": TOKEN,
            "HF_HOME": str(folder / "hf"),
            "HOME": str(folder),
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [COMMAND, "models", *arguments],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, status: int = 0) -> str:
        """The command in this process, which saves its start; see `start` for the real one."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            endpoint = self.environment["HF_ENDPOINT"]
            patch.setattr(constants, "ENDPOINT", endpoint)
            template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
            patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
            done = CliRunner().invoke(models_app, arguments, catch_exceptions=False)
        assert done.exit_code == status, done.output
        return done.output

    def shelf(self) -> list[str]:
        """What a server would find, each package verified."""
        packages = find_packages(Shelves((), self.downloads, ()))
        for package in packages:
            verify(package.folder, package.manifest)
        return [package.name for package in packages]

    def folder_of(self, name: str) -> Path:
        (folder,) = self.downloads.glob(f"{name}@*")
        return folder


def offer(machine: Machine, repository: str = "newsroom/small", **fields: object) -> Path:
    """A package in a repository of the hub; the folder it was made in."""
    made = machine.folder / "made"
    folder = made / str(len(list(made.iterdir())) if made.is_dir() else 0)
    make_package(folder, **{"size": 2_000_000, **fields})  # type: ignore[arg-type]
    machine.hub.repositories[repository] = contents(folder)
    return folder


def packed(folder: Path, name: str) -> bytes:
    archive = folder.parent / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(archive, "w") as opened:
            for path, content in contents(folder).items():
                opened.writestr(f"small-1/{path}", content)
    else:
        with tarfile.open(archive, "w:gz") as opened:
            opened.add(folder, arcname=".")
    return archive.read_bytes()
