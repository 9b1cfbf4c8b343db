"""Stores series in the database: as chunks of columns, below levels of rollups.

A segment's full chunks are rows of `column_chunk`, and the points after them are the segment's `tail`. Rollups of the
full chunks are rows of `rollup_page`. A segment that is replaced by a thinned one moves to a discarded series,
whose rows are deleted in small transactions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, select, update

from lightning_sweeps.store import schema
from lightning_sweeps.store.series import rollup_pages
from lightning_sweeps.store.series.chunks import CHUNK_POINTS, Columns, cut, decode, encode, join
from lightning_sweeps.store.series.discarded import new_discarded
from lightning_sweeps.store.series.range_query import ChunkSegment, load_marks, stored_chunks
from lightning_sweeps.store.series.rollups import roll_up, rollup_bytes
from lightning_sweeps.store.series.segment_view import SegmentView
from lightning_sweeps.store.series.storage import (
    AT_ONCE,
    JOURNAL_ORDER,
    RESUMED_AT,
    Segment,
    SeriesStorage,
    wrong_count,
)

CHUNKS_AT_ONCE = 16
"""Number of chunks that are in memory at once while a segment is read."""

_segment = schema.segment
_COLUMNS = tuple(_segment.c[name] for name in ("id", "chunks", "rolled_up", "tail"))
_SEGMENTS = (
    select(_segment.c.series_id, _segment.c.journal_id, RESUMED_AT, *_COLUMNS)
    .join(schema.journal, schema.journal.c.id == _segment.c.journal_id)
    .order_by(*JOURNAL_ORDER)
)
_UPDATE = (
    update(_segment)
    .where(_segment.c.id == bindparam("at_id"))
    .values({name: bindparam(name) for name in ("chunks", "rolled_up", "tail")})
)


@dataclass(slots=True)
class _Appended:
    """Rows to write for one `append`, and by how many bytes each series grows."""

    segments: list[dict[str, Any]] = field(default_factory=list)
    chunks: list[dict[str, Any]] = field(default_factory=list)
    growths: list[rollup_pages.Growth] = field(default_factory=list)
    size_bytes: dict[int, int] = field(default_factory=dict)


class ChunkStorage(SeriesStorage):
    """Stores series as chunks of columns in the database, with rollups for charts."""

    can_thin: ClassVar[bool] = True

    def append(self, connection: Connection, journal_id: str, points: Mapping[int, Columns]) -> Mapping[int, int]:
        """Append points of one journal: to the tails, and as new chunks when tails become long enough."""
        segments = _ensure_segments(connection, list(points), journal_id)
        appended = _Appended()
        for series_id, new in points.items():
            _append(connection, segments[series_id], new, appended)
        _write(connection, appended)
        return appended.size_bytes

    def segments(self, connection: Connection, series_ids: Sequence[int]) -> list[Segment]:
        """Return the segments of some series, in the order of their journals."""
        found: list[Segment] = []
        for start in range(0, len(series_ids), AT_ONCE):
            some = _segment.c.series_id.in_(series_ids[start : start + AT_ONCE])
            found += [ChunkSegment(*row) for row in connection.execute(_SEGMENTS.where(some))]
        return found

    def read(self, connection: Connection, segment: Segment) -> Iterator[Columns]:
        """Yield the points of a segment, chunk by chunk."""
        yield from self.read_from(connection, segment, 0)

    def read_from(self, connection: Connection, segment: Segment, position: int) -> Iterator[Columns]:
        """Yield the points of a segment from a position on. The chunks before it are not read."""
        assert isinstance(segment, ChunkSegment)  # noqa: S101  made by `segments`
        first = min(position // CHUNK_POINTS, segment.chunks)
        skipped = position - first * CHUNK_POINTS
        for start in range(first, segment.chunks, CHUNKS_AT_ONCE):
            numbers = range(start, min(start + CHUNKS_AT_ONCE, segment.chunks))
            for _, _, data in stored_chunks(connection, [segment.id], numbers):
                yield decode(data).part(skipped, CHUNK_POINTS)
                skipped = 0
        if segment.tail is not None:
            tail = decode(segment.tail)
            yield tail.part(min(skipped, len(tail)), len(tail))

    def rollups(self, connection: Connection, views: Sequence[SegmentView]) -> None:
        """Give every view rollups that are narrow enough, and points where they are not."""
        load_marks(connection, views)

    def delete(self, connection: Connection, series_ids: Sequence[int]) -> None:
        """Delete the chunks, rollups and segments of some series."""
        for start in range(0, len(series_ids), AT_ONCE):
            of_series = _segment.c.series_id.in_(series_ids[start : start + AT_ONCE])
            for table in (schema.column_chunk, schema.rollup_page):
                ids = select(_segment.c.id).where(of_series)
                connection.execute(delete(table).where(table.c.segment_id.in_(ids)))
            connection.execute(delete(_segment).where(of_series))

    def replace(self, connection: Connection, segment: Segment, points: Columns) -> int:
        """Discard a segment and write another one with the points that are kept."""
        assert isinstance(segment, ChunkSegment)  # noqa: S101  made by `segments`
        before = _stored_bytes(connection, segment)
        of_segment = _segment.c.id == segment.id
        discarded = new_discarded(connection, segment.series_id)
        connection.execute(update(_segment).where(of_segment).values(series_id=discarded))
        if not len(points):
            return -before
        made = _ensure_segments(connection, [segment.series_id], segment.journal_id)[segment.series_id]
        appended = _Appended()
        _append(connection, made, points, appended)
        _write(connection, appended)
        removed = int(points.weighed().count.sum()) - len(points)
        connection.execute(update(_segment).where(_segment.c.id == made["id"]).values(removed=removed))
        return appended.size_bytes[segment.series_id] - before

    def delete_some(self, connection: Connection, series_id: int, *, limit: int) -> bool:
        """Delete some chunks and pages of a series, and its segments when none is left."""
        segment_ids = select(_segment.c.id).where(_segment.c.series_id == series_id)
        left = limit
        for table in (schema.column_chunk, schema.rollup_page):
            columns = list(table.primary_key)
            found = connection.execute(select(*columns).where(table.c.segment_id.in_(segment_ids)).limit(left)).all()
            if found:
                is_row = [column == bindparam(f"at_{column.name}") for column in columns]
                rows = [{f"at_{name}": value for name, value in row._mapping.items()} for row in found]
                connection.execute(delete(table).where(*is_row), rows)
            left -= len(found)
            if left <= 0:
                return False
        connection.execute(delete(_segment).where(_segment.c.series_id == series_id))
        return True

    def check(self, connection: Connection, series_ids: Sequence[int]) -> list[str]:
        """Return segments without some of their chunks, and series with a wrong number of points."""
        series, chunk = schema.series, schema.column_chunk
        is_asked = _segment.c.series_id.in_(series_ids)
        counted = select(chunk.c.segment_id, func.count()).where(
            chunk.c.segment_id.in_(select(_segment.c.id).where(is_asked))
        )
        stored: dict[int, int] = {row[0]: row[1] for row in connection.execute(counted.group_by(chunk.c.segment_id))}
        points: dict[int, int] = {}
        findings = []
        columns = [_segment.c[name] for name in ("id", "series_id", "chunks", "tail", "removed")]
        for row in connection.execute(select(*columns).where(is_asked)):
            if stored.get(row.id, 0) != row.chunks:
                findings.append(f"segment {row.id} has {stored.get(row.id, 0)} chunks, but its row says {row.chunks}")
            stored_points = row.chunks * CHUNK_POINTS + (0 if row.tail is None else len(decode(row.tail)))
            points[row.series_id] = points.get(row.series_id, 0) + stored_points + (row.removed or 0)
        counts = select(series.c.id, series.c.owner_id, series.c.key, series.c.count).where(series.c.id.in_(series_ids))
        for row in connection.execute(counts):
            if points.get(row[0], 0) != row[3]:
                findings.append(wrong_count(row[1], row[2], points.get(row[0], 0), row[3]))
        return findings

    def compact(self, connection: Connection, *, limit: int) -> int:
        """Write the rollups that segments of old databases lack, and return the number of chunks that got rollups."""
        segment_ids = rollup_pages.segments_to_roll_up(connection, limit=limit)
        return sum(rollup_pages.catch_up(connection, segment_id) for segment_id in segment_ids)


def _append(connection: Connection, segment: RowMapping, new: Columns, appended: _Appended) -> None:
    joined = new if segment["tail"] is None else join([decode(segment["tail"]), new])
    kept = len(joined) // CHUNK_POINTS * CHUNK_POINTS
    tail = joined.part(kept, len(joined))
    chunk_count = segment["chunks"] + kept // CHUNK_POINTS
    row = {"at_id": segment["id"], "chunks": chunk_count, "rolled_up": segment["rolled_up"]}
    grown = -len(segment["tail"] or b"")
    if kept:
        full = joined.part(0, kept)
        for number, part in enumerate(cut(full), start=segment["chunks"]):
            data = encode(part, is_deflated=True)
            appended.chunks.append({"segment_id": segment["id"], "number": number, "data": data})
            grown += len(data)
        appended.growths.append(_growth(connection, segment, full))
        row["rolled_up"] = chunk_count
        grown += rollup_bytes(chunk_count) - rollup_bytes(segment["rolled_up"])
    encoded = encode(tail) if len(tail) else None
    appended.segments.append(row | {"tail": encoded})
    appended.size_bytes[segment["series_id"]] = grown + len(encoded or b"")


def _write(connection: Connection, appended: _Appended) -> None:
    connection.execute(_UPDATE, appended.segments)
    if appended.chunks:
        connection.execute(insert(schema.column_chunk), appended.chunks)
        rollup_pages.extend(connection, appended.growths)


def _stored_bytes(connection: Connection, segment: ChunkSegment) -> int:
    chunk = schema.column_chunk
    asked = select(func.sum(func.length(chunk.c.data))).where(chunk.c.segment_id == segment.id)
    return (connection.scalar(asked) or 0) + rollup_bytes(segment.rolled_up) + len(segment.tail or b"")


def _growth(connection: Connection, segment: RowMapping, full: Columns) -> rollup_pages.Growth:
    """Return the rollups of new chunks, and of chunks before them that have none yet."""
    fresh = roll_up(full)
    if segment["rolled_up"] < segment["chunks"]:
        older = rollup_pages.rollups_of_chunks(connection, segment["id"], segment["rolled_up"], segment["chunks"])
        fresh = np.concatenate([older, fresh])
    return rollup_pages.Growth(segment["id"], segment["rolled_up"], fresh)


def _ensure_segments(connection: Connection, series_ids: list[int], journal_id: str) -> dict[int, RowMapping]:
    """Return the journal's segments by series, and create those of `series_ids` that do not exist."""
    known = _segments_by_series(connection, series_ids, journal_id)
    missing = [series_id for series_id in series_ids if series_id not in known]
    if not missing:
        return known
    empty = {"journal_id": journal_id, "chunks": 0, "rolled_up": 0, "tail": None}
    connection.execute(insert(_segment), [empty | {"series_id": series_id} for series_id in missing])
    return known | _segments_by_series(connection, missing, journal_id)


def _segments_by_series(connection: Connection, series_ids: list[int], journal_id: str) -> dict[int, RowMapping]:
    found: dict[int, RowMapping] = {}
    for start in range(0, len(series_ids), AT_ONCE):
        is_asked = _segment.c.series_id.in_(series_ids[start : start + AT_ONCE])
        some = select(_segment).where(_segment.c.journal_id == journal_id, is_asked)
        found |= {row["series_id"]: row for row in connection.execute(some).mappings()}
    return found
