"""Draws the panels of a Grafana dashboard file as one page of HTML, from Prometheus' answers. No Grafana in it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

__all__ = ["Series", "page"]

_COLUMN_PX, _ROW_PX, _GAP_PX = 60, 30, 8
_COLOURS = (
    "#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#96d98d", "#ffb357", "#c0d8ff",
)  # fmt: skip
_STYLE = """
body { margin: 0; background: #111217; color: #ccccdc; font: 12px "DejaVu Sans", sans-serif; }
.note { padding: 10px 12px; color: #9fa7b3; height: 22px; }
.note b { color: #ffffff; font-size: 15px; margin-right: 12px; }
.all { position: relative; }
.panel { position: absolute; background: #181b1f; border: 1px solid #2b2e35; border-radius: 2px; overflow: hidden; }
.row { position: absolute; font-weight: bold; font-size: 14px; padding: 4px; }
.title { padding: 6px 8px 0; font-weight: bold; white-space: nowrap; }
.value { font-size: 38px; text-align: center; padding-top: 12px; color: #73bf69; }
.legend { padding: 0 8px; font-size: 10px; line-height: 14px; }
.legend span { margin-right: 10px; white-space: nowrap; }
.empty { text-align: center; padding-top: 60px; color: #6e7179; }
table { font-size: 10px; margin: 6px; border-collapse: collapse; }
td, th { padding: 3px 6px; text-align: left; border-bottom: 1px solid #2b2e35; max-width: 150px; overflow: hidden; }
text { fill: #9fa7b3; font-size: 10px; }
"""


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a panel.

    Attributes:
        name: As the legend shows it.
        labels: Of the answer.
        points: Seconds since 1970 and values, in order of time; never NaN.
    """

    name: str
    labels: dict[str, str]
    points: Sequence[tuple[float, float]]


def page(
    dashboard: dict[str, Any], answers: Callable[[dict[str, Any]], list[Series]], window: tuple[float, float], note: str
) -> tuple[str, int, int]:
    """The HTML, its width and its height in pixels.

    Args:
        dashboard: Content of the dashboard file.
        answers: The series of a panel.
        window: The time shown by every panel, seconds since 1970.
        note: What the picture is, in a line at its top.
    """
    panels = dashboard["panels"]
    drawn = "".join(_panel(one, answers(one), window) for one in panels)
    rows = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in panels)
    top = f'<div class="note"><b>{escape(dashboard["title"])}</b>{escape(note)}</div>'
    head = f'<!DOCTYPE html><meta charset="utf-8"><style>{_STYLE}</style>'
    return f'{head}{top}<div class="all">{drawn}</div>', 24 * _COLUMN_PX + _GAP_PX, rows * _ROW_PX + 42 + _GAP_PX


def _panel(panel: dict[str, Any], series: list[Series], window: tuple[float, float]) -> str:
    grid = panel["gridPos"]
    width, height = grid["w"] * _COLUMN_PX - _GAP_PX, grid["h"] * _ROW_PX - _GAP_PX
    place = f"left:{grid['x'] * _COLUMN_PX + _GAP_PX}px;top:{grid['y'] * _ROW_PX}px;width:{width}px;height:{height}px"
    if panel["type"] == "row":
        return f'<div class="row" style="{place}">{escape(panel["title"])}</div>'
    unit = panel["fieldConfig"]["defaults"].get("unit", "short")
    if not any(one.points for one in series):
        body = '<div class="empty">No data</div>'
    elif panel["type"] == "stat":
        body = f'<div class="value">{_number(series[0].points[-1][1], unit)}</div>'
    elif panel["type"] == "table":
        body = _table(series)
    else:
        body = _lines(series, (width, height - 24), window, unit)
    return f'<div class="panel" style="{place}"><div class="title">{escape(panel["title"])}</div>{body}</div>'


def _table(series: list[Series]) -> str:
    names = sorted(series[0].labels)
    rows = [[*(one.labels.get(name, "") for name in names), f"{one.points[-1][1]:g}"] for one in series]
    cells = "".join("<tr>" + "".join(f"<td>{escape(cell[:18])}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{escape(name)}</th>' for name in [*names, 'servers'])}</tr>{cells}</table>"


def _lines(series: list[Series], size: tuple[int, int], window: tuple[float, float], unit: str) -> str:
    (width, height), (first, last) = size, window
    shown = [one for one in series if one.points]
    legend_px = 14 * max(1, math.ceil(sum(len(one.name) * 6 + 34 for one in shown) / (width - 16)))
    left, bottom, right, top = 56, 18, 10, 8
    plot_px = (width - left - right, height - legend_px - top - bottom)
    ceiling = _round_up(max(value for one in shown for _, value in one.points), 1024 if unit == "bytes" else 10)

    def place(moment: float, value: float) -> str:
        x = left + (moment - first) / (last - first) * plot_px[0]
        return f"{x:.1f},{top + (1 - value / ceiling) * plot_px[1]:.1f}"

    drawn = []
    for n in range(5):
        y = top + plot_px[1] * (1 - n / 4)
        drawn.append(f'<line x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#2b2e35"/>')
        drawn.append(f'<text x="{left - 6}" y="{y + 3:.1f}" text-anchor="end">{_number(ceiling * n / 4, unit)}</text>')
    for n in range(4):
        minutes, seconds = divmod(round((last - first) * n / 3), 60)
        x, y = left + plot_px[0] * n / 3, height - legend_px - 4
        anchor = "end" if n == 3 else "middle"
        drawn.append(f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{minutes}:{seconds:02}</text>')
    legend = []
    for n, one in enumerate(shown):
        colour = _COLOURS[n % len(_COLOURS)]
        points = " ".join(place(*point) for point in one.points)
        drawn.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>')
        legend.append(f'<span><b style="color:{colour}">&#9644;</b> {escape(one.name)}</span>')
    svg = f'<svg width="{width}" height="{height - legend_px}">{"".join(drawn)}</svg>'
    return f'{svg}<div class="legend">{" ".join(legend)}</div>'


def _round_up(value: float, base: int) -> float:
    """The next round number above; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = float(base) ** math.floor(math.log(value, base))
    steps = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1024)
    return next(step * power for step in steps if value <= step * power * 1.0001)


def _number(value: float, unit: str) -> str:
    if unit == "dateTimeFromNow":  # in milliseconds
        return f"in {(value / 1000 - time.time()) / 86_400:.0f} days"
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "s":
        return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"
    if unit == "bytes":
        power = min(4, int(math.log2(value) // 10)) if value >= 1 else 0
        return f"{value / 2 ** (10 * power):.3g} {('B', 'KiB', 'MiB', 'GiB', 'TiB')[power]}"
    short = f"{value / 1e6:.3g} M" if value >= 1e6 else f"{value / 1e3:.3g} k" if value >= 1e4 else f"{value:.4g}"
    return f"{short}/s" if unit == "reqps" else short
