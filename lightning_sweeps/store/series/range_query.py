"""Reads what charts show from chunks and rollups: opens only rollups that are wider than a bucket or cross a limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import cast

import numpy as np
from sqlalchemy import Connection, select

from lightning_sweeps.store import schema
from lightning_sweeps.store.series.chunks import Columns, Integers, decode, join
from lightning_sweeps.store.series.rollups import (
    FANOUT,
    PAGE_ROLLUPS,
    ROLLUP,
    ROLLUP_POINTS,
    ROLLUPS_PER_CHUNK,
    Rollups,
    level_lengths,
)
from lightning_sweeps.store.series.segment_view import SegmentView
from lightning_sweeps.store.series.storage import Segment

AT_ONCE = 500
"""Number of segments in one SQL statement: databases limit the values of a statement."""
MAX_NUMBERS = 5000
"""If more rows are wanted, they are not selected by number: the whole segment is read."""

_page = schema.rollup_page
_chunk = schema.column_chunk


@dataclass(frozen=True, slots=True)
class ChunkSegment(Segment):
    """A segment that is stored as chunks.

    Attributes:
        id: the segment's id, in the table `segment`.
        chunks: number of full chunks.
        rolled_up: number of full chunks that have rollups.
        tail: encoded points after the last full chunk.
    """

    id: int
    chunks: int
    rolled_up: int
    tail: bytes | None


def load_marks(connection: Connection, views: Sequence[SegmentView]) -> None:
    """Add to every view what it shows. The views have different segments."""
    by_id = {_segment_of(view).id: view for view in views}
    wanted: defaultdict[int, dict[int, Integers | None]] = defaultdict(dict)
    for segment_id, view in by_id.items():
        wanted[_first_level(view)][segment_id] = None
    for level in range(max(wanted, default=0), 0, -1):
        for segment_id, indexes, rollups in _load_rollups(connection, level, wanted[level]):
            view = by_id[segment_id]
            coarse, down = view.add_rollups(rollups)
            if len(coarse):
                below = max(level - down, 1) if level > 1 else 0
                wanted[below][segment_id] = _below(level, indexes[coarse], below, _segment_of(view))
    _load_points(connection, by_id, wanted[0])
    for view in views:
        tail = _segment_of(view).tail
        if tail is not None:
            view.add_points(decode(tail))


def stored_chunks(
    connection: Connection, segment_ids: list[int], numbers: Sequence[int] | None
) -> Iterator[tuple[int, int, bytes]]:
    """Yield segment id, number and data of chunks, in order; `numbers`: only these, None: all."""
    for start in range(0, len(segment_ids), AT_ONCE):
        some = _chunk.c.segment_id.in_(segment_ids[start : start + AT_ONCE])
        stored = select(_chunk.c.segment_id, _chunk.c.number, _chunk.c.data).where(some)
        if numbers is not None and len(numbers) <= MAX_NUMBERS:
            stored = stored.where(_chunk.c.number.in_(numbers))
        for row in connection.execute(stored.order_by(_chunk.c.segment_id, _chunk.c.number)):
            yield row[0], row[1], row[2]


def _segment_of(view: SegmentView) -> ChunkSegment:
    return cast("ChunkSegment", view.segment)


def _first_level(view: SegmentView) -> int:
    """Return the level to begin with, among those that the segment has."""
    top = len(level_lengths(_segment_of(view).rolled_up))
    return top if view.level is None else min(view.level, top)


def _below(level: int, opened: Integers, target: int, segment: ChunkSegment) -> Integers:
    """Return the indexes of the rollups of level `target` that lie below rollups of `level`.

    For level 0 these are the rollups of level 1 themselves, whose points are read.
    """
    if target == 0:
        return opened
    each = FANOUT ** (level - target)
    below: Integers = (opened[:, None] * each + np.arange(each)).ravel()
    return below[below < level_lengths(segment.rolled_up)[target - 1]]


def _load_rollups(
    connection: Connection, level: int, wanted: dict[int, Integers | None]
) -> Iterator[tuple[int, Integers, Rollups]]:
    """Yield, per segment, the wanted rollups of a level and their indexes; None: all of them."""
    whole = [segment_id for segment_id, indexes in wanted.items() if indexes is None]
    for segment_id, rows in _by_segment(_stored_pages(connection, level, whole, None)):
        rollups = np.frombuffer(b"".join(row[2] for row in rows), ROLLUP)
        yield segment_id, np.arange(len(rollups)), rollups
    some = {segment_id: indexes for segment_id, indexes in wanted.items() if indexes is not None}
    for segment_id, rows in _by_segment(_stored_pages(connection, level, list(some), _numbers(some, PAGE_ROLLUPS))):
        rollups = np.frombuffer(b"".join(row[2] for row in rows), ROLLUP)
        there = np.concatenate([row[1] * PAGE_ROLLUPS + np.arange(len(row[2]) // ROLLUP.itemsize) for row in rows])
        chosen = np.isin(there, some[segment_id], assume_unique=True)
        yield segment_id, there[chosen], rollups[chosen]


def _load_points(connection: Connection, views: dict[int, SegmentView], wanted: dict[int, Integers | None]) -> None:
    """Add the points of rollups of level 1, and of chunks without rollups."""
    whole = [segment_id for segment_id, indexes in wanted.items() if indexes is None]
    for segment_id, rows in _by_segment(stored_chunks(connection, whole, None)):
        views[segment_id].add_points(join(decode(row[2]) for row in rows))
    some: dict[int, Integers] = {}
    for segment_id, view in views.items():
        indexes = wanted.get(segment_id, np.empty(0, np.int64))
        segment = _segment_of(view)
        without = np.arange(segment.rolled_up * ROLLUPS_PER_CHUNK, segment.chunks * ROLLUPS_PER_CHUNK)
        if indexes is not None and len(indexes) + len(without):
            some[segment_id] = np.concatenate([indexes, without])
    for segment_id, rows in _by_segment(stored_chunks(connection, list(some), _numbers(some, ROLLUPS_PER_CHUNK))):
        parts = [_points_of(decode(data), some[segment_id] - number * ROLLUPS_PER_CHUNK) for _, number, data in rows]
        views[segment_id].add_points(join(parts))


def _points_of(chunk: Columns, rollups: Integers) -> Columns:
    """Return the points of some rollups of level 1, counted from the chunk's first one; others are left out."""
    within = rollups[(rollups >= 0) & (rollups < ROLLUPS_PER_CHUNK)]
    if len(within) == ROLLUPS_PER_CHUNK:
        return chunk
    return chunk.chosen((within[:, None] * ROLLUP_POINTS + np.arange(ROLLUP_POINTS)).ravel())


def _numbers(wanted: dict[int, Integers], each: int) -> list[int]:
    """Return the numbers of the rows that contain the wanted indexes (`each` per row), of all segments together."""
    if not wanted:
        return []
    return [int(number) for number in np.unique(np.concatenate(list(wanted.values())) // each)]


def _stored_pages(
    connection: Connection, level: int, segment_ids: list[int], numbers: list[int] | None
) -> Iterator[tuple[int, int, bytes]]:
    for start in range(0, len(segment_ids), AT_ONCE):
        some = _page.c.segment_id.in_(segment_ids[start : start + AT_ONCE])
        stored = select(_page.c.segment_id, _page.c.number, _page.c.data).where(some, _page.c.level == level)
        if numbers is not None and len(numbers) <= MAX_NUMBERS:
            stored = stored.where(_page.c.number.in_(numbers))
        for row in connection.execute(stored.order_by(_page.c.segment_id, _page.c.number)).all():
            yield row[0], row[1], row[2]


def _by_segment(rows: Iterable[tuple[int, int, bytes]]) -> Iterator[tuple[int, list[tuple[int, int, bytes]]]]:
    for segment_id, group in groupby(rows, key=itemgetter(0)):
        yield segment_id, list(group)
