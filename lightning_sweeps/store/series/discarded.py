"""Deletes points in small transactions: their series is discarded at once, and emptied piece by piece afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, String, cast, delete, insert, select, update

from lightning_sweeps.core.ids import new_id
from lightning_sweeps.store import schema
from lightning_sweeps.store.series.owners import DISCARDED
from lightning_sweeps.store.series.storage import AT_ONCE, SeriesStorage

_series = schema.series
_EMPTY = {"count": 0, "nonfinite": 0, "first_step": 0, "last_step": 0, "last_time": 0.0, "total": 0.0}


def discard(connection: Connection, series_ids: Sequence[int]) -> None:
    """Discard whole series. Their owner stays, so that they are deleted with a run. The caller holds its lock."""
    for start in range(0, len(series_ids), AT_ONCE):
        some = _series.c.id.in_(series_ids[start : start + AT_ONCE])
        changed = {"owner_kind": DISCARDED, "key": cast(_series.c.id, String)}
        connection.execute(update(_series).where(some).values(**changed))


def new_discarded(connection: Connection, series_id: int) -> int:
    """Return the id of a new discarded series with the owner of `series_id`, for points that it no longer has."""
    owner = select(_series.c.owner_id).where(_series.c.id == series_id).scalar_subquery()
    row = {"owner_kind": DISCARDED, "owner_id": owner, "key": new_id(), **_EMPTY}
    made: int = connection.execute(insert(_series).values(row).returning(_series.c.id)).scalar_one()
    return made


def delete_some(connection: Connection, storage: SeriesStorage, *, limit: int) -> bool:
    """Delete a part of what is discarded; return False if nothing is left.

    Args:
        connection: a transaction that writes.
        storage: where the points are stored.
        limit: how much to delete: about the number of chunks.
    """
    found = select(_series.c.id).where(_series.c.owner_kind == DISCARDED).order_by(_series.c.id).limit(1)
    series_id = connection.scalar(found.with_for_update(skip_locked=True))
    if series_id is None:
        return False
    if storage.delete_some(connection, series_id, limit=limit):
        connection.execute(delete(_series).where(_series.c.id == series_id))
    return True
