"""Maximizes an acquisition function over points that lie on each dimension's lattice."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, log_ndtr
from scipy.stats import qmc

from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.methods.gradient_ascent import ascend

Array = NDArray[np.float64]
Score = Callable[[Array], Array]
"""Maps points (n, n_dims) to their scores (n,)."""

N_SOBOL = 1024
"""Number of points of the Sobol sequence that the search starts with."""

N_CENTRES, N_ROUNDS, N_NEIGHBOURS = 6, 9, 48
"""Number of best points that each round refines, of rounds, and of neighbours of each centre."""

N_FIRST_ASCENTS, N_LAST_ASCENTS = 5, 2
"""Number of best points that gradient ascent starts from, before the rounds and after them."""

MAX_GRID = 2048
"""Largest lattice whose coordinates are listed, so that whole columns snap to it at once."""

FIRST_REACH, REACH_DECAY = 0.25, 0.45
"""Standard deviation of a neighbour's steps in the first round, and its factor from round to round."""


@dataclass(frozen=True, slots=True)
class Cube:
    """Points as rows of an array, one column a dimension.

    Real numbers are coordinates from 0 to 1, lattice values are spread evenly from 0 to 1, and categories are their
    index.
    """

    dimensions: Sequence[Dimension]
    _grids: list[Array | None] = field(init=False, repr=False)
    """For each column, the ascending coordinates of its lattice, (size,); None if they are not listed."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_grids", [_grid(dimension) for dimension in self.dimensions])

    @property
    def is_category(self) -> NDArray[np.bool_]:
        """Which columns are categories: (n_dims,)."""
        return np.array([dimension.kind == "category" for dimension in self.dimensions])

    @property
    def levels(self) -> Array:
        """Number of values of each column, 0 for real numbers: (n_dims,)."""
        return np.array([dimension.levels if dimension.kind != "float" else 0 for dimension in self.dimensions])

    def array(self, coordinates: dict[str, int | float]) -> Array:
        """Return the row of a point: (n_dims,)."""
        return np.array([self._scaled(dimension, coordinates[dimension.name]) for dimension in self.dimensions])

    def coordinates(self, row: Array) -> dict[str, int | float]:
        """Return the coordinates of a row, by the dimension's name."""
        return {
            dimension.name: float(value) if dimension.kind == "float" else self._index(dimension, float(value))
            for dimension, value in zip(self.dimensions, row, strict=True)
        }

    def snapped(self, unit: Array) -> Array:
        """Return rows of uniform numbers from 0 to 1 as points: each value of a lattice has an equal stratum.

        Args:
            unit: (n, n_dims).

        Returns:
            (n, n_dims).
        """
        levels = self.levels
        index = np.minimum(np.floor(unit * np.maximum(levels, 1)), np.maximum(levels - 1, 0))
        spread = index / np.maximum(levels - 1, 1)
        return np.asarray(np.where(levels == 0, unit, np.where(self.is_category, index, spread)))

    def neighbours(self, centres: Array, count: int, *, reach: float, rng: np.random.Generator) -> Array:
        """Return random neighbours of each centre. Each differs from its centre in at least one coordinate.

        Args:
            centres: (n, n_dims).
            count: neighbours of each centre.
            reach: standard deviation of a step along a real or lattice coordinate.
            rng: source of randomness.

        Returns:
            (n * count, n_dims).
        """
        points = np.repeat(centres, count, axis=0)
        rows, columns = points.shape
        moves = rng.random((rows, columns)) < max(1.5 / columns, 0.35)
        moves[np.arange(rows), rng.integers(columns, size=rows)] = True
        stepped = points + reach * rng.standard_normal((rows, columns))
        stepped = np.abs(stepped)
        stepped = np.where(stepped > 1, np.maximum(2 - stepped, 0), stepped)  # reflected at both ends
        one_step = rng.choice([-1, 1], size=(rows, columns))
        drawn = np.floor(rng.random((rows, columns)) * np.maximum(self.levels, 1))
        moved = np.where(self.is_category, drawn, stepped)
        for column in self._lattice_columns():
            before, snapped = points[:, column], self._snapped_column(column, moved[:, column])
            for steps in (one_step[:, column], -one_step[:, column]):  # the second at an end of the lattice
                snapped = np.where(snapped == before, self._snapped_column(column, before, steps), snapped)
            moved[:, column] = snapped
        return np.asarray(np.where(moves, moved, points))

    def on_lattice(self, points: Array) -> Array:
        """Return the points with every coordinate at the nearest value of its lattice; both (n, n_dims)."""
        snapped: Array = points.copy()
        for column in self._lattice_columns():
            snapped[:, column] = self._snapped_column(column, points[:, column])
        return snapped

    def _lattice_columns(self) -> list[int]:
        return [
            column
            for column, dimension in enumerate(self.dimensions)
            if dimension.kind != "category" and dimension.size is not None
        ]

    def _snapped_column(self, column: int, numbers: Array, steps: NDArray[np.int_] | int = 0) -> Array:
        """Return the lattice values nearest to `numbers`, or those `steps` values further; all (n,).

        Equal values are equal floats, the same as `array` returns: tried points are recognized by their bytes.
        """
        dimension, grid = self.dimensions[column], self._grids[column]
        if dimension.kind == "int":
            last = max(dimension.levels - 1, 1)
            return np.asarray(np.clip(np.round(numbers * last) + steps, 0, dimension.levels - 1) / last)
        if grid is not None:
            return np.asarray(np.take(grid, _nearest(grid, numbers) + steps, mode="clip"))
        further = np.broadcast_to(steps, numbers.shape)
        pairs = zip(numbers, further, strict=True)
        return np.array([dimension.snap(float(number), steps=int(step)) for number, step in pairs])

    def _scaled(self, dimension: Dimension, coordinate: int | float) -> float:
        return float(coordinate) / max(dimension.levels - 1, 1) if dimension.kind == "int" else float(coordinate)

    def _index(self, dimension: Dimension, value: float) -> int:
        return round(value * max(dimension.levels - 1, 1)) if dimension.kind == "int" else round(value)


def _grid(dimension: Dimension) -> Array | None:
    """Return the coordinates of a lattice that the engine sees as real numbers: (size,)."""
    if dimension.kind != "float" or dimension.size is None or dimension.size > MAX_GRID:
        return None
    return np.array([dimension.coordinate(dimension.at(index)) for index in range(dimension.size)], dtype=float)


def _nearest(grid: Array, numbers: Array) -> NDArray[np.int_]:
    """Return the index of the element of an ascending `grid` that is nearest to each of `numbers`: (n,)."""
    above = np.clip(np.searchsorted(grid, numbers), 1, max(len(grid) - 1, 1))
    is_below = numbers - grid[above - 1] <= grid[np.minimum(above, len(grid) - 1)] - numbers
    return np.asarray(np.where(is_below, above - 1, above))


def log_expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """Return the logarithm of the expected improvement on `best`, stable where the improvement underflows.

    Ament and others, "Unexpected Improvements to Expected Improvement for Bayesian Optimization" (2023): LogEI is
    log_h(z) + log(sigma) with z = (best - mean) / sigma and h(z) = phi(z) + z Phi(z) (equations 8 and 9).

    Args:
        mean: predicted mean of each point, lower is better: (n,).
        deviation: predicted standard deviation of each point: (n,).
        best: the value to improve on.

    Returns:
        (n,).
    """
    z = (best - mean) / deviation
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        near = np.log(np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi) + z * np.exp(log_ndtr(z)))  # log h(z) itself
        ratio = math.sqrt(math.pi / 2) * erfcx(-z / math.sqrt(2))  # Phi(z) / phi(z)
        far = -(z**2) / 2 - math.log(2 * math.pi) / 2 + np.log1p(np.minimum(z * ratio, -0.0))
        farthest = -(z**2) / 2 - math.log(2 * math.pi) / 2 - 2 * np.log(np.abs(z))  # asymptote for z -> -inf
    log_h = np.where(z > -1, near, np.where(z > -1e4, far, farthest))
    return np.asarray(log_h + np.log(deviation))


def maximize(
    score: Score, cube: Cube, *, tried: Array, starts: Array, rng: np.random.Generator, is_smooth: bool = True
) -> Array | None:
    """Return the new point with the highest score that the search finds.

    The search scores a Sobol sequence and neighbours of `starts`, follows the slope from the best of them, refines the
    best points by rounds of closer and closer neighbours, and follows the slope again.

    Args:
        score: the function to maximize.
        cube: the dimensions of the points.
        tried: points that must not be returned again: (n_tried, n_dims).
        starts: the best points so far: (n_starts, n_dims).
        rng: source of randomness.
        is_smooth: whether the score is differentiable along the real coordinates.

    Returns:
        The point (n_dims,), or None if the search finds only points in `tried`.
    """
    sequence = qmc.Sobol(len(cube.dimensions), seed=rng).random(N_SOBOL)
    known = {row.tobytes() for row in tried}
    first = np.vstack(
        [cube.on_lattice(cube.snapped(sequence)), cube.neighbours(starts, N_NEIGHBOURS, reach=0.1, rng=rng)]
    )
    points = _new_points(first, known)
    if not len(points):
        return None
    scores = score(points)
    is_free = (cube.levels == 0) & is_smooth
    points, scores = _with_ascents(score, cube, points, scores, is_free, known, count=N_FIRST_ASCENTS)
    reach = FIRST_REACH
    for _ in range(N_ROUNDS):
        order = np.argsort(-scores, kind="stable")[:N_CENTRES]
        centres, best = points[order], scores[order]
        children = _new_points(cube.neighbours(centres, N_NEIGHBOURS, reach=reach, rng=rng), known)
        points = np.vstack([centres, children])
        scores = np.concatenate([best, score(children)]) if len(children) else best
        reach *= REACH_DECAY
    points, scores = _with_ascents(score, cube, points, scores, is_free, known, count=N_LAST_ASCENTS)
    return _best(points, scores)


def best_of(score: Score, points: Array) -> Array | None:
    """Return the point with the highest score, (n_dims,), of `points`, (n, n_dims); None if none is allowed."""
    return _best(points, score(points)) if len(points) else None


def _best(points: Array, scores: Array) -> Array | None:
    best = np.argmax(scores)
    return np.asarray(points[best]) if np.isfinite(scores[best]) else None


def _with_ascents(
    score: Score,
    cube: Cube,
    points: Array,
    scores: Array,
    is_free: NDArray[np.bool_],
    known: set[bytes],
    *,
    count: int,
) -> tuple[Array, Array]:
    """Return the points and scores, extended by the ends of gradient ascent from the best `count` points.

    Args:
        score: the function to maximize.
        cube: the dimensions of the points.
        points: (n, n_dims).
        scores: (n,).
        is_free: columns along which the points may move: (n_dims,).
        known: points that must not be returned again, as bytes.
        count: number of ascents.
    """
    if not is_free.any():
        return points, scores
    ascents = [ascend(score, points[index], is_free) for index in np.argsort(-scores, kind="stable")[:count]]
    tops = [row for row, value in ascents if np.isfinite(value)]
    higher = _new_points(cube.on_lattice(np.array(tops)), known) if tops else points[:0]
    if not len(higher):
        return points, scores
    return np.vstack([points, higher]), np.concatenate([scores, score(higher)])


def _new_points(points: Array, known: set[bytes]) -> Array:
    """Return the distinct rows that are not in `known`: (n, n_dims)."""
    unique = np.unique(points, axis=0)
    return unique[[row.tobytes() not in known for row in unique]]
