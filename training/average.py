"""The mean of the states that several runs left.

`python -m training.average --states DIR DIR --weights 0.65 0.35 --out DIR [--package models/khulasa-base]`

Runs that go on from one another lie in one basin, where the mean of their weights mostly is better than each
(https://arxiv.org/abs/2203.05482). The progress is that of the first. With `--package` the mean is converted as well.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from training import config as configuration
from training import state

HERE = Path(__file__).parent


def mean(states: Sequence[Mapping[str, Tensor]], weights: Sequence[float]) -> dict[str, Tensor]:
    """The weighted mean of each parameter.

    Args:
        states: Parameters by name.
        weights: One for each state, above 0; together 1.

    Raises:
        ValueError: weights are missing or not together 1, or the states differ in names or shapes.
    """
    if len(weights) != len(states) or min(weights, default=0) <= 0 or not math.isclose(sum(weights), 1):
        raise ValueError("give each state a weight above 0, together 1")
    shapes = [{name: value.shape for name, value in one.items()} for one in states]
    if any(one != shapes[0] for one in shapes):
        raise ValueError("the states are not of one model: names or shapes of their parameters differ")
    return {
        name: sum((weight * one[name] for weight, one in zip(weights, states, strict=True)), start=0 * value)
        for name, value in states[0].items()
    }


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=Path, nargs="+", required=True)
    parser.add_argument("--weights", type=float, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the mean")
    parser.add_argument("--package", type=Path, help="what to convert it to")
    parser.add_argument("--work", type=Path, default=HERE / "data", help="prepared data of the run")
    parser.add_argument("--config", type=Path, default=HERE / "configs" / "cpu.toml")
    arguments = parser.parse_args()
    try:
        found = [state.load(folder) for folder in arguments.states]
    except ValueError as error:
        parser.error(str(error))
    loaded = [one for one in found if one is not None]
    if len(loaded) < len(found):
        missing = [str(folder) for folder, one in zip(arguments.states, found, strict=True) if one is None]
        parser.error(f"no state in {', '.join(missing)}")
    try:
        weights = mean([one for one, _ in loaded], arguments.weights)
    except ValueError as error:
        parser.error(str(error))
    state.save(arguments.out, weights, loaded[0][1])
    if arguments.package:
        from training import vocabulary_map
        from training.convert import convert

        convert(arguments.work, arguments.out, arguments.package, configuration.read(arguments.config))
        vocabulary_map.make(arguments.work, arguments.package)


if __name__ == "__main__":
    main()
