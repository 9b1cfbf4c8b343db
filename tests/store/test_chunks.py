"""Chunks decode to exactly what was encoded, and statistics of parts combine to those of the whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightning_sweeps.store.series import chunks

INT64 = st.integers(-(2**63), 2**63 - 1)
TIMES = st.floats(-9e12, 9e12, allow_nan=False)
ROWS = st.lists(st.tuples(INT64, INT64, TIMES, st.floats()), min_size=1, max_size=60)


def columns(rows: list[tuple[int, int, float, float]]) -> chunks.Columns:
    sequence, step, time, value = zip(*rows, strict=True)
    return chunks.columns(sequence, step, time, value)


def same(first: chunks.Columns, second: chunks.Columns) -> bool:
    integers = all(np.array_equal(getattr(first, name), getattr(second, name)) for name in ("sequence", "step", "time"))
    return integers and np.array_equal(first.value, second.value, equal_nan=True)


@given(ROWS)
def test_decoding_returns_what_was_encoded(rows: list[tuple[int, int, float, float]]) -> None:
    points = columns(rows)
    assert same(chunks.decode(chunks.encode(points)), points)


@pytest.mark.parametrize("difference", [0, 1, 127, 128, -128, -129, 32767, 32768, 2**31 - 1, 2**31, 2**62, -(2**62)])
def test_every_width_of_an_integer_column(difference: int) -> None:
    steps = [5, 5 + difference, 5 + difference + 1]
    points = chunks.columns([1, 2, 3], steps, [0.0, 0.5, 1.5], [1.0, 2.0, 0.1])
    assert chunks.decode(chunks.encode(points)).step.tolist() == steps


def test_a_typical_point_takes_at_most_twelve_bytes() -> None:
    rng = np.random.default_rng(0)
    times = 1.7e9 + np.cumsum(rng.uniform(0.01, 0.3, 1024))
    losses = rng.random(1024, dtype=np.float32)
    points = chunks.columns(range(1, 1025), range(0, 10240, 10), times.tolist(), losses.tolist())
    assert len(chunks.encode(points)) <= 12 * 1024


def test_minus_zero_and_each_non_finite_value_survive() -> None:
    given_values = [-0.0, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308]
    points = chunks.columns(range(6), range(6), [0.0] * 6, given_values)
    back = chunks.decode(chunks.encode(points)).value.tolist()
    assert [str(value) for value in back] == [str(value) for value in given_values]


@given(ROWS, st.integers(0, 60))
def test_combined_statistics_are_those_of_all_points(rows: list[tuple[int, int, float, float]], at: int) -> None:
    rows = sorted(rows, key=lambda row: row[2])
    points = columns(rows)
    whole = chunks.statistics(points)
    at = at % len(rows)
    if at == 0:
        return
    parts = chunks.combine(chunks.statistics(points.part(0, at)), chunks.statistics(points.part(at, len(rows))))
    for name in (
        "count",
        "nonfinite",
        "first_step",
        "last_step",
        "first_time",
        "last_time",
        "last",
        "minimum",
        "maximum",
    ):
        assert getattr(parts, name) == getattr(whole, name)


def test_statistics_leave_non_finite_values_out() -> None:
    found = chunks.statistics(chunks.columns([1, 2, 3], [7, 3, 5], [1.0, 2.0, 3.0], [math.nan, 2.0, math.inf]))
    assert (found.count, found.nonfinite, found.minimum, found.maximum, found.total) == (3, 2, 2.0, 2.0, 2.0)
    assert (found.first_step, found.last_step, found.last) == (3, 7, None)


def test_a_sum_that_overflows_is_the_largest_float() -> None:
    found = chunks.statistics(chunks.columns([1, 2], [1, 2], [1.0, 2.0], [1.7e308, 1.7e308]))
    assert math.isfinite(found.total) and math.isfinite(chunks.combine(found, found).total)


def test_cut_and_join() -> None:
    points = chunks.columns(range(2500), range(2500), [0.0] * 2500, range(2500))
    parts = chunks.cut(points)
    assert [len(part) for part in parts] == [1024, 1024, 452]
    assert same(chunks.join(parts), points)
