"""Every point of a finite space exactly once, in a fixed order, without storing the grid."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from lightning_sweeps.sweeps.methods.method import Observation
from lightning_sweeps.sweeps.space import Space


class Grid:
    """Counts through the parameters sorted by dotted name; the last one changes fastest, each in its own order."""

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return point `number` of the grid; where points are left out, the walk goes on from the newest trial."""
        del seed
        size = space.size
        if size is None:
            raise ValueError("a grid cannot walk a continuous parameter")
        if not space.is_restricted:
            return space.at(number - 1) if number <= size else None
        newest = max(
            (tried for tried in history if tried.number < number), key=lambda tried: tried.number, default=None
        )
        if newest is None:
            return next(islice(space.points(0), number - 1, None), None)
        following = space.points(space.index_of(newest.params) + 1)
        return next(islice(following, number - newest.number - 1, None), None)
