"""How often long figures come out of the server as they went in.

    python -m benchmarks.evaluation.long_figures [--set FOLDER ...] [--lines N] [--no-mend]

Of the lines of development sets with one number of two or three digits, or of thousands, that number is exchanged for a
random one of four forms, seeded. A figure is lost where the target does not have its digits in one run.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from khulasa.client import Client, QualityFlag

from benchmarks.process import ROOT, Server

__all__ = ["exchanged", "is_lost"]

_SEED = 5
_NUMBER = re.compile(r"(?<![\w.,:/-])(?:\d{2,3}|\d{1,3},\d{3})(?![\w:/-]|[.,]\d)")
_RUN, _SIGN = re.compile(r"\d[\d.,٬٫]*"), re.compile(r"\D")
_SETS = tuple(ROOT.parent / "shared/eval" / name for name in ("news-dev", "flores-dev"))


def _figure(rng: random.Random) -> str:
    form = rng.randrange(4)
    if form == 0:
        return f"{rng.randrange(1_000, 1_000_000):,}"
    if form == 1:
        return str(rng.randrange(2_100, 100_000))
    if form == 2:
        return f"{rng.randrange(1_000, 100_000):,}.{rng.randrange(10, 100)}"
    return f"{rng.randrange(10, 1_000)}.{rng.randrange(1, 100)}"


def exchanged(lines: Iterable[str], seed: int = _SEED) -> Iterator[tuple[str, str]]:
    """The lines with one number, another in its place, and that number."""
    rng = random.Random(seed)
    for line in lines:
        found = list(_NUMBER.finditer(line))
        if len(found) == 1:
            figure = _figure(rng)
            yield f"{line[: found[0].start()]}{figure}{line[found[0].end() :]}", figure


def is_lost(figure: str, target: str) -> bool:
    """Whether no run of digits in the target has those of the figure, whatever signs stand between them."""
    return _SIGN.sub("", figure) not in {_SIGN.sub("", run) for run in _RUN.findall(target)}


def main() -> None:
    """Both directions, one line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, nargs="+", default=_SETS, help="folders with the files ar and en")
    parser.add_argument("--lines", type=int, default=150)
    parser.add_argument("--no-mend", action="store_true", help="nothing is decoded a second time")
    args = parser.parse_args()
    with Server(mend=not args.no_mend) as server, Client(server.address) as client:
        for source, target in (("ar", "en"), ("en", "ar")):
            texts = [line for folder in args.set for line in (folder / source).read_text("utf-8").splitlines()]
            pairs = list(exchanged(texts))[: args.lines]
            made = [
                translation
                for at in range(0, len(pairs), 50)
                for translation in client.translate(
                    [line for line, _ in pairs[at : at + 50]], source_language=source, target_language=target
                )
            ]
            flagged = sum(any(QualityFlag.NUMBER_MISMATCH in one.flags for one in text.segments) for text in made)
            lost = sum(is_lost(figure, text.text) for (_, figure), text in zip(pairs, made, strict=True))
            print(f"{source} to {target}: {len(pairs)} lines, figure lost in {lost}, NUMBER_MISMATCH on {flagged}")


if __name__ == "__main__":
    main()
