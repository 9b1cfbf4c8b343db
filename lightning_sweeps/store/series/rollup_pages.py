"""Writes pages of rollups: as chunks become full, and later for segments that lack them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select, update

from lightning_sweeps.store import schema
from lightning_sweeps.store.database import insert
from lightning_sweeps.store.series.chunks import decode
from lightning_sweeps.store.series.rollups import (
    ROLLUP,
    ROLLUPS_PER_CHUNK,
    RollupPage,
    Rollups,
    grow,
    open_pages,
    roll_up,
)

_page = schema.rollup_page
_segment = schema.segment
_chunk = schema.column_chunk

AT_ONCE = 64
"""Number of chunks that are read together when missing pages are written."""


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """New full chunks of a segment.

    Attributes:
        segment_id: the segment.
        rolled_up: number of full chunks before them.
        fresh: their rollups of level 1.
    """

    segment_id: int
    rolled_up: int
    fresh: Rollups


def extend(connection: Connection, growths: list[Growth]) -> None:
    """Write the pages above new chunks. The caller updates the segments' `rolled_up`."""
    tails = _tails(connection, growths)
    rows = [
        {"segment_id": growth.segment_id, "level": page.level, "number": page.number, "data": page.rollups.tobytes()}
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
    """Write the pages that a segment lacks; return how many chunks they cover. The caller holds the owner's lock."""
    row = connection.execute(select(_segment.c.chunks, _segment.c.rolled_up).where(_segment.c.id == segment_id)).one()
    for rolled_up in range(row.rolled_up, row.chunks, AT_ONCE):
        end = min(rolled_up + AT_ONCE, row.chunks)
        extend(connection, [Growth(segment_id, rolled_up, rollups_of_chunks(connection, segment_id, rolled_up, end))])
        connection.execute(update(_segment).where(_segment.c.id == segment_id).values(rolled_up=end))
    return int(row.chunks - row.rolled_up)


def segments_to_roll_up(connection: Connection, *, limit: int) -> list[int]:
    """Return the ids of some segments whose chunks lack rollups: databases that are older than rollups have them."""
    return list(connection.scalars(select(_segment.c.id).where(_segment.c.rolled_up < _segment.c.chunks).limit(limit)))


def rollups_of_chunks(connection: Connection, segment_id: int, start: int, end: int) -> Rollups:
    """Return the rollups of level 1 of the stored chunks from `start` to before `end` of a segment."""
    stored = select(_chunk.c.data).where(_chunk.c.segment_id == segment_id, _chunk.c.number.between(start, end - 1))
    parts = [roll_up(decode(data)) for data in connection.scalars(stored.order_by(_chunk.c.number))]
    found: Rollups = np.concatenate(parts)
    assert len(found) == (end - start) * ROLLUPS_PER_CHUNK  # noqa: S101  full chunks have no gaps
    return found


def _tails(connection: Connection, growths: list[Growth]) -> dict[int, dict[int, RollupPage]]:
    """Return, by segment and level, the last page if it is not full."""
    wanted: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for growth in growths:
        for page in open_pages(growth.rolled_up).items():
            wanted[page].append(growth.segment_id)
    found: dict[int, dict[int, RollupPage]] = {growth.segment_id: {} for growth in growths}
    for (level, number), segment_ids in wanted.items():
        stored = select(_page.c.segment_id, _page.c.data).where(
            _page.c.segment_id.in_(segment_ids), _page.c.level == level, _page.c.number == number
        )
        for segment_id, data in connection.execute(stored):
            found[segment_id][level] = RollupPage(level, number, np.frombuffer(data, ROLLUP))
    return found
