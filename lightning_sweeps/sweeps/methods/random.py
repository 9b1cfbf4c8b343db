"""Independent draws by the parameters' distributions; a finite space gives each of its points once."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random as Generator
from typing import Any

from lightning_sweeps.sweeps.methods.method import Observation
from lightning_sweeps.sweeps.space import Space

MAX_DRAWS = 200
"""How often a point that was tried already is drawn again before the next free one is taken."""

MAX_CONSTRAINED_DRAWS = 10_000
"""How rare allowed points may be in a space without end."""

MAX_STEPS = 200_000
"""How far a restricted finite space is searched for a point that is left."""


class Random:
    """Trial `number` is drawn with a generator of its own, so that one seed gives one sequence."""

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Draw a point; of a finite space, one that is not in `history`."""
        seen = set() if space.size is None else {space.identity(tried.params) for tried in history}
        return draw_new(space, seen, generator(seed, number))


def generator(seed: int, number: int) -> Generator:
    """Return the random numbers of one trial."""
    return Generator(f"{seed}:{number}")


def draw_new(space: Space, seen: set[tuple[str, ...]], rng: Generator) -> dict[str, Any] | None:
    """Draw an allowed point whose identity is not in `seen`; None where a finite space has no such point left."""
    size = space.size
    if size is None:
        return _draw_allowed(space, rng)
    for _ in range(MAX_DRAWS if len(seen) < size else 0):
        params = space.sample(rng)
        if space.is_new(params, seen):
            return params
    return _next_free(space, size, seen, start=rng.randrange(size))


def is_empty(space: Space) -> bool:
    """Tell whether constraints leave no point, as far as drawing and walking can tell."""
    return bool(space.restrictions.constraints) and draw_new(space, set(), generator(0, 0)) is None


def _draw_allowed(space: Space, rng: Generator) -> dict[str, Any] | None:
    """Draw from a space without end; None where constraints leave next to nothing of it."""
    for _ in range(MAX_CONSTRAINED_DRAWS):
        params = space.sample(rng)
        if space.allows(params):
            return params
    return None


def _next_free(space: Space, size: int, seen: set[tuple[str, ...]], *, start: int) -> dict[str, Any] | None:
    """Walk from combination `start` to the first free point: where all are allowed, one step more than were tried."""
    steps = min(size, MAX_STEPS if space.is_restricted else len(seen) + 1)
    for step in range(steps):
        params = space.at((start + step) % size)
        if space.is_new(params, seen):
            return params
    return None
