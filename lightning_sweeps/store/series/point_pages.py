"""Reads the values of a series exactly as they were logged, page by page."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from lightning_sweeps.errors import NotFound
from lightning_sweeps.messages import Point
from lightning_sweeps.store.column_values import number
from lightning_sweeps.store.series.axes import AxisMapping, parse_axis
from lightning_sweeps.store.series.chunks import MICROSECONDS, Columns, Integers
from lightning_sweeps.store.series.owners import no_key, owner_kind
from lightning_sweeps.store.series.reading import SeriesReader
from lightning_sweeps.store.series.storage import Segment, SeriesStorage

PAGE_POINTS = 50_000
"""Largest page of points."""


@dataclass(frozen=True, slots=True)
class PointsCursor:
    """Where a page of points begins: the position of a point, from 0, among those of one journal."""

    journal_id: str
    position: int


@dataclass(frozen=True, slots=True)
class PointsPage:
    """A page of the points of a series.

    Attributes:
        points: the points.
        following: where the next page begins; None: this is the last one.
    """

    points: list[Point]
    following: PointsCursor | None


def read_points(
    connection: Connection,
    storage: SeriesStorage,
    owner_id: str,
    key: str,
    *,
    x: str = "step",
    low: float | None = None,
    high: float | None = None,
    start: PointsCursor | None = None,
    limit: int = PAGE_POINTS,
) -> PointsPage:
    """Return a page of a series' values, journal by journal, in the order of the journals' start and their rows.

    Points of an abandoned branch are marked.

    Args:
        connection: a transaction.
        storage: where the points are stored.
        owner_id: id of the run, node or process.
        key: the series key.
        x: the axis of `low` and `high`.
        low, high: leave out points outside these positions; None: no limit.
        start: where the page begins; None: with the first point.
        limit: maximum number of points.

    Raises:
        NotFound: there is no such owner or key, or the series has no points of the journal of `start`.
        UsageError: `x` names no axis.
    """
    reader = SeriesReader(connection, storage, parse_axis(x), low=low, high=high, width=1)
    name = (owner_id, key)
    found = reader.find([name]).get(name)
    if found is None:
        raise no_key(owner_kind(connection, owner_id), owner_id, key)
    points: list[Point] = []
    for segment, mapping in _from_journal(reader.segments([found]), start):
        position = start.position if start is not None and segment.journal_id == start.journal_id else 0
        for part in storage.read_from(connection, segment, position):
            inside = _between(part, mapping, low, high)[: limit - len(points)]
            points += _points(segment, part.chosen(inside))
            if len(points) == limit:
                return PointsPage(points, PointsCursor(segment.journal_id, position + int(inside[-1]) + 1))
            position += len(part)
    return PointsPage(points, None)


def _from_journal(
    segments: list[tuple[Segment, AxisMapping]], start: PointsCursor | None
) -> list[tuple[Segment, AxisMapping]]:
    """Return the segments from a cursor's journal on.

    Raises:
        NotFound: no segment is of this journal.
    """
    if start is None:
        return segments
    at = next((at for at, (segment, _) in enumerate(segments) if segment.journal_id == start.journal_id), None)
    if at is None:
        raise NotFound(
            f"the series has no points of the journal `{start.journal_id}`",
            hint="begin with the first page: leave out `cursor`",
        )
    return segments[at:]


def _between(points: Columns, mapping: AxisMapping, low: float | None, high: float | None) -> Integers:
    """Return the indexes of the points between two positions on the axis."""
    if low is None and high is None:
        return np.arange(len(points))
    at = mapping.of_points(points)
    is_inside = (at >= (-math.inf if low is None else low)) & (at <= (math.inf if high is None else high))
    return np.flatnonzero(is_inside)


def _points(segment: Segment, points: Columns) -> list[Point]:
    rows = zip(points.sequence.tolist(), points.step.tolist(), points.time.tolist(), points.value.tolist(), strict=True)
    journal_id, resumed_at = segment.journal_id, math.inf if segment.resumed_at is None else segment.resumed_at
    return [
        Point(journal_id, row, step, time / MICROSECONDS, number(value), step >= resumed_at)
        for row, step, time, value in rows
    ]
