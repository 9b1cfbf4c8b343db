"""Looks up the points that a sweep has tried by their index in its finite space.

`trial.point_index` is NULL for all trials of a sweep until the sweep first needs it, and out of date after a change of
its search: `sweep.tried_below` is NULL then. The caller holds the sweep's lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from lightning_sweeps.store import schema
from lightning_sweeps.sweeps.methods.tried_points import TriedPoints
from lightning_sweeps.sweeps.space import Space
from lightning_sweeps.sweeps.user_point import keep_point

MAX_SIZE = 2**63
"""Spaces with fewer points than this have indexes that fit a column."""

FIRST_RANGE, MAX_RANGE = 16, 4096
"""Numbers of indexes that are looked up at once in the search for a free one."""

_trial, _sweep = schema.trial, schema.sweep


def has_indexes(space: Space) -> bool:
    """Return whether the points of a space have indexes that fit a column."""
    return space.size is not None and space.size < MAX_SIZE


def index_of(space: Space, params: Mapping[str, Any]) -> int | None:
    """Return the index of a point of the space; None if the space has none."""
    return space.index_of(params) if has_indexes(space) else None


class StoredPoints(TriedPoints):
    """The tried points of a sweep, in the database.

    Args:
        connection: the caller's transaction, which holds the sweep's lock.
        sweep: the sweep's row.
        space: its space, for which `has_indexes` holds.
        without: id of a trial to leave out.
    """

    def __init__(self, connection: Connection, sweep: Row[Any], space: Space, *, without: str | None) -> None:
        self._connection = connection
        self._space = space
        prior = [params for params, _ in sweep.prior or ()]
        if sweep.search_changes:
            prior = [point for params in prior if (point := keep_point(space, params)) is not None]
        self._prior = {space.index_of(point) for point in prior}
        self._tried = (_trial.c.sweep_id == sweep.id) & _trial.c.discarded.is_not(True)
        if without is not None:
            self._tried &= _trial.c.id != without
        if sweep.tried_below is None:
            _write_indexes(connection, sweep.id, space)
        self.tried_below = sweep.tried_below or 0

    def which(self, points: Sequence[Mapping[str, Any]]) -> list[bool]:
        indexes = [self._space.index_of(point) for point in points]
        known = self._known(_trial.c.point_index.in_(indexes))
        return [index in known for index in indexes]

    def free_indexes(self, start: int, end: int) -> Iterator[int]:
        count = FIRST_RANGE
        while start < end:
            stop = min(start + count, end)
            known = self._known(_trial.c.point_index >= start, _trial.c.point_index < stop)
            yield from (index for index in range(start, stop) if index not in known)
            start, count = stop, min(2 * count, MAX_RANGE)

    def _known(self, *conditions: Any) -> set[int]:
        asked = select(_trial.c.point_index).where(self._tried, *conditions)
        return self._prior.union(self._connection.scalars(asked))


def _write_indexes(connection: Connection, sweep_id: str, space: Space) -> None:
    """Write the index of every trial's point, and note that they are up to date."""
    rows = connection.execute(select(_trial.c.id, _trial.c.params).where(_trial.c.sweep_id == sweep_id)).all()
    kept = [(row.id, keep_point(space, row.params)) for row in rows]
    values = [{"at_id": key, "index": None if point is None else space.index_of(point)} for key, point in kept]
    if values:
        changed = update(_trial).where(_trial.c.id == bindparam("at_id")).values(point_index=bindparam("index"))
        connection.execute(changed, values)
    connection.execute(update(_sweep).where(_sweep.c.id == sweep_id).values(tried_below=0))


def forget_order(connection: Connection, sweep_id: str) -> None:
    """Note that any point of a locked sweep may be free again, because a trial was deleted or discarded."""
    is_known = (_sweep.c.id == sweep_id) & _sweep.c.tried_below.is_not(None)
    connection.execute(update(_sweep).where(is_known).values(tried_below=0))
