"""Keep what bandit reports as answered: reads its JSON from standard input, writes tools/bandit-baseline.json."""

from __future__ import annotations

import json
import sys
from pathlib import Path

BASELINE = Path(__file__).with_name("bandit-baseline.json")


def main() -> None:
    """Sorted and without times, so that a difference shows what is new."""
    report = json.load(sys.stdin)
    found = sorted(report["results"], key=lambda one: (one["filename"], one["test_id"], one["line_number"]))
    BASELINE.write_text(json.dumps({"errors": [], "results": found}, indent=1, sort_keys=True) + "\n", "utf-8")
    print(f"{len(found)} findings are answered from now on; say how in docs/threat-model.md")


if __name__ == "__main__":
    main()
