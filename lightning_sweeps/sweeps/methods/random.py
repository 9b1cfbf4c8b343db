"""Random search: independent draws from the parameters' distributions, without repeating points of a finite space."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from lightning_sweeps.sweeps.methods.method import Method, Observation
from lightning_sweeps.sweeps.space import Space

MAX_DRAWS = 200
"""Number of draws from a finite space before the next free point is taken instead."""

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
        seen = set() if space.size is None else {space.identity(trial.params) for trial in history}
        return draw_new(space, seen, generator(seed, number))


def generator(seed: int, number: int) -> Random:
    """Return the random generator of one trial."""
    return Random(f"{seed}:{number}")


def draw_new(space: Space, seen: set[tuple[str, ...]], rng: Random) -> dict[str, Any] | None:
    """Return a random allowed point whose identity is not in `seen`; None if a finite space has no such point."""
    size = space.size
    if size is None:
        return _draw_allowed(space, rng)
    for _ in range(MAX_DRAWS if len(seen) < size else 0):
        params = space.sample(rng)
        if space.is_new(params, seen):
            return params
    return _next_free(space, size, seen, start=rng.randrange(size))


def is_empty(space: Space) -> bool:
    """Return whether the constraints exclude every point that drawing and enumerating can find."""
    return bool(space.restrictions.constraints) and draw_new(space, set(), generator(0, 0)) is None


def _draw_allowed(space: Space, rng: Random) -> dict[str, Any] | None:
    """Return a random point of an infinite space; None if the constraints exclude nearly all of it."""
    for _ in range(MAX_CONSTRAINED_DRAWS):
        params = space.sample(rng)
        if space.allows(params):
            return params
    return None


def _next_free(space: Space, size: int, seen: set[tuple[str, ...]], *, start: int) -> dict[str, Any] | None:
    """Return the first free point from combination `start` on.

    Without restrictions, `len(seen) + 1` steps are enough: at most `len(seen)` points are taken.
    """
    steps = min(size, MAX_STEPS if space.is_restricted else len(seen) + 1)
    for step in range(steps):
        params = space.at((start + step) % size)
        if space.is_new(params, seen):
            return params
    return None
