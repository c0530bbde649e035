"""Runs one benchmark by itself: `python -m benchmarks.load.latency [--quick]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace

from benchmarks.machine import describe
from benchmarks.report import Section, as_text, save_section

__all__ = ["alone", "run"]

Measure = Callable[[bool], Section]


def alone(measure: Measure) -> None:
    """Entry point of a benchmark's module."""
    parser = argparse.ArgumentParser(description=sys.modules[measure.__module__].__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the time, for a look; rough figures")
    run(measure, quick=parser.parse_args().quick)


def run(measure: Measure, *, quick: bool) -> Section:
    """Measures, keeps and prints."""
    section = replace(measure(quick), machine=describe(), scale="quick" if quick else "full")
    save_section(section)
    print(as_text(section), flush=True)
    return section
