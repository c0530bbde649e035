"""Puts the server rig of the contract tests on the path, and keeps settings of the machine away from tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "contract"))


@pytest.fixture
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but the test's own: none in the environment, none in the folder."""
    for name in list(os.environ):
        if name.startswith("KHULASA_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
