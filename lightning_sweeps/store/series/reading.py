"""Series are read: as wide as a chart is, many at once, or point by point."""

from __future__ import annotations

import math
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, func, select, tuple_

from lightning_sweeps.messages import Bucket, HeldLine, LinesQuery, Point, Series, SeriesAnswer, SeriesQuery
from lightning_sweeps.store import schema
from lightning_sweeps.store.column_values import number
from lightning_sweeps.store.series import downsampling
from lightning_sweeps.store.series.axes import Axis, KeyPlace, Place, StepPlace, TimePlace, parse_axis
from lightning_sweeps.store.series.chart_lines import group_line, line, nullable
from lightning_sweeps.store.series.chunks import MICROSECONDS, Columns, Floats
from lightning_sweeps.store.series.downsampling import Drawn, Marks
from lightning_sweeps.store.series.owners import KINDS, no_key, owner_kind, run_of
from lightning_sweeps.store.series.range_query import Segment, View, descend, level_for, read_whole
from lightning_sweeps.store.series.rollups import Spans

AT_ONCE = 400
"""Pairs of owner and key, or ids, that one statement asks for."""
FINEST_AXIS_POINTS = 65_536
"""A series that serves as an axis is read point by point up to this length, in spans beyond it."""

_series = schema.series
_segment = schema.segment

Pair = tuple[str, str]
NOWHERE: Mapping[Pair, float] = {}
_NAMES = ("id", "owner_id", "key", "first_step", "last_step", "first_time", "last_time", "minimum", "maximum")
_ASKED = select(*(_series.c[name] for name in _NAMES), _series.c.count.label("points"))


@dataclass(frozen=True, slots=True)
class Found:
    """A stored series and how far it reaches on the axis; NaN where it has no place there."""

    row: Row[Any]
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """How many points a series has, how far they reach on the axis, and the marks of those in view, in parts.

    `branch` is another one as soon as other journals have a part in the series, or other rows of them are abandoned.
    """

    count: int
    reach: float
    branch: int
    marks: list[Marks]

    @property
    def points(self) -> int:
        """How many points are in view."""
        return sum(int(some.count.sum()) for some in self.marks)


NOTHING = Seen(0, math.nan, 0, [])


@dataclass(frozen=True, slots=True, eq=False)
class DrawnLine:
    """A series as it was seen, and its buckets; `is_tail`: only those behind what the asker holds."""

    seen: Seen
    drawn: Drawn
    is_tail: bool


def read_buckets(
    connection: Connection,
    owner_id: str,
    key: str,
    *,
    width: int,
    x: str = "step",
    low: float | None = None,
    high: float | None = None,
    with_abandoned: bool = False,
) -> Series:
    """Return a series, or its part between `low` and `high`, in at most `width` buckets.

    Args:
        with_abandoned: True: also rows that an attempt logged after the checkpoint from which a later one went on.

    Raises:
        NotFound: there is no such owner or key.
        UsageError: `x` names no axis.
    """
    pair = (owner_id, key)
    reader = _Reader(connection, parse_axis(x), low=low, high=high, width=width, with_abandoned=with_abandoned)
    seen = reader.read([pair])
    if pair not in seen:
        raise no_key(owner_kind(connection, owner_id), owner_id, key)
    (drawn,) = downsampling.draw_all([seen[pair].marks], width=width, low=low, high=high)
    return Series(owner_id, key, seen[pair].count, _buckets(drawn))


def query(connection: Connection, wanted: SeriesQuery) -> SeriesAnswer:
    """Return many series at once; one that does not exist has no buckets.

    Raises:
        UsageError: `x` names no axis.
    """
    low, high, width = wanted.low, wanted.high, wanted.points
    pairs = list(dict.fromkeys((asked.owner, asked.key) for asked in wanted.lines))
    with_abandoned = wanted.with_abandoned
    axis = parse_axis(wanted.x)
    seen = _Reader(connection, axis, low=low, high=high, width=width, with_abandoned=with_abandoned).read(pairs)
    single = [asked for asked in wanted.lines if not asked.group]
    found = [seen.get((asked.owner, asked.key), NOTHING) for asked in single]
    drawn = downsampling.draw_all([one.marks for one in found], width=width, low=low, high=high)
    lines = [line(asked.owner, asked.key, found[at].count, drawn[at]) for at, asked in enumerate(single)]
    grouped: defaultdict[str, list[Pair]] = defaultdict(list)
    for asked in wanted.lines:
        if asked.group:
            grouped[asked.group].append((asked.owner, asked.key))
    groups = []
    for name, members in grouped.items():
        marks = [downsampling.together(seen[pair].marks) for pair in members if pair in seen]
        groups.append(group_line(name, marks, low=low, high=high, width=width))
    return SeriesAnswer(lines, groups)


def draw_lines(connection: Connection, wanted: LinesQuery) -> list[DrawnLine]:
    """Return each wanted line; of those to which points were only added behind what the asker holds, that end.

    Raises:
        UsageError: `x` names no axis.
    """
    low, high, width = wanted.low, wanted.high, wanted.points
    reader = _Reader(connection, parse_axis(wanted.x), low=low, high=high, width=width)
    is_whole_axis = low is None and high is None
    held = {(line.owner, line.key): line for line in wanted.lines if line.held and is_whole_axis}
    ends = reader.read(list(held), {pair: line.after for pair, line in held.items()})
    tails = {pair: end for pair, end in ends.items() if _goes_on(held[pair], end)}
    pairs = [(line.owner, line.key) for line in wanted.lines]
    seen = tails | reader.read([pair for pair in dict.fromkeys(pairs) if pair not in tails])
    found = [seen.get(pair, NOTHING) for pair in pairs]
    drawn = downsampling.draw_all([one.marks for one in found], width=width, low=low, high=high)
    return [DrawnLine(one, drawn[at], pairs[at] in tails) for at, one in enumerate(found)]


def _goes_on(held: HeldLine, end: Seen) -> bool:
    """Return whether what lies behind the points that are held is all that is new."""
    return held.branch == end.branch and held.held + end.points == end.count


def read_points(
    connection: Connection,
    owner_id: str,
    key: str,
    *,
    x: str = "step",
    low: float | None = None,
    high: float | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> list[Point]:
    """Return the stored values of a series: journal by journal, in the order of the journals' start and their rows.

    Points of an abandoned branch are marked.

    Args:
        low, high: leave out what lies outside these places of the axis `x`.
        offset, limit: leave out the first ones, and stop after so many.

    Raises:
        NotFound: there is no such owner or key.
        UsageError: `x` names no axis.
    """
    reader = _Reader(connection, parse_axis(x), low=low, high=high, width=1)
    pair = (owner_id, key)
    found = reader.find([pair]).get(pair)
    if found is None:
        raise no_key(owner_kind(connection, owner_id), owner_id, key)
    points: list[Point] = []
    for segment, place in reader.places([found]):
        for part in read_whole(connection, segment):
            if low is not None or high is not None:
                at = place.of_points(part)
                inside = (at >= (-math.inf if low is None else low)) & (at <= (math.inf if high is None else high))
                part = part.chosen(np.flatnonzero(inside))  # noqa: PLW2901
            skipped = min(offset, len(part))
            offset -= skipped
            end = len(part) if limit is None else min(len(part), skipped + limit - len(points))
            points += _points(segment, part.part(skipped, end))
            if limit is not None and len(points) >= limit:
                return points
    return points


class _Reader:
    """One look at the database: an axis, a part of it, and how many buckets wide that is."""

    def __init__(
        self,
        connection: Connection,
        axis: Axis,
        *,
        low: float | None,
        high: float | None,
        width: int,
        with_abandoned: bool = False,
    ) -> None:
        self._connection = connection
        self._axis = axis
        self._low = -math.inf if low is None else low
        self._high = math.inf if high is None else high
        self._width = width
        self._with_abandoned = with_abandoned
        self._began: dict[str, float] = {}
        self._axis_rows: dict[str, Row[Any]] = {}

    def read(self, pairs: Sequence[Pair], after: Mapping[Pair, float] = NOWHERE) -> dict[Pair, Seen]:
        """Return what is seen of each pair that exists; of those in `after`, only what lies behind that place."""
        found = self.find(pairs)
        views: defaultdict[int, list[View]] = defaultdict(list)
        by_id = {one.row.id: one for one in found.values()}
        for segment, place in self.places(list(found.values())):
            one = by_id[segment.series_id]
            views[segment.series_id].append(self._view(one, segment, place, after.get((one.row.owner_id, one.row.key))))
        descend(self._connection, [view for some in views.values() for view in some])
        answer: dict[Pair, Seen] = {}
        for pair, one in found.items():
            own = views[one.row.id]
            branch = zlib.crc32(repr([(view.segment.id, view.cut) for view in own]).encode())
            answer[pair] = Seen(one.row.points, one.high, branch, [mark for view in own for mark in view.marks])
        return answer

    def find(self, pairs: Sequence[Pair]) -> dict[Pair, Found]:
        """Return the series of the pairs that exist."""
        rows: list[Row[Any]] = []
        for start in range(0, len(pairs), AT_ONCE):
            some = pairs[start : start + AT_ONCE]
            owners, keys = {owner for owner, _ in some}, {key for _, key in some}
            asked = _ASKED.where(_series.c.owner_kind.in_(KINDS), _series.c.owner_id.in_(owners))
            is_grid = len(owners) * len(keys) <= 2 * len(some)  # quicker to look up as one
            which = _series.c.key.in_(keys) if is_grid else tuple_(_series.c.owner_id, _series.c.key).in_(some)
            rows += self._connection.execute(asked.where(which))
        known = {(row.owner_id, row.key): row for row in rows}
        owner_ids = list(dict.fromkeys(owner for owner, _ in pairs))
        if self._axis.kind == "relative":
            self._began = _beginnings(self._connection, owner_ids)
        if self._axis.kind == "key":
            self._axis_rows = self._find_axis_rows(owner_ids)
        return {pair: self._reach(known[pair]) for pair in pairs if pair in known}

    def places(self, found: list[Found]) -> list[tuple[Segment, Place]]:
        """Return the segments of series, in the order of their journals' start, and where they lie on the axis."""
        segments = _segments(self._connection, [one.row.id for one in found])
        by_id = {one.row.id: one.row for one in found}
        if self._axis.kind == "step":
            return [(segment, StepPlace()) for segment in segments]
        if self._axis.kind == "time":
            return [(segment, TimePlace(0.0)) for segment in segments]
        if self._axis.kind == "relative":
            return [(segment, TimePlace(self._began[by_id[segment.series_id].owner_id])) for segment in segments]
        axes = self._key_places()
        nowhere = KeyPlace(np.empty(0, np.int64), np.empty(0), np.empty(0))
        return [(segment, axes.get(segment.journal_id, nowhere)) for segment in segments]

    def _view(self, found: Found, segment: Segment, place: Place, after: float | None) -> View:
        border = self._low if after is None else math.nextafter(after, math.inf)
        low, high = max(border, found.low), min(self._high, found.high)
        is_whole = math.isinf(border) and math.isinf(self._high)
        level = level_for(found.row.points / self._width) if is_whole else None
        bucket = max(high - low, 0.0) / self._width
        cut = None if self._with_abandoned else segment.cut
        return View(segment, place, border, self._high, bucket if math.isfinite(bucket) else 0.0, level, cut)

    def _reach(self, row: Row[Any]) -> Found:
        if self._axis.kind == "step":
            return Found(row, row.first_step, row.last_step)
        first = row.last_time if row.first_time is None else row.first_time
        if self._axis.kind == "time":
            return Found(row, first, row.last_time)
        if self._axis.kind == "relative":
            began = self._began[row.owner_id]
            return Found(row, first - began, row.last_time - began)
        axis = self._axis_rows.get(row.owner_id)
        if axis is None or axis.minimum is None:
            return Found(row, math.nan, math.nan)
        return Found(row, axis.minimum, axis.maximum)

    def _find_axis_rows(self, owner_ids: list[str]) -> dict[str, Row[Any]]:
        found: dict[str, Row[Any]] = {}
        for start in range(0, len(owner_ids), AT_ONCE):
            some = owner_ids[start : start + AT_ONCE]
            which = (_series.c.owner_id.in_(some), _series.c.key == self._axis.key, _series.c.owner_kind.in_(KINDS))
            found |= {row.owner_id: row for row in self._connection.execute(_ASKED.where(*which))}
        return found

    def _key_places(self) -> dict[str, KeyPlace]:
        """Return per journal where its rows lie on the axis of a key."""
        counts = {row.id: row.points for row in self._axis_rows.values()}
        views = []
        for segment in _segments(self._connection, list(counts)):
            longest = counts[segment.series_id]
            level = level_for(longest / (FINEST_AXIS_POINTS // 4)) if longest > FINEST_AXIS_POINTS else 0
            views.append(View(segment, _SequencePlace(), -math.inf, math.inf, math.inf, level))
        descend(self._connection, views)
        return {view.segment.journal_id: _key_place(view.marks) for view in views}


class _SequencePlace:
    """Puts everything where its rows begin in the journal: how a series that serves as an axis is read itself."""

    def of_spans(self, spans: Spans) -> tuple[Floats, Floats]:
        first = spans["first_sequence"].astype(np.float64)
        return first, first

    def of_points(self, points: Columns) -> Floats:
        return points.sequence.astype(np.float64)


def _key_place(marks: Sequence[Marks]) -> KeyPlace:
    whole = downsampling.together(marks)
    return KeyPlace(whole.x.astype(np.int64), whole.minimum, whole.maximum)


def _segments(connection: Connection, series_ids: list[int]) -> list[Segment]:
    """Return the segments of series, in the order of their journals' start."""
    journal = schema.journal
    columns = (_segment.c.id, _segment.c.series_id, _segment.c.journal_id, _segment.c.chunks, _segment.c.rolled_up)
    later = journal.alias("later")
    is_later = (later.c.run_id == journal.c.run_id) & (later.c.attempt > journal.c.attempt)
    cut = select(func.min(later.c.resumed_step)).where(is_later).correlate(journal).scalar_subquery()
    asked = select(*columns, _segment.c.tail, cut).join(journal, journal.c.id == _segment.c.journal_id)
    ordered = asked.order_by(journal.c.attempt, journal.c.created, journal.c.id)
    segments: list[Segment] = []
    for start in range(0, len(series_ids), AT_ONCE):
        rows = connection.execute(ordered.where(_segment.c.series_id.in_(series_ids[start : start + AT_ONCE])))
        segments += [Segment(*row) for row in rows]
    return segments


def _beginnings(connection: Connection, owner_ids: list[str]) -> dict[str, float]:
    """Return when each run or node began, in seconds since the epoch, a process with its run; NaN: nobody knows."""
    found: dict[str, float] = {}
    ids = [run_of(owner_id) or owner_id for owner_id in owner_ids]
    for start in range(0, len(ids), AT_ONCE):
        for table in (schema.node, schema.run):
            asked = select(table.c.id, table.c.created).where(table.c.id.in_(ids[start : start + AT_ONCE]))
            found |= {row[0]: row[1] for row in connection.execute(asked)}
    return {owner_id: found.get(of, math.nan) for owner_id, of in zip(owner_ids, ids, strict=True)}


def _buckets(drawn: Drawn) -> list[Bucket]:
    values = [nullable(column) for column in (drawn.minimum, drawn.maximum, drawn.mean, drawn.last)]
    counts = (drawn.count.tolist(), drawn.nonfinite.tolist())
    return [Bucket(*row) for row in zip(drawn.x.tolist(), drawn.time.tolist(), *values, *counts, strict=True)]


def _points(segment: Segment, points: Columns) -> list[Point]:
    rows = zip(points.sequence.tolist(), points.step.tolist(), points.time.tolist(), points.value.tolist(), strict=True)
    journal_id, cut = segment.journal_id, math.inf if segment.cut is None else segment.cut
    return [
        Point(journal_id, row, step, time / MICROSECONDS, number(value), step >= cut) for row, step, time, value in rows
    ]
