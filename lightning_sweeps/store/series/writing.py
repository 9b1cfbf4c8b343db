"""Series are written: a batch at a time, one pass per key."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from lightning_sweeps.messages import SeriesInfo
from lightning_sweeps.store import schema
from lightning_sweeps.store.series import rollup_pages
from lightning_sweeps.store.series.chunks import (
    CHUNK_POINTS,
    Columns,
    Statistics,
    combine,
    cut,
    decode,
    encode,
    join,
    statistics,
)
from lightning_sweeps.store.series.owners import OwnerKind, owner_kind
from lightning_sweeps.store.series.rollups import of_points

_series = schema.series
_segment = schema.segment
_IN_SERIES = tuple(Statistics.__dataclass_fields__)


def append(
    connection: Connection, points: dict[str, Columns], *, kind: OwnerKind, owner_id: str, journal_id: str
) -> None:
    """Append points to the owner's series; the caller holds the owner's lock.

    Args:
        points: per key the new rows of one journal, in its order.
    """
    if not points:
        return
    known = _ensure_series(connection, list(points), kind=kind, owner_id=owner_id)
    _count(connection, points, known)
    by_series = {known[key]["id"]: new for key, new in points.items()}
    segments = _ensure_segments(connection, list(by_series), journal_id)
    changed: list[dict[str, Any]] = []
    chunks: list[dict[str, Any]] = []
    growths: list[rollup_pages.Growth] = []
    for series_id, new in by_series.items():
        segment = segments[series_id]
        joined = new if segment["tail"] is None else join([decode(segment["tail"]), new])
        kept = len(joined) // CHUNK_POINTS * CHUNK_POINTS
        tail = joined.part(kept, len(joined))
        row = {
            "at_id": segment["id"],
            "chunks": segment["chunks"] + kept // CHUNK_POINTS,
            "rolled_up": segment["rolled_up"],
        }
        if kept:
            full = joined.part(0, kept)
            for number, part in enumerate(cut(full), start=segment["chunks"]):
                data = encode(part, is_deflated=True)
                chunks.append({"segment_id": segment["id"], "number": number, "data": data})
            growths.append(_growth(connection, segment, full))
            row["rolled_up"] = row["chunks"]
        changed.append(row | {"tail": encode(tail) if len(tail) else None})
    values: dict[str, Any] = {name: bindparam(name) for name in ("chunks", "rolled_up", "tail")}
    connection.execute(update(_segment).where(_segment.c.id == bindparam("at_id")).values(**values), changed)
    if chunks:
        connection.execute(insert(schema.column_chunk), chunks)
        rollup_pages.extend(connection, growths)


def list_series(connection: Connection, owner_id: str) -> list[SeriesInfo]:
    """Return the owner's series in the order in which their keys first appeared.

    Raises:
        NotFound: there is no such owner.
    """
    kind = owner_kind(connection, owner_id)
    rows = connection.execute(_of_owner(kind, owner_id).order_by(_series.c.id)).mappings()
    return [_info(row) for row in rows]


def _growth(connection: Connection, segment: RowMapping, full: Columns) -> rollup_pages.Growth:
    """Return the growth by new full chunks, and by those before them that have no pages yet."""
    fresh = of_points(full)
    if segment["rolled_up"] < segment["chunks"]:
        older = rollup_pages.above_chunks(connection, segment["id"], segment["rolled_up"], segment["chunks"])
        fresh = np.concatenate([older, fresh])
    return rollup_pages.Growth(segment["id"], segment["rolled_up"], fresh)


def _ensure_series(connection: Connection, keys: list[str], *, kind: OwnerKind, owner_id: str) -> dict[str, RowMapping]:
    known = _rows_by_key(connection, kind, owner_id)
    missing = [key for key in keys if key not in known]
    if not missing:
        return known
    empty = {"count": 0, "nonfinite": 0, "first_step": 0, "last_step": 0, "last_time": 0.0, "total": 0.0}
    connection.execute(
        insert(_series), [empty | {"owner_kind": kind, "owner_id": owner_id, "key": key} for key in missing]
    )
    return _rows_by_key(connection, kind, owner_id)


def _rows_by_key(connection: Connection, kind: OwnerKind, owner_id: str) -> dict[str, RowMapping]:
    return {row["key"]: row for row in connection.execute(_of_owner(kind, owner_id)).mappings()}


def _ensure_segments(connection: Connection, series_ids: list[int], journal_id: str) -> dict[int, RowMapping]:
    """Return the journal's segments by series; those of `series_ids` that do not exist are made."""
    of_journal = select(_segment).where(_segment.c.journal_id == journal_id)
    known = {row["series_id"]: row for row in connection.execute(of_journal).mappings()}
    missing = [series_id for series_id in series_ids if series_id not in known]
    if not missing:
        return known
    empty = {"journal_id": journal_id, "chunks": 0, "rolled_up": 0, "tail": None}
    connection.execute(insert(_segment), [empty | {"series_id": series_id} for series_id in missing])
    return {row["series_id"]: row for row in connection.execute(of_journal).mappings()}


def _count(connection: Connection, points: dict[str, Columns], known: dict[str, RowMapping]) -> None:
    rows = []
    for key, new in points.items():
        row, added = known[key], statistics(new)
        total = combine(_statistics(row), added) if row["count"] else added
        rows.append({name: getattr(total, name) for name in _IN_SERIES} | {"at_id": row["id"]})
    changed: dict[str, Any] = {name: bindparam(name) for name in _IN_SERIES}
    connection.execute(update(_series).where(_series.c.id == bindparam("at_id")).values(**changed), rows)


def _statistics(row: RowMapping) -> Statistics:
    found = {name: row[name] for name in _IN_SERIES}
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
