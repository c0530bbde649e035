"""Arabic articles into English, and English texts into Arabic, by the package as it stands.

What the pairs teach to write is as its authors wrote it; only the other side is machine-made
(https://arxiv.org/abs/1511.06709). So each is drawn into its author's language alone.

`python -m training.back_translate --corpora DIR --out training/data/back.tsv.xz [--sentences 40000] [--english DIR]`
"""

from __future__ import annotations

import argparse
import lzma
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import ctranslate2
import sentencepiece as spm
from khulasa.server.core.summary.encoder import SentenceEncoder

from training import english
from training.corpus import Pair, acceptable, clean
from training.tokenizer import LANGUAGE_TOKENS, SOURCE_STARTS

HERE = Path(__file__).parent
# file, set name, share of the sentences asked for
SOURCES = (("mono-ar.txt.xz", "back_ant", 0.6), ("mono-ar-wiki.txt.xz", "back_wikipedia", 0.4))
WORDS = range(5, 31)
_END = re.compile(r"(?<=[.!؟])\s+")
_SCRIPTS = {"ar": re.compile(r"[\u0600-\u06ff]"), "en": re.compile(r"[A-Za-z]{3}")}


def sentences(articles: Iterable[str]) -> Iterator[str]:
    """Cleaned sentences of 5 to 30 words that end in a stop; one article a line."""
    for article in articles:
        for part in _END.split(article.strip()):
            text = clean(part)
            if len(text.split()) in WORDS and text[-1] in ".!؟":
                yield text


def sample(folder: Path, count: int, seed: int, known: set[str]) -> list[tuple[str, str]]:
    """Sentences with their set's name, drawn from `SOURCES`, none twice and none of `known`."""
    rng = random.Random(seed)
    drawn: list[tuple[str, str]] = []
    for file, name, share in SOURCES:
        with lzma.open(folder / file, "rt", encoding="utf-8") as lines:
            found = sorted(set(sentences(lines)) - known)
        rng.shuffle(found)
        drawn += [(text, name) for text in found[: round(count * share)]]
    return drawn


def sample_english(folder: Path, count: int, seed: int, known: set[str]) -> list[tuple[str, str]]:
    """The same of the packages in `english.SOURCES`: `count` over all, each by its size."""
    rng = random.Random(seed)
    found = [(text, source.name) for source in english.SOURCES for text in english.read(folder, source)]
    fresh = list({text: (text, name) for text, name in found if text.lower() not in known}.values())
    rng.shuffle(fresh)
    return fresh[:count]


def _spoilt(text: str, source: str) -> bool:
    """Whether the machine left the language `source` standing, or stuttered: a third of the words said before."""
    words = text.lower().split()
    return bool(_SCRIPTS[source].search(text)) or len(set(words)) < len(words) * 2 / 3


def translate(package: Path, drawn: list[tuple[str, str]], threads: int, keep: float, source: str = "ar") -> list[Pair]:
    """The pairs that are not spoilt and pass the corpus's own rules; of these the share `keep` that scored best.

    Args:
        package: The model.
        drawn: Sentences with the names of their sets.
        threads: Cores to use.
        keep: Share, 0 to 1.
        source: Language of the sentences; they are translated into the other one.
    """
    translator = ctranslate2.Translator(str(package), intra_threads=threads)
    sp = spm.SentencePieceProcessor(model_file=str(package / "spm.model"))
    token = LANGUAGE_TOKENS["en" if source == "ar" else "ar"]
    results = translator.translate_batch(
        [[SOURCE_STARTS[source], *pieces] for pieces in sp.encode([text for text, _ in drawn], out_type=str)],
        target_prefix=[[token]] * len(drawn),
        beam_size=1,
        repetition_penalty=1.1,
        max_batch_size=2048,
        batch_type="tokens",
        max_decoding_length=90,
        return_scores=True,
        use_vmap=True,
    )
    scored = []
    for (text, name), result in zip(drawn, results, strict=True):
        made = sp.decode([p for p in result.hypotheses[0] if p != token])
        pair = Pair(text, made, name) if source == "ar" else Pair(made, text, name)
        if acceptable(pair, prose=True) and not _spoilt(made, source):
            scored.append((result.scores[0] / max(1, len(result.hypotheses[0])), pair))
    scored.sort(key=lambda row: (-row[0], row[1].ar, row[1].en))
    return [pair for _, pair in scored[: round(len(scored) * keep)]]


def faithful(pairs: list[Pair], least: float, encoder: SentenceEncoder, batch: int = 256) -> list[Pair]:
    """Those whose sides are so similar (-1 to 1), in order: a fluent text of something else teaches to invent."""
    kept = []
    for start in range(0, len(pairs), batch):
        group = pairs[start : start + batch]
        ar, en = encoder.encode([pair.ar for pair in group]), encoder.encode([pair.en for pair in group])
        kept += [pair for pair, near in zip(group, (ar * en).sum(axis=1), strict=True) if near >= least]
    return kept


def main() -> None:
    """Read the command line; write the pairs in the form of a corpus file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, default=HERE.parent.parent / "shared" / "corpora")
    parser.add_argument("--package", type=Path, default=HERE.parent / "models" / "khulasa-base")
    parser.add_argument("--out", type=Path, default=HERE / "data" / "back.tsv.xz")
    parser.add_argument("--sentences", type=int, default=40_000)
    parser.add_argument("--english", type=Path, help="folder of the packages that training/english.py names")
    parser.add_argument("--english-sentences", type=int, default=60_000)
    parser.add_argument("--least-similar", type=float, default=0.65, help="of the two sides, where Arabic was made")
    parser.add_argument("--keep", type=float, default=0.75, help="share of the translations, by the model's own score")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with lzma.open(arguments.corpora / "news.tsv.xz", "rt", encoding="utf-8") as lines:
        rows = [line.split("\t") for line in lines]
    drawn = sample(arguments.corpora, arguments.sentences, arguments.seed, {clean(row[0]) for row in rows})
    pairs = translate(arguments.package, drawn, arguments.threads, arguments.keep)
    if arguments.english:
        known = {clean(row[1]).lower() for row in rows}
        more = sample_english(arguments.english, arguments.english_sentences, arguments.seed, known)
        made = translate(arguments.package, more, arguments.threads, arguments.keep, source="en")
        pairs += faithful(made, arguments.least_similar, SentenceEncoder(arguments.threads))
        drawn += more
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(arguments.out, "wt", encoding="utf-8") as file:
        file.writelines(f"{p.ar}\t{p.en}\t{p.name}\n" for p in pairs)
    print(f"{len(pairs)} of {len(drawn)} sentences kept")


if __name__ == "__main__":
    main()
