"""Tells which points of a space a sweep has tried, without a set of all of them where the database can look them up."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lightning_sweeps.sweeps.methods.method import Observation
from lightning_sweeps.sweeps.space import Space


class TriedPoints(ABC):
    """The points of a space that a sweep has tried.

    Attributes:
        tried_below: every allowed point of a finite space with a lower index is tried. 0: nothing is known.
    """

    tried_below: int = 0

    @abstractmethod
    def which(self, points: Sequence[Mapping[str, Any]]) -> list[bool]:
        """Return for each of some points whether it is tried."""

    @abstractmethod
    def free_indexes(self, start: int, end: int) -> Iterator[int]:
        """Yield the indexes of a finite space from `start` up to `end`, not included, whose points are not tried."""


class TriedSet(TriedPoints):
    """Tried points in memory.

    Args:
        space: the space.
        seen: the identities of the tried points.
    """

    def __init__(self, space: Space, seen: set[tuple[str, ...]]) -> None:
        self._space = space
        self._seen = seen

    def which(self, points: Sequence[Mapping[str, Any]]) -> list[bool]:
        return [self._space.identity(point) in self._seen for point in points]

    def free_indexes(self, start: int, end: int) -> Iterator[int]:
        return (index for index in range(start, end) if self._space.identity(self._space.at(index)) not in self._seen)


class History(Sequence[Observation]):
    """A history that can look up points. A method gets one from the server, and may get any sequence elsewhere."""

    @abstractmethod
    def tried(self, space: Space) -> TriedPoints:
        """Return the points of its trials."""


def tried_points(space: Space, history: Sequence[Observation]) -> TriedPoints:
    """Return the points of a history."""
    if isinstance(history, History):
        return history.tried(space)
    return TriedSet(space, {space.identity(trial.params) for trial in history})
