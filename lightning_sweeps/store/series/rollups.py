"""Spans: what is known of a stretch of consecutive points, as arrays; and levels of ever longer ones above a segment.

A segment is one journal's part of a series, in the order of its rows. Level 1 has a span for `SPAN_POINTS` points, each
level above one for `FANOUT` spans of the level below; the last span of a level may be of fewer. Levels are stored in
pages of `PAGE_SPANS` spans, so that a chart reads a few pages of the level whose spans are about as wide as a pixel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lightning_sweeps.store.series.chunks import CHUNK_POINTS, Columns

SPAN_POINTS = 64
FANOUT = 4
PAGE_SPANS = 64
MOST_AT_TOP = 16
"""A level with more spans than this has another one above it."""
SPANS_PER_CHUNK = CHUNK_POINTS // SPAN_POINTS

SPAN = np.dtype(
    [
        ("first_sequence", "<i8"),
        ("last_sequence", "<i8"),
        ("low_step", "<i8"),
        ("high_step", "<i8"),
        ("low_time", "<i8"),  # microseconds since the epoch
        ("high_time", "<i8"),
        ("minimum", "<f8"),  # of the finite values; NaN where there is none, as in the next two
        ("maximum", "<f8"),
        ("last", "<f8"),  # the last value, whatever it is
        ("total", "<f8"),  # of the finite values
        ("count", "<i4"),
        ("nonfinite", "<i4"),
    ]
)
Spans: TypeAlias = npt.NDArray[Any]
"""An array of `SPAN`."""

EMPTY: Spans = np.empty(0, SPAN)


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Spans of one level from `number * PAGE_SPANS` on; only the last page of a level is not full."""

    level: int
    number: int
    spans: Spans


def size(level: int) -> int:
    """Return how many points a whole span of `level` stands for; level 0 is the points themselves."""
    return SPAN_POINTS * FANOUT ** (level - 1) if level else 1


def lengths(chunks: int) -> list[int]:
    """Return how many spans the levels above `chunks` full chunks have, from level 1 up; none above no chunk."""
    found = [chunks * SPANS_PER_CHUNK] if chunks else []
    while found and found[-1] > MOST_AT_TOP:
        found.append(-(-found[-1] // FANOUT))
    return found


def of_points(points: Columns) -> Spans:
    """Return the level 1 above `points`."""
    if not len(points):
        return EMPTY
    starts = np.arange(0, len(points), SPAN_POINTS)
    ends = np.append(starts[1:], len(points)) - 1
    usable = np.isfinite(points.value)
    value = np.where(usable, points.value, np.nan)
    found = np.empty(len(starts), SPAN)
    found["first_sequence"], found["last_sequence"] = points.sequence[starts], points.sequence[ends]
    found["low_step"], found["high_step"] = _extremes(points.step, starts)
    found["low_time"], found["high_time"] = _extremes(points.time, starts)
    found["minimum"] = np.fmin.reduceat(value, starts)
    found["maximum"] = np.fmax.reduceat(value, starts)
    found["last"] = points.value[ends]
    found["total"] = _sums(np.where(usable, points.value, 0.0), starts)
    found["count"] = ends - starts + 1
    found["nonfinite"] = np.add.reduceat(~usable, starts, dtype=np.int64)
    return found


def above(spans: Spans) -> Spans:
    """Return the level above `spans`, whose first one must be the first of its group."""
    if not len(spans):
        return EMPTY
    starts = np.arange(0, len(spans), FANOUT)
    ends = np.append(starts[1:], len(spans)) - 1
    found = np.empty(len(starts), SPAN)
    for name in ("low_step", "low_time", "first_sequence"):
        found[name] = np.minimum.reduceat(spans[name], starts)
    for name in ("high_step", "high_time", "last_sequence"):
        found[name] = np.maximum.reduceat(spans[name], starts)
    found["minimum"] = np.fmin.reduceat(spans["minimum"], starts)
    found["maximum"] = np.fmax.reduceat(spans["maximum"], starts)
    found["last"] = spans["last"][ends]
    found["total"] = _sums(spans["total"], starts)
    for name in ("count", "nonfinite"):
        found[name] = np.add.reduceat(spans[name], starts)
    return found


def open_pages(chunks: int) -> dict[int, int]:
    """Return per level the number of the page that changes when a chunk is added to `chunks` full ones."""
    starts = [chunks * SPANS_PER_CHUNK // FANOUT**index for index in range(len(lengths(chunks)))]
    return {index + 1: start // PAGE_SPANS for index, start in enumerate(starts) if start % PAGE_SPANS}


def grow(tails: Mapping[int, Page], *, chunks: int, fresh: Spans) -> list[Page]:
    """Return the pages that are new or change when chunks are added to a segment.

    Args:
        tails: the stored pages that `open_pages(chunks)` names, by level.
        chunks: how many full chunks the pages stand for so far.
        fresh: the level 1 above the new chunks.
    """
    before, after = len(lengths(chunks)), len(lengths(chunks + len(fresh) // SPANS_PER_CHUNK))
    pages: list[Page] = []
    start, spans = chunks * SPANS_PER_CHUNK, fresh
    for level in range(1, after + 1):
        within = start % PAGE_SPANS
        known = tails[level].spans[:within] if within else EMPTY
        spans, begin = np.concatenate([known, spans]), start - within
        pages += _pages(level, begin, spans)
        first = start // FANOUT * FANOUT if level < before else 0  # a level that is new is made of all below it
        spans, start = above(spans[first - begin :]), first // FANOUT
    return pages


def _pages(level: int, start: int, spans: Spans) -> list[Page]:
    """Return `spans`, the first of which is the first of a page, as pages."""
    number = start // PAGE_SPANS
    return [
        Page(level, number + at, spans[at * PAGE_SPANS : (at + 1) * PAGE_SPANS])
        for at in range(-(-len(spans) // PAGE_SPANS))
    ]


def _extremes(values: npt.NDArray[np.int64], starts: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    return np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)


def _sums(values: npt.NDArray[np.float64], starts: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return sums of finite values; where one is beyond all floats, the largest float."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.nan_to_num(np.add.reduceat(values, starts), nan=0.0)
