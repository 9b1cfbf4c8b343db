"""Helpers of methods that choose coordinates: they search free dimensions, and replace repeated points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lightning_sweeps.sweeps.dimensions import Dimension
from lightning_sweeps.sweeps.methods.method import Observation
from lightning_sweeps.sweeps.methods.random import draw_new, generator
from lightning_sweeps.sweeps.methods.tried_points import TriedSet
from lightning_sweeps.sweeps.space import Space

CoordinateChooser = Callable[[list[Dimension]], Mapping[str, float] | None]
"""Returns a coordinate for each of these dimensions by name, or None if it finds no point."""


class RandomPoint(dict[str, Any]):
    """A parameter set that was drawn at random because a model chose no new point. Otherwise a plain dictionary."""


def ask_new(
    choose: CoordinateChooser, space: Space, history: Sequence[Observation], *, number: int, seed: int
) -> dict[str, Any] | None:
    """Return the parameter set that `choose` picks, or a random one if that point is already in `history`.

    Args:
        choose: picks the coordinates of the dimensions that have more than one value.
        space: the space to search.
        history: all earlier trials, in any order.
        number: number of the new trial, from 1.
        seed: the sweep's seed.

    Returns:
        The nested parameter set, or None if a finite space is exhausted.
    """
    seen = {space.identity(trial.params) for trial in history}
    if space.size is not None and len(seen) >= space.size:
        return None
    chosen = choose_new(choose, space, seen)
    if chosen is not None:
        return chosen
    drawn = draw_new(space, TriedSet(space, seen), generator(seed, number))
    return None if drawn is None else RandomPoint(drawn)


def choose_new(choose: CoordinateChooser, space: Space, seen: set[tuple[str, ...]]) -> dict[str, Any] | None:
    """Return the parameter set that `choose` picks; None if it picks nothing, or a point whose identity is `seen`."""
    searched = [dim for dim in space.dimensions if dim.kind == "float" or dim.levels > 1]
    chosen = choose(searched) if searched else None
    if chosen is None:
        return None
    params = space.from_unit({dim.name: chosen.get(dim.name, 0) for dim in space.dimensions})
    return params if space.is_new(params, seen) else None


def in_order(history: Sequence[Observation]) -> list[Observation]:
    """Return the trials by number, so that a suggestion does not depend on the order of `history`."""
    return sorted(history, key=lambda trial: trial.number)


def from_unit_interval(dimension: Dimension, unit: float) -> int | float:
    """Return the coordinate at a number from 0 to 1: each value of a lattice or category is one equal stratum."""
    return unit if dimension.kind == "float" else min(int(unit * dimension.levels), dimension.levels - 1)


def to_unit_interval(dimension: Dimension, coordinate: int | float) -> float:
    """Return a number from 0 to 1 for a coordinate: the centre of its stratum for a lattice or category."""
    return float(coordinate) if dimension.kind == "float" else (coordinate + 0.5) / dimension.levels
