"""Downsampling: a series drawn into columns of pixels, without hiding a spike.

A bucket is one of `width` equal stretches of the x axis. What is drawn are marks: points, or whole spans that are not
wider than a bucket or so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from lightning_sweeps.store.chunks import MICROSECONDS, Columns, Floats, Integers
from lightning_sweeps.store.spans import Spans


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
        return Marks(*(getattr(self, field.name)[which] for field in fields(self)))


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
    if not parts:
        none = np.empty(0)
        return Marks(none, none, none, none, none, none, none.astype(np.int64), none.astype(np.int64))
    whole = parts[0]
    if len(parts) > 1:
        whole = Marks(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Marks)))
    if len(whole.x) < 2 or np.all(np.diff(whole.x) > 0):
        return whole
    return whole.chosen(np.lexsort((whole.time, whole.x)))


def draw(marks: Marks, *, width: int, low: float | None = None, high: float | None = None) -> Drawn:
    """Return the buckets of sorted marks; stretches without marks have none.

    Args:
        low, high: where the first bucket begins and the last one ends; default: at the first and the last mark.
    """
    if len(marks.x) == 0:
        none = np.empty(0)
        numbers = none.astype(np.int64)
        return Drawn(none, none, none, none, none, none, numbers, numbers, numbers)
    index = buckets_of(marks.x, width=width, low=low, high=high)
    starts = np.flatnonzero(np.diff(index, prepend=-1))
    if len(starts) == len(index):
        return _one_each(marks, index)
    lengths = np.diff(starts, append=len(index))
    counts = np.add.reduceat(marks.count, starts)
    nonfinite = np.add.reduceat(marks.nonfinite, starts)
    weight = marks.count / np.repeat(counts, lengths)
    lows, highs = np.fmin.reduceat(marks.minimum, starts), np.fmax.reduceat(marks.maximum, starts)
    last = marks.last[starts + lengths - 1]
    return Drawn(
        x=np.add.reduceat(marks.x * weight, starts),
        time=np.add.reduceat(marks.time * weight, starts),
        minimum=lows,
        maximum=highs,
        mean=_means(np.add.reduceat(marks.total, starts), counts - nonfinite, lows, highs),
        last=np.where(np.isfinite(last), last, np.nan),
        count=counts,
        nonfinite=nonfinite,
        index=index[starts],
    )


def buckets_of(x: Floats, *, width: int, low: float | None, high: float | None) -> Integers:
    """Return each mark's bucket, from 0; `x` is sorted and not empty."""
    low = float(x[0]) if low is None else low
    high = float(x[-1]) if high is None else high
    place = (x - low) * (width / (high - low if high > low else 1.0))
    index: Integers = np.clip(place.astype(np.int64), 0, width - 1)
    return index


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
