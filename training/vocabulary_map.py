"""Which pieces a translation may need, by the pieces of its source: CTranslate2's `vmap.txt`.

The output layer is more than half of what the decoder computes; with a map it scores a few thousand pieces in place
of all. A line is a source piece, a tab, and its candidates; the line with an empty key holds what is always scored.
Candidates come from IBM model 1 (Brown et al. 1993, https://aclanthology.org/J93-2003) in both directions.

`python -m training.vocabulary_map --work training/data --package models/khulasa-base`
"""

from __future__ import annotations

import argparse
import pickle
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import sentencepiece as spm

from training.tokenizer import LANGUAGE_TOKENS, UNK

Ids = Sequence[Sequence[int]]
FILE = "vmap.txt"


def lexical_probabilities(
    sources: Ids, targets: Ids, size: int, rounds: int = 4
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """IBM model 1 without the empty word: t(target | source) of every two pieces that meet in a pair.

    Args:
        sources: Piece ids of each pair's source.
        targets: Of its target.
        size: Pieces in the vocabulary.
        rounds: Of expectation maximisation, from equal probabilities.

    Returns:
        Sources, targets and probabilities: one of each for every two pieces that meet.
    """
    # for every two occurrences: both pieces in one number, and the occurrence of the target that they compete for
    both = [np.add.outer(np.asarray(s) * size, np.asarray(t)).ravel() for s, t in zip(sources, targets, strict=True)]
    first = np.concatenate([[0], np.cumsum([len(t) for t in targets])])
    rival = np.concatenate(
        [
            np.tile(np.arange(len(t), dtype=np.int32) + start, len(s))
            for s, t, start in zip(sources, targets, first[:-1], strict=True)
        ]
    )
    keys, where = np.unique(np.concatenate(both), return_inverse=True)
    del both
    where = where.astype(np.int32)
    t = np.ones(len(keys))
    for _ in range(rounds):
        share = t[where]
        share /= np.bincount(rival, share, minlength=first[-1])[rival]
        counts = np.bincount(where, share, minlength=len(keys))
        t = counts / np.bincount(keys // size, counts, minlength=size)[keys // size]
    return keys // size, keys % size, t


def best(
    by: npt.NDArray[np.int64], other: npt.NDArray[np.int64], t: npt.NDArray[np.float64], most: int, least: float
) -> dict[int, list[int]]:
    """For each piece of `by`, at most `most` of `other` with a probability of at least `least`, likeliest first."""
    order = np.lexsort((other, -t, by))
    order = order[t[order] >= least]
    starts = np.flatnonzero(np.diff(by[order], prepend=-1))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    found: dict[int, list[int]] = {}
    for place in order[rank < most]:
        found.setdefault(int(by[place]), []).append(int(other[place]))
    return found


def is_arabic(piece: str) -> bool:
    """Whether a letter of the piece is Arabic."""
    return any(unicodedata.name(c, "").startswith("ARABIC LETTER") for c in piece)


def is_latin(piece: str) -> bool:
    """Whether a letter of the piece is Latin."""
    return any(unicodedata.name(c, "").startswith("LATIN") for c in piece)


def carriers(rows: Ids, allowed: npt.NDArray[np.bool_], most: int) -> list[int]:
    """Few pieces of which nearly every row has one: each covers most of the rows that those before it left.

    Args:
        rows: Piece ids.
        allowed: By id, whether the piece may be taken.
        most: How many at most.
    """
    left = [np.unique(row) for row in rows]
    found: list[int] = []
    for _ in range(most):
        if not left:
            break
        counts = np.bincount(np.concatenate(left), minlength=len(allowed)) * allowed
        piece = int(counts.argmax())
        if counts[piece] == 0:
            break
        found.append(piece)
        left = [row for row in left if piece not in row]
    return found


def build(
    sides: tuple[Ids, Ids],
    weights: tuple[Sequence[float], Sequence[float]],
    pieces: Sequence[str],
    *,
    candidates: int = 10,
    backward: int = 2,
    frequent: int = 4000,
    common: int = 300,
    carried: int = 12,
    least: float = 0.01,
) -> tuple[list[int], dict[int, list[int]]]:
    """What is always scored, and what each source piece adds.

    The frequent pieces of a language should be scored for every sentence that is translated into it, and not for the
    others; a map knows no languages. So they stand with a few pieces of the other language that nearly every sentence
    has, its articles and prepositions.

    Args:
        sides: Piece ids of the pairs, Arabic and English.
        weights: For each language to write, in the same order, how often a pair counts; a pair of weight 0 teaches
            nothing of that language.
        pieces: The vocabulary.
        candidates: Most targets of a source piece by t(target | source).
        backward: Of each target, this many sources by t(source | target) have it too, so that rare pieces have one.
        frequent: Most frequent pieces of a language, scored for nearly every sentence into it.
        common: Most frequent pieces of either language, scored for every sentence.
        carried: How many source pieces the `frequent` ones stand with.
        least: Smallest probability.

    Returns:
        Ids for every sentence; ids by source id, without those.
    """
    size = len(pieces)
    always = {*range(UNK + 1), *(i for i, p in enumerate(pieces) if p in LANGUAGE_TOKENS.values())}
    # a sign or a digit may stand in any sentence, and so may a letter, with which an unknown name is spelt
    always |= {i for i, p in enumerate(pieces) if len(p.removeprefix("\u2581")) <= 1}
    arabic = np.array([is_arabic(p) for p in pieces])
    latin = np.array([is_latin(p) for p in pieces])
    by_frequency = []
    for side, weight in zip(sides, weights, strict=True):
        counts = np.zeros(size)
        for row, times in zip(side, weight, strict=True):
            np.add.at(counts, row, times)
        by_frequency.append(np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)].tolist())
        always |= set(by_frequency[-1][:common])
    lists: dict[int, set[int]] = {}
    for target, script in ((0, latin), (1, arabic)):
        used = [n for n, weight in enumerate(weights[target]) if weight > 0]
        sources = [sides[1 - target][n] for n in used]
        targets = [sides[target][n] for n in used]
        for source, found in best(*lexical_probabilities(sources, targets, size), candidates, least).items():
            lists.setdefault(source, set()).update(found)
        t_of, s_of, t = lexical_probabilities(targets, sources, size)
        for piece, found in best(t_of, s_of, t, backward, least).items():
            for source in found:
                lists.setdefault(source, set()).add(piece)
        for source in carriers(sources, script, carried):
            lists.setdefault(source, set()).update(by_frequency[target][:frequent])
    for number in np.flatnonzero(~arabic).tolist():  # Latin names and codes pass through
        lists.setdefault(number, set()).add(number)
    return sorted(always), {s: sorted(found - always) for s, found in sorted(lists.items()) if found - always}


def write(path: Path, always: Sequence[int], lists: dict[int, list[int]], pieces: Sequence[str]) -> None:
    """In the form that CTranslate2 reads."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for key, found in [("", always), *((pieces[s], ids) for s, ids in lists.items())]:
            file.write(f"{key}\t{' '.join(pieces[i] for i in found)}\n")


def make(work: Path, package: Path, **settings: int) -> None:
    """Write the map of the prepared pairs in `work` beside the weights in `package`; `settings` are `build`'s."""
    sp = spm.SentencePieceProcessor(model_file=str(package / "spm.model"))
    pieces = [sp.id_to_piece(i) for i in range(sp.get_piece_size())]
    with (work / "pool.pkl").open("rb") as file:
        pool = pickle.load(file)
    weights = (pool["weights"]["ar"], pool["weights"]["en"])
    always, lists = build((pool["ar"], pool["en"]), weights, pieces, **settings)
    write(package / FILE, always, lists, pieces)
    print(f"{len(always)} pieces always, {sum(map(len, lists.values()))} more for {len(lists)} source pieces")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "data")
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--candidates", type=int, default=10)
    parser.add_argument("--frequent", type=int, default=4000)
    arguments = parser.parse_args()
    make(arguments.work, arguments.package, candidates=arguments.candidates, frequent=arguments.frequent)


if __name__ == "__main__":
    main()
