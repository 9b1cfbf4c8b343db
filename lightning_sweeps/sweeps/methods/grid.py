"""Grid search: every point of a finite space once, in a fixed order, without storing the grid."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import count, islice
from threading import Lock
from typing import Any

from lightning_sweeps.sweeps.methods.method import Imputation, Method, Observation
from lightning_sweeps.sweeps.methods.tried_points import tried_points
from lightning_sweeps.sweeps.space import Space

AT_ONCE = 64
"""Number of points that are looked up at once."""


class Grid(Method):
    """Counts through the parameters in the order of their dotted names. The last parameter changes fastest."""

    needs_metric = False
    is_fitted = False
    is_multi_objective = True
    is_exhaustive = True

    def __init__(self, imputation: Imputation | None = None) -> None:
        super().__init__(imputation)
        self._allowed: AllowedIndexes | None = None  # saves time only: finding allowed combinations is slow

    def suggest(self, space: Space, history: Sequence[Observation], *, number: int, seed: int) -> dict[str, Any] | None:
        """Return the first point of the grid that is not in `history`.

        So points that a user added, results that the sweep started with, and values that the grid got later all count.

        Raises:
            ValueError: the space has a continuous parameter.
        """
        del number, seed
        if space.size is None:
            raise ValueError("a grid cannot enumerate a continuous parameter")
        tried = tried_points(space, history)
        if not space.is_restricted:
            free = next(tried.free_indexes(tried.tried_below, space.size), None)
            return None if free is None else space.at(free)
        if self._allowed is None or self._allowed.space is not space:
            self._allowed = AllowedIndexes(space)
        allowed = self._allowed.since(tried.tried_below)
        while indexes := list(islice(allowed, AT_ONCE)):
            points = [space.at(index) for index in indexes]
            for point, is_tried in zip(points, tried.which(points), strict=True):
                if not is_tried:
                    return point
        return None


class AllowedIndexes:
    """The indexes of the allowed points of a restricted space, found as far as they are needed. Safe for threads.

    Args:
        space: the finite space.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self._found: list[int] = []
        self._rest = space.indexes()
        self._lock = Lock()

    def since(self, index: int) -> Iterator[int]:
        """Yield the allowed indexes from `index` on."""
        first = bisect_left(self._found, index)  # if it is not found yet: the end
        return (found for found in self._from(first) if found >= index)

    def _from(self, first: int) -> Iterator[int]:
        for position in count(first):
            if position == len(self._found):
                with self._lock:
                    if position == len(self._found):
                        following = next(self._rest, None)
                        if following is None:
                            return
                        self._found.append(following)
            yield self._found[position]
