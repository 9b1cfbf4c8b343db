"""Random search: independent draws from the parameters' distributions, without repeating points of a finite space."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from lightning_sweeps.sweeps.methods.method import Method, Observation
from lightning_sweeps.sweeps.methods.tried_points import TriedPoints, TriedSet, tried_points
from lightning_sweeps.sweeps.space import Space

DRAWS = (1, 9, 40, 150)
"""Numbers of draws from a finite space that are looked up at once, before the next free point is taken instead."""

MAX_CONSTRAINED_DRAWS = 10_000
"""Number of draws from an infinite space before the constraints count as impossible to meet."""

MAX_STEPS = 200_000
"""Number of points of a restricted finite space that are examined in the search for a free one."""


class RandomSearch(Method):
    """Draws each trial with a random generator seeded by the sweep's seed and the trial's number."""

    needs_metric = False
    is_fitted = False
    is_multi_objective = True

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return a random point; in a finite space, one that is not in `history`."""
        tried = TriedSet(space, set()) if space.size is None else tried_points(space, history)
        return draw_new(space, tried, generator(seed, number))


def generator(seed: int, number: int) -> Random:
    """Return the random generator of one trial."""
    return Random(f"{seed}:{number}")


def draw_new(space: Space, tried: TriedPoints, rng: Random) -> dict[str, Any] | None:
    """Return a random allowed point that is not tried; None if a finite space has no such point."""
    size = space.size
    if size is None:
        return _draw_allowed(space, rng)
    for count in DRAWS:
        found = _first_new(space, tried, [space.sample(rng) for _ in range(count)])
        if found is not None:
            return found
    return _next_free(space, size, tried, start=rng.randrange(size))


def is_empty(space: Space) -> bool:
    """Return whether the constraints exclude every point that drawing and enumerating can find."""
    return bool(space.restrictions.constraints) and draw_new(space, TriedSet(space, set()), generator(0, 0)) is None


def _draw_allowed(space: Space, rng: Random) -> dict[str, Any] | None:
    """Return a random point of an infinite space; None if the constraints exclude nearly all of it."""
    for _ in range(MAX_CONSTRAINED_DRAWS):
        params = space.sample(rng)
        if space.allows(params):
            return params
    return None


def _first_new(space: Space, tried: TriedPoints, points: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the first of some points that is allowed and not tried."""
    return next(
        (point for point, known in zip(points, tried.which(points), strict=True) if not known and space.allows(point)),
        None,
    )


def _next_free(space: Space, size: int, tried: TriedPoints, *, start: int) -> dict[str, Any] | None:
    """Return the first free point from combination `start` on.

    In a restricted space, several combinations may give the same point, so the point is looked up once more.
    """
    end = start + min(size, MAX_STEPS if space.is_restricted else size)
    for first, last in ((start, min(end, size)), (0, end - size)):
        for index in tried.free_indexes(first, last):
            point = space.at(index)
            if not space.is_restricted or _first_new(space, tried, [point]) is not None:
                return point
    return None
