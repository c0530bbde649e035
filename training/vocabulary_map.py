"""The bundled package's vocabulary map, from the training pairs. The server's `models map` makes others by the same
rules from what a model says itself.

`python -m training.vocabulary_map --work training/data --package models/khulasa-base [--own training/data/own.jsonl]`
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Sequence
from pathlib import Path

import sentencepiece as spm
from khulasa.server.models.mapping.lexicon import (
    Side,
    best,
    lexical_probabilities,
    script_of,
    write,
)
from khulasa.server.models.mapping.lexicon import build as build_map

from training import set_cover
from training.tokenizer import LANGUAGE_TOKENS, SOURCE_STARTS, UNK

FILE = "vmap.txt"

__all__ = ["best", "build", "lexical_probabilities", "make", "read", "script_of", "write"]

Ids = Sequence[Sequence[int]]


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
    """The map of both directions.

    The pieces that are frequent in a language stand with the token that begins every sentence of the other one
    (`SOURCE_STARTS`), so that a sentence is scored against one language.

    Args:
        sides: Piece ids of the pairs, Arabic and English.
        weights: For each language to write, in the same order, how often a pair counts; a pair of weight 0 teaches
            nothing of that language.
        pieces: The vocabulary.
        frequent, candidates, backward, least: See the server's `build`.

    Returns:
        Candidates by source piece, in the order of the vocabulary; the key `""` holds what is always scored, the
        special and the language tokens.
    """
    always = [*pieces[: UNK + 1], *LANGUAGE_TOKENS.values()]
    directions = (
        Side(sides[0], sides[1], weights[1], SOURCE_STARTS["ar"], ("ARABIC", "LATIN")),
        Side(sides[1], sides[0], weights[0], SOURCE_STARTS["en"], ("LATIN", "ARABIC")),
    )
    return build_map(
        directions, pieces, pieces, always, frequent=frequent, candidates=candidates, backward=backward, least=least
    )


def read(path: Path) -> dict[str, list[str]]:
    """A map as `write` writes it."""
    rows = (line.partition("\t") for line in path.read_text(encoding="utf-8").split("\n") if line)
    return {key: candidates.split(" ") for key, _, candidates in rows}


def make(work: Path, package: Path, own: Path | None = None, base: Path | None = None, **settings: int) -> None:
    """Write the map of the prepared pairs in `work` beside the weights in `package`.

    Args:
        own: What `own_translations.py` wrote: the half into English is made smaller by it (`set_cover.py`).
        base: A map to take in place of that of the pairs; of it only the half into Arabic is kept as it is.
        settings: `build`'s.
    """
    sp = spm.SentencePieceProcessor(model_file=str(package / "spm.model"))
    pieces = [sp.id_to_piece(i) for i in range(sp.get_piece_size())]
    with (work / "pool.pkl").open("rb") as file:
        pool = pickle.load(file)
    weights = (pool["weights"]["ar"], pool["weights"]["en"])
    found = read(base) if base else build((pool["ar"], pool["en"]), weights, pieces, **settings)
    if own:
        texts = set_cover.Texts(pool["ar"], pool["en"], weights[1])
        found = set_cover.cover(found, set_cover.with_own(texts, own, pieces), pieces)
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
    parser.add_argument(
        "--own", type=Path, help="what training.own_translations wrote, for a smaller half into English"
    )
    parser.add_argument("--base", type=Path, help="a map made without --own, in place of that of the pairs")
    arguments = parser.parse_args()
    settings = {"frequent": arguments.frequent, "candidates": arguments.candidates}
    make(arguments.work, arguments.package, arguments.own, arguments.base, **settings)


if __name__ == "__main__":
    main()
