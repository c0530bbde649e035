"""Argos Translate and LibreTranslate from the registry, each in a venv of its own, with our bundled model as a package.

    .venv/bin/python -m benchmarks.peers.install

Both run the very weights that our server runs: an Argos package is a folder with a CTranslate2 model, a sentencepiece
model and `metadata.json`, whose `target_prefix` is the token that our model's targets begin with.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["ARGOS_PYTHON", "LIBRETRANSLATE_PYTHON", "PACKAGES", "VERSIONS", "install"]

_ROOT = Path(__file__).resolve().parents[2]
_BUILD = _ROOT / ".build"
ARGOS_PYTHON = _BUILD / "argos/bin/python"
LIBRETRANSLATE_PYTHON = _BUILD / "libretranslate/bin/python"
PACKAGES = _BUILD / "argos-packages"
_MODEL = _ROOT / "models/khulasa-base"

VERSIONS = {"argostranslate": "1.11.0", "libretranslate": "1.9.6"}
# Both ask for it, for their sentence splitters; a version is named so that no larger one is fetched.
_TORCH = "torch==2.13.0"
_DIRECTIONS = (("ar", "Arabic", "en", "English"), ("en", "English", "ar", "Arabic"))


def install() -> None:
    """Makes what is not there yet.

    Raises:
        subprocess.CalledProcessError: the registry cannot be reached or has none of the versions.
    """
    _venv(ARGOS_PYTHON, f"argostranslate=={VERSIONS['argostranslate']}")
    _venv(LIBRETRANSLATE_PYTHON, f"libretranslate=={VERSIONS['libretranslate']}")
    for source, source_name, target, target_name in _DIRECTIONS:
        folder = PACKAGES / f"{source}_{target}"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(_MODEL, folder / "model", ignore=shutil.ignore_patterns("spm.model", "*.md", "*.toml"))
        shutil.copyfile(_MODEL / "spm.model", folder / "sentencepiece.model")
        # Argos Translate knows no tokens before a source; `<s>` is the same to the encoder.
        config = json.loads((_MODEL / "config.json").read_text(encoding="utf-8")) | {"add_source_bos": True}
        (folder / "model/config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        metadata = {
            "package_version": "1.0",
            "argos_version": "1.9.6",
            "from_code": source,
            "from_name": source_name,
            "to_code": target,
            "to_name": target_name,
            "target_prefix": f"<2{target}>",
        }
        (folder / "metadata.json").write_text(json.dumps(metadata, indent=2) + "\n", encoding="utf-8")


def _venv(python: Path, requirement: str) -> None:
    done = python.parent.parent / ".installed"
    if done.exists() and done.read_text() == requirement:
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(python.parent.parent)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, _TORCH], check=True)
    subprocess.run([*pip, requirement], check=True)
    done.write_text(requirement)


if __name__ == "__main__":
    install()
