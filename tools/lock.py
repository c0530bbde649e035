"""Pin every requirements/*.in into a hashed requirements/*.txt. Needs uv on the path; the result names no index.

python tools/lock.py [--upgrade]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
OPTIONS = [
    "--universal", "--python-version", "3.11", "--generate-hashes",
    "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate", "--quiet",
]  # fmt: skip
# dev first: the smaller sets are constrained by it, so that one environment can hold them all.
ORDER = ["dev", "server", "client", "build"]


def main() -> None:
    """Compile dev, then the others under its pins, then whatever else there is under its own."""
    others = sorted({p.stem for p in REQUIREMENTS.glob("*.in")} - set(ORDER))
    for name in [*ORDER, *others]:
        constraint = [] if name == "dev" else ["--constraint", "dev.txt"]
        command = [
            "uv",
            "pip",
            "compile",
            f"{name}.in",
            "--output-file",
            f"{name}.txt",
            *constraint,
            *OPTIONS,
            *sys.argv[1:],
        ]
        print(" ".join(command))
        subprocess.run(command, cwd=REQUIREMENTS, check=True)


if __name__ == "__main__":
    main()
