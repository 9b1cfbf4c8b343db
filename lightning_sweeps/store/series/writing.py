"""Writes points to series, and lists series with their statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from lightning_sweeps.messages import SeriesInfo
from lightning_sweeps.store import schema
from lightning_sweeps.store.series.chunks import Columns, Statistics, combine, statistics
from lightning_sweeps.store.series.owners import OwnerKind, no_key, owner_kind
from lightning_sweeps.store.series.storage import AT_ONCE, SeriesStorage

MAX_KEYS = 400
"""Largest page of keys: less than 100 kB."""

_series = schema.series
_STATISTICS = tuple(Statistics.__dataclass_fields__)


def append(
    connection: Connection,
    storage: SeriesStorage,
    points: dict[str, Columns],
    *,
    kind: OwnerKind,
    owner_id: str,
    journal_id: str,
) -> None:
    """Append points to the owner's series, and update their statistics. The caller holds the owner's lock.

    Args:
        connection: the transaction.
        storage: where the points are stored.
        points: by series key, the new rows of one journal, in its order.
        kind: what owns the series.
        owner_id: id of the owner.
        journal_id: the journal.
    """
    if not points:
        return
    known = _ensure_series(connection, list(points), kind=kind, owner_id=owner_id)
    grown = storage.append(connection, journal_id, {known[key]["id"]: new for key, new in points.items()})
    _count(connection, points, known, grown or {})


def all_series(connection: Connection, owner_id: str) -> list[SeriesInfo]:
    """Return all series of an owner.

    Raises:
        NotFound: there is no such owner.
    """
    found = page = list_series(connection, owner_id)
    while page:
        page = list_series(connection, owner_id, after=page[-1].key)
        found = found + page
    return found


def list_series(
    connection: Connection, owner_id: str, *, search: str = "", after: str | None = None, limit: int = MAX_KEYS
) -> list[SeriesInfo]:
    """Return a page of the owner's series, in the order in which their keys first appeared.

    Args:
        connection: the transaction.
        owner_id: the run, node or process.
        search: only keys that contain this text, in any case.
        after: only keys that come after this one.
        limit: maximum number of series.

    Raises:
        NotFound: there is no such owner, or it has no key `after`.
    """
    kind = owner_kind(connection, owner_id)
    asked = _of_owner(kind, owner_id)
    if search:
        asked = asked.where(func.lower(_series.c.key).contains(search.lower(), autoescape=True))
    if after is not None:
        previous = _rows_by_key(connection, [after], kind, owner_id)
        if not previous:
            raise no_key(kind, owner_id, after)
        asked = asked.where(_series.c.id > previous[after]["id"])
    rows = connection.execute(asked.order_by(_series.c.id).limit(limit)).mappings()
    return [_info(row) for row in rows]


def _ensure_series(connection: Connection, keys: list[str], *, kind: OwnerKind, owner_id: str) -> dict[str, RowMapping]:
    known = _rows_by_key(connection, keys, kind, owner_id)
    missing = [key for key in keys if key not in known]
    if not missing:
        return known
    empty = {"count": 0, "nonfinite": 0, "first_step": 0, "last_step": 0, "last_time": 0.0, "total": 0.0}
    connection.execute(
        insert(_series), [empty | {"owner_kind": kind, "owner_id": owner_id, "key": key} for key in missing]
    )
    return known | _rows_by_key(connection, missing, kind, owner_id)


def _rows_by_key(connection: Connection, keys: list[str], kind: OwnerKind, owner_id: str) -> dict[str, RowMapping]:
    found: dict[str, RowMapping] = {}
    for start in range(0, len(keys), AT_ONCE):
        some = _of_owner(kind, owner_id).where(_series.c.key.in_(keys[start : start + AT_ONCE]))
        found |= {row["key"]: row for row in connection.execute(some).mappings()}
    return found


def _count(
    connection: Connection, points: dict[str, Columns], known: dict[str, RowMapping], grown: Mapping[int, int]
) -> None:
    """Update the statistics and sizes of series.

    Args:
        connection: the transaction.
        points: the new points.
        known: the rows of the series.
        grown: by how many bytes each series grew, by its id.
    """
    rows = []
    for key, new in points.items():
        row, added = known[key], statistics(new)
        total = combine(_statistics(row), added) if row["count"] else added
        size_bytes = (row["size_bytes"] or 0) + grown.get(row["id"], 0)
        rows.append(
            {name: getattr(total, name) for name in _STATISTICS} | {"size_bytes": size_bytes, "at_id": row["id"]}
        )
    changed: dict[str, Any] = {name: bindparam(name) for name in (*_STATISTICS, "size_bytes")}
    connection.execute(update(_series).where(_series.c.id == bindparam("at_id")).values(**changed), rows)


def _statistics(row: RowMapping) -> Statistics:
    found = {name: row[name] for name in _STATISTICS}
    if found["first_time"] is None:
        found["first_time"] = row["last_time"]
    return Statistics(**found)


def _of_owner(kind: OwnerKind, owner_id: str) -> Any:
    return select(_series).where(_series.c.owner_kind == kind, _series.c.owner_id == owner_id)


def _info(row: RowMapping) -> SeriesInfo:
    usable = row["count"] - row["nonfinite"]
    return SeriesInfo(
        **{name: row[name] for name in ("key", "count", "first_step", "last_step", "minimum", "maximum")},
        last=row["last"] if row["last_nonfinite"] is None else row["last_nonfinite"],
        mean=row["total"] / usable if usable else None,
    )
