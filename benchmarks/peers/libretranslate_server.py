"""Runs in the LibreTranslate venv: its own server and arguments; splitter and penalties as in argos_worker.py."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from argos_worker import adapt

adapt()

if __name__ == "__main__":
    from libretranslate.main import main

    main()
