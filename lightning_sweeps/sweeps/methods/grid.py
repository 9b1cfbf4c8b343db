"""Grid search: every point of a finite space once, in a fixed order, without storing the grid."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from lightning_sweeps.sweeps.methods.method import Method, Observation
from lightning_sweeps.sweeps.space import Space


class Grid(Method):
    """Counts through the parameters in the order of their dotted names. The last parameter changes fastest."""

    needs_metric = False
    is_fitted = False
    is_multi_objective = True
    is_exhaustive = True

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return point `number` of the grid.

        If conditions or constraints exclude points, the search continues after the point of the newest trial.

        Raises:
            ValueError: the space has a continuous parameter.
        """
        del seed
        size = space.size
        if size is None:
            raise ValueError("a grid cannot enumerate a continuous parameter")
        if not space.is_restricted:
            return space.at(number - 1) if number <= size else None
        newest = max(
            (trial for trial in history if trial.number < number), key=lambda trial: trial.number, default=None
        )
        if newest is None:
            return next(islice(space.points(0), number - 1, None), None)
        following = space.points(space.index_of(newest.params) + 1)
        return next(islice(following, number - newest.number - 1, None), None)
