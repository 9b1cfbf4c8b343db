"""Draws curves with characters: each braille character shows two by four points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from lightning_sweeps.cli.terminal.location import Curve

LABEL = 9
"""Width of the labels of the y axis."""
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a braille character by column and row: Unicode, chapter 21.1, block U+2800."""
BRAILLE = 0x2800
STEPS = 2
"""A line between two points is drawn with this many dots for each dot of its length."""


def plot(curves: Sequence[Curve], width: int, height: int, *, is_ascii: bool = False) -> list[str]:
    """Return a plot of curves as lines of text, at most `width` wide and `height` high.

    Args:
        curves: the curves. Points that are not finite are left out.
        width: number of columns.
        height: number of lines, with the line of the x axis.
        is_ascii: whether to draw with `*` instead of braille.
    """
    points = [_finite(curve) for curve in curves]
    every = [point for some in points for point in some]
    columns, rows = width - LABEL - 1, height - 1
    if not every or columns < 4 or rows < 1:
        return ["no values yet"][: max(0, height)]
    low_x, high_x = min(x for x, _ in every), max(x for x, _ in every)
    low, high = min(y for _, y in every), max(y for _, y in every)
    across, down = (1, 1) if is_ascii else (2, 4)
    dots: set[tuple[int, int]] = set()
    for some in points:
        places = [
            (_place(x, low_x, high_x, columns * across), _place(-y, -high, -low, rows * down)) for x, y in sorted(some)
        ]
        dots.update(places)
        for one, other in pairwise(places):
            dots.update(_between(one, other))
    drawn = _ascii(dots, columns, rows) if is_ascii else _braille(dots, columns, rows)
    separator = "|" if is_ascii else "│"
    labels = {0: short(high), rows - 1: short(low)} if rows > 1 else {0: short(high)}
    lines = [f"{labels.get(row, ''):>{LABEL}}{separator}{text}".rstrip() for row, text in enumerate(drawn)]
    return [*lines, _x_axis(low_x, high_x, columns)]


def bar(share: float, width: int, *, is_ascii: bool = False) -> str:
    """Return a bar that is full at `share` 1."""
    full = round(max(0.0, min(1.0, share)) * width)
    return ("#" if is_ascii else "█") * full + ("." if is_ascii else "░") * (width - full)


def short(value: float) -> str:
    """Return a number in at most eight characters."""
    text = f"{value:.4g}"
    return text if len(text) < LABEL else f"{value:.1e}"


def _finite(curve: Curve) -> list[tuple[float, float]]:
    return [(x, y) for x, y in curve.points if math.isfinite(x) and math.isfinite(y)]


def _place(value: float, low: float, high: float, size: int) -> int:
    """Return the dot, from 0 to `size` - 1, for a value between `low` and `high`."""
    if high <= low:
        return size // 2
    return min(size - 1, int((value - low) / (high - low) * size))


def _between(one: tuple[int, int], other: tuple[int, int]) -> set[tuple[int, int]]:
    number = STEPS * max(abs(other[0] - one[0]), abs(other[1] - one[1]), 1)
    steps = [step / number for step in range(number + 1)]
    return {(round(one[0] + at * (other[0] - one[0])), round(one[1] + at * (other[1] - one[1]))) for at in steps}


def _braille(dots: set[tuple[int, int]], columns: int, rows: int) -> list[str]:
    cells = [[0] * columns for _ in range(rows)]
    for x, y in dots:
        cells[y // 4][x // 2] |= DOTS[x % 2][y % 4]
    return ["".join(chr(BRAILLE + cell) if cell else " " for cell in row) for row in cells]


def _ascii(dots: set[tuple[int, int]], columns: int, rows: int) -> list[str]:
    return ["".join("*" if (x, y) in dots else " " for x in range(columns)) for y in range(rows)]


def _x_axis(low: float, high: float, columns: int) -> str:
    left, right = short(low), short(high)
    return " " * (LABEL + 1) + left + right.rjust(columns - len(left))
