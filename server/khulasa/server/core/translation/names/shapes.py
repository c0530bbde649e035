"""Whether an Arabic word that is not known is spelled as a foreign name is, or as a word of the language.

The data lie in `names/shapes.json.xz`, made by `benchmarks/faithfulness/train_name_shapes.py` from sets with an open
licence.
"""

from __future__ import annotations

import functools
import json
import lzma
from collections.abc import Mapping
from pathlib import Path

from khulasa.server.core.word_cache import word_cache

__all__ = ["EDGE", "foreign_shape"]

# Stands before the first letter, twice, and after the last.
EDGE = "^"


@functools.cache
def _differences() -> Mapping[str, float]:
    stored = json.loads(lzma.decompress(Path(__file__).with_name("shapes.json.xz").read_bytes()))
    return {run: hundredths / 100 for run, hundredths in stored["differences"].items()}


@word_cache(1_000)
def foreign_shape(word: str) -> float:
    """Log odds that a folded Arabic word without the article is a name, by its letters; 0 says nothing.

    Raises:
        OSError: the data file is missing.
    """
    table = _differences()
    edged = EDGE + EDGE + word + EDGE
    total = 0.0
    for end in range(3, len(edged) + 1):
        run = edged[end - 3 : end]
        total += table.get(run, table.get(run[1:], 0.0))
    return total
