"""Independent draws by the parameters' distributions; a finite space gives each of its points once."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random as Generator
from typing import Any

from lightning_sweeps.sweeps.methods.method import Observation
from lightning_sweeps.sweeps.space import Space

MAX_DRAWS = 200
"""How often a point that was tried already is drawn again before the next free one is taken."""


class Random:
    """Trial `number` is drawn with a generator of its own, so that one seed gives one sequence."""

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Draw a point; of a finite space, one that is not in `history`."""
        return draw_new(space, {space.identity(seen.params) for seen in history}, generator(seed, number))


def generator(seed: int, number: int) -> Generator:
    """Return the random numbers of one trial."""
    return Generator(f"{seed}:{number}")


def draw_new(space: Space, seen: set[tuple[str, ...]], rng: Generator) -> dict[str, Any] | None:
    """Draw a point whose identity is not in `seen`; None where a finite space has no such point left."""
    size = space.size
    if size is None:
        return space.sample(rng)
    for _ in range(MAX_DRAWS if len(seen) < size else 0):
        params = space.sample(rng)
        if space.identity(params) not in seen:
            return params
    return _next_free(space, size, seen, start=rng.randrange(size))


def _next_free(space: Space, size: int, seen: set[tuple[str, ...]], *, start: int) -> dict[str, Any] | None:
    """Walk from point `start` to the first that is free: at most one step more than points were tried."""
    for step in range(min(size, len(seen) + 1)):
        params = space.at((start + step) % size)
        if space.identity(params) not in seen:
            return params
    return None
