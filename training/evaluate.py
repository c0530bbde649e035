"""Translate a parallel file with the converted package and score it with sacrebleu.

`python -m training.evaluate --package models/khulasa-base --source FILE --reference FILE --into en [--lines 150]`
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import ctranslate2
import sacrebleu
import sentencepiece as spm

from training.tokenizer import LANGUAGE_TOKENS, SOURCE_STARTS

# of the bundled package's manifest
PENALTY = 1.05


@dataclass(frozen=True)
class Scores:
    """BLEU and chrF (0 to 100) with sacrebleu's signatures, and source words a second."""

    bleu: float
    chrf: float
    bleu_signature: str
    chrf_signature: str
    lines: int
    words_per_second: float


def translate(
    package: Path,
    lines: list[str],
    into: str,
    *,
    compute_type: str = "default",
    beam: int = 4,
    threads: int = 2,
    all_pieces: bool = False,
    penalty: float = PENALTY,
) -> list[str]:
    """Translations of `lines`, same order.

    Args:
        package: CTranslate2 files and `spm.model`.
        lines: Source sentences.
        into: `en` or `ar`.
        compute_type: As CTranslate2 names it.
        beam: Beam size.
        threads: CPU threads.
        all_pieces: Score every piece, not only those of the package's vocabulary map.
        penalty: For repetition, 1 for none.
    """
    translator = ctranslate2.Translator(str(package), compute_type=compute_type, intra_threads=threads)
    sp = spm.SentencePieceProcessor(model_file=str(package / "spm.model"))
    token = LANGUAGE_TOKENS[into]
    (start,) = (start for code, start in SOURCE_STARTS.items() if code != into)
    results = translator.translate_batch(
        [[start, *pieces] for pieces in sp.encode(lines, out_type=str)],
        target_prefix=[[token]] * len(lines),
        beam_size=beam,
        repetition_penalty=penalty,
        max_batch_size=1024,
        batch_type="tokens",
        max_decoding_length=160,
        use_vmap=not all_pieces,
    )
    return [sp.decode([p for p in r.hypotheses[0] if p != token]) for r in results]


def score(hypotheses: list[str], references: list[str], seconds: float, words: int) -> Scores:
    """Corpus scores with sacrebleu's defaults."""
    bleu, chrf = sacrebleu.BLEU(), sacrebleu.CHRF()
    return Scores(
        round(bleu.corpus_score(hypotheses, [references]).score, 2),
        round(chrf.corpus_score(hypotheses, [references]).score, 2),
        str(bleu.get_signature()),
        str(chrf.get_signature()),
        len(hypotheses),
        round(words / seconds, 1),
    )


def main() -> None:
    """Print the scores as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--into", choices=sorted(LANGUAGE_TOKENS), required=True)
    parser.add_argument("--lines", type=int)
    parser.add_argument("--compute-type", default="default")
    parser.add_argument("--all-pieces", action="store_true", help="without the package's vocabulary map")
    parser.add_argument("--repetition-penalty", type=float, default=PENALTY)
    parser.add_argument("--output", type=Path, help="where to write the translations")
    arguments = parser.parse_args()
    source = arguments.source.read_text(encoding="utf-8").splitlines()[: arguments.lines]
    reference = arguments.reference.read_text(encoding="utf-8").splitlines()[: arguments.lines]
    begun = time.perf_counter()
    out = translate(
        arguments.package,
        source,
        arguments.into,
        compute_type=arguments.compute_type,
        all_pieces=arguments.all_pieces,
        penalty=arguments.repetition_penalty,
    )
    seconds = time.perf_counter() - begun
    if arguments.output:
        arguments.output.write_text("\n".join(out) + "\n", encoding="utf-8")
    print(json.dumps(asdict(score(out, reference, seconds, sum(len(s.split()) for s in source)))))


if __name__ == "__main__":
    main()
