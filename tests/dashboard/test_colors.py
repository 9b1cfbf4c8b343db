"""The colours of charts, read from their source, can be distinguished with any colour vision."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

SOURCE = Path(__file__).parents[2] / "dashboard/src"
LEAST_CONTRAST = 3.0
"""WCAG 2.1, 1.4.11: contrast of graphics with adjacent colours."""
LEAST_APART = {"usual": 0.1, "no green": 0.05, "no red": 0.05, "no blue": 0.03}
"""In OKLab, whose lightness goes from 0 to 1. One in twelve men sees less green or red, one in ten thousand no blue."""
Vector = NDArray[np.floating[Any]]

SIGHTS = {
    "usual": np.eye(3),
    "no green": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "no red": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "no blue": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
"""How linear RGB appears to each kind of colour vision: Machado, Oliveira, Fernandes (2009), severity 1."""
TO_LMS = [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]]
TO_LAB = [[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]


def linear(color: str) -> Vector:
    parts = np.array([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    found: Vector = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return found


def seen(color: str, sight: str) -> Vector:
    """Return the colour in OKLab as people with that colour vision see it."""
    shown = np.clip(np.array(SIGHTS[sight]) @ linear(color), 0, 1)
    return np.array(TO_LAB) @ np.cbrt(np.array(TO_LMS) @ shown)


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(linear(color) @ [0.2126, 0.7152, 0.0722]) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def of_theme(name: str, theme: str) -> str:
    found = re.search(
        rf"const {name}\b.*?{theme}: (.*?)\n(?:  dark:|}};)", (SOURCE / "base/theme.ts").read_text(), re.DOTALL
    )
    assert found is not None
    return found[1]


def lines(theme: str) -> list[str]:
    return re.findall(r"#[0-9a-f]{6}", of_theme("LINES", theme))


def scale(theme: str) -> list[str]:
    return [
        "#" + "".join(f"{int(part):02x}" for part in stop)
        for stop in re.findall(r"(\d+), (\d+), (\d+)", of_theme("SCALE", theme))
    ]


def card(theme: str) -> str:
    """Return the background of charts. The tokens name the light colours first, then the dark ones."""
    found = re.findall(r"--card: (#[0-9a-f]{6})", (SOURCE / "base/tokens.css").read_text())
    return str(found[theme == "dark"])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_and_dots_contrast_with_the_page(theme: str) -> None:
    assert len(lines(theme)) == 10
    assert len(scale(theme)) == 5
    faint = [color for color in lines(theme) + scale(theme) if contrast(color, card(theme)) < LEAST_CONTRAST]
    assert faint == []


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_ten_lines_are_distinguishable(theme: str, sight: str) -> None:
    alike = [
        pair
        for pair in combinations(lines(theme), 2)
        if np.linalg.norm(seen(pair[0], sight) - seen(pair[1], sight)) < LEAST_APART[sight]
    ]
    assert alike == []
