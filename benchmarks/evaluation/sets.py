"""The sets that can be scored: those in the shared folder, and any two files of lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from khulasa.server.core.translation.types import LanguagePair

__all__ = ["EvaluationSet", "files_set", "shared_sets"]

SHARED = Path(__file__).resolve().parents[3] / "shared" / "eval"


@dataclass(frozen=True)
class EvaluationSet:
    """Lines of a set in one direction.

    Attributes:
        name: For the report.
        pair: The direction.
        sources: N lines.
        references: N lines.
        systems: Outputs of other systems, N lines each.
    """

    name: str
    pair: LanguagePair
    sources: list[str]
    references: list[str]
    systems: dict[str, list[str]] = field(default_factory=dict)

    def first(self, lines: int) -> EvaluationSet:
        """The same with at most so many lines."""
        cut = {name: output[:lines] for name, output in self.systems.items()}
        return EvaluationSet(self.name, self.pair, self.sources[:lines], self.references[:lines], cut)


def read_lines(path: Path) -> list[str]:
    """Lines of a file; a line end is a line feed and nothing else.

    Raises:
        OSError: it cannot be read.
    """
    return path.read_text("utf-8").removesuffix("\n").split("\n")


def shared_sets(folder: Path = SHARED) -> list[EvaluationSet]:
    """Every folder with files `ar` and `en`, both directions, with the systems whose outputs lie beside them."""
    found = []
    for place in sorted(folder.glob("*")):
        if not ((place / "ar").is_file() and (place / "en").is_file()):
            continue
        lines = {language: read_lines(place / language) for language in ("ar", "en")}
        for source, target in (("ar", "en"), ("en", "ar")):
            outputs = sorted((place / "systems").glob(f"*.{source}-{target}"))
            systems = {path.name.removesuffix(path.suffix): read_lines(path) for path in outputs}
            pair = LanguagePair(source, target)
            found.append(_checked(EvaluationSet(place.name, pair, lines[source], lines[target], systems)))
    return found


def files_set(sources: Path, references: Path, pair: LanguagePair) -> EvaluationSet:
    """Two files of lines as a set.

    Raises:
        ValueError: they differ in length.
    """
    return _checked(EvaluationSet(sources.name, pair, read_lines(sources), read_lines(references)))


def _checked(one: EvaluationSet) -> EvaluationSet:
    for name, lines in {"the references": one.references, **one.systems}.items():
        if len(lines) != len(one.sources):
            raise ValueError(f"{one.name}: {len(one.sources)} sources, but {len(lines)} lines in {name}")
    return one
