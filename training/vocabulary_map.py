"""Which pieces a translation may need, by the pieces of its source: CTranslate2's `vmap.txt`.

The output layer is more than half of what the decoder computes; with a map it scores a quarter of the vocabulary. A
line is a source piece, a tab, and its candidates; the line with an empty key holds what is always scored.
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

from training.tokenizer import LANGUAGE_TOKENS, SOURCE_STARTS, UNK

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


def script_of(piece: str) -> str:
    """`ARABIC` or `LATIN` by the piece's first letter of either; empty for digits, signs and other scripts."""
    for char in piece:
        script = unicodedata.name(char, "").partition(" ")[0]
        if char.isalpha() and script in ("ARABIC", "LATIN"):
            return script
    return ""


def build(
    sides: tuple[Ids, Ids],
    weights: tuple[Sequence[float], Sequence[float]],
    pieces: Sequence[str],
    *,
    frequent: int = 6000,
    candidates: int = 8,
    backward: int = 1,
    least: float = 0.01,
) -> dict[str, list[str]]:
    """The map: what each source piece may need, and what every sentence of a language needs.

    The pieces that are frequent in a language stand with the token that begins every sentence of the other one
    (`SOURCE_STARTS`), so that a sentence is scored against one language.

    Args:
        sides: Piece ids of the pairs, Arabic and English.
        weights: For each language to write, in the same order, how often a pair counts; a pair of weight 0 teaches
            nothing of that language.
        pieces: The vocabulary.
        frequent: Most frequent pieces of a language, scored for every sentence into it.
        candidates: Most targets of a source piece by t(target | source).
        backward: Of each target, this many sources by t(source | target) have it too, so that rare pieces have one.
        least: Smallest probability.

    Returns:
        Candidates by source piece, in the order of the vocabulary; the key `""` holds what is always scored, the
        special and the language tokens.
    """
    size = len(pieces)
    scripts = [script_of(piece) for piece in pieces]
    always = [*pieces[: UNK + 1], *LANGUAGE_TOKENS.values()]
    found: dict[str, set[int]] = {}
    for target, (language, script) in enumerate((("ar", "ARABIC"), ("en", "LATIN"))):
        used = [n for n, weight in enumerate(weights[target]) if weight > 0]
        sources = [sides[1 - target][n] for n in used]
        targets = [sides[target][n] for n in used]
        for source, likely in best(*lexical_probabilities(sources, targets, size), candidates, least).items():
            found.setdefault(pieces[source], set()).update(likely)
        t_of, s_of, t = lexical_probabilities(targets, sources, size)
        for piece, likely in best(t_of, s_of, t, backward, least).items():
            for source in likely:
                found.setdefault(pieces[source], set()).add(piece)
        counts = np.zeros(size)
        for row, times in zip(sides[target], weights[target], strict=True):
            np.add.at(counts, row, times)
        other = "LATIN" if script == "ARABIC" else "ARABIC"
        wanted = [i for i in np.argsort(-counts, kind="stable").tolist() if counts[i] > 0 and scripts[i] != other]
        # a letter may stand in any sentence: unknown names are spelt with them
        letters = [i for i, p in enumerate(pieces) if len(p.removeprefix("\u2581")) <= 1 and scripts[i] == script]
        (start,) = (token for code, token in SOURCE_STARTS.items() if code != language)
        found[start] = {*wanted[:frequent], *letters}
    for number, piece in enumerate(pieces):
        if not scripts[number]:  # digits and signs pass through
            found.setdefault(piece, set()).add(number)
    order = {piece: number for number, piece in enumerate([*SOURCE_STARTS.values(), *pieces])}
    rows = {key: [p for p in map(pieces.__getitem__, sorted(ids)) if p not in always] for key, ids in found.items()}
    return {"": always, **{key: rows[key] for key in sorted(rows, key=order.__getitem__) if rows[key]}}


def write(path: Path, found: dict[str, list[str]]) -> None:
    """In the form that CTranslate2 reads."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{key}\t{' '.join(candidates)}\n" for key, candidates in found.items())


def make(work: Path, package: Path, **settings: int) -> None:
    """Write the map of the prepared pairs in `work` beside the weights in `package`; `settings` are `build`'s."""
    sp = spm.SentencePieceProcessor(model_file=str(package / "spm.model"))
    pieces = [sp.id_to_piece(i) for i in range(sp.get_piece_size())]
    with (work / "pool.pkl").open("rb") as file:
        pool = pickle.load(file)
    weights = (pool["weights"]["ar"], pool["weights"]["en"])
    found = build((pool["ar"], pool["en"]), weights, pieces, **settings)
    write(package / FILE, found)
    sizes = {start: len(found[start]) for start in SOURCE_STARTS.values()}
    print(f"scored for every sentence: {sizes}; for single pieces: {sum(map(len, found.values()))} in all")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "data")
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--frequent", type=int, default=6000)
    parser.add_argument("--candidates", type=int, default=8)
    arguments = parser.parse_args()
    make(arguments.work, arguments.package, frequent=arguments.frequent, candidates=arguments.candidates)


if __name__ == "__main__":
    main()
