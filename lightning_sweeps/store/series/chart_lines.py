"""Builds the messages for chart lines: one line per series, or one line for a group of series."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence

import numpy as np

from lightning_sweeps.messages import GroupLine, Line
from lightning_sweeps.store.series.chunks import Floats
from lightning_sweeps.store.series.downsampling import DrawnBuckets, Marks, downsample_all


def line(owner: str, key: str, count: int, drawn: DrawnBuckets) -> Line:
    """Return the line of one series; `count`: number of its stored points."""
    return Line(
        owner=owner,
        key=key,
        count=count,
        x=drawn.x.tolist(),
        minimum=nullable(drawn.minimum),
        maximum=nullable(drawn.maximum),
        mean=nullable(drawn.mean),
        last=nullable(drawn.last),
        counts=drawn.count.tolist(),
        nonfinite=drawn.nonfinite.tolist(),
    )


def group_line(
    name: str, members: Sequence[Marks], *, width: int, low: float | None = None, high: float | None = None
) -> GroupLine:
    """Return one line for many series on a common grid. Series count equally, however many points they have."""
    shown = [marks for marks in members if len(marks.x)]
    if not shown:
        return GroupLine(name, len(members), [], [], [], [], [], [], [])
    first, last = min(float(marks.x[0]) for marks in shown), max(float(marks.x[-1]) for marks in shown)
    steady_low, steady_high = steady_range(first, last, width)
    low, high = steady_low if low is None else low, steady_high if high is None else high
    drawn = downsample_all([[marks] for marks in shown], width=width, low=low, high=high)
    used = np.unique(np.concatenate([one.index for one in drawn]))
    x, means, lows, highs = (np.full((len(drawn), len(used)), np.nan) for _ in range(4))
    for row, one in enumerate(drawn):
        at = np.searchsorted(used, one.index)
        x[row, at], means[row, at], lows[row, at], highs[row, at] = one.x, one.mean, one.minimum, one.maximum
    mean = _mean(means)
    return GroupLine(
        group=name,
        members=len(members),
        x=_mean(x).tolist(),
        mean=nullable(mean),
        median=nullable(_median(means)),
        deviation=nullable(np.sqrt(_mean((means - mean) ** 2))),
        minimum=nullable(np.fmin.reduce(lows, axis=0)),
        maximum=nullable(np.fmax.reduce(highs, axis=0)),
        counts=np.isfinite(means).sum(axis=0).tolist(),
    )


def steady_range(low: float, high: float, width: int) -> tuple[float, float]:
    """Return a range around `low` and `high` whose `width` buckets stay where they are while the range grows a little.

    The size of a bucket is a power of the fourth root of two, and `low` is a multiple of it. So an answer for a series
    that has grown differs from the one before only in its last buckets.
    """
    least = (high - low) / max(width - 1, 1)
    if not (math.isfinite(least) and least > sys.float_info.min):
        return low, high
    size = 2 ** (math.ceil(4 * math.log2(least)) / 4)
    start = math.floor(low / size) * size
    return start, start + size * width


def nullable(values: Floats) -> list[float | None]:
    """Return numbers for JSON: None for values that are not finite."""
    listed: list[float | None] = values.tolist()
    if np.isfinite(values).all():
        return listed
    return [value if value is not None and math.isfinite(value) else None for value in listed]


def _mean(rows: Floats) -> Floats:
    """Return the mean of each column over the rows with a value; NaN if there are none. `rows`: (n, buckets)."""
    with np.errstate(invalid="ignore", over="ignore"):
        means: Floats = np.nansum(rows, axis=0) / np.isfinite(rows).sum(axis=0)
    return means


def _median(rows: Floats) -> Floats:
    """Return the median of each column over the rows with a value; NaN if there are none. `rows`: (n, buckets)."""
    ordered = np.sort(rows, axis=0)  # NaN last
    counts = np.isfinite(rows).sum(axis=0)
    columns = np.arange(rows.shape[1])
    low, high = np.maximum((counts - 1) // 2, 0), counts // 2
    high = np.minimum(high, len(rows) - 1)
    medians: Floats = ordered[low, columns] / 2 + ordered[high, columns] / 2
    return medians
