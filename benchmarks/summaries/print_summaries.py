"""Summaries of articles that no rule or weight was set on, printed whole: docs/summaries.md.

    python benchmarks/summaries/print_summaries.py > docs/summaries.md

Starts a server on a free port with the settings of the environment and asks it through the client. What is wrong in the
summaries is read by people and written into docs/quality.md by hand.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from khulasa.client import Client, QualityFlag
from khulasa.client.flags import label

FOLDER = Path(__file__).parent / "articles"
START_S = 60.0


def main() -> None:
    """Print the page."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).parent / "khulasa-server"), "serve", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with Client(f"127.0.0.1:{port}") as client:
            client.wait_until_ready(START_S)
            _page(client)
    finally:
        server.terminate()
        server.wait()


def _page(client: Client) -> None:
    print("# Ten summaries, printed whole\n")
    print(
        "Made by `python benchmarks/summaries/print_summaries.py > docs/summaries.md`, deterministic, default length."
    )
    print("The articles are in [benchmarks/summaries/articles](../benchmarks/summaries/articles/README.md).")
    print("A reading of what is wrong in them is in [quality.md](quality.md).")
    for path in sorted(FOLDER.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        summary = client.summarize(text, deterministic=True, max_key_terms=6)
        counts = summary.statistics
        print(f"\n## {path.name}\n")
        print(f"{counts.words} words, {counts.sentences} sentences; {summary.model}.")
        if summary.title:
            print(f"\nTitle: {summary.title.source_text} — {summary.title.target_text}{_doubts(summary.title.flags)}")
        for number, pair in enumerate(summary.sentences, 1):
            facts = f"similarity {pair.similarity:.2f}, score {pair.score:.2f}"
            print(f"\n{number}. {pair.source_text}\n\n   {pair.target_text}\n")
            print(f"   `{pair.source_span}` {facts}{_doubts(pair.flags)}")
        terms = "; ".join(f"{t.source_text} = {t.target_text or '?'}" for t in summary.key_terms)
        print(f"\nKey terms: {terms}")


def _doubts(flags: Iterable[QualityFlag]) -> str:
    named = ", ".join(label(flag) for flag in flags)
    return f" **{named}**" if named else ""


if __name__ == "__main__":
    main()
