"""Has a package's manifest say what was trained: sizes, hashes, revision, and the scores that were measured of it.

`python -m training.manifest --package DIR [--measure "NAME=FOLDER" ...]`, FOLDER with the parallel files `ar` and `en`

Figures of other weights are taken out: a package that claims them would be believed. Version and card are for people.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from training import evaluate

SHIPPED = Path(__file__).parent.parent / "models" / "khulasa-base" / "manifest.json"
Figure = dict[str, str | float]


def sets_of(arguments: Sequence[str]) -> dict[str, Path]:
    """Folders by the names of their sets, from `NAME=FOLDER`.

    Raises:
        ValueError: one is no such text, or its folder lacks a language.
    """
    found = {}
    for argument in arguments:
        name, is_one, folder = argument.partition("=")
        if not (name and is_one and all((Path(folder) / code).is_file() for code in ("ar", "en"))):
            raise ValueError(f"{argument!r}: NAME=FOLDER, with files ar and en in it")
        found[name] = Path(folder)
    return found


def measured(package: Path, sets: Mapping[str, Path]) -> list[Figure]:
    """BLEU and chrF of each set in both directions, as a manifest has them."""
    figures: list[Figure] = []
    for source, target in (("ar", "en"), ("en", "ar")):
        for name, folder in sets.items():
            lines, reference = ((folder / code).read_text(encoding="utf-8").splitlines() for code in (source, target))
            begun = time.perf_counter()
            out = evaluate.translate(package, lines, target)
            scores = evaluate.score(out, reference, time.perf_counter() - begun, sum(len(x.split()) for x in lines))
            print(f"{name}, {source}-{target}: {scores}", flush=True)
            for metric, value, signature in (
                ("BLEU", scores.bleu, scores.bleu_signature),
                ("chrF", scores.chrf, scores.chrf_signature),
            ):
                what: Figure = {"dataset": name, "source": source, "target": target, "metric": metric}
                figures.append({**what, "value": round(value, 1), "signature": signature})
    return figures


def refresh(package: Path, figures: Sequence[Figure] = (), template: Path = SHIPPED) -> None:
    """Rewrites the manifest, whole or not at all.

    Args:
        package: Its files are those that the manifest lists.
        figures: Measured now; without them those of the same weights stay.
        template: Its manifest where it has none.
    """
    path = package / "manifest.json"
    fields = json.loads((path if path.exists() else template).read_text(encoding="utf-8"))
    for entry in fields["files"]:
        content = (package / entry["path"]).read_bytes()
        entry["bytes"], entry["sha256"] = len(content), hashlib.sha256(content).hexdigest()
    revision = next(entry["sha256"] for entry in fields["files"] if entry["path"] == "model.bin")
    if figures or revision != fields["revision"]:
        fields["quality"] = list(figures)
    fields["revision"] = revision
    new = path.with_name(f".{path.name}.new")
    new.write_text(json.dumps(fields, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    new.replace(path)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--measure", nargs="*", default=[], metavar="NAME=FOLDER")
    arguments = parser.parse_args()
    try:
        sets = sets_of(arguments.measure)
    except ValueError as error:
        parser.error(str(error))
    refresh(arguments.package, measured(arguments.package, sets))


if __name__ == "__main__":
    main()
