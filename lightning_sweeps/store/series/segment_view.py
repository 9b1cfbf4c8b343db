"""Collects what a chart shows of one segment: rollups that are narrow enough, and points."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lightning_sweeps.store.series import downsampling
from lightning_sweeps.store.series.axes import AxisMapping
from lightning_sweeps.store.series.chunks import Columns
from lightning_sweeps.store.series.downsampling import Marks
from lightning_sweeps.store.series.rollups import FANOUT, Rollups, points_per_rollup

if TYPE_CHECKING:
    from lightning_sweeps.store.series.storage import Segment

TOLERANCE = 2.0
"""A rollup wider than this many buckets is opened: what is drawn is at most a pixel out of place."""
MAX_LEVELS_DOWN = 3
"""Maximum number of levels that one step down skips: a rollup has 64 rollups, one page, that far below it."""


@dataclass(frozen=True, slots=True, eq=False)
class SegmentView:
    """The part of a segment that a chart shows.

    Attributes:
        segment: the segment.
        mapping: maps its points and rollups to the chart's axis.
        low, high: the visible part of the axis; infinite without a limit.
        bucket: width of a bucket on the axis.
        level: level of rollups to begin with, for a storage that has levels; None: the top.
        resumed_at: points at this step or later are left out; None: no step is.
        marks: the result.
    """

    segment: Segment
    mapping: AxisMapping
    low: float
    high: float
    bucket: float = 0.0
    level: int | None = None
    resumed_at: int | None = None
    marks: list[Marks] = field(default_factory=list)

    def add_rollups(self, rollups: Rollups) -> tuple[npt.NDArray[np.intp], int]:
        """Show the rollups that are narrow enough.

        Args:
            rollups: consecutive rollups of one level.

        Returns:
            The indexes of the rollups that are too coarse or only partly visible, and how many levels below to look for
            finer ones, at least 1; below level 1 are the points. The caller must add what these rollups consist of.
        """
        low, high = self.mapping.of_rollups(rollups)
        is_visible = (high >= self.low) & (low <= self.high)
        is_fine = (high - low <= TOLERANCE * self.bucket) & (low >= self.low) & (high <= self.high)
        if self.resumed_at is not None:
            is_visible &= rollups["low_step"] < self.resumed_at
            is_fine &= rollups["high_step"] < self.resumed_at
        shown = is_visible & is_fine
        if shown.all():
            self.marks.append(downsampling.rollup_marks(rollups, low + (high - low) / 2))
            return np.empty(0, np.intp), 0
        if shown.any():
            self.marks.append(downsampling.rollup_marks(rollups[shown], (low + (high - low) / 2)[shown]))
        coarse = np.flatnonzero(is_visible & ~is_fine)
        widest = float((high - low)[coarse].max()) if len(coarse) else 0.0
        down = 1
        while down < MAX_LEVELS_DOWN and self.bucket * FANOUT ** (down + 1) < widest:
            down += 1
        return coarse, down

    def add_points(self, points: Columns) -> None:
        """Show the points that are visible."""
        x = self.mapping.of_points(points)
        is_visible = (x >= self.low) & (x <= self.high)
        if self.resumed_at is not None:
            is_visible &= points.step < self.resumed_at
        marks = downsampling.point_marks(points, x)
        if not is_visible.all():
            marks = marks.chosen(is_visible)
        if len(marks.x):
            self.marks.append(marks)


def whole_view(segment: Segment, mapping: AxisMapping, *, level: int | None = None) -> SegmentView:
    """Return a view of a whole segment, with buckets as wide as the axis."""
    return SegmentView(segment, mapping, -math.inf, math.inf, math.inf, level)


def level_for(points_per_bucket: float) -> int:
    """Return the highest level whose rollups cover hardly more points than a bucket."""
    level = 0
    while points_per_rollup(level + 1) <= 1.25 * points_per_bucket:
        level += 1
    return level
