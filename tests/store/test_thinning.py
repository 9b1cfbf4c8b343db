"""Thinned points keep what charts show: first, last, minimum and maximum of each interval, and its mean."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.store.series import chunks, downsampling
from lightning_sweeps.store.series.chunks import Columns, join
from lightning_sweeps.store.series.rollups import next_level, roll_up
from lightning_sweeps.store.series.thinning import Bounds, thin, thin_parts

VALUES = st.floats(width=32) | st.sampled_from([0.0, 1.0, 2.0])
ROWS = st.lists(st.tuples(st.integers(0, 50), VALUES), min_size=1, max_size=120)
INTERVALS = st.integers(1, 12)


def points_of(rows: list[tuple[int, float]]) -> Columns:
    """Return points whose steps go up by the first number of each row, one a second."""
    steps = np.cumsum([step for step, _ in rows])
    return chunks.columns(range(1, len(rows) + 1), steps.tolist(), range(len(rows)), [value for _, value in rows])


def bounds_of(points: Columns) -> Bounds:
    ends = (points.step.min(), points.step.max(), points.time.min(), points.time.max())
    return Bounds(*(float(end) for end in ends))


def groups(points: Columns, intervals: int) -> list[Columns]:
    """Return the intervals, found in the plain way."""
    bounds, found = bounds_of(points), []
    previous = None
    for at in range(len(points)):
        places = []
        for value, low, high in (
            (float(points.step[at]), bounds.first_step, bounds.last_step),
            (float(points.time[at]), bounds.first_time, bounds.last_time),
        ):
            places.append(min(int((value - low) / (high - low) * intervals), intervals - 1) if high > low else 0)
        if places != previous:
            found.append(at)
        previous = places
    return [points.part(start, end) for start, end in zip(found, [*found[1:], len(points)], strict=True)]


def finite(points: Columns) -> list[float]:
    return [value for value in points.value.tolist() if np.isfinite(value)]


@given(ROWS, INTERVALS)
def test_each_interval_keeps_first_last_minimum_and_maximum(rows: list[tuple[int, float]], intervals: int) -> None:
    points = points_of(rows)
    thinned = thin(points, bounds_of(points), intervals=intervals)
    kept = dict(zip(thinned.sequence.tolist(), thinned.value.tolist(), strict=True))
    for group in groups(points, intervals):
        own = [kept[row] for row in group.sequence.tolist() if row in kept]
        assert {group.sequence[0], group.sequence[-1]} <= kept.keys()
        assert len(own) <= 5
        values = finite(group)
        if values:
            usable = [value for value in own if np.isfinite(value)]
            assert (min(usable), max(usable)) == (min(values), max(values))
        assert len(values) == len(group) or any(not np.isfinite(value) for value in own)
    whole = dict(zip(points.sequence.tolist(), points.value.tolist(), strict=True))
    assert all(np.array_equal(whole[row], value, equal_nan=True) for row, value in kept.items())


@given(ROWS, INTERVALS)
def test_weights_are_those_of_all_points(rows: list[tuple[int, float]], intervals: int) -> None:
    points = points_of(rows)
    thinned = thin(points, bounds_of(points), intervals=intervals)
    assert thinned.weights is not None
    assert thinned.weights.count.sum() == len(points)
    assert thinned.weights.nonfinite.sum() == len(points) - len(finite(points))
    sizes = {int(group.sequence[0]): len(group) for group in groups(points, intervals)}
    for group in groups(points, intervals):
        inside = np.isin(thinned.sequence, group.sequence)
        assert thinned.weights.count[inside].sum() == sizes[int(group.sequence[0])]
        assert np.isclose(thinned.weights.total[inside].sum(), sum(finite(group)), rtol=1e-5, equal_nan=True)


@given(ROWS, INTERVALS, st.integers(1, 40))
def test_parts_and_thinned_points_thin_to_the_same(rows: list[tuple[int, float]], intervals: int, size: int) -> None:
    points = points_of(rows)
    bounds = bounds_of(points)
    once = thin(points, bounds, intervals=intervals)
    parts = [points.part(start, start + size) for start in range(0, len(points), size)]
    by_parts = thin(join(thin(part, bounds, intervals=intervals) for part in parts), bounds, intervals=intervals)
    whole, count = thin_parts(parts, bounds, intervals=intervals)
    assert whole is not None and count == len(points)
    for other in (by_parts, whole, thin(once, bounds, intervals=intervals)):
        assert other.sequence.tolist() == once.sequence.tolist()
        assert other.weighed().count.tolist() == once.weighed().count.tolist()
        assert np.allclose(other.weighed().total, once.weighed().total, rtol=1e-5)


@given(ROWS, INTERVALS, st.booleans())
def test_weights_survive_a_chunk(rows: list[tuple[int, float]], intervals: int, is_deflated: bool) -> None:
    points = points_of(rows)
    thinned = thin(points, bounds_of(points), intervals=intervals)
    back = chunks.decode(chunks.encode(thinned, is_deflated=is_deflated))
    assert back.weights is not None and thinned.weights is not None
    assert back.sequence.tolist() == thinned.sequence.tolist()
    for name in ("count", "nonfinite", "total"):
        assert np.array_equal(getattr(back.weights, name), getattr(thinned.weights, name))


def test_no_interval_has_abandoned_points_and_others() -> None:
    points = chunks.columns(range(100), range(100), range(100), [0.0] * 100)
    thinned = thin(points, bounds_of(points), resumed_at=42, intervals=2)
    assert {0, 41, 42, 49, 50, 99} <= set(thinned.step.tolist())
    is_before = thinned.step < 42
    assert thinned.weighed().count[is_before].sum() == 42


def test_a_chart_of_a_thinned_series_looks_the_same() -> None:
    rng = np.random.default_rng(0)
    count, width = 200_000, 500
    values = np.cumsum(rng.normal(size=count)) + rng.normal(size=count)
    steps = np.cumsum(rng.integers(1, 4, size=count))
    points = chunks.columns(range(count), steps.tolist(), (np.arange(count) / 10).tolist(), values.tolist())
    thinned, _ = thin_parts(chunks.cut(points), bounds_of(points))
    assert thinned is not None and len(thinned) < 10_000
    before, after = (
        downsampling.downsample(downsampling.point_marks(one, one.step.astype(float)), width=width)
        for one in (points, thinned)
    )
    assert before.index.tolist() == after.index.tolist()
    spread = before.maximum - before.minimum
    assert np.all(np.abs(before.mean - after.mean) < 0.35 * spread)
    assert np.median(np.abs(before.mean - after.mean) / spread) < 0.02
    assert np.mean((before.minimum == after.minimum) & (before.maximum == after.maximum)) > 0.9


def test_rollups_of_thinned_points_are_those_of_all_points() -> None:
    values = np.arange(10_000.0)
    points = chunks.columns(range(10_000), range(10_000), range(10_000), values.tolist())
    thinned = thin(points, bounds_of(points), intervals=100)
    level = next_level(roll_up(thinned))
    assert level["count"].sum() == 10_000
    assert level["total"].sum() == values.sum()
    assert (level["minimum"].min(), level["maximum"].max()) == (0.0, 9_999.0)
