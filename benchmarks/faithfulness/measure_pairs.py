"""Which faults of news sentences of our own the flags tell, by kind, and how often they stand on the right pairs.

    python benchmarks/faithfulness/measure_pairs.py [--half 0|1] [--show]

A line of `own_pairs.tsv` is a right pair, Arabic and English, and two faults: kind and faulty text, whose script tells
which side it takes the place of. Odd lines are for mending; even ones are held out and never read for it. A fault is
found where any flag stands that the right pair has not.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import regex
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.translation.quality.flags import quality_flags
from khulasa.server.core.translation.types import LanguagePair, QualityFlag

PAIRS = Path(__file__).with_name("own_pairs.tsv")
_ARABIC = regex.compile(r"\p{Arabic}")


class Fault(NamedTuple):
    """A right pair and a faulty text for one of its sides."""

    line: int
    kind: str
    arabic: str
    english: str
    faulty: str

    @property
    def pair(self) -> LanguagePair:
        """The direction in which the faulty text is the translation."""
        return LanguagePair("en", "ar") if _ARABIC.search(self.faulty) else LanguagePair("ar", "en")

    @property
    def source(self) -> str:
        """The other side of the faulty text."""
        return self.english if self.pair.source == "en" else self.arabic

    @property
    def target(self) -> str:
        """What should stand in its place."""
        return self.arabic if self.pair.source == "en" else self.english


def read_faults(path: Path = PAIRS) -> list[Fault]:
    """All faults of the file, in order; lines count from 1."""
    faults = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        arabic, english, *rest = line.split("\t")
        faults += [Fault(number, kind, arabic, english, text) for kind, text in zip(rest[::2], rest[1::2], strict=True)]
    return faults


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", type=int, choices=(0, 1), default=1, help="even lines, held out, or odd ones")
    parser.add_argument("--show", action="store_true", help="what was missed or false; of odd lines alone")
    options = parser.parse_args()
    encoder = SentenceEncoder(threads=1)

    def flags(source: str, target: str, pair: LanguagePair) -> tuple[QualityFlag, ...]:
        one, two = encoder.encode([source, target])
        return quality_flags(source, target, pair, similarity=float(one @ two))

    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    false: dict[tuple[int, str], tuple[QualityFlag, ...]] = {}
    show = options.show and options.half == 1
    for fault in read_faults():
        if fault.line % 2 != options.half:
            continue
        for pair, source, target in (
            (LanguagePair("ar", "en"), fault.arabic, fault.english),
            (LanguagePair("en", "ar"), fault.english, fault.arabic),
        ):
            false[fault.line, pair.source] = flags(source, target, pair)
        raised = set(flags(fault.source, fault.faulty, fault.pair)) - set(false[fault.line, fault.pair.source])
        planted[fault.kind] += 1
        found[fault.kind] += bool(raised)
        if show and not raised:
            print(f"missed, {fault.kind}: {fault.source} | {fault.faulty}")
    for kind, count in sorted(planted.items()):
        print(f"{kind:12} {found[kind]} of {count}")
    print(f"all          {sum(found.values())} of {sum(planted.values())}")
    wrong = {place: some for place, some in false.items() if some}
    names = Counter(flag.value for some in wrong.values() for flag in some)
    print(f"false on {len(wrong)} of {len(false)} right pairs: {dict(names)}")
    if show:
        print("\n".join(f"line {line} from {source}" for line, source in wrong))


if __name__ == "__main__":
    main()
