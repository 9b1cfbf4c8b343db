"""Downsampling: a series drawn into columns of pixels, without hiding a spike and without reading every point.

A bucket is one of `width` equal stretches of the steps. A chunk that covers no more than one bucket is drawn from its
statistics alone, so that the cost depends on the width and on the number of chunks, not on the number of points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lightning_sweeps.messages import Bucket
from lightning_sweeps.store.chunks import MICROSECONDS, Columns, Floats, Integers, Statistics


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Things to draw, each a point or a whole chunk, as arrays of one length; NaN where there is no finite value."""

    step: Floats
    time: Floats
    minimum: Floats
    maximum: Floats
    total: Floats
    last: Floats
    count: Integers
    nonfinite: Integers


def to_read(chunks: Sequence[Statistics], *, width: int) -> list[int]:
    """Return the indexes of the chunks that are wider than one of `width` buckets: their points must be read."""
    if not chunks:
        return []
    low, high = _range(chunks)
    bucket = (high - low) / width
    return [
        index for index, chunk in enumerate(chunks) if chunk.count > 1 and chunk.last_step - chunk.first_step > bucket
    ]


def of_statistics(chunks: Sequence[Statistics]) -> Spans:
    """Return whole chunks as spans, each at the middle of its steps and times."""

    def floats(values: Sequence[float | None]) -> Floats:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    return Spans(
        step=floats([(chunk.first_step + chunk.last_step) / 2 for chunk in chunks]),
        time=floats([(chunk.first_time + chunk.last_time) / 2 for chunk in chunks]),
        minimum=floats([chunk.minimum for chunk in chunks]),
        maximum=floats([chunk.maximum for chunk in chunks]),
        total=floats([chunk.total for chunk in chunks]),
        last=floats([chunk.last for chunk in chunks]),
        count=np.array([chunk.count for chunk in chunks], dtype=np.int64),
        nonfinite=np.array([chunk.nonfinite for chunk in chunks], dtype=np.int64),
    )


def of_points(points: Columns) -> Spans:
    """Return single points as spans."""
    usable = np.isfinite(points.value)
    value = np.where(usable, points.value, np.nan)
    return Spans(
        step=points.step.astype(np.float64),
        time=points.time / MICROSECONDS,
        minimum=value,
        maximum=value,
        total=np.where(usable, points.value, 0.0),
        last=value,
        count=np.ones(len(points), dtype=np.int64),
        nonfinite=(~usable).astype(np.int64),
    )


def draw(spans: Sequence[Spans], *, width: int) -> list[Bucket]:
    """Return at most `width` buckets, by step; stretches without points have none."""
    merged = _by_step(spans)
    if len(merged.step) == 0:
        return []
    index = _bucket_of(merged.step, width)
    starts = np.flatnonzero(np.diff(index, prepend=-1))
    counts = np.add.reduceat(merged.count, starts)
    nonfinite = np.add.reduceat(merged.nonfinite, starts)
    weight = merged.count / np.repeat(counts, np.diff(starts, append=len(index)))
    lows = np.fmin.reduceat(merged.minimum, starts)
    highs = np.fmax.reduceat(merged.maximum, starts)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        means = np.add.reduceat(merged.total, starts) / (counts - nonfinite)
    means = np.clip(means, lows, highs)
    steps = np.add.reduceat(merged.step * weight, starts)
    times = np.add.reduceat(merged.time * weight, starts)
    lasts = merged.last[np.append(starts[1:], len(index)) - 1]
    return [
        Bucket(
            step=float(steps[at]),
            time=float(times[at]),
            minimum=_number(lows[at]),
            maximum=_number(highs[at]),
            mean=_number(means[at]),
            last=_number(lasts[at]),
            count=int(counts[at]),
            nonfinite=int(nonfinite[at]),
        )
        for at in range(len(starts))
    ]


def _range(chunks: Sequence[Statistics]) -> tuple[int, int]:
    return min(chunk.first_step for chunk in chunks), max(chunk.last_step for chunk in chunks)


def _by_step(spans: Sequence[Spans]) -> Spans:
    """Return all spans as one, in the order of their steps and, where these are equal, times."""
    if not spans:
        return of_statistics([])
    step = np.concatenate([part.step for part in spans])
    time = np.concatenate([part.time for part in spans])
    order = np.lexsort((time, step))
    return Spans(
        step=step[order],
        time=time[order],
        minimum=np.concatenate([part.minimum for part in spans])[order],
        maximum=np.concatenate([part.maximum for part in spans])[order],
        total=np.concatenate([part.total for part in spans])[order],
        last=np.concatenate([part.last for part in spans])[order],
        count=np.concatenate([part.count for part in spans])[order],
        nonfinite=np.concatenate([part.nonfinite for part in spans])[order],
    )


def _bucket_of(step: Floats, width: int) -> Integers:
    """Return each span's bucket, from 0; `step` is sorted and not empty."""
    low, high = step[0], step[-1]
    place = (step - low) / max(high - low, 1.0) * width
    index: Integers = np.minimum(place.astype(np.int64), width - 1)
    return index


def _number(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
