"""The map's half into English made smaller: set cover from what the model says itself, beside the training pairs.

Each English piece is listed where it costs least: for every sentence, or beside the Arabic pieces that cover the
sentences that want it, chosen one after the other by what they cost a batch (the greedy rule: Chvátal 1979,
https://doi.org/10.1287/moor.4.3.233). What a sentence in English may need is left as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from khulasa.server.models.mapping.lexicon import best, lexical_probabilities, script_of

from training.tokenizer import SOURCE_STARTS

START = SOURCE_STARTS["ar"]
# Sentences that are decoded together: what one of them needs is scored for all.
BATCH = 8
# Own translations are few beside the pairs, and nearer to what will be written.
OWN_TIMES = 6.0

Ids = Sequence[Sequence[int]]
Numbers = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Texts:
    """Piece ids of Arabic and English, special tokens left out, and how often each pair counts."""

    arabic: Ids
    english: Ids
    weights: Sequence[float]


def with_own(texts: Texts, path: Path, pieces: Sequence[str]) -> Texts:
    """`texts` and what `own_translations.py` wrote."""
    places = {piece: number for number, piece in enumerate(pieces)}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    arabic, english = ([[places[p] for p in line[side] if p in places] for line in lines] for side in (0, 1))
    return Texts([*texts.arabic, *arabic], [*texts.english, *english], [*texts.weights, *[OWN_TIMES] * len(lines)])


def cover(
    base: Mapping[str, Sequence[str]],
    texts: Texts,
    pieces: Sequence[str],
    *,
    worth: float = 1500,
    rare: float = 0.01,
    most: int = 24,
    least: float = 0.01,
) -> dict[str, list[str]]:
    """The map of both directions with its half into English made anew.

    Args:
        base: A map as `vocabulary_map.build` makes it. Its lines for `<s:ar>` and for Arabic pieces are made anew; the
            others stay, for a source in English may need them.
        texts: What a batch is like, and what it wants.
        pieces: The vocabulary.
        worth: How many pieces may be scored to write one more that is wanted.
        rare: Arabic pieces in a smaller share of the sentences keep their candidates: little is known of them, and
            they cost little.
        most, least: A piece is listed beside no more Arabic pieces than so many, and only beside those with such a
            probability by model 1, in either direction.

    Returns:
        The map, in the order of `base`.
    """
    used = [number for number, weight in enumerate(texts.weights) if weight > 0]
    arabic, english = (
        [np.unique(np.asarray(side[n], np.int64)) for n in used] for side in (texts.arabic, texts.english)
    )
    weights = np.array([texts.weights[n] for n in used]) / sum(texts.weights)
    share = np.zeros(len(pieces))
    for row, weight in zip(arabic, weights, strict=True):
        share[row] += weight
    absent = np.clip(1 - share, 0, 1) ** BATCH

    places = {piece: number for number, piece in enumerate(pieces)}
    ours = np.array([script_of(piece) == "ARABIC" for piece in pieces])
    rows = {places[key]: [places[piece] for piece in own] for key, own in base.items() if key in places}
    kept = {key: own for key, own in rows.items() if not ours[key] or share[key] < rare}
    # any sentence may need them: unknown names are spelt with them
    letters = {places[piece] for piece in base[START] if len(piece.removeprefix("\u2581")) <= 1}
    unlisted = np.ones(len(pieces))
    for key, own in kept.items():
        unlisted[own] *= absent[key]

    first, lists = set(letters), {key: set(own) for key, own in kept.items() if ours[key]}
    likely = _likely([texts.arabic[n] for n in used], [texts.english[n] for n in used], ours, most, least)
    for piece, numbers in _wanting(arabic, english, kept, {*letters, *(places[piece] for piece in base[""])}):
        links = _links([arabic[n] for n in numbers], likely.get(piece, ()))
        chosen = _beside(weights[numbers] * BATCH * worth, links, absent, float(unlisted[piece]))
        if chosen is None:
            first.add(piece)
        for source in chosen or ():
            lists.setdefault(source, set()).add(piece)

    made = {pieces[key]: own - first for key, own in lists.items()} | {START: first}
    found: dict[str, list[str]] = {}
    for key in ("", *SOURCE_STARTS.values(), *pieces):
        stays = key not in places or not ours[places[key]]
        own = [pieces[n] for n in sorted(made[key])] if key in made else list(base.get(key, ())) if stays else []
        if own:
            found[key] = own
    return found


def _likely(arabic: Ids, english: Ids, ours: npt.NDArray[np.bool_], most: int, least: float) -> dict[int, set[int]]:
    """For each English piece the Arabic ones that it may be a translation of, by model 1 in both directions."""
    found: dict[int, set[int]] = {}
    sources, targets, forward = lexical_probabilities(arabic, english, len(ours))
    only = ours[sources]
    for source, some in best(sources[only], targets[only], forward[only], len(ours), least).items():
        for target in some:
            found.setdefault(target, set()).add(source)
    targets, sources, backward = lexical_probabilities(english, arabic, len(ours))
    only = ours[sources]
    for target, some in best(targets[only], sources[only], backward[only], most, least).items():
        found.setdefault(target, set()).update(some)
    return found


def _wanting(
    arabic: Sequence[Numbers], english: Sequence[Numbers], kept: Mapping[int, Sequence[int]], everywhere: set[int]
) -> Iterator[tuple[int, Numbers]]:
    """English pieces and the numbers of the sentences that want them and have them neither by `kept` nor anyway."""
    by_piece: dict[int, list[int]] = {}
    for number, (row, wanted) in enumerate(zip(arabic, english, strict=True)):
        listed = set[int]().union(*(kept.get(source, ()) for source in row.tolist()))
        for piece in wanted.tolist():
            if piece not in listed and piece not in everywhere:
                by_piece.setdefault(piece, []).append(number)
    for piece, numbers in sorted(by_piece.items()):
        yield piece, np.array(numbers)


def _links(rows: Sequence[Numbers], sources: Iterable[int]) -> dict[int, Numbers]:
    """For each source that is in one of `rows` the places of those."""
    pieces, owner = np.concatenate(rows), np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    found = {source: owner[pieces == source] for source in sources}
    return {source: own for source, own in found.items() if len(own)}


def _beside(gains: Shares, links: Mapping[int, Numbers], absent: Shares, unlisted: float) -> list[int] | None:
    """The sources beside which a piece is to be listed; None if it is to be scored for every sentence.

    Args:
        gains: What it is worth to a batch that the piece can be written, by sentence that wants it; what it costs a
            batch to score a piece is 1.
        links: The sentences (places in `gains`) that have a source, by source.
        absent: How likely a batch is without a source, by source.
        unlisted: How likely a batch does not score the piece as it is.
    """
    left, chosen, still = gains.copy(), [], unlisted
    prices = {source: max(1e-12, 1 - float(absent[source])) for source in links}
    while links:
        gain = {source: float(left[own].sum()) for source, own in links.items()}
        source = max(links, key=lambda source: gain[source] / prices[source])
        if gain[source] <= still * prices[source]:
            break
        chosen.append(source)
        left[links[source]] = 0
        still *= 1 - prices[source]
    everywhere = float(gains.sum()) - unlisted
    beside = float(gains.sum() - left.sum()) - (unlisted - still)
    return None if everywhere > 0 and everywhere >= beside else chosen
