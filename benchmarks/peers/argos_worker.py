"""Runs in the Argos venv: reads one JSON article a line, translates it with Argos Translate, writes one JSON line.

python argos_worker.py THREADS

Its own sentence splitters fetch models from the network; here a line is cut at its stops, which costs next to nothing,
so that the comparison favours Argos there. It decodes with the same penalties as ours: with its own the bundled model
often repeats itself up to the length limit, which would make Argos look slower than it is.
"""

from __future__ import annotations

import json
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ctranslate2
from argostranslate import sbd, translate


def cut(_self: object, text: str) -> list[str]:
    """Sentences of a line."""
    return [one for one in re.split(r"(?<=[.!؟?])\s+", text.strip()) if one] or [text]


class SamePenalties(ctranslate2.Translator):
    """Decodes as our server does where Argos leaves no choice."""

    def translate_batch(self, *arguments: Any, **options: Any) -> Any:
        """With our penalties."""
        return super().translate_batch(*arguments, **{**options, "length_penalty": 1.0, "repetition_penalty": 1.05})


def adapt() -> None:
    """Puts splitter and penalties in place."""
    sbd.MiniSBDSentencizer.split_sentences = cut
    translate.ctranslate2.Translator = SamePenalties


def main() -> None:
    """Lines in: {"clients": N, "texts": [...]}; lines out: {"seconds": S, "latencies": [...], "texts": [...]}."""
    adapt()
    found = translate.get_translation_from_codes("ar", "en")
    for line in sys.stdin:
        order = json.loads(line)

        def one(text: str) -> tuple[float, str]:
            began = time.perf_counter()
            result = found.translate(text)
            return time.perf_counter() - began, result

        began = time.perf_counter()
        with ThreadPoolExecutor(order["clients"]) as pool:
            results = list(pool.map(one, order["texts"]))
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds, "latencies": [r[0] for r in results], "texts": [r[1] for r in results]}))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
