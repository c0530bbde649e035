"""Fit the weights of `names/exchange.json` to names exchanged in a parallel corpus.

    python benchmarks/faithfulness/fit_name_exchange.py CORPUS.tsv.xz [--output FILE] [--lines N]

Names are exchanged by `corrupt.py`, both directions, with two seeds. Three logistic regressions: which English word
without counterpart was put in, which Arabic one lost its own, and, of the texts that the rules alone let pass, which is
wrong by its likeliest pair of the two. No text is stored. The weights in use are of the first 9,000 lines of the news
corpus, the limits in `names/comparison.py` of even lines of the FLORES development set.
"""

from __future__ import annotations

import argparse
import json
import lzma
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from corrupt import Planter
from khulasa.server.core.translation.names import comparison as name_comparison
from khulasa.server.core.translation.names import exchange as name_exchange
from khulasa.server.core.translation.names.comparison import (
    ArabicSide,
    lost_english,
    names_agree,
    without_counterpart,
)
from khulasa.server.core.translation.names.exchange import Lost, arabic_features, joint_features, may_be_lost
from khulasa.server.core.translation.names.words import arabic_words, english_words
from khulasa.server.core.translation.types import LanguagePair

SEEDS = (6, 7)
# No more than a text can have.
MOST_WORDS = 250
ROUNDS = 6
# Where the choice of the likeliest pair begins.
FIRST = np.array([-3.0, 1.0, 1.0, 1.0, -1.0, 0.0])
Floats = npt.NDArray[np.float64]


class Text(NamedTuple):
    """Words without counterpart of a pair: place, text, whether it is a name by itself, features."""

    english: list[tuple[float, str, bool, list[float]]]
    arabic: list[tuple[float, str, tuple[float, ...]]]


class Planted(NamedTuple):
    """A pair as it was and with another name, which stands in the English or in the Arabic.

    `passed` says of both whether the rules alone find nothing.
    """

    clean: Text
    faulty: Text
    target: str
    put_in: set[str]
    passed: tuple[bool, bool]


def lost_of(english: str, arabic: str) -> Text:
    """What has no counterpart."""
    words, others = arabic_words(arabic, MOST_WORDS), list(english_words(english))
    if not words or not others:
        return Text([], [])
    places = {word.text: place for place, word in reversed(list(enumerate(words)))}
    alone = without_counterpart(others, [w for w in {word.text: word for word in words}.values() if may_be_lost(w)])
    return Text(
        [(place, word.text, word.named, some) for place, word, some in lost_english(others, ArabicSide(words))],
        [(places[word.text] / len(words), word.text, arabic_features(word)) for word in alone],
    )


def planted(corpus: Path, lines: int) -> Iterator[Planted]:
    """Pairs with an exchanged name."""
    with lzma.open(corpus, "rt", encoding="utf-8") as file:
        pairs = [tuple(line.rstrip("\n").split("\t")[:2]) for line, _ in zip(file, range(lines), strict=False)]
    for pair in (LanguagePair("ar", "en"), LanguagePair("en", "ar")):
        sources, targets = zip(*(two if pair.source == "ar" else two[::-1] for two in pairs), strict=True)
        for seed in SEEDS:
            planter = Planter(sources, targets, pair, seed)
            for index, source in enumerate(sources):
                target = planter.plant("swapped_name", index)
                if target is None:
                    continue
                both = (targets[index], target)
                clean, faulty = (lost_of(*((source, text) if pair.source == "en" else (text, source))) for text in both)
                passed = (names_agree(source, both[0], pair), names_agree(source, both[1], pair))
                yield Planted(clean, faulty, pair.target, set(target.split()) - set(both[0].split()), passed)


def fit(rows: Sequence[Sequence[float]], wanted: Sequence[bool]) -> Floats:
    """Weights of a logistic regression with a slight pull to zero, by Newton's method."""
    features, answers = np.array(rows, dtype=np.float64), np.array(wanted, dtype=np.float64)
    weights = np.zeros(features.shape[1])
    for _ in range(30):
        likely = 1 / (1 + np.exp(-features @ weights))
        curve = (features * (likely * (1 - likely))[:, None]).T @ features + np.eye(len(weights))
        weights += np.linalg.solve(curve, features.T @ (answers - likely) - weights)
    return weights


def candidates(text: Text, english: Floats, arabic: Floats) -> list[list[float]]:
    """The joint features of every English word alone and with every Arabic one."""
    first = [Lost(place, float(english @ some), named) for place, _, named, some in text.english]
    second = [Lost(place, float(arabic @ np.array(some))) for place, _, some in text.arabic]
    return [joint_features(one, other) for one in first for other in (None, *second)]


def main() -> None:
    """Plant, fit, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path, help="lines of Arabic, tab, English, compressed")
    parser.add_argument("--lines", type=int, default=10**6, help="use only the first so many lines")
    parser.add_argument("--output", type=Path, default=Path(name_exchange.__file__).with_suffix(".json"))
    options = parser.parse_args()
    with patch.object(name_comparison, "_probably_exchanged", return_value=False):
        made = list(planted(options.corpus, options.lines))

    words = [(some, False) for one in made for _, _, _, some in one.clean.english]
    for one in made:
        if one.target == "en":
            words += [(f, True) for _, text, _, f in one.faulty.english if any(text in new for new in one.put_in)]
    english = fit(*zip(*words, strict=True))
    names: list[tuple[Sequence[float], bool]] = []
    for one in made:
        before = {text for _, text, _ in one.clean.arabic}
        names += [(some, False) for _, _, some in one.clean.arabic]
        names += [(some, True) for _, text, some in one.faulty.arabic if text not in before]
    arabic = fit(*zip(*names, strict=True))

    texts = [
        (candidates(text, english, arabic), wrong)
        for one in made
        for text, wrong, passed in zip((one.clean, one.faulty), (False, True), one.passed, strict=True)
        if passed
    ]
    tables = [(np.array(rows), wrong) for rows, wrong in texts if rows]
    joint = FIRST
    for _ in range(ROUNDS):
        joint = fit([rows[int(np.argmax(rows @ joint))] for rows, _ in tables], [wrong for _, wrong in tables])
    found = {"english": english, "arabic": arabic, "joint": joint}
    lines = (f'  "{name}": {json.dumps([round(float(w), 3) for w in some])}' for name, some in found.items())
    options.output.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    print(f"{len(made)} exchanged, {len(words)} English and {len(names)} Arabic words, {len(tables)} texts")


if __name__ == "__main__":
    main()
