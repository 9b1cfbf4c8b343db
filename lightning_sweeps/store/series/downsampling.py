"""Downsamples series for charts, without hiding a spike.

A bucket is one of `width` equal stretches of the x axis: a column of pixels. Buckets are made from marks, which are
points, or rollups that are hardly wider than a bucket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lightning_sweeps.store.series.chunks import MICROSECONDS, Columns, Floats, Integers
from lightning_sweeps.store.series.rollups import Rollups

MARKS_AT_ONCE = 500_000
"""Number of marks that are downsampled together: one pass over many lines is faster than a pass per line."""


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Points and rollups to draw, as arrays of shape (n,). Values are NaN if there is no finite value."""

    x: Floats
    time: Floats
    minimum: Floats
    maximum: Floats
    total: Floats
    last: Floats
    count: Integers
    nonfinite: Integers

    def chosen(self, which: object) -> Marks:
        """Return the marks that the array `which` selects: indexes or a mask."""
        return Marks(*(getattr(self, name)[which] for name in _COLUMNS))


_COLUMNS = tuple(Marks.__slots__)


@dataclass(frozen=True, slots=True, eq=False)
class DrawnBuckets:
    """At most `width` buckets, ordered by x, as arrays of shape (n,). Values are NaN if there is no finite value."""

    x: Floats
    time: Floats
    minimum: Floats
    maximum: Floats
    mean: Floats
    last: Floats
    count: Integers
    nonfinite: Integers
    index: Integers
    """Number of each bucket, from 0 to `width - 1`."""

    def part(self, start: int, end: int) -> DrawnBuckets:
        """Return the buckets from `start` to before `end`."""
        return DrawnBuckets(*(getattr(self, name)[start:end] for name in DrawnBuckets.__slots__))


def rollup_marks(rollups: Rollups, x: Floats) -> Marks:
    """Return rollups as marks at the positions `x`, an array of shape (n,)."""
    return Marks(
        x=x,
        time=(rollups["low_time"].astype(np.float64) + rollups["high_time"]) / (2 * MICROSECONDS),
        minimum=rollups["minimum"],
        maximum=rollups["maximum"],
        total=rollups["total"],
        last=rollups["last"],
        count=rollups["count"].astype(np.int64),
        nonfinite=rollups["nonfinite"].astype(np.int64),
    )


def point_marks(points: Columns, x: Floats) -> Marks:
    """Return points as marks at the positions `x`, an array of shape (n,)."""
    value = np.where(np.isfinite(points.value), points.value, np.nan)
    weights = points.weighed()
    return Marks(
        x=x,
        time=points.time / MICROSECONDS,
        minimum=value,
        maximum=value,
        total=weights.total,
        last=value,
        count=weights.count,
        nonfinite=weights.nonfinite,
    )


def combine_marks(parts: Sequence[Marks]) -> Marks:
    """Concatenate marks, ordered by x and then by time."""
    whole = _joined(parts)
    return _sorted(whole, np.zeros(len(whole.x), dtype=np.int64))


def downsample(marks: Marks, *, width: int, low: float | None = None, high: float | None = None) -> DrawnBuckets:
    """Return the buckets of marks. There are no empty buckets.

    Args:
        marks: the marks, ordered by x.
        width: maximum number of buckets.
        low, high: where the first bucket begins and the last one ends; default: at the first and the last mark.
    """
    return downsample_all([[marks]], width=width, low=low, high=high)[0]


def downsample_all(
    lines: Sequence[Sequence[Marks]], *, width: int, low: float | None = None, high: float | None = None
) -> list[DrawnBuckets]:
    """Return the buckets of each line, as `downsample` does. A line's marks may come in several parts, in any order."""
    drawn: list[DrawnBuckets] = []
    some: list[Sequence[Marks]] = []
    size = 0
    for parts in lines:
        some.append(parts)
        size += sum(len(part.x) for part in parts)
        if size >= MARKS_AT_ONCE:
            drawn += _downsample_some(some, width=width, low=low, high=high)
            some, size = [], 0
    return drawn + _downsample_some(some, width=width, low=low, high=high)


def _downsample_some(
    lines: Sequence[Sequence[Marks]], *, width: int, low: float | None, high: float | None
) -> list[DrawnBuckets]:
    sizes = np.array([sum(len(part.x) for part in parts) for parts in lines], dtype=np.int64)
    line = np.repeat(np.arange(len(lines)), sizes)
    marks = _sorted(_joined([part for parts in lines for part in parts]), line)
    borders = np.append(0, np.cumsum(sizes))
    index = _buckets_of(marks.x, sizes[sizes > 0], width=width, low=low, high=high)
    starts = np.flatnonzero(np.diff(line * width + index, prepend=-1))
    whole = _in_buckets(marks, starts, index)
    cuts = np.searchsorted(starts, borders).tolist()
    return [whole.part(cuts[at], cuts[at + 1]) for at in range(len(lines))]


def _joined(parts: Sequence[Marks]) -> Marks:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        none = np.empty(0)
        return Marks(none, none, none, none, none, none, none.astype(np.int64), none.astype(np.int64))
    return Marks(*(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS))


def _sorted(marks: Marks, line: Integers) -> Marks:
    """Return the marks of consecutive lines, with the marks of each line in order."""
    is_wrong = (np.diff(marks.x) <= 0) & (np.diff(line) == 0)
    if not is_wrong.any():
        return marks
    moved = np.flatnonzero(np.isin(line, line[1:][is_wrong]))
    order = np.arange(len(line))
    order[moved] = moved[np.lexsort((marks.time[moved], marks.x[moved], line[moved]))]
    return marks.chosen(order)


def _buckets_of(x: Floats, sizes: Integers, *, width: int, low: float | None, high: float | None) -> Integers:
    """Return each mark's bucket in its line, from 0; `sizes`: number of marks of each line that has any."""
    ends = np.cumsum(sizes)
    lows = x[ends - sizes] if low is None else np.full(len(sizes), low)
    highs = x[ends - 1] if high is None else np.full(len(sizes), high)
    with np.errstate(over="ignore", invalid="ignore"):
        per_bucket = width / np.where(highs > lows, highs - lows, 1.0)
        place = (x - np.repeat(lows, sizes)) * np.repeat(per_bucket, sizes)
        index: Integers = np.clip(place.astype(np.int64), 0, width - 1)
    return index


def _in_buckets(marks: Marks, starts: Integers, index: Integers) -> DrawnBuckets:
    """Return the buckets that begin at the marks with the indexes `starts`."""
    if len(starts) == len(index):
        return _one_each(marks, index)
    lengths = np.diff(starts, append=len(index))
    counts = np.add.reduceat(marks.count, starts)
    nonfinite = np.add.reduceat(marks.nonfinite, starts)
    weight = marks.count / np.repeat(counts, lengths)
    lows, highs = np.fmin.reduceat(marks.minimum, starts), np.fmax.reduceat(marks.maximum, starts)
    last = marks.last[starts + lengths - 1]
    with np.errstate(over="ignore"):  # large values may overflow: `_means` keeps means within their bounds
        totals = np.add.reduceat(marks.total, starts)
    return DrawnBuckets(
        x=np.add.reduceat(marks.x * weight, starts),
        time=np.add.reduceat(marks.time * weight, starts),
        minimum=lows,
        maximum=highs,
        mean=_means(totals, counts - nonfinite, lows, highs),
        last=np.where(np.isfinite(last), last, np.nan),
        count=counts,
        nonfinite=nonfinite,
        index=index[starts],
    )


def _one_each(marks: Marks, index: Integers) -> DrawnBuckets:
    return DrawnBuckets(
        x=marks.x,
        time=marks.time,
        minimum=marks.minimum,
        maximum=marks.maximum,
        mean=_means(marks.total, marks.count - marks.nonfinite, marks.minimum, marks.maximum),
        last=np.where(np.isfinite(marks.last), marks.last, np.nan),
        count=marks.count,
        nonfinite=marks.nonfinite,
        index=index,
    )


def _means(totals: Floats, usable: Integers, lows: Floats, highs: Floats) -> Floats:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        means = totals / usable
    return np.clip(means, lows, highs)
