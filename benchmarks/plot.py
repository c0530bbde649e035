"""Small line plots as SVG, readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Line", "as_svg"]

_WIDTH, _HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 40, 48
_COLOURS = ("#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed")


@dataclass(frozen=True, slots=True)
class Line:
    """Points (x, y) under a name; both axes begin at 0."""

    name: str
    points: Sequence[Sequence[float]]


def as_svg(title: str, x_label: str, y_label: str, lines: Sequence[Line]) -> str:
    """The picture."""
    x_ticks = _ticks(max(point[0] for line in lines for point in line.points))
    y_ticks = _ticks(max(point[1] for line in lines for point in line.points))

    def place(x: float, y: float) -> tuple[float, float]:
        across = _WIDTH - _LEFT - _RIGHT
        up = _HEIGHT - _TOP - _BOTTOM
        return round(_LEFT + across * x / x_ticks[-1], 1), round(_HEIGHT - _BOTTOM - up * y / y_ticks[-1], 1)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="18" font-size="14" fill="#111827">{escape(title)}</text>',
    ]
    for tick in y_ticks:
        x, y = place(0, tick)
        out.append(f'<line x1="{x}" y1="{y}" x2="{_WIDTH - _RIGHT}" y2="{y}" stroke="#e5e7eb"/>')
        out.append(f'<text x="{x - 6}" y="{y + 4}" text-anchor="end" fill="#374151">{_label(tick)}</text>')
    for tick in x_ticks:
        x, y = place(tick, 0)
        out.append(f'<text x="{x}" y="{y + 16}" text-anchor="middle" fill="#374151">{_label(tick)}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    out.append(f'<text x="{middle}" y="{_HEIGHT - 10}" text-anchor="middle" fill="#374151">{escape(x_label)}</text>')
    side = (_TOP + _HEIGHT - _BOTTOM) / 2
    out.append(
        f'<text x="14" y="{side}" text-anchor="middle" fill="#374151" transform="rotate(-90 14 {side})">'
        f"{escape(y_label)}</text>"
    )
    legend = _LEFT
    for line, colour in zip(lines, _COLOURS * len(lines), strict=False):
        points = " ".join(f"{x},{y}" for x, y in (place(*point) for point in line.points))
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in (place(*point) for point in line.points):
            out.append(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>')
        out.append(f'<rect x="{legend}" y="26" width="10" height="3" fill="{colour}"/>')
        out.append(f'<text x="{legend + 14}" y="31" fill="#374151">{escape(line.name)}</text>')
        legend += 30 + 7 * len(line.name)
    return "\n".join([*out, "</svg>", ""])


def _ticks(largest: float) -> list[float]:
    """Five or so round numbers from 0 to at least `largest`."""
    if largest <= 0:
        return [0.0, 1.0]
    rough = largest / 5
    step = next(
        size * 10 ** math.floor(math.log10(rough))
        for size in (1, 2, 5, 10)
        if size * 10 ** math.floor(math.log10(rough)) >= rough
    )
    return [step * index for index in range(math.ceil(largest / step) + 1)]


def _label(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:g}"
