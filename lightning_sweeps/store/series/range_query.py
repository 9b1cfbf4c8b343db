"""From segments to marks: down the levels of spans, opening only what is wider than a bucket or crosses a border."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select

from lightning_sweeps.store import schema
from lightning_sweeps.store.series import downsampling
from lightning_sweeps.store.series.axes import Place
from lightning_sweeps.store.series.chunks import Columns, Integers, decode, join
from lightning_sweeps.store.series.downsampling import Marks
from lightning_sweeps.store.series.rollups import (
    FANOUT,
    PAGE_SPANS,
    SPAN,
    SPAN_POINTS,
    SPANS_PER_CHUNK,
    Spans,
    lengths,
    size,
)

TOLERANCE = 2.0
"""A span that is wider than this many buckets is opened: what is drawn is no more than a pixel out of place."""
MOST_AT_ONCE_DOWN = 3
"""Levels that one step down passes at most: 64 spans, one page, lie so far below a span."""
AT_ONCE = 500
"""Segments that one statement asks for: databases limit the values of a statement."""

MOST_NUMBERS = 5000
"""More rows than this are not named one by one: the segment is read whole."""

_page = schema.rollup_page
_chunk = schema.column_chunk


@dataclass(frozen=True, slots=True)
class Segment:
    """One journal's part of a series, as its row tells it."""

    id: int
    series_id: int
    journal_id: str
    chunks: int
    rolled_up: int
    tail: bytes | None
    cut: int | None = None
    """A later attempt went on from this step: rows of this one from it on are an abandoned branch."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is to be seen of a segment.

    Attributes:
        low, high: the part of the axis to be seen; infinite where there is no border.
        bucket: how wide a bucket is.
        level: where to begin; None: at the top, for a part that has borders.
        cut: rows from this step on are left out; None: none are.
    """

    segment: Segment
    place: Place
    low: float
    high: float
    bucket: float
    level: int | None
    cut: int | None = None
    marks: list[Marks] = field(default_factory=list)

    @property
    def start(self) -> int:
        """The level to begin with, of those that the segment has."""
        top = len(lengths(self.segment.rolled_up))
        return top if self.level is None else min(self.level, top)

    def sort(self, spans: Spans) -> tuple[npt.NDArray[np.intp], int]:
        """Take the spans that can be drawn as they are; return which ones must be opened, by how many levels."""
        low, high = self.place.of_spans(spans)
        is_seen = (high >= self.low) & (low <= self.high)
        is_whole = (high - low <= TOLERANCE * self.bucket) & (low >= self.low) & (high <= self.high)
        if self.cut is not None:
            is_seen &= spans["low_step"] < self.cut
            is_whole &= spans["high_step"] < self.cut
        drawn = is_seen & is_whole
        if drawn.all():
            self.marks.append(downsampling.of_spans(spans, low + (high - low) / 2))
            return np.empty(0, np.intp), 0
        if drawn.any():
            self.marks.append(downsampling.of_spans(spans[drawn], (low + (high - low) / 2)[drawn]))
        opened = np.flatnonzero(is_seen & ~is_whole)
        widest = float((high - low)[opened].max()) if len(opened) else 0.0
        down = 1
        while down < MOST_AT_ONCE_DOWN and self.bucket * FANOUT ** (down + 1) < widest:
            down += 1
        return opened, down

    def take(self, points: Columns) -> None:
        """Take the points that lie in view."""
        x = self.place.of_points(points)
        is_seen = (x >= self.low) & (x <= self.high)
        if self.cut is not None:
            is_seen &= points.step < self.cut
        marks = downsampling.of_points(points, x)
        if not is_seen.all():
            marks = marks.chosen(is_seen)
        if len(marks.x):
            self.marks.append(marks)


def level_for(points_per_bucket: float) -> int:
    """Return the highest level whose spans stand for hardly more points than a bucket."""
    level = 0
    while size(level + 1) <= 1.25 * points_per_bucket:
        level += 1
    return level


def descend(connection: Connection, views: Sequence[View]) -> None:
    """Give every view its marks. The views' segments are different ones."""
    wanted: defaultdict[int, dict[int, Integers | None]] = defaultdict(dict)
    by_id = {view.segment.id: view for view in views}
    for view in views:
        wanted[view.start][view.segment.id] = None
    for level in range(max(wanted, default=0), 0, -1):
        for segment_id, indexes, spans in _load_spans(connection, level, wanted[level]):
            view = by_id[segment_id]
            opened, down = view.sort(spans)
            if len(opened):
                below = max(level - down, 1) if level > 1 else 0
                wanted[below][segment_id] = _below(level, indexes[opened], below, view.segment)
    _open_chunks(connection, by_id, wanted[0])
    for view in views:
        if view.segment.tail is not None:
            view.take(decode(view.segment.tail))


def read_whole(connection: Connection, segment: Segment) -> Iterator[Columns]:
    """Yield all points of a segment, in order."""
    for _, _, data in _stored_chunks(connection, [segment.id], None):
        yield decode(data)
    if segment.tail is not None:
        yield decode(segment.tail)


def _below(level: int, opened: Integers, target: int, segment: Segment) -> Integers:
    """Return the indexes of the spans of `target` below those of `level`; 0: the points below spans of level 1."""
    if target == 0:
        return opened
    each = FANOUT ** (level - target)
    below: Integers = (opened[:, None] * each + np.arange(each)).ravel()
    return below[below < lengths(segment.rolled_up)[target - 1]]


def _load_spans(
    connection: Connection, level: int, wanted: dict[int, Integers | None]
) -> Iterator[tuple[int, Integers, Spans]]:
    """Yield, per segment, the wanted spans of a level and their indexes; None stands for all of them."""
    whole = [segment_id for segment_id, indexes in wanted.items() if indexes is None]
    for segment_id, rows in _by_segment(_stored_pages(connection, level, whole, None)):
        spans = np.frombuffer(b"".join(row[2] for row in rows), SPAN)
        yield segment_id, np.arange(len(spans)), spans
    some = {segment_id: indexes for segment_id, indexes in wanted.items() if indexes is not None}
    for segment_id, rows in _by_segment(_stored_pages(connection, level, list(some), _numbers(some, PAGE_SPANS))):
        spans = np.frombuffer(b"".join(row[2] for row in rows), SPAN)
        there = np.concatenate([row[1] * PAGE_SPANS + np.arange(len(row[2]) // SPAN.itemsize) for row in rows])
        chosen = np.isin(there, some[segment_id], assume_unique=True)
        yield segment_id, there[chosen], spans[chosen]


def _open_chunks(connection: Connection, views: dict[int, View], wanted: dict[int, Integers | None]) -> None:
    """Take the points of spans of level 1, and of chunks that have no pages."""
    whole = [segment_id for segment_id, indexes in wanted.items() if indexes is None]
    for segment_id, rows in _by_segment(_stored_chunks(connection, whole, None)):
        views[segment_id].take(join(decode(row[2]) for row in rows))
    some: dict[int, Integers] = {}
    for segment_id, view in views.items():
        indexes = wanted.get(segment_id, np.empty(0, np.int64))
        not_rolled_up = np.arange(view.segment.rolled_up * SPANS_PER_CHUNK, view.segment.chunks * SPANS_PER_CHUNK)
        if indexes is not None and len(indexes) + len(not_rolled_up):
            some[segment_id] = np.concatenate([indexes, not_rolled_up])
    for segment_id, rows in _by_segment(_stored_chunks(connection, list(some), _numbers(some, SPANS_PER_CHUNK))):
        parts = [_opened(decode(data), some[segment_id] - number * SPANS_PER_CHUNK) for _, number, data in rows]
        views[segment_id].take(join(parts))


def _opened(chunk: Columns, spans: Integers) -> Columns:
    """Return the points below some spans, counted from the chunk's first one; those of other chunks are left out."""
    within = spans[(spans >= 0) & (spans < SPANS_PER_CHUNK)]
    if len(within) == SPANS_PER_CHUNK:
        return chunk
    return chunk.chosen((within[:, None] * SPAN_POINTS + np.arange(SPAN_POINTS)).ravel())


def _numbers(wanted: dict[int, Integers], each: int) -> list[int]:
    """Return the numbers of the rows that hold `each` of the wanted things, of all segments together."""
    if not wanted:
        return []
    return [int(number) for number in np.unique(np.concatenate(list(wanted.values())) // each)]


def _stored_pages(
    connection: Connection, level: int, segment_ids: list[int], numbers: list[int] | None
) -> Iterator[tuple[int, int, bytes]]:
    for start in range(0, len(segment_ids), AT_ONCE):
        some = _page.c.segment_id.in_(segment_ids[start : start + AT_ONCE])
        stored = select(_page.c.segment_id, _page.c.number, _page.c.data).where(some, _page.c.level == level)
        if numbers is not None and len(numbers) <= MOST_NUMBERS:
            stored = stored.where(_page.c.number.in_(numbers))
        for row in connection.execute(stored.order_by(_page.c.segment_id, _page.c.number)).all():
            yield row[0], row[1], row[2]


def _stored_chunks(
    connection: Connection, segment_ids: list[int], numbers: Sequence[int] | None
) -> Iterator[tuple[int, int, bytes]]:
    for start in range(0, len(segment_ids), AT_ONCE):
        some = _chunk.c.segment_id.in_(segment_ids[start : start + AT_ONCE])
        stored = select(_chunk.c.segment_id, _chunk.c.number, _chunk.c.data).where(some)
        if numbers is not None and len(numbers) <= MOST_NUMBERS:
            stored = stored.where(_chunk.c.number.in_(numbers))
        for row in connection.execute(stored.order_by(_chunk.c.segment_id, _chunk.c.number)):
            yield row[0], row[1], row[2]


def _by_segment(rows: Iterable[tuple[int, int, bytes]]) -> Iterator[tuple[int, list[tuple[int, int, bytes]]]]:
    for segment_id, group in groupby(rows, key=itemgetter(0)):
        yield segment_id, list(group)
