"""Runs the performance benchmarks and writes docs/performance.md with its pictures.

    make bench
    .venv/bin/python -m benchmarks.run [--quick] [--only NAME ...] [--page]

Each benchmark keeps its figures in .build/bench, so that one can be run anew without the others; `--page` writes the
page from what is there.
"""

from __future__ import annotations

import argparse
import importlib
import sys

from benchmarks.alone import run
from benchmarks.process import ROOT
from benchmarks.report import Section, load_section, write_page

__all__ = ["main"]

_BENCHMARKS = {
    "over_grpc": "benchmarks.engine.over_grpc",
    "peers": "benchmarks.peers.compare",
    "latency": "benchmarks.load.latency",
    "open_loop": "benchmarks.load.open_loop",
    "mixed": "benchmarks.load.mixed",
    "scaling": "benchmarks.load.scaling",
    "soak": "benchmarks.load.soak",
}
_PAGE = ROOT / "docs/performance.md"
_HEAD = """\
# Performance

Made by `make bench` (`benchmarks/run.py`). Figures are ratios of ways measured in turns in one run, so that they hold
on another machine; plain numbers are of the machine named here. Texts: `benchmarks/texts`. Load goes to the loopback
interface only. How the queue works: [scheduling.md](scheduling.md).
"""


def main() -> int:
    """Exit status 1 when a benchmark failed; a missed goal is said on the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few minutes in all, rough figures")
    parser.add_argument("--only", nargs="+", choices=list(_BENCHMARKS), help="these and no others")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page")
    args = parser.parse_args()
    failed = []
    for name in [] if args.page else args.only or _BENCHMARKS:
        print(f"# {name}", flush=True)
        try:
            run(importlib.import_module(_BENCHMARKS[name]).measure, quick=args.quick)
        except Exception as error:
            print(f"{name} failed: {type(error).__name__}: {error}", file=sys.stderr)
            failed.append(name)
    sections = [section for name in _BENCHMARKS if (section := load_section(name)) is not None]
    if sections:
        write_page(sections, _PAGE, f"{_HEAD}\n{_conditions(sections)}")
    return 1 if failed else 0


def _conditions(sections: list[Section]) -> str:
    machines = sorted({section.machine for section in sections})
    quick = [section.name for section in sections if section.scale == "quick"]
    lines = [f"Machine: {machine}." for machine in machines]
    if quick:
        lines.append(f"Short runs with few samples, rough figures: {', '.join(quick)}.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
