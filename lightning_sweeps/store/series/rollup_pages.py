"""The pages of spans above the chunks: written as chunks become full, made up for where a segment lacks them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select, update

from lightning_sweeps.store import schema
from lightning_sweeps.store.database import insert
from lightning_sweeps.store.series.chunks import decode
from lightning_sweeps.store.series.rollups import SPAN, SPANS_PER_CHUNK, Page, Spans, grow, of_points, open_pages

_page = schema.rollup_page
_segment = schema.segment
_chunk = schema.column_chunk

AT_ONCE = 64
"""Chunks that are read together when pages are made up for."""


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """Chunks that have become full: the level 1 above them, for a segment whose pages stand for `rolled_up` chunks."""

    segment_id: int
    rolled_up: int
    fresh: Spans


def extend(connection: Connection, growths: list[Growth]) -> None:
    """Write the pages above new chunks; each segment's `rolled_up` is written by the caller."""
    tails = _tails(connection, growths)
    rows = [
        {"segment_id": growth.segment_id, "level": page.level, "number": page.number, "data": page.spans.tobytes()}
        for growth in growths
        for page in grow(tails[growth.segment_id], chunks=growth.rolled_up, fresh=growth.fresh)
    ]
    if rows:
        statement = insert(connection, _page)
        changed = {"data": statement.excluded.data}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["segment_id", "level", "number"], set_=changed), rows
        )


def catch_up(connection: Connection, segment_id: int) -> int:
    """Make the pages that a segment lacks and return for how many chunks; the caller holds the owner's lock."""
    row = connection.execute(select(_segment.c.chunks, _segment.c.rolled_up).where(_segment.c.id == segment_id)).one()
    for rolled_up in range(row.rolled_up, row.chunks, AT_ONCE):
        end = min(rolled_up + AT_ONCE, row.chunks)
        extend(connection, [Growth(segment_id, rolled_up, above_chunks(connection, segment_id, rolled_up, end))])
        connection.execute(update(_segment).where(_segment.c.id == segment_id).values(rolled_up=end))
    return int(row.chunks - row.rolled_up)


def lacking(connection: Connection, *, limit: int) -> list[int]:
    """Return the ids of some segments that lack pages: those of databases from before there were pages."""
    return list(connection.scalars(select(_segment.c.id).where(_segment.c.rolled_up < _segment.c.chunks).limit(limit)))


def above_chunks(connection: Connection, segment_id: int, start: int, end: int) -> Spans:
    """Return the level 1 above the stored chunks `start` to `end` of a segment."""
    stored = select(_chunk.c.data).where(_chunk.c.segment_id == segment_id, _chunk.c.number.between(start, end - 1))
    parts = [of_points(decode(data)) for data in connection.scalars(stored.order_by(_chunk.c.number))]
    found: Spans = np.concatenate(parts)
    assert len(found) == (end - start) * SPANS_PER_CHUNK  # noqa: S101  full chunks have no gaps
    return found


def _tails(connection: Connection, growths: list[Growth]) -> dict[int, dict[int, Page]]:
    """Return per segment and level the last page, where it is not full."""
    wanted: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for growth in growths:
        for place in open_pages(growth.rolled_up).items():
            wanted[place].append(growth.segment_id)
    found: dict[int, dict[int, Page]] = {growth.segment_id: {} for growth in growths}
    for (level, number), segment_ids in wanted.items():
        stored = select(_page.c.segment_id, _page.c.data).where(
            _page.c.segment_id.in_(segment_ids), _page.c.level == level, _page.c.number == number
        )
        for segment_id, data in connection.execute(stored):
            found[segment_id][level] = Page(level, number, np.frombuffer(data, SPAN))
    return found
