"""Score a package on evaluation sets, beside other systems: `make evaluate`.

    python benchmarks/evaluation/evaluate.py [--package NAME|PATH] [--set NAME ...] [--pair ar-en] [--lines N]
        [--source FILE --reference FILE --pair ar-en] [--beam-size N] [--no-mend] [--comet CHECKPOINT] [--output DIR]

The package is loaded as the server loads it and every line goes the way of a segment of a Translate request, repair
included, without the cache. BLEU and chrF are sacrebleu's with default settings; the confidence intervals are 95%, from
1,000 resamples of the lines. Flags are those of `Assess`, for every system alike. Writes evaluation.json and
evaluation.md, and the outputs themselves for other tools.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from khulasa.server.config import Settings
from khulasa.server.core.errors import UnsupportedLanguageError
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.translation.types import DecodingOptions, Glossary, LanguagePair, Priority, RequestContext
from khulasa.server.models.errors import PackageError
from khulasa.server.observability import Observability
from khulasa.server.runtime import load_core
from report import markdown
from scoring import CometScorer, comet_scorer, flag_rates, metric_scores
from sets import SHARED, EvaluationSet, files_set, shared_sets

SEED = 6
OURS = "khulasa"


async def translated(
    sets: Sequence[EvaluationSet], package: str, beam_size: int, mend: bool
) -> tuple[dict[str, Any], list[tuple[list[str], dict[str, float]]]]:
    """The model's description; for each set the output and its speed."""
    settings = Settings(models=(package,) if package else (), cache_bytes=0, mend=mend, queue_tokens=10**7)
    core = await load_core(settings, Observability())
    translator, done = core.serving.translator, []
    try:
        context = RequestContext(priority=Priority.BULK)
        options = DecodingOptions(beam_size=beam_size)
        for one in sets:
            # The first batch pays for pages and buffers.
            await translator.translate_segments(one.sources[:8], one.pair, options, Glossary(), context)
            begun, used = time.perf_counter(), time.process_time()
            segments = await translator.translate_segments(one.sources, one.pair, options, Glossary(), context)
            seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - used
            words = sum(len(source.split()) for source in one.sources)
            speed = {
                "seconds": round(seconds, 2),
                "cpu_seconds": round(cpu_seconds, 2),
                "lines_per_second": round(len(one.sources) / seconds, 2),
                "source_words_per_second": round(words / seconds, 1),
            }
            done.append(([segment.target_text for segment in segments], speed))
            print(f"{one.name} {one.pair.source}-{one.pair.target}: {len(one.sources)} lines in {seconds:.1f} s")
        reference = translator.model_of(sets[0].pair)
        model = {"name": reference.name, "version": reference.version, "revision": reference.revision}
        return model, done
    finally:
        await core.close()


def cosines(encoder: SentenceEncoder, sources: Sequence[str], outputs: Sequence[str]) -> list[float]:
    """Similarity of each pair."""
    rows = encoder.encode([text or " " for text in (*sources, *outputs)])
    return [float(value) for value in np.einsum("nd,nd->n", rows[: len(sources)], rows[len(sources) :])]


def scored(
    one: EvaluationSet,
    outputs: dict[str, list[str]],
    encoder: SentenceEncoder,
    *,
    bootstrap: int,
    comet: CometScorer | None,
) -> dict[str, Any]:
    """The row of every system on one set."""
    rows = {}
    for name, output in outputs.items():
        row: dict[str, Any] = dict(metric_scores(output, one.references, bootstrap, SEED))
        row["flags_percent"] = flag_rates(one.sources, output, one.pair, cosines(encoder, one.sources, output))
        if comet is not None:
            row["COMET"] = comet(one.sources, output, one.references)
        rows[name] = row
    return rows


def chosen_sets(options: argparse.Namespace) -> list[EvaluationSet]:
    """What the command line asks for."""
    pair = options.pair
    if options.source or options.reference:
        if not (options.source and options.reference and pair):
            raise SystemExit("--source and --reference belong together, with --pair")
        try:
            sets = [files_set(options.source, options.reference, pair)]
        except (OSError, ValueError) as error:
            raise SystemExit(str(error)) from error
    else:
        sets = [one for one in shared_sets(options.data) if not options.sets or one.name in options.sets]
        sets = [one for one in sets if pair in (None, one.pair)]
    if not sets:
        raise SystemExit(f"no set in {options.data}; give --source, --reference and --pair")
    return [one.first(options.lines) for one in sets] if options.lines else sets


def language_pair(text: str) -> LanguagePair:
    """A direction as the command line gives it."""
    source, dash, target = text.partition("-")
    if not (source and dash and target):
        raise argparse.ArgumentTypeError(f"two languages as ar-en, not {text!r}")
    return LanguagePair(source, target)


def count(text: str) -> int:
    """A number from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a number from 0 on, not {text!r}")
    return int(text)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--package", default="", help="name or path; empty: the first that serves the pair")
    parser.add_argument("--data", type=Path, default=SHARED, help="folder of sets")
    parser.add_argument("--set", action="append", dest="sets", help="one of its folders; may be given again")
    parser.add_argument("--source", type=Path, help="file of lines, in place of the sets")
    parser.add_argument("--reference", type=Path, help="file of lines")
    parser.add_argument("--pair", type=language_pair, help="one direction only, as ar-en")
    parser.add_argument("--lines", type=count, default=0, help="the first so many lines; 0: all")
    parser.add_argument("--beam-size", type=count, default=0, help="0: the server's default")
    parser.add_argument("--no-mend", action="store_true", help="do not decode flagged segments again")
    parser.add_argument("--bootstrap", type=count, default=1_000, help="resamples; 0: no intervals")
    parser.add_argument("--comet", type=Path, help="a COMET checkpoint on this machine")
    parser.add_argument("--output", type=Path, default=Path(".build/evaluation"))
    return parser.parse_args()


def main() -> None:
    """Translate, score, write."""
    options = arguments()
    sets = chosen_sets(options)
    # Before the hours of translating: what is missing is told at once, and the checkpoint is loaded once.
    comet = comet_scorer(options.comet) if options.comet else None
    try:
        model, done = asyncio.run(translated(sets, options.package, options.beam_size, not options.no_mend))
    except (PackageError, UnsupportedLanguageError) as error:
        raise SystemExit(f"--package: {error}") from error
    encoder = SentenceEncoder(threads=Settings().thread_count)
    results = []
    for one, (output, speed) in zip(sets, done, strict=True):
        rows = scored(one, {OURS: output, **one.systems}, encoder, bootstrap=options.bootstrap, comet=comet)
        pair = f"{one.pair.source}-{one.pair.target}"
        results.append({"set": one.name, "pair": pair, "lines": len(one.sources), "speed": speed, "systems": rows})
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / f"{one.name}.{pair}.txt").write_text("\n".join(output) + "\n", "utf-8")
    whole = {
        "model": model,
        "beam_size": options.beam_size or Settings().beam_size,
        "mend": not options.no_mend,
        "bootstrap": options.bootstrap,
        "sacrebleu": version("sacrebleu"),
        "ctranslate2": version("ctranslate2"),
        "machine": {"processor": platform.machine(), "cores": len(os.sched_getaffinity(0))},
        "results": results,
    }
    (options.output / "evaluation.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")
    text = markdown(whole, OURS)
    (options.output / "evaluation.md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
