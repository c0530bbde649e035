"""What the structure benchmark counts: sentence ends, labels by character, titles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["KINDS", "Labels", "Rate", "ends_of", "labels_of"]

KINDS = ("TITLE", "HEADING", "BODY", "CAPTION", "BYLINE", "BOILERPLATE")


@dataclass
class Rate:
    """Hits, things found and things there."""

    hits: int = 0
    found: int = 0
    there: int = 0

    def add(self, found: set[int], there: set[int]) -> None:
        """Counts one article."""
        self.hits += len(found & there)
        self.found += len(found)
        self.there += len(there)

    @property
    def precision(self) -> float:
        """In [0, 1]; 1 when nothing was found."""
        return self.hits / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """In [0, 1]; 1 when nothing was there."""
        return self.hits / self.there if self.there else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.hits / (self.found + self.there) if self.found + self.there else 1.0


def ends_of(text: str, spans: Iterable[tuple[int, int]]) -> set[int]:
    """Sentence ends as the number of characters before them that are no white space."""
    count, before = 0, []
    for char in text:
        before.append(count)
        count += not char.isspace()
    before.append(count)
    return {before[end] for _, end in spans}


def labels_of(text: str, parts: Sequence[Mapping[str, object]]) -> list[str]:
    """Label of each character that is no white space."""
    out = []
    for part in parts:
        start, end = int(str(part["start"])), int(str(part["end"]))
        out += [str(part["kind"])] * sum(not char.isspace() for char in text[start:end])
    return out


@dataclass
class Labels:
    """Confusion of labels by character."""

    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, gold: Sequence[str], found: Sequence[str]) -> None:
        """Counts one article; both lists have an entry for each character."""
        self.pairs.update(zip(gold, found, strict=True))

    def rate(self, kind: str) -> Rate:
        """Hits of one kind."""
        hits = self.pairs[kind, kind]
        found = sum(n for (_, f), n in self.pairs.items() if f == kind)
        return Rate(hits, found, sum(n for (g, _), n in self.pairs.items() if g == kind))

    @property
    def macro_f1(self) -> float:
        """Mean of the F1 of all kinds."""
        return sum(self.rate(kind).f1 for kind in KINDS) / len(KINDS)
