"""The pages of spans above the chunks: written as chunks become full, made up for where a strand lacks them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select, update

from lightning_sweeps.store import schema
from lightning_sweeps.store.database import insert
from lightning_sweeps.store.series.chunks import decode
from lightning_sweeps.store.series.rollups import SPAN, SPANS_PER_CHUNK, Page, Spans, grow, of_points, open_pages

_page = schema.page
_strand = schema.strand
_chunk = schema.column_chunk

AT_ONCE = 64
"""Chunks that are read together when pages are made up for."""


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """Chunks that have become full: the level 1 above them, for a strand whose pages stand for `paged` chunks."""

    strand_id: int
    paged: int
    fresh: Spans


def extend(connection: Connection, growths: list[Growth]) -> None:
    """Write the pages above new chunks; each strand's `paged` is written by the caller."""
    tails = _tails(connection, growths)
    rows = [
        {"strand_id": growth.strand_id, "level": page.level, "number": page.number, "data": page.spans.tobytes()}
        for growth in growths
        for page in grow(tails[growth.strand_id], chunks=growth.paged, fresh=growth.fresh)
    ]
    if rows:
        statement = insert(connection, _page)
        changed = {"data": statement.excluded.data}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["strand_id", "level", "number"], set_=changed), rows
        )


def catch_up(connection: Connection, strand_id: int) -> int:
    """Make the pages that a strand lacks and return for how many chunks; the caller holds the owner's lock."""
    row = connection.execute(select(_strand.c.chunks, _strand.c.paged).where(_strand.c.id == strand_id)).one()
    for paged in range(row.paged, row.chunks, AT_ONCE):
        end = min(paged + AT_ONCE, row.chunks)
        extend(connection, [Growth(strand_id, paged, above_chunks(connection, strand_id, paged, end))])
        connection.execute(update(_strand).where(_strand.c.id == strand_id).values(paged=end))
    return int(row.chunks - row.paged)


def lacking(connection: Connection, *, limit: int) -> list[int]:
    """Return the ids of some strands that lack pages: those of databases from before there were pages."""
    return list(connection.scalars(select(_strand.c.id).where(_strand.c.paged < _strand.c.chunks).limit(limit)))


def above_chunks(connection: Connection, strand_id: int, start: int, end: int) -> Spans:
    """Return the level 1 above the stored chunks `start` to `end` of a strand."""
    stored = select(_chunk.c.data).where(_chunk.c.strand_id == strand_id, _chunk.c.number.between(start, end - 1))
    parts = [of_points(decode(data)) for data in connection.scalars(stored.order_by(_chunk.c.number))]
    found: Spans = np.concatenate(parts)
    assert len(found) == (end - start) * SPANS_PER_CHUNK  # noqa: S101  full chunks have no gaps
    return found


def _tails(connection: Connection, growths: list[Growth]) -> dict[int, dict[int, Page]]:
    """Return per strand and level the last page, where it is not full."""
    wanted: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for growth in growths:
        for place in open_pages(growth.paged).items():
            wanted[place].append(growth.strand_id)
    found: dict[int, dict[int, Page]] = {growth.strand_id: {} for growth in growths}
    for (level, number), strand_ids in wanted.items():
        stored = select(_page.c.strand_id, _page.c.data).where(
            _page.c.strand_id.in_(strand_ids), _page.c.level == level, _page.c.number == number
        )
        for strand_id, data in connection.execute(stored):
            found[strand_id][level] = Page(level, number, np.frombuffer(data, SPAN))
    return found
