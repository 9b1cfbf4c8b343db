"""Downsampling: a series drawn into columns of pixels, without hiding a spike.

A bucket is one of `width` equal stretches of the x axis. What is drawn are marks: points, or whole spans that are not
wider than a bucket or so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lightning_sweeps.store.series.chunks import MICROSECONDS, Columns, Floats, Integers
from lightning_sweeps.store.series.rollups import Spans

MARKS_AT_ONCE = 500_000
"""Lines are drawn many in one go, because each step over an array has a price of its own; so many marks together."""


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Things to draw, each a point or a span, as arrays of one length; NaN where there is no finite value."""

    x: Floats
    time: Floats
    minimum: Floats
    maximum: Floats
    total: Floats
    last: Floats
    count: Integers
    nonfinite: Integers

    def chosen(self, which: object) -> Marks:
        """Return the marks that `which` indexes."""
        return Marks(*(getattr(self, name)[which] for name in _COLUMNS))


_COLUMNS = tuple(Marks.__slots__)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """At most `width` buckets, by x, as arrays of one length; NaN where a bucket has no finite value."""

    x: Floats
    time: Floats
    minimum: Floats
    maximum: Floats
    mean: Floats
    last: Floats
    count: Integers
    nonfinite: Integers
    index: Integers
    """Which of the `width` stretches each bucket is."""

    def part(self, start: int, end: int) -> Drawn:
        """Return the buckets `start` to `end`, as slices count."""
        return Drawn(*(getattr(self, name)[start:end] for name in Drawn.__slots__))


def of_spans(spans: Spans, x: Floats) -> Marks:
    """Return spans as marks at `x`."""
    return Marks(
        x=x,
        time=(spans["low_time"].astype(np.float64) + spans["high_time"]) / (2 * MICROSECONDS),
        minimum=spans["minimum"],
        maximum=spans["maximum"],
        total=spans["total"],
        last=spans["last"],
        count=spans["count"].astype(np.int64),
        nonfinite=spans["nonfinite"].astype(np.int64),
    )


def of_points(points: Columns, x: Floats) -> Marks:
    """Return single points as marks at `x`."""
    usable = np.isfinite(points.value)
    value = np.where(usable, points.value, np.nan)
    return Marks(
        x=x,
        time=points.time / MICROSECONDS,
        minimum=value,
        maximum=value,
        total=np.where(usable, points.value, 0.0),
        last=value,
        count=np.ones(len(points), dtype=np.int64),
        nonfinite=(~usable).astype(np.int64),
    )


def together(parts: Sequence[Marks]) -> Marks:
    """Return all marks as one, by x and, where these are equal, by time."""
    whole = _joined(parts)
    return _sorted(whole, np.zeros(len(whole.x), dtype=np.int64))


def draw(marks: Marks, *, width: int, low: float | None = None, high: float | None = None) -> Drawn:
    """Return the buckets of marks; stretches without marks have none.

    Args:
        low, high: where the first bucket begins and the last one ends; default: at the first and the last mark.
    """
    return draw_all([[marks]], width=width, low=low, high=high)[0]


def draw_all(
    lines: Sequence[Sequence[Marks]], *, width: int, low: float | None = None, high: float | None = None
) -> list[Drawn]:
    """Return each line's buckets, as `draw` does; a line's marks come in any number of parts, in any order."""
    drawn: list[Drawn] = []
    some: list[Sequence[Marks]] = []
    size = 0
    for parts in lines:
        some.append(parts)
        size += sum(len(part.x) for part in parts)
        if size >= MARKS_AT_ONCE:
            drawn += _draw_some(some, width=width, low=low, high=high)
            some, size = [], 0
    return drawn + _draw_some(some, width=width, low=low, high=high)


def _draw_some(lines: Sequence[Sequence[Marks]], *, width: int, low: float | None, high: float | None) -> list[Drawn]:
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
    """Return marks whose lines follow one another, with those of each line in order."""
    is_wrong = (np.diff(marks.x) <= 0) & (np.diff(line) == 0)
    if not is_wrong.any():
        return marks
    moved = np.flatnonzero(np.isin(line, line[1:][is_wrong]))
    order = np.arange(len(line))
    order[moved] = moved[np.lexsort((marks.time[moved], marks.x[moved], line[moved]))]
    return marks.chosen(order)


def _buckets_of(x: Floats, sizes: Integers, *, width: int, low: float | None, high: float | None) -> Integers:
    """Return each mark's bucket in its line, from 0; `sizes`: how many marks the lines have, none of which is empty."""
    ends = np.cumsum(sizes)
    lows = x[ends - sizes] if low is None else np.full(len(sizes), low)
    highs = x[ends - 1] if high is None else np.full(len(sizes), high)
    with np.errstate(over="ignore", invalid="ignore"):
        per_bucket = width / np.where(highs > lows, highs - lows, 1.0)
        place = (x - np.repeat(lows, sizes)) * np.repeat(per_bucket, sizes)
        index: Integers = np.clip(place.astype(np.int64), 0, width - 1)
    return index


def _in_buckets(marks: Marks, starts: Integers, index: Integers) -> Drawn:
    """Return the buckets that begin at the marks `starts`."""
    if len(starts) == len(index):
        return _one_each(marks, index)
    lengths = np.diff(starts, append=len(index))
    counts = np.add.reduceat(marks.count, starts)
    nonfinite = np.add.reduceat(marks.nonfinite, starts)
    weight = marks.count / np.repeat(counts, lengths)
    lows, highs = np.fmin.reduceat(marks.minimum, starts), np.fmax.reduceat(marks.maximum, starts)
    last = marks.last[starts + lengths - 1]
    with np.errstate(over="ignore"):  # of values near the largest float: `_means` keeps within their bounds
        totals = np.add.reduceat(marks.total, starts)
    return Drawn(
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


def _one_each(marks: Marks, index: Integers) -> Drawn:
    return Drawn(
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
