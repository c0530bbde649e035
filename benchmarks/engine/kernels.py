"""What CTranslate2's kernels for AVX-512 save against those for AVX2, which it takes by itself: processor time.

    .venv/bin/python -m benchmarks.engine.kernels [--rounds 3]

Each way runs in a process of its own, in turns, one thread, the same sentences with the server's options.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import ctranslate2
import sentencepiece

from benchmarks.process import ROOT
from benchmarks.texts.articles import sentences

_MODEL = ROOT / "models/khulasa-base"
_KERNELS = ("AVX2", "AVX512")
_SENTENCES = 60
# What one call decodes: a sentence alone, or all of them in the server's batches.
_BATCHES = {"one sentence a call": 1, "batches of 256 tokens": _SENTENCES}


def _decode(start: int) -> dict[str, float]:
    """Processor seconds of both ways in this process."""
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(_MODEL / "spm.model"))
    translator = ctranslate2.Translator(str(_MODEL), intra_threads=1)
    sources = [["<s:ar>", *row] for row in pieces.encode(sentences(_SENTENCES, start=start), out_type=str)]
    options = {"beam_size": 4, "repetition_penalty": 1.05, "max_batch_size": 256, "batch_type": "tokens"}
    seconds = {}
    for name, size in _BATCHES.items():
        translator.translate_batch(sources[:4], target_prefix=[["<2en>"]] * 4, use_vmap=True, **options)
        began = time.process_time()
        for at in range(0, _SENTENCES, size):
            some = sources[at : at + size]
            translator.translate_batch(some, target_prefix=[["<2en>"]] * len(some), use_vmap=True, **options)
        seconds[name] = time.process_time() - began
    return seconds


def main() -> None:
    """Print the share of the first kernels' time that the others take."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--here", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here is not None:
        print(json.dumps(_decode(arguments.here)))
        return
    found: dict[str, list[dict[str, float]]] = {kernels: [] for kernels in _KERNELS}
    for turn in range(arguments.rounds):
        for kernels in _KERNELS if turn % 2 else _KERNELS[::-1]:
            command = [sys.executable, "-m", "benchmarks.engine.kernels", "--here", str(turn * 1_000_000)]
            environment = {**os.environ, "CT2_FORCE_CPU_ISA": kernels}
            done = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
            found[kernels].append(json.loads(done.stdout))
    for name in _BATCHES:
        ratios = [wide[name] / narrow[name] for narrow, wide in zip(*found.values(), strict=True)]
        print(f"{name}: {statistics.median(ratios):.3f} of the time ({min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    main()
