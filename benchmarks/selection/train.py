"""Choose the weights of salience (server/khulasa/server/core/summary/weights.json) and say what they are worth.

    python benchmarks/selection/train.py EASC.jsonl [--draws 300] [--write]

Weight vectors are drawn around the present ones and each is scored on every article: the mean of ROUGE-1, 2 and L of
the selection at the mean length of the references. Cross-validation, ten folds: the vector that is best on nine folds
is scored on the tenth. The vector written is the best over all articles. There are so few weights because the set
is for measuring: its articles choose among a few hundred vectors and nothing else of them is learned.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from khulasa.server.core.summary.dependence import leanings
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.summary.salience import features, weighted
from khulasa.server.core.summary.selection import best_set
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.words import count_words

sys.path.insert(0, str(Path(__file__).parent))
from rouge import mean_length, rouge

WEIGHTS = Path(__file__).parents[2] / "server/khulasa/server/core/summary/weights.json"
# Not in this set: titles, foci, and too few questions and lists to tell. Set by hand.
FIXED = ("bias", "title", "focus", "question", "listing", "leaning", "section")
FOLDS = 10


def main() -> None:
    """Draw, score, cross-validate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.set.read_text(encoding="utf-8").splitlines()]
    encoder = SentenceEncoder(1)
    articles = []
    for row in rows:
        document = parse_document(row["article"], "ar")
        texts = [sentence.span.of(document.text) for sentence in document.sentences]
        encoded = encoder.encode(texts)
        words = np.array([max(1, count_words(text)) for text in texts])
        articles.append((texts, encoded, features(document, encoded), leanings(document), words, row["summaries"]))

    present = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    random = np.random.default_rng(arguments.seed)
    vectors = [present["weights"]]
    for _ in range(arguments.draws):
        drawn = dict(present["weights"])
        for name in drawn.keys() - set(FIXED):
            drawn[name] = round(
                max(0.0, drawn[name] * float(random.uniform(0.0, 2.5)) + float(random.normal(0, 0.05))), 3
            )
        vectors.append(drawn)
    scores = np.zeros((len(vectors), len(articles), 3))
    for at, weights in enumerate(vectors):
        for index, (texts, encoded, table, lean, words, references) in enumerate(articles):
            budget = round(mean_length(references))
            values = words / (1.0 + np.exp(-weighted(table, weights)))
            chosen = best_set(values, words, budget, lean, encoded) or [int(words.argmin())]
            scores[at, index] = rouge(" ".join(texts[i] for i in chosen), references)
        if at % 25 == 0:
            print(at, scores[: at + 1].mean(axis=1).max(axis=0).round(1), flush=True)
    criterion = scores.mean(axis=2)
    held_out = np.zeros((len(articles), 3))
    for fold in range(FOLDS):
        test = np.arange(fold, len(articles), FOLDS)
        train = np.setdiff1d(np.arange(len(articles)), test)
        held_out[test] = scores[criterion[:, train].mean(axis=1).argmax(), test]
    best = int(criterion.mean(axis=1).argmax())
    print("present weights ", scores[0].mean(axis=0).round(2))
    print("cross-validated ", held_out.mean(axis=0).round(2))
    print("best on all     ", scores[best].mean(axis=0).round(2), vectors[best])
    top = criterion.mean(axis=1).argsort()[::-1][:20]
    print("mean of best 20 ", {k: round(float(np.mean([vectors[i][k] for i in top])), 3) for k in vectors[0]})
    if arguments.write:
        made = {"made_by": "benchmarks/selection/train.py", "weights": vectors[best]}
        WEIGHTS.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
