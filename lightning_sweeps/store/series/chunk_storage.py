"""Stores series in the database: as chunks of columns, below levels of rollups.

A segment's full chunks are rows of `column_chunk`, and the points after them are the segment's `tail`. Rollups of the
full chunks are rows of `rollup_page`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, select, update

from lightning_sweeps.store import schema
from lightning_sweeps.store.series import rollup_pages
from lightning_sweeps.store.series.chunks import CHUNK_POINTS, Columns, cut, decode, encode, join
from lightning_sweeps.store.series.range_query import ChunkSegment, load_marks, stored_chunks
from lightning_sweeps.store.series.rollups import roll_up
from lightning_sweeps.store.series.segment_view import SegmentView
from lightning_sweeps.store.series.storage import (
    AT_ONCE,
    JOURNAL_ORDER,
    RESUMED_AT,
    Segment,
    SeriesStorage,
    wrong_count,
)

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
    """Rows to write for one `append`."""

    segments: list[dict[str, Any]]
    chunks: list[dict[str, Any]]
    growths: list[rollup_pages.Growth]


class ChunkStorage(SeriesStorage):
    """Stores series as chunks of columns in the database, with rollups for charts."""

    def append(self, connection: Connection, journal_id: str, points: Mapping[int, Columns]) -> None:
        """Append points of one journal: to the tails, and as new chunks when tails become long enough."""
        segments = _ensure_segments(connection, list(points), journal_id)
        appended = _Appended([], [], [])
        for series_id, new in points.items():
            _append(connection, segments[series_id], new, appended)
        connection.execute(_UPDATE, appended.segments)
        if appended.chunks:
            connection.execute(insert(schema.column_chunk), appended.chunks)
            rollup_pages.extend(connection, appended.growths)

    def segments(self, connection: Connection, series_ids: Sequence[int]) -> list[Segment]:
        """Return the segments of some series, in the order of their journals."""
        found: list[Segment] = []
        for start in range(0, len(series_ids), AT_ONCE):
            some = _segment.c.series_id.in_(series_ids[start : start + AT_ONCE])
            found += [ChunkSegment(*row) for row in connection.execute(_SEGMENTS.where(some))]
        return found

    def read(self, connection: Connection, segment: Segment) -> Iterator[Columns]:
        """Yield the points of a segment, chunk by chunk."""
        assert isinstance(segment, ChunkSegment)  # noqa: S101  made by `segments`
        for _, _, data in stored_chunks(connection, [segment.id], None):
            yield decode(data)
        if segment.tail is not None:
            yield decode(segment.tail)

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

    def check(self, connection: Connection) -> list[str]:
        """Return segments without some of their chunks, and series with a wrong number of points."""
        series, chunk = schema.series, schema.column_chunk
        counted = select(chunk.c.segment_id, func.count()).group_by(chunk.c.segment_id)
        stored: dict[int, int] = {row[0]: row[1] for row in connection.execute(counted)}
        points: dict[int, int] = {}
        findings = []
        for row in connection.execute(select(_segment.c.id, _segment.c.series_id, _segment.c.chunks, _segment.c.tail)):
            if stored.get(row.id, 0) != row.chunks:
                findings.append(f"segment {row.id} has {stored.get(row.id, 0)} chunks, but its row says {row.chunks}")
            tail = 0 if row.tail is None else len(decode(row.tail))
            points[row.series_id] = points.get(row.series_id, 0) + row.chunks * CHUNK_POINTS + tail
        for row in connection.execute(select(series.c.id, series.c.owner_id, series.c.key, series.c.count)):
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
    if kept:
        full = joined.part(0, kept)
        for number, part in enumerate(cut(full), start=segment["chunks"]):
            data = encode(part, is_deflated=True)
            appended.chunks.append({"segment_id": segment["id"], "number": number, "data": data})
        appended.growths.append(_growth(connection, segment, full))
        row["rolled_up"] = chunk_count
    appended.segments.append(row | {"tail": encode(tail) if len(tail) else None})


def _growth(connection: Connection, segment: RowMapping, full: Columns) -> rollup_pages.Growth:
    """Return the rollups of new chunks, and of chunks before them that have none yet."""
    fresh = roll_up(full)
    if segment["rolled_up"] < segment["chunks"]:
        older = rollup_pages.rollups_of_chunks(connection, segment["id"], segment["rolled_up"], segment["chunks"])
        fresh = np.concatenate([older, fresh])
    return rollup_pages.Growth(segment["id"], segment["rolled_up"], fresh)


def _ensure_segments(connection: Connection, series_ids: list[int], journal_id: str) -> dict[int, RowMapping]:
    """Return the journal's segments by series, and create those of `series_ids` that do not exist."""
    of_journal = select(_segment).where(_segment.c.journal_id == journal_id)
    known = {row["series_id"]: row for row in connection.execute(of_journal).mappings()}
    missing = [series_id for series_id in series_ids if series_id not in known]
    if not missing:
        return known
    empty = {"journal_id": journal_id, "chunks": 0, "rolled_up": 0, "tail": None}
    connection.execute(insert(_segment), [empty | {"series_id": series_id} for series_id in missing])
    return {row["series_id"]: row for row in connection.execute(of_journal).mappings()}
