"""Downsampling hides nothing and reads little."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.messages import Bucket
from lightning_sweeps.store import buckets, chunks

VALUES = st.lists(st.tuples(st.integers(-50, 50), st.one_of(st.floats(), st.floats(-5, 5))), min_size=1, max_size=80)


def of(steps: list[int], values: list[float]) -> chunks.Columns:
    return chunks.columns(range(len(steps)), steps, [float(index) for index in range(len(steps))], values)


def drawn(points: chunks.Columns, *, width: int, size: int) -> list[Bucket]:
    """Draw as the store does: chunks of `size`, only the wide ones read."""
    parts = [points.part(start, start + size) for start in range(0, len(points), size)]
    known = [chunks.statistics(part) for part in parts]
    opened = set(buckets.to_read(known, width=width))
    spans = [buckets.of_statistics([one for index, one in enumerate(known) if index not in opened])]
    spans += [buckets.of_points(parts[index]) for index in opened]
    return buckets.draw(spans, width=width)


@given(VALUES, st.integers(1, 20), st.sampled_from([1, 7, 100]))
def test_nothing_is_lost(rows: list[tuple[int, float]], width: int, size: int) -> None:
    values = [value for _, value in rows]
    usable = [value for value in values if math.isfinite(value)]
    found = drawn(of([step for step, _ in rows], values), width=width, size=size)
    assert len(found) <= width
    assert sum(bucket.count for bucket in found) == len(rows)
    assert sum(bucket.nonfinite for bucket in found) == len(rows) - len(usable)
    lows = [bucket.minimum for bucket in found if bucket.minimum is not None]
    highs = [bucket.maximum for bucket in found if bucket.maximum is not None]
    assert min(lows, default=None) == min(usable, default=None)
    assert max(highs, default=None) == max(usable, default=None)
    for bucket in found:
        if bucket.mean is not None and bucket.minimum is not None and bucket.maximum is not None:
            assert bucket.minimum <= bucket.mean <= bucket.maximum
    assert [bucket.step for bucket in found] == sorted(bucket.step for bucket in found)


def test_twenty_spikes_in_100k_steps_stay() -> None:
    values = np.zeros(100_000)
    at = np.random.default_rng(1).choice(100_000, 20, replace=False)
    values[at] = np.arange(1, 21)
    found = drawn(of(list(range(100_000)), values.tolist()), width=2000, size=chunks.CHUNK_POINTS)
    spikes = [bucket.maximum for bucket in found if bucket.maximum]
    assert len(spikes) == 20 and set(spikes) == set(range(1, 21))


def test_few_points_are_drawn_as_they_are() -> None:
    found = drawn(of([0, 10, 20], [1.0, math.nan, 3.0]), width=800, size=1024)
    assert [(bucket.step, bucket.last, bucket.nonfinite) for bucket in found] == [
        (0, 1.0, 0),
        (10, None, 1),
        (20, 3.0, 0),
    ]


def test_many_chunks_are_drawn_without_reading_them() -> None:
    one = chunks.Statistics(1024, 0, 0, 1023, 0.0, 1.0, 0.5, 0.0, 1.0, 512.0)
    many = [
        chunks.Statistics(
            **{**{name: getattr(one, name) for name in one.__slots__}, "first_step": at, "last_step": at + 1023}
        )
        for at in range(0, 10_000 * 1024, 1024)
    ]
    assert buckets.to_read(many, width=800) == []
    found = buckets.draw([buckets.of_statistics(many)], width=800)
    assert len(found) == 800 and sum(bucket.count for bucket in found) == 10_240_000


def test_nothing_to_draw() -> None:
    assert buckets.draw([], width=10) == [] and buckets.to_read([], width=10) == []
