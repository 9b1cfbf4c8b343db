"""Grid search: every point of a finite space once, in a fixed order, without storing the grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from threading import Lock
from typing import Any

from lightning_sweeps.sweeps.methods.method import Imputation, Method, Observation
from lightning_sweeps.sweeps.space import Space


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
        taken = {space.index_of(trial.params) for trial in history}
        if not space.is_restricted:
            free = next(index for index in count() if index not in taken)
            return space.at(free) if free < space.size else None
        if self._allowed is None or self._allowed.space is not space:
            self._allowed = AllowedIndexes(space)
        allowed = next((index for index in self._allowed if index not in taken), None)
        return None if allowed is None else space.at(allowed)


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

    def __iter__(self) -> Iterator[int]:
        for position in count():
            if position == len(self._found):
                with self._lock:
                    if position == len(self._found):
                        following = next(self._rest, None)
                        if following is None:
                            return
                        self._found.append(following)
            yield self._found[position]
