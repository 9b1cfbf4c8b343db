"""Thins points: keeps the first, the last, the minimum and the maximum of each interval. Pure functions.

A kept point carries the number and the sum of the removed points behind it (`Columns.weights`). So means, counts and
rollups stay those of everything that was logged, and a chart that is not wider than `INTERVALS` looks the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Row

from lightning_sweeps.store.series.chunks import MICROSECONDS, Columns, Integers, Weights, join
from lightning_sweeps.store.series.rollups import sums

INTERVALS = 1000
"""An interval is a stretch of rows within one of this many equal parts of the steps, and of the times, of a series. A
chart on the page has 500 buckets."""
AT_ONCE = 65_536
"""Number of points that are thinned together."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The steps and the times, in microseconds since the epoch, between which the points of a series lie."""

    first_step: float
    last_step: float
    first_time: float
    last_time: float


def bounds_of(series: Row[Any]) -> Bounds:
    """Return the bounds of a row of the table `series`."""
    first_time = series.last_time if series.first_time is None else series.first_time
    return Bounds(series.first_step, series.last_step, first_time * MICROSECONDS, series.last_time * MICROSECONDS)


def thin(points: Columns, bounds: Bounds, *, resumed_at: int | None = None, intervals: int = INTERVALS) -> Columns:
    """Return the points that are kept, with their weights.

    The first and the last point of each interval are kept, the first of its smallest and of its largest finite values,
    and its first value that is not finite. Points that are thinned already can be thinned again.

    Args:
        points: points of one segment, in the order of their rows.
        bounds: where all points of the series lie.
        resumed_at: points at this step or later are abandoned: no interval has both kinds.
        intervals: number of parts of the steps, and of the times.
    """
    if len(points) == 0:
        return points
    places = [
        _places(points.step, bounds.first_step, bounds.last_step, intervals),
        _places(points.time, bounds.first_time, bounds.last_time, intervals),
    ]
    if resumed_at is not None:
        places.append((points.step >= resumed_at).astype(np.int64))
    is_start = np.ones(len(points), dtype=bool)
    is_start[1:] = np.any([np.diff(place) != 0 for place in places], axis=0)
    kept = _kept(points, is_start)
    weights = points.weighed()
    thinned = points.chosen(kept)
    return Columns(
        thinned.sequence,
        thinned.step,
        thinned.time,
        thinned.value,
        Weights(
            np.add.reduceat(weights.count, kept), np.add.reduceat(weights.nonfinite, kept), sums(weights.total, kept)
        ),
    )


def thin_parts(
    parts: Iterable[Columns], bounds: Bounds, *, resumed_at: int | None = None, intervals: int = INTERVALS
) -> tuple[Columns | None, int]:
    """Thin a segment of any length that comes in parts. The other arguments are those of `thin`.

    Returns:
        The points that are kept, None if there are no points, and the number of points that came.
    """
    kept: list[Columns] = []
    waiting: list[Columns] = []
    count = waiting_count = 0
    for part in parts:
        waiting.append(part)
        waiting_count += len(part)
        count += len(part)
        if waiting_count >= AT_ONCE:
            kept.append(thin(join(waiting), bounds, resumed_at=resumed_at, intervals=intervals))
            waiting, waiting_count = [], 0
    rest = [*kept, *waiting]
    return (thin(join(rest), bounds, resumed_at=resumed_at, intervals=intervals) if count else None), count


def _places(values: Integers, low: float, high: float, intervals: int) -> Integers:
    """Return in which of the equal parts from `low` to `high` each value lies."""
    width = high - low
    if width <= 0:
        return np.zeros(len(values), dtype=np.int64)
    place = (values.astype(np.float64) - low) / width * intervals
    found: Integers = np.clip(place, 0, intervals - 1).astype(np.int64)
    return found


def _kept(points: Columns, is_start: npt.NDArray[np.bool_]) -> Integers:
    """Return the indexes of the points that are kept."""
    group = np.cumsum(is_start) - 1
    is_finite = np.isfinite(points.value)
    is_kept = is_start.copy()
    is_kept[:-1] |= is_start[1:]
    is_kept[-1] = True
    finite, others = np.flatnonzero(is_finite), np.flatnonzero(~is_finite)
    for value in (points.value[finite], -points.value[finite]):
        ordered = finite[np.lexsort((value, group[finite]))]
        is_kept[_first_of_each(ordered, group)] = True
    is_kept[_first_of_each(others, group)] = True
    kept: Integers = np.flatnonzero(is_kept)
    return kept


def _first_of_each(indexes: Integers, group: Integers) -> Integers:
    """Return the first index of each group; `indexes` are ordered by group."""
    return indexes[np.flatnonzero(np.diff(group[indexes], prepend=-1))]
