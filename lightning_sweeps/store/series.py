"""Series: written a batch at a time, one pass per key; read whole, or as wide as a chart is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from lightning_sweeps.errors import NotFound
from lightning_sweeps.messages import Point, Series, SeriesInfo
from lightning_sweeps.store import buckets, schema
from lightning_sweeps.store.chunks import (
    CHUNK_POINTS,
    MICROSECONDS,
    Columns,
    Statistics,
    combine,
    cut,
    decode,
    encode,
    join,
    statistics,
)
from lightning_sweeps.store.plain import number

OwnerKind: TypeAlias = Literal["run", "node"]

READ_AT_ONCE = 500
"""Chunks whose bytes one query asks for: databases limit the values of a statement."""

_series = schema.series
_chunk = schema.chunk
_COUNTED = tuple(Statistics.__dataclass_fields__)
_IN_SERIES = tuple(name for name in _COUNTED if name != "first_time")


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
    tails = _tails(connection, journal_id)
    fresh: list[dict[str, Any]] = []
    grown: list[dict[str, Any]] = []
    for key, new in points.items():
        series_id = known[key]["id"]
        tail = tails.get(series_id)
        parts = [_chunk_row(part) for part in cut(new if tail is None else join([decode(tail["data"]), new]))]
        if tail is not None:
            grown.append(parts.pop(0) | {"at_id": tail["id"]})
        fresh += [part | {"series_id": series_id, "journal_id": journal_id} for part in parts]
    if grown:
        changed: dict[str, Any] = {name: bindparam(name) for name in grown[0] if name != "at_id"}
        connection.execute(update(_chunk).where(_chunk.c.id == bindparam("at_id")).values(**changed), grown)
    if fresh:
        connection.execute(insert(_chunk), fresh)
    _count(connection, points, known)


def list_keys(connection: Connection, owner_id: str) -> list[SeriesInfo]:
    """Return the owner's series in the order in which their keys first appeared.

    Raises:
        NotFound: there is neither a run nor a node of this id.
    """
    kind = owner_kind(connection, owner_id)
    rows = connection.execute(_of_owner(kind, owner_id).order_by(_series.c.id)).mappings()
    return [_info(row) for row in rows]


def read_points(connection: Connection, owner_id: str, key: str) -> list[Point]:
    """Return every value of a series: journal by journal, in the order of the journals' start and then of their rows.

    Raises:
        NotFound: there is no such owner or key.
    """
    series_id = _find(connection, owner_id, key)
    journal = schema.journal
    chunks = (
        select(_chunk.c.journal_id, _chunk.c.data)
        .join(journal, journal.c.id == _chunk.c.journal_id)
        .where(_chunk.c.series_id == series_id)
        .order_by(journal.c.attempt, journal.c.created, journal.c.id, _chunk.c.id)
    )
    return [point for journal_id, data in connection.execute(chunks) for point in _points(journal_id, decode(data))]


def read_buckets(connection: Connection, owner_id: str, key: str, *, width: int) -> Series:
    """Return a series in at most `width` buckets, reading only the chunks that are wider than one.

    Raises:
        NotFound: there is no such owner or key.
    """
    series_id = _find(connection, owner_id, key)
    listed = select(_chunk.c.id, *(_chunk.c[name] for name in _COUNTED)).where(_chunk.c.series_id == series_id)
    rows = connection.execute(listed.order_by(_chunk.c.id)).all()
    chunks = [Statistics(*row[1:]) for row in rows]
    opened = set(buckets.to_read(chunks, width=width))
    spans = [buckets.of_statistics([chunk for index, chunk in enumerate(chunks) if index not in opened])]
    data = _read(connection, [rows[index].id for index in sorted(opened)])
    if data:
        spans.append(buckets.of_points(join(decode(blob) for blob in data)))
    return Series(owner_id, key, sum(chunk.count for chunk in chunks), buckets.draw(spans, width=width))


def owner_kind(connection: Connection, owner_id: str) -> OwnerKind:
    """Return whether the id is a run's or a node's.

    Raises:
        NotFound: it is neither.
    """
    if connection.scalar(select(schema.run.c.id).where(schema.run.c.id == owner_id)) is not None:
        return "run"
    if connection.scalar(select(schema.node.c.id).where(schema.node.c.id == owner_id)) is not None:
        return "node"
    raise NotFound(
        f"there is no run and no node `{owner_id}`",
        hint="`lightning-sweeps runs` lists the runs of this server, GET /api/nodes its nodes",
    )


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


def _tails(connection: Connection, journal_id: str) -> dict[int, RowMapping]:
    """Return, for each series of the journal, its last chunk where that is not full."""
    unfinished = select(_chunk.c.id, _chunk.c.series_id, _chunk.c.data)
    rows = connection.execute(unfinished.where(_chunk.c.journal_id == journal_id, _chunk.c.full.is_(False)))
    return {row["series_id"]: row for row in rows.mappings()}


def _chunk_row(part: Columns) -> dict[str, Any]:
    return asdict(statistics(part)) | {"full": len(part) >= CHUNK_POINTS, "data": encode(part)}


def _count(connection: Connection, points: dict[str, Columns], known: dict[str, RowMapping]) -> None:
    rows = []
    for key, new in points.items():
        row, added = known[key], statistics(new)
        total = combine(_statistics(row), added) if row["count"] else added
        rows.append({name: getattr(total, name) for name in _IN_SERIES} | {"at_id": row["id"]})
    changed: dict[str, Any] = {name: bindparam(name) for name in _IN_SERIES}
    connection.execute(update(_series).where(_series.c.id == bindparam("at_id")).values(**changed), rows)


def _statistics(row: RowMapping) -> Statistics:
    return Statistics(first_time=row["last_time"], **{name: row[name] for name in _IN_SERIES})


def _of_owner(kind: OwnerKind, owner_id: str) -> Any:
    return select(_series).where(_series.c.owner_kind == kind, _series.c.owner_id == owner_id)


def _find(connection: Connection, owner_id: str, key: str) -> int:
    kind = owner_kind(connection, owner_id)
    row = connection.execute(_of_owner(kind, owner_id).where(_series.c.key == key)).mappings().first()
    if row is None:
        raise NotFound(
            f"the {kind} `{owner_id}` has no series `{key}`", hint=f"GET /api/series/{owner_id} lists its keys"
        )
    return int(row["id"])


def _read(connection: Connection, chunk_ids: list[int]) -> list[bytes]:
    data: list[bytes] = []
    for start in range(0, len(chunk_ids), READ_AT_ONCE):
        some = chunk_ids[start : start + READ_AT_ONCE]
        data += connection.scalars(select(_chunk.c.data).where(_chunk.c.id.in_(some)))
    return data


def _points(journal_id: str, points: Columns) -> list[Point]:
    rows = zip(points.sequence.tolist(), points.step.tolist(), points.time.tolist(), points.value.tolist(), strict=True)
    return [Point(journal_id, row, step, time / MICROSECONDS, number(value)) for row, step, time, value in rows]


def _info(row: RowMapping) -> SeriesInfo:
    usable = row["count"] - row["nonfinite"]
    return SeriesInfo(
        **{name: row[name] for name in ("key", "count", "first_step", "last_step", "last", "minimum", "maximum")},
        mean=row["total"] / usable if usable else None,
    )
