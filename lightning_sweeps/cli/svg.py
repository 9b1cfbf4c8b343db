"""Draws dots, steps and bars as SVG text, for reports that open without a network and without scripts. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 420, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 34
BAR_HEIGHT = 20

SMALLEST_STEP = 1e-6
"""Smallest distance of two labels of an axis, as a share of its largest value: labels have six digits."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A dot of a chart.

    `look` is a class of the style sheet, `title` is shown under the pointer, and a bar reaches `spread` up and down.
    """

    x: float
    y: float
    title: str = ""
    look: str = "dot"
    spread: float = 0.0


@dataclass(frozen=True, slots=True)
class PlotAxis:
    """An axis: its range, and the labels at some of its values."""

    low: float
    high: float
    labels: Sequence[tuple[float, str]]

    @classmethod
    def of(cls, values: Sequence[float]) -> PlotAxis:
        """Return an axis with round labels that contains these values."""
        low, high = min(values, default=0.0), max(values, default=1.0)
        step = _round_step(max((high - low) / 4, SMALLEST_STEP * max(abs(low), abs(high))) or 1.0)
        first, last = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)
        labels = [(index * step, f"{index * step:.6g}") for index in range(first, last + 1)]
        return cls(first * step, last * step, labels)

    def place(self, value: float) -> float:
        """Return the position of a value, from 0 to 1."""
        return (value - self.low) / ((self.high - self.low) or 1.0)


def chart(
    dots: Sequence[Dot], *, x: PlotAxis, y: PlotAxis, name: str, steps: Sequence[tuple[float, float]] = ()
) -> str:
    """Return a chart as an SVG element.

    Args:
        dots: the dots.
        x: the horizontal axis.
        y: the vertical axis.
        name: what the horizontal axis shows.
        steps: points (x, y) of a line that keeps each value until the next point.
    """
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">']
    for value, label in y.labels:
        at = _y(y, value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{escape(label)}</text>')
    for value, label in x.labels:
        text = f'<text x="{_x(x, value):.1f}" y="{HEIGHT - BOTTOM + 14}" text-anchor="middle">{escape(label)}</text>'
        parts.append(text)
    parts.append(f'<text x="{(LEFT + WIDTH) / 2:.0f}" y="{HEIGHT - 4}" text-anchor="middle">{escape(name)}</text>')
    if steps:
        start, *rest = steps
        path = f"M{_x(x, start[0]):.1f} {_y(y, start[1]):.1f}"
        path += "".join(f"H{_x(x, at):.1f}V{_y(y, value):.1f}" for at, value in rest)
        parts.append(f'<path class="steps" d="{path}H{WIDTH - RIGHT}"/>')
    for dot in dots:
        title = f"<title>{escape(dot.title)}</title>" if dot.title else ""
        if dot.spread:
            ends = f'y1="{_y(y, dot.y - dot.spread):.1f}" y2="{_y(y, dot.y + dot.spread):.1f}"'
            parts.append(f'<line class="error-bar" x1="{_x(x, dot.x):.1f}" x2="{_x(x, dot.x):.1f}" {ends}/>')
        place = f'cx="{_x(x, dot.x):.1f}" cy="{_y(y, dot.y):.1f}"'
        parts.append(f'<circle class="{escape(dot.look)}" {place} r="3.5">{title}</circle>')
    return "".join([*parts, "</svg>"])


def bars(shares: Sequence[tuple[str, float]]) -> str:
    """Return horizontal bars for shares from 0 to 1 as an SVG element."""
    middle, height = WIDTH // 3, BAR_HEIGHT * len(shares)
    parts = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="importance">']
    for index, (name, share) in enumerate(shares):
        top, length = index * BAR_HEIGHT, share * (WIDTH - middle - 60)
        parts.append(f'<text x="{middle - 6}" y="{top + 14}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect class="bar" x="{middle}" y="{top + 3}" width="{length:.1f}" height="{BAR_HEIGHT - 6}"/>')
        parts.append(f'<text x="{middle + length + 5:.1f}" y="{top + 14}">{100 * share:.0f} %</text>')
    return "".join([*parts, "</svg>"])


def _x(axis: PlotAxis, value: float) -> float:
    return LEFT + axis.place(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: PlotAxis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.place(value) * (HEIGHT - TOP - BOTTOM)


def _round_step(step: float) -> float:
    """Return the next larger of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= step * (1 - 1e-9)), 10 * power)
