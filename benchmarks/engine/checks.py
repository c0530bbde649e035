"""Processor time of the checks of a translated sentence, by stage: they hold the interpreter while the decoder waits.

    .venv/bin/python -m benchmarks.engine.checks [--rounds 5] [--known]

News sentences are decoded once with the bundled model. Each round is a process of its own, which checks 240 pairs after
160 others, so that it knows the words of those, or with `--known` a second time; the least of the rounds is printed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import ctranslate2
import sentencepiece
from khulasa.server.core.translation.names.comparison import names_agree
from khulasa.server.core.translation.numbers.comparison import compare_numbers
from khulasa.server.core.translation.polarity.negations import same_polarity
from khulasa.server.core.translation.quality.leftovers import leftover_words
from khulasa.server.core.translation.quality.signals import measure_segment
from khulasa.server.core.translation.types import LanguagePair

from benchmarks.process import ROOT
from benchmarks.texts.articles import sentences

_MODEL = ROOT / "models/khulasa-base"
_BEFORE, _MEASURED = 160, 240
_STAGES: dict[str, Callable[[str, str, LanguagePair], object]] = {
    "length, script, repetition": measure_segment,
    "words left over": leftover_words,
    "numbers": compare_numbers,
    "negations": same_polarity,
    "names": names_agree,
}


def _translated() -> list[tuple[str, str]]:
    texts = sentences(_BEFORE + _MEASURED)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(_MODEL / "spm.model"))
    sources = [["<s:ar>", *row] for row in pieces.encode(texts, out_type=str)]
    results = ctranslate2.Translator(str(_MODEL)).translate_batch(
        sources,
        target_prefix=[["<2en>"]] * len(sources),
        beam_size=4,
        repetition_penalty=1.05,
        max_batch_size=256,
        batch_type="tokens",
        use_vmap=True,
    )
    return [(text, pieces.decode(one.hypotheses[0][1:])) for text, one in zip(texts, results, strict=True)]


def _measure(pairs: Sequence[tuple[str, str]], *, known: bool) -> dict[str, float]:
    """Milliseconds a sentence of each stage, in this process."""
    seconds = dict.fromkeys(_STAGES, 0.0)
    direction = LanguagePair("ar", "en")
    measured = pairs[_BEFORE:]
    before = measured if known else pairs[:_BEFORE]
    for number, (source, target) in enumerate([*before, *measured]):
        for name, check in _STAGES.items():
            began = time.process_time()
            check(source, target, direction)
            if number >= len(before):
                seconds[name] += time.process_time() - began
    return {name: total * 1000 / _MEASURED for name, total in seconds.items()}


def main() -> None:
    """Print milliseconds a sentence, all and by stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--known", action="store_true", help="measure pairs that were checked before")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        print(json.dumps(_measure(json.load(sys.stdin), known=arguments.known)))
        return
    pairs = json.dumps(_translated())
    command = [sys.executable, "-m", "benchmarks.engine.checks", "--here", *(["--known"] if arguments.known else [])]
    rounds: list[dict[str, float]] = []
    for _ in range(arguments.rounds):
        done = subprocess.run(command, input=pairs, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        rounds.append(json.loads(done.stdout))
    best = min(rounds, key=lambda one: sum(one.values()))
    print(f"all: {sum(best.values()):.2f} ms")
    for name, milliseconds in best.items():
        print(f"{name}: {milliseconds:.2f} ms")


if __name__ == "__main__":
    main()
