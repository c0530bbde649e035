"""What the tests of this folder share: articles with their parts marked, and the benchmark's variants of a text."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[2] / "benchmarks" / "structure")]
