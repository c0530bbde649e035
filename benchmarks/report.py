"""What a benchmark found, kept as JSON and written as a page: goals, tables, plots."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.plot import Line, as_svg

__all__ = ["Goal", "Plot", "Section", "Table", "load_section", "save_section", "write_page"]

_ROOT = Path(__file__).resolve().parents[1]
RESULTS = _ROOT / ".build/bench"


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure with what it should be.

    Attributes:
        name: What is measured.
        value: As measured, in `unit`.
        bound: At least this (`at_least`) or at most.
    """

    name: str
    value: float
    bound: float
    at_least: bool
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether it is what it should be."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows of text."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture, drawn from `lines`; `file` is its name without folder or ending."""

    file: str
    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark's part of the page.

    Attributes:
        name: Of the benchmark, as in `--only`.
        method: How it was measured, Markdown.
        scale: `full` or `quick`.
        notes: What the figures say, Markdown.
    """

    name: str
    title: str
    method: str
    scale: str
    goals: Sequence[Goal] = ()
    tables: Sequence[Table] = ()
    plots: Sequence[Plot] = ()
    notes: str = ""
    machine: str = field(default="")


def save_section(section: Section) -> Path:
    """Keeps it for the page."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    file = RESULTS / f"{section.name}.json"
    file.write_text(json.dumps(asdict(section), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return file


def load_section(name: str) -> Section | None:
    """What was kept, None when the benchmark has not run."""
    file = RESULTS / f"{name}.json"
    if not file.exists():
        return None
    raw = json.loads(file.read_text("utf-8"))
    return Section(
        **{
            **raw,
            "goals": [Goal(**one) for one in raw["goals"]],
            "tables": [Table(**one) for one in raw["tables"]],
            "plots": [Plot(**{**one, "lines": [Line(**line) for line in one["lines"]]}) for one in raw["plots"]],
        }
    )


def as_text(section: Section) -> str:
    """For a terminal."""
    return "\n".join([f"## {section.title}", *_goals(section.goals), *[_table(one) for one in section.tables], ""])


def write_page(sections: Sequence[Section], page: Path, head: str) -> None:
    """Writes `page` and, in a folder beside it of the same name, its pictures."""
    parts = [head.rstrip(), "", "## Goals", "", *_goals([goal for one in sections for goal in one.goals])]
    for section in sections:
        parts += ["", f"## {section.title}", "", section.method.strip(), ""]
        for table in section.tables:
            parts += [_table(table), ""]
        for plot in section.plots:
            picture = page.with_suffix("") / f"{plot.file}.svg"
            picture.parent.mkdir(exist_ok=True)
            picture.write_text(as_svg(plot.title, plot.x_label, plot.y_label, plot.lines), encoding="utf-8")
            parts += [f"![{plot.title}]({page.stem}/{picture.name})", ""]
        if section.notes:
            parts += [section.notes.strip(), ""]
        while parts[-1] == "":
            parts.pop()
    page.write_text("\n".join(parts) + "\n", encoding="utf-8")


def _goals(goals: Sequence[Goal]) -> list[str]:
    if not goals:
        return []
    rows = [
        (
            one.name,
            f"{'≥' if one.at_least else '≤'} {number(one.bound)}{one.unit}",
            f"{number(one.value)}{one.unit}",
            _met(one),
        )
        for one in goals
    ]
    return [_table(Table(("what", "goal", "measured", ""), rows))]


def _met(goal: Goal) -> str:
    return "met" if goal.met else "**missed**"


def _table(table: Table) -> str:
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float) -> str:
    """Three significant digits, thousands apart."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


Measure = Callable[["bool"], Section]
