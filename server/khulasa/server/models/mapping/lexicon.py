"""Which target pieces a translation may need, by the pieces of its source: CTranslate2's `vmap.txt`.

The output layer is a large part of what a decoder computes; with a map it scores some of the vocabulary. A line is a
source piece, a tab, and its candidates; the line with an empty key holds what is always scored. Candidates come from
IBM model 1 (Brown et al. 1993, https://aclanthology.org/J93-2003) in both directions.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = [
    "FREQUENT",
    "Side",
    "best",
    "build",
    "candidates_of",
    "lexical_probabilities",
    "main_script",
    "script_of",
    "write",
]

Ids = Sequence[Sequence[int]]
VocabularyMap = dict[str, list[str]]

# Pieces of a target language that every sentence into it is scored against.
FREQUENT = 6000


@dataclass(frozen=True, slots=True)
class Side:
    """What one direction teaches.

    Attributes:
        sources: Piece ids of each pair's source, special tokens left out.
        targets: Of its target.
        weights: How often each pair counts; one of weight 0 teaches nothing.
        start: Token that stands in every source of the direction; its line holds what is frequent in the target
            language. Empty where there is none: then that is always scored.
        scripts: Unicode names of the scripts of source and target, as `LATIN`.
    """

    sources: Ids
    targets: Ids
    weights: Sequence[float]
    start: str
    scripts: tuple[str, str]


def lexical_probabilities(
    sources: Ids, targets: Ids, size: int, rounds: int = 4
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """IBM model 1 without the empty word: t(target | source) of every two pieces that meet in a pair.

    Args:
        sources: Piece ids of each pair's source.
        targets: Of its target.
        size: Pieces in the target's vocabulary.
        rounds: Of expectation maximisation, from equal probabilities.

    Returns:
        Sources, targets and probabilities: one of each for every two pieces that meet.
    """
    if not any(len(s) and len(t) for s, t in zip(sources, targets, strict=True)):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    # for every two occurrences: both pieces in one number, and the occurrence of the target that they compete for
    both = [
        np.add.outer(np.asarray(s, np.int64) * size, np.asarray(t, np.int64)).ravel()
        for s, t in zip(sources, targets, strict=True)
    ]
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


def script_of(piece: str, known: Iterable[str] = ("ARABIC", "LATIN")) -> str:
    """The script of the piece's first letter in one of `known`; empty for digits, signs and other scripts."""
    for char in piece:
        if char.isalpha() and (script := _script(char)) in known:
            return script
    return ""


def main_script(texts: Iterable[str]) -> str:
    """The script that most letters of `texts` are in; empty where there is no letter."""
    counts: dict[str, int] = {}
    for text in texts:
        for char in text:
            if char.isalpha():
                script = _script(char)
                counts[script] = counts.get(script, 0) + 1
    return max(counts, key=lambda script: counts[script], default="")


def _script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]


def build(
    sides: Sequence[Side],
    source_pieces: Sequence[str],
    target_pieces: Sequence[str],
    always: Sequence[str],
    *,
    frequent: int = FREQUENT,
    candidates: int = 8,
    backward: int = 1,
    least: float = 0.01,
    signs: int = 0,
) -> VocabularyMap:
    """The map: what each source piece may need, and what every sentence of a direction needs.

    Args:
        sides: The directions.
        source_pieces, target_pieces: The vocabularies; one list twice where they are shared.
        always: Pieces that are always scored, whatever the direction.
        frequent: Most frequent pieces of a target language, scored for every sentence into it.
        candidates: Most targets of a source piece by t(target | source).
        backward: Of each target, this many sources by t(source | target) have it too, so that rare pieces have one.
        least: Smallest probability.
        signs: Pieces of so many digits and signs are scored for every sentence too: a number that is written in
            another way than in the source has no piece to stand with.

    Returns:
        Candidates by source piece: the key `""` first, then the starts, then the order of the source's vocabulary.
    """
    known = {script for side in sides for script in side.scripts}
    scripts = [script_of(piece, known) for piece in target_pieces]
    found: dict[str, set[int]] = {}
    for side in sides:
        counts = len(source_pieces), len(target_pieces)
        for source, target in _likely_pairs(side, counts, candidates, backward, least):
            found.setdefault(source_pieces[source], set()).add(target)
        found.setdefault(side.start, set()).update(_of_language(side, target_pieces, scripts, frequent, signs))
    # digits, signs and what is in no source's script pass through
    foreign = {side.scripts[0] for side in sides if side.scripts[0] != side.scripts[1]}
    place = {piece: number for number, piece in enumerate(target_pieces)}
    for name in source_pieces:
        if (number := place.get(name)) is not None and scripts[number] not in foreign:
            found.setdefault(name, set()).add(number)
    starts = [side.start for side in sides if side.start]
    named = {key: [target_pieces[number] for number in sorted(ids)] for key, ids in found.items()}
    return _in_order(named, [*starts, *source_pieces], always)


def _likely_pairs(
    side: Side, counts: tuple[int, int], candidates: int, backward: int, least: float
) -> Iterator[tuple[int, int]]:
    """Source and target pieces, by their numbers, that the side's texts show to stand for each other; some come twice.

    Args:
        counts: Pieces of the source's vocabulary and of the target's.
        candidates, backward, least: As of `build`.
    """
    used = [n for n, weight in enumerate(side.weights) if weight > 0]
    sources, targets = [side.sources[n] for n in used], [side.targets[n] for n in used]
    if candidates:
        s_of, t_of, t = lexical_probabilities(sources, targets, counts[1])
        for source, likely in best(s_of, t_of, t, candidates, least).items():
            yield from ((source, target) for target in likely)
    if backward:
        t_of, s_of, t = lexical_probabilities(targets, sources, counts[0])
        for target, likely in best(t_of, s_of, t, backward, least).items():
            yield from ((source, target) for source in likely)


def _in_order(found: Mapping[str, Sequence[str]], keys: Iterable[str], always: Sequence[str]) -> VocabularyMap:
    """The map as it is written: a row for the key `""`, then one for each of `keys` that has candidates of its own.

    What is scored anyway is listed once, and what the form of the file cannot hold is left out.

    Args:
        found: Candidates by source piece, those of every sentence under `""`.
        keys: In the order of the rows; all of `found` are among them.
        always: Pieces that are always scored.
    """
    general, first = found.get("", ()), set(always)
    anyway = first.union(general)
    rows = {"": [*always, *(piece for piece in general if piece not in first and _plain(piece))]}
    for key in dict.fromkeys(keys):
        own = [piece for piece in found.get(key, ()) if piece not in anyway and _plain(piece)]
        if own and _plain(key):
            rows[key] = own
    return rows


def _of_language(side: Side, pieces: Sequence[str], scripts: Sequence[str], frequent: int, signs: int) -> set[int]:
    """Pieces that every sentence into a language may need: those that are frequent, its letters, and short signs."""
    source, target = side.scripts
    counts = np.zeros(len(pieces))
    for row, times in zip(side.targets, side.weights, strict=True):
        np.add.at(counts, np.asarray(row, np.int64), times)
    wanted = [
        number
        for number in np.argsort(-counts, kind="stable").tolist()
        if counts[number] > 0 and (source == target or scripts[number] != source)
    ]
    # a letter may stand in any sentence: unknown names are spelt with them
    letters = [i for i, p in enumerate(pieces) if len(p.removeprefix("\u2581")) <= 1 and scripts[i] == target]
    short = [i for i, p in enumerate(pieces) if len(p.removeprefix("\u2581")) <= signs and not any(map(str.isalpha, p))]
    return {*wanted[:frequent], *letters, *short}


def candidates_of(source: Iterable[str], found: Mapping[str, Sequence[str]]) -> set[str]:
    """The target pieces that are scored for a source of these tokens."""
    pieces = set(found.get("", ()))
    for token in source:
        pieces.update(found.get(token, ()))
    return pieces


def _plain(piece: str) -> bool:
    """Whether the form of the file can hold it."""
    return bool(piece) and not set(piece) & {" ", "\t", "\n"}


def write(path: Path, found: Mapping[str, Sequence[str]]) -> None:
    """In the form that CTranslate2 reads."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{key}\t{' '.join(candidates)}\n" for key, candidates in found.items())
