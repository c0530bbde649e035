"""CTranslate2 models as they lie on disk, copied for a package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from khulasa.server.models.convert.sources import read_json
from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import CONFIG, WEIGHTS
from khulasa.server.models.weights import read_weights

__all__ = ["copy_model"]


def copy_model(folder: Path, target: Path) -> dict[str, Any]:
    """Copies the files of a CTranslate2 model that the engine reads, and writes config.json where an old one has none.

    Returns:
        What config.json says.

    Raises:
        PackageError: a file is missing or wrong.
    """
    weights = read_weights(folder)
    names = [f"{side}_vocabulary.{ending}" for side in ("shared", "source", "target") for ending in ("json", "txt")]
    for name in (WEIGHTS, *names, "vmap.txt"):
        if (folder / name).is_file():
            _copy(folder / name, target / name)
    old = weights.config()
    if old is not None:
        # The engine goes by the flags in the weights then, whatever a config.json beside them says.
        (target / CONFIG).write_text(json.dumps(old, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return old
    if not (folder / CONFIG).is_file():
        raise PackageError(f"{folder.name}: {CONFIG} is missing")
    _copy(folder / CONFIG, target / CONFIG)
    return read_json(target / CONFIG)


def _copy(source: Path, target: Path) -> None:
    import shutil

    # Links are followed: a hub's cache consists of them.
    shutil.copyfile(source, target)
