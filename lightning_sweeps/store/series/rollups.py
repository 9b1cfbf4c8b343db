"""Computes rollups: aggregates of consecutive points, in increasingly coarse levels above a segment.

Level 1 has one rollup per `ROLLUP_POINTS` points, and each level above one per `FANOUT` rollups of the level below. The
last rollup of a level may cover fewer. Levels are stored in pages of `PAGE_ROLLUPS` rollups, so that a chart reads a
few pages of the level whose rollups are about as wide as a pixel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lightning_sweeps.store.series.chunks import CHUNK_POINTS, Columns

ROLLUP_POINTS = 64
FANOUT = 4
PAGE_ROLLUPS = 64
MAX_TOP_ROLLUPS = 16
"""A level with more rollups than this has another level above it."""
ROLLUPS_PER_CHUNK = CHUNK_POINTS // ROLLUP_POINTS

ROLLUP = np.dtype(
    [
        ("first_sequence", "<i8"),
        ("last_sequence", "<i8"),
        ("low_step", "<i8"),
        ("high_step", "<i8"),
        ("low_time", "<i8"),  # microseconds since the epoch
        ("high_time", "<i8"),
        ("minimum", "<f8"),  # of the finite values; NaN if there is none
        ("maximum", "<f8"),
        ("last", "<f8"),  # the last value, finite or not
        ("total", "<f8"),  # sum of the finite values
        ("count", "<i4"),
        ("nonfinite", "<i4"),
    ]
)
Rollups: TypeAlias = npt.NDArray[Any]
"""An array of the type `ROLLUP`."""

EMPTY: Rollups = np.empty(0, ROLLUP)


@dataclass(frozen=True, slots=True, eq=False)
class RollupPage:
    """Rollups of one level, from index `number * PAGE_ROLLUPS` on. Only the last page of a level may be short."""

    level: int
    number: int
    rollups: Rollups


def points_per_rollup(level: int) -> int:
    """Return how many points a full rollup of `level` covers. Level 0 is the points themselves."""
    return ROLLUP_POINTS * FANOUT ** (level - 1) if level else 1


def rollup_bytes(chunks: int) -> int:
    """Return the size of all rollups above `chunks` full chunks."""
    return sum(level_lengths(chunks)) * ROLLUP.itemsize


def level_lengths(chunks: int) -> list[int]:
    """Return the number of rollups on each level above `chunks` full chunks, from level 1 up."""
    found = [chunks * ROLLUPS_PER_CHUNK] if chunks else []
    while found and found[-1] > MAX_TOP_ROLLUPS:
        found.append(-(-found[-1] // FANOUT))
    return found


def roll_up(points: Columns) -> Rollups:
    """Return the rollups of level 1 of consecutive points."""
    if not len(points):
        return EMPTY
    starts = np.arange(0, len(points), ROLLUP_POINTS)
    ends = np.append(starts[1:], len(points)) - 1
    value = np.where(np.isfinite(points.value), points.value, np.nan)
    weights = points.weighed()
    found = np.empty(len(starts), ROLLUP)
    found["first_sequence"], found["last_sequence"] = points.sequence[starts], points.sequence[ends]
    found["low_step"], found["high_step"] = _extremes(points.step, starts)
    found["low_time"], found["high_time"] = _extremes(points.time, starts)
    found["minimum"] = np.fmin.reduceat(value, starts)
    found["maximum"] = np.fmax.reduceat(value, starts)
    found["last"] = points.value[ends]
    found["total"] = sums(weights.total, starts)
    found["count"] = np.add.reduceat(weights.count, starts)
    found["nonfinite"] = np.add.reduceat(weights.nonfinite, starts)
    return found


def next_level(rollups: Rollups) -> Rollups:
    """Return the level above `rollups`. The first of them must be the first of its group of `FANOUT`."""
    if not len(rollups):
        return EMPTY
    starts = np.arange(0, len(rollups), FANOUT)
    ends = np.append(starts[1:], len(rollups)) - 1
    found = np.empty(len(starts), ROLLUP)
    for name in ("low_step", "low_time", "first_sequence"):
        found[name] = np.minimum.reduceat(rollups[name], starts)
    for name in ("high_step", "high_time", "last_sequence"):
        found[name] = np.maximum.reduceat(rollups[name], starts)
    found["minimum"] = np.fmin.reduceat(rollups["minimum"], starts)
    found["maximum"] = np.fmax.reduceat(rollups["maximum"], starts)
    found["last"] = rollups["last"][ends]
    found["total"] = sums(rollups["total"], starts)
    for name in ("count", "nonfinite"):
        found[name] = np.add.reduceat(rollups[name], starts)
    return found


def open_pages(chunks: int) -> dict[int, int]:
    """Return, by level, the number of the page that changes when a chunk follows `chunks` full ones."""
    starts = [chunks * ROLLUPS_PER_CHUNK // FANOUT**index for index in range(len(level_lengths(chunks)))]
    return {index + 1: start // PAGE_ROLLUPS for index, start in enumerate(starts) if start % PAGE_ROLLUPS}


def grow(tails: Mapping[int, RollupPage], *, chunks: int, fresh: Rollups) -> list[RollupPage]:
    """Return the pages that are new or change when chunks are appended to a segment.

    Args:
        tails: the stored pages that `open_pages(chunks)` names, by level.
        chunks: number of full chunks that the pages cover so far.
        fresh: the rollups of level 1 of the new chunks.
    """
    before, after = len(level_lengths(chunks)), len(level_lengths(chunks + len(fresh) // ROLLUPS_PER_CHUNK))
    pages: list[RollupPage] = []
    start, rollups = chunks * ROLLUPS_PER_CHUNK, fresh
    for level in range(1, after + 1):
        within = start % PAGE_ROLLUPS
        known = tails[level].rollups[:within] if within else EMPTY
        rollups, begin = np.concatenate([known, rollups]), start - within
        pages += _pages(level, begin, rollups)
        first = start // FANOUT * FANOUT if level < before else 0  # a new level starts with the first rollup below it
        rollups, start = next_level(rollups[first - begin :]), first // FANOUT
    return pages


def _pages(level: int, start: int, rollups: Rollups) -> list[RollupPage]:
    """Divide `rollups` into pages. The first of them must be the first of a page."""
    number = start // PAGE_ROLLUPS
    return [
        RollupPage(level, number + at, rollups[at * PAGE_ROLLUPS : (at + 1) * PAGE_ROLLUPS])
        for at in range(-(-len(rollups) // PAGE_ROLLUPS))
    ]


def _extremes(values: npt.NDArray[np.int64], starts: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    return np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)


def sums(values: npt.NDArray[np.float64], starts: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the sums of stretches of finite values, which begin at the indexes `starts`.

    A sum that overflows becomes the largest float.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return np.nan_to_num(np.add.reduceat(values, starts), nan=0.0)
