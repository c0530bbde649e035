"""A part that is made again by another process holds the same numbers: nothing hangs on the order of a set."""

from __future__ import annotations

import os
import random
import subprocess
import sys

WORDS = ["council", "budget", "school", "mayor", "storm", "coast", "village", "power", "repair", "money", "report"]
PROGRAM = """
import sys
import numpy as np
from khulasa.server.core.summary.salience import salience
from khulasa.server.core.text.document import parse_document
for text in sys.stdin.read().split("\\n\\n"):
    document = parse_document(text, "en")
    vectors = np.random.default_rng(1).normal(size=(len(document.sentences), 16)).astype(np.float32)
    print([float(one).hex() for one in salience(document, vectors)])
"""


def test_salience_does_not_hang_on_the_seed_of_hashes() -> None:
    draw = random.Random(1)
    texts = [
        " ".join(f"The {' '.join(draw.choices(WORDS, k=draw.randint(6, 14)))}." for _ in range(16)) for _ in range(20)
    ]

    def printed(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", PROGRAM]
        done = subprocess.run(
            command, env=environment, input="\n\n".join(texts), capture_output=True, text=True, check=True
        )
        assert done.stdout.count("0x") >= 20 * 16
        return done.stdout

    assert len({printed(seed) for seed in "012"}) == 1
