"""Error rate of language identification by length of the text, its calibration and its cost.

    python benchmarks/language/measure.py AR.txt EN.txt

AR.txt and EN.txt hold one sentence a line (FLORES-200 dev here). Each line is cut after so many words, from a random
place. `third.tsv` beside this file holds sentences of other languages, `mixed.tsv` headlines with names of the other
script. Candidates are always ar and en.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from khulasa.server.core.text.language import detect_language, warm_up

LENGTHS = (1, 2, 3, 5, 8, 12, 0)
HERE = Path(__file__).parent


def cut(line: str, words: int, draw: random.Random) -> str:
    """So many words of a line from a random place; 0 for the whole line."""
    parts = line.split()
    if not words or len(parts) <= words:
        return line
    at = draw.randrange(len(parts) - words + 1)
    return " ".join(parts[at : at + words])


def errors(samples: Iterable[tuple[str, str]], found: list[tuple[float, bool]]) -> tuple[int, int, Counter[str]]:
    """(samples with letters, errors, what they were taken for); adds (probability, right) to `found`."""
    count = wrong = 0
    taken: Counter[str] = Counter()
    for code, text in samples:
        if not any(char.isalpha() for char in text):
            continue
        result = detect_language(text, ("ar", "en"))
        count += 1
        right = result.code == code
        found.append((result.probability, right))
        if not right:
            wrong += 1
            taken[f"{code}>{result.code}"] += 1
    return count, wrong, taken


def tsv(path: Path) -> list[tuple[str, str]]:
    """(code, text) of each line."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [(code, text) for code, text in rows]


def report(name: str, samples: Sequence[tuple[str, str]], found: list[tuple[float, bool]]) -> None:
    """One line of the table."""
    count, wrong, taken = errors(samples, found)
    print(f"| {name} | {count} | {100 * wrong / max(1, count):.1f} | {dict(taken.most_common(4))} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arabic", type=Path)
    parser.add_argument("english", type=Path)
    arguments = parser.parse_args()
    draw = random.Random(1)
    began = time.perf_counter()
    warm_up()
    print(
        f"warm-up {1000 * (time.perf_counter() - began):.0f} ms\n"
        "\n| text | samples | errors, % | taken for |\n|---|---|---|---|"
    )
    found: list[tuple[float, bool]] = []
    lines = {"ar": arguments.arabic, "en": arguments.english}
    for code, path in lines.items():
        sentences = path.read_text(encoding="utf-8").splitlines()
        for words in LENGTHS:
            report(f"{code}, {words or 'all'} words", [(code, cut(line, words, draw)) for line in sentences], found)
    third = tsv(HERE / "third.tsv")
    for words in (3, 5, 8, 0):
        report(f"third, {words or 'all'} words", [(code, cut(text, words, draw)) for code, text in third], found)
    report("mixed", tsv(HERE / "mixed.tsv"), found)
    print("\n| probability | samples | right, % |\n|---|---|---|")
    for low, high in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 0.97), (0.97, 0.995), (0.995, 1.01)):
        some = [right for probability, right in found if low <= probability < high]
        print(f"| {low} to {min(high, 1)} | {len(some)} | {100 * sum(some) / max(1, len(some)):.1f} |")
    article = " ".join(arguments.arabic.read_text(encoding="utf-8").splitlines()[:30])
    for name, text in (("article of 600 words", article), ("1 MB", article * (1_000_000 // len(article)))):
        began = time.perf_counter()
        for _ in range(20):
            detect_language(text, ("ar", "en"))
        print(f"\n{name}: {1000 * (time.perf_counter() - began) / 20:.2f} ms")


if __name__ == "__main__":
    main()
