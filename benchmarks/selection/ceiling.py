"""How far a selection can get on this set, whatever it is: the lead, the readers themselves, and what knows the answer.

    python benchmarks/selection/ceiling.py EASC.jsonl

Two bounds. `strict`: never more words than the mean length of the references. `protocol`: that of the reference script
beside the set, whose lead takes the first sentence whatever its length, others up to 1.08 of the bound, and stops at
0.95 of it.
`readers' gain` takes the set of sentences that has most of what the readers took, as a knapsack: from all five, which
is close to the best that sentences can do, and from four of them, scored against the fifth.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from khulasa.server.core.summary.dependence import Lean
from khulasa.server.core.summary.selection import best_set
from khulasa.server.core.text.document import parse_document

sys.path.insert(0, str(Path(__file__).parent))
from rouge import mean_length, rouge, tokens

SLACK, ENOUGH = 1.08, 0.95


def lead(lengths: Sequence[int], budget: float, *, slack: float, enough: float, always_first: bool) -> list[int]:
    """Sentences in order that fit `slack` times the budget, until `enough` of it is used; never none."""
    chosen: list[int] = []
    used = 0
    for index, length in enumerate(lengths):
        if (chosen or not always_first) and used + length > slack * budget:
            continue
        chosen.append(index)
        used += length
        if used >= enough * budget:
            break
    return chosen or [int(np.argmin(lengths))]


def gains(texts: Sequence[str], references: Sequence[str], budget: float) -> np.ndarray:
    """What each sentence adds to the mean score by each of R references in a summary that fills the budget, (R, N)."""
    table = np.zeros((len(references), len(texts)))
    for row, reference in enumerate(references):
        size = len(tokens(reference))
        for column, text in enumerate(texts):
            own = len(tokens(text))
            # F1 is twice the overlap over both lengths: from those of the sentence to those of a whole summary.
            table[row, column] = np.mean(rouge(text, [reference])) * (own + size) / (budget + size)
    return table


def best_by_gain(gain: np.ndarray, lengths: Sequence[int], room: int) -> list[int]:
    """The set within the room with the highest sum of gains; the shortest sentence if none fits."""
    costs = np.maximum(np.array(lengths), 1)
    apart = np.zeros((len(costs), 1), dtype=np.float32)  # no likeness: nothing is lost to repetition
    return best_set(gain, costs, room, [Lean.NONE] * len(costs), apart) or [int(np.argmin(costs))]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    arguments = parser.parse_args()
    scores: dict[str, list[Sequence[float]]] = {}
    for line in arguments.set.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        document, references = parse_document(row["article"], "ar"), row["summaries"]
        texts = [sentence.span.of(document.text) for sentence in document.sentences]
        lengths = [len(tokens(text)) for text in texts]
        budget = mean_length(references)

        def add(name: str, chosen: Sequence[int], against: Sequence[str], texts: Sequence[str] = texts) -> None:
            scores.setdefault(name, []).append(rouge(" ".join(texts[i] for i in chosen), against))

        leads = {
            "strict": lead(lengths, budget, slack=1.0, enough=1.0, always_first=False),
            "protocol": lead(lengths, budget, slack=SLACK, enough=ENOUGH, always_first=True),
        }
        table = gains(texts, references, budget)
        for name, room in (("strict", int(budget)), ("protocol", int(SLACK * budget))):
            add(f"{name}: lead", leads[name], references)
            add(f"{name}: readers' gain, all five", best_by_gain(table.mean(axis=0), lengths, room), references)
            for out, reference in enumerate(references):
                chosen = best_by_gain(np.delete(table, out, axis=0).mean(axis=0), lengths, room)
                add(f"{name}: readers' gain, four for the fifth", chosen, [reference])
        for out, reference in enumerate(references):
            others = [other for at, other in enumerate(references) if at != out]
            scores.setdefault("one reader against the others", []).append(rouge(reference, others))
    print("| system | ROUGE-1 | ROUGE-2 | ROUGE-L |\n|---|---|---|---|")
    for name, values in scores.items():
        print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in np.mean(values, axis=0)) + " |")


if __name__ == "__main__":
    main()
