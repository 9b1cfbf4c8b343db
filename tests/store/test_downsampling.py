"""Downsampling hides no value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lightning_sweeps.store.series import chart_lines, chunks, downsampling
from lightning_sweeps.store.series.axes import KeyMapping, StepMapping, TimeMapping
from lightning_sweeps.store.series.downsampling import Marks
from lightning_sweeps.store.series.rollups import roll_up

VALUES = st.lists(st.tuples(st.integers(-50, 50), st.one_of(st.floats(), st.floats(-5, 5))), min_size=1, max_size=80)


def of(steps: list[int], values: list[float]) -> chunks.Columns:
    return chunks.columns(range(len(steps)), steps, [float(index) for index in range(len(steps))], values)


def marks(points: chunks.Columns, *, as_rollups: bool = False) -> Marks:
    if as_rollups:
        rollups = roll_up(points)
        low, high = StepMapping().of_rollups(rollups)
        return downsampling.combine_marks([downsampling.rollup_marks(rollups, (low + high) / 2)])
    return downsampling.combine_marks([downsampling.point_marks(points, StepMapping().of_points(points))])


@given(VALUES, st.integers(1, 20), st.booleans())
@example(rows=[(0, 1.7e308), (0, 1.7e308)], width=1, as_rollups=False)
def test_buckets_have_every_value(rows: list[tuple[int, float]], width: int, as_rollups: bool) -> None:
    values = [value for _, value in rows]
    usable = [value for value in values if math.isfinite(value)]
    drawn = downsampling.downsample(marks(of([step for step, _ in rows], values), as_rollups=as_rollups), width=width)
    found = chart_lines.line("owner", "key", len(rows), drawn)
    assert len(found.x) <= width and found.x == sorted(found.x)
    assert sum(found.counts) == len(rows) and sum(found.nonfinite) == len(rows) - len(usable)
    assert min((low for low in found.minimum if low is not None), default=None) == min(usable, default=None)
    assert max((high for high in found.maximum if high is not None), default=None) == max(usable, default=None)
    for low, mean, high in zip(found.minimum, found.mean, found.maximum, strict=True):
        if low is not None and mean is not None and high is not None:
            assert low <= mean <= high


def test_few_points_stay_single() -> None:
    drawn = downsampling.downsample(marks(of([0, 10, 20], [1.0, math.nan, 3.0])), width=800)
    found = chart_lines.line("o", "k", 3, drawn)
    assert (found.x, found.last, found.nonfinite) == ([0, 10, 20], [1.0, None, 3.0], [0, 1, 0])


def test_no_marks_give_no_buckets() -> None:
    assert len(downsampling.downsample(downsampling.combine_marks([]), width=10).x) == 0
    assert chart_lines.group_line("g", [], width=10).x == []


def test_a_group_counts_each_member_once_and_does_not_interpolate() -> None:
    members = [
        marks(of([0, 1, 2, 3], [1.0, 1.0, math.nan, 9.0])),
        marks(of([0, 1, 2], [2.0, 4.0, math.nan])),
        marks(of([0, 1], [6.0, 4.0])),
    ]
    found = chart_lines.group_line("g", members, width=4)
    assert (found.members, found.x, found.counts) == (3, [0, 1, 2, 3], [3, 3, 0, 1])
    assert (found.mean, found.median) == ([3.0, 3.0, None, 9.0], [2.0, 4.0, None, 9.0])
    assert (found.minimum, found.maximum) == ([1.0, 1.0, None, 9.0], [6.0, 4.0, None, 9.0])
    deviation = [None if value is None else round(value, 4) for value in found.deviation]
    assert deviation == [2.1602, 1.4142, None, 0.0]


def test_a_member_with_more_points_has_no_more_weight() -> None:
    often, seldom = marks(of([0] * 9, [0.0] * 9)), marks(of([0], [10.0]))
    found = chart_lines.group_line("g", [often, seldom], width=3)
    assert (found.mean, found.minimum, found.maximum, found.counts) == ([5.0], [0.0], [10.0], [2])


def test_a_row_is_at_the_last_value_of_the_axis() -> None:
    epochs = KeyMapping(np.array([2, 5, 9]), np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.0]))
    rows = chunks.columns([1, 2, 3, 5, 8, 9, 20], [0] * 7, [0.0] * 7, [0.0] * 7)
    assert epochs.of_points(rows).tolist()[1:] == [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]
    assert math.isnan(epochs.of_points(rows)[0])
    low, high = epochs.of_rollups(roll_up(rows))
    assert (low.tolist(), high.tolist()) == ([0.0], [2.0])


def test_time_starts_at_an_origin() -> None:
    some = chunks.columns([1, 2], [0, 1], [100.0, 103.5], [0.0, 0.0])
    assert TimeMapping(100.0).of_points(some).tolist() == pytest.approx([0.0, 3.5])
