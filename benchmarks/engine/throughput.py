"""How fast the whole translation path is, against CTranslate2 given all segments at once.

    .venv/bin/python benchmarks/engine/throughput.py --model FOLDER --text FILE

Each round runs the ways one after the other in changing order, so that a noisy machine hits all alike; figures are
ratios of medians from one run. `raw`: one `translate_batch` with the same options, its own sorting by length and the
same batch tokens, tokenising and detokenising included. `one by one`: one call for each sentence.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import ctranslate2
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.engine import Engine
from khulasa.server.core.translation.scheduling.scheduler import BatchPolicy, Scheduler
from khulasa.server.core.translation.tokenizer import SegmentTokenizer, TokenizationSpec
from khulasa.server.core.translation.translator.parts import DecodingDefaults, LanguageRules, LoadedPackage
from khulasa.server.core.translation.translator.translator import Translator
from khulasa.server.core.translation.types import (
    DecodingOptions,
    Glossary,
    LanguagePair,
    ModelReference,
    Priority,
    RequestContext,
)

PAIR = LanguagePair("ar", "en")


def sentences_of(path: Path, wanted: int) -> list[str]:
    """The file's distinct sentences, repeated with a number where there are too few, so that none is shared."""
    found = [s.strip() for s in re.findall(r"[^.!?؟\n]+[.!?؟]?", path.read_text("utf-8")) if len(s.strip()) > 20]
    return [found[n] if n < len(found) else f"{found[n % len(found)]} {n}" for n in range(wanted)]


def whole_line(text: str, _language: str) -> list[Span]:
    """Each text is one sentence here."""
    return [Span(0, len(text))]


async def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder with a CTranslate2 model and spm.model")
    parser.add_argument("--text", type=Path, required=True, help="text in the model's source language")
    parser.add_argument("--segments", type=int, default=160)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--beam", type=int, default=4)
    parser.add_argument("--batch-tokens", type=int, default=1024)
    parser.add_argument("--inter", type=int, default=1)
    parser.add_argument("--intra", type=int, default=2)
    parser.add_argument("--mend", action="store_true", help="decode flagged segments again, as the server does")
    parser.add_argument("--without-one-by-one", action="store_true")
    args = parser.parse_args()

    texts = sentences_of(args.text, args.segments)
    tokenizer = SegmentTokenizer(TokenizationSpec(args.model / "spm.model", args.model / "spm.model", engine_tokens=2))
    threads = {"inter_threads": args.inter, "intra_threads": args.intra}
    engine = Engine.load(args.model, max_input_tokens=512, engine_tokens=2, vocabulary_map=False, **threads)
    raw = ctranslate2.Translator(str(args.model), **threads)
    package = LoadedPackage(
        ModelReference("measured", "0", "0"),
        (PAIR,),
        engine,
        tokenizer,
        512,
        DecodingDefaults(args.beam, 1.1),
        engine.close,
    )
    scheduler = Scheduler(workers=args.inter, policy=BatchPolicy(batch_tokens=args.batch_tokens))
    translator = Translator([package], scheduler, LanguageRules(whole_line), mend=args.mend)
    translator.start()

    async def ours() -> None:
        context = RequestContext(priority=Priority.BULK)
        await translator.translate_texts(texts, PAIR, DecodingOptions(), Glossary(), context)

    def decoded(sources: list[list[str]]) -> None:
        results = raw.translate_batch(
            sources,
            beam_size=args.beam,
            repetition_penalty=1.05,
            return_scores=True,
            max_input_length=0,
            max_batch_size=args.batch_tokens,
            batch_type="tokens",
        )
        for result in results:
            tokenizer.decode(result.hypotheses[0])

    async def at_once() -> None:
        await asyncio.to_thread(decoded, [tokenizer.encode(text, PAIR) for text in texts])

    async def one_by_one() -> None:
        for text in texts:
            await asyncio.to_thread(decoded, [tokenizer.encode(text, PAIR)])

    ways: dict[str, Callable[[], Awaitable[None]]] = {"ours": ours, "raw": at_once, "one by one": one_by_one}
    if args.without_one_by_one:
        del ways["one by one"]
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    await ours()
    for turn in range(args.rounds):
        names = list(ways)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            began = time.perf_counter()
            await ways[name]()
            seconds[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, values in seconds.items():
        print(f"{name:>12}: {medians[name]:7.2f} s  (" + ", ".join(f"{value:.2f}" for value in values) + ")")
        if name != "ours":
            print(f"{'':>12}  ours is {medians[name] / medians['ours']:.2f} times as fast")
    stats = scheduler.stats()
    print(f"batches of {stats.segments / stats.batches:.1f} segments, fill {stats.fill:.2f}")
    await translator.close()


if __name__ == "__main__":
    asyncio.run(main())
