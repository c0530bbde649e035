"""The archive that the tests of a Ray cluster summarise, on nodes of their own and in the image."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def write_archive(path: Path) -> Path:
    """48 articles of both languages and a line that is none: eight parts and a bit."""
    arabic = (ROOT / "seeds/nato-guarantees.ar.txt").read_text("utf-8")
    lines = []
    for n in range(48):
        amount = 100 + n
        english = (
            f"The council of Harbour Bay met for the {amount}th time on Tuesday. It approved a budget of {amount}"
            f" million dollars. The mayor said that the money would repair {n + 2} schools. Critics doubt the figures."
        )
        text = english if n % 2 else arabic[: 500 + 15 * n]
        lines.append(json.dumps({"article_id": f"a{n}", "text": text}, ensure_ascii=False))
    path.write_text("\n".join([*lines, "{broken"]) + "\n", "utf-8")
    return path
