"""The first points of a method that fits a model: the middle of the space, then a Latin hypercube.

Chosen without loading any search engine. The middle comes first because people lay their ranges about what they expect.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.methods.method import Observation
from lightning_sweeps.sweeps.methods.random import draw_new, generator
from lightning_sweeps.sweeps.space import Space

MAX_STARTUP = 5
ENDED_TO_FIT = 2
"""A model is fitted once this many trials have told it something."""


def startup_count(space: Space) -> int:
    """Return how many points are chosen before the first model is fitted."""
    return min(MAX_STARTUP, 2 * max(len(space.dimensions), 1))


def needs_model(space: Space, history: Sequence[Observation], *, number: int) -> bool:
    """Tell whether trial `number` is one that a fitted model chooses."""
    if not space.dimensions or number + sum(seen.number < 1 for seen in history) <= startup_count(space):
        return False
    return sum(seen.objective is not None for seen in history) >= ENDED_TO_FIT


def first_point(space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
    """Return a point that needs no model: the middle, of the hypercube while it lasts, drawn at random after that."""
    seen = {space.identity(tried.params) for tried in history}
    count = startup_count(space)
    if number <= count and space.dimensions:
        is_first = number == 1
        coordinates = {
            dim.name: _middle(dim) if is_first else _spread(dim, seed, number - 1, count - 1)
            for dim in space.dimensions
        }
        params = space.from_unit(coordinates)
        if space.is_new(params, seen):
            return params
    return draw_new(space, seen, generator(seed, number))


def _middle(dimension: Dimension) -> float:
    """Return the middle coordinate; of a category that which the sweep file names first."""
    if dimension.kind == "float":
        return 0.5
    return (dimension.levels - 1) // 2 if dimension.kind == "int" else 0


def _spread(dimension: Dimension, seed: int, number: int, count: int) -> float:
    """Return the coordinate of point `number` of `count`: each dimension's points lie in different strata."""
    rng = Random(f"{seed}:{dimension.name}")
    order = rng.sample(range(count), count)
    rng.seed(f"{seed}:{dimension.name}:{number}")
    place = (order[number - 1] + rng.random()) / count
    return place if dimension.kind == "float" else int(place * dimension.levels)
