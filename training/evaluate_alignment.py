"""Alignment error rate of the guided attention head, target forced to the reference.

Input: JSON lines with `source_text`, `target_text`, spans `source_tokens` and `target_tokens` (half open, code
points), links `sure` and `possible` (pairs of token numbers). `AER = 1 - (|A & S| + |A & P|) / (|A| + |S|)`
(https://aclanthology.org/J03-1002/).
"""

from __future__ import annotations

import argparse
import json
from bisect import bisect_right
from pathlib import Path

import ctranslate2
import numpy as np
import sentencepiece as spm

from training.tokenizer import LANGUAGE_TOKENS, SOURCE_STARTS

Link = tuple[int, int]


def pieces_and_words(sp: spm.SentencePieceProcessor, text: str, spans: list[list[int]]) -> tuple[list[str], list[int]]:
    """Pieces of `text`, and for each the number of the word that its middle lies in, or -1."""
    starts = np.cumsum([0, *(len(c.encode()) for c in text)]).tolist()
    pieces, words = [], []
    for piece in sp.encode(text, return_type="proto").pieces:
        begin, end = bisect_right(starts, piece.begin) - 1, bisect_right(starts, max(piece.end - 1, 0))
        while begin < end and text[begin].isspace():
            begin += 1
        middle = (begin + max(end, begin + 1) - 1) / 2
        pieces.append(piece.piece)
        words.append(next((n for n, (a, b) in enumerate(spans) if a <= middle < b), -1))
    return pieces, words


def links(attention: np.ndarray, source_words: list[int], target_words: list[int], threshold: float) -> set[Link]:
    """Word links: every target piece goes to its strongest source word where that has at least `threshold`."""
    found = set()
    for row, target in zip(attention, target_words, strict=True):
        if target < 0:
            continue
        mass: dict[int, float] = {}
        for value, source in zip(row, source_words, strict=True):
            if source >= 0:
                mass[source] = mass.get(source, 0.0) + float(value)
        best = max(mass, key=mass.get, default=-1)
        if best >= 0 and mass[best] >= threshold:
            found.add((best, target))
    return found


def error_rate(found: list[set[Link]], sure: list[set[Link]], possible: list[set[Link]]) -> float:
    """AER over all pairs, 0 to 1; `possible` includes `sure`."""
    hits = sum(len(a & s) + len(a & p) for a, s, p in zip(found, sure, possible, strict=True))
    return 1 - hits / sum(len(a) + len(s) for a, s in zip(found, sure, strict=True))


def main() -> None:
    """Print the error rate for a few thresholds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--gold", type=Path, required=True)
    arguments = parser.parse_args()
    translator = ctranslate2.Translator(str(arguments.package), intra_threads=1)
    sp = spm.SentencePieceProcessor(model_file=str(arguments.package / "spm.model"))
    rows = [json.loads(line) for line in arguments.gold.read_text(encoding="utf-8").splitlines()]
    sure = [{(a, b) for a, b in row["sure"]} for row in rows]
    possible = [{(a, b) for a, b in row["possible"]} | s for row, s in zip(rows, sure, strict=True)]
    read = []
    for row in rows:
        source, source_words = pieces_and_words(sp, row["source_text"], row["source_tokens"])
        target, target_words = pieces_and_words(sp, row["target_text"], row["target_tokens"])
        prefix = [LANGUAGE_TOKENS["en"], *target]
        found = translator.translate_batch(
            [[SOURCE_STARTS["ar"], *source]],
            target_prefix=[prefix],
            return_attention=True,
            beam_size=1,
            max_decoding_length=len(prefix) + 1,
        )[0]
        # without the column of the start and the row of the language token
        read.append((np.array(found.attention[0])[1 : len(prefix), 1:], source_words, target_words))
    for threshold in (0.0, 0.1, 0.2, 0.3, 0.4):
        found_links = [links(*one, threshold) for one in read]
        print(json.dumps({"threshold": threshold, "aer": round(error_rate(found_links, sure, possible), 3)}))


if __name__ == "__main__":
    main()
