"""Where to try next: the point with the highest expected improvement, found without leaving any dimension's lattice."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, log_ndtr
from scipy.stats import qmc

from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.methods.gradient_ascent import climb

Array = NDArray[np.float64]
Score = Callable[[Array], Array]

FIRST = 1024
"""Points of a Sobol sequence that the search begins with."""

CENTRES, ROUNDS, CHILDREN = 6, 9, 48
"""The best points so far, how often they are refined, and by how many neighbours each."""

FIRST_CLIMBS, LAST_CLIMBS = 5, 2
"""From how many of the best points the slope is followed, before the rounds and after them."""

WIDEST, NARROWING = 0.25, 0.45
"""The reach of a neighbour in the first round, and what is left of it in each next one."""


@dataclass(frozen=True, slots=True)
class Cube:
    """Points as arrays: floats as they are, whole numbers spread from 0 to 1, categories by their index."""

    dimensions: Sequence[Dimension]

    @property
    def is_category(self) -> NDArray[np.bool_]:
        return np.array([dimension.kind == "category" for dimension in self.dimensions])

    @property
    def levels(self) -> Array:
        """How many values each column takes; 0 for real numbers."""
        return np.array([dimension.levels if dimension.kind != "float" else 0 for dimension in self.dimensions])

    def array(self, coordinates: dict[str, int | float]) -> Array:
        """Return a point's row."""
        return np.array([self._scaled(dimension, coordinates[dimension.name]) for dimension in self.dimensions])

    def coordinates(self, row: Array) -> dict[str, int | float]:
        """Return the coordinates of a row."""
        return {
            dimension.name: float(value) if dimension.kind == "float" else self._index(dimension, float(value))
            for dimension, value in zip(self.dimensions, row, strict=True)
        }

    def snapped(self, unit: Array) -> Array:
        """Return rows of numbers from 0 to 1 as points: in each lattice the stratum that the number falls into."""
        levels = self.levels
        index = np.minimum(np.floor(unit * np.maximum(levels, 1)), np.maximum(levels - 1, 0))
        spread = index / np.maximum(levels - 1, 1)
        return np.asarray(np.where(levels == 0, unit, np.where(self.is_category, index, spread)))

    def neighbours(self, centres: Array, count: int, *, reach: float, rng: np.random.Generator) -> Array:
        """Return `count` points about each centre: some coordinates move, at least one."""
        points = np.repeat(centres, count, axis=0)
        rows, columns = points.shape
        moves = rng.random((rows, columns)) < max(1.5 / columns, 0.35)
        moves[np.arange(rows), rng.integers(columns, size=rows)] = True
        stepped = points + reach * rng.standard_normal((rows, columns))
        stepped = np.abs(stepped)
        stepped = np.where(stepped > 1, np.maximum(2 - stepped, 0), stepped)  # reflected at both ends
        steps = np.maximum(self.levels - 1, 1)
        by_one = points + rng.choice([-1.0, 1.0], size=(rows, columns)) / steps
        on_lattice = np.round(stepped * steps) / steps
        on_lattice = np.where(on_lattice == points, np.clip(by_one, 0, 1), on_lattice)
        drawn = np.floor(rng.random((rows, columns)) * np.maximum(self.levels, 1))
        moved = np.where(self.is_category, drawn, np.where(self.levels > 0, on_lattice, stepped))
        return np.where(moves, moved, points)

    def _scaled(self, dimension: Dimension, coordinate: int | float) -> float:
        return float(coordinate) / max(dimension.levels - 1, 1) if dimension.kind == "int" else float(coordinate)

    def _index(self, dimension: Dimension, value: float) -> int:
        return round(value * max(dimension.levels - 1, 1)) if dimension.kind == "int" else round(value)


def log_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """Return the logarithm of the expected improvement on `best`, also where it is far too small for a float.

    Ament and others, "Unexpected Improvements to Expected Improvement for Bayesian Optimization" (2023).
    """
    z = (best - mean) / deviation
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        near = np.log(np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) + z * np.exp(log_ndtr(z)))
        ratio = math.sqrt(math.pi / 2) * erfcx(-z / math.sqrt(2))
        far = -(z**2) / 2 - math.log(2 * math.pi) / 2 + np.log1p(np.minimum(z * ratio, -0.0))
        farthest = -(z**2) / 2 - math.log(2 * math.pi) / 2 - 2 * np.log(np.abs(z))
    log_h = np.where(z > -1, near, np.where(z > -1e4, far, farthest))
    return np.asarray(log_h + np.log(deviation))


def maximise(
    score: Score, cube: Cube, *, tried: Array, starts: Array, rng: np.random.Generator, is_smooth: bool = True
) -> Array | None:
    """Return the point with the highest score that is none of `tried`; None where only those were met.

    Args:
        starts: the best points tried; what lies about them is looked at first.
        is_smooth: whether the score has a slope along the real coordinates.
    """
    sequence = qmc.Sobol(len(cube.dimensions), seed=rng).random(FIRST)
    known = {row.tobytes() for row in tried}
    points = _fresh(np.vstack([cube.snapped(sequence), cube.neighbours(starts, CHILDREN, reach=0.1, rng=rng)]), known)
    if not len(points):
        return None
    scores = score(points)
    is_free = (cube.levels == 0) & is_smooth
    points, scores = _climbed(score, points, scores, is_free, known, count=FIRST_CLIMBS)
    reach = WIDEST
    for _ in range(ROUNDS):
        order = np.argsort(-scores, kind="stable")[:CENTRES]
        centres, best = points[order], scores[order]
        children = _fresh(cube.neighbours(centres, CHILDREN, reach=reach, rng=rng), known)
        points = np.vstack([centres, children])
        scores = np.concatenate([best, score(children)]) if len(children) else best
        reach *= NARROWING
    points, scores = _climbed(score, points, scores, is_free, known, count=LAST_CLIMBS)
    return np.asarray(points[np.argmax(scores)])


def _climbed(
    score: Score, points: Array, scores: Array, is_free: NDArray[np.bool_], known: set[bytes], *, count: int
) -> tuple[Array, Array]:
    """Return the points and their scores, with what lies uphill of the best `count` of them."""
    if not is_free.any():
        return points, scores
    climbs = [climb(score, points[place], is_free) for place in np.argsort(-scores, kind="stable")[:count]]
    higher = [(row, value) for row, value in climbs if np.isfinite(value) and row.tobytes() not in known]
    rows, values = [row for row, _ in higher], [value for _, value in higher]
    return np.vstack([points, *rows]), np.concatenate([scores, values])


def _fresh(points: Array, known: set[bytes]) -> Array:
    unique = np.unique(points, axis=0)
    return unique[[row.tobytes() not in known for row in unique]]
