"""The shared modules of these tests lie beside them; pytest's importlib mode leaves the folder out of sys.path."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
