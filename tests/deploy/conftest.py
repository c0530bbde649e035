"""Puts the modules beside these tests and those of the end-to-end tests on the path."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """Path of a tool that checks deployment files; skips the test where it is not installed.

    requirements/deploy.txt has those that the Python registry holds. KHULASA_DEPLOY_TOOLS names the folder of an
    environment of their own.
    """
    folders = [os.environ.get("KHULASA_DEPLOY_TOOLS", ""), str(Path(sys.executable).parent), os.environ.get("PATH", "")]

    def find(name: str) -> str:
        found = shutil.which(name, path=os.pathsep.join(filter(None, folders)))
        if found is None:
            pytest.skip(f"{name} is not installed (requirements/deploy.txt, or the system's package)")
        return found

    return find
