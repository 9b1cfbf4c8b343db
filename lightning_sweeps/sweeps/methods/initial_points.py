"""The initial points of a model-based method: the middle of the space, then a Latin hypercube.

Choosing them loads no search library. The middle comes first because people centre their ranges on what they expect.
Latin hypercube: McKay, Beckman and Conover, "A Comparison of Three Methods for Selecting Values of Input Variables"
(1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from lightning_sweeps.messages import OPEN_TRIAL_STATES
from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.methods.method import Observation
from lightning_sweeps.sweeps.methods.random import draw_new, generator
from lightning_sweeps.sweeps.methods.tried_points import TriedSet
from lightning_sweeps.sweeps.space import Space

MAX_INITIAL = 5
MIN_RESULTS = 2
"""Number of trials with a value that a fit needs."""


def initial_count(space: Space) -> int:
    """Return the number of initial points: two for each parameter, at most `MAX_INITIAL`."""
    return min(MAX_INITIAL, 2 * max(len(space.dimensions), 1))


def needs_model(space: Space, history: Sequence[Observation], *, number: int) -> bool:
    """Return whether a fitted model chooses trial `number`. Results that the sweep started with count as trials."""
    if not space.dimensions or number + sum(trial.number < 1 for trial in history) <= initial_count(space):
        return False
    return sum(map(_has_result, history)) >= MIN_RESULTS


def _has_result(trial: Observation) -> bool:
    """Return whether a fit learns from this trial: it has a value, and it ended without being lost."""
    return trial.objective is not None and trial.state != "lost" and trial.state not in OPEN_TRIAL_STATES


def initial_point(space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
    """Return the middle of the space, then the points of the hypercube, then random points."""
    seen = {space.identity(trial.params) for trial in history}
    count = initial_count(space)
    if number <= count and space.dimensions:
        is_first = number == 1
        coordinates = {
            dim.name: _middle(dim) if is_first else _hypercube_coordinate(dim, seed, number - 1, count - 1)
            for dim in space.dimensions
        }
        params = space.from_unit(coordinates)
        if space.is_new(params, seen):
            return params
    return draw_new(space, TriedSet(space, seen), generator(seed, number))


def _middle(dimension: Dimension) -> float:
    """Return the middle coordinate; for a category the one that the sweep file names first."""
    if dimension.kind == "float":
        return 0.5
    return (dimension.levels - 1) // 2 if dimension.kind == "int" else 0


def _hypercube_coordinate(dimension: Dimension, seed: int, number: int, count: int) -> float:
    """Return the coordinate of point `number` of `count`: the points of a dimension lie in different strata."""
    rng = Random(f"{seed}:{dimension.name}")
    order = rng.sample(range(count), count)
    rng.seed(f"{seed}:{dimension.name}:{number}")
    unit = (order[number - 1] + rng.random()) / count
    return unit if dimension.kind == "float" else int(unit * dimension.levels)
