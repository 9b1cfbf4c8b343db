"""Reads series: downsampled to the width of a chart, many at once, or point by point."""

from __future__ import annotations

import math
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, select, tuple_

from lightning_sweeps.messages import Bucket, HeldLine, LinesQuery, Series, SeriesAnswer, SeriesQuery
from lightning_sweeps.store import schema
from lightning_sweeps.store.series import downsampling
from lightning_sweeps.store.series.axes import Axis, AxisMapping, KeyMapping, StepMapping, TimeMapping, parse_axis
from lightning_sweeps.store.series.chart_lines import group_line, line, nullable
from lightning_sweeps.store.series.chunks import Columns, Floats
from lightning_sweeps.store.series.downsampling import DrawnBuckets, Marks
from lightning_sweeps.store.series.owners import KINDS, no_key, owner_kind, run_of
from lightning_sweeps.store.series.rollups import Rollups
from lightning_sweeps.store.series.segment_view import SegmentView, level_for, whole_view
from lightning_sweeps.store.series.storage import Segment, SeriesStorage

AT_ONCE = 400
"""Number of series or ids in one SQL statement."""
MAX_EXACT_AXIS_POINTS = 65_536
"""A series that serves as an axis is read point by point up to this length, and as rollups above it."""

_series = schema.series

SeriesName = tuple[str, str]
"""Owner id and series key."""
NO_POSITIONS: Mapping[SeriesName, float] = {}
_NAMES = ("id", "owner_id", "key", "first_step", "last_step", "first_time", "last_time", "minimum", "maximum")
_ASKED = select(*(_series.c[name] for name in _NAMES), _series.c.count.label("points"))


@dataclass(frozen=True, slots=True)
class SeriesExtent:
    """A stored series, and its lowest and highest position on the axis; NaN: it is not on the axis."""

    row: Row[Any]
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class VisibleSeries:
    """What a chart shows of a series.

    Attributes:
        count: number of stored points.
        reach: the highest position of a stored point on the axis; NaN: no point is on the axis.
        branch: changes when another journal contributes to the series, or other points are abandoned.
        marks: the visible marks, in parts.
    """

    count: int
    reach: float
    branch: int
    marks: list[Marks]

    @property
    def points(self) -> int:
        """Number of visible points."""
        return sum(int(some.count.sum()) for some in self.marks)


NOTHING = VisibleSeries(0, math.nan, 0, [])


@dataclass(frozen=True, slots=True, eq=False)
class ChartLine:
    """A series and its buckets; `is_tail`: only the buckets after the points that the client has."""

    seen: VisibleSeries
    drawn: DrawnBuckets
    is_tail: bool


def read_buckets(
    connection: Connection,
    storage: SeriesStorage,
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
        connection: a transaction.
        storage: where the points are stored.
        owner_id: id of the run, node or process.
        key: the series key.
        width: maximum number of buckets.
        x: the axis.
        low, high: limits on the axis; None: no limit.
        with_abandoned: True: include points that an attempt logged after the checkpoint from which a later one resumed.

    Raises:
        NotFound: there is no such owner or key.
        UsageError: `x` names no axis.
    """
    name = (owner_id, key)
    reader = SeriesReader(
        connection, storage, parse_axis(x), low=low, high=high, width=width, with_abandoned=with_abandoned
    )
    seen = reader.read([name])
    if name not in seen:
        raise no_key(owner_kind(connection, owner_id), owner_id, key)
    (drawn,) = downsampling.downsample_all([seen[name].marks], width=width, low=low, high=high)
    return Series(owner_id, key, seen[name].count, _buckets(drawn))


def query(connection: Connection, storage: SeriesStorage, wanted: SeriesQuery) -> SeriesAnswer:
    """Return many series at once; one that does not exist has no buckets.

    Raises:
        UsageError: `x` names no axis.
    """
    low, high, width = wanted.low, wanted.high, wanted.points
    names = list(dict.fromkeys((asked.owner, asked.key) for asked in wanted.lines))
    axis, with_abandoned = parse_axis(wanted.x), wanted.with_abandoned
    reader = SeriesReader(connection, storage, axis, low=low, high=high, width=width, with_abandoned=with_abandoned)
    seen = reader.read(names)
    single = [asked for asked in wanted.lines if not asked.group]
    found = [seen.get((asked.owner, asked.key), NOTHING) for asked in single]
    drawn = downsampling.downsample_all([one.marks for one in found], width=width, low=low, high=high)
    lines = [line(asked.owner, asked.key, found[at].count, drawn[at]) for at, asked in enumerate(single)]
    grouped: defaultdict[str, list[SeriesName]] = defaultdict(list)
    for asked in wanted.lines:
        if asked.group:
            grouped[asked.group].append((asked.owner, asked.key))
    groups = []
    for group, members in grouped.items():
        marks = [downsampling.combine_marks(seen[name].marks) for name in members if name in seen]
        groups.append(group_line(group, marks, low=low, high=high, width=width))
    return SeriesAnswer(lines, groups)


def query_lines(connection: Connection, storage: SeriesStorage, wanted: LinesQuery) -> list[ChartLine]:
    """Return each wanted line. If all new points come after those that the client has, return only the new ones.

    Raises:
        UsageError: `x` names no axis.
    """
    low, high, width = wanted.low, wanted.high, wanted.points
    reader = SeriesReader(connection, storage, parse_axis(wanted.x), low=low, high=high, width=width)
    is_whole_axis = low is None and high is None
    held = {(line.owner, line.key): line for line in wanted.lines if line.held and is_whole_axis}
    ends = reader.read(list(held), {name: line.after for name, line in held.items()})
    tails = {name: end for name, end in ends.items() if _is_continued(held[name], end)}
    names = [(line.owner, line.key) for line in wanted.lines]
    seen = tails | reader.read([name for name in dict.fromkeys(names) if name not in tails])
    found = [seen.get(name, NOTHING) for name in names]
    drawn = downsampling.downsample_all([one.marks for one in found], width=width, low=low, high=high)
    return [ChartLine(one, drawn[at], names[at] in tails) for at, one in enumerate(found)]


def _is_continued(held: HeldLine, end: VisibleSeries) -> bool:
    """Return True if all new points come after those that the client has."""
    return held.branch == end.branch and held.held + end.points == end.count


class SeriesReader:
    """Reads series on one axis, between its limits, in one transaction."""

    def __init__(
        self,
        connection: Connection,
        storage: SeriesStorage,
        axis: Axis,
        *,
        low: float | None,
        high: float | None,
        width: int,
        with_abandoned: bool = False,
    ) -> None:
        self._connection = connection
        self._storage = storage
        self._axis = axis
        self._low = -math.inf if low is None else low
        self._high = math.inf if high is None else high
        self._width = width
        self._with_abandoned = with_abandoned
        self._started: dict[str, float] = {}
        self._axis_rows: dict[str, Row[Any]] = {}

    def read(
        self, names: Sequence[SeriesName], after: Mapping[SeriesName, float] = NO_POSITIONS
    ) -> dict[SeriesName, VisibleSeries]:
        """Return the series that exist; for a series in `after`, only what comes after its position there."""
        found = self.find(names)
        views: defaultdict[int, list[SegmentView]] = defaultdict(list)
        by_id = {one.row.id: one for one in found.values()}
        for segment, mapping in self.segments(list(found.values())):
            one = by_id[segment.series_id]
            position = after.get((one.row.owner_id, one.row.key))
            views[segment.series_id].append(self._view(one, segment, mapping, position))
        self._storage.rollups(self._connection, [view for some in views.values() for view in some])
        answer: dict[SeriesName, VisibleSeries] = {}
        for name, one in found.items():
            own = views[one.row.id]
            branch = zlib.crc32(repr([(view.segment.journal_id, view.resumed_at) for view in own]).encode())
            answer[name] = VisibleSeries(
                one.row.points, one.high, branch, [mark for view in own for mark in view.marks]
            )
        return answer

    def find(self, names: Sequence[SeriesName]) -> dict[SeriesName, SeriesExtent]:
        """Return the series that exist."""
        rows: list[Row[Any]] = []
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            owners, keys = {owner for owner, _ in some}, {key for _, key in some}
            asked = _ASKED.where(_series.c.owner_kind.in_(KINDS), _series.c.owner_id.in_(owners))
            is_grid = len(owners) * len(keys) <= 2 * len(some)  # looking up the whole grid is faster then
            which = _series.c.key.in_(keys) if is_grid else tuple_(_series.c.owner_id, _series.c.key).in_(some)
            rows += self._connection.execute(asked.where(which))
        known = {(row.owner_id, row.key): row for row in rows}
        owner_ids = list(dict.fromkeys(owner for owner, _ in names))
        if self._axis.kind == "relative":
            self._started = _start_times(self._connection, owner_ids)
        if self._axis.kind == "key":
            self._axis_rows = self._find_axis_rows(owner_ids)
        return {name: self._extent(known[name]) for name in names if name in known}

    def segments(self, found: list[SeriesExtent]) -> list[tuple[Segment, AxisMapping]]:
        """Return the segments of series, in the order of their journals, each with its mapping to the axis."""
        segments = self._storage.segments(self._connection, [one.row.id for one in found])
        by_id = {one.row.id: one.row for one in found}
        if self._axis.kind == "step":
            return [(segment, StepMapping()) for segment in segments]
        if self._axis.kind == "time":
            return [(segment, TimeMapping(0.0)) for segment in segments]
        if self._axis.kind == "relative":
            started = self._started
            return [(one, TimeMapping(started[by_id[one.series_id].owner_id])) for one in segments]
        mappings = self._key_mappings()
        nowhere = KeyMapping(np.empty(0, np.int64), np.empty(0), np.empty(0))
        return [(segment, mappings.get(segment.journal_id, nowhere)) for segment in segments]

    def _view(self, found: SeriesExtent, segment: Segment, mapping: AxisMapping, after: float | None) -> SegmentView:
        border = self._low if after is None else math.nextafter(after, math.inf)
        low, high = max(border, found.low), min(self._high, found.high)
        is_whole = math.isinf(border) and math.isinf(self._high)
        level = level_for(found.row.points / self._width) if is_whole else None
        bucket = max(high - low, 0.0) / self._width
        resumed_at = None if self._with_abandoned else segment.resumed_at
        width = bucket if math.isfinite(bucket) else 0.0
        return SegmentView(segment, mapping, border, self._high, width, level, resumed_at)

    def _extent(self, row: Row[Any]) -> SeriesExtent:
        if self._axis.kind == "step":
            return SeriesExtent(row, row.first_step, row.last_step)
        first = row.last_time if row.first_time is None else row.first_time
        if self._axis.kind == "time":
            return SeriesExtent(row, first, row.last_time)
        if self._axis.kind == "relative":
            started = self._started[row.owner_id]
            return SeriesExtent(row, first - started, row.last_time - started)
        axis = self._axis_rows.get(row.owner_id)
        if axis is None or axis.minimum is None:
            return SeriesExtent(row, math.nan, math.nan)
        return SeriesExtent(row, axis.minimum, axis.maximum)

    def _find_axis_rows(self, owner_ids: list[str]) -> dict[str, Row[Any]]:
        found: dict[str, Row[Any]] = {}
        for start in range(0, len(owner_ids), AT_ONCE):
            some = owner_ids[start : start + AT_ONCE]
            which = (_series.c.owner_id.in_(some), _series.c.key == self._axis.key, _series.c.owner_kind.in_(KINDS))
            found |= {row.owner_id: row for row in self._connection.execute(_ASKED.where(*which))}
        return found

    def _key_mappings(self) -> dict[str, KeyMapping]:
        """Return, by journal, the mapping of its rows to the values of the axis's key."""
        counts = {row.id: row.points for row in self._axis_rows.values()}
        views = []
        for segment in self._storage.segments(self._connection, list(counts)):
            points = counts[segment.series_id]
            level = level_for(points / (MAX_EXACT_AXIS_POINTS // 4)) if points > MAX_EXACT_AXIS_POINTS else 0
            views.append(whole_view(segment, _SequenceMapping(), level=level))
        self._storage.rollups(self._connection, views)
        return {view.segment.journal_id: _key_mapping(view.marks) for view in views}


class _SequenceMapping:
    """Maps to the first row in the journal: for reading the series that serves as an axis."""

    def of_rollups(self, rollups: Rollups) -> tuple[Floats, Floats]:
        first = rollups["first_sequence"].astype(np.float64)
        return first, first

    def of_points(self, points: Columns) -> Floats:
        return points.sequence.astype(np.float64)


def _key_mapping(marks: Sequence[Marks]) -> KeyMapping:
    whole = downsampling.combine_marks(marks)
    return KeyMapping(whole.x.astype(np.int64), whole.minimum, whole.maximum)


def _start_times(connection: Connection, owner_ids: list[str]) -> dict[str, float]:
    """Return when each run or node started, in seconds since the epoch; a process with its run. NaN: unknown."""
    found: dict[str, float] = {}
    ids = [run_of(owner_id) or owner_id for owner_id in owner_ids]
    for start in range(0, len(ids), AT_ONCE):
        for table in (schema.node, schema.run):
            asked = select(table.c.id, table.c.created).where(table.c.id.in_(ids[start : start + AT_ONCE]))
            found |= {row[0]: row[1] for row in connection.execute(asked)}
    return {owner_id: found.get(of, math.nan) for owner_id, of in zip(owner_ids, ids, strict=True)}


def _buckets(drawn: DrawnBuckets) -> list[Bucket]:
    values = [nullable(column) for column in (drawn.minimum, drawn.maximum, drawn.mean, drawn.last)]
    counts = (drawn.count.tolist(), drawn.nonfinite.tolist())
    return [Bucket(*row) for row in zip(drawn.x.tolist(), drawn.time.tolist(), *values, *counts, strict=True)]
