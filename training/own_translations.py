"""What the package says of Arabic sentences, all pieces scored: its map need hold little else (`set_cover.py`).

`python -m training.own_translations --corpora DIR --out training/data/own.jsonl --without FILE...`

In the server's environment, as `back_translate.py`. Cut off, it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from khulasa.server.models.manifest import Manifest, read_manifest
from khulasa.server.models.mapping.distil import Sentence, Speaker, distil

from training import back_translate, corpus

HERE = Path(__file__).parent
# of the sentences: those of articles, of which there is no translation, and those of the training news
ARTICLES, NEWS = 0.65, 0.15
_WORD = re.compile(r"\w+")


def sample(corpora: Path, count: int, seed: int) -> list[str]:
    """Arabic sentences of articles, of the training news and of the general sets, mixed, none twice.

    The general sets are thinned as for training; lists of names are left out.
    """
    rng = random.Random(seed)
    pairs = [pair for pair in corpus.read_sets(corpora) if not pair.name.startswith("lex_")]
    pairs, _ = corpus.draw(pairs, corpus.SETS, seed)
    drawn: dict[str, None] = {}
    for of_news, share in ((True, NEWS), (False, 1 - ARTICLES - NEWS)):
        found = sorted({pair.ar for pair in pairs if (pair.name == "news") == of_news} - drawn.keys())
        rng.shuffle(found)
        drawn.update(dict.fromkeys(found[: round(count * share)]))
    articles = back_translate.sample(corpora, round(count * ARTICLES), seed, {pair.ar for pair in pairs})
    drawn.update((text, None) for text, _ in articles)
    mixed = list(drawn)
    rng.shuffle(mixed)
    return mixed


def words(text: str) -> str:
    """The words alone, as sentences are compared by them."""
    return " ".join(_WORD.findall(corpus.clean(text)))


def texts_of(path: Path) -> Iterator[str]:
    """The texts of a file that is not to be used: its lines, or the strings in a JSON Lines file."""
    for line in path.read_text(encoding="utf-8").split("\n"):
        yield from _strings(json.loads(line)) if path.suffix == ".jsonl" and line else [line]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


def say(package: Path, texts: Iterable[str], out: Path) -> list[Sentence]:
    """The pieces of `texts` and of their greedy translations into English, all pieces scored; none that is a loop.

    Args:
        package: The model.
        texts: Arabic sentences; those that are longer than one segment are left out.
        out: Translations are written down beside it as they come.
    """
    manifest = _greedy(read_manifest(package))
    (pair,) = (pair for pair in manifest.pairs if pair.target == "en")
    speaker = Speaker(package, manifest)
    rows = [pieces for pieces in map(speaker.pieces, texts) if speaker.fits(pieces, pair)]
    digest = hashlib.sha256(json.dumps([manifest.revision, rows]).encode()).hexdigest()[:12]
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_suffix(f".{digest}.part")
    said = distil(speaker, rows, pair, part, lambda done: print(f"{done} of {len(rows)}", flush=True))
    return [sentence for sentence in said if sentence.said]


def _greedy(manifest: Manifest) -> Manifest:
    return manifest.model_copy(update={"decoding": manifest.decoding.model_copy(update={"beam_size": 1})})


def main() -> None:
    """Read the command line; write the pieces of a sentence and of its translation on a line, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, default=HERE.parent.parent / "shared" / "corpora")
    parser.add_argument("--package", type=Path, default=HERE.parent / "models" / "khulasa-base")
    parser.add_argument("--out", type=Path, default=HERE / "data" / "own.jsonl")
    parser.add_argument("--without", type=Path, nargs="*", default=[], help="files of which no sentence is to be used")
    parser.add_argument("--sentences", type=int, default=8_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    unused = "\n".join(words(text) for path in arguments.without for text in texts_of(path))
    texts = [t for t in sample(arguments.corpora, arguments.sentences, arguments.seed) if words(t) not in unused]
    said = say(arguments.package, texts, arguments.out)
    lines = [json.dumps([sentence.pieces, sentence.said], ensure_ascii=False) for sentence in said]
    arguments.out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{len(said)} sentences, {sum(len(sentence.said) for sentence in said)} pieces said")


if __name__ == "__main__":
    main()
